package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/lineside/lineside/admin"
	"github.com/lineside/lineside/phone"
	"github.com/lineside/lineside/provision"
	"github.com/lineside/lineside/shell"
)

func (p *program) watchCommand() *cobra.Command {
	var only watched
	cmd := &cobra.Command{
		Use: "watch [MAC]", Short: "Follow what phones do, as it happens", Args: shell.AtMostOne, ValidArgsFunction: p.completeMACs,
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) == 1 {
				macs, err := macArgs(cmd, args)
				if err != nil {
					return err
				}
				only.mac = macs[0]
			}
			c, err := p.client()
			if err != nil {
				return err
			}
			z := zone(cmd.Context(), c)
			for step, err := range c.Watch(cmd.Context(), only.mac, true) {
				if err == nil && only.has(step) {
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
	cmd.Flags().StringVar(&only.vendor, "vendor", "", "only phones of one vendor")
	cmd.Flags().StringVar(&only.front, "front", "", "only what comes by one door, such as dhcp, tftp, http or sip")
	cmd.Flags().BoolVar(&only.findings, "findings", false, "only what is wrong with a phone, and what to do")
	return cmd
}

// watched is what of all that happens is shown.
type watched struct {
	mac           phone.MAC
	vendor, front string
	findings      bool
}

func (w watched) has(s provision.Step) bool {
	return (w.vendor == "" || strings.EqualFold(w.vendor, string(s.Vendor))) && (w.front == "" || strings.EqualFold(w.front, string(s.Front))) && (!w.findings || s.Code != "")
}

// showStep prints one step; a finding has what to do on a line of its own.
func (p *program) showStep(s provision.Step, zone *time.Location) error {
	if p.json {
		return json.NewEncoder(p.out).Encode(s)
	}
	who := "-"
	if !s.MAC.IsZero() {
		who = s.MAC.String()
	}
	line := fmt.Sprintf("%s  %-17s  %-7s %-5s  %s", s.At.In(zone).Format("15:04:05"), who, s.Vendor, s.Front, shell.Printable(s.Text))
	if s.Do != "" {
		line += "\n  → " + shell.Printable(s.Do)
	}
	return p.say("%s", line)
}

// shownDevice is what device show gives with --json.
type shownDevice struct {
	admin.Device
	Timeline admin.Timeline `json:"timeline"`
}

// showWhole prints a device with what lately happened to it.
func (p *program) showWhole(ctx context.Context, c *admin.Client, d admin.Device) error {
	t, err := c.Timeline(ctx, d.MAC)
	if err != nil {
		return err
	}
	if p.json {
		return shell.WriteJSON(p.out, shownDevice{Device: d, Timeline: t})
	}
	if err := p.showDevice(ctx, c, d); err != nil {
		return err
	}
	return p.showTimeline(t, zone(ctx, c))
}

// showTimeline prints what is wrong with a phone and what to do, then what
// happened.
func (p *program) showTimeline(t admin.Timeline, zone *time.Location) error {
	var b strings.Builder
	for _, f := range t.Findings {
		fmt.Fprintf(&b, "\n! %s: %s\n  → %s\n", clock(f.At, p.now(), zone), shell.Printable(f.Text), shell.Printable(f.Do))
	}
	if len(t.Events) == 0 {
		b.WriteString("\nnothing was heard of it since the box started\n")
	} else {
		b.WriteString("\n")
		table := shell.NewTable("LAST", "TIMES", "BY", "ADDRESS", "WHAT")
		for _, e := range t.Events {
			what := e.Text
			if e.Unproven {
				what += " (not proven to be this phone)"
			}
			table.Add(clock(e.At, p.now(), zone), fmt.Sprint(e.Times), string(e.Front), addrText(e.Addr), what)
		}
		table.Print(&b)
	}
	_, err := p.out.Write([]byte(b.String()))
	return err
}
