package main

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/lineside/lineside/phone"
	"github.com/lineside/lineside/provision"
	"github.com/lineside/lineside/shell"
	"github.com/lineside/lineside/vendors"
)

func (p *program) fileCommand() *cobra.Command {
	return shell.Group("file", "Keep firmware, ring tones, wallpapers and language packs for phones",
		p.fileListCommand(), p.fileAddCommand(), p.fileRemoveCommand(), p.fileFirmwareCommand())
}

func (p *program) fileListCommand() *cobra.Command {
	return &cobra.Command{
		Use: "list", Short: "List the files for phones, what each is fetched by, and the firmware rules", Args: shell.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			c, err := p.client()
			if err != nil {
				return err
			}
			list, err := c.Files(cmd.Context())
			if err != nil {
				return err
			}
			if p.json {
				return shell.WriteJSON(p.out, list)
			}
			if len(list.Files) == 0 {
				return p.say("no files; add one with: lineside file add VENDOR FILE")
			}
			z := zone(cmd.Context(), c)
			t := shell.NewTable("FETCHED BY", "BYTES", "SHA-256", "STATE", "SINCE")
			for _, f := range list.Files {
				t.Add(f.Path, fmt.Sprint(f.Size), f.SHA256[:min(16, len(f.SHA256))], f.State, clock(f.Added, p.now(), z))
			}
			t.Print(p.out)
			for _, r := range list.Firmware {
				if err := p.say("%s %s: %s %s", r.Vendor, r.Model, r.File, ruleWay(r, list.Files)); err != nil {
					return err
				}
			}
			return nil
		},
	}
}

func vendorArg(cmd *cobra.Command, arg string) (phone.Vendor, error) {
	v, err := vendors.All().Parse(arg)
	if err != nil {
		return "", shell.Usagef(cmd, "%v", err)
	}
	return v, nil
}

func (p *program) fileAddCommand() *cobra.Command {
	var name string
	cmd := &cobra.Command{
		Use: "add VENDOR FILE", Short: "Put a file where phones of a vendor can fetch it, in the place of one of its name", Args: shell.ExactArgs("VENDOR", "FILE"),
		Long: "Put a file where phones of a vendor can fetch it, by TFTP and HTTP and without a login:\n" +
			"firmware, ring tones and the like are no secret. It is served once all of it is on disk.",
		Example: "  lineside file add yealink T46S-66.86.0.15.rom\n  lineside file add poly 3111-46161-001.sip.ld",
		RunE: func(cmd *cobra.Command, args []string) error {
			v, err := vendorArg(cmd, args[0])
			if err != nil {
				return err
			}
			if name == "" {
				name = filepath.Base(args[1])
			}
			src, err := os.Open(args[1])
			if err != nil {
				return fmt.Errorf("read %s: %w", args[1], err)
			}
			defer func() { _ = src.Close() }() // nothing was written
			c, err := p.client()
			if err != nil {
				return err
			}
			f, err := c.AddFile(cmd.Context(), v, name, src)
			if err != nil {
				return err
			}
			if p.json {
				return shell.WriteJSON(p.out, f)
			}
			return p.showFile(f)
		},
	}
	cmd.Flags().StringVar(&name, "name", "", "what phones ask for it by, if not FILE's own name")
	return cmd
}

func (p *program) showFile(f provision.LocalFile) error {
	if err := p.say("%s: %d bytes, SHA-256 %s, %s", f.Path, f.Size, f.SHA256, f.State); err != nil {
		return err
	}
	return p.next(fmt.Sprintf("where it is firmware, have phones install it: lineside file firmware %s MODEL %s", f.Vendor, f.Name))
}

func (p *program) fileRemoveCommand() *cobra.Command {
	return &cobra.Command{
		Use: "remove VENDOR FILE", Short: "Take a file away from phones", Args: shell.ExactArgs("VENDOR", "FILE"),
		RunE: func(cmd *cobra.Command, args []string) error {
			v, err := vendorArg(cmd, args[0])
			if err != nil {
				return err
			}
			c, err := p.client()
			if err != nil {
				return err
			}
			if err := c.RemoveFile(cmd.Context(), v, args[1]); err != nil {
				return err
			}
			if p.json {
				return shell.WriteJSON(p.out, map[string]string{"removed": args[1]})
			}
			return p.say("%s: removed; phones that ask for it are told that there is no such file", shell.Printable(args[1]))
		},
	}
}

func (p *program) fileFirmwareCommand() *cobra.Command {
	var version string
	cmd := &cobra.Command{
		Use: "firmware VENDOR MODEL FILE", Short: "Have phones of a model told to install a file; \"\" as FILE takes the rule back", Args: shell.ExactArgs("VENDOR", "MODEL", "FILE"),
		Long: "Have phones of a model told to install a file, where a parameter of their maker's for it is\n" +
			"known; elsewhere a template can name {firmware.url}. lineside vendors VENDOR says which. The file is pinned by its SHA-256: another\n" +
			"content under the same name is not served until this is said again.",
		Example: "  lineside file firmware yealink T46S T46S-66.86.0.15.rom",
		RunE: func(cmd *cobra.Command, args []string) error {
			v, err := vendorArg(cmd, args[0])
			if err != nil {
				return err
			}
			c, err := p.client()
			if err != nil {
				return err
			}
			rule, err := c.SetFirmware(cmd.Context(), v, args[1], args[2], version)
			if err != nil {
				return err
			}
			switch {
			case p.json:
				return shell.WriteJSON(p.out, rule)
			case rule.File == "":
				return p.say("%s %s: no firmware is named any more; phones keep what they have", rule.Vendor, rule.Model)
			}
			return p.showRule(rule)
		},
	}
	cmd.Flags().StringVar(&version, "version", "", "what the maker calls it, for phones that install a file only together with its version")
	return cmd
}

// showRule says what a rule makes of the configs, which is not the same for every
// maker.
func (p *program) showRule(rule provision.FirmwareRule) error {
	maker, _ := vendors.All().Of(rule.Vendor)
	if err := p.say("%s %s: %s (SHA-256 %s) %s", rule.Vendor, rule.Model, rule.File, rule.SHA256, upgradeWay(maker)); err != nil {
		return err
	}
	if rule.Image != "" {
		return p.say("with it the image %s (SHA-256 %s)", rule.Image, rule.ImageSHA256)
	}
	if maker.Upgrade == vendors.NoUpgrade {
		return p.next(fmt.Sprintf("where you know %s's parameter, write it into templates/%s.conf as: parameter = {firmware.url}", maker.Name, rule.Vendor))
	}
	return nil
}

func (p *program) templateCommand() *cobra.Command {
	return shell.Group("template", "Check and load the templates that change what configs say",
		p.templateVerb("check", "Say what is wrong with the templates, and change nothing"),
		p.templateVerb("reload", "Put the templates in force; one with a fault is refused"))
}

// templateVerb checks or loads the templates and tells of each fault. Faults are
// a failure: a script must notice.
func (p *program) templateVerb(verb, short string) *cobra.Command {
	return &cobra.Command{
		Use: verb, Short: short, Args: shell.NoArgs,
		Long: short + ".\n\nTemplates lie in templates/ of the state directory: yealink.conf for a vendor,\n" +
			"yealink-T46G.conf for a model of it, with lines such as\n\n  parameter = value with {placeholders}\n  - parameter\n\n" +
			"They say something in full configs only. Sending the daemon SIGHUP loads them too.",
		RunE: func(cmd *cobra.Command, _ []string) error {
			c, err := p.client()
			if err != nil {
				return err
			}
			ask := c.CheckTemplates
			if verb == "reload" {
				ask = c.LoadTemplates
			}
			out, err := ask(cmd.Context())
			if err != nil {
				return err
			}
			if p.json {
				err = shell.WriteJSON(p.out, out)
			} else {
				err = p.showTemplates(verb, out)
			}
			if err == nil && len(out.Faults) > 0 {
				err = &quietError{}
			}
			return err
		},
	}
}

func (p *program) showTemplates(verb string, out provision.Templates) error {
	for _, f := range slices.Concat(out.Faults, out.Notes) {
		if err := p.say("%s", shell.Printable(f.String())); err != nil {
			return err
		}
	}
	if len(out.Faults) > 0 {
		if err := p.next("correct it; until then its phones are given what the last good one said, and nothing of one that never was good"); err != nil {
			return err
		}
	}
	names := "none"
	if len(out.Files) > 0 {
		names = strings.Join(out.Files, ", ")
	}
	switch {
	case verb == "check" && out.Changed:
		return p.say("good: %s; put in force with: lineside template reload", names)
	case out.Changed:
		if err := p.say("in force: %s", names); err != nil {
			return err
		}
		return p.next("phones get it at their next fetch; to tell those on hold now: lineside device resync --all")
	}
	return p.say("in force: %s; nothing changes", names)
}
