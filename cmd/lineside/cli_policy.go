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
	return p.say("first-contact: %s\nallow-list:    %s", pol.FirstContact, strings.Join(nets, ", "))
}

func (p *program) policySetCommand() *cobra.Command {
	return &cobra.Command{
		Use: "set first-contact pin|otp|otp+pin|none", Short: "Change what phones must show at first contact", Args: exactArgs("first-contact", "pin, otp, otp+pin or none"),
		ValidArgsFunction: func(_ *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
			offers := [][]string{{"first-contact"}, {"pin", "otp", "otp+pin", "none"}, nil}
			return offers[min(len(args), 2)], cobra.ShellCompDirectiveNoFileComp
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			if args[0] != "first-contact" {
				return usagef(cmd, "%q is no rule; write: policy set first-contact pin", args[0])
			}
			c, err := p.client()
			if err != nil {
				return err
			}
			pol, err := c.SetPolicy(cmd.Context(), admin.PolicyInput{FirstContact: args[1]})
			if err != nil {
				return err
			}
			return p.tellPolicy(pol)
		},
	}
}
