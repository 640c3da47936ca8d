package main

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/lineside/lineside/admin"
	"github.com/lineside/lineside/auth"
	"github.com/lineside/lineside/phone"
	"github.com/lineside/lineside/shell"
)

func (p *program) visitorsCommand() *cobra.Command {
	return shell.Group("visitors", "See unknown phones that asked, and take them on", p.visitorsListCommand(), p.visitorsClaimCommand())
}

func (p *program) visitorsListCommand() *cobra.Command {
	return &cobra.Command{
		Use: "list", Short: "List unknown phones, latest first", Args: shell.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			c, err := p.client()
			if err != nil {
				return err
			}
			list, err := c.Visitors(cmd.Context())
			if err != nil {
				return err
			}
			if p.json {
				return shell.WriteJSON(p.out, list)
			}
			if len(list) == 0 {
				return p.say("no visitors: every phone that asked is set up")
			}
			z := zone(cmd.Context(), c)
			t := shell.NewTable("MAC", "VENDOR", "MODEL", "ADDRESS", "BY", "SEEN", "TIMES")
			for _, v := range list {
				t.Add(v.MAC.String(), string(v.Vendor), v.Model, addrText(v.Addr), v.Front, clock(v.At, p.now(), z), fmt.Sprint(v.Count))
			}
			t.Print(p.out)
			return p.next("take one on with: lineside visitors claim MAC --label NAME --line " + lineForm)
		},
	}
}

func (p *program) visitorsClaimCommand() *cobra.Command {
	var f deviceFlags
	cmd := &cobra.Command{
		Use: "claim MAC", Short: "Set up an unknown phone as what it said it is", Args: shell.ExactArgs("MAC"), ValidArgsFunction: p.completeVisitors,
		RunE: func(cmd *cobra.Command, args []string) error {
			return p.writeDevice(cmd, args, &f, (func(ctx context.Context, c *admin.Client, mac phone.MAC, in admin.DeviceInput) (admin.Device, error) {
				return c.Claim(ctx, mac, in)
			}))
		},
	}
	f.register(cmd)
	return cmd
}

func (p *program) completeVisitors(cmd *cobra.Command, _ []string, _ string) ([]string, cobra.ShellCompDirective) {
	c, err := p.client()
	if err != nil {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	list, _ := c.Visitors(cmd.Context())
	out := make([]string, 0, len(list))
	for _, v := range list {
		out = append(out, cobra.CompletionWithDesc(v.MAC.String(), shell.Printable(string(v.Vendor)+" "+v.Model)))
	}
	return out, cobra.ShellCompDirectiveNoFileComp
}

func (p *program) allowCommand() *cobra.Command {
	list := &cobra.Command{
		Use: "list", Short: "List the networks whose phones need to show nothing", Args: shell.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return p.allow(cmd, func(context.Context, *admin.Client) error { return nil })
		},
	}
	var note string
	add := &cobra.Command{
		Use: "add NETWORK", Short: "Put an address or network on the allow-list, such as 10.20.0.0/24", Args: shell.ExactArgs("NETWORK"),
		RunE: func(cmd *cobra.Command, args []string) error {
			return p.allow(cmd, func(ctx context.Context, c *admin.Client) error {
				_, err := c.AddAllow(ctx, admin.AllowInput{Network: args[0], Note: note})
				return err
			})
		},
	}
	add.Flags().StringVar(&note, "note", "", "why it is there")
	remove := &cobra.Command{
		Use: "remove NETWORK", Short: "Take a network off the allow-list", Args: shell.ExactArgs("NETWORK"),
		RunE: func(cmd *cobra.Command, args []string) error {
			prefix, err := auth.ParseAllow(args[0])
			if err != nil {
				return shell.Usagef(cmd, "%v", err)
			}
			return p.allow(cmd, func(ctx context.Context, c *admin.Client) error { return c.RemoveAllow(ctx, prefix) })
		},
	}
	return shell.Group("allow", "Keep the list of networks whose phones need to show nothing", list, add, remove)
}

// allow does something to the allow-list and shows what it is then.
func (p *program) allow(cmd *cobra.Command, do func(context.Context, *admin.Client) error) error {
	c, err := p.client()
	if err != nil {
		return err
	}
	if err := do(cmd.Context(), c); err != nil {
		return err
	}
	list, err := c.Allow(cmd.Context())
	if err != nil {
		return err
	}
	if p.json {
		return shell.WriteJSON(p.out, list)
	}
	if len(list) == 0 {
		return p.say("the allow-list is empty: every phone must show something")
	}
	z := zone(cmd.Context(), c)
	t := shell.NewTable("NETWORK", "SINCE", "NOTE")
	for _, a := range list {
		note := a.Note
		if a.Platform {
			note = strings.TrimSpace("the platform's " + until(a.Until, p.now(), z) + " " + note)
		}
		t.Add(a.Network.String(), clock(a.Since, p.now(), z), note)
	}
	t.Print(p.out)
	return nil
}

func (p *program) dhcpCommand() *cobra.Command {
	return shell.Group("dhcp", "See the address pool, and what to paste into another DHCP server", p.leasesCommand(), p.snippetCommand())
}

func (p *program) leasesCommand() *cobra.Command {
	var all bool
	cmd := &cobra.Command{
		Use: "leases", Short: "List who holds which address, and which are kept for devices that are away", Args: shell.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			c, err := p.client()
			if err != nil {
				return err
			}
			list, err := c.Leases(cmd.Context())
			if err != nil {
				return err
			}
			if !all {
				list = slices.DeleteFunc(list, func(l admin.Lease) bool { return !l.Live && l.State != "reserved" })
			}
			if p.json {
				return shell.WriteJSON(p.out, list)
			}
			z := zone(cmd.Context(), c)
			t := shell.NewTable("ADDRESS", "MAC", "STATE", "UNTIL", "PHONE", "HOST")
			for _, l := range list {
				state := l.State
				if l.Reserved && l.Live {
					state += ", reserved"
				}
				t.Add(l.Address.String(), l.MAC.String(), state, clock(l.Expires, p.now(), z), strings.TrimSpace(string(l.Vendor)+" "+l.Model), l.Host)
			}
			t.Print(p.out)
			return nil
		},
	}
	cmd.Flags().BoolVar(&all, "all", false, "also those that are over, given back or declined")
	return cmd
}
