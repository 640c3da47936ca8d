package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/spf13/cobra"

	"github.com/lineside/lineside/admin"
)

// made is a backup that was taken.
type made struct {
	File  string `json:"file"`
	Bytes int64  `json:"bytes"`
	Next  string `json:"next"`
	// LeftOut are the files for phones that the box has and the copy has not.
	LeftOut []leftOut `json:"left_out"`
}

// leftOut is a file for phones, by which it is told from another of its name.
type leftOut struct {
	Path   string `json:"path"`
	SHA256 string `json:"sha256"`
}

func (p *program) backupCommand() *cobra.Command {
	var force bool
	cmd := &cobra.Command{
		Use: "backup FILE", Short: "Write a copy of the whole database, while the box runs", Args: exactArgs("FILE"),
		Long: "Write a copy of the whole database, as of one moment, while the box runs.\n\n" +
			"Passwords and PINs in it are sealed under the site key, which is NOT in it:\nkeep a copy of the site key (site.key in the state directory, or the file that\nsystemd hands over as the credential lineside.key) beside the backup. Without\nthat key the backup is worth nothing; whoever has both has every password.\n\n" +
			"Use this and not cp: a file copied from under a running box may be torn, and\none copied back would let one-time passwords be used a second time. A backup\nknows that it is one. Put it back with: lineside restore FILE\n\n" +
			"It holds the database alone: devices, users, leases, policy, the audit log. Not in it\nare the templates, the files for phones, which are named, and what phones uploaded:\ncopy the folders templates, files and uploads of the state directory where you want them.",
		RunE: func(cmd *cobra.Command, args []string) error {
			if !force {
				if err := vacant(args[0]); err != nil {
					return err
				}
			}
			c, err := p.client()
			if err != nil {
				return err
			}
			done, err := backupTo(cmd.Context(), c, args[0], force)
			if err != nil {
				return err
			}
			if done.LeftOut, err = filesLeftOut(cmd.Context(), c); err != nil {
				return fmt.Errorf("the backup is whole and in %s; see what is not in it: %w", done.File, err)
			}
			if p.json {
				return writeJSON(p.out, done)
			}
			if err := p.sayLeftOut(done.LeftOut); err != nil {
				return err
			}
			return errors.Join(p.say("the backup is in %s, %d bytes", done.File, done.Bytes), p.next(done.Next))
		},
	}
	cmd.Flags().BoolVar(&force, "force", false, "replace FILE if it is there")
	return cmd
}

// filesLeftOut are the files for phones the box has now.
func filesLeftOut(ctx context.Context, c *admin.Client) ([]leftOut, error) {
	list, err := c.Files(ctx)
	if err != nil {
		return nil, err
	}
	out := make([]leftOut, len(list.Files))
	for i, f := range list.Files {
		out[i] = leftOut{Path: f.Path, SHA256: f.SHA256}
	}
	return out, nil
}

// sayLeftOut names what has to be kept by other means.
func (p *program) sayLeftOut(files []leftOut) error {
	for _, f := range files {
		if err := p.say("not in the backup: %s, SHA-256 %s", f.Path, f.SHA256); err != nil {
			return err
		}
	}
	return p.say("not in the backup: the templates, and what phones uploaded (folders templates and uploads of the state directory)")
}

// backupTo takes a backup into a file. Under its own name there is a whole one
// or none; what came there meanwhile is left alone unless force.
func backupTo(ctx context.Context, c *admin.Client, path string, force bool) (made, error) {
	done := made{File: path, Next: "keep a copy of the site key beside it (site.key in the state directory, or the credential lineside.key): it opens with that key only"}
	err := writeWhole(path, func(w io.Writer) error {
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
		return made{}, hint(err, "nothing was kept; look at the box's log (journalctl -u lineside) and take it again")
	case errors.Is(err, os.ErrPermission):
		return made{}, hint(fmt.Errorf("write the backup: %w", err), "write it to a directory of your own, or use sudo")
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
