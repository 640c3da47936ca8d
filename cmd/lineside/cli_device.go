package main

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/lineside/lineside/admin"
	"github.com/lineside/lineside/phone"
	"github.com/lineside/lineside/shell"
	"github.com/lineside/lineside/vendors"
)

func (p *program) deviceCommand() *cobra.Command {
	return shell.Group("device", "Set up phones and see how far they are",
		p.deviceListCommand(), p.deviceShowCommand(), p.deviceAddCommand(), p.deviceEditCommand(),
		p.deviceImportCommand(), p.deviceExportCommand(), p.deviceRenderCommand(), p.deviceUploadsCommand(), p.deviceRemoveCommand(),
		p.deviceBulkCommand(),
		p.deviceVerb("reset", "Make a device's authentication void and give it a new PIN",
			func(ctx context.Context, c *admin.Client, mac phone.MAC) (admin.Device, error) {
				return c.Reset(ctx, mac)
			}),
		p.deviceVerb("suspend", "Ask no proof of a device for 30 minutes",
			func(ctx context.Context, c *admin.Client, mac phone.MAC) (admin.Device, error) {
				return c.Suspend(ctx, mac)
			}),
		p.deviceVerb("block", "Take neither PIN nor one-time password of a device that has no login of its own",
			func(ctx context.Context, c *admin.Client, mac phone.MAC) (admin.Device, error) {
				return c.Block(ctx, mac)
			}),
		p.deviceVerb("unblock", "Accept PINs for a failed or blocked device again",
			func(ctx context.Context, c *admin.Client, mac phone.MAC) (admin.Device, error) {
				return c.Unblock(ctx, mac)
			}),
		p.deviceAllowOTPCommand(), p.deviceResyncCommand(),
	)
}

func (p *program) deviceListCommand() *cobra.Command {
	var q admin.Query
	var vendor string
	cmd := &cobra.Command{
		Use: "list [TEXT]", Short: "List devices; TEXT is looked for in MAC, label, model, owner's name and extension, and accounts", Args: shell.AtMostOne,
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) == 1 {
				q.Text = args[0]
			}
			q.Vendor = phone.Vendor(vendor)
			c, err := p.client()
			if err != nil {
				return err
			}
			devices, err := c.AllDevices(cmd.Context(), q)
			if err != nil {
				return err
			}
			if p.json {
				return shell.WriteJSON(p.out, devices)
			}
			return p.showDevices(devices, zone(cmd.Context(), c))
		},
	}
	cmd.Flags().StringVar(&q.State, "state", "", "only needed, failed, blocked or successful")
	cmd.Flags().StringVar(&vendor, "vendor", "", "only this vendor's")
	cmd.Flags().StringVar(&q.Model, "model", "", "only this model")
	cmd.Flags().StringVar(&q.Owner, "owner", "", "only this user's")
	cmd.Flags().StringSliceVar(&q.Facts, "fact", nil, "only where this is true: ticket, ticket-demanded, awaiting-approval, unowned, unseen, reserved, platform, …")
	cmd.Flags().StringVar(&q.Sort, "sort", "", "by this column: mac, vendor, model, label, owner, extension, state, created, seen, address or firmware; -seen: from the end")
	_ = cmd.RegisterFlagCompletionFunc("vendor", completeVendors)
	_ = cmd.RegisterFlagCompletionFunc("state", cobra.FixedCompletions([]string{"needed", "failed", "blocked", "successful"}, cobra.ShellCompDirectiveNoFileComp))
	return cmd
}

func (p *program) showDevices(devices []admin.Device, zone *time.Location) error {
	if len(devices) == 0 {
		return p.say("no devices; set one up with: lineside device add MAC --model T46G --line %s", lineForm)
	}
	t := shell.NewTable("MAC", "VENDOR", "MODEL", "STATE", "SEEN", "ADDRESS", "ACCOUNT", "LABEL")
	for _, d := range devices {
		seen, addr, account := "never", "", ""
		if d.Seen != nil {
			seen = clock(d.Seen.At, p.now(), zone)
			addr = addrText(d.Seen.Addr)
		}
		if len(d.Lines) > 0 {
			account = d.Lines[0].User + "@" + d.Lines[0].Registrar
		}
		t.Add(d.MAC.String(), string(d.Vendor), d.Model, stateText(d.Enrolment), seen, addr, account, d.Label)
	}
	t.Print(p.out)
	return nil
}

// stateText is the state with what makes it special just now.
func stateText(e admin.Enrolment) string {
	switch {
	case !e.Suspended.IsZero():
		return e.State + ", suspended"
	case e.Enrolling:
		return e.State + ", enrolling"
	case !e.Pass.IsZero():
		return e.State + ", PIN accepted"
	}
	return e.State
}

func (p *program) deviceShowCommand() *cobra.Command {
	var reveal bool
	cmd := &cobra.Command{
		Use: "show MAC", Short: "Show everything about one device, what lately happened to it and what to do", Args: shell.ExactArgs("MAC"), ValidArgsFunction: p.completeMACs,
		RunE: func(cmd *cobra.Command, args []string) error {
			macs, err := macArgs(cmd, args)
			if err != nil {
				return err
			}
			c, err := p.client()
			if err != nil {
				return err
			}
			see := c.Device
			if reveal {
				see = c.DeviceRevealed
			}
			d, err := see(cmd.Context(), macs[0])
			if err != nil {
				return err
			}
			return p.showWhole(cmd.Context(), c, d)
		},
	}
	cmd.Flags().BoolVar(&reveal, "reveal", false, "show the values of overrides, which may be passwords; the audit log notes it")
	return cmd
}

// showDevice is what every verb that changed one device ends in, too.
func (p *program) showDevice(ctx context.Context, c *admin.Client, d admin.Device) error {
	if p.json {
		return shell.WriteJSON(p.out, d)
	}
	z := zone(ctx, c)
	var b strings.Builder
	fact := func(name, value string) {
		if value != "" {
			fmt.Fprintf(&b, "%-10s %s\n", name, shell.Printable(value))
		}
	}
	fact("device", d.MAC.String())
	fact("phone", strings.TrimSpace(string(d.Vendor)+" "+d.Model))
	fact("label", d.Label)
	fact("owner", d.Owner)
	fact("address", addrText(d.Address))
	fact("state", stateText(d.Enrolment))
	fact("screen", d.Enrolment.Shown)
	if e := d.Enrolment; e.Fails+e.LockOuts > 0 {
		fact("PINs", fmt.Sprintf("%d wrong in a row, %s", e.Fails, count(e.LockOuts, "lock-out", "lock-outs")))
	}
	fact("suspended", until(d.Enrolment.Suspended, p.now(), z))
	fact("failed", until(d.Enrolment.Until, p.now(), z))
	fact("ticket", ticketText(d.Enrolment, p.now(), z))
	fact("login", d.Enrolment.Login)
	fact("kept by", keptBy(d))
	m, _ := vendors.All().Of(d.Vendor)
	fits := m.Fits(d.Model)
	for i, l := range d.Lines {
		text := lineText(l)
		if fits > 0 && i >= fits {
			text += fmt.Sprintf(" (not in its config: the phone takes %d)", fits)
		}
		fact(fmt.Sprintf("line %d", i+1), text)
	}
	for _, k := range sortedKeys(d.Overrides) {
		fact("override", k+" = "+d.Overrides[k])
	}
	for _, l := range d.EmergencyLost {
		fact("! "+l.Number, l.Text)
	}
	if d.Seen != nil {
		fact("seen", fmt.Sprintf("%s at %s by %s, %s; %s", clock(d.Seen.At, p.now(), z), addrText(d.Seen.Addr), d.Seen.Front, count(d.Seen.Count, "time", "times"), d.Seen.Agent))
	}
	fact("created", clock(d.Created, p.now(), z))
	if _, err := p.out.Write([]byte(b.String())); err != nil {
		return err
	}
	return p.next(d.Enrolment.Next)
}

// keptBy says whose the device is, and what of it was changed here.
func keptBy(d admin.Device) string {
	switch {
	case !d.Platform:
		return ""
	case len(d.ChangedHere) == 0:
		return "the platform"
	}
	return "the platform; changed here, until it changes the same: " + strings.Join(d.ChangedHere, ", ")
}

// ticketText is where a device's ticket stands, and whether nothing else counts.
func ticketText(e admin.Enrolment, now time.Time, zone *time.Location) string {
	text := strings.TrimSpace(e.Ticket + " " + until(e.TicketUntil, now, zone))
	switch {
	case !e.TicketDemanded:
		return text
	case text == "":
		return "demanded, and it has none"
	}
	return text + "; demanded"
}

func until(at, now time.Time, zone *time.Location) string {
	if at.IsZero() {
		return ""
	}
	return "until " + clock(at, now, zone)
}

func lineText(l admin.Line) string {
	text := writeLine(phone.Line{
		Registrar: l.Registrar, Port: l.Port, Transport: l.Transport, OutboundProxy: l.OutboundProxy,
		User: l.User, AuthID: l.AuthID, DisplayName: l.DisplayName, Label: l.Label,
	})
	if !l.HasPassword {
		text += " (no password)"
	}
	return text
}
