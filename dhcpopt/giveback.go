package dhcpopt

import (
	"net/netip"
	"time"

	"github.com/insomniacslk/dhcp/dhcpv4"

	"github.com/lineside/lineside/phone"
	"github.com/lineside/lineside/provision"
	"github.com/lineside/lineside/vendors"
)

// declineWithin is how long after it was given an address can be declined: the
// client probes it before use (RFC 5227 section 2.1). Later it is in use, and
// the DECLINE likely another's.
const declineWithin = time.Minute

// decline puts an address to rest that a client found in use (RFC 2131 section
// 4.3.3). Only who was given the address just now can decline it.
func (s *Server) decline(a *ask, now time.Time) {
	l := s.putToRest(a, now)
	if l == nil {
		s.count(a, "ignored")
		return
	}
	s.raiseConflict(now, l)
	s.count(a, "declined")
	ident := vendors.Ident{Vendor: l.Vendor, Model: l.Model}
	s.enqueue(change{
		leases: []*phone.Lease{l}, kind: a.kind,
		seen: s.sighting(a, ident, l.Addr, "says that "+l.Addr.String()+" is used by another machine; the address rests for "+declineRest.String()),
	}, now)
}

func (s *Server) putToRest(a *ask, now time.Time) *phone.Lease {
	if a.server != s.self || !a.want.IsValid() {
		return nil
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	i, ok := s.pool.find(a.want)
	if !ok || !a.sentBy(a.want) {
		return nil
	}
	slot := &s.pool.slots[i]
	if h, held := slot.holder(); !held || h != a.client || slot.state == bound && now.Sub(slot.told) > declineWithin {
		return nil
	}
	start := now.UTC().Round(time.Second)
	l := &phone.Lease{
		Addr: a.want, MAC: a.client.mac, ClientID: []byte(a.client.id), State: phone.Declined,
		Start: start, Expires: start.Add(declineRest), Host: a.host, Class: clean(a.class, maxText),
	}
	if last := slot.lease; last != nil && clientOf(last) == a.client {
		l.Host, l.Class, l.Vendor, l.Model = last.Host, last.Class, last.Vendor, last.Model
	}
	s.pool.rest(i, l, now.Add(declineRest))
	return l
}

// sentBy reports that a packet comes from a machine without address or from the
// one that has addr: another's own address gives a forger away.
func (a *ask) sentBy(addr netip.Addr) bool {
	from := a.from.Addr()
	return from == addr || from.IsUnspecified() || !a.giaddr.IsUnspecified()
}

// release takes an address back (RFC 2131 section 4.3.4). It is remembered for
// its client. It is sent from that address and by no relay (RFC 2131 section
// 4.4.6), so a packet from elsewhere is forged, or not worth the risk: a lease
// that is not given back ends by itself.
func (s *Server) release(a *ask, now time.Time) {
	s.mu.Lock()
	l := s.released(a, now)
	s.mu.Unlock()
	if l == nil {
		s.count(a, "ignored")
		return
	}
	s.count(a, "released")
	ident := vendors.Ident{Vendor: l.Vendor, Model: l.Model}
	s.enqueue(change{
		leases: []*phone.Lease{l}, kind: a.kind,
		seen: s.sighting(a, ident, l.Addr, "gave back "+l.Addr.String()),
	}, now)
}

func (s *Server) released(a *ask, now time.Time) *phone.Lease {
	if a.server.IsValid() && a.server != s.self || a.from.Addr() != a.ciaddr {
		return nil
	}
	i, ok := s.pool.find(a.ciaddr)
	if !ok || s.pool.slots[i].state != bound || clientOf(s.pool.slots[i].lease) != a.client {
		return nil
	}
	return s.pool.giveBack(i, now.UTC().Round(time.Second))
}

// inform tells options to a client that has its address from elsewhere (RFC
// 2131 section 4.3.5). The answer goes only to an address of our own network.
func (s *Server) inform(a *ask) {
	if a.ciaddr.IsUnspecified() && a.giaddr.IsUnspecified() {
		a.ciaddr = a.from.Addr() // some clients leave the field empty
	}
	if !s.cfg.hostAddr(a.ciaddr) || a.ciaddr == s.self && !s.self.IsLoopback() {
		s.drop(errOption.Error(), a.from)
		return
	}
	w := s.welcome(a)
	if s.cfg.Mode == ModeInform && w.Ident.Vendor == "" || s.turnsAway(a, w) {
		s.count(a, "no-phone")
		return
	}
	r := s.reply(a, dhcpv4.MessageTypeAck, a.ciaddr, 0, w)
	s.answers.add(r)
	s.count(a, "informed")
	g := s.sighting(a, w.Ident, a.ciaddr, "has an address, asked for options"+leadText(r.lead))
	g.Kind, g.Lead = provision.KindTold, r.lead
	s.sighted(a, g)
}
