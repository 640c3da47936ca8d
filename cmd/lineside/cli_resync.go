package main

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/lineside/lineside/admin"
	"github.com/lineside/lineside/shell"
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
				return shell.Usagef(cmd, "no phone is named: write one or more MACs, --model MODEL, or --all")
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
				return shell.WriteJSON(p.out, r)
			}
			return p.say("%s; what comes of it: lineside watch", resyncText(r))
		},
	}
	cmd.Flags().StringVar(&in.Model, "model", "", "every device of this model")
	cmd.Flags().BoolVar(&in.All, "all", false, "every device")
	cmd.MarkFlagsMutuallyExclusive("model", "all")
	return cmd
}

// resyncText says of how many phones what becomes.
func resyncText(r admin.Resynced) string {
	parts := []string{fmt.Sprintf("%s asked for: %d told to fetch, one after the other", count(r.Asked, "phone", "phones"), r.Told)}
	if r.NotRegistered > 0 {
		parts = append(parts, fmt.Sprintf("%d not registered with this box (told should it register within the hour; fetches by itself every 4 to 6 hours, or at a restart)", r.NotRegistered))
	}
	if r.NoWay > 0 {
		parts = append(parts, fmt.Sprintf("%d of makers whose phones take no such message (restart it to have it fetch now)", r.NoWay))
	}
	return strings.Join(parts, "; ")
}
