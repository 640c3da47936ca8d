package main

import (
	"cmp"
	"errors"
	"fmt"
	"os"

	"github.com/spf13/cobra"

	"github.com/lineside/lineside/shell"
	"github.com/lineside/lineside/sync/central"
	"github.com/lineside/lineside/sync/portal"
)

func (p *program) releaseAddCommand() *cobra.Command {
	return &cobra.Command{
		Use: "add FILE", Short: "Give the platform a release, which checks all of it and keeps it", Args: shell.ExactArgs("FILE"),
		Long: "Give the platform a release. It takes those signed by a key in releases.keys\n(/etc/lineside/release.pub.d). No box is given it before \"release rollout\". In a\ncluster, give it to each node.",
		RunE: func(cmd *cobra.Command, args []string) error {
			f, err := os.Open(args[0])
			if err != nil {
				return fmt.Errorf("read the release: %w", err)
			}
			defer func() { _ = f.Close() }() // nothing was written
			r, err := ask[central.Release](cmd.Context(), p, "POST", "/releases", nil, f)
			if err != nil {
				return err
			}
			return p.show(r, func() error {
				return errors.Join(p.say("%s is checked and kept; it is signed by the key %s", r.Version, r.Key),
					p.say("  → give it to a few sites first: lineside-central release rollout %s --percent 5", r.Version))
			})
		},
	}
}

func (p *program) releaseListCommand() *cobra.Command {
	return &cobra.Command{
		Use: "list", Short: "List the releases, and how the rollout goes", Args: shell.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			all, err := ask[portal.Releases](cmd.Context(), p, "GET", "/releases", nil, nil)
			if err != nil {
				return err
			}
			return p.show(all, func() error {
				var rows [][]string
				for _, r := range all.Releases {
					rows = append(rows, []string{r.Version, moment(r.Made), r.Key, fmt.Sprintf("%d KiB", (r.Bytes+1023)>>10), moment(r.Added)})
				}
				err := p.table([]string{"VERSION", "MADE", "KEY", "SIZE", "ADDED"}, rows)
				if all.Rollout == nil {
					return err
				}
				return errors.Join(err, p.say(""), p.sayRollout(*all.Rollout), p.sayOutcomes(all.Outcomes))
			})
		},
	}
}

func (p *program) sayOutcomes(all []central.Outcome) error {
	var rows [][]string
	for _, o := range all {
		rows = append(rows, []string{o.Site, o.Kind, moment(o.At), o.Why})
	}
	if len(rows) == 0 {
		return nil
	}
	return errors.Join(p.say(""), p.table([]string{"SITE", "OUTCOME", "AT", "WHY"}, rows))
}

// sayRollout says how far a rollout is.
func (p *program) sayRollout(r central.Rollout) error {
	lines := []error{p.say("%s is rolled out to %d %% of the sites, %s", r.Version, r.Percent, cmp.Or(r.Window, "at any time"))}
	if !r.Runs() {
		lines = []error{p.say("the rollout of %s to %d %% of the sites is halted since %s: %s", r.Version, r.Percent, moment(r.Halted), shell.Printable(r.Why))}
	}
	lines = append(lines, p.say("  kept at %d sites, turned back from at %d, refused at %d", r.Kept, r.Back, r.Refused))
	if r.Runs() {
		return errors.Join(append(lines, p.say("  it halts by itself when at least %d sites, and more than %d %%, went back", r.HaltLeast, r.HaltPercent))...)
	}
	return errors.Join(append(lines, p.say("  → to go on all the same: lineside-central release rollout %s --percent %d", r.Version, r.Percent))...)
}

func (p *program) releaseRolloutCommand() *cobra.Command {
	var in portal.RolloutInput
	cmd := &cobra.Command{
		Use: "rollout VERSION", Short: "Give a release to a share of the sites, or to more of them", Args: shell.ExactArgs("VERSION"),
		Long:    "Give a release to a share of the sites: their boxes fetch it in the window, by\ntheir own clocks, and try it as if an operator had applied it. Which sites come\nfirst is another choice at every version; a greater share has those of a smaller.\n\nA box where it does not do goes back by itself and says so. When too many did, the\nrollout halts.",
		Example: "  lineside-central release rollout v1.4.0 --percent 10 --window 01:00-04:00",
		RunE: func(cmd *cobra.Command, args []string) error {
			in.Version = args[0]
			r, err := ask[central.Rollout](cmd.Context(), p, "PUT", "/rollout", nil, in)
			if err != nil {
				return err
			}
			return p.show(r, func() error { return p.sayRollout(r) })
		},
	}
	fl := cmd.Flags()
	fl.IntVar(&in.Percent, "percent", 0, "share of the sites, 1 to 100")
	fl.StringVar(&in.Window, "window", "", "when, by each site's clock, such as 01:00-04:00; left out at any time")
	fl.IntVar(&in.HaltPercent, "halt-percent", 10, "halt when more than this share of the outcomes are sites that went back")
	fl.IntVar(&in.HaltLeast, "halt-least", 2, "but not before this many sites did")
	_ = cmd.MarkFlagRequired("percent")
	return cmd
}

func (p *program) releaseHaltCommand() *cobra.Command {
	return &cobra.Command{
		Use: "halt", Short: "Have no more boxes take what is rolled out", Args: shell.NoArgs,
		Long: "Have no more boxes take what is rolled out. Those that took it keep it; on one of\nthem, going back is: sudo lineside update back",
		RunE: func(cmd *cobra.Command, _ []string) error {
			r, err := ask[central.Rollout](cmd.Context(), p, "POST", "/rollout/halt", nil, nil)
			if err != nil {
				return err
			}
			return p.show(r, func() error { return p.sayRollout(r) })
		},
	}
}
