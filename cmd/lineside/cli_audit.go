package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/lineside/lineside/audit"
	"github.com/lineside/lineside/phone"
	"github.com/lineside/lineside/provision"
)

// maxEntries is how many entries of the audit log the daemon gives at a time.
const maxEntries = 1000

func (p *program) auditCommand() *cobra.Command {
	var mac string
	var since uint64
	var limit int
	cmd := &cobra.Command{
		Use: "audit", Short: "Read who did what, and what the box decided", Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if limit < 1 || limit > maxEntries {
				return usagef(cmd, "--limit must be from 1 to %d; read on with --since and the last number", maxEntries)
			}
			var only phone.MAC
			if mac != "" {
				macs, err := macArgs(cmd, []string{mac})
				if err != nil {
					return err
				}
				only = macs[0]
			}
			c, err := p.client()
			if err != nil {
				return err
			}
			var entries []audit.Entry
			if cmd.Flags().Changed("since") {
				entries, err = c.Audit(cmd.Context(), since, only, limit)
			} else {
				entries, err = c.AuditTail(cmd.Context(), only, limit)
			}
			if err != nil {
				return err
			}
			if p.json {
				return writeJSON(p.out, entries)
			}
			return p.showAudit(entries, zone(cmd.Context(), c))
		},
	}
	fl := cmd.Flags()
	fl.StringVar(&mac, "mac", "", "only one device's")
	fl.Uint64Var(&since, "since", 0, "the first entries after this number (0: from the beginning), instead of the last of all")
	fl.IntVar(&limit, "limit", 200, "how many entries at most")
	_ = cmd.RegisterFlagCompletionFunc("mac", p.completeMACs)
	return cmd
}

func (p *program) showAudit(entries []audit.Entry, zone *time.Location) error {
	t := newTable("NO", "AT", "MAC", "BY", "WHAT", "")
	for _, e := range entries {
		mac, by := "", e.By.Front
		if !e.MAC.IsZero() {
			mac = e.MAC.String()
		}
		switch {
		case e.By.Name != "":
			by += " " + e.By.Name
		case e.By.Remote.IsValid():
			by += " " + e.By.Remote.String()
		}
		t.add(fmt.Sprint(e.Seq), clock(e.At, p.now(), zone), mac, by, e.Kind, eventText(e.What))
	}
	t.print(p.out)
	return nil
}

// eventText writes an event's fields as name=value, in order of name, so that
// kinds this build does not know can be read too.
func eventText(what json.RawMessage) string {
	var fields map[string]any
	if json.Unmarshal(what, &fields) != nil {
		return ""
	}
	parts := make([]string, 0, len(fields))
	for name, value := range fields {
		if value != nil && value != "" {
			parts = append(parts, fmt.Sprintf("%s=%v", name, value))
		}
	}
	slices.Sort(parts)
	return strings.Join(parts, " ")
}

func (p *program) watchCommand() *cobra.Command {
	return &cobra.Command{
		Use: "watch [MAC]", Short: "Follow what phones do, as it happens", Args: atMostOne, ValidArgsFunction: p.completeMACs,
		RunE: func(cmd *cobra.Command, args []string) error {
			var only phone.MAC
			if len(args) == 1 {
				macs, err := macArgs(cmd, args)
				if err != nil {
					return err
				}
				only = macs[0]
			}
			c, err := p.client()
			if err != nil {
				return err
			}
			z := zone(cmd.Context(), c)
			for step, err := range c.Watch(cmd.Context(), only, true) {
				if err == nil {
					err = p.showStep(step, z)
				}
				if err != nil && cmd.Context().Err() == nil {
					return err
				}
			}
			if cmd.Context().Err() == nil {
				return errors.New("the box ended the watch: it stopped, or too many watch; see: systemctl status lineside")
			}
			return nil
		},
	}
}

func (p *program) showStep(s provision.Step, zone *time.Location) error {
	if p.json {
		return json.NewEncoder(p.out).Encode(s)
	}
	who := "-"
	if !s.MAC.IsZero() {
		who = s.MAC.String()
	}
	return p.say("%s  %-17s  %-7s %-5s  %s", s.At.In(zone).Format("15:04:05"), who, s.Vendor, s.Front, printable(s.Text))
}
