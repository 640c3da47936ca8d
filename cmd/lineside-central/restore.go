package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"github.com/lineside/lineside/shell"
	"github.com/lineside/lineside/sync/broker"
	"github.com/lineside/lineside/sync/central"
)

func (p *program) restoreCommand() *cobra.Command {
	return &cobra.Command{Use: "restore FILE", Short: "Put a backup back, while the platform is stopped", Args: shell.ExactArgs("FILE"),
		Long: "Put a backup back, while the platform is stopped. What is there now is moved aside,\nnot deleted; " + fileKeys + " and ca.pem stay, and must be those of the backup.\n\nA new epoch begins: one-time passwords that are out count no longer, wrong PINs are\nforgotten, and every site merges in full when it comes back. Operators' tokens and\njoin tokens are void, and boxes that were revoked since the backup stay revoked as\nfar as the state moved aside tells; the answer lists whose box is let in. What was changed after\nthe backup is gone at the platform; at a site that holds it, what the platform does\nnot know is taken back.",
		RunE: func(cmd *cobra.Command, args []string) error {
			s, err := p.loadSettings()
			if err != nil {
				return err
			}
			done, err := p.restore(cmd.Context(), s, args[0])
			if err != nil {
				return err
			}
			return p.show(done, func() error { return p.tellRestored(args[0], done) })
		}}
}

// restored is what a restore did.
type restored struct {
	Entries int    `json:"entries"`
	Aside   string `json:"aside"`
	// Unread says why what was there before could not be read, if it was not.
	Unread string `json:"unread,omitempty"`
	// Cluster says that other machines may run a lineside-central of this
	// platform, each with an admin's token of its own that this restore left.
	Cluster bool `json:"cluster,omitempty"`
	central.PutBack
}

func (p *program) tellRestored(from string, r restored) error {
	lines := []error{
		p.say("put back: %d entries from %s", r.Entries, from), p.say("  what was there is in %s", r.Aside),
		p.say("  one-time passwords that were out count no longer; every site merges in full"),
		p.say("  operators' tokens are void: %s", cmp.Or(strings.Join(r.Voided, ", "), "there was none but the first admin's")),
		p.say("  → the next start makes a new admin's token, in %s; make the others with: lineside-central token add NAME --role ROLE", fileToken),
	}
	if r.Cluster {
		lines = append(lines, p.say("  ! the first admin's token of every other machine with a lineside-central of this platform still counts"),
			p.say("  → remove %s from its directory there before you start it; that start makes and shows a new one", fileToken))
	}
	if len(r.Uninvited) > 0 {
		lines = append(lines, p.say("  join tokens of these sites are void: %s", strings.Join(r.Uninvited, " ")), p.say("  → make new ones with: lineside-central site invite SITE"))
	}
	for _, s := range r.ShutOut {
		lines = append(lines, p.say("  revoked again: %s %s: %s since the backup", s.Site, shell.Printable(s.Name), s.Why))
	}
	if len(r.ShutOut) > 0 {
		lines = append(lines, p.say("  → a box that is to come back joins anew: lineside-central site invite SITE"))
	}
	lines = append(lines, p.say("  boxes let in again, %d: %s", len(r.Alive), cmp.Or(strings.Join(r.Alive, " "), "none")))
	if r.Unread != "" {
		lines = append(lines, p.say("  ! which boxes were revoked since the backup is not known: %s", r.Unread),
			p.say("  → look through the boxes above and revoke those that were: lineside-central site revoke SITE"))
	}
	return errors.Join(append(lines, p.say("  → start the platform: systemctl start lineside-central"))...)
}

// restore fills a new stream from the copy and begins a new epoch. Where that
// fails, what was there is put where it was.
func (p *program) restore(ctx context.Context, s settings, from string) (done restored, err error) {
	dir := s.Directory
	if _, err := os.Stat(filepath.Join(dir, fileKeys)); err != nil {
		return done, shell.Hint(fmt.Errorf("%s is not in %s: the backup opens with nothing else", fileKeys, dir), "put its copy there first, and ca.pem, so that boxes know the platform")
	}
	if err := central.Unused(filepath.Join(dir, fileDatabase)); err != nil {
		return done, shell.Hint(err, "stop it first: systemctl stop lineside-central")
	}
	if done.Aside, err = moveAside(dir, "before-restore-"+p.now().UTC().Format("20060102T150405Z")); err != nil {
		return done, err
	}
	s.Listen.NATS, s.Listen.WSS, s.Balancer.NATS, s.Balancer.WSS = "", "", "", "" // no box before all is there
	f := &platform{settings: s, now: p.now, log: p.newLogger(s.Log.Level)}
	defer func() {
		if err = errors.Join(err, f.Close()); err != nil {
			err = errors.Join(err, moveBack(dir, done.Aside))
		}
	}()
	if f.keys, _, err = loadKeys(dir); err != nil {
		return done, err
	}
	if err = f.certificate(); err != nil {
		return done, err
	}
	done.Cluster = len(s.NATS.Servers) > 0
	was, err := central.ReadBefore(filepath.Join(done.Aside, fileDatabase))
	if err != nil {
		done.Unread = err.Error() // told; a new machine has none
	}
	if done.Entries, err = f.refill(ctx, from); err != nil {
		return done, err
	}
	done.PutBack, err = f.central.Restored(was)
	return done, err
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
		return 0, shell.Hint(err, "the cluster's stream CFG would win over the backup: if you mean it, stop every lineside-central, remove the stream there, and try again")
	}
	if err != nil {
		return n, err
	}
	f.central, err = central.Open(ctx, central.Config{Path: f.path(fileDatabase), Keys: f.keys.central, Log: stream, Now: f.now}, f.log)
	return n, err
}

// moveAside moves what the platform holds into a folder of its directory.
func moveAside(dir, name string) (aside string, err error) {
	aside = filepath.Join(dir, name)
	if err := os.Mkdir(aside, 0o700); err != nil {
		return "", fmt.Errorf("move what is there aside: %w", err)
	}
	for _, one := range aboutState() {
		err := os.Rename(filepath.Join(dir, one), filepath.Join(aside, one))
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return aside, fmt.Errorf("move what is there aside: %w", err)
		}
	}
	return aside, nil
}

// aboutState names what a backup takes the place of. The admin's token is
// among it: somebody whose token was taken away may have read that file.
func aboutState() []string { return []string{fileDatabase, fileStream, fileToken} }

// moveBack undoes moveAside; what was begun meanwhile is dropped.
func moveBack(dir, aside string) error {
	for _, one := range aboutState() {
		err := os.RemoveAll(filepath.Join(dir, one))
		if err == nil {
			err = os.Rename(filepath.Join(aside, one), filepath.Join(dir, one))
		}
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("put %s back where it was: %w", one, err)
		}
	}
	if err := os.Remove(aside); err != nil {
		return fmt.Errorf("put what was there back: %w", err)
	}
	return nil
}
