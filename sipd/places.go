package sipd

import (
	"net/netip"
	"sync/atomic"
)

// emergencyPerAddress is how many emergency calls of one address run at a time:
// a phone, and those behind one router.
const emergencyPerAddress = 4

// registeredShare is the part of all places, one in so many, that is kept for
// addresses a phone is registered at.
const registeredShare = 4

// mostEnding is how many INVITEs nobody waits for any more may be open, for each
// place; callers without proof leave half of it to the others.
const mostEnding = 4

// stage is how far an emergency call has come.
type stage int

// Stages. Only a caller that is where it says can confirm an answer, for it has
// to repeat what was said to it there.
const (
	ringing stage = iota
	answered
	confirmed
)

// place is one emergency call's among the bounded number of them.
type place struct {
	from       netip.Addr
	registered bool   // a phone is, at that address
	proven     bool   // the caller showed that the address is its own
	end        func() // ends the call; it may not wait

	stage     stage  // calls.mu
	order     uint64 // calls.mu; of coming
	displaced atomic.Bool
}

// enter takes a place for an emergency call; calls of other kinds take none of
// them. INVITEs can be forged in anybody's address: where there is no room, a call
// goes that was never confirmed and is the least likely to be somebody's, and it
// goes for none but who has proven its address. Else four packets in a phone's
// name would end the call for help that rings.
func (c *calls) enter(p *place) bool {
	c.mu.Lock()
	out, ok := c.roomLocked(p)
	if ok {
		c.dropLocked(out)
		c.arrived++
		p.order = c.arrived
		c.places[p] = struct{}{}
		c.by[p.from]++
	}
	c.mu.Unlock()
	if ok && out != nil {
		out.displaced.Store(true)
		out.end()
	}
	return ok
}

// room says whether there is a place for a call now.
func (c *calls) room(p *place) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	_, ok := c.roomLocked(p)
	return ok
}

// roomLocked says whether there is room for a call, and who has to go for it.
// INVITEs that nobody waits for any more count as well: an SBC may leave each open
// for half a minute, and one that is dead does so of every call.
func (c *calls) roomLocked(p *place) (out *place, ok bool) {
	may := c.crowdLocked(p)
	switch {
	case c.ending >= mostEnding*c.max, !p.proven && c.ending >= mostEnding*c.max/2:
		return nil, false
	case may == nil:
		return nil, true
	case !p.proven:
		return nil, false
	}
	out = c.leastLocked(may)
	return out, out != nil
}

// crowdLocked is which calls a call is one too many with, nil for none.
func (c *calls) crowdLocked(p *place) (may func(*place) bool) {
	strangers := 0
	for q := range c.places {
		if !q.registered {
			strangers++
		}
	}
	switch {
	case c.by[p.from] >= emergencyPerAddress:
		return func(q *place) bool { return q.from == p.from }
	case !p.registered && strangers >= c.max-c.max/registeredShare:
		return func(q *place) bool { return !q.registered }
	case len(c.places) >= c.max:
		return func(q *place) bool { return p.registered || !q.registered }
	}
	return nil
}

// leastLocked is the call that may go first among those that may, nil for none:
// a stranger's before a registered phone's, one without proof before one with it,
// then one not answered before one that waits for its ACK. Of those without proof
// the newest goes, for the first is as likely the phone's as any and what was forged
// in its name comes after; of those with it the oldest, for who dials again has
// given that up.
func (c *calls) leastLocked(may func(*place) bool) *place {
	var least *place
	for q := range c.places {
		if q.stage != confirmed && may(q) && (least == nil || q.before(least)) {
			least = q
		}
	}
	return least
}

func (p *place) before(q *place) bool {
	switch {
	case p.registered != q.registered:
		return !p.registered
	case p.proven != q.proven:
		return !p.proven
	case p.stage != q.stage:
		return p.stage < q.stage
	case !p.proven:
		return p.order > q.order
	}
	return p.order < q.order
}

// reach notes how far a call has come; a nil place is a call that needs none.
func (c *calls) reach(p *place, s stage) {
	if p == nil {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	p.stage = max(p.stage, s)
}

// leave gives a place back. It may be called for one that was displaced.
func (c *calls) leave(p *place) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.dropLocked(p)
}

func (c *calls) dropLocked(p *place) {
	if _, in := c.places[p]; !in {
		return
	}
	delete(c.places, p)
	if c.by[p.from]--; c.by[p.from] <= 0 {
		delete(c.by, p.from)
	}
}

// winding counts an INVITE that nobody waits for any more, until done.
func (c *calls) winding() (done func()) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.ending++
	return func() {
		c.mu.Lock()
		defer c.mu.Unlock()
		c.ending--
	}
}
