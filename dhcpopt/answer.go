package dhcpopt

import (
	"net/netip"
	"time"

	"github.com/insomniacslk/dhcp/dhcpv4"

	"github.com/lineside/lineside/provision"
)

// handle answers one usable message.
func (s *Server) handle(a *ask, now time.Time) {
	if s.cfg.Mode == ModeInform {
		s.beside(a, now)
		return
	}
	s.mu.Lock()
	s.pool.expire(now)
	s.mu.Unlock()
	switch a.kind {
	case dhcpv4.MessageTypeDiscover:
		s.discover(a, now)
	case dhcpv4.MessageTypeRequest:
		s.request(a, now)
	case dhcpv4.MessageTypeDecline:
		s.decline(a, now)
	case dhcpv4.MessageTypeRelease:
		s.release(a, now)
	case dhcpv4.MessageTypeInform:
		s.inform(a)
	}
	s.watchPool(now)
}

func (s *Server) welcome(a *ask) provision.Welcome {
	return s.deps.Desk.Welcome(provision.Caller{
		MAC: a.client.mac, Class: a.class, Host: a.host, Interface: s.cfg.Interface, Self: s.self,
	})
}

// discover offers an address (RFC 2131 section 4.3.1).
func (s *Server) discover(a *ask, now time.Time) {
	w := s.welcome(a)
	if s.turnsAway(a, w) {
		s.count(a, "no-phone")
		return
	}
	addr, length, why := s.promise(a, w, now)
	if why != "" {
		s.count(a, "exhausted")
		g := s.sighting(a, w.Ident, netip.Addr{}, "asked for an address; "+why)
		g.Kind = provision.KindNoAddress
		s.sighted(a, g)
		return
	}
	r := s.reply(a, dhcpv4.MessageTypeOffer, addr, length, w)
	s.answers.add(r)
	s.count(a, "offered")
	s.sighted(a, s.sighting(a, w.Ident, addr, "asked for an address, offered "+addr.String()))
}

// promise picks an address and keeps it for the client; why says why there is
// none.
func (s *Server) promise(a *ask, w provision.Welcome, now time.Time) (addr netip.Addr, length time.Duration, why string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	r := s.pool.rank(a.client, w)
	i, loose, why := s.pool.choose(a.client, a.want, r)
	if why != "" {
		return addr, 0, why
	}
	length = s.lengthLocked(a, i, w, now)
	if !loose {
		s.pool.offer(i, a.client, r, now.Add(offerHold))
	}
	return s.pool.slots[i].addr, length, ""
}

// request confirms, refuses or passes over in silence (RFC 2131 section 4.3.2).
func (s *Server) request(a *ask, now time.Time) {
	addr := a.want
	switch {
	case a.server.IsValid() && a.server != s.self:
		s.forsake(a)
		s.count(a, "other-server")
		return
	case !a.ciaddr.IsUnspecified():
		addr = a.ciaddr
	case !addr.IsValid():
		s.drop(errOption.Error(), a.from)
		return
	}
	w := s.welcome(a)
	if s.turnsAway(a, w) {
		s.count(a, "no-phone")
		return
	}
	switch i, v := s.judge(a, addr, w, now); v {
	case grant:
		s.bind(a, i, w, now)
	case refuse:
		s.refuse(a, addr, w)
	case putOff:
		s.putOff(a, addr, w)
	default:
		s.count(a, "silent")
	}
}

// turnsAway reports that settings keep the pool to phones and a client is none:
// not by what it says of itself, nor set up, nor kept an address for.
func (s *Server) turnsAway(a *ask, w provision.Welcome) bool {
	if !s.cfg.PhonesOnly || w.Ident.Vendor != "" || w.Known {
		return false
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	return !s.pool.vouched(a.client.mac)
}

// forsake frees what was offered to a client that took another server's offer.
func (s *Server) forsake(a *ask) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if i, ok := s.pool.offers[a.client]; ok {
		s.pool.free(i)
	}
}

// refuse sends a NAK, so that the client starts over at once.
func (s *Server) refuse(a *ask, addr netip.Addr, w provision.Welcome) {
	why := "it is not this client's"
	if !s.cfg.hostAddr(addr) {
		why = "it is not of this network"
	}
	s.answers.add(s.reply(a, dhcpv4.MessageTypeNak, netip.Addr{}, 0, provision.Welcome{}))
	s.count(a, "refused")
	s.sighted(a, s.sighting(a, w.Ident, netip.Addr{}, "asked for "+addr.String()+", refused: "+why))
}

// putOff leaves a REQUEST without an answer, so that the client asks again. A NAK
// would make it start over at once, and again at once.
func (s *Server) putOff(a *ask, addr netip.Addr, w provision.Welcome) {
	s.count(a, "put-off")
	g := s.sighting(a, w.Ident, netip.Addr{}, "asked for "+addr.String()+", and has to wait: the pool is over half full, and devices that are not set up get new addresses slowly")
	g.Kind = provision.KindNoAddress
	s.sighted(a, g)
}

// lengthLocked is how long the lease of slot i is to be: what the client wishes
// for, but never more than settings say and not so little that renewals become
// a load.
func (s *Server) lengthLocked(a *ask, i int32, w provision.Welcome, now time.Time) time.Duration {
	most := s.cfg.Lease
	if s.pool.brief(a.client, i, w, now) {
		most = min(most, shortLease)
	}
	if a.lease == 0 {
		return most
	}
	return min(max(a.lease, MinLease), most)
}
