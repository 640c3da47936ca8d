package main

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/lineside/lineside/shell"
	"github.com/lineside/lineside/sync/central"
	"github.com/lineside/lineside/sync/portal"
)

func (p *program) userCommand() *cobra.Command {
	return shell.Group("user", "Keep the people of the sites",
		p.userListCommand(), p.userPutCommand("add", "POST", "Set a user up"), p.userPutCommand("edit", "PATCH", "Change a user; what is left out stays"),
		p.plain("remove SITE EXTENSION", "Take a user away", "DELETE", "/sites/%s/users/%s", "gone"),
		p.exportCommand("users"), p.importCommand("users", userColumns, false))
}

func (p *program) userListCommand() *cobra.Command {
	var site, search string
	cmd := &cobra.Command{Use: "list", Short: "List people", Args: shell.NoArgs, RunE: func(cmd *cobra.Command, _ []string) error {
		var all []central.UserInfo
		for after := ""; ; {
			page, err := ask[portal.Users](cmd.Context(), p, "GET", "/users", values("site", site, "search", search, "after", after, "limit", "1000"), nil)
			if err != nil {
				return err
			}
			all = append(all, page.Users...)
			if after = page.Next; after == "" {
				break
			}
		}
		return p.show(portal.Users{Users: all}, func() error {
			var rows [][]string
			for _, u := range all {
				rows = append(rows, []string{u.Site, u.Extension, u.ID, strings.TrimSpace(u.First + " " + u.Last), u.Email})
			}
			return p.table([]string{"SITE", "EXTENSION", "ID", "NAME", "E-MAIL"}, rows)
		})
	}}
	cmd.Flags().StringVar(&site, "site", "", "of one site")
	cmd.Flags().StringVar(&search, "search", "", "part of an extension, ID, name or e-mail address")
	return cmd
}

func (p *program) userPutCommand(name, method, short string) *cobra.Command {
	cmd := &cobra.Command{Use: name + " SITE EXTENSION", Short: short, Args: shell.ExactArgs("SITE", "EXTENSION"),
		Long: short + ".\n\nPasswords and portal PINs are given by import or by the HTTP API, not on a\ncommand line others can read."}
	texts := map[string]*string{}
	for flag, about := range map[string]string{"id": "user ID; the extension if left out", "first": "first name", "last": "last name", "email": "e-mail address", "alternate-id": "what another system calls the user"} {
		texts[flag] = cmd.Flags().String(flag, "", about)
	}
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		given := func(flag string) *string {
			if cmd.Flags().Changed(flag) {
				return texts[flag]
			}
			return nil
		}
		in := portal.UserInput{ID: given("id"), First: given("first"), Last: given("last"), Email: given("email"), AlternateID: given("alternate-id")}
		u, err := ask[central.UserInfo](cmd.Context(), p, method, fill("/sites/%s/users/%s", args), nil, in)
		if err != nil {
			return err
		}
		return p.show(u, func() error {
			return p.say("%s at site %s: %s", u.Extension, u.Site, shell.Printable(strings.TrimSpace(u.First+" "+u.Last)))
		})
	}
	return cmd
}

// policyKeys are the words of "policy set".
func (p *program) policyCommand() *cobra.Command {
	return shell.Group("policy", "Keep the rules of sites: all of them, or one with --site", p.policyShowCommand(), p.policySetCommand(), p.policyClearCommand())
}

func policyPath(site string) string {
	if site == "" {
		return "/policy"
	}
	return fill("/sites/%s/policy", []string{site})
}

func (p *program) policyShowCommand() *cobra.Command {
	var site string
	cmd := &cobra.Command{Use: "show", Short: "Show the rules", Args: shell.NoArgs, RunE: func(cmd *cobra.Command, _ []string) error {
		return p.policy(ask[portal.Policy](cmd.Context(), p, "GET", policyPath(site), nil, nil))
	}}
	cmd.Flags().StringVar(&site, "site", "", "of one site")
	return cmd
}

func (p *program) policy(x portal.Policy, err error) error {
	if err != nil {
		return err
	}
	return p.show(x, func() error {
		return p.table([]string{"RULE", "NOW"}, [][]string{{"first-contact", x.FirstContact}, {"window", x.Window}, {"block-after", fmt.Sprint(x.BlockAfter)},
			{"auto-approve", fmt.Sprint(x.AutoApprove)}, {"otp-offline", x.OTPOffline}, {"local-changes", fmt.Sprint(x.LocalChanges)},
			{"emergency", strings.Join(x.Emergency, " ")}, {"sbc", x.SBC}, {"the site's own", fmt.Sprint(x.Own)}})
	})
}

func (p *program) policySetCommand() *cobra.Command {
	var site, first, window, offline, sbc string
	var block int
	var approve, local bool
	var emergency []string
	cmd := &cobra.Command{Use: "set", Short: "Change rules; what is left out stays", Args: shell.NoArgs,
		Long: "Change rules; what is left out stays.\n\nWith --otp-offline allow, one-time passwords count at a site while the platform is\naway. Then a site whose whole disk is put back to before one was used, and which\nthe platform has not heard since, may take it a second time; deny closes that.",
	}
	fl := cmd.Flags()
	fl.StringVar(&site, "site", "", "of one site, which then has rules of its own")
	fl.StringVar(&first, "first-contact", "", "what a phone must show first: pin, otp, otp+pin or none")
	fl.StringVar(&window, "window", "", "how long a site's window stays open, such as 8h")
	fl.IntVar(&block, "block-after", 3, "lock-outs until a device is blocked, 1 to 100; left out it stays (it begins at 3)")
	fl.BoolVar(&approve, "auto-approve", false, "one-time passwords of devices need no yes")
	fl.StringVar(&offline, "otp-offline", "", "one-time passwords while the platform is away: allow or deny")
	fl.BoolVar(&local, "local-changes", true, "the site's operators may change what the platform keeps")
	fl.StringSliceVar(&emergency, "emergency", nil, "emergency numbers, with commas between")
	fl.StringVar(&sbc, "sbc", "", "where emergency calls go, host or host:port")
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		in := portal.PolicyInput{FirstContact: changed(cmd, "first-contact", &first), Window: changed(cmd, "window", &window), BlockAfter: changed(cmd, "block-after", &block),
			AutoApprove: changed(cmd, "auto-approve", &approve), OTPOffline: changed(cmd, "otp-offline", &offline), LocalChanges: changed(cmd, "local-changes", &local),
			Emergency: changed(cmd, "emergency", &emergency), SBC: changed(cmd, "sbc", &sbc)}
		return p.policy(ask[portal.Policy](cmd.Context(), p, "PATCH", policyPath(site), nil, in))
	}
	return cmd
}

// changed is a flag's value where it was given.
func changed[T any](cmd *cobra.Command, flag string, v *T) *T {
	if cmd.Flags().Changed(flag) {
		return v
	}
	return nil
}

func (p *program) policyClearCommand() *cobra.Command {
	return p.plain("clear SITE", "Have the platform's rules count at a site again", "DELETE", "/sites/%s/policy", "the platform's rules count")
}

func (p *program) eventCommand() *cobra.Command {
	var kind, mac, since string
	var limit int
	cmd := &cobra.Command{Use: "event SITE", Short: "List what happened at a site, newest first", Args: shell.ExactArgs("SITE"), RunE: func(cmd *cobra.Command, args []string) error {
		x, err := ask[portal.Events](cmd.Context(), p, "GET", fill("/sites/%s/events", args), values("kind", kind, "mac", mac, "since", since, "limit", fmt.Sprint(limit)), nil)
		if err != nil {
			return err
		}
		return p.show(x, func() error {
			var rows [][]string
			for _, e := range x.Events {
				rows = append(rows, []string{moment(e.At), e.Kind, e.MAC, string(e.Facts)})
			}
			return p.table([]string{"AT", "KIND", "MAC", "FACTS"}, rows)
		})
	}}
	cmd.Flags().StringVar(&kind, "kind", "", "of one kind, such as pin")
	cmd.Flags().StringVar(&mac, "mac", "", "of one device")
	cmd.Flags().StringVar(&since, "since", "", "since a moment, or how long ago, such as 24h")
	cmd.Flags().IntVar(&limit, "limit", 100, "how many at most")
	return cmd
}

func (p *program) auditCommand() *cobra.Command {
	var site, key, by string
	var limit int
	cmd := &cobra.Command{Use: "audit", Short: "List what operators did, newest first", Args: shell.NoArgs, RunE: func(cmd *cobra.Command, _ []string) error {
		x, err := ask[portal.Audit](cmd.Context(), p, "GET", "/audit", values("site", site, "key", key, "by", by, "limit", fmt.Sprint(limit)), nil)
		if err != nil {
			return err
		}
		return p.show(x, func() error {
			var rows [][]string
			for _, d := range x.Audit {
				rows = append(rows, []string{moment(d.At), d.By, d.What, d.Site, d.Key, d.Detail})
			}
			return p.table([]string{"AT", "BY", "WHAT", "SITE", "KEY", "DETAIL"}, rows)
		})
	}}
	cmd.Flags().StringVar(&site, "site", "", "at one site")
	cmd.Flags().StringVar(&key, "key", "", "to one device, user, brand or token")
	cmd.Flags().StringVar(&by, "by", "", "by one operator, such as \"token anna\"")
	cmd.Flags().IntVar(&limit, "limit", 100, "how many at most")
	return cmd
}

func (p *program) tokenCommand() *cobra.Command {
	return shell.Group("token", "Keep the tokens that people and programs show to the API", p.tokenListCommand(), p.tokenAddCommand(),
		p.plain("remove NAME", "Make a token void at once", "DELETE", "/tokens/%s", "the token is void"))
}

func (p *program) tokenListCommand() *cobra.Command {
	return &cobra.Command{Use: "list", Short: "List the tokens; they themselves are never shown again", Args: shell.NoArgs, RunE: func(cmd *cobra.Command, _ []string) error {
		all, err := ask[portal.Tokens](cmd.Context(), p, "GET", "/tokens", nil, nil)
		if err != nil {
			return err
		}
		return p.show(all, func() error {
			var rows [][]string
			for _, t := range all.Tokens {
				rows = append(rows, []string{t.Name, t.Role, moment(t.Added)})
			}
			return p.table([]string{"NAME", "ROLE", "SINCE"}, rows)
		})
	}}
}

func (p *program) tokenAddCommand() *cobra.Command {
	var role string
	cmd := &cobra.Command{Use: "add NAME", Short: "Make a token and show it once", Args: shell.ExactArgs("NAME"),
		Long: "Make a token and show it once. The audit names it.\n\nRoles, each including those before it: " + strings.Join(portal.Roles(), ", ") + ".",
		RunE: func(cmd *cobra.Command, args []string) error {
			t, err := ask[portal.Token](cmd.Context(), p, "POST", "/tokens", nil, portal.TokenInput{Name: args[0], Role: role})
			if err != nil {
				return err
			}
			return p.show(t, func() error {
				if err := p.say("%s", t.Token); err != nil {
					return err
				}
				return p.say("  → shown this once; send it as: Authorization: Bearer TOKEN")
			})
		}}
	cmd.Flags().StringVar(&role, "role", "", strings.Join(portal.Roles(), ", "))
	return cmd
}
