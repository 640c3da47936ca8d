package main

import (
	"context"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"github.com/lineside/lineside/admin"
	"github.com/lineside/lineside/phone"
	"github.com/lineside/lineside/shell"
)

func (p *program) userCommand() *cobra.Command {
	return shell.Group("user", "Keep the site's users: owners of devices, and the phone book",
		p.userListCommand(), p.userAddCommand(), p.userEditCommand(), p.userRemoveCommand(), p.userImportCommand(), p.userExportCommand(),
		p.userResetCommand(), p.userUnlockCommand())
}

// userFlags are what add and edit can say of a user.
type userFlags struct {
	extension, first, last, email, alternate string
	passwordFile, pinFile                    string
	xsiUser, xsiPasswordFile                 string
	rev                                      uint64
}

func (f *userFlags) register(cmd *cobra.Command) {
	fl := cmd.Flags()
	fl.StringVar(&f.extension, "extension", "", "what colleagues dial; also the user name of the phone book")
	fl.StringVar(&f.first, "first", "", "first name")
	fl.StringVar(&f.last, "last", "", "last name")
	fl.StringVar(&f.email, "email", "", "e-mail address")
	fl.StringVar(&f.alternate, "alternate-id", "", "what another system calls the user")
	fl.StringVar(&f.passwordFile, "password-file", "", "file (- reads standard input) with the web-access password: letters and digits, at least 8; an empty file takes it away")
	fl.StringVar(&f.pinFile, "portal-pin-file", "", "file with the portal PIN: 4 to 10 digits; unlocks the portal")
	fl.StringVar(&f.xsiUser, "xsi-user", "", "user name of the platform's directory and call log (XSI), for phones that can ask it")
	fl.StringVar(&f.xsiPasswordFile, "xsi-password-file", "", "file with its password; an empty file takes it away")
	_ = cmd.MarkFlagFilename("xsi-password-file")
	_ = cmd.MarkFlagFilename("password-file")
	_ = cmd.MarkFlagFilename("portal-pin-file")
}

// input is what was said, and only that.
func (f *userFlags) input(p *program, cmd *cobra.Command) (admin.UserInput, error) {
	var in admin.UserInput
	given := cmd.Flags().Changed
	for _, t := range []struct {
		flag, value string
		to          *admin.Field[string]
	}{
		{"extension", f.extension, &in.Extension}, {"first", f.first, &in.First}, {"last", f.last, &in.Last},
		{"email", f.email, &in.Email}, {"alternate-id", f.alternate, &in.AlternateID}, {"xsi-user", f.xsiUser, &in.XSIUser},
	} {
		if given(t.flag) {
			*t.to = admin.Set(t.value)
		}
	}
	for _, t := range []struct {
		flag, path string
		to         *admin.Field[string]
	}{{"password-file", f.passwordFile, &in.WebPassword}, {"portal-pin-file", f.pinFile, &in.PortalPIN}, {"xsi-password-file", f.xsiPasswordFile, &in.XSIPassword}} {
		if !given(t.flag) {
			continue
		}
		text, err := p.readAll(t.path)
		if err != nil {
			return in, err
		}
		*t.to = admin.Set(strings.TrimRight(string(text), "\r\n"))
	}
	in.Rev = f.rev
	return in, nil
}

func (p *program) userListCommand() *cobra.Command {
	return &cobra.Command{
		Use: "list [TEXT]", Short: "List users; TEXT is looked for in ID, names, numbers and addresses", Args: shell.AtMostOne,
		RunE: func(cmd *cobra.Command, args []string) error {
			c, err := p.client()
			if err != nil {
				return err
			}
			list, err := c.Users(cmd.Context(), strings.Join(args, ""))
			if err != nil {
				return err
			}
			if p.json {
				return shell.WriteJSON(p.out, list)
			}
			if len(list) == 0 {
				return p.say("no such users; set one up with: lineside user add ID --extension NUMBER")
			}
			t := shell.NewTable("ID", "EXTENSION", "NAME", "E-MAIL", "PASSWORD", "PORTAL", "DEVICES")
			for _, u := range list {
				portal := yesNo(u.HasPortalPIN)
				if u.Locked {
					portal = "locked"
				}
				t.Add(u.ID, u.Extension, strings.TrimSpace(u.First+" "+u.Last), u.Email, yesNo(u.HasWebPassword), portal, strings.Join(u.Devices, " "))
			}
			t.Print(p.out)
			return nil
		},
	}
}

// showUser tells what became of a user.
func (p *program) showUser(u admin.User, done string) error {
	if p.json {
		return shell.WriteJSON(p.out, u)
	}
	if err := p.say("%s: %s; extension %s", u.ID, done, u.Extension); err != nil {
		return err
	}
	if !u.HasWebPassword {
		return p.next("the phone book asks for a password: lineside user edit " + u.ID + " --password-file FILE")
	}
	return nil
}

func (p *program) userAddCommand() *cobra.Command {
	var f userFlags
	cmd := &cobra.Command{
		Use: "add ID", Short: "Set up a user", Args: shell.ExactArgs("ID"),
		Example: "  lineside user add anna --extension 710 --first Anna --last Müller",
		RunE: func(cmd *cobra.Command, args []string) error {
			in, err := f.input(p, cmd)
			if err != nil {
				return err
			}
			in.ID = admin.Set(args[0])
			c, err := p.client()
			if err != nil {
				return err
			}
			u, err := c.AddUser(cmd.Context(), in)
			if err != nil {
				return err
			}
			return p.showUser(u, "set up")
		},
	}
	f.register(cmd)
	return cmd
}

func (p *program) userEditCommand() *cobra.Command {
	var f userFlags
	cmd := &cobra.Command{
		Use: "edit ID", Short: "Change a user; what is not named stays", Args: shell.ExactArgs("ID"),
		RunE: func(cmd *cobra.Command, args []string) error {
			in, err := f.input(p, cmd)
			if err != nil {
				return err
			}
			c, err := p.client()
			if err != nil {
				return err
			}
			u, err := c.EditUser(cmd.Context(), args[0], in)
			if err != nil {
				return err
			}
			if err := p.ownBooks(cmd.Context(), c, u); err != nil {
				return err
			}
			return p.showUser(u, "changed")
		},
	}
	f.register(cmd)
	cmd.Flags().Uint64Var(&f.rev, "rev", 0, "change only this revision, as --json shows it")
	return cmd
}

// ownBooks says which of a user's devices read no phone book, of the first few.
func (p *program) ownBooks(ctx context.Context, c *admin.Client, u admin.User) error {
	for _, text := range u.Devices[:min(len(u.Devices), maxDoubts)] {
		mac, err := phone.ParseMAC(text)
		if err != nil {
			return fmt.Errorf("device of %s: %w", u.ID, err)
		}
		d, err := c.Device(ctx, mac)
		if err != nil {
			return fmt.Errorf("device of %s: %w", u.ID, err)
		}
		p.warnBookless(d)
	}
	return nil
}

func (p *program) userRemoveCommand() *cobra.Command {
	return &cobra.Command{
		Use: "remove ID", Short: "Delete a user who owns no device", Args: shell.ExactArgs("ID"),
		RunE: func(cmd *cobra.Command, args []string) error {
			c, err := p.client()
			if err != nil {
				return err
			}
			if err := c.RemoveUser(cmd.Context(), args[0]); err != nil {
				return err
			}
			if p.json {
				return shell.WriteJSON(p.out, map[string]string{"removed": args[0]})
			}
			return p.say("%s: removed", shell.Printable(args[0]))
		},
	}
}

func (p *program) userResetCommand() *cobra.Command {
	return &cobra.Command{
		Use: "reset-password ID", Short: "Let a user sign in to their own page, with a temporary password", Args: shell.ExactArgs("ID"),
		Long: "Make a temporary password for a user's own page, and the one they sign in with void:\nmailed where a mail server is set and the user has an address, shown this once where not.\nThe web-access password of their phones is another one and stays.",
		RunE: p.resetPassword((*admin.Client).ResetUser),
	}
}

// resetPassword has a temporary password made for whom the argument names.
func (p *program) resetPassword(reset func(*admin.Client, context.Context, string) (admin.PasswordReset, error)) func(*cobra.Command, []string) error {
	return func(cmd *cobra.Command, args []string) error {
		c, err := p.client()
		if err != nil {
			return err
		}
		r, err := reset(c, cmd.Context(), args[0])
		if err != nil {
			return err
		}
		if p.json {
			return shell.WriteJSON(p.out, r)
		}
		return p.showTemporary(r)
	}
}

func (p *program) userUnlockCommand() *cobra.Command {
	return &cobra.Command{
		Use: "unlock ID", Short: "End what wrong portal PINs and wrong passwords of a user have locked", Args: shell.ExactArgs("ID"),
		RunE: func(cmd *cobra.Command, args []string) error {
			c, err := p.client()
			if err != nil {
				return err
			}
			u, err := c.UnlockUser(cmd.Context(), args[0])
			if err != nil {
				return err
			}
			return p.showUser(u, "unlocked")
		},
	}
}

func (p *program) userImportCommand() *cobra.Command {
	var preview bool
	cmd := &cobra.Command{
		Use: "import FILE", Short: "Set up and change users from a CSV file (- reads standard input), all rows or none", Args: shell.ExactArgs("FILE"),
		Long: "Set up and change users from a CSV file, all rows or none. Its columns are id, extension,\nfirst_name, last_name, email, alternate_id, web_password, portal_pin,\nxsi_user and xsi_password; a password left\nempty stays as it is.",
		RunE: func(cmd *cobra.Command, args []string) error {
			if preview {
				return p.previewFile(cmd.Context(), args[0], (*admin.Client).PreviewUsers)
			}
			return p.importFile(cmd.Context(), args[0], (*admin.Client).ImportUsers)
		},
	}
	previewFlag(cmd, &preview)
	return cmd
}

func (p *program) userExportCommand() *cobra.Command {
	return &cobra.Command{
		Use: "export [FILE]", Short: "Write all users as CSV, without passwords", Args: shell.AtMostOne,
		RunE: func(cmd *cobra.Command, args []string) error {
			c, err := p.client()
			if err != nil {
				return err
			}
			if len(args) == 0 {
				return c.ExportUsers(cmd.Context(), p.out)
			}
			if err := vacant(args[0]); err != nil {
				return err
			}
			if err := shell.WriteWhole(args[0], func(w io.Writer) error { return c.ExportUsers(cmd.Context(), w) }); err != nil {
				return fmt.Errorf("write the export: %w", err)
			}
			return p.say("users are in %s", args[0])
		},
	}
}
