package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/spf13/cobra"

	"github.com/lineside/lineside/admin"
	"github.com/lineside/lineside/backup"
	"github.com/lineside/lineside/shell"
	"github.com/lineside/lineside/vendors"
)

// made is a backup that was taken.
type made struct {
	File  string `json:"file"`
	Bytes int64  `json:"bytes"`
	Next  string `json:"next"`
	// Holds are the files in it, LeftOut those the box has and it has not.
	Holds   []backup.Member  `json:"holds"`
	LeftOut []backup.LeftOut `json:"left_out"`
	// Gone are the older ones that the folder keeps no more.
	Gone []string `json:"gone,omitempty"`
}

func (p *program) backupCommand() *cobra.Command {
	var force bool
	var into intoFlags
	cmd := &cobra.Command{
		Use: "backup FILE", Short: "Write a copy of the database and the templates, while the box runs", Args: cobra.ArbitraryArgs,
		Long: "Write a copy of the whole database, as of one moment, of the templates\nand of the settings, while the box runs. The file is a tar.\n\n" +
			"Passwords and PINs in it are sealed under the site key, which is NOT in it:\nkeep a copy of the site key (site.key in the state directory, or the file that\nsystemd hands over as the credential lineside.key) beside the backup. Without\nthat key the backup is worth nothing; whoever has both has every password.\n\n" +
			"Use this and not cp: a file copied from under a running box may be torn, and\none copied back would let one-time passwords be used a second time. A backup\nknows that it is one. Put it back with: lineside restore FILE\n\n" +
			"It holds the database (devices, users, leases, policy, the audit log), the settings\nfile and what was set on the page, sealed likewise, and the templates as they are: a\npassword written into a template can be read.\nNot in it are the files for phones, which are named, and what phones uploaded:\ncopy the folders files and uploads of the state directory where you want them.\n\n" +
			"Every night lineside-backup.timer makes one into /var/lib/lineside-backups, which\nkeeps 14; systemctl edit lineside-backup sets another folder or number.",
		Example: "  lineside backup /root/branch.tar\n  lineside backup --into /mnt/backups --keep 30",
		RunE: func(cmd *cobra.Command, args []string) error {
			file, err := into.file(cmd, args, p.now())
			if err != nil {
				return err
			}
			if !force {
				if err := vacant(file); err != nil {
					return err
				}
			}
			c, err := p.client()
			if err != nil {
				return err
			}
			done, err := backupTo(cmd.Context(), c, file, force)
			if err != nil {
				return err
			}
			if err := done.look(); err != nil {
				return shell.Hint(err, "restart the daemon, which may be of another version (systemctl restart lineside), then take it again with --force")
			}
			if into.dir != "" {
				if done.Gone, err = into.drop(file); err != nil {
					return err
				}
			}
			if p.json {
				return shell.WriteJSON(p.out, done)
			}
			if err := errors.Join(p.sayHeld(done.Holds, done.LeftOut), p.sayGone(done.Gone)); err != nil {
				return err
			}
			return errors.Join(p.say("the backup is in %s, %d bytes", done.File, done.Bytes), p.next(done.Next))
		},
	}
	into.register(cmd)
	cmd.Flags().BoolVar(&force, "force", false, "replace FILE if it is there")
	return cmd
}

// look reads the backup that was taken, all of it, and notes what it holds.
func (m *made) look() error {
	f, err := os.Open(m.File)
	if err != nil {
		return fmt.Errorf("read the backup again: %w", err)
	}
	defer func() { _ = f.Close() }() // nothing was written
	head := make([]byte, backup.Head)
	if n, err := f.ReadAt(head, 0); err == nil && backup.Sniff(head[:n]) == backup.Plain {
		return fmt.Errorf("%s is a whole backup of the database, but the daemon is of an older version: the templates are not in it", m.File)
	}
	holds, _, err := backup.Read(f, m.Bytes, vendors.All(), io.Discard)
	if err != nil {
		return fmt.Errorf("read the backup %s again: %w", m.File, err)
	}
	m.Holds, m.LeftOut = holds.Members, holds.LeftOut
	return nil
}

// sayHeld names what a backup holds, and what has to be kept by other means.
func (p *program) sayHeld(in []backup.Member, out []backup.LeftOut) error {
	for _, m := range in {
		if err := p.say("in the backup: %s, %d bytes, SHA-256 %s", shell.Printable(m.Name), m.Bytes, m.SHA256); err != nil {
			return err
		}
	}
	return p.sayLeftOut(out)
}

func (p *program) sayLeftOut(out []backup.LeftOut) error {
	for _, l := range out {
		sum := ""
		if l.SHA256 != "" {
			sum = ", SHA-256 " + shell.Printable(l.SHA256)
		}
		if err := p.say("not in the backup: %s%s: %s", shell.Printable(l.Path), sum, shell.Printable(l.Why)); err != nil {
			return err
		}
	}
	return nil
}

// backupTo takes a backup into a file. Under its own name there is a whole one
// or none; what came there meanwhile is left alone unless force.
func backupTo(ctx context.Context, c *admin.Client, path string, force bool) (made, error) {
	done := made{File: path, Next: "keep a copy of the site key beside it (site.key in the state directory, or the credential lineside.key): it opens with that key only"}
	err := shell.WriteWhole(path, func(w io.Writer) error {
		n := &counter{w: w}
		err := c.Backup(ctx, n)
		done.Bytes = n.n
		if err == nil && !force {
			err = vacant(path)
		}
		return err
	})
	switch {
	case errors.Is(err, admin.ErrNotWhole):
		return made{}, shell.Hint(err, "nothing was kept; look at the box's log (journalctl -u lineside) and take it again")
	case errors.Is(err, os.ErrPermission):
		return made{}, shell.Hint(fmt.Errorf("write the backup: %w", err), "write it to a directory of your own, or use sudo")
	case err != nil:
		return made{}, fmt.Errorf("write the backup: %w", err)
	}
	return done, nil
}

// counter counts what is written.
type counter struct {
	w io.Writer
	n int64
}

// Write passes on.
func (c *counter) Write(p []byte) (int, error) {
	n, err := c.w.Write(p)
	c.n += int64(n)
	return n, err
}
