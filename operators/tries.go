package operators

import (
	"net/netip"
	"sync"
	"time"
)

// Bounds of wrong tokens: per address and time, and addresses remembered.
const (
	MaxTries  = 10
	triesFor  = time.Minute
	maxTriers = 1024
)

// Tries counts wrong tokens by address. The table is bounded: addresses it has
// no room for share one count, so a flood of addresses gets no more tries, and
// the right token is never asked about here at all.
type Tries struct {
	most   int
	window time.Duration
	room   int

	mu     sync.Mutex
	counts map[netip.Prefix]tally
}

type tally struct {
	since time.Time
	n     int
}

// Verdict is what becomes of a wrong token.
type Verdict struct {
	// Wait is how long to wait, zero for not yet.
	Wait time.Duration
	// First says that this is the try that used up the allowance.
	First bool
}

// NewTries counts by the usual bounds.
func NewTries() *Tries { return newTries(MaxTries, triesFor, maxTriers) }

func newTries(most int, window time.Duration, room int) *Tries {
	return &Tries{most: most, window: window, room: room, counts: make(map[netip.Prefix]tally)}
}

// Wrong counts one wrong token.
func (t *Tries) Wrong(now time.Time, from netip.Addr) Verdict {
	t.mu.Lock()
	defer t.mu.Unlock()
	key := t.keyLocked(now, from)
	c := t.counts[key]
	if t.over(now, c) {
		c = tally{since: now}
	}
	c.n++
	t.counts[key] = c
	if c.n <= t.most {
		return Verdict{}
	}
	return Verdict{Wait: c.since.Add(t.window).Sub(now), First: c.n == t.most+1}
}

// over reports that a tally's window has passed; a clock set back counts too,
// or an address could be made to wait for as long as it was.
func (t *Tries) over(now time.Time, c tally) bool {
	age := now.Sub(c.since)
	return age >= t.window || age < 0
}

// Network is whom one caller is counted as: an IPv4 address, or the /64 an IPv6
// host can choose its addresses from; the zero prefix for none.
func Network(from netip.Addr) netip.Prefix {
	from = from.Unmap().WithZone("")
	bits := 32
	if from.Is6() {
		bits = 64
	}
	p, _ := from.Prefix(bits) // of the zero address alone it fails
	return p
}

// keyLocked is the caller's network. The zero prefix is everybody there is no
// room for.
func (t *Tries) keyLocked(now time.Time, from netip.Addr) netip.Prefix {
	key := Network(from)
	if _, known := t.counts[key]; known || len(t.counts) < t.room {
		return key
	}
	for k, c := range t.counts {
		if t.over(now, c) {
			delete(t.counts, k)
		}
	}
	if len(t.counts) < t.room {
		return key
	}
	return netip.Prefix{}
}
