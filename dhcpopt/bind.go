package dhcpopt

import (
	"net/netip"
	"time"

	"github.com/insomniacslk/dhcp/dhcpv4"

	"github.com/lineside/lineside/phone"
	"github.com/lineside/lineside/provision"
)

// Leases are stored for a little longer than they are promised. Whoever asks
// again meanwhile is answered at once: what it is told is on disk already.
const (
	spareShare = 100              // one part in this many
	spareLeast = 2 * time.Second  // more than rounding takes
	factsEvery = 10 * time.Second // between writes because only the client's claims changed
)

// spareTime is how much longer than promised a lease is stored.
func spareTime(length time.Duration) time.Duration { return max(length/spareShare, spareLeast) }

// bind gives the address: at once where the lease on disk covers it, else in
// memory, and record and ACK are queued for the commit.
func (s *Server) bind(a *ask, i int32, w provision.Welcome, now time.Time) {
	s.mu.Lock()
	if w.Known {
		s.pool.meet(i, a.client)
	}
	length := s.lengthLocked(a, i, w, now)
	l, renewed := s.record(a, i, w, now, length)
	if a.ciaddr.IsUnspecified() {
		s.pool.slots[i].told = now
	}
	if s.pool.covers(i, &l, length, now) {
		s.mu.Unlock()
		s.confirm(a, l.Addr, length, w)
		return
	}
	if s.queue.crowded(l.Addr) {
		s.mu.Unlock()
		s.drop("queue", a.from)
		return
	}
	c := s.bindLocked(a, i, w, l, now)
	s.mu.Unlock()
	r := s.reply(a, dhcpv4.MessageTypeAck, l.Addr, length, w)
	c.reply = &r
	c.seen = s.leased(a, w.Ident, l.Addr, length, renewed, r.lead)
	s.enqueue(c, now)
}

// bindLocked changes the pool and gives what the store must be told.
func (s *Server) bindLocked(a *ask, i int32, w provision.Welcome, l phone.Lease, now time.Time) change {
	p := s.pool
	r := p.rank(a.client, w)
	was := p.bind(i, l, r, now, now.Add(l.Expires.Sub(l.Start)))
	c := change{kind: a.kind, slot: i, was: was, rev: p.slots[i].rev, leases: []*phone.Lease{p.slots[i].lease}}
	if c.old = p.ended(was, l.Start); c.old != nil {
		c.leases = append(c.leases, c.old)
	}
	return c
}

// confirm answers a client whose lease on disk says all there is to say.
func (s *Server) confirm(a *ask, addr netip.Addr, length time.Duration, w provision.Welcome) {
	r := s.reply(a, dhcpv4.MessageTypeAck, addr, length, w)
	s.answers.add(r)
	s.count(a, "acknowledged")
	s.sighted(a, s.leased(a, w.Ident, addr, length, true, r.lead))
}

// meet notes that the device of c is set up, wherever it was counted before.
func (p *pool) meet(i int32, c client) {
	p.known[c.mac] = struct{}{}
	if h, ok := p.slots[i].holder(); ok && h.mac == c.mac {
		p.greet(i)
	}
}

// covers reports that the lease on disk is l's, in force for length from now,
// and that l has nothing new to say that cannot wait. Nothing is on its way to
// the disk either: what memory and disk have is one and the same record.
func (p *pool) covers(i int32, l *phone.Lease, length time.Duration, now time.Time) bool {
	s := &p.slots[i]
	c := clientOf(l)
	if j, ok := p.live(c); !ok || j != i || s.lease != s.saved || clientOf(s.saved) != c {
		return false
	}
	if min(s.until.Sub(now), s.saved.Expires.Sub(now)) < length {
		return false
	}
	same := l.Host == s.saved.Host && l.Class == s.saved.Class && l.Vendor == s.saved.Vendor && l.Model == s.saved.Model
	return same || now.Sub(s.saved.Start) < factsEvery
}

// record is the lease to be kept; what a renewal leaves out (many phones send
// option 60 only at start) is taken over from the last one. A renewal never
// makes a running lease shorter: anybody can ask for less in a phone's name.
func (s *Server) record(a *ask, i int32, w provision.Welcome, now time.Time, length time.Duration) (l phone.Lease, renewed bool) {
	start := now.UTC().Round(time.Second)
	l = phone.Lease{
		Addr: s.pool.slots[i].addr, MAC: a.client.mac, ClientID: []byte(a.client.id), State: phone.Bound,
		Start: start, Expires: start.Add(length + spareTime(length)), Host: a.host, Class: clean(a.class, maxText),
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
	if s.pool.slots[i].state != bound {
		return l, false
	}
	if left := s.pool.slots[i].until.Sub(now); left > l.Expires.Sub(l.Start) {
		l.Expires = start.Add(left)
	}
	return l, true
}
