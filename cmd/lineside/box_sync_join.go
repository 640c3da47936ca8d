package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/lineside/lineside/admin"
	"github.com/lineside/lineside/audit"
	"github.com/lineside/lineside/phone"
	"github.com/lineside/lineside/shell"
	"github.com/lineside/lineside/store"
	"github.com/lineside/lineside/sync/site"
	"github.com/lineside/lineside/sync/wire"
)

// errJoin is the error of a join or a leave, with what to do.
func errJoin(next, format string, args ...any) error {
	return shell.Hint(fmt.Errorf("%w: %w", admin.ErrLink, fmt.Errorf(format, args...)), "%s", next)
}

// JoinPlatform joins with a token. Everything the box knew of another platform
// is forgotten first; of the same one it keeps what was said.
func (l *platformLink) JoinPlatform(ctx context.Context, by audit.Actor, token phone.Secret, again bool) (admin.PlatformLink, error) {
	l.busy.Lock()
	defer l.busy.Unlock()
	b := l.box
	tok, err := wire.ParseToken(token.Reveal())
	if err != nil {
		return admin.PlatformLink{}, errJoin("make a token at the platform and copy it whole", "%w", err)
	}
	old, joined := l.identity()
	if joined && !again {
		return admin.PlatformLink{}, errJoin("to take another place there: lineside join --again TOKEN", "it belongs to %s already", old)
	}
	asking, cancel := context.WithTimeout(ctx, 30*time.Second)
	defer cancel()
	id, err := site.Join(asking, tok, b.settings.Central.Proxy, thisBuild().Version)
	if err != nil {
		return admin.PlatformLink{}, errJoin(site.AfterJoin(err), "%w", err)
	}
	if joined && (old.Site != id.Site || old.Platform != id.Platform) {
		if err := l.forget(ctx); err != nil {
			return admin.PlatformLink{}, err
		}
	}
	if id.Since, err = l.newest(ctx); err != nil {
		return admin.PlatformLink{}, err
	}
	if joined && old.Site == id.Site {
		id.Since = old.Since
	}
	kept, err := id.Reveal()
	if err != nil {
		return admin.PlatformLink{}, err
	}
	if err := b.desk.SetIdentity(ctx, by, kept, audit.PlatformJoined{Site: id.Site, URL: id.URL}); err != nil {
		return admin.PlatformLink{}, fmt.Errorf("keep who the box is to the platform: %w", err)
	}
	l.poke()
	return admin.PlatformLink{Joined: true, Site: id.Site, Name: id.Name, URL: id.URL, State: string(site.Dialling), OTPOffline: l.offline(b.desk.Policy().Platform)}, nil
}

// newest is the newest entry of the audit log.
func (l *platformLink) newest(ctx context.Context) (uint64, error) {
	last, err := l.box.store.AuditTail(ctx, phone.MAC{}, 1)
	if err != nil || len(last) == 0 {
		return 0, err
	}
	return last[0].Seq, nil
}

func (l *platformLink) identity() (site.Identity, bool) {
	kept := l.box.desk.Policy().Platform.Identity
	id, err := site.ParseIdentity(kept)
	if err != nil {
		return site.Identity{}, !kept.IsZero() // what cannot be read is no site's
	}
	return id, true
}

// LeavePlatform makes everything the platform keeps the site's own.
func (l *platformLink) LeavePlatform(ctx context.Context, by audit.Actor) error {
	l.busy.Lock()
	defer l.busy.Unlock()
	id, joined := l.identity()
	if !joined {
		return errJoin("join one with: lineside join TOKEN", "it belongs to no platform")
	}
	if err := l.forget(ctx); err != nil {
		return err
	}
	if err := l.box.desk.SetIdentity(ctx, by, phone.Secret{}, audit.PlatformLeft{Site: id.Site}); err != nil {
		return fmt.Errorf("forget who the box was to the platform: %w", err)
	}
	l.poke()
	return nil
}

// forget ends what the box and its platform agreed on. Who the box is goes
// first, so that the link stands still meanwhile and a cut leaves nothing that
// could take up a half.
func (l *platformLink) forget(ctx context.Context) error {
	if err := l.box.desk.Disown(ctx); err != nil {
		return fmt.Errorf("make the platform's the site's own: %w", err)
	}
	l.poke()
	if !l.still(ctx) {
		return fmt.Errorf("wait for the link to end: %w", ctx.Err())
	}
	if err := l.box.updates.rollout.Want(nil); err != nil {
		return err
	}
	err := l.box.store.Sync(ctx, func(tx *store.SyncTx) ([]audit.Record, error) {
		for _, name := range tx.Names("") {
			tx.Put(name, nil)
		}
		return nil, nil
	})
	if err != nil {
		return fmt.Errorf("forget what the platform said: %w", err)
	}
	if err := os.Remove(l.box.anchorPath()); err != nil && !errors.Is(err, os.ErrNotExist) {
		return fmt.Errorf("forget what the platform said: %w", err)
	}
	return nil
}

// still waits until no link runs.
func (l *platformLink) still(ctx context.Context) bool {
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for {
		l.mu.Lock()
		gone := l.current == nil
		l.mu.Unlock()
		if gone {
			return true
		}
		select {
		case <-ctx.Done():
			return false
		case <-tick.C:
		}
	}
}
