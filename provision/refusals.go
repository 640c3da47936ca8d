package provision

import (
	"cmp"
	"context"
	"maps"
	"net/netip"
	"slices"
	"sync"
	"time"

	"github.com/lineside/lineside/audit"
	"github.com/lineside/lineside/auth"
	"github.com/lineside/lineside/phone"
)

// Bounds of the refusals told apart. Strangers' MACs have a share of their own:
// whoever makes them up leaves room for those of devices.
const (
	maxRefusals = 256
	maxStrange  = 64
)

// refusalEvery is how often the same refusal is written again, with how many
// there were since.
const refusalEvery = time.Hour

// perSender bounds the entries of one sender; what it is refused beyond that is
// in the sum.
func perSender() audit.Budget { return audit.Budget{Burst: 12, Every: 10 * time.Minute} }

// refusals counts refusals between two writes of the audit log: a stranger's
// thousand wrong tries are one event with a number. What is written is bounded
// for one sender and for all together, or a stranger could push everything else
// out of the log; the rest is summed up.
type refusals struct {
	mu      sync.Mutex
	open    map[refusalKey]*refusal
	strange int // of those open
	senders map[string]*audit.Allowance
	known   *audit.Allowance
	other   *audit.Allowance
	calls   *audit.Allowance
	rest    rest
}

// refusalKey is what makes two refusals the same. The door and the file are
// those of the first.
type refusalKey struct {
	identity string
	remote   netip.Addr
	mac      phone.MAC
	reason   auth.Reason
}

type refusal struct {
	by      audit.Actor
	file    string
	known   bool // it went by a device's MAC
	times   int  // since written
	written time.Time
}

func newRefusals() *refusals {
	return &refusals{
		open: make(map[refusalKey]*refusal), senders: make(map[string]*audit.Allowance),
		known: audit.KnownRefusals.New(), other: audit.OtherRefusals.New(), calls: audit.Emergencies.New(),
	}
}

// refused counts a refusal for the audit log.
func (d *Desk) refused(by audit.Actor, mac phone.MAC, reason auth.Reason, file string) {
	d.refusals.add(d.tools.Now(), by, mac, reason, file, d.has(mac))
}

func (r *refusals) add(now time.Time, by audit.Actor, mac phone.MAC, reason auth.Reason, file string, known bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	k := refusalKey{by.Identity, by.Remote, mac, reason}
	if x, ok := r.open[k]; ok {
		x.times++
		return
	}
	if len(r.open) >= maxRefusals || !known && r.strange >= maxStrange {
		r.rest.add(now, k, known, 1)
		return
	}
	r.open[k] = &refusal{by: by, file: file, known: known, times: 1}
	if !known {
		r.strange++
	}
}

func (r *refusals) dropLocked(k refusalKey) {
	if !r.open[k].known {
		r.strange--
	}
	delete(r.open, k)
}

// take gives the events to be written now; last says that there will be no other
// time, so nothing waits.
func (r *refusals) take(now time.Time, last bool) []audit.Record {
	r.mu.Lock()
	defer r.mu.Unlock()
	var events []audit.Record
	for _, k := range slices.SortedFunc(maps.Keys(r.open), r.beforeLocked) {
		x := r.open[k]
		due := last || x.written.IsZero() || now.Sub(x.written) >= refusalEvery || now.Before(x.written)
		switch {
		case !due:
		case x.times == 0:
			r.dropLocked(k)
		case r.spendLocked(now, k, x):
			events = append(events, audit.Record{MAC: k.mac, By: x.by, Event: audit.Refused{Reason: string(k.reason), File: x.file, Times: x.times}})
			x.times, x.written = 0, now
		default:
			r.rest.add(now, k, x.known, x.times)
			r.dropLocked(k)
		}
	}
	for sender, a := range r.senders {
		if a.Whole(now) {
			delete(r.senders, sender)
		}
	}
	return append(events, r.rest.take(now, last)...)
}

// beforeLocked is the order refusals get what room there is: devices first, then
// the loudest.
func (r *refusals) beforeLocked(a, b refusalKey) int {
	x, y := r.open[a], r.open[b]
	if x.known != y.known {
		if x.known {
			return -1
		}
		return 1
	}
	return cmp.Or(y.times-x.times, cmp.Compare(a.identity, b.identity), a.remote.Compare(b.remote),
		slices.Compare(a.mac[:], b.mac[:]), cmp.Compare(a.reason, b.reason))
}

// spendLocked reports that there is room for an entry and takes it. A sender has
// a share in memory only while part of it is spent, so what bounds the entries
// bounds the shares too.
func (r *refusals) spendLocked(now time.Time, k refusalKey, x *refusal) bool {
	all := r.other
	if x.known {
		all = r.known
	}
	return r.shareLocked(now, k.identity, all)
}

// shareLocked takes an entry of the sender's share and of all, or of neither.
func (r *refusals) shareLocked(now time.Time, sender string, all *audit.Allowance) bool {
	own, ok := r.senders[sender]
	if !ok {
		own = perSender().New()
	}
	if own.Wait(now) > 0 || !all.Spend(now) {
		return false
	}
	r.senders[sender] = own
	return own.Spend(now)
}

// call reports that there is room for the entry of an emergency call, and counts
// those for which there is none. Anybody can make such calls, and refusals must
// not use up what there is for them.
func (r *refusals) call(now time.Time, by audit.Actor, mac phone.MAC, known bool) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.shareLocked(now, "calls of "+by.Identity, r.calls) {
		return true
	}
	r.rest.call(now, by.Remote, mac, known)
	return false
}

// keepRefusals writes what was refused since the last time; last is for the end.
func (d *Desk) keepRefusals(ctx context.Context, last bool) {
	events := d.refusals.take(d.tools.Now(), last)
	if len(events) == 0 {
		return
	}
	if err := d.store.Recorder.Record(ctx, events...); err != nil {
		d.tools.Log.Warn("refusals are not in the audit log", "err", err)
	}
}
