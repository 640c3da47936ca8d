package provision

import (
	"cmp"
	"maps"
	"net/netip"
	"slices"
	"time"

	"github.com/lineside/lineside/audit"
	"github.com/lineside/lineside/phone"
)

// Bounds of a sum: how many senders and devices are counted, and how many of
// each are named in the end.
const (
	restSenders = 64
	restDevices = 4096
	restNamed   = 8
	restTargets = 256
)

// rest sums up the refusals that had no room of their own.
type rest struct {
	since   time.Time // of the first
	times   int
	calls   int // emergency calls
	senders map[string]int
	devices map[phone.MAC]int
}

// add counts n refusals.
func (r *rest) add(now time.Time, k refusalKey, known bool, n int) {
	r.begin(now)
	r.times += n
	r.who(k.remote, k.mac, known, n)
}

// call counts an emergency call.
func (r *rest) call(now time.Time, from netip.Addr, mac phone.MAC, known bool) {
	r.begin(now)
	r.calls++
	r.who(from, mac, known, 1)
}

func (r *rest) begin(now time.Time) {
	if r.senders == nil {
		r.since, r.senders, r.devices = now, make(map[string]int), make(map[phone.MAC]int)
	}
}

// who counts by sender and by device. Senders are counted as Misra and Gries do
// (1982): with no room for another one all lose as much, so that of a flood of
// addresses the loud ones stay, and their counts are what they sent at the
// least.
func (r *rest) who(from netip.Addr, mac phone.MAC, known bool, n int) {
	if _, ok := r.devices[mac]; known && (ok || len(r.devices) < restDevices) {
		r.devices[mac] += n
	}
	name := from.String()
	if _, ok := r.senders[name]; ok || len(r.senders) < restSenders {
		r.senders[name] += n
		return
	}
	less := n
	for _, has := range r.senders {
		less = min(less, has)
	}
	for other, has := range r.senders {
		if r.senders[other] = has - less; has == less {
			delete(r.senders, other)
		}
	}
	if n > less {
		r.senders[name] = n - less
	}
}

// take gives the sum, if it is time for one, and begins another.
func (r *rest) take(now time.Time, last bool) []audit.Record {
	age := now.Sub(r.since)
	if r.senders == nil || !last && age >= 0 && age < audit.RefusalSums.Every {
		return nil
	}
	event := audit.RefusedMore{
		Since: r.since.UTC(), Times: r.times, Emergencies: r.calls,
		Senders: most(r.senders, restNamed, cmp.Compare[string]),
		Devices: most(r.devices, restTargets, func(a, b phone.MAC) int { return slices.Compare(a[:], b[:]) }),
		Unnamed: max(0, len(r.devices)-restTargets),
	}
	*r = rest{}
	return []audit.Record{{By: audit.Actor{Front: "all"}, Event: event}}
}

// most are the n with the highest counts.
func most[K comparable](counts map[K]int, n int, compare func(a, b K) int) map[K]int {
	keys := slices.SortedFunc(maps.Keys(counts), func(a, b K) int { return cmp.Or(counts[b]-counts[a], compare(a, b)) })
	out := make(map[K]int)
	for _, k := range keys[:min(n, len(keys))] {
		out[k] = counts[k]
	}
	return out
}
