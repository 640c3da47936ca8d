package admin

import (
	"crypto/tls"
	"net"
	"net/http"
	"net/netip"
	"sync"
	"time"

	"github.com/lineside/lineside/health"
	"github.com/lineside/lineside/phone"
)

// slowStranger is after how long a request of somebody the box does not know may
// be cut off to make room. A sign-in waits for its turn for no longer.
const slowStranger = 10 * time.Second

// crowdedCode is the condition of a full listener.
const crowdedCode = "admin-crowded"

// boundListener holds a bounded number of connections, in all and of each address.
// Where there is no room, one that waits for its caller goes for the newcomer:
// strangers who keep connections open, and say nothing, keep nobody out. The
// socket and the HTTPS listener are bounded apart.
type boundListener struct {
	net.Listener
	total, perAddr int
	party          func(netip.Addr) netip.Addr // whom an address is counted as
	regular        func(netip.Addr) bool
	dropped        func(reason string)
	crowded        func(bool)

	mu     sync.Mutex
	inside map[*guest]struct{}
	open   map[netip.Addr]int
	full   bool // crowded was told so
}

func (s *Server) bound(l net.Listener, name string, perAddr int) *boundListener {
	return &boundListener{
		Listener: l, total: s.cfg.MaxConns, perAddr: perAddr, party: s.party,
		regular: func(a netip.Addr) bool { return !a.IsValid() || s.regulars.has(a) },
		dropped: func(reason string) { s.dep.Metrics.Dropped.WithLabelValues(name, reason).Inc() },
		crowded: func(full bool) { s.tellCrowd(name, full) },
		inside:  make(map[*guest]struct{}), open: make(map[netip.Addr]int),
	}
}

// party is whom connections are counted by. On its own link a host is one address
// of many in a /64; from elsewhere the /64 is one.
func (s *Server) party(a netip.Addr) netip.Addr {
	if s.cfg.OnLink(a) {
		return a
	}
	return phone.Sender(a)
}

// tellCrowd raises and clears the condition of a full HTTPS listener.
func (s *Server) tellCrowd(front string, full bool) {
	if front != "api" {
		return
	}
	if !full {
		s.dep.Health.Clear(crowdedCode)
		return
	}
	s.dep.Health.Raise(s.cfg.Now(), health.Condition{
		Code: crowdedCode, Title: "all connections of the admin page are taken",
		Meaning: "phones notice nothing; the page may load slowly, and connections that were silent are closed for new ones",
		Do:      "find who holds them: sudo ss -tn sport = :8443 (or the port of listen.admin); on the box everything can be done with lineside meanwhile",
	})
}

// Accept waits for the next connection there is room for.
func (b *boundListener) Accept() (net.Conn, error) {
	for {
		c, err := b.Listener.Accept()
		if err != nil {
			return nil, err
		}
		addr := connAddr(c)
		g := &guest{Conn: c, of: b, addr: addr, party: b.party(addr)}
		out, ok := b.enter(g, time.Now())
		if out != nil {
			b.dropped("displaced")
			_ = out.Conn.Close()
		}
		if ok {
			return g, nil
		}
		b.dropped("busy")
		_ = c.Close()
	}
}

// enter lets g in, for another if it must; false means that none can go.
func (b *boundListener) enter(g *guest, now time.Time) (out *guest, ok bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	switch {
	case b.open[g.party] >= b.perAddr:
		out = b.outLocked(g, now, func(h *guest) bool { return h.party == g.party })
	case len(b.inside) >= b.total:
		out = b.outLocked(g, now, func(*guest) bool { return true })
		b.fullLocked(true)
	default:
		ok = true
	}
	if out != nil {
		b.removeLocked(out)
		ok = true
	}
	if ok {
		g.since = now
		b.inside[g] = struct{}{}
		b.open[g.party]++
	}
	return out, ok
}

// outLocked chooses who goes for g among those of whom is: see urgency. Of these,
// one of the address that has most, the one that is so for longest.
func (b *boundListener) outLocked(g *guest, now time.Time, is func(*guest) bool) (out *guest) {
	stays := known
	if b.regular(g.addr) {
		stays++
	}
	for h := range b.inside {
		if !is(h) {
			continue
		}
		switch u := b.urgencyLocked(h, now); {
		case u > stays:
		case out == nil || u < b.urgencyLocked(out, now):
			out = h
		case u > b.urgencyLocked(out, now), b.open[h.party] < b.open[out.party]:
		case b.open[h.party] > b.open[out.party] || h.since.Before(out.since):
			out = h
		}
	}
	return out
}

// The order in which connections go. Who is known and is being answered stays, and
// who is not goes at once only for somebody known.
const (
	silent   = iota // a stranger's, without a request
	slow            // a stranger's, whose request takes long
	known           // that of somebody known, without a request
	stranger        // a stranger's
	answered
)

func (b *boundListener) urgencyLocked(g *guest, now time.Time) int {
	switch regular := b.regular(g.addr); {
	case regular && g.active:
		return answered
	case regular:
		return known
	case !g.active:
		return silent
	case now.Sub(g.since) >= slowStranger:
		return slow
	default:
		return stranger
	}
}

// removeLocked forgets a connection; again does nothing.
func (b *boundListener) removeLocked(g *guest) {
	if _, there := b.inside[g]; !there {
		return
	}
	delete(b.inside, g)
	if b.open[g.party]--; b.open[g.party] == 0 {
		delete(b.open, g.party)
	}
	if len(b.inside) <= b.total/2 {
		b.fullLocked(false)
	}
}

func (b *boundListener) fullLocked(full bool) {
	if b.full != full {
		b.full = full
		b.crowded(full)
	}
}

// guest is a connection that is counted until it is closed.
type guest struct {
	net.Conn
	of          *boundListener
	addr, party netip.Addr

	// of.mu guards what follows.
	active bool      // a request's header is there in full, and its answer is not
	since  time.Time // it is so
}

// Close makes room for another.
func (g *guest) Close() error {
	g.of.mu.Lock()
	g.of.removeLocked(g)
	g.of.mu.Unlock()
	return g.Conn.Close()
}

// turned is told by net/http what becomes of a connection.
func turned(c net.Conn, state http.ConnState) {
	if t, ok := c.(*tls.Conn); ok {
		c = t.NetConn()
	}
	g, ok := c.(*guest)
	if !ok || state != http.StateActive && state != http.StateIdle {
		return
	}
	g.of.mu.Lock()
	defer g.of.mu.Unlock()
	g.active, g.since = state == http.StateActive, time.Now()
}
