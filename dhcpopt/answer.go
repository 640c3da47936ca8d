package dhcpopt

import (
	"net/netip"
	"time"

	"github.com/insomniacslk/dhcp/dhcpv4"

	"github.com/lineside/lineside/phone"
	"github.com/lineside/lineside/provision"
)

// handle answers one usable message.
func (s *Server) handle(a *ask, now time.Time) {
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
	addr, why := s.promise(a, w, now)
	if why != "" {
		s.count(a, "exhausted")
		s.sighted(a, w.Ident, netip.Addr{}, "asked for an address; "+why)
		return
	}
	r := s.reply(a, dhcpv4.MessageTypeOffer, addr, s.length(a), w)
	s.send(r)
	s.count(a, "offered")
	s.sighted(a, w.Ident, addr, "asked for an address, offered "+addr.String())
}

// promise picks an address and keeps it for the client; why says why there is
// none.
func (s *Server) promise(a *ask, w provision.Welcome, now time.Time) (addr netip.Addr, why string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	trusted := w.Ident.Vendor != "" || s.pool.known(a.client)
	i, ok := s.pool.choose(a.client, a.want, trusted)
	switch {
	case ok:
		s.pool.offer(i, a.client, now.Add(offerHold))
		return s.pool.slots[i].addr, ""
	case s.pool.count[a.client.mac] >= perMAC:
		return addr, "it holds several already under other names"
	case !trusted:
		return addr, "the few left are kept for phones"
	}
	return addr, "the pool is exhausted"
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
	switch i, v := s.judge(a, addr, w); v {
	case grant:
		s.bind(a, i, w, now)
	case refuse:
		s.refuse(a, addr, w)
	default:
		s.count(a, "silent")
	}
}

// forsake frees what was offered to a client that took another server's offer.
func (s *Server) forsake(a *ask) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if i, ok := s.pool.offers[a.client]; ok {
		s.pool.free(i)
	}
}

// verdict is what becomes of a REQUEST. The zero verdict is silence.
type verdict int

const (
	silent verdict = iota
	grant
	refuse
)

// judge holds a client's idea of its address against the pool.
func (s *Server) judge(a *ask, addr netip.Addr, w provision.Welcome) (int32, verdict) {
	if !s.cfg.hostAddr(addr) {
		return none, refuse // it has moved here from another network
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	i, ours := s.pool.find(addr)
	switch {
	case a.server.IsValid() && a.ciaddr.IsUnspecified():
		return i, s.pool.selecting(i, ours, a.client, w.Ident.Vendor != "")
	case a.ciaddr.IsUnspecified():
		return i, s.pool.rebooting(i, ours, a.client)
	default:
		return i, s.pool.renewing(i, ours, a.client)
	}
}

// selecting judges the answer to an offer of ours. An offer that was forgotten,
// by a restart or because it took long, is as good as new while the address is
// still to be had.
func (p *pool) selecting(i int32, ours bool, c client, isPhone bool) verdict {
	if !ours || !p.usable(i, c) {
		return refuse
	}
	_, taken := p.slots[i].holder() // and usable, so it is c's own
	_, held := p.holds[c]           // it gives that back for this
	if taken || held || p.roomFor(c, isPhone || p.known(c)) {
		return grant
	}
	return refuse
}

// rebooting judges a client that remembers its address. One the server has no
// record of is left in peace: it may be another server's.
func (p *pool) rebooting(i int32, ours bool, c client) verdict {
	if kept, ok := p.reserved[c.mac]; ok && p.usable(kept, c) {
		if ours && i == kept {
			return grant
		}
		return refuse // DISCOVER will lead it to its reservation
	}
	return p.renewing(i, ours, c)
}

// renewing judges a client that is using its address.
func (p *pool) renewing(i int32, ours bool, c client) verdict {
	held, ok := p.holds[c]
	if !ok {
		return silent
	}
	if !ours || i != held || !p.usable(i, c) {
		return refuse
	}
	return grant
}

// bind gives the address in memory and queues record and ACK for the commit.
func (s *Server) bind(a *ask, i int32, w provision.Welcome, now time.Time) {
	length := s.length(a)
	s.mu.Lock()
	l, renewed := s.record(a, i, w, now, length)
	c := change{kind: a.kind, slot: i, was: s.pool.bind(i, l, now.Add(length)), rev: s.pool.slots[i].rev}
	c.leases = []*phone.Lease{s.pool.slots[i].lease}
	if c.old = s.pool.ended(c.was, l.Start); c.old != nil {
		c.leases = append(c.leases, c.old)
	}
	s.mu.Unlock()
	r := s.reply(a, dhcpv4.MessageTypeAck, l.Addr, length, w)
	c.reply = &r
	c.seen = s.sighting(a, w.Ident, l.Addr, leaseText(l.Addr, length, renewed, r.told))
	s.enqueue(c, now)
}

// record is the lease to be kept; what a renewal leaves out (many phones send
// option 60 only at start) is taken over from the last one.
func (s *Server) record(a *ask, i int32, w provision.Welcome, now time.Time, length time.Duration) (l phone.Lease, renewed bool) {
	start := now.UTC().Round(time.Second)
	l = phone.Lease{
		Addr: s.pool.slots[i].addr, MAC: a.client.mac, ClientID: []byte(a.client.id), State: phone.Bound,
		Start: start, Expires: start.Add(length), Host: a.host, Class: clean(a.class, maxText),
		Vendor: w.Ident.Vendor, Model: w.Ident.Model,
	}
	if a.client.id == "" {
		l.ClientID = nil
	}
	last := s.pool.slots[i].lease
	if last == nil || clientOf(last) != a.client {
		return l, false
	}
	if l.Host == "" {
		l.Host = last.Host
	}
	if l.Class == "" {
		l.Class = last.Class
	}
	if l.Vendor == "" || l.Vendor == last.Vendor && l.Model == "" {
		l.Vendor, l.Model = last.Vendor, last.Model
	}
	return l, s.pool.slots[i].state == bound
}

// refuse sends a NAK, so that the client starts over at once.
func (s *Server) refuse(a *ask, addr netip.Addr, w provision.Welcome) {
	why := "it is not this client's"
	if !s.cfg.hostAddr(addr) {
		why = "it is not of this network"
	}
	s.send(s.reply(a, dhcpv4.MessageTypeNak, netip.Addr{}, 0, provision.Welcome{}))
	s.count(a, "refused")
	s.sighted(a, w.Ident, netip.Addr{}, "asked for "+addr.String()+", refused: "+why)
}

// length is how long the lease is to be: what the client wishes for, but never
// more than settings say and not so little that renewals become a load.
func (s *Server) length(a *ask) time.Duration {
	if a.lease == 0 {
		return s.cfg.Lease
	}
	return min(max(a.lease, MinLease), s.cfg.Lease)
}
