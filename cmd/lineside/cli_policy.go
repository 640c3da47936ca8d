package main

import (
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/lineside/lineside/admin"
	"github.com/lineside/lineside/auth"
	"github.com/lineside/lineside/shell"
)

func (p *program) policyCommand() *cobra.Command {
	return shell.Group("policy", "Say what phones must show", p.policyShowCommand(), p.policySetCommand())
}

func (p *program) policyShowCommand() *cobra.Command {
	return &cobra.Command{
		Use: "show", Short: "Show the site's rules", Args: shell.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			c, err := p.client()
			if err != nil {
				return err
			}
			pol, err := c.Policy(cmd.Context())
			if err != nil {
				return err
			}
			return p.tellPolicy(pol)
		},
	}
}

func (p *program) tellPolicy(pol admin.Policy) error {
	if p.json {
		return shell.WriteJSON(p.out, pol)
	}
	nets := make([]string, len(pol.Allow))
	for i, a := range pol.Allow {
		nets[i] = a.Network.String()
	}
	if len(nets) == 0 {
		nets = []string{"none"}
	}
	window := pol.Window
	if d, err := auth.ParseWindow(window); err == nil && d > 0 {
		window = humane(d)
	}
	if !pol.WindowOpen.IsZero() {
		window += ", open"
	}
	return p.say("first-contact: %s\nclaimed:       %s\nwindow:        %s\nblock-after:   %s\nauto-approve:  %s\nticket-hours:  %d\npin-on-screen: %s\nallow-list:    %s",
		pol.FirstContact, yesNo(pol.Claimed), window, count(pol.BlockAfter, "lock-out", "lock-outs"), yesNo(pol.AutoApprove), pol.TicketHours, yesNo(pol.PINOnScreen), strings.Join(nets, ", "))
}

// rule is one of the site's rules as it is changed.
type rule struct {
	name   string
	values []string // to choose from, or to see how one is written
	read   func(cmd *cobra.Command, value string) (admin.PolicyInput, error)
}

// rules lists every rule that can be changed.
func rules() []rule {
	bools := []string{yesNo(true), yesNo(false)}
	flag := func(name string, put func(*admin.PolicyInput, bool)) rule {
		return rule{name, bools, func(cmd *cobra.Command, value string) (in admin.PolicyInput, err error) {
			yes, err := yesOrNo(cmd, "policy set "+name, value)
			put(&in, yes)
			return in, err
		}}
	}
	return []rule{
		{"first-contact", []string{"pin", "otp", "otp+pin", "none"}, func(_ *cobra.Command, value string) (admin.PolicyInput, error) {
			return admin.PolicyInput{FirstContact: admin.Set(value)}, nil
		}},
		flag("claimed", func(in *admin.PolicyInput, yes bool) { in.Claimed = admin.Set(yes) }),
		{"window", []string{"8h", "off"}, func(cmd *cobra.Command, value string) (admin.PolicyInput, error) {
			if _, err := auth.ParseWindow(value); err != nil {
				return admin.PolicyInput{}, shell.Usagef(cmd, "window: %v", err)
			}
			return admin.PolicyInput{Window: admin.Set(value)}, nil
		}},
		{"block-after", []string{"3"}, func(cmd *cobra.Command, value string) (admin.PolicyInput, error) {
			n, err := strconv.Atoi(value)
			if err != nil {
				return admin.PolicyInput{}, shell.Usagef(cmd, "block-after: %.20q is no number; write 1 to %d lock-outs", value, auth.MaxBlockAfter)
			}
			return admin.PolicyInput{BlockAfter: admin.Set(n)}, nil
		}},
		flag("auto-approve", func(in *admin.PolicyInput, yes bool) { in.AutoApprove = admin.Set(yes) }),
		{"ticket-hours", []string{"8"}, func(cmd *cobra.Command, value string) (admin.PolicyInput, error) {
			n, err := strconv.Atoi(value)
			if err != nil {
				return admin.PolicyInput{}, shell.Usagef(cmd, "ticket-hours: %.20q is no number; write 1 to 336 hours", value)
			}
			return admin.PolicyInput{TicketHours: admin.Set(n)}, nil
		}},
		flag("pin-on-screen", func(in *admin.PolicyInput, yes bool) { in.PINOnScreen = admin.Set(yes) }),
	}
}

func (p *program) policySetCommand() *cobra.Command {
	return &cobra.Command{
		Use: "set first-contact pin|otp|otp+pin|none | claimed yes|no | window 8h|off | block-after N | auto-approve yes|no | ticket-hours N | pin-on-screen yes|no", Short: "Change the site's rules",
		Long: "Change the site's rules:\n\n" +
			"first-contact  what phones must show at first contact\n" +
			"claimed        whether trust (allow-list, suspension) lets a phone through whose MAC nothing\n" +
			"               on the LAN proves: behind a router, with an address of its own making, or\n" +
			"               where another DHCP server gives the addresses\n" +
			"window         how long a right PIN opens the site for its other phones, 10m to 168h; an open\n" +
			"               window is shortened with it\n" +
			"block-after    at which lock-out in a row a phone is blocked until an operator unblocks it,\n" +
			"               1 to 100; never is not offered\n" +
			"auto-approve   whether a ticket that wants an admin's approval gets it as it is shown\n" +
			"ticket-hours   how long a ticket may be shown where nobody says, 1 to 336\n" +
			"pin-on-screen  whether the PIN may be typed on the phone's own screen, user name \"pin\", where its\n" +
			"               maker's phones ask for a login there; they are then challenged at first contact\n" +
			"               and not put on hold, so they make no call before, no emergency call either",
		Args: shell.ExactArgs("the rule", "its value"),
		ValidArgsFunction: func(_ *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
			var offers []string
			for _, r := range rules() {
				if len(args) == 0 {
					offers = append(offers, r.name)
				} else if len(args) == 1 && args[0] == r.name {
					offers = r.values
				}
			}
			return offers, cobra.ShellCompDirectiveNoFileComp
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			in, err := policyInput(cmd, args[0], args[1])
			if err != nil {
				return err
			}
			c, err := p.client()
			if err != nil {
				return err
			}
			pol, err := c.SetPolicy(cmd.Context(), in)
			if err != nil {
				return err
			}
			return p.tellPolicy(pol)
		},
	}
}

// policyInput reads one rule and its value.
func policyInput(cmd *cobra.Command, name, value string) (admin.PolicyInput, error) {
	var names []string
	for _, r := range rules() {
		if r.name == name {
			return r.read(cmd, value)
		}
		names = append(names, r.name)
	}
	return admin.PolicyInput{}, shell.Usagef(cmd, "%.40q is no rule; write: policy set first-contact pin, or another rule and its value: %s", name, strings.Join(names[1:], ", "))
}

func yesNo(b bool) string {
	if b {
		return "yes"
	}
	return "no"
}
