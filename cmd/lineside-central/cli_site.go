package main

import (
	"errors"
	"strings"

	"github.com/spf13/cobra"

	"github.com/lineside/lineside/shell"
	"github.com/lineside/lineside/sync/central"
	"github.com/lineside/lineside/sync/portal"
)

func (p *program) siteCommand() *cobra.Command {
	return shell.Group("site", "Keep the sites",
		p.siteListCommand(), p.siteShowCommand(), p.siteAddCommand(), p.siteInviteCommand(), p.siteRenameCommand(),
		p.plain("revoke SITE", "End what a site's box may do, at once", "POST", "/sites/%s/revoke", "its box may do nothing any more"),
		p.plain("remove SITE", "Remove a site with its devices, users and all else it has", "DELETE", "/sites/%s", "it is gone, with its devices and users"),
		p.exportCommand("sites"), p.importCommand("sites", siteColumns, false))
}

func (p *program) siteListCommand() *cobra.Command {
	var search, state string
	cmd := &cobra.Command{Use: "list", Short: "List sites and how their boxes are", Args: shell.NoArgs,
		Long: "List sites and how their boxes are. SEEN is the last hello of the box, kept to about an\nhour; a box not heard for 3 h is silent.",
		RunE: func(cmd *cobra.Command, _ []string) error {
			var all []central.SiteInfo
			for after := ""; ; {
				page, err := ask[portal.Sites](cmd.Context(), p, "GET", "/sites", values("search", search, "state", state, "after", after, "limit", "1000"), nil)
				if err != nil {
					return err
				}
				all = append(all, page.Sites...)
				if after = page.Next; after == "" {
					break
				}
			}
			return p.show(portal.Sites{Sites: all}, func() error {
				if len(all) == 0 {
					return p.say("no sites; add one with: lineside-central site add NAME")
				}
				var rows [][]string
				for _, s := range all {
					address := ""
					if s.Address.IsValid() {
						address = s.Address.String()
					}
					rows = append(rows, []string{s.ID, s.Name, s.State, moment(s.Seen), s.Software, address, strings.Join(s.Conditions, " ")})
				}
				return p.table([]string{"SITE", "NAME", "STATE", "SEEN", "SOFTWARE", "ADDRESS", "CONDITIONS"}, rows)
			})
		}}
	cmd.Flags().StringVar(&search, "search", "", "part of a name or an ID")
	cmd.Flags().StringVar(&state, "state", "", "invited, joined, silent, revoked or removing")
	return cmd
}

func (p *program) siteAddCommand() *cobra.Command {
	return &cobra.Command{Use: "add NAME", Short: "Add a site and say how its box joins", Args: shell.ExactArgs("NAME"), Example: "  lineside-central site add \"Berlin\"",
		RunE: func(cmd *cobra.Command, args []string) error {
			return p.invited(ask[portal.Invitation](cmd.Context(), p, "POST", "/sites", nil, portal.SiteInput{Name: args[0]}))
		}}
}

func (p *program) siteInviteCommand() *cobra.Command {
	return &cobra.Command{Use: "invite SITE", Short: "Make a new join token; the box that joins takes the old one's place", Args: shell.ExactArgs("SITE"),
		RunE: func(cmd *cobra.Command, args []string) error {
			return p.invited(ask[portal.Invitation](cmd.Context(), p, "POST", fill("/sites/%s/invite", args), nil, nil))
		}}
}

func (p *program) invited(i portal.Invitation, err error) error {
	if err != nil {
		return err
	}
	return p.show(i, func() error {
		return errors.Join(p.say("site %s; type on its box, until %s:", i.Site, moment(i.Until)), p.say("  %s", i.Join),
			p.say("  → the token is good once and shown this once"))
	})
}

func (p *program) siteRenameCommand() *cobra.Command {
	return &cobra.Command{Use: "rename SITE NAME", Short: "Give a site another name", Args: shell.ExactArgs("SITE", "NAME"), RunE: func(cmd *cobra.Command, args []string) error {
		s, err := ask[central.SiteInfo](cmd.Context(), p, "PATCH", fill("/sites/%s", args[:1]), nil, portal.SiteInput{Name: args[1]})
		if err != nil {
			return err
		}
		return p.show(s, func() error { return p.say("%s: its name is %s", s.ID, shell.Printable(s.Name)) })
	}}
}
