package main

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/lineside/lineside/accounts"
	"github.com/lineside/lineside/admin"
	"github.com/lineside/lineside/auth"
	"github.com/lineside/lineside/shell"
)

func (p *program) accountCommand() *cobra.Command {
	return shell.Group("account", "Keep the accounts of people who sign in to the admin page",
		p.accountListCommand(), p.accountAddCommand(), p.accountEditCommand(), p.accountRemoveCommand(),
		p.accountResetCommand(), p.accountUnlockCommand(), p.setUpCodeCommand())
}

func (p *program) accountListCommand() *cobra.Command {
	return &cobra.Command{
		Use: "list", Short: "List the accounts", Args: shell.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			c, err := p.client()
			if err != nil {
				return err
			}
			list, err := c.Accounts(cmd.Context())
			if err != nil {
				return err
			}
			if p.json {
				return shell.WriteJSON(p.out, list)
			}
			if len(list) == 0 {
				return p.say("nobody has an account; make the first on the admin page with the code of lineside account setup-code, or with: lineside account add NAME --role admin")
			}
			z := zone(cmd.Context(), c)
			t := shell.NewTable("NAME", "ROLE", "E-MAIL", "PASSWORD", "LAST SIGNED IN")
			for _, a := range list {
				last := "never"
				if !a.SignedIn.IsZero() {
					last = clock(a.SignedIn, p.now(), z)
				}
				t.Add(a.Name, a.Role.String(), a.Email, passwordState(a), last)
			}
			t.Print(p.out)
			return nil
		},
	}
}

// passwordState words how somebody can sign in.
func passwordState(a admin.Account) string {
	switch {
	case a.Held:
		return "too many wrong ones"
	case a.HasPassword:
		return "own"
	case !a.TemporaryUntil.IsZero():
		return "temporary"
	}
	return "none"
}

// accountFlags are what add and edit can say of an account.
type accountFlags struct {
	role, email, language string
	rev                   uint64
}

func (f *accountFlags) register(cmd *cobra.Command) {
	fl := cmd.Flags()
	fl.StringVar(&f.role, "role", "", "viewer, installer or admin")
	fl.StringVar(&f.email, "email", "", "where temporary passwords are mailed to")
	fl.StringVar(&f.language, "language", "", "of the pages and letters: "+strings.Join(accounts.Languages(), " or ")+"; empty is the browser's")
	completeRole(cmd)
}

// completeRole offers the roles for the flag of that name.
func completeRole(cmd *cobra.Command) {
	_ = cmd.RegisterFlagCompletionFunc("role", cobra.FixedCompletions([]cobra.Completion{"viewer", "installer", "admin"}, cobra.ShellCompDirectiveNoFileComp))
}

// input is what was said, and only that.
func (f *accountFlags) input(cmd *cobra.Command) (in admin.AccountInput, err error) {
	for _, t := range []struct {
		flag, value string
		to          *admin.Field[string]
	}{{"role", f.role, &in.Role}, {"email", f.email, &in.Email}, {"language", f.language, &in.Language}} {
		if cmd.Flags().Changed(t.flag) {
			*t.to = admin.Set(t.value)
		}
	}
	if in.Role.Given {
		if _, err := auth.ParseRole(f.role); err != nil {
			return in, shell.Usagef(cmd, "--role: %v", err)
		}
	}
	in.Rev = f.rev
	return in, nil
}

func (p *program) accountAddCommand() *cobra.Command {
	var f accountFlags
	cmd := &cobra.Command{
		Use: "add NAME", Short: "Make an account with a temporary password", Args: shell.ExactArgs("NAME"),
		Long:    "Make an account for the admin page. Its temporary password is mailed to --email where\na mail server is set, and shown this once where not; it is good for 24 hours and has to\nbe changed when it is first used.\n\n  viewer     reads; sees no PIN and no password\n  installer  also claims visitors, ends lock-outs, and reads and enters the PINs of\n             phones not yet authenticated\n  admin      may do everything",
		Example: "  lineside account add erika --role installer --email erika@example.net",
		RunE: func(cmd *cobra.Command, args []string) error {
			in, err := f.input(cmd)
			if err != nil {
				return err
			}
			if !in.Role.Given {
				return shell.Usagef(cmd, "--role is missing: write viewer, installer or admin")
			}
			in.Name = admin.Set(args[0])
			c, err := p.client()
			if err != nil {
				return err
			}
			made, err := c.AddAccount(cmd.Context(), in)
			if err != nil {
				return err
			}
			if p.json {
				return shell.WriteJSON(p.out, made)
			}
			if err := p.say("%s: may sign in as %s", made.Account.Name, made.Account.Role); err != nil {
				return err
			}
			return p.showTemporary(made.Temporary)
		},
	}
	f.register(cmd)
	return cmd
}

// showTemporary tells what became of a temporary password.
func (p *program) showTemporary(r admin.PasswordReset) error {
	if r.Mailed != "" {
		return p.say("a temporary password is on its way to %s; it is good once, for 24 hours", shell.Printable(r.Mailed))
	}
	if err := p.say("temporary password: %s", r.Password); err != nil {
		return err
	}
	return p.next(fmt.Sprintf("it is shown this once, because %s; hand it over: it is good once, for 24 hours", shell.Printable(r.Why)))
}

func (p *program) accountEditCommand() *cobra.Command {
	var f accountFlags
	cmd := &cobra.Command{
		Use: "edit NAME", Short: "Change an account; what is not named stays, another role signs the person out", Args: shell.ExactArgs("NAME"),
		RunE: func(cmd *cobra.Command, args []string) error {
			in, err := f.input(cmd)
			if err != nil {
				return err
			}
			c, err := p.client()
			if err != nil {
				return err
			}
			a, err := c.EditAccount(cmd.Context(), args[0], in)
			if err != nil {
				return err
			}
			return p.showAccount(a, "changed")
		},
	}
	f.register(cmd)
	cmd.Flags().Uint64Var(&f.rev, "rev", 0, "change only this revision, as --json shows it")
	return cmd
}

// showAccount tells what became of an account.
func (p *program) showAccount(a admin.Account, done string) error {
	if p.json {
		return shell.WriteJSON(p.out, a)
	}
	return p.say("%s: %s; role %s", a.Name, done, a.Role)
}

func (p *program) accountRemoveCommand() *cobra.Command {
	return &cobra.Command{
		Use: "remove NAME", Short: "Take an account away and sign the person out; the last admin's stays", Args: shell.ExactArgs("NAME"),
		RunE: func(cmd *cobra.Command, args []string) error {
			c, err := p.client()
			if err != nil {
				return err
			}
			if err := c.RemoveAccount(cmd.Context(), args[0]); err != nil {
				return err
			}
			if p.json {
				return shell.WriteJSON(p.out, map[string]string{"removed": args[0]})
			}
			return p.say("%s: removed", shell.Printable(args[0]))
		},
	}
}

func (p *program) accountResetCommand() *cobra.Command {
	return &cobra.Command{
		Use: "reset-password NAME", Short: "Make an account's password void and a temporary one in its place", Args: shell.ExactArgs("NAME"),
		Long: "Make an account's password void, sign the person out, and make a temporary password:\nmailed where a mail server is set and an address is known, shown this once where not.",
		RunE: p.resetPassword((*admin.Client).ResetAccount),
	}
}

func (p *program) accountUnlockCommand() *cobra.Command {
	return &cobra.Command{
		Use: "unlock NAME", Short: "Have the wrong passwords of an account forgotten", Args: shell.ExactArgs("NAME"),
		Long: "Have the wrong passwords that were tried for an account forgotten. After twenty of them\nno password for it is looked at, for up to half an hour, from places its person never\nsigned in from.",
		RunE: func(cmd *cobra.Command, args []string) error {
			c, err := p.client()
			if err != nil {
				return err
			}
			a, err := c.UnlockAccount(cmd.Context(), args[0])
			if err != nil {
				return err
			}
			return p.showAccount(a, "unlocked")
		},
	}
}

func (p *program) setUpCodeCommand() *cobra.Command {
	return &cobra.Command{
		Use: "setup-code", Short: "Show the code the first account is made with on the admin page", Args: shell.NoArgs,
		Long: "Show the code the first account, an admin's, is made with on the admin page. It is made\nanew at each start of the box and is worth nothing once there is an account.",
		RunE: func(cmd *cobra.Command, _ []string) error {
			c, err := p.client()
			if err != nil {
				return err
			}
			code, err := c.SetUpCode(cmd.Context())
			if err != nil {
				return err
			}
			if p.json {
				return shell.WriteJSON(p.out, code)
			}
			return p.say("%s", code.Code)
		},
	}
}
