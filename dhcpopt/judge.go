package dhcpopt

import (
	"net/netip"
	"time"

	"github.com/lineside/lineside/provision"
)

// verdict is what becomes of a REQUEST. The zero verdict is silence.
type verdict int

const (
	silent verdict = iota
	grant
	refuse
	putOff // silence, and the operator hears why
)

// judge holds a client's idea of its address against the pool.
func (s *Server) judge(a *ask, addr netip.Addr, w provision.Welcome, now time.Time) (int32, verdict) {
	if !s.cfg.hostAddr(addr) {
		return none, refuse // it has moved here from another network
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	i, ours := s.pool.find(addr)
	r := s.pool.rank(a.client, w)
	switch {
	case !ours && s.pool.strayed[a.client] == addr:
		return none, refuse // settings have changed since, and it is to start over
	case a.server.IsValid() && a.ciaddr.IsUnspecified():
		return i, s.pool.selecting(i, ours, a.client, r, now)
	case a.ciaddr.IsUnspecified():
		return i, s.pool.rebooting(i, ours, a.client, r, now)
	default:
		return i, s.pool.renewing(i, ours, a.client, r, now)
	}
}

// selecting judges the answer to an offer of ours. An offer that was forgotten,
// by a restart or because it took long, is as good as new while the address is
// still to be had. A client with a running lease is not moved: DISCOVER leads
// it back to what it has, so who asks for another address forges its name.
func (p *pool) selecting(i int32, ours bool, c client, r rank, now time.Time) verdict {
	if !ours || !p.usable(i, c) {
		return refuse
	}
	if _, taken := p.slots[i].holder(); taken || !p.slots[i].reserved.IsZero() {
		return grant // and usable, so it is c's own
	}
	j, elsewhere := p.live(c)
	if elsewhere && p.usable(j, c) || p.several(c) != "" || !p.spare(r) {
		return refuse
	}
	if p.hurry(c, i, r, now) {
		return putOff
	}
	return grant
}

// rebooting judges a client that remembers its address. One the server has no
// record of is left in peace: it may be another server's.
func (p *pool) rebooting(i int32, ours bool, c client, r rank, now time.Time) verdict {
	if kept, ok := p.reserved[c.mac]; ok && p.usable(kept, c) {
		if ours && i == kept {
			return grant
		}
		return refuse // DISCOVER will lead it to its reservation
	}
	return p.renewing(i, ours, c, r, now)
}

// renewing judges a client that is using its address. Where its lease ended
// meanwhile it takes one of the idle ones, if any is left for it.
func (p *pool) renewing(i int32, ours bool, c client, r rank, now time.Time) verdict {
	held, ok := p.holds[c]
	kept, mine := p.reserved[c.mac]
	switch {
	case ours && p.slots[i].state == resting && clientOf(p.slots[i].lease) == c:
		return refuse // declined in its name, so it should not go on
	case !ok && ours && mine && i == kept && p.usable(i, c):
		return grant // another of its device's identifiers had it, or the record was lost
	case !ok && ours && mine && i == kept:
		return refuse // in silence it would use what another has until the lease is over
	case !ok:
		return silent
	case !ours || i != held || !p.usable(i, c):
		return refuse
	case mine && i != kept && p.slots[kept].state != bound && p.usable(kept, c):
		return refuse // DISCOVER will lead it to its reservation
	case p.slots[i].state == free && p.slots[i].reserved.IsZero() && !p.spare(r):
		return refuse
	case p.slots[i].state == free && p.slots[i].reserved.IsZero() && p.hurry(c, i, r, now):
		return putOff
	}
	return grant
}
