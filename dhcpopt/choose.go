package dhcpopt

import (
	"hash/maphash"
	"net/netip"
	"time"

	"github.com/lineside/lineside/phone"
)

// usable reports that c could have slot i. A reserved address passes between
// the client identifiers of its own hardware address only, and away from one
// that has it to none that is made up: anybody can make one up in a phone's name.
// Who has it when it is reserved for another is led away when it next asks.
func (p *pool) usable(i int32, c client) bool {
	s := &p.slots[i]
	own := !s.reserved.IsZero() && s.reserved == c.mac
	if !s.reserved.IsZero() && !own {
		return false
	}
	if s.state == free {
		return true
	}
	h, ok := s.holder()
	return ok && (h == c || own && h.mac == c.mac && (s.state != bound || c.plain()))
}

// own is the slot that c can have without taking one more from the pool: its
// reservation, what it was offered, the lease it has.
func (p *pool) own(c client) (int32, bool) {
	if i, ok := p.reserved[c.mac]; ok && p.usable(i, c) {
		return i, true
	}
	if i, ok := p.offers[c]; ok {
		return i, true
	}
	i, ok := p.live(c)
	return i, ok && p.usable(i, c)
}

// live is the slot that c has a running lease of.
func (p *pool) live(c client) (int32, bool) {
	i, ok := p.holds[c]
	return i, ok && p.slots[i].state == bound
}

// choose picks the slot to offer c: its own, its previous one, the one it
// wants, the one unused for longest; why says why there is none. A loose offer is
// not to be kept for c: the pool is half full, and more offers would be kept for
// those who never come for theirs than there are addresses.
func (p *pool) choose(c client, want netip.Addr, r rank) (i int32, loose bool, why string) {
	if i, ok := p.own(c); ok {
		return i, false, ""
	}
	if why := p.several(c); why != "" {
		return none, false, why
	}
	if i = p.pick(c, want, r); i == none {
		return none, false, p.lack(r)
	}
	if p.slots[i].state != free || !p.unhurried(c, i, r) {
		return i, false, ""
	}
	return p.scatter(c, i), true, ""
}

// scatterTries is how many slots are looked at for a free one.
const scatterTries = 64

// scatter is a free slot to be offered to c loosely: i, unless it is merely the
// next in turn, which all would come for. Each client's is another as a rule, and
// nobody outside can tell which.
func (p *pool) scatter(c client, i int32) int32 {
	if i != p.idle.head {
		return i
	}
	at := maphash.Comparable(p.seed, c)
	for n := range uint64(min(scatterTries, len(p.slots))) {
		j := int32((at + n) % uint64(len(p.slots)))
		if s := &p.slots[j]; s.state == free && s.reserved.IsZero() {
			return j
		}
	}
	return p.idle.head
}

// pick is the slot for c, of rank r, that has none. All but strangers can in
// the end have the oldest offer of somebody no better who never came back for
// it, so that a flood of DISCOVERs exhausts nothing.
func (p *pool) pick(c client, want netip.Addr, r rank) int32 {
	if !p.spare(r) {
		return p.oldest(r)
	}
	if i, ok := p.holds[c]; ok && p.usable(i, c) {
		return i
	}
	if i, ok := p.find(want); ok && p.usable(i, c) {
		return i
	}
	return p.idle.head
}

// spare reports that an idle address is left for rank r.
func (p *pool) spare(r rank) bool { return p.idle.n > p.reserve(r) }

// oldest is the slot of the oldest offer to a client of no higher rank.
func (p *pool) oldest(r rank) int32 {
	if r == stranger {
		return none
	}
	for _, open := range p.open[:r+1] {
		for i := open.head; i != none; i = p.slots[i].next {
			if p.slots[i].reserved.IsZero() {
				return i
			}
		}
	}
	return none
}

// offer promises slot i to c, of rank r, until until. A lease that c has there
// already stays as it is.
func (p *pool) offer(i int32, c client, r rank, until time.Time) {
	if j, ok := p.offers[c]; ok && j != i {
		p.free(j)
	}
	s := &p.slots[i]
	if h, ok := s.holder(); ok && s.state == bound && h.mac == c.mac {
		return
	}
	p.leave(i)
	s.offer, s.rank = c, r
	p.enter(i, offered, until)
}

// bind gives slot i to the client of l, of rank r, until until. The slot it had
// before, or none, is the client's until the new lease is stored; then moved
// gives it back.
func (p *pool) bind(i int32, l phone.Lease, r rank, now, until time.Time) (was int32) {
	c, was := clientOf(&l), none
	if h, live := p.live(c); !live || h != i {
		p.slots[i].since = now
	}
	if j, ok := p.offers[c]; ok && j != i {
		p.free(j)
	}
	if j, ok := p.holds[c]; ok && j != i {
		was = j
	}
	p.leave(i)
	p.slots[i].rank = r
	p.remember(i, &l)
	p.enter(i, bound, until)
	return was
}

// ended is the record that says that the lease in slot i is over; nil where
// none runs there.
func (p *pool) ended(i int32, now time.Time) *phone.Lease {
	if i == none || p.slots[i].state != bound {
		return nil
	}
	l := *p.slots[i].lease
	l.State, l.Expires = phone.Released, now
	return &l
}

// moved frees the slot of a client that has another by now, as record says,
// unless the slot has gone on to somebody else.
func (p *pool) moved(record *phone.Lease) {
	c := clientOf(record)
	i, ok := p.find(record.Addr)
	if !ok || p.slots[i].state != bound || clientOf(p.slots[i].lease) != c || p.holds[c] == i {
		return
	}
	p.leave(i)
	p.slots[i].lease = record
	p.slots[i].rev++
	p.enter(i, free, time.Time{})
}

// remember sets the lease of a slot that is in no books, nil for none.
func (p *pool) remember(i int32, l *phone.Lease) {
	s := &p.slots[i]
	if s.lease != nil {
		if c := clientOf(s.lease); p.holds[c] == i {
			delete(p.holds, c)
		}
	}
	s.lease = l
	s.rev++
	if l != nil && l.State != phone.Declined {
		p.holds[clientOf(l)] = i
	}
}

// giveBack frees a slot whose client is done with it, and returns the record
// to store; nil where the lease had ended before.
func (p *pool) giveBack(i int32, now time.Time) *phone.Lease {
	l := p.ended(i, now)
	if l == nil {
		return nil
	}
	p.leave(i)
	p.remember(i, l)
	p.enter(i, free, time.Time{})
	return l
}

// rest gives a slot to nobody until until. Where too many rest already, the
// one that has rested longest is freed: strangers could put all to rest.
func (p *pool) rest(i int32, l *phone.Lease, until time.Time) {
	p.leave(i)
	p.remember(i, l)
	p.enter(i, resting, until)
	if p.rests.n > max(1, len(p.slots)/restShare) {
		p.free(p.rests.head)
	}
}

// stored notes that the store holds l.
func (p *pool) stored(l *phone.Lease) {
	if i, ok := p.find(l.Addr); ok {
		p.slots[i].saved = l
	}
}

// undo takes back a binding that could not be stored: the slot returns to what
// the store holds, and where that is no running lease it stays promised to the
// client, which will ask again. The client has again what it had before.
func (p *pool) undo(i, was int32, rev uint64, now time.Time) {
	s := &p.slots[i]
	if s.rev != rev || s.state != bound {
		return
	}
	c, back := clientOf(s.lease), s.saved
	if back != nil {
		if j, ok := p.holds[clientOf(back)]; ok && j != i {
			back = nil // that client has another address by now
		}
	}
	p.leave(i)
	p.remember(i, back)
	if was != none && p.slots[was].lease != nil && clientOf(p.slots[was].lease) == c {
		if j, ok := p.holds[c]; !ok || j == i {
			p.holds[c] = was
		}
	}
	if back != nil && back.State == phone.Bound && remaining(back, now) > 0 {
		p.enter(i, bound, now.Add(remaining(back, now)))
		return
	}
	if j, ok := p.offers[c]; ok {
		p.free(j)
	}
	if !s.reserved.IsZero() && s.reserved != c.mac {
		p.enter(i, free, time.Time{}) // kept for another meanwhile
		return
	}
	s.offer = c
	p.enter(i, offered, now.Add(offerHold))
}
