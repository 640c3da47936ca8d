package main

import (
	"context"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/lineside/lineside/admin"
	"github.com/lineside/lineside/shell"
)

func (p *program) settingsCommand() *cobra.Command {
	return shell.Group("settings", "See the settings, and set them over the settings file", p.settingsShowCommand(), p.settingsSetCommand(), p.settingsUnsetCommand())
}

func (p *program) settingsShowCommand() *cobra.Command {
	return &cobra.Command{
		Use: "show [KEY]", Short: "Show every setting and where it comes from, or one with what it means", Args: shell.AtMostOne,
		RunE: func(cmd *cobra.Command, args []string) error {
			c, err := p.client()
			if err != nil {
				return err
			}
			all, err := c.Settings(cmd.Context())
			if err != nil {
				return err
			}
			if len(args) == 1 {
				s, err := settingNamed(cmd, all, args[0])
				if err != nil {
					return err
				}
				return p.showSetting(s, zone(cmd.Context(), c))
			}
			if p.json {
				return shell.WriteJSON(p.out, all)
			}
			return p.showSettings(all, zone(cmd.Context(), c))
		},
	}
}

func (p *program) showSettings(all admin.Settings, z *time.Location) error {
	t := shell.NewTable("SETTING", "VALUE", "FROM", "CHANGED BY")
	for _, s := range all.Settings {
		t.Add(s.Key, settingText(s), originText(admin.Setting{From: s.From, By: s.By, At: s.At}, p.now(), z), changedHow(s))
	}
	t.Print(p.out)
	for _, w := range all.Problems {
		if err := p.say("! %s", shell.Printable(w)); err != nil {
			return err
		}
	}
	return p.next(all.Next)
}

// changedHow is what puts another value in force.
func changedHow(s admin.SettingKey) string {
	switch s.Change {
	case changeNow:
		return "at once"
	case changeRestart:
		if s.Waiting {
			return "restart, which it waits for"
		}
		return "restart"
	}
	return s.Do
}

// settingText is a value on one line.
func settingText(s admin.SettingKey) string {
	switch v := s.Value.(type) {
	case nil:
		if s.HasValue {
			return "(set, and not shown)"
		}
		return ""
	case []any:
		parts := make([]string, len(v))
		for i, e := range v {
			parts[i] = fmt.Sprint(e)
		}
		return strings.Join(parts, " ")
	case map[string]any:
		return fmt.Sprintf("%d entries", len(v))
	default:
		return fmt.Sprint(v)
	}
}

func (p *program) showSetting(s admin.SettingKey, z *time.Location) error {
	if p.json {
		return shell.WriteJSON(p.out, s)
	}
	text := settingText(s)
	if s.Kind == "table" {
		body, err := json.Marshal(s.Value)
		if err != nil {
			return fmt.Errorf("show %s: %w", s.Key, err)
		}
		text = string(body)
	}
	if err := p.say("%s = %s\nfrom %s; changed by: %s\n%s", s.Key, shell.Printable(text), originText(admin.Setting{From: s.From, By: s.By, At: s.At}, p.now(), z), changedHow(s), s.Text); err != nil {
		return err
	}
	if s.Waiting {
		return p.next("in force until the restart: " + shell.Printable(s.InForce))
	}
	return nil
}

func (p *program) settingsSetCommand() *cobra.Command {
	var file string
	cmd := &cobra.Command{
		Use: "set KEY VALUE...", Short: "Set a setting over the settings file, which stays as it is", ValidArgsFunction: p.completeSettings,
		Long: "Set a setting over the settings file, which stays as it is. A list takes several\nVALUEs, a table one in JSON. A password is read from --file, not from the command\nline, which others can see.",
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) == 0 || (len(args) == 1) != (file != "") {
				return shell.Usagef(cmd, "KEY and VALUE are wanted, or KEY and --file")
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			c, err := p.client()
			if err != nil {
				return err
			}
			all, err := c.Settings(cmd.Context())
			if err != nil {
				return err
			}
			s, err := settingNamed(cmd, all, args[0])
			if err != nil {
				return err
			}
			value, err := p.settingValue(cmd, s, args[1:], file)
			if err != nil {
				return err
			}
			return p.changeSetting(cmd.Context(), c, all.Rev, s.Key, value)
		},
	}
	cmd.Flags().StringVar(&file, "file", "", "file with the value, or - for standard input")
	_ = cmd.MarkFlagFilename("file")
	return cmd
}

func (p *program) settingsUnsetCommand() *cobra.Command {
	return &cobra.Command{
		Use: "unset KEY", Short: "Have the settings file, or the default, say a setting again", Args: shell.ExactArgs("KEY"), ValidArgsFunction: p.completeSettings,
		RunE: func(cmd *cobra.Command, args []string) error {
			c, err := p.client()
			if err != nil {
				return err
			}
			return p.changeSetting(cmd.Context(), c, 0, args[0], nil)
		},
	}
}

// settingNamed is the setting of that key.
func settingNamed(cmd *cobra.Command, all admin.Settings, key string) (admin.SettingKey, error) {
	var keys []string
	for _, s := range all.Settings {
		if s.Key == key {
			return s, nil
		}
		keys = append(keys, s.Key)
	}
	if near := nearest(key, keys); near != "" {
		return admin.SettingKey{}, shell.Usagef(cmd, "%.64q is no setting; did you mean %s?", key, near)
	}
	return admin.SettingKey{}, shell.Usagef(cmd, "%.64q is no setting; lineside settings show lists them", key)
}

// settingValue reads a value as its kind is written.
func (p *program) settingValue(cmd *cobra.Command, s admin.SettingKey, words []string, file string) (any, error) {
	if file != "" {
		text, err := p.readAll(file)
		if err != nil {
			return nil, err
		}
		words = []string{strings.TrimRight(string(text), "\r\n")}
	} else if s.Kind == "secret" {
		return nil, shell.Usagef(cmd, "%s is a password, which others could read here; write it into a file: lineside settings set %s --file FILE", s.Key, s.Key)
	}
	switch s.Kind {
	case "list":
		if file != "" {
			words = strings.Fields(words[0])
		}
		return words, nil
	case "table":
		var table map[string]any
		if err := json.Unmarshal([]byte(words[0]), &table); err != nil || len(words) > 1 || table == nil {
			return nil, shell.Usagef(cmd, "%s is a table; write it in JSON, such as '{\"00:15:65:4a:a9:37\": \"10.20.0.60\"}'", s.Key)
		}
		return table, nil
	}
	if len(words) > 1 {
		return nil, shell.Usagef(cmd, "%s has one value; put it in quotes", s.Key)
	}
	switch s.Kind {
	case "flag":
		if v, err := strconv.ParseBool(words[0]); err == nil {
			return v, nil
		}
	case "number":
		if n, err := strconv.ParseInt(words[0], 10, 64); err == nil {
			return n, nil
		}
	}
	return words[0], nil // the box says what is wrong with another
}

// changeSetting sets or, with nil, unsets one key, and says what follows.
func (p *program) changeSetting(ctx context.Context, c *admin.Client, rev uint64, key string, value any) error {
	text, err := json.Marshal(value)
	if err != nil {
		return fmt.Errorf("set %s: %w", key, err)
	}
	all, err := c.SetSettings(ctx, rev, admin.SettingsInput{key: text})
	if err != nil {
		return err
	}
	for _, s := range all.Settings {
		if s.Key != key {
			continue
		}
		if p.json {
			return shell.WriteJSON(p.out, s)
		}
		if err := p.say("%s = %s", s.Key, shell.Printable(settingText(s))); err != nil {
			return err
		}
	}
	return p.next(all.Next)
}

func (p *program) completeSettings(cmd *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
	if len(args) > 0 {
		return nil, cobra.ShellCompDirectiveDefault
	}
	return knownKeys(), cobra.ShellCompDirectiveNoFileComp
}
