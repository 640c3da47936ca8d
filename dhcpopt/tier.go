package dhcpopt

import (
	"time"

	"github.com/lineside/lineside/phone"
	"github.com/lineside/lineside/provision"
)

// What is kept of the pool, and how fast the rest goes.
const (
	headroom   = 10               // one part in this many is kept from strangers
	fewAtLeast = 4                // addresses that are, where the pool is not tiny
	tiny       = 4                // but never more than one part in this many
	drainHalf  = 5 * time.Minute  // that new clients need for the second half of the pool
	drainBurst = 16               // one part in this many they can have at once
	shortLease = 10 * time.Minute // a new client's first lease when the pool is nearly full
	shortAfter = shortLease / 4   // how long it has the address before it gets more
	perMAC     = 4                // addresses one hardware address can hold by changing option 61
)

// rank is how much speaks for a client. A packet can claim the second at will,
// the third only in the name of a device that is set up here.
type rank uint8

const (
	stranger rank = iota
	claimed       // says it is a phone, or had an address before
	setUp         // the box has a record of the device, or a reservation
	ranks    = iota
)

// reserve is how many idle addresses are kept from clients of rank r: a tenth
// of the pool from strangers, half of that from all that are not set up.
func (p *pool) reserve(r rank) int {
	switch r {
	case stranger:
		return p.kept
	case claimed:
		return p.kept / 2
	}
	return 0
}

// keep is how many of common addresses are kept from strangers.
func keep(common int) int { return max(common/headroom, min(fewAtLeast, common/tiny)) }

// plain reports that c says what a phone says of itself: no client identifier,
// or one that repeats its hardware address. Whoever forges those gets what the
// phone itself would get; other identifiers can be made up without end.
func (c client) plain() bool { return c.id == "" || c.id == "\x01"+string(c.mac[:]) }

// vouched reports that the operator knows of the device with this hardware
// address, or did when it had a lease.
func (p *pool) vouched(mac phone.MAC) bool {
	_, kept := p.reserved[mac]
	_, known := p.known[mac]
	return kept || known
}

// rank says how much speaks for c. A device that is set up counts as such under
// one made-up identifier at most.
func (p *pool) rank(c client, w provision.Welcome) rank {
	_, held := p.holds[c]
	trusted := w.Known || p.vouched(c.mac)
	switch {
	case trusted && (c.plain() || p.count[c.mac] == 0):
		return setUp
	case trusted || held || w.Ident.Vendor != "":
		return claimed
	}
	return stranger
}

// taken is how many of the pool's addresses are not idle.
func (p *pool) taken() int { return p.common - p.idle.n }

// pace bounds how fast new clients get addresses once the pool is half full,
// so that draining it takes long enough to be seen. Strangers and those that
// claim to be phones do not wait for each other, and half of what there is goes
// to those that were put off and come back, so that who never comes back does not
// take it all.
type pace struct {
	every time.Duration // of each of the two
	burst int
	fresh [ranks]time.Time
	back  [ranks]time.Time
}

func newPace(common int) pace {
	return pace{every: 2 * drainHalf / time.Duration(max(1, common/2)), burst: max(2, common/drainBurst)}
}

// unhurried reports that slot i is one more for c, and c one that is to have it
// without haste. Who had the slot before is in no queue again, but for who gave it
// back soon: made-up clients that take addresses and release them would be
// remembered for the whole pool, and have it at once.
func (p *pool) unhurried(c client, i int32, r rank) bool {
	j, held := p.holds[c]
	return r != setUp && !(held && i == j && p.slots[i].stayed()) && p.taken()*2 >= p.common
}

// stayed reports that the client a slot remembers had it for a while.
func (s *slot) stayed() bool { return s.state == bound || s.lease.Expires.Sub(s.since) >= shortAfter }

// hurry reports that c must wait for slot i, which it asks to be given.
func (p *pool) hurry(c client, i int32, r rank, now time.Time) bool {
	if !p.unhurried(c, i, r) {
		return false
	}
	full, ok := step(p.pace.fresh[r], now, p.pace.every, p.pace.burst)
	p.pace.fresh[r] = full
	if !ok && p.returns.note(c.mac, now) {
		full, ok = step(p.pace.back[r], now, p.pace.every, p.pace.burst)
		p.pace.back[r] = full
	}
	if !ok {
		p.returns.waits(now)
		return true
	}
	p.returns.serve(c.mac)
	return false
}

// several says why c, which has no address under this name, is given none.
func (p *pool) several(c client) (why string) {
	if !c.plain() && p.count[c.mac] >= perMAC {
		return "it holds several already under other names"
	}
	return ""
}

// lack says why nothing was found for rank r.
func (p *pool) lack(r rank) string {
	switch {
	case p.idle.n == 0 || r == setUp:
		return "the pool is exhausted"
	case r == stranger:
		return "the few left are kept for phones"
	}
	return "the last few are kept for phones that are set up"
}

// brief reports that c's lease in slot i, or the one it is about to get, is to
// be short: others have three quarters of the pool, and it is new here.
func (p *pool) brief(c client, i int32, w provision.Welcome, now time.Time) bool {
	s := &p.slots[i]
	others := p.taken()
	if s.state != free {
		others--
	}
	if w.Known || p.vouched(c.mac) || others*4 < p.common*3 {
		return false
	}
	return s.state != bound || clientOf(s.lease) != c || now.Sub(s.since) < shortAfter
}
