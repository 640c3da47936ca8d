package main

import (
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"time"

	"github.com/spf13/cobra"

	"github.com/lineside/lineside/admin"
	"github.com/lineside/lineside/shell"
	"github.com/lineside/lineside/update"
)

// updateUnit is the helper's.
const updateUnit = "lineside-update.service"

func (p *program) updateCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use: "update", Short: "Take a newer version, try it, and go back from it", Args: shell.NoArgs,
		Long: "Take a newer version, try it, and go back from it.\n\nA release is signed by its makers, and the box takes no other. It is tried: where\nthe box does not become READY with it, or phones get less than before, the box goes\nback to what ran before by itself. State is kept, and a backup is taken first.",
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(p.updateStatusCommand(), p.updateStageCommand(), p.updateApplyCommand(),
		p.updateWishCommand(update.WishBack, "Go back to what ran before the last update", "Go back to what ran before the last update, whether that is on trial yet or was\nkept. Needs root."),
		p.updateWishCommand(update.WishKeep, "Keep an update without waiting for the end of its trial", "Keep the update that is on trial without waiting for the end. Needs root."),
		p.updateCarryCommand())
	return cmd
}

func (p *program) updateStatusCommand() *cobra.Command {
	return &cobra.Command{
		Use: "status", Short: "Show what runs, what waits, and how the last update went", Args: shell.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			c, err := p.client()
			if err != nil {
				return err
			}
			st, err := c.Update(cmd.Context())
			if err != nil {
				return err
			}
			return p.showUpdate(st)
		},
	}
}

func (p *program) showUpdate(st admin.Update) error {
	if p.json {
		return shell.WriteJSON(p.out, st)
	}
	if err := p.say("%s", shell.Printable(st.Says)); err != nil {
		return err
	}
	if st.Staged != nil && st.Staged.Notes != "" {
		if err := p.say("  %s", shell.Printable(st.Staged.Notes)); err != nil {
			return err
		}
	}
	return p.next(st.Next)
}

func (p *program) updateStageCommand() *cobra.Command {
	return &cobra.Command{
		Use: "stage FILE", Short: "Give the box a release, which checks all of it and keeps it", Args: shell.ExactArgs("FILE"),
		RunE: func(cmd *cobra.Command, args []string) error {
			f, err := os.Open(args[0])
			if err != nil {
				return fmt.Errorf("read the release: %w", err)
			}
			defer func() { _ = f.Close() }() // nothing was written
			c, err := p.client()
			if err != nil {
				return err
			}
			staged, err := c.StageUpdate(cmd.Context(), f)
			if err != nil {
				return err
			}
			if p.json {
				return shell.WriteJSON(p.out, staged)
			}
			return errors.Join(p.say("%s is checked and waits; it is signed by the key %s", staged.Version, staged.Key), p.next("lineside update apply"))
		},
	}
}

func (p *program) updateApplyCommand() *cobra.Command {
	return &cobra.Command{
		Use: "apply", Short: "Apply the release that waits", Args: shell.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			c, err := p.client()
			if err != nil {
				return err
			}
			st, err := c.ApplyUpdate(cmd.Context())
			if err != nil {
				return err
			}
			return p.showUpdate(st)
		},
	}
}

// updateWishCommand leaves the helper word, in the one place the daemon cannot
// write, and has systemd start it where it does not run.
func (p *program) updateWishCommand(w update.Wish, short, long string) *cobra.Command {
	return &cobra.Command{
		Use: string(w), Short: short, Long: long, Args: shell.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			slots := programSlots{dir: p.slots, base: thisBuild().Version}
			l, err := slots.ledger().Load()
			if err != nil {
				return err
			}
			if !l.Runs() && (w == update.WishKeep || !l.CanGoBack()) {
				return shell.Hint(update.ErrNothingBefore, "see how things are: lineside update status")
			}
			err = writeFor(slots.path(wishFile), []byte(w+"\n"), 0o600)
			if errors.Is(err, fs.ErrPermission) {
				return shell.Hint(fmt.Errorf("tell the helper: %w", err), "use sudo")
			}
			if err != nil {
				return fmt.Errorf("tell the helper: %w", err)
			}
			if out, err := exec.CommandContext(cmd.Context(), "systemctl", "start", "--no-block", updateUnit).CombinedOutput(); err != nil {
				return shell.Hint(fmt.Errorf("start the helper: %w: %.200s", err, out), "start it by hand: systemctl start %s", updateUnit)
			}
			return errors.Join(p.say("the helper was told"), p.next("see how it goes: lineside update status"))
		},
	}
}

// updateCarryCommand is what the helper's unit runs.
func (p *program) updateCarryCommand() *cobra.Command {
	c := carrier{keys: keyFolders()}
	var unit string
	cmd := &cobra.Command{
		Use: "carry-out", Short: "Be the helper, which carries an update out; for its unit", Args: shell.NoArgs, Hidden: true,
		RunE: func(cmd *cobra.Command, _ []string) error {
			c.log = newLogger(p.err, slog.LevelInfo, underJournal(p.err, os.Getenv("JOURNAL_STREAM"))).With("component", "update")
			c.slots = programSlots{dir: p.slots, base: thisBuild().Version}
			box := unitBox{p, unit}
			c.box, c.safe = box, stateSafe{box, c.slots, c.state}
			return c.run(cmd.Context())
		},
	}
	fl := cmd.Flags()
	fl.StringVar(&c.state, "state", filepath.Dir(defaultSlots)+"/lineside", "state directory of the daemon")
	fl.DurationVar(&c.window, "window", 10*time.Minute, "how long an update is watched before it is kept")
	fl.StringVar(&unit, "unit", "lineside.service", "the daemon's unit")
	return cmd
}
