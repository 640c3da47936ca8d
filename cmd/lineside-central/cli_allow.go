package main

import (
	"time"

	"github.com/spf13/cobra"

	"github.com/lineside/lineside/shell"
	"github.com/lineside/lineside/sync/central"
	"github.com/lineside/lineside/sync/portal"
)

func (p *program) allowCommand() *cobra.Command {
	return shell.Group("allow", "Keep the addresses whose phones need show nothing",
		p.allowListCommand(), p.allowAddCommand(), p.allowRemoveCommand(), p.allowCheckCommand())
}

func allowPath(site string) string {
	if site == "" {
		return "/allowlist"
	}
	return fill("/sites/%s/allowlist", []string{site})
}

func (p *program) allowListCommand() *cobra.Command {
	var site string
	cmd := &cobra.Command{Use: "list", Short: "List what was entered, for all sites or one, and where the one connects from", Args: shell.NoArgs,
		Long: "List what was entered: without --site what counts for all sites, with it what was\nentered for that one, and the addresses its box connects from with what they are\nwhitelisted by. A PIN or a provisioning at a site whitelists its address for 8 h.",
		RunE: func(cmd *cobra.Command, _ []string) error {
			all, err := ask[portal.AllowEntries](cmd.Context(), p, "GET", allowPath(site), nil, nil)
			if err != nil {
				return err
			}
			return p.show(all, func() error {
				var rows [][]string
				for _, e := range all.Entries {
					rows = append(rows, []string{e.Prefix.String(), string(e.For), moment(e.Until), e.By, e.Note})
				}
				for _, a := range all.Addresses {
					rows = append(rows, []string{a.Address.String(), "", moment(a.Verdict.Until), "site", allowWords(a.Verdict)})
				}
				return p.table([]string{"RANGE", "FOR", "UNTIL", "BY", "NOTE"}, rows)
			})
		}}
	cmd.Flags().StringVar(&site, "site", "", "of one site")
	return cmd
}

// allowWords says what an address is whitelisted by.
func allowWords(v central.Verdict) string {
	switch {
	case !v.Allowed:
		return "is not whitelisted"
	case v.Permanent:
		return "is whitelisted for good (" + v.Why + ")"
	}
	return "is whitelisted until " + moment(v.Until) + " (" + v.Why + ")"
}

func (p *program) allowAddCommand() *cobra.Command {
	var site string
	var last time.Duration
	var in portal.AllowInput
	cmd := &cobra.Command{Use: "add RANGE", Short: "Whitelist an address or a range, for all sites (role reseller) or one", Args: shell.ExactArgs("RANGE"),
		Long: "Whitelist an address or a range: 203.0.113.7, 203.0.113.0/24, 203.0.113.0/255.255.255.0\nor 2001:db8::/48. Entered again, it has the new terms.",
		RunE: func(cmd *cobra.Command, args []string) error {
			in.Prefix = args[0]
			if cmd.Flags().Changed("last") {
				if last <= 0 {
					return shell.Usagef(cmd, "--last %s: write a time, such as 48h, or leave it out for good", last)
				}
				in.Until = time.Now().Add(last)
			}
			e, err := ask[central.AllowEntry](cmd.Context(), p, "POST", allowPath(site), nil, in)
			if err != nil {
				return err
			}
			return p.show(e, func() error { return p.say("%s is entered", e.Prefix) })
		},
	}
	fl := cmd.Flags()
	fl.StringVar(&site, "site", "", "for one site")
	fl.StringVar(&in.For, "for", "", "where it counts: edge (at the platform), boxes (phones on a box's LAN) or all")
	fl.StringVar(&in.Note, "note", "", "what it is, in one line")
	fl.DurationVar(&last, "last", 0, "for how long, such as 48h; left out it is for good")
	return cmd
}

func (p *program) allowRemoveCommand() *cobra.Command {
	var site string
	cmd := &cobra.Command{Use: "remove RANGE", Short: "Take a range out again, as it was entered", Args: shell.ExactArgs("RANGE"), RunE: func(cmd *cobra.Command, args []string) error {
		if err := p.tell(cmd.Context(), "DELETE", allowPath(site), values("prefix", args[0]), nil); err != nil {
			return err
		}
		return p.say("%s is taken out", shell.Printable(args[0]))
	}}
	cmd.Flags().StringVar(&site, "site", "", "of one site")
	return cmd
}

func (p *program) allowCheckCommand() *cobra.Command {
	return &cobra.Command{Use: "check ADDRESS", Short: "Say whether an address is whitelisted now", Args: shell.ExactArgs("ADDRESS"), RunE: func(cmd *cobra.Command, args []string) error {
		v, err := ask[central.Verdict](cmd.Context(), p, "GET", "/allowlist/check", values("ip", args[0]), nil)
		if err != nil {
			return err
		}
		return p.show(v, func() error { return p.say("%s %s", shell.Printable(args[0]), allowWords(v)) })
	}}
}
