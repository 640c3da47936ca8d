package voice

import (
	"net/netip"
	"time"
)

// Where a caller's sound comes from another port than it announced (RFC 3264 says
// only where it is wanted), it is taken for the caller's once it is a stream: one
// SSRC from one port, without a longer gap, for so long, and nothing from where the
// caller announced. Until then nobody's keys are taken from there: whoever can send
// in the caller's address would type for it, and have its sound.
const (
	elsewhereFor = time.Second
	elsewhereGap = 250 * time.Millisecond
)

// elsewhere is a stream from a port that was not announced.
type elsewhere struct {
	from  netip.AddrPort
	ssrc  uint32
	since time.Time
	last  time.Time
}

// lasts counts a packet of such a stream, and reports that it lasted.
func (e *elsewhere) lasts(p packet, from netip.AddrPort, now time.Time) bool {
	if from != e.from || p.ssrc != e.ssrc || now.Sub(e.last) > elsewhereGap {
		*e = elsewhere{from: from, ssrc: p.ssrc, since: now}
	}
	e.last = now
	return now.Sub(e.since) >= elsewhereFor
}

// from reports that a packet from that address is the caller's. Where it announced
// one that we may send to, that is its own for good as soon as a packet comes from
// there, also after it was looked for elsewhere; where it did not, the first packet
// settles it.
func (c *Call) from(p packet, address netip.AddrPort, now time.Time) bool {
	announced := c.announced()
	switch {
	case c.settled && address == c.source:
		return true
	case c.settled && !c.apart:
		return false
	case address == announced || !announced.IsValid() && c.mayBe(address.Addr()):
		c.source, c.settled, c.apart = address, true, false
		connect(c.conn, address)
		return true
	case c.settled || !c.mayBe(address.Addr()) || !c.stream.lasts(p, address, now):
		return false
	}
	c.source, c.settled, c.apart = address, true, true // not connected to: the one announced may come yet
	return true
}

// announced is where the other side wants sound, where we may send it there.
func (c *Call) announced() netip.AddrPort {
	if a := c.theirs.Remote; a.IsValid() && c.trusts(a.Addr()) {
		return a
	}
	return netip.AddrPort{}
}

// mayBe reports that the caller's sound may come from an address.
func (c *Call) mayBe(a netip.Addr) bool {
	return a == c.leg.Source.Unmap() || a == c.theirs.Remote.Addr() && c.trusts(a)
}
