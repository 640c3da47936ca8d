package httpd

import (
	"container/list"
	"context"
	"net"
	"net/http"
	"net/netip"
	"sync"
	"time"

	"github.com/lineside/lineside/metrics"
	"github.com/lineside/lineside/phone"
	"github.com/lineside/lineside/provision"
)

// counter is the part of a metric a door needs.
type counter interface{ Inc() }

// stuck is when an answer that its caller does not take counts as one it waits
// for: 32 KiB, the most written at once, take that long at the slowest rate.
const stuck = 32 << 10 / slowest * time.Second

// room holds the connections of one front: at most max in all, at most each of
// one address. Where it is full a connection that waits for its caller goes for a
// new one; one that is being answered never does.
type room struct {
	max, each       int
	full, displaced counter

	mu     sync.Mutex
	inside int
	by     map[netip.Addr]*party // only addresses with a connection
}

// party is the connections of one address.
type party struct {
	inside  int
	waiting list.List // of *guest, the longest waiting first
}

func newRoom(front provision.Front, cfg Config, set *metrics.Set) *room {
	return &room{
		max: cfg.MaxConns, each: cfg.ConnsPerAddress, by: make(map[netip.Addr]*party),
		full:      set.Dropped.WithLabelValues(string(front), "connections"),
		displaced: set.Dropped.WithLabelValues(string(front), "displaced"),
	}
}

// enter lets g in, and closes another connection if it must; false means that all
// are being answered.
func (r *room) enter(g *guest) bool {
	out, ok := r.admit(g)
	if out != nil {
		r.displaced.Inc()
		_ = out.Conn.Close()
	}
	return ok
}

func (r *room) admit(g *guest) (out *guest, ok bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	now := time.Now()
	p := r.by[g.addr]
	switch {
	case p != nil && p.inside >= r.each:
		out = p.longest(now)
	case r.inside >= r.max:
		out = r.longest(now)
	default:
		ok = true
	}
	if out != nil {
		r.removeLocked(out)
		ok = true
	}
	if !ok {
		return nil, false
	}
	if p = r.by[g.addr]; p == nil {
		p = &party{}
		r.by[g.addr] = p
	}
	p.inside++
	r.inside++
	g.inside = true
	g.waitLocked(p, now)
	return out, true
}

// longest gives the connection that has waited longest, of the address that has
// most connections among those with one that waits.
func (r *room) longest(now time.Time) *guest {
	var out *guest
	most := 0
	for _, p := range r.by {
		if p.inside < most {
			continue
		}
		g := p.longest(now)
		if g != nil && (p.inside > most || g.since.Before(out.since)) {
			out, most = g, p.inside
		}
	}
	return out
}

func (p *party) longest(now time.Time) *guest {
	for e := p.waiting.Front(); e != nil; e = e.Next() {
		if g := e.Value.(*guest); !g.writes || now.Sub(g.since) >= stuck {
			return g
		}
	}
	return nil
}

// removeLocked forgets a connection; again does nothing.
func (r *room) removeLocked(g *guest) {
	if !g.inside {
		return
	}
	p := r.by[g.addr]
	g.goOnLocked(p)
	g.inside = false
	r.inside--
	if p.inside--; p.inside == 0 {
		delete(r.by, g.addr)
	}
}

// count is how many connections are in.
func (r *room) count() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.inside
}

// emptyEvery is how often a room that is being left is looked at.
const emptyEvery = 5 * time.Millisecond

// empty waits until nobody is in, or ctx ends.
func (r *room) empty(ctx context.Context) {
	tick := time.NewTicker(emptyEvery)
	defer tick.Stop()
	for r.count() > 0 {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}

// limited is a listener with a room.
type limited struct {
	net.Listener
	room *room
}

// Accept gives the next connection there is room for.
func (l *limited) Accept() (net.Conn, error) {
	for {
		c, err := l.Listener.Accept()
		if err != nil {
			return nil, err
		}
		g := &guest{Conn: c, room: l.room, addr: phone.Sender(addrOf(c.RemoteAddr()))}
		if l.room.enter(g) {
			return g, nil
		}
		l.room.full.Inc()
		_ = c.Close()
	}
}

// turned is told by net/http what becomes of a connection. It is active from when
// a request's header is there in full until its answer is written.
func (s *Server) turned(c net.Conn, state http.ConnState) {
	if g := guestOf(c); g != nil {
		switch state {
		case http.StateActive:
			g.goOn()
		case http.StateIdle:
			g.wait(false)
		}
	}
	s.watch(c, state)
}
