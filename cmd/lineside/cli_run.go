package main

import (
	"context"
	"errors"
	"log/slog"
	"os"

	"github.com/coreos/go-systemd/v22/daemon"
	"github.com/spf13/cobra"

	"github.com/lineside/lineside/shell"
)

func (p *program) runCommand() *cobra.Command {
	var path string
	var d demo
	var on bool
	cmd := &cobra.Command{
		Use: "run", Short: "Be the daemon, until told to stop", Args: shell.NoArgs,
		Long: "Be the daemon, until told to stop by SIGTERM or an interrupt; a second one kills.\n\nWith --demo it needs no root and no phones: it plays a small site on loopback,\nwith simulated phones over real sockets, and then stays up to be looked at.",
		RunE: func(cmd *cobra.Command, _ []string) error {
			if on {
				return d.run(cmd.Context(), p)
			}
			if d.state != "" || d.quick || d.central != "" {
				return shell.Usagef(cmd, "--state, --quick and --central belong to --demo")
			}
			return p.serve(cmd.Context(), path)
		},
	}
	fl := cmd.Flags()
	fl.StringVar(&path, "config", defaultSettings, "settings file")
	fl.BoolVar(&on, "demo", false, "play a small site on loopback, without root")
	fl.StringVar(&d.state, "state", "", "with --demo: directory to keep the state in, instead of a new one")
	fl.BoolVar(&d.quick, "quick", false, "with --demo: no pauses for reading")
	fl.StringVar(&d.central, "central", "", "with --demo: the lineside-central to run beside the box, and to join")
	_ = cmd.MarkFlagFilename("config", "toml")
	_ = cmd.MarkFlagDirname("state")
	cmd.MarkFlagsMutuallyExclusive("config", "demo")
	return cmd
}

// serve is the daemon proper.
func (p *program) serve(ctx context.Context, path string) error {
	s, err := loadSettings(path)
	if err != nil {
		return err
	}
	nics, err := systemNICs()
	if err != nil {
		return err
	}
	where, err := findLAN(s.Listen, nics)
	if err != nil {
		return err
	}
	if wrong := checkDHCP(s, where); len(wrong) > 0 {
		return shell.Hint(wrong, "lineside check --config %s says all that is wrong", path)
	}
	log := newLogger(p.err, s.Level, underJournal(p.err, os.Getenv("JOURNAL_STREAM")))
	b, err := openBox(ctx, s, where, log)
	if err != nil {
		return err
	}
	return b.runDaemon(ctx)
}

// runDaemon runs the box with systemd told how far it is.
func (b *box) runDaemon(ctx context.Context) error {
	b.log.Info("lineside starts", "version", thisBuild().Version, "site", b.settings.Site.Name, "self", b.where.Self, "iface", b.where.Interface)
	for _, l := range b.listeners {
		b.log.Info("door is open", "front", l.Name, "address", l.Address)
	}
	b.doors = append(b.doors, newServer("farewell", func(ctx context.Context) error {
		<-ctx.Done()
		b.log.Info("lineside stops; requests in flight are finished first")
		notify(b.log, daemon.SdNotifyStopping)
		return nil
	}))
	err := b.run(ctx, func() { notify(b.log, daemon.SdNotifyReady) })
	if errors.Is(err, context.Canceled) {
		return nil
	}
	return err
}

// notify tells systemd; without it nothing happens.
func notify(log *slog.Logger, state string) {
	if _, err := daemon.SdNotify(false, state); err != nil {
		log.Warn("systemd could not be told", "state", state, "err", err)
	}
}
