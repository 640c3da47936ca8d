package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"github.com/lineside/lineside/admin"
	"github.com/lineside/lineside/audit"
	"github.com/lineside/lineside/auth"
	"github.com/lineside/lineside/health"
	"github.com/lineside/lineside/phone"
	"github.com/lineside/lineside/provision"
	"github.com/lineside/lineside/store"
	"github.com/lineside/lineside/sync/site"
	"github.com/lineside/lineside/sync/wire"
)

// platformLink is the box's link to the central platform, as long as it has
// joined one. While it has not, nothing of it runs.
type platformLink struct {
	box  *box
	wake chan struct{} // the identity changed

	busy sync.Mutex // joins and leaves, one at a time

	mu      sync.Mutex // guards the rest
	current *linked
	waiting site.Pending
	untold  int // events the platform has yet to take
}

// linked is the link while it runs.
type linked struct {
	identity site.Identity
	site     *site.Site
	clerk    *site.Clerk
	last     uint64 // newest entry of the audit log seen
	looks    int
}

// countEvery is how many looks, of a second each, are between two counts.
const countEvery = 5

func newPlatformLink(b *box) *platformLink {
	return &platformLink{box: b, wake: make(chan struct{}, 1)}
}

// anchorPath is outside of every backup: it tells that the database was put back.
func (b *box) anchorPath() string { return filepath.Join(b.settings.State, "platform.anchor") }

// syncRecords gives the link its part of the database.
type syncRecords struct{ store *store.Store }

// Sync runs change in a transaction.
func (r syncRecords) Sync(ctx context.Context, change func(site.Tx) ([]audit.Record, error)) error {
	return r.store.Sync(ctx, func(tx *store.SyncTx) ([]audit.Record, error) { return change(tx) })
}

// run keeps the link until ctx ends, and begins anew when the box joins or
// leaves. What goes wrong with it never ends the box.
func (l *platformLink) run(ctx context.Context) error {
	for ctx.Err() == nil {
		wait := time.Duration(0)
		if err := l.once(ctx); err != nil {
			l.broken(err)
			wait = time.Minute
		}
		if wait > 0 && !l.rest(ctx, wait) {
			return nil
		}
	}
	return nil
}

// rest waits, shorter where the box joins or leaves meanwhile.
func (l *platformLink) rest(ctx context.Context, d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-t.C:
	case <-l.wake:
	}
	return true
}

// once is the link under one identity, or the wait for one.
func (l *platformLink) once(ctx context.Context) error {
	kept := l.box.desk.Policy().Platform.Identity
	if kept.IsZero() {
		l.clear()
		select {
		case <-ctx.Done():
		case <-l.wake:
		}
		return nil
	}
	now, err := l.begin(kept)
	if err != nil {
		return err
	}
	defer l.end()
	running, stop := context.WithCancel(ctx)
	ended := make(chan error, 1)
	go func() { ended <- now.site.Serve(running) }()
	watch := time.NewTicker(time.Second)
	defer watch.Stop()
	for {
		select {
		case <-watch.C:
			l.look(running, now)
		case <-l.wake:
			stop()
			return <-ended
		case err := <-ended:
			stop()
			return err
		}
	}
}

// begin makes the link and has the desk ask over it.
func (l *platformLink) begin(kept phone.Secret) (*linked, error) {
	b := l.box
	id, err := site.ParseIdentity(kept)
	if err != nil {
		return nil, err
	}
	via, err := id.Transports(b.settings.Central.reach())
	if err != nil {
		return nil, err
	}
	log := b.log.With("component", "platform")
	now := &linked{identity: id}
	now.clerk = site.NewClerk(site.ClerkConfig{
		Since: id.Since, OTPOffline: b.settings.Central.OTPOffline, Now: b.now,
		Told: logLink(log),
	}, b.desk, b.store, b.health, log)
	cfg := site.Config{
		Site: id.Site, Platform: id.Platform, Key: id.Key, Anchor: b.anchorPath(), Software: thisBuild().Version,
		Poll: b.settings.Central.Poll, Clock: b.store.Now, Conditions: now.clerk.Conditions,
	}
	if now.site, err = site.New(cfg, syncRecords{b.store}, now.clerk, via, log); err != nil {
		return nil, err
	}
	b.health.Clear(codeBroken)
	b.desk.Join(asker{now.site})
	l.mu.Lock()
	l.current = now
	l.mu.Unlock()
	return now, nil
}

func (l *platformLink) end() {
	l.box.desk.Join(nil)
	l.mu.Lock()
	defer l.mu.Unlock()
	l.current = nil
}

// asker is the platform as the desk asks it.
type asker struct{ site *site.Site }

// Confirm asks whether a one-time password may be accepted.
func (a asker) Confirm(ctx context.Context, mac phone.MAC, mint string) (bool, error) {
	return a.site.May(ctx, wire.DocID(wire.DeviceDoc, mac.Hex()), mint)
}

// Act has the platform do what it alone may, in the name of who asks here.
func (a asker) Act(ctx context.Context, by audit.Actor, mac phone.MAC, act provision.PlatformAct) error {
	return a.site.Act(ctx, wire.Act{Do: act.Do, MAC: mac.Hex(), Clear: act.Clear, By: strings.TrimSpace(by.Front + " " + by.Name)})
}

// never is above any count of wrong PINs: the platform's lock is the box's block
// and comes with it, not with a number.
const never = 1<<16 - 1

// Tried tells of a wrong PIN.
func (a asker) Tried(ctx context.Context, mac phone.MAC, blocked bool) error {
	limit := uint16(never)
	if blocked {
		limit = 1
	}
	return a.site.Tried(ctx, wire.DocID(wire.DeviceDoc, mac.Hex()), limit)
}

// look wakes the link where something happened here.
func (l *platformLink) look(ctx context.Context, now *linked) {
	if last, err := l.newest(ctx); err == nil && last != now.last {
		now.last = last
		now.site.Changed()
	}
	if now.looks++; now.looks%countEvery == 1 {
		l.count(ctx, now)
	}
}

// count counts what waits, and keeps the conditions.
func (l *platformLink) count(ctx context.Context, now *linked) {
	now.site.Look()
	pending, err := now.site.Pending(ctx)
	if err != nil {
		return // the store has told of it
	}
	events, err := now.clerk.Events(ctx, pending.Acked, wire.MaxEvents)
	if err != nil {
		return
	}
	l.mu.Lock()
	l.waiting, l.untold = pending, len(events)
	l.mu.Unlock()
	l.tell(now.site.Status())
}

// broken tells that the link cannot even begin.
func (l *platformLink) broken(err error) {
	l.box.log.Error("the link to the platform does not run; it is begun again in a minute", "err", err)
	l.box.health.Raise(l.box.now(), health.Condition{
		Code: codeBroken, Title: "the link to the platform does not run",
		Meaning: "phones that are set up go on; nothing new comes from the platform, and its one-time passwords are refused",
		Do:      "see whether the disk is full: df " + l.box.settings.State + "; or join anew: lineside join --again TOKEN", Detail: err.Error(),
	})
}

// Link tells how the box stands to the platform.
func (l *platformLink) Link() admin.PlatformLink {
	p := l.box.desk.Policy().Platform
	l.mu.Lock()
	now, waiting, untold := l.current, l.waiting, l.untold
	l.mu.Unlock()
	out := admin.PlatformLink{Joined: !p.Identity.IsZero(), OTPOffline: l.offline(p), LocalChanges: p.LocalChanges}
	if !out.Joined {
		return admin.PlatformLink{}
	}
	if now == nil {
		out.State = string(site.Dialling)
		return out
	}
	st, id := now.site.Status(), now.identity
	out.Site, out.Name, out.URL, out.Via = id.Site, id.Name, id.URL, st.Via
	if st.Name != "" {
		out.Name = st.Name
	}
	out.State, out.Reason, out.Since, out.Heard = string(st.State), st.Reason, st.Since, st.Heard
	out.Waiting, out.Undone = waiting.States+untold, waiting.Undone
	out.SkewSecs = int64(st.Skew / time.Second)
	out.Address, out.Whitelisted = st.Address, whitelisted(st.Whitelisting, l.box.zone())
	return out
}

func (l *platformLink) offline(p auth.SitePlatform) bool {
	if p.Rules {
		return p.OTPOffline
	}
	return l.box.settings.Central.OTPOffline
}

// whitelisted says in words how the platform treats the site's address.
func whitelisted(w wire.Whitelisting, zone *time.Location) string {
	switch {
	case w.Address == "":
		return ""
	case w.Permanent:
		return "whitelisted for good"
	case (w.Until.IsZero() || !time.Now().Before(w.Until)) && w.Why != "":
		return "not whitelisted: " + w.Why
	case w.Until.IsZero() || !time.Now().Before(w.Until):
		return "not whitelisted; the next phone that shows its PIN makes it so"
	}
	return "whitelisted until " + w.Until.In(zone).Format("15:04")
}

func (b *box) zone() *time.Location {
	z, err := time.LoadLocation(b.settings.Site.Zone)
	if err != nil {
		return time.UTC // settings were checked
	}
	return z
}

// errJoin is the error of a join or a leave, with what to do.
func errJoin(next, format string, args ...any) error {
	return &hintError{err: fmt.Errorf("%w: %w", admin.ErrLink, fmt.Errorf(format, args...)), next: next}
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
		return admin.PlatformLink{}, errJoin("see what stands between: lineside doctor; a token is good once: make another at the platform", "%w", err)
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
	return admin.PlatformLink{Joined: true, Site: id.Site, Name: id.Name, URL: id.URL, State: string(site.Dialling)}, nil
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

func (l *platformLink) poke() {
	select {
	case l.wake <- struct{}{}:
	default:
	}
}
