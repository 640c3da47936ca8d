package provision

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/lineside/lineside/auth"
	"github.com/lineside/lineside/phone"
	"github.com/lineside/lineside/vendors"
)

// Pace of resyncs: a site that is told to fetch must not do it all at once, nor
// reboot itself at once where its phones reboot for it.
const (
	resyncGap     = 250 * time.Millisecond // between two phones
	rebootGap     = 5 * time.Second        // before one that may reboot
	resyncsAtOnce = 8                      // messages without an answer yet
	maxResyncs    = 16_384                 // phones waiting for their turn
	resyncWait    = time.Hour              // how long one waits for a phone to register again
	lockScan      = 15 * time.Second       // how often lock-outs are looked for that are over
)

// Errors about resyncs.
var (
	// ErrNotRegistered is returned by a Notifier for a phone that is not
	// registered with the box.
	ErrNotRegistered = errors.New("the phone is not registered with the box")
	// ErrResyncFull is returned when too many phones wait for a resync.
	ErrResyncFull = errors.New("too many phones are waiting to be told; try again in a few minutes")
)

// Notifier tells one phone to fetch its config again, the way its maker's phones
// understand. The status is the phone's answer; the error is ErrNotRegistered, or
// that there was no answer. *sipd.Server serves it.
type Notifier interface {
	// Registered reports that the phone is registered with the box now.
	Registered(mac phone.MAC) bool
	Notify(ctx context.Context, mac phone.MAC, how vendors.Resync) (status int, err error)
}

// resyncs is which phones are to be told. A phone waits once, however often it
// is asked for.
type resyncs struct {
	mu    sync.Mutex
	line  []phone.MAC           // in turn
	state map[phone.MAC]*resync // waiting or being told
	wake  chan struct{}         // one element: there is something in line
	by    Notifier              // who tells them; nil until RunResyncs runs
}

type resync struct {
	quiet  bool      // nobody asked by name: say nothing of a phone that is not registered
	queued bool      // in line
	since  time.Time // asked for
}

func newResyncs() *resyncs {
	return &resyncs{state: make(map[phone.MAC]*resync), wake: make(chan struct{}, 1)}
}

// registered reports that a phone could be told at once.
func (r *resyncs) registered(mac phone.MAC) bool {
	r.mu.Lock()
	by := r.by
	r.mu.Unlock()
	return by != nil && by.Registered(mac)
}

// add puts mac in line; false means that there is no room.
func (r *resyncs) add(now time.Time, mac phone.MAC, quiet bool) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	s := r.state[mac]
	if s == nil {
		if len(r.state) >= maxResyncs {
			return false
		}
		s = &resync{quiet: quiet}
		r.state[mac] = s
	}
	s.quiet, s.since = s.quiet && quiet, now
	r.queueLocked(mac, s)
	return true
}

func (r *resyncs) queueLocked(mac phone.MAC, s *resync) {
	if s.queued {
		return
	}
	s.queued = true
	r.line = append(r.line, mac)
	select {
	case r.wake <- struct{}{}:
	default:
	}
}

// returned is told that a phone registered: one that could not be told is put
// in line again.
func (r *resyncs) returned(mac phone.MAC) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if s := r.state[mac]; s != nil {
		r.queueLocked(mac, s)
	}
}

// next takes the first in line.
func (r *resyncs) next() (mac phone.MAC, s resync, ok bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(r.line) == 0 {
		return mac, s, false
	}
	mac = r.line[0]
	r.line = r.line[1:]
	p := r.state[mac]
	p.queued = false
	return mac, *p, true
}

// done ends a phone's turn. One that is to be told when it registers next stays
// known, unless it was waited for too long.
func (r *resyncs) done(now time.Time, mac phone.MAC, again bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if s := r.state[mac]; s != nil && !s.queued && (!again || now.Sub(s.since) > resyncWait) {
		delete(r.state, mac)
	}
}

// prune forgets phones that were waited for too long.
func (r *resyncs) prune(now time.Time) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for mac, s := range r.state {
		if !s.queued && now.Sub(s.since) > resyncWait {
			delete(r.state, mac)
		}
	}
}

// Resynced counts the phones a resync was asked for. The last three add up to
// the first, unless too many were waiting already.
type Resynced struct {
	Asked int // devices meant, each once
	// Told are registered with the box, and told in their turn.
	Told int
	// NotRegistered are not, and told should they register within the hour.
	NotRegistered int
	// NoWay are of makers whose phones take no such message.
	NoWay int
}

// Resync has phones told to fetch their configs again, each in its turn: the
// devices named, or every one of model, or all. What becomes of each stands on
// its timeline.
func (d *Desk) Resync(macs []phone.MAC, model string, all bool) (Resynced, error) {
	if len(macs) == 0 && model == "" && !all {
		return Resynced{}, fmt.Errorf("resync is %w: name devices, a model, or all of them", ErrInvalid)
	}
	macs, err := d.resyncWhom(macs, model, all)
	if err != nil {
		return Resynced{}, err
	}
	done, now := Resynced{Asked: len(macs)}, d.tools.Now()
	for _, mac := range macs {
		if _, ok := d.howToResync(mac); !ok {
			done.NoWay++
			d.resyncImpossible(mac)
			continue
		}
		registered := d.resyncs.registered(mac)
		if !d.resyncs.add(now, mac, false) {
			return done, ErrResyncFull
		}
		if registered {
			done.Told++
		} else {
			done.NotRegistered++
		}
	}
	return done, nil
}

// resyncWhom are the devices that are meant, each once, in order of MAC.
func (d *Desk) resyncWhom(macs []phone.MAC, model string, all bool) ([]phone.MAC, error) {
	macs = slices.Clone(macs)
	for _, mac := range macs {
		if _, err := d.store.Devices.Device(mac); err != nil {
			return nil, err
		}
	}
	if model != "" || all {
		recs, err := d.store.Devices.All()
		if err != nil {
			return nil, fmt.Errorf("list devices to resync: %w", err)
		}
		for _, rec := range recs {
			if all || strings.EqualFold(rec.Device.Model, model) {
				macs = append(macs, rec.Device.MAC)
			}
		}
	}
	slices.SortFunc(macs, func(a, b phone.MAC) int { return bytes.Compare(a[:], b[:]) })
	return slices.Compact(macs), nil
}

func (d *Desk) resyncImpossible(mac phone.MAC) {
	d.step(Step{MAC: mac, Front: SIP, Text: "cannot be told to fetch: its maker's phones fetch by themselves every 4 to 6 hours; restart it to have it fetch now"})
}

// nudge has a phone told that something changed for it, where it can be.
func (d *Desk) nudge(mac phone.MAC) { d.resyncs.add(d.tools.Now(), mac, true) }

// RunResyncs tells phones in their turn, paced, until ctx ends. It also nudges
// phones whose lock-out has ended: their screen still says that no PIN is taken.
func (d *Desk) RunResyncs(ctx context.Context, n Notifier) error {
	d.resyncs.mu.Lock()
	d.resyncs.by = n
	d.resyncs.mu.Unlock()
	var open sync.WaitGroup
	defer open.Wait()
	room := make(chan struct{}, resyncsAtOnce)
	scan := time.NewTicker(lockScan)
	defer scan.Stop()
	last := d.tools.Now()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-scan.C:
			last = d.unlocked(last)
			continue
		case <-d.resyncs.wake:
		}
		for mac, s, ok := d.resyncs.next(); ok; mac, s, ok = d.resyncs.next() {
			select {
			case room <- struct{}{}:
			case <-ctx.Done():
				return nil
			}
			open.Go(func() {
				defer func() { <-room }()
				d.tellPhone(ctx, n, mac, s)
			})
			if !pause(ctx, d.resyncPause(mac)) {
				return nil
			}
		}
	}
}

// pause waits, unless ctx ends first.
func pause(ctx context.Context, t time.Duration) bool {
	wait := time.NewTimer(t)
	defer wait.Stop()
	select {
	case <-wait.C:
		return true
	case <-ctx.Done():
		return false
	}
}

// resyncPause is longer after a phone that may reboot to fetch.
func (d *Desk) resyncPause(mac phone.MAC) time.Duration {
	if how, ok := d.howToResync(mac); ok && how.Reboots {
		return rebootGap
	}
	return resyncGap
}

// howToResync is what a device's maker says; false where no message does it.
func (d *Desk) howToResync(mac phone.MAC) (vendors.Resync, bool) {
	rec, err := d.store.Devices.Device(mac)
	if err != nil {
		return vendors.Resync{}, false
	}
	maker, ok := d.table.Of(rec.Device.Vendor)
	return maker.Resync, ok && maker.Resync.Event != ""
}

// Hears reports that a phone can be told to fetch at once: it is registered with
// the box, and its maker's phones take such a message. Any other fetches by
// itself, within hours.
func (d *Desk) Hears(mac phone.MAC) bool {
	_, ok := d.howToResync(mac)
	return ok && d.resyncs.registered(mac)
}

// tellPhone tells one phone and puts what came of it on its timeline.
func (d *Desk) tellPhone(ctx context.Context, n Notifier, mac phone.MAC, s resync) {
	how, ok := d.howToResync(mac)
	if !ok {
		d.resyncs.done(d.tools.Now(), mac, false)
		if !s.quiet { // it became another maker's while it waited
			d.resyncImpossible(mac)
		}
		return
	}
	status, err := n.Notify(ctx, mac, how)
	again := err != nil && ctx.Err() == nil && !(s.quiet && errors.Is(err, ErrNotRegistered))
	d.resyncs.done(d.tools.Now(), mac, again)
	if text := resyncStory(status, err); text != "" && !(s.quiet && errors.Is(err, ErrNotRegistered)) && ctx.Err() == nil {
		d.step(Step{MAC: mac, Front: SIP, Text: text})
	}
}

func resyncStory(status int, err error) string {
	switch {
	case errors.Is(err, ErrNotRegistered):
		return "is not registered with the box and cannot be told to fetch: it fetches by itself every 4 to 6 hours, or at a restart"
	case err != nil:
		return "was told to fetch its config and did not answer; it is told again when it registers next"
	case status >= 200 && status < 300:
		return "was told to fetch its config"
	case status == 481 || status == 489:
		return fmt.Sprintf("was told to fetch its config and does not know that message (%d); restart it instead", status)
	}
	return fmt.Sprintf("was told to fetch its config and refused (%d)", status)
}

// unlocked nudges phones whose lock-out ended since last, and gives the time up
// to which it looked.
func (d *Desk) unlocked(last time.Time) time.Time {
	now := d.tools.Now()
	d.resyncs.prune(now)
	for _, rec := range d.store.Devices.Records() {
		e := rec.Enrolment
		if e.State == auth.Failed && e.Until.After(last) && !e.Until.After(now) {
			d.step(Step{MAC: rec.Device.MAC, Front: SIP, Text: "its lock-out is over: its PIN is taken again"})
			d.nudge(rec.Device.MAC)
		}
	}
	return now
}
