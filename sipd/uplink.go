package sipd

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"sync"

	"github.com/emiago/sipgo/sip"

	"github.com/lineside/lineside/phone"
)

var (
	errNoAddress = errors.New("the SBC's name has no address")
	errNoSecure  = errors.New("no TLS connection")
)

// uplinkTo is the way to an SBC.
func (s *Server) uplinkTo(t target) route {
	s.mu.Lock()
	defer s.mu.Unlock()
	r := route{transport: t.Transport, to: t.to, local: s.locals[0]}
	if s.uplink.IsValid() {
		r.local = s.uplink
	}
	if r.local.Addr().IsUnspecified() {
		r.say = outward(r.to)
	}
	return r
}

// outward is the address the kernel would send from to reach to. Connecting a
// UDP socket asks its routing table and sends nothing.
func outward(to netip.AddrPort) netip.Addr {
	c, err := net.DialUDP("udp", nil, net.UDPAddrFromAddrPort(to))
	if err != nil {
		return netip.Addr{}
	}
	defer func() { _ = c.Close() }()
	return addrPortOf(c.LocalAddr()).Addr()
}

// secure sees to it that a request to an SBC by TLS finds a connection there.
// The library would ask DNS for the name the certificate is checked against,
// while the call waits, and go where it likes; the address is known here.
func (s *Server) secure(ctx context.Context, req *sip.Request) error {
	if req.Transport() != "TLS" {
		return nil
	}
	to := parseAddrPort(req.Destination())
	name, ok := s.sbcs.nameAt(to)
	if !ok || s.linked(phone.TLS, to) {
		return nil // a phone's own connection, or there is one
	}
	return s.secured.once(ctx, to, func() error {
		if s.linked(phone.TLS, to) {
			return nil
		}
		c, err := s.dialSecure(ctx, name, to)
		if err != nil {
			return fmt.Errorf("%w: connect to %s at %s: %w", errNoSecure, name, to, err)
		}
		return s.secured.give(ctx, c)
	})
}

// linked reports that the library holds a connection to an address.
func (s *Server) linked(by phone.Transport, to netip.AddrPort) bool {
	if by == phone.UDP {
		return false
	}
	c := s.ua.TransportLayer().Pool(string(by)).Get(to.String())
	if c == nil {
		return false
	}
	_, _ = c.TryClose() // gives back what Get took
	return true
}

// dialSecure makes a connection to an SBC that has to show a certificate of its
// name.
func (s *Server) dialSecure(ctx context.Context, name string, to netip.AddrPort) (net.Conn, error) {
	d := s.dialer(nil)
	raw, err := d.DialContext(ctx, "tcp", to.String())
	if err != nil {
		return nil, err
	}
	cfg := &tls.Config{MinVersion: tls.VersionTLS12}
	if s.cfg.TLS != nil {
		cfg = s.cfg.TLS.Clone()
	}
	if cfg.ServerName == "" {
		cfg.ServerName = name
	}
	c := tls.Client(raw, s.dateless(cfg))
	if err := c.HandshakeContext(ctx); err != nil {
		_ = raw.Close()
		return nil, err
	}
	s.sbcs.showed(s.dep.Now(), to, c.ConnectionState().PeerCertificates[0])
	return c, nil
}

// secured hands connections that were made here to the library, which takes
// them as a listener's: it offers no other way in.
type secured struct {
	fresh chan given
	done  chan struct{}
	close func()
	last  chan struct{} // of the accepting goroutine alone

	mu     sync.Mutex
	dialed map[netip.AddrPort]chan struct{} // at this moment
}

// given is a connection, and what is closed once the library knows it.
type given struct {
	net.Conn
	known chan struct{}
}

func newSecured() *secured {
	done := make(chan struct{})
	return &secured{
		fresh: make(chan given), done: done, close: sync.OnceFunc(func() { close(done) }),
		dialed: make(map[netip.AddrPort]chan struct{}),
	}
}

// once runs do for an address unless another caller does so at this moment; then
// it waits for that one's end.
func (c *secured) once(ctx context.Context, to netip.AddrPort, do func() error) error {
	for {
		c.mu.Lock()
		running, is := c.dialed[to]
		if !is {
			running = make(chan struct{})
			c.dialed[to] = running
		}
		c.mu.Unlock()
		if !is {
			defer func() {
				c.mu.Lock()
				defer c.mu.Unlock()
				delete(c.dialed, to)
				close(running)
			}()
			return do()
		}
		select {
		case <-running:
		case <-ctx.Done():
			return errNoSecure
		}
	}
}

// give hands over a connection, and returns once the library can send by it.
func (c *secured) give(ctx context.Context, conn net.Conn) error {
	g := given{conn, make(chan struct{})}
	select {
	case c.fresh <- g:
	case <-c.done:
		_ = conn.Close()
		return net.ErrClosed
	case <-ctx.Done():
		_ = conn.Close()
		return errNoSecure
	}
	select {
	case <-g.known:
		return nil
	case <-c.done:
		return net.ErrClosed
	}
}

// Accept gives the next connection. That it is called again says that the one
// before is known.
func (c *secured) Accept() (net.Conn, error) {
	if c.last != nil {
		close(c.last)
		c.last = nil
	}
	select {
	case g := <-c.fresh:
		c.last = g.known
		return g.Conn, nil
	case <-c.done:
		return nil, net.ErrClosed
	}
}

// Close ends Accept.
func (c *secured) Close() error {
	c.close()
	return nil
}

// Addr is no address anybody can connect to.
func (c *secured) Addr() net.Addr { return &net.TCPAddr{IP: net.IPv4zero} }

var _ net.Listener = (*secured)(nil)
