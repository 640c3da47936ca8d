package provision

import (
	"context"
	"net/netip"
	"sync"
	"time"

	"github.com/lineside/lineside/phone"
)

// Step is one line of the running account an operator watches: plain words,
// no secrets.
type Step struct {
	At     time.Time    `json:"at"`
	MAC    phone.MAC    `json:"mac,omitzero"`
	Front  Front        `json:"front"`
	Vendor phone.Vendor `json:"vendor,omitempty"`
	Addr   netip.Addr   `json:"address,omitzero"`
	Text   string       `json:"text"`
	// Code and Do are of a finding: what the box makes of the steps before, and
	// what to do.
	Code string `json:"code,omitempty"`
	Do   string `json:"do,omitempty"`
}

// Bounds of the journal. Steps of strangers have a ring of their own, so that
// no flood of unknown MACs pushes out what known phones did.
const (
	keepSteps     = 8192
	keepStrangers = 512
	watchBuffer   = 256
	maxWatchers   = 64
)

// journal keeps the last steps and hands new ones to watchers.
type journal struct {
	mu       sync.Mutex
	known    ring
	strange  ring
	watchers map[*watcher]struct{}
}

type watcher struct {
	mac phone.MAC
	ch  chan Step
}

// ring is a bounded list: the oldest makes room.
type ring struct {
	steps []Step
	next  int
	max   int
}

func newJournal() *journal {
	return &journal{
		known:    ring{max: keepSteps},
		strange:  ring{max: keepStrangers},
		watchers: make(map[*watcher]struct{}),
	}
}

func (r *ring) add(s Step) {
	if len(r.steps) < r.max {
		r.steps = append(r.steps, s)
		return
	}
	r.steps[r.next] = s
	r.next = (r.next + 1) % r.max
}

// each calls f oldest first.
func (r *ring) each(f func(Step)) {
	for i := range r.steps {
		f(r.steps[(r.next+i)%len(r.steps)])
	}
}

func (j *journal) add(s Step, known bool) {
	j.mu.Lock()
	defer j.mu.Unlock()
	if known {
		j.known.add(s)
	} else {
		j.strange.add(s)
	}
	for w := range j.watchers {
		if !w.mac.IsZero() && w.mac != s.MAC {
			continue
		}
		select {
		case w.ch <- s:
		default: // a watcher that does not keep up loses steps
		}
	}
}

// step stamps s and keeps it, on the phone's timeline too: it is for what the
// box itself or an operator did or found.
func (d *Desk) step(s Step) {
	known := d.has(s.MAC)
	d.tell(s, known)
	if s.MAC.IsZero() {
		return
	}
	d.trails.add(s.MAC, known, "", Event{At: d.tools.Now().UTC(), Front: s.Front, Addr: s.Addr, Kind: KindOperator, Text: s.Text})
}

// tell is step for what a caller did: what one did that is not proven to be the
// phone is kept with the strangers' doings, whatever MAC it goes by.
func (d *Desk) tell(s Step, ours bool) {
	s.At = d.tools.Now().UTC()
	d.journal.add(s, ours)
}

// has reports that the box has a record of the device.
func (d *Desk) has(mac phone.MAC) bool {
	_, err := d.store.Devices.Device(mac)
	return err == nil
}

// Recent gives the last steps, oldest first: of one phone, or of all for the
// zero MAC. The box keeps a bounded number.
func (d *Desk) Recent(mac phone.MAC) []Step {
	d.journal.mu.Lock()
	defer d.journal.mu.Unlock()
	var list []Step
	take := func(s Step) {
		if mac.IsZero() || s.MAC == mac {
			list = append(list, s)
		}
	}
	d.journal.strange.each(take)
	d.journal.known.each(take)
	sortSteps(list)
	return list
}

// Watch sends steps as they happen, of one phone or of all, until ctx ends; then
// the channel is closed. A watcher that does not keep up loses steps. There is
// a bound on watchers; past it the channel is closed at once.
func (d *Desk) Watch(ctx context.Context, mac phone.MAC) <-chan Step {
	w := &watcher{mac: mac, ch: make(chan Step, watchBuffer)}
	j := d.journal
	j.mu.Lock()
	defer j.mu.Unlock()
	if len(j.watchers) >= maxWatchers {
		close(w.ch)
		return w.ch
	}
	j.watchers[w] = struct{}{}
	context.AfterFunc(ctx, func() {
		j.mu.Lock()
		defer j.mu.Unlock()
		delete(j.watchers, w)
		close(w.ch)
	})
	return w.ch
}
