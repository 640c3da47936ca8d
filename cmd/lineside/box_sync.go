package main

import (
	"context"
	"fmt"
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
	"github.com/lineside/lineside/sync/proto"
	"github.com/lineside/lineside/sync/site"
	"github.com/lineside/lineside/sync/wire"
)

// platformLink is the box's link to the central platform, as long as it has
// joined one. While it has not, nothing of it runs.
type platformLink struct {
	box  *box
	wake chan struct{} // the identity changed
	// offers holds where the platform last said it can be reached.
	offers chan wire.Offer
	unsure unsure

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
	// moved says that other ways to the platform were kept than this link knows.
	moved bool
}

// countEvery is how many looks, of a second each, are between two counts.
const countEvery = 5

func newPlatformLink(b *box) *platformLink {
	return &platformLink{box: b, wake: make(chan struct{}, 1), offers: make(chan wire.Offer, 1)}
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
	if last, err := l.newest(ctx); err == nil { // else all before is in doubt
		l.unsure.begin(last)
	}
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
	if err := l.recount(ctx, now); err != nil {
		return err
	}
	running, stop := context.WithCancel(ctx)
	ended := make(chan error, 1)
	go func() { ended <- now.site.Serve(running) }()
	watch := time.NewTicker(time.Second)
	defer watch.Stop()
	for {
		select {
		case <-watch.C:
			l.look(running, now)
		case o := <-l.offers:
			l.offered(ctx, now, o)
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
		Since: id.Since, OTPOffline: b.settings.Central.OTPOffline, Now: b.now, Unsure: l.unsure.holds,
		Told: logLink(log), Rollout: b.updates.rollout.Want,
	}, b.desk, b.store, b.health, log)
	cfg := site.Config{
		Site: id.Site, Platform: id.Platform, Key: id.Key, Anchor: b.anchorPath(), Software: thisBuild().Version,
		Poll: b.settings.Central.Poll, Clock: b.clock, Conditions: now.clerk.Conditions, LocalRules: b.desk.LocalRules, Offered: l.hear,
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

// recount tells the rules what the box has counted of wrong PINs.
func (l *platformLink) recount(ctx context.Context, now *linked) error {
	all, err := l.box.desk.Devices()
	if err != nil {
		return fmt.Errorf("read what was tried at the phones: %w", err)
	}
	if err := now.site.Counted(ctx, triesOf(all)); err != nil {
		return fmt.Errorf("tell the link what was tried at the phones: %w", err)
	}
	return nil
}

// triesOf are the wrong PINs that count against devices of the platform's.
func triesOf(all []auth.Record) (tries []site.Tries) {
	for _, rec := range all {
		e, pin := rec.Enrolment, rec.Platform.PIN
		fails, blocked := e.LockOuts*auth.WrongPINs+e.Fails, e.State == auth.Blocked
		if rec.Platform.Managed && (fails > 0 || blocked) {
			tries = append(tries, site.Tries{ID: wire.DocID(wire.DeviceDoc, rec.Device.MAC.Hex()), PIN: proto.Gen(pin), Fails: uint16(min(fails, never)), Locked: blocked})
		}
	}
	return tries
}

// look wakes the link where something happened here.
func (l *platformLink) look(ctx context.Context, now *linked) {
	if last, err := l.newest(ctx); err == nil {
		_, set := l.box.clock()
		l.unsure.note(last, set)
		if last != now.last {
			now.last = last
			now.site.Changed()
		}
	}
	if now.moved && now.site.Status().State == site.Away {
		l.poke() // the way it was reached by is gone: begin with the others
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

func (l *platformLink) poke() {
	select {
	case l.wake <- struct{}{}:
	default:
	}
}
