package dhcpopt

import (
	"net/netip"
	"time"

	"github.com/insomniacslk/dhcp/dhcpv4"

	"github.com/lineside/lineside/phone"
	"github.com/lineside/lineside/provision"
)

// Bounds on second offers.
const (
	spurnedFor = 10 * time.Minute // a phone that took one for an address gets none
	maxSpurned = 4096             // phones remembered for that
)

// beside answers in ModeInform, beside the server that gives the addresses: to
// phones only, and never an address.
func (s *Server) beside(a *ask, now time.Time) {
	switch a.kind {
	case dhcpv4.MessageTypeInform:
		s.inform(a)
	case dhcpv4.MessageTypeDiscover:
		s.secondOffer(a, now)
	case dhcpv4.MessageTypeRequest:
		s.spurn(a, now)
	default:
		s.count(a, "ignored")
	}
}

// secondOffer tells a phone whose maker says that it waits for a second offer
// where its configs are. The offer has no address in it (0.0.0.0), so that who
// looks at addresses passes it over, and it comes late, so that who takes the
// first offer has another.
func (s *Server) secondOffer(a *ask, now time.Time) {
	w := s.welcome(a)
	if w.Ident.Vendor == "" || !w.SecondOffer || s.spurned.holds(a.client.mac, now) {
		s.count(a, "silent")
		return
	}
	r := s.reply(a, dhcpv4.MessageTypeOffer, netip.IPv4Unspecified(), 0, w)
	if !s.later.put(r) {
		s.drop("queue", a.from)
		return
	}
	s.count(a, "offered")
	s.sighted(a, s.sighting(a, w.Ident, netip.Addr{}, "asked for an address, was told of its configs beside the other server's offer"+leadText(r.lead)))
}

// spurn tells a phone that took the second offer for one with an address to
// start over, and makes it no more of them for a while: it must not be kept
// from the network by what was to help it.
func (s *Server) spurn(a *ask, now time.Time) {
	if a.server != s.self {
		s.count(a, "other-server")
		return
	}
	s.spurned.add(a.client.mac, now)
	s.answers.add(s.reply(a, dhcpv4.MessageTypeNak, netip.Addr{}, 0, provision.Welcome{}))
	s.count(a, "refused")
}

// spurned is which phones get no second offer, until when.
type spurned map[phone.MAC]time.Time

func (p *spurned) add(mac phone.MAC, now time.Time) {
	if *p == nil || len(*p) >= maxSpurned {
		*p = make(spurned)
	}
	(*p)[mac] = now.Add(spurnedFor)
}

func (p spurned) holds(mac phone.MAC, now time.Time) bool { return now.Before(p[mac]) }
