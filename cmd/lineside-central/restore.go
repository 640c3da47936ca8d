package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"github.com/lineside/lineside/sync/broker"
	"github.com/lineside/lineside/sync/central"
)

func (p *program) restoreCommand() *cobra.Command {
	return &cobra.Command{Use: "restore FILE", Short: "Put a backup back, while the platform is stopped", Args: named("FILE"),
		Long: "Put a backup back, while the platform is stopped. What is there now is moved aside,\nnot deleted; " + fileKeys + " and ca.pem stay, and must be those of the backup.\n\nA new epoch begins: one-time passwords that are out count no longer, wrong PINs are\nforgotten, and every site merges in full when it comes back. What was changed after\nthe backup is gone at the platform; at a site that holds it, what the platform does\nnot know is taken back.",
		RunE: func(cmd *cobra.Command, args []string) error {
			s, err := p.loadSettings()
			if err != nil {
				return err
			}
			n, aside, err := p.restore(cmd.Context(), s, args[0])
			if err != nil {
				return err
			}
			return p.show(map[string]any{"entries": n, "aside": aside}, func() error {
				return errors.Join(p.say("put back: %d entries from %s", n, args[0]), p.say("  what was there is in %s", aside),
					p.say("  one-time passwords that were out count no longer; every site merges in full"),
					p.say("  → start the platform: systemctl start lineside-central"))
			})
		}}
}

// restore fills a new stream from the copy and begins a new epoch.
func (p *program) restore(ctx context.Context, s settings, from string) (n int, aside string, err error) {
	dir := s.Directory
	if _, err := os.Stat(filepath.Join(dir, fileKeys)); err != nil {
		return 0, "", hint(fmt.Errorf("%s is not in %s: the backup opens with nothing else", fileKeys, dir), "put its copy there first, and ca.pem, so that boxes know the platform")
	}
	if err := central.Unused(filepath.Join(dir, fileDatabase)); err != nil {
		return 0, "", hint(err, "stop it first: systemctl stop lineside-central")
	}
	if aside, err = moveAside(dir, "before-restore-"+p.now().UTC().Format("20060102T150405Z")); err != nil {
		return 0, aside, err
	}
	s.Listen.NATS, s.Listen.WSS, s.Balancer.NATS, s.Balancer.WSS = "", "", "", "" // no box before all is there
	f := &platform{settings: s, log: p.newLogger(s.Log.Level)}
	defer func() { err = errors.Join(err, f.Close()) }()
	if f.keys, _, err = loadKeys(dir); err != nil {
		return 0, aside, err
	}
	if err = f.certificate(); err != nil {
		return 0, aside, err
	}
	n, err = f.refill(ctx, from)
	return n, aside, err
}

func (f *platform) refill(ctx context.Context, from string) (n int, err error) {
	if f.broker, err = f.newBroker(); err != nil {
		return 0, err
	}
	if err = f.broker.Open(ctx); err != nil {
		return 0, fmt.Errorf("open the broker: %w", err)
	}
	stream, err := broker.OpenLog(ctx, f.broker.Core(), broker.LogConfig{Replicas: f.settings.NATS.Replicas}, f.log)
	if err != nil {
		return 0, err
	}
	n, err = central.Refill(ctx, from, stream)
	if errors.Is(err, central.ErrNotEmpty) {
		return 0, hint(err, "the cluster's stream CFG would win over the backup: if you mean it, stop every lineside-central, remove the stream there, and try again")
	}
	if err != nil {
		return n, err
	}
	f.central, err = central.Open(ctx, central.Config{Path: f.path(fileDatabase), Keys: f.keys.central, Log: stream}, f.log)
	if err != nil {
		return n, err
	}
	return n, f.central.Restored()
}

// moveAside moves what the platform holds into a folder of its directory.
func moveAside(dir, name string) (aside string, err error) {
	aside = filepath.Join(dir, name)
	if err := os.Mkdir(aside, 0o700); err != nil {
		return "", fmt.Errorf("move what is there aside: %w", err)
	}
	for _, one := range []string{fileDatabase, fileStream} {
		err := os.Rename(filepath.Join(dir, one), filepath.Join(aside, one))
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return aside, fmt.Errorf("move what is there aside: %w", err)
		}
	}
	return aside, nil
}
