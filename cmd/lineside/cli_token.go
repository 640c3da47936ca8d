package main

import (
	"github.com/spf13/cobra"

	"github.com/lineside/lineside/admin"
	"github.com/lineside/lineside/auth"
	"github.com/lineside/lineside/shell"
)

func (p *program) tokenCommand() *cobra.Command {
	return shell.Group("token", "Keep the tokens that scripts and people show to the HTTP API",
		p.tokenListCommand(), p.tokenAddCommand(), p.tokenRemoveCommand())
}

func (p *program) tokenListCommand() *cobra.Command {
	return &cobra.Command{
		Use: "list", Short: "List the tokens; the tokens themselves are never shown again", Args: shell.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			c, err := p.client()
			if err != nil {
				return err
			}
			list, err := c.Tokens(cmd.Context())
			if err != nil {
				return err
			}
			if p.json {
				return shell.WriteJSON(p.out, list)
			}
			if len(list) == 0 {
				return p.say("no tokens but the admin's in admin.token; make one with: lineside token add NAME --role viewer")
			}
			z := zone(cmd.Context(), c)
			t := shell.NewTable("NAME", "ROLE", "SINCE")
			for _, one := range list {
				t.Add(one.Name, one.Role.String(), clock(one.Added, p.now(), z))
			}
			t.Print(p.out)
			return nil
		},
	}
}

func (p *program) tokenAddCommand() *cobra.Command {
	var role string
	cmd := &cobra.Command{
		Use: "add NAME", Short: "Make a token and show it once", Args: shell.ExactArgs("NAME"),
		Long:    "Make a token for the HTTP API and show it once. Name it after what uses it: the\naudit log says \"token NAME\" of what is done with it.\n\n  viewer     reads; sees no PIN and no password\n  installer  also claims visitors, ends lock-outs, and reads and enters the PINs of\n             phones not yet authenticated\n  admin      may do everything, as the token in admin.token and this command line",
		Example: "  lineside token add monitoring --role viewer",
		RunE: func(cmd *cobra.Command, args []string) error {
			if _, err := auth.ParseRole(role); err != nil {
				return shell.Usagef(cmd, "--role: %v", err)
			}
			c, err := p.client()
			if err != nil {
				return err
			}
			made, err := c.AddToken(cmd.Context(), admin.TokenInput{Name: args[0], Role: role})
			if err != nil {
				return err
			}
			if p.json {
				return shell.WriteJSON(p.out, made)
			}
			if err := p.say("%s", made.Token); err != nil {
				return err
			}
			return p.next("it is shown this once; send it as: Authorization: Bearer TOKEN")
		},
	}
	cmd.Flags().StringVar(&role, "role", "", "viewer, installer or admin")
	completeRole(cmd)
	return cmd
}

func (p *program) tokenRemoveCommand() *cobra.Command {
	return &cobra.Command{
		Use: "remove NAME", Short: "Make a token void at once", Args: shell.ExactArgs("NAME"),
		RunE: func(cmd *cobra.Command, args []string) error {
			c, err := p.client()
			if err != nil {
				return err
			}
			if err := c.RemoveToken(cmd.Context(), args[0]); err != nil {
				return err
			}
			if p.json {
				return shell.WriteJSON(p.out, map[string]string{"removed": args[0]})
			}
			return p.say("%s: the token is void", shell.Printable(args[0]))
		},
	}
}
