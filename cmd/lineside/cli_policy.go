package main

import (
	"strings"

	"github.com/spf13/cobra"

	"github.com/lineside/lineside/admin"
)

func (p *program) policyCommand() *cobra.Command {
	return group("policy", "Say what phones must show", p.policyShowCommand(), p.policySetCommand())
}

func (p *program) policyShowCommand() *cobra.Command {
	return &cobra.Command{
		Use: "show", Short: "Show the site's rules", Args: noArgs,
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
		return writeJSON(p.out, pol)
	}
	nets := make([]string, len(pol.Allow))
	for i, a := range pol.Allow {
		nets[i] = a.Network.String()
	}
	if len(nets) == 0 {
		nets = []string{"none"}
	}
	return p.say("first-contact: %s\nclaimed:       %s\nallow-list:    %s", pol.FirstContact, yesNo(pol.Claimed), strings.Join(nets, ", "))
}

func (p *program) policySetCommand() *cobra.Command {
	return &cobra.Command{
		Use: "set first-contact pin|otp|otp+pin|none | claimed yes|no", Short: "Change the site's rules",
		Long: "Change what phones must show at first contact, or whether trust (allow-list, suspension)\n" +
			"lets a phone through whose MAC nothing on the LAN proves: behind a router, with an address\n" +
			"of its own making, or where another DHCP server gives the addresses.",
		Args: exactArgs("first-contact or claimed", "its value"),
		ValidArgsFunction: func(_ *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
			offers := []string{"first-contact", "claimed"}
			switch {
			case len(args) == 1 && args[0] == "claimed":
				offers = []string{"yes", "no"}
			case len(args) == 1:
				offers = []string{"pin", "otp", "otp+pin", "none"}
			case len(args) > 1:
				offers = nil
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
func policyInput(cmd *cobra.Command, rule, value string) (admin.PolicyInput, error) {
	switch {
	case rule == "first-contact":
		return admin.PolicyInput{FirstContact: admin.Set(value)}, nil
	case rule == "claimed" && (value == yesNo(true) || value == yesNo(false)):
		return admin.PolicyInput{Claimed: admin.Set(value == yesNo(true))}, nil
	case rule == "claimed":
		return admin.PolicyInput{}, usagef(cmd, "%q is neither; write: policy set claimed yes, or no", value)
	}
	return admin.PolicyInput{}, usagef(cmd, "%q is no rule; write: policy set first-contact pin, or policy set claimed yes", rule)
}

func yesNo(b bool) string {
	if b {
		return "yes"
	}
	return "no"
}
