package sipd

import (
	"errors"
	"net"
	"net/netip"
	"sync"
	"time"

	"github.com/lineside/lineside/metrics"
	"github.com/lineside/lineside/provision"
)

// Bounds of one connection.
const (
	readRate  = 100 // messages a second; a phone sends a few a minute
	readBurst = 200
	rawSize   = 4 << 10 // bytes of one read
)

var errTooFast = errors.New("too many messages by connections")

// room holds the connections of all stream listeners. Where it is full the
// connection that was silent longest goes for a new one, a stranger's first.
type room struct {
	max, each int
	lan       func(netip.Addr) bool
	known     *sources
	metrics   *metrics.Set
	server    *Server

	mu     sync.Mutex
	inside map[*guest]struct{}
	by     map[netip.Addr]int
}

// guest is one connection.
type guest struct {
	net.Conn
	room *room
	from netip.AddrPort
	addr netip.Addr // of from

	server *Server
	frames framer
	raw    []byte
	idle   time.Time // the deadline the library set
	paused bool      // nothing came for as long as a call for help waits
	rough  bool      // it called for help and does not count its bytes

	mu    sync.Mutex
	reads bucket
	last  time.Time
	once  sync.Once
}

func newRoom(s *Server) *room {
	return &room{
		max: s.cfg.Conns, each: s.cfg.ConnsPerAddress, lan: s.inLAN, known: s.sources, metrics: s.dep.Metrics, server: s,
		inside: make(map[*guest]struct{}), by: make(map[netip.Addr]int),
	}
}

func (r *room) listener(l net.Listener) net.Listener { return &limited{l, r} }

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
		if g, ok := l.room.enter(c); ok {
			return g, nil
		}
		_ = c.Close()
	}
}

func (r *room) enter(c net.Conn) (*guest, bool) {
	from := addrPortOf(c.RemoteAddr())
	addr := from.Addr()
	now := time.Now()
	switch {
	case !r.lan(addr):
		r.dropped(foreign)
		return nil, false
	case !r.known.connects(r.server.dep.Now(), addr):
		r.dropped(rate)
		return nil, false
	}
	g := &guest{Conn: c, room: r, server: r.server, from: from, addr: addr, reads: full(now, readBurst), last: now}
	r.mu.Lock()
	var out *guest
	if r.by[addr] >= r.each {
		out = r.idlestLocked(addr)
	} else if len(r.inside) >= r.max {
		out = r.idlestLocked(netip.Addr{})
	}
	r.inside[g] = struct{}{}
	r.by[addr]++
	r.mu.Unlock()
	if out != nil {
		r.dropped("displaced")
		_ = out.Close()
	}
	return g, true
}

// idlestLocked is the connection silent longest: of one address, or of all, and
// then of addresses nobody knows before others.
func (r *room) idlestLocked(of netip.Addr) *guest {
	var out *guest
	outKnown := false
	for g := range r.inside {
		if of.IsValid() && g.addr != of {
			continue
		}
		known := r.known.expects(g.addr)
		if out == nil || outKnown && !known || known == outKnown && g.heard().Before(out.heard()) {
			out, outKnown = g, known
		}
	}
	return out
}

func (r *room) dropped(v verdict) {
	r.metrics.Dropped.WithLabelValues(string(provision.SIP), string(v)).Inc()
}

func (r *room) leave(g *guest) {
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.inside, g)
	if r.by[g.addr]--; r.by[g.addr] <= 0 {
		delete(r.by, g.addr)
	}
}

// close ends every connection.
func (r *room) close() {
	r.mu.Lock()
	all := make([]*guest, 0, len(r.inside))
	for g := range r.inside {
		all = append(all, g)
	}
	r.mu.Unlock()
	for _, g := range all {
		_ = g.Close()
	}
}

func (g *guest) heard() time.Time {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.last
}

// Read gives the next whole message that the library can read; b has to have
// room for it. A connection that sends too much, or what is no message, ends:
// a stream cannot lose a part and go on.
func (g *guest) Read(b []byte) (int, error) {
	for {
		msg, err := g.next()
		switch {
		case err != nil, len(msg) > len(b):
			g.room.dropped(malformed)
			return 0, errNoMessage
		case msg == nil:
			if err := g.more(); err != nil {
				return 0, err
			}
		case !g.counts():
			g.room.dropped(rate)
			return 0, errTooFast
		case ping(msg):
			if _, err := g.Conn.Write(msg[:2]); err != nil {
				return 0, err
			}
		case isBlank(msg):
		default:
			switch v := g.server.judgeStream(g.from, msg); v {
			case pass:
			case noise: // an answer nobody waits for
				g.room.dropped(v)
				continue
			default:
				g.room.dropped(v)
				return 0, errTooFast
			}
			whole, answer := g.take(msg)
			if answer != nil {
				if _, err := g.Conn.Write(answer); len(answer) > 0 && err != nil {
					return 0, err
				}
				continue
			}
			if whole == nil || len(whole) > len(b) {
				g.room.dropped(malformed)
				return 0, errNoMessage
			}
			return copy(b, whole), nil
		}
	}
}

// take is a message as the library is given it, nil for one it cannot read;
// answer is what is said to one that it is not given.
func (g *guest) take(msg []byte) (whole, answer []byte) {
	m, ok := g.server.readable(g.addr.String(), msg)
	if !ok || len(msg) > maxMessage {
		msg = g.server.mended(g.from, "TCP", msg)
		if m, ok = g.server.readable(g.addr.String(), msg); !ok {
			return nil, nil
		}
	}
	if over, answer := g.server.callsOver(addrPortOf(g.LocalAddr()), g.from, "TCP", m); over {
		g.room.dropped(rate)
		return nil, append([]byte{}, answer...) // none is none, but not unread
	}
	if answer := g.server.meddled(g.from, "TCP", m); answer != nil {
		return nil, answer
	}
	return g.server.pinned(msg, m, g.from), nil
}

// counts counts a message.
func (g *guest) counts() bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.last = time.Now()
	return g.reads.take(g.last, readRate, readBurst)
}

// Close gives the place back.
func (g *guest) Close() error {
	g.once.Do(func() { g.room.leave(g) })
	return g.Conn.Close()
}
