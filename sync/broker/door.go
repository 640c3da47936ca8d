package broker

import (
	"crypto/tls"
	"errors"
	"net"
	"net/netip"
	"sync"
	"time"
)

// door stands before the certificate: nobody is let through before there is
// somebody to ask about him, and of one address only so many at a time. A TLS
// handshake costs this machine more than it costs who asks for it, and
// nats-server's own bound is one for all, which one stranger could use up.
type door struct {
	open chan struct{}
	once sync.Once

	mu     sync.Mutex // guards the rest
	second time.Time
	seen   map[netip.Addr]int
}

// handshakesPerSecond is for one address: a branch has one box, but many
// branches may come from behind one address of a carrier.
const handshakesPerSecond = 100

// doorWait is how long a connection may wait for the doors to open.
const doorWait = 4 * time.Second

var (
	errShut   = errors.New("the platform is starting")
	errCrowds = errors.New("too many connections from one address")
)

func newDoor() *door { return &door{open: make(chan struct{}), seen: map[netip.Addr]int{}} }

// unlock opens it for good.
func (d *door) unlock() { d.once.Do(func() { close(d.open) }) }

// guard is a certificate behind the door. GetCertificate is called in every
// handshake that is not resumed, so none is.
func (d *door) guard(c *tls.Config) *tls.Config {
	c = c.Clone()
	certs, inner := c.Certificates, c.GetCertificate
	c.Certificates, c.SessionTicketsDisabled = nil, true
	c.MinVersion = max(c.MinVersion, tls.VersionTLS12)
	c.GetCertificate = func(h *tls.ClientHelloInfo) (*tls.Certificate, error) {
		if err := d.enter(h); err != nil {
			return nil, err
		}
		if inner != nil {
			return inner(h)
		}
		for i := range certs {
			if h.SupportsCertificate(&certs[i]) == nil {
				return &certs[i], nil
			}
		}
		return &certs[0], nil
	}
	return c
}

func (d *door) enter(h *tls.ClientHelloInfo) error {
	if a := addrOf(h.Conn.RemoteAddr()); !a.IsLoopback() && !d.mayEnter(a, time.Now()) {
		return errCrowds
	}
	select {
	case <-d.open:
		return nil
	case <-time.After(doorWait):
		return errShut
	}
}

// mayEnter counts an address. Loopback is the load balancer's door of this
// process, which has counted the true one.
func (d *door) mayEnter(a netip.Addr, now time.Time) bool {
	if a.Is6() {
		p, _ := a.Prefix(64) // what one customer has
		a = p.Addr()
	}
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
