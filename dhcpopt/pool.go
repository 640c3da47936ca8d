package dhcpopt

import (
	"container/heap"
	"hash/maphash"
	"net/netip"
	"slices"
	"time"

	"github.com/lineside/lineside/phone"
)

// Bounds on what clients can hold.
const (
	offerHold   = 30 * time.Second // how long an offer is kept for its client
	declineRest = time.Hour        // how long a declined address is given to nobody
	restShare   = 16               // at most one part in this many rests
)

// pool is every address the server can give and who has it. It is the truth
// while the server runs; the store only has to catch up before an ACK leaves.
// All operations are constant or logarithmic in the size of the pool. It does
// no locking.
type pool struct {
	slots    []slot
	spans    []span
	byAddr   map[netip.Addr]int32 // reservations outside the spans
	reserved map[phone.MAC]int32
	holds    map[client]int32 // whose lease a slot has, running or remembered
	offers   map[client]int32
	strayed  map[client]netip.Addr  // running leases of addresses that no slot has, since settings changed
	count    map[phone.MAC]int      // slots offered or bound
	idle     list                   // free slots anybody can have, least recently used first
	open     [ranks]list            // offered slots by rank, oldest offer first
	rests    list                   // resting slots, longest rest first
	ends     ends                   // bound slots
	common   int                    // slots anybody can have
	used     int                    // of common, bound or resting
	unknown  int                    // of those, bound to devices that are not set up
	kept     int                    // of common, not for strangers
	known    map[phone.MAC]struct{} // had a lease while they were set up; there are no more than were
	pace     pace
	returns  returns
	seed     maphash.Seed // of which loose offers hang
}

// span is a run of addresses in consecutive slots.
type span struct {
	Range
	base int32
}

func newPool(c Config) *pool {
	p := &pool{
		byAddr:   make(map[netip.Addr]int32),
		reserved: make(map[phone.MAC]int32, len(c.Reservations)),
		holds:    make(map[client]int32),
		offers:   make(map[client]int32),
		strayed:  make(map[client]netip.Addr),
		count:    make(map[phone.MAC]int),
		idle:     newList(),
		open:     [ranks]list{newList(), newList(), newList()},
		rests:    newList(),
		known:    make(map[phone.MAC]struct{}),
		seed:     maphash.MakeSeed(),
	}
	size := len(c.Reservations)
	for _, r := range c.Pool {
		size += r.Size()
	}
	p.slots = make([]slot, 0, size) // grown, it would leave as much again behind
	for _, r := range c.Pool {
		p.spans = append(p.spans, span{Range: r, base: int32(len(p.slots))})
		for n := range r.Size() {
			p.slots = append(p.slots, slot{addr: fromNumber(number(r.First) + uint32(n)), due: none})
		}
	}
	for _, mac := range inOrder(c.Reservations) {
		a := c.Reservations[mac]
		i, ok := p.find(a)
		if !ok {
			i = int32(len(p.slots))
			p.slots = append(p.slots, slot{addr: a, due: none})
			p.byAddr[a] = i
		}
		p.slots[i].reserved = mac
		p.reserved[mac] = i
	}
	p.ends.slots = p.slots
	for i := range p.slots {
		if p.slots[i].reserved.IsZero() {
			p.common++
		}
		p.enter(int32(i), free, time.Time{})
	}
	p.kept, p.pace = keep(p.common), newPace(p.common)
	return p
}

// find gives the slot of an address.
func (p *pool) find(a netip.Addr) (int32, bool) {
	for _, s := range p.spans {
		if s.Contains(a) {
			return s.base + int32(number(a)-number(s.First)), true
		}
	}
	i, ok := p.byAddr[a]
	return i, ok
}

// leave takes a slot out of its state's books. The caller changes it and calls
// enter.
func (p *pool) leave(i int32) {
	s := &p.slots[i]
	if c, ok := s.holder(); ok {
		if p.count[c.mac]--; p.count[c.mac] == 0 {
			delete(p.count, c.mac)
		}
	}
	common := s.reserved.IsZero()
	switch s.state {
	case free:
		if common {
			p.idle.remove(p.slots, i)
		}
	case offered:
		p.open[s.rank].remove(p.slots, i)
		delete(p.offers, s.offer)
		s.offer = client{}
	case bound:
		heap.Remove(&p.ends, int(s.due))
		p.greet(i)
	case resting:
		p.rests.remove(p.slots, i)
	}
	if common && (s.state == bound || s.state == resting) {
		p.used--
	}
}

// enter puts a slot, whose offer or lease is set already, into st's books.
func (p *pool) enter(i int32, st state, until time.Time) {
	s := &p.slots[i]
	s.state, s.until = st, until
	if c, ok := s.holder(); ok {
		p.count[c.mac]++
	}
	common := s.reserved.IsZero()
	switch st {
	case free:
		if common {
			p.idle.push(p.slots, i)
		}
	case offered:
		p.open[s.rank].push(p.slots, i)
		p.offers[s.offer] = i
	case bound:
		heap.Push(&p.ends, i)
		if s.unknown = common && !p.vouched(s.lease.MAC); s.unknown {
			p.unknown++
		}
	case resting:
		p.rests.push(p.slots, i)
	}
	if common && (st == bound || st == resting) {
		p.used++
	}
}

// greet takes the client of a bound slot off the count of unknown ones.
func (p *pool) greet(i int32) {
	if p.slots[i].unknown {
		p.slots[i].unknown = false
		p.unknown--
	}
}

// expire frees what has ended by now. What it does is paid for by what was
// given before, so a packet costs constant time on average.
func (p *pool) expire(now time.Time) {
	for _, l := range []*list{&p.open[stranger], &p.open[claimed], &p.open[setUp], &p.rests} {
		for l.head != none && !now.Before(p.slots[l.head].until) {
			p.free(l.head)
		}
	}
	for len(p.ends.order) > 0 && !now.Before(p.slots[p.ends.order[0]].until) {
		p.free(p.ends.order[0])
	}
}

// free makes a slot nobody's. Its lease is kept, so that its client can have it
// again.
func (p *pool) free(i int32) {
	p.leave(i)
	p.enter(i, free, time.Time{})
}

// load fills an empty pool with what the store has, oldest first, so that the
// free list is in order of last use. known reports that a device is set up.
func (p *pool) load(leases []phone.Lease, now time.Time, known func(phone.MAC) bool) {
	leases = slices.Clone(leases)
	slices.SortStableFunc(leases, func(a, b phone.Lease) int { return a.Expires.Compare(b.Expires) })
	for _, l := range leases {
		i, ok := p.find(l.Addr)
		if !ok && l.State == phone.Bound && remaining(&l, now) > 0 {
			p.strayed[clientOf(&l)] = l.Addr
		}
		if !ok || p.slots[i].lease != nil {
			continue
		}
		if known(l.MAC) {
			p.known[l.MAC] = struct{}{}
		}
		p.leave(i)
		s := &p.slots[i]
		s.lease, s.saved, s.since = &l, &l, l.Start
		st, until := free, time.Time{}
		if left := remaining(&l, now); left > 0 && l.State == phone.Bound {
			st, until = bound, now.Add(left)
		} else if left > 0 && l.State == phone.Declined {
			st, until = resting, now.Add(left)
		}
		if l.State != phone.Declined {
			p.holds[clientOf(&l)] = i
		}
		p.enter(i, st, until)
	}
}

// remaining is how long a stored lease has to run. Where the clock is behind
// the lease's start (a box without a clock battery just started), the whole
// length counts: giving an address away too late harms nobody.
func remaining(l *phone.Lease, now time.Time) time.Duration {
	return min(l.Expires.Sub(now), l.Expires.Sub(l.Start))
}
