package broker

import (
	"context"
	"crypto/tls"
	"errors"
	"net"
	"net/netip"
	"sync"
	"sync/atomic"
	"time"
)

// door stands before the certificate: nobody is let through before there is
// somebody to ask about him, of one address only so many in a second, and all
// wait in line. A TLS handshake costs this machine more than it costs who asks
// for it, and nats-server's own bound is one for all, which one stranger could
// use up.
type door struct {
	open chan struct{}
	once sync.Once
	line *line
	// origin is where a connection from a port of this machine truly comes from.
	origin func(netip.AddrPort) netip.Addr
	turned atomic.Uint64 // away

	mu     sync.Mutex // guards the rest
	second time.Time
	seen   map[netip.Addr]int
	// begun are the connections that have begun a handshake, by where they come
	// from as this machine sees it.
	begun map[netip.AddrPort]grant
	// inside is how many of them have had their turn.
	inside int
}

// handshakesPerSecond is for one address: a branch has one box, but many
// branches may come from behind one address of a carrier.
const handshakesPerSecond = 100

// doorWait is how long a connection may wait for the doors to open and for its
// turn: long enough for ten thousand, since who stands in line costs his memory
// alone, and who is turned away costs a handshake begun anew. A box waits a
// little longer (sync/site, Config.DialWait); one that does not is let go when
// it goes, at the latest when its turn comes.
const doorWait = time.Minute

// tlsWait is how long a handshake may take once its turn has come, and until
// its first word.
const tlsWait = tlsSeconds * time.Second

var (
	errShut    = errors.New("the platform is starting")
	errCrowds  = errors.New("too many connections from one address")
	errCrowded = errors.New("the platform has too much to do")
)

// newDoor is one in whose line at most so many stand.
func newDoor(most int) *door {
	d := &door{open: make(chan struct{}), line: newLine(most), origin: netip.AddrPort.Addr, seen: map[netip.Addr]int{}, begun: map[netip.AddrPort]grant{}}
	d.line.full = d.full
	return d
}

// unlock opens it for good.
func (d *door) unlock() { d.once.Do(func() { close(d.open) }) }

// guard is a certificate behind the door.
//
// Sessions are not resumed: of the 0.60 ms of processor time a handshake takes
// on both sides together that saves 0.11, a hundredth of what a box costs that
// comes back, for a key that would have to outlive this process.
func (d *door) guard(c *tls.Config) *tls.Config {
	c = c.Clone()
	c.SessionTicketsDisabled = true
	c.MinVersion = max(c.MinVersion, tls.VersionTLS12)
	out := c.Clone()
	out.GetConfigForClient = func(h *tls.ClientHelloInfo) (*tls.Config, error) {
		leave, err := d.enter(h, placeHeld)
		if err != nil {
			return nil, err
		}
		// crypto/tls verifies once it has sent all it has to send, in TLS 1.3
		// before it hears of the box again: the work is done.
		one := c.Clone()
		one.VerifyConnection = func(s tls.ConnectionState) error {
			leave()
			if c.VerifyConnection != nil {
				return c.VerifyConnection(s)
			}
			return nil
		}
		return one, nil
	}
	// nats-server puts a GetConfigForClient of its own before that of the
	// websocket's door: there the last that is asked is the certificate.
	out.Certificates = nil
	out.GetCertificate = func(h *tls.ClientHelloInfo) (*tls.Certificate, error) {
		if _, err := d.enter(h, workTakes); err != nil {
			return nil, err
		}
		return certificateFor(c, h)
	}
	return out
}

// certificateFor chooses as crypto/tls would.
func certificateFor(c *tls.Config, h *tls.ClientHelloInfo) (*tls.Certificate, error) {
	if c.GetCertificate != nil {
		return c.GetCertificate(h)
	}
	for i := range c.Certificates {
		if h.SupportsCertificate(&c.Certificates[i]) == nil {
			return &c.Certificates[i], nil
		}
	}
	return &c.Certificates[0], nil
}

// enter lets a connection through in its turn. Its place is given back when it
// leaves, when the handshake ends, or when it has held it for so long.
//
// Whoever serves the connection has bounded the handshake from its start; from
// here on the bound is the line's, and then one for the rest.
func (d *door) enter(h *tls.ClientHelloInfo, most time.Duration) (leave func(), err error) {
	d.grant(h.Conn, doorWait)
	defer func() {
		d.grant(h.Conn, 0)
		if err != nil {
			d.turned.Add(1)
			d.done(portOf(h.Conn.RemoteAddr()))
		}
	}()
	a := customer(d.from(h.Conn.RemoteAddr()))
	// What comes from this machine is the load balancer's door of this process,
	// which has counted the true address.
	if !addrOf(h.Conn.RemoteAddr()).IsLoopback() && !d.mayEnter(a, time.Now()) {
		return nil, errCrowds
	}
	wait, cancel := context.WithTimeout(h.Context(), doorWait)
	defer cancel()
	select {
	case <-d.open:
	case <-wait.Done():
		return nil, errShut
	}
	if leave, err = d.line.enter(wait, a); err != nil {
		return nil, err
	}
	held, release := context.WithTimeout(h.Context(), most)
	context.AfterFunc(held, func() { leave(); release() })
	return leave, nil
}

// from is where a connection comes from, zero where that is not known.
func (d *door) from(a net.Addr) netip.Addr {
	peer := portOf(a)
	if !peer.IsValid() {
		return netip.Addr{}
	}
	return d.origin(peer)
}

// portOf is a peer's address and port, plain; zero where it has none.
func portOf(a net.Addr) netip.AddrPort {
	t, ok := a.(*net.TCPAddr)
	if !ok {
		return netip.AddrPort{}
	}
	return plainPort(t)
}

// customer is what one customer has: an address, or a /64 of IPv6.
func customer(a netip.Addr) netip.Addr {
	if a.Is6() {
		p, _ := a.Prefix(64)
		return p.Addr()
	}
	return a
}

// mayEnter counts an address.
func (d *door) mayEnter(a netip.Addr, now time.Time) bool {
	a = customer(a)
	d.mu.Lock()
	defer d.mu.Unlock()
	if now.Sub(d.second).Abs() >= time.Second {
		d.second = now
		clear(d.seen)
	}
	d.seen[a]++
	return d.seen[a] <= handshakesPerSecond
}

// addrOf is a peer's address, plain; zero where it has none.
func addrOf(a net.Addr) netip.Addr {
	t, ok := a.(*net.TCPAddr)
	if !ok {
		return netip.Addr{}
	}
	return plainAddr(t.AddrPort().Addr())
}
