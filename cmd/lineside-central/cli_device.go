package main

import (
	"errors"
	"maps"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/lineside/lineside/phone"
	"github.com/lineside/lineside/shell"
	"github.com/lineside/lineside/sync/central"
	"github.com/lineside/lineside/sync/portal"
	"github.com/lineside/lineside/sync/wire"
)

func (p *program) deviceCommand() *cobra.Command {
	return shell.Group("device", "Keep the devices",
		p.deviceListCommand(), p.deviceShowCommand(), p.deviceAddCommand(), p.deviceEditCommand(), p.deviceMoveCommand(),
		p.madeCommand("reset MAC", "Make everything a device proved void and show its new PIN", "/devices/%s/reset"),
		p.madeCommand("pin MAC", "Give a device a new PIN and show it", "/devices/%s/pin"),
		p.passwordCommand(),
		p.plain("block MAC", "Take no PIN and no one-time password of a device any more", "POST", "/devices/%s/block", "blocked"),
		p.plain("unblock MAC", "Take a device's PIN again", "POST", "/devices/%s/unblock", "its PIN is taken again"),
		p.plain("remove MAC", "Take a device from its site", "DELETE", "/devices/%s", "it is gone"),
		p.exportCommand("devices"), p.importCommand("devices", deviceColumns, true))
}

func (p *program) deviceListCommand() *cobra.Command {
	var site, search string
	cmd := &cobra.Command{Use: "list", Short: "List devices", Args: shell.NoArgs, RunE: func(cmd *cobra.Command, _ []string) error {
		all, err := p.devices(cmd.Context(), site, search)
		if err != nil {
			return err
		}
		return p.show(portal.Devices{Devices: all}, func() error {
			var rows [][]string
			for _, d := range all {
				pin := ""
				if d.Blocked {
					pin = "blocked"
				}
				rows = append(rows, []string{d.MAC.String(), d.Site, d.Vendor, d.Model, d.Label, d.Owner, d.OTP, ticketWord(d), pin})
			}
			return p.table([]string{"MAC", "SITE", "VENDOR", "MODEL", "LABEL", "OWNER", "OTP", "TICKET", "PIN"}, rows)
		})
	}}
	cmd.Flags().StringVar(&site, "site", "", "of one site")
	cmd.Flags().StringVar(&search, "search", "", "part of a MAC, label, owner, maker, model, address or line")
	return cmd
}

func (p *program) deviceAddCommand() *cobra.Command {
	var site, vendor, model, label, owner string
	var lines []string
	cmd := &cobra.Command{Use: "add MAC", Short: "Set a device up at a site and show what the platform made for it", Args: shell.ExactArgs("MAC"),
		Long:    "Set a device up at a site. The platform makes its PIN and the passwords of its\nlines, and shows them this once. Passwords that come from elsewhere are given by\nimport or by the HTTP API, not on a command line others can read.",
		Example: "  lineside-central device add 001565a0b1c2 --site k3… --vendor yealink --line 201@sip.example.net",
		RunE: func(cmd *cobra.Command, args []string) error {
			mac, err := phone.ParseMAC(args[0])
			if err != nil {
				return shell.Usagef(cmd, "%v", err)
			}
			in := portal.DeviceInput{MAC: &mac, Site: &site, Vendor: &vendor, Model: &model, Label: &label, Owner: &owner, Lines: &[]portal.LineInput{}}
			for _, l := range lines {
				user, registrar, ok := strings.Cut(l, "@")
				if !ok {
					return shell.Usagef(cmd, "--line %q is not user@registrar", l)
				}
				*in.Lines = append(*in.Lines, portal.LineInput{Line: wire.Line{User: user, Registrar: registrar}})
			}
			return p.made(ask[portal.DeviceMade](cmd.Context(), p, "POST", "/devices", nil, in))
		}}
	fl := cmd.Flags()
	fl.StringVar(&site, "site", "", "the site's ID")
	fl.StringVar(&vendor, "vendor", "", "the maker, such as yealink")
	fl.StringVar(&model, "model", "", "the maker's name for it, such as T46S")
	fl.StringVar(&label, "label", "", "where it stands or whose it is")
	fl.StringVar(&owner, "owner", "", "a user's ID")
	fl.StringArrayVar(&lines, "line", nil, "a SIP account, user@registrar; may be given again")
	return cmd
}

func (p *program) deviceMoveCommand() *cobra.Command {
	return &cobra.Command{Use: "move MAC SITE", Short: "Move a device to another site, with a new PIN and new passwords", Args: shell.ExactArgs("MAC", "SITE"),
		RunE: func(cmd *cobra.Command, args []string) error {
			return p.made(ask[portal.DeviceMade](cmd.Context(), p, "POST", fill("/devices/%s/move", args[:1]), nil, portal.MoveInput{Site: args[1]}))
		}}
}

// madeCommand is a verb on a device that makes a secret.
func (p *program) madeCommand(use, short, path string) *cobra.Command {
	return &cobra.Command{Use: use, Short: short, Args: shell.ExactArgs("MAC"), RunE: func(cmd *cobra.Command, args []string) error {
		return p.made(ask[portal.DeviceMade](cmd.Context(), p, "POST", fill(path, args), nil, nil))
	}}
}

func (p *program) passwordCommand() *cobra.Command {
	var line int
	cmd := &cobra.Command{Use: "password MAC", Short: "Give a device's line a new SIP password and show it", Args: shell.ExactArgs("MAC"),
		Long: "Give a device's line a new SIP password and show it, once. The phone gets it with its\nnext config; give it to the registrar too.",
		RunE: func(cmd *cobra.Command, args []string) error {
			return p.made(ask[portal.DeviceMade](cmd.Context(), p, "POST", fill("/devices/%s/password", args), nil, portal.PasswordInput{Line: line}))
		}}
	cmd.Flags().IntVar(&line, "line", 1, "which line, from 1")
	return cmd
}

// made shows a device and the secrets made for it.
func (p *program) made(d portal.DeviceMade, err error) error {
	if err != nil {
		return err
	}
	return p.show(d, func() error {
		lines := []error{p.say("%s is at site %s", d.Device.MAC, d.Device.Site)}
		for _, kind := range slices.Sorted(maps.Keys(d.Secrets)) {
			lines = append(lines, p.say("  %-6s %s", kind, d.Secrets[kind]))
		}
		if len(d.Secrets) > 0 {
			lines = append(lines, p.say("  → shown this once"))
		}
		for _, n := range d.Notes {
			lines = append(lines, p.say("  ! %s", shell.Printable(n)))
		}
		for _, kind := range d.Kept {
			lines = append(lines, p.say("  → %s was not made by the platform and is known to the old site's box: change it where it comes from", kind))
		}
		return errors.Join(lines...)
	})
}

func (p *program) otpCommand() *cobra.Command {
	return shell.Group("otp", "Keep one-time passwords, of brands and of single devices",
		p.otpListCommand(), p.otpTicketsCommand(), p.otpSetCommand(), p.otpTicketCommand(), p.otpAllowCommand(),
		p.plain("remove BRAND", "Take a brand's one-time password from every site", "DELETE", "/otps/%s", "no phone of the brand is let in by it any more"),
		p.plain("approve MAC", "Say yes to a device's one-time password that waits for it", "POST", "/devices/%s/ticket/approve", "approved"),
		p.plain("revoke MAC", "Make a device's one-time password void", "DELETE", "/devices/%s/ticket", "its one-time password is void"))
}

func (p *program) otpListCommand() *cobra.Command {
	return &cobra.Command{Use: "list", Short: "List the brands that have one", Args: shell.NoArgs, RunE: func(cmd *cobra.Command, _ []string) error {
		all, err := ask[portal.Brands](cmd.Context(), p, "GET", "/otps", nil, nil)
		if err != nil {
			return err
		}
		return p.show(all, func() error {
			var rows [][]string
			for _, b := range all.Brands {
				rows = append(rows, []string{b.Brand, b.User})
			}
			return p.table([]string{"BRAND", "USER"}, rows)
		})
	}}
}

func (p *program) otpSetCommand() *cobra.Command {
	return &cobra.Command{Use: "set BRAND USER", Short: "Set a brand's one-time password at every site; it is read from the input", Args: shell.ExactArgs("BRAND", "USER"),
		Example: "  lineside-central otp set yealink setup < password.txt",
		RunE: func(cmd *cobra.Command, args []string) error {
			text, err := p.readInput(1 << 10)
			if err != nil {
				return err
			}
			b, err := ask[central.BrandInfo](cmd.Context(), p, "PUT", fill("/otps/%s", args[:1]), nil, portal.BrandInput{User: args[1], Password: strings.TrimSpace(string(text))})
			if err != nil {
				return err
			}
			return p.show(b, func() error { return p.say("%s: set at every site", shell.Printable(b.Brand)) })
		}}
}

func (p *program) otpTicketCommand() *cobra.Command {
	var in portal.TicketInput
	cmd := &cobra.Command{Use: "ticket MAC", Short: "Make a device a one-time password of its own and show it", Args: shell.ExactArgs("MAC"), RunE: func(cmd *cobra.Command, args []string) error {
		t, err := ask[portal.Ticket](cmd.Context(), p, "POST", fill("/devices/%s/ticket", args), nil, in)
		if err != nil {
			return err
		}
		return p.show(t, func() error {
			return errors.Join(p.say("user      %s", shell.Printable(t.User)), p.say("password  %s", t.Password), p.say("good until %s; shown this once", moment(t.Until)))
		})
	}}
	cmd.Flags().StringVar(&in.User, "user", "", "user name that goes with it, instead of the MAC")
	cmd.Flags().IntVar(&in.Hours, "hours", 8, "how long it is good, 1 to 336")
	cmd.Flags().BoolVar(&in.Approval, "approval", false, "somebody must say yes before it lets the device in")
	return cmd
}

func (p *program) otpAllowCommand() *cobra.Command {
	var in portal.AllowOnceInput
	cmd := &cobra.Command{Use: "allow-once MAC", Short: "Let a device in by its brand's password once more (role reseller)", Args: shell.ExactArgs("MAC"), RunE: func(cmd *cobra.Command, args []string) error {
		d, err := ask[central.DeviceInfo](cmd.Context(), p, "POST", fill("/devices/%s/allow-global-password-once", args), nil, in)
		if err != nil {
			return err
		}
		return p.show(d, func() error {
			return p.say("%s: the password of %s lets it in once more", d.MAC, shell.Printable(d.Vendor))
		})
	}}
	cmd.Flags().BoolVar(&in.Clear, "clear", false, "make the device's own login void")
	return cmd
}
