package main

import (
	"context"
	"fmt"
	"net/netip"

	"github.com/spf13/cobra"

	"github.com/lineside/lineside/admin"
	"github.com/lineside/lineside/phone"
	"github.com/lineside/lineside/shell"
	"github.com/lineside/lineside/vendors"
)

func (p *program) pinCommand() *cobra.Command {
	return shell.Group("pin", "Enter or show the six digits of a phone", p.pinEnterCommand(), p.pinShowCommand())
}

func (p *program) pinEnterCommand() *cobra.Command {
	var at string
	cmd := &cobra.Command{
		Use: "enter MAC PIN", Short: "Enter a phone's PIN for it (PIN - reads standard input)", Args: shell.ExactArgs("MAC", "PIN"),
		Long:              "Enter a phone's PIN for it. A wrong one counts like one dialled on the handset;\nthe exit code is 1 unless the PIN was accepted.",
		ValidArgsFunction: p.completeMACs,
		RunE: func(cmd *cobra.Command, args []string) error {
			macs, err := macArgs(cmd, args[:1])
			if err != nil {
				return err
			}
			var from netip.Addr
			if at != "" {
				if from, err = netip.ParseAddr(at); err != nil {
					return shell.Usagef(cmd, "--from: %.40q is no address; write the one in the phone's own menu, such as 10.20.0.57", at)
				}
			}
			pin := args[1]
			if pin == "-" {
				words, err := p.readSecrets("-")
				if err != nil {
					return err
				}
				pin = words[0]
			}
			c, err := p.client()
			if err != nil {
				return err
			}
			r, err := c.EnterPIN(cmd.Context(), macs[0], phone.NewSecret(pin), from)
			if err != nil {
				return err
			}
			return p.tellPIN(cmd.Context(), c, macs[0], r)
		},
	}
	cmd.Flags().StringVar(&at, "from", "", "the phone's own address, where nothing proves which caller it is")
	return cmd
}

func (p *program) tellPIN(ctx context.Context, c *admin.Client, mac phone.MAC, r admin.PINResult) error {
	var err error
	switch {
	case p.json:
		err = shell.WriteJSON(p.out, r)
	case r.Accepted:
		err = p.say("%s: PIN accepted", mac)
	case !r.Looked:
		err = p.say("%s: no PIN is accepted now, the device is %s", mac, r.State)
	case r.Left > 0:
		err = p.say("%s: wrong PIN, %s left", mac, count(r.Left, "try", "tries"))
	default:
		err = p.say("%s: wrong PIN, the device is %s", mac, r.State)
	}
	if err == nil && !p.json {
		if !r.Until.IsZero() {
			err = p.say("  no PIN is accepted %s", until(r.Until, p.now(), zone(ctx, c)))
		}
		if err == nil {
			err = p.next(r.Next)
		}
	}
	if err == nil && !r.Accepted {
		err = &quietError{}
	}
	return err
}

func (p *program) pinShowCommand() *cobra.Command {
	return &cobra.Command{
		Use: "show MAC", Short: "Show the PIN of a device not yet authenticated; the audit log notes it", Args: shell.ExactArgs("MAC"),
		ValidArgsFunction: p.completeMACs,
		RunE: func(cmd *cobra.Command, args []string) error {
			macs, err := macArgs(cmd, args)
			if err != nil {
				return err
			}
			c, err := p.client()
			if err != nil {
				return err
			}
			pin, err := c.ShowPIN(cmd.Context(), macs[0])
			if err != nil {
				return err
			}
			if p.json {
				return shell.WriteJSON(p.out, pin)
			}
			if err := p.say("%s", pin.PIN); err != nil {
				return err
			}
			return p.next(pin.Next)
		},
	}
}

func (p *program) otpCommand() *cobra.Command {
	verbs := append([]*cobra.Command{p.otpListCommand(), p.otpSetCommand(), p.otpRemoveCommand()}, p.ticketCommands()...)
	return shell.Group("otp", "Keep one-time user names and passwords: each brand's, and tickets for one phone", verbs...)
}

func (p *program) otpListCommand() *cobra.Command {
	return &cobra.Command{
		Use: "list", Short: "List the one-time passwords; the passwords themselves are never shown again", Args: shell.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			c, err := p.client()
			if err != nil {
				return err
			}
			list, err := c.OTPs(cmd.Context())
			if err != nil {
				return err
			}
			if p.json {
				return shell.WriteJSON(p.out, list)
			}
			z := zone(cmd.Context(), c)
			t := shell.NewTable("BRAND", "USER", "PASSWORD", "GENERATION", "SINCE")
			for _, o := range list {
				set := "not set"
				if o.HasPassword {
					set = "set"
				}
				t.Add(string(o.Vendor), o.User, set, fmt.Sprint(o.Generation), clock(o.Since, p.now(), z))
			}
			t.Print(p.out)
			return nil
		},
	}
}

func (p *program) otpSetCommand() *cobra.Command {
	var in admin.OTPInput
	var file string
	cmd := &cobra.Command{
		Use: "set BRAND", Short: "Set a brand's one-time password", Args: shell.ExactArgs("BRAND"), ValidArgsFunction: completeBrands,
		Example: "  lineside otp set yealink --generate\n  lineside otp set poly --user install --password-file -",
		RunE: func(cmd *cobra.Command, args []string) error {
			v, err := vendors.All().ParseBrand(args[0])
			if err != nil {
				return shell.Usagef(cmd, "%v", err)
			}
			if file != "" {
				words, err := p.readSecrets(file)
				if err != nil {
					return err
				}
				in.Password = words[0]
			}
			if in.Password == "" && !in.Generate {
				return shell.Usagef(cmd, "no password is given: write --generate, or --password-file FILE")
			}
			c, err := p.client()
			if err != nil {
				return err
			}
			o, err := c.SetOTP(cmd.Context(), v, in)
			if err != nil {
				return err
			}
			return p.tellOTP(o)
		},
	}
	fl := cmd.Flags()
	fl.StringVar(&in.User, "user", "", "user name people type; left out, the brand's name")
	fl.StringVar(&in.Password, "password", "", "the password; others on this machine can see it while the command runs")
	fl.StringVar(&file, "password-file", "", "file with the password (- reads standard input)")
	fl.BoolVar(&in.Generate, "generate", false, "have the box make one up and show it once")
	cmd.MarkFlagsMutuallyExclusive("password", "password-file", "generate")
	return cmd
}

func (p *program) tellOTP(o admin.OTP) error {
	if p.json {
		return shell.WriteJSON(p.out, o)
	}
	text := fmt.Sprintf("%s: user %s", o.Vendor, shell.Printable(o.User))
	if o.Password != "" {
		text += ", password " + o.Password + " (shown this once)"
	}
	if err := p.say("%s", text); err != nil {
		return err
	}
	return p.next(o.Next)
}

func (p *program) otpRemoveCommand() *cobra.Command {
	return &cobra.Command{
		Use: "remove BRAND", Short: "Take a brand's one-time password away", Args: shell.ExactArgs("BRAND"), ValidArgsFunction: completeBrands,
		RunE: func(cmd *cobra.Command, args []string) error {
			v, err := vendors.All().ParseBrand(args[0])
			if err != nil {
				return shell.Usagef(cmd, "%v", err)
			}
			c, err := p.client()
			if err != nil {
				return err
			}
			if err := c.RemoveOTP(cmd.Context(), v); err != nil {
				return err
			}
			if p.json {
				return shell.WriteJSON(p.out, map[string]any{"removed": v})
			}
			return p.say("%s: no one-time password is accepted any more", v)
		},
	}
}
