package main

import (
	"github.com/spf13/cobra"

	"github.com/lineside/lineside/admin"
)

// deviceResyncCommand has phones told to fetch their configs again.
func (p *program) deviceResyncCommand() *cobra.Command {
	var in admin.ResyncInput
	cmd := &cobra.Command{
		Use: "resync [MAC...]", Short: "Tell phones that are on hold here to fetch their configs again", ValidArgsFunction: p.completeMACs,
		Long: "Tell phones to fetch their configs again, one after the other so that a site does not\n" +
			"restart at once. A phone that is registered with the platform and not with this box\n" +
			"cannot be told: it fetches by itself every few hours, or at a restart.",
		Example: "  lineside device resync 00:15:65:4a:a9:37\n  lineside device resync --model T46G\n  lineside device resync --all",
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) == 0 && in.Model == "" && !in.All {
				return usagef(cmd, "no phone is named: write one or more MACs, --model MODEL, or --all")
			}
			if len(args) > 0 {
				var err error
				if in.MACs, err = macArgs(cmd, args); err != nil {
					return err
				}
			}
			c, err := p.client()
			if err != nil {
				return err
			}
			r, err := c.Resync(cmd.Context(), in)
			if err != nil {
				return err
			}
			if p.json {
				return writeJSON(p.out, r)
			}
			return p.say("%s will be told to fetch; what comes of it: lineside watch", count(r.Phones, "phone", "phones"))
		},
	}
	cmd.Flags().StringVar(&in.Model, "model", "", "every device of this model")
	cmd.Flags().BoolVar(&in.All, "all", false, "every device")
	cmd.MarkFlagsMutuallyExclusive("model", "all")
	return cmd
}
