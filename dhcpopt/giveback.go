package dhcpopt

import (
	"time"

	"github.com/insomniacslk/dhcp/dhcpv4"

	"github.com/lineside/lineside/phone"
	"github.com/lineside/lineside/vendors"
)

// decline puts an address to rest that a client found in use (RFC 2131 section
// 4.3.3). Only who was given the address can decline it.
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
	if !ok {
		return nil
	}
	if h, held := s.pool.slots[i].holder(); !held || h != a.client {
		return nil
	}
	start := now.UTC().Round(time.Second)
	l := &phone.Lease{
		Addr: a.want, MAC: a.client.mac, ClientID: []byte(a.client.id), State: phone.Declined,
		Start: start, Expires: start.Add(declineRest), Host: a.host, Class: clean(a.class, maxText),
	}
	if last := s.pool.slots[i].lease; last != nil && clientOf(last) == a.client {
		l.Host, l.Class, l.Vendor, l.Model = last.Host, last.Class, last.Vendor, last.Model
	}
	s.pool.rest(i, l, now.Add(declineRest))
	return l
}

// release takes an address back (RFC 2131 section 4.3.4). It is remembered for
// its client.
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
	if a.server.IsValid() && a.server != s.self {
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
	r := s.reply(a, dhcpv4.MessageTypeAck, a.ciaddr, 0, w)
	s.send(r)
	s.count(a, "informed")
	s.sighted(a, w.Ident, a.ciaddr, "has an address, asked for options"+toldText(r.told))
}
