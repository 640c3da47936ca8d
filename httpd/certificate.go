package httpd

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"net"
	"net/http"
	"net/netip"
	"sync"
	"time"
)

// Bounds of a client certificate chain the desk is told of. Makers use two or
// three certificates of about 1 KiB.
const (
	maxChain     = 5
	maxCertBytes = 8 << 10
)

// maxCANames bounds the CAs' names, in bytes: they are in every handshake.
const maxCANames = 32 << 10

// Callers whose certificate ended a handshake are not asked for it again for a
// day: phones come back after seconds, and at the latest for their daily fetch.
const (
	maxSpared = 1024
	spareFor  = 24 * time.Hour
)

// chainOf is the chain a caller presented, if it is worth showing to the desk.
// TLS has made sure that the caller has the leaf's key, now or when the session
// that is resumed began.
func chainOf(state *tls.ConnectionState) []*x509.Certificate {
	if state == nil || len(state.PeerCertificates) > maxChain {
		return nil
	}
	for _, c := range state.PeerCertificates {
		if len(c.Raw) > maxCertBytes {
			return nil
		}
	}
	return state.PeerCertificates
}

// asking is conf with a request for a client certificate, which nobody has to
// follow and which no CA is checked for here.
func (s *Server) asking(conf *tls.Config) *tls.Config {
	silent := conf.Clone()
	silent.ClientAuth, silent.ClientCAs = tls.NoClientCert, nil
	if s.cfg.NoClientCertificates {
		return silent
	}
	conf = silent.Clone()
	conf.ClientAuth = tls.RequestClientCert
	if len(s.cfg.ClientCAs) > 0 {
		conf.ClientCAs = x509.NewCertPool()
		for _, c := range s.cfg.ClientCAs {
			conf.ClientCAs.AddCert(c)
		}
	}
	conf.GetConfigForClient = func(hello *tls.ClientHelloInfo) (*tls.Config, error) {
		if s.spared.has(addrOf(hello.Conn.RemoteAddr())) {
			return silent, nil
		}
		if g, ok := hello.Conn.(*guest); ok {
			g.asked.Store(true)
		}
		return nil, nil
	}
	return conf
}

// watch spares a caller the question whose certificate ended the handshake:
// crypto/tls does not go on after one it cannot read, or whose key or signature
// it does not take, and the phone could never fetch anything.
func (s *Server) watch(c net.Conn, state http.ConnState) {
	t, ok := c.(*tls.Conn)
	if !ok || state != http.StateClosed {
		return
	}
	g, ok := t.NetConn().(*guest)
	if !ok || !g.asked.Load() || t.ConnectionState().HandshakeComplete {
		return
	}
	// The handshake is over, so this gives what it ended with.
	if err := t.Handshake(); err != nil && ours(err) {
		addr := addrOf(c.RemoteAddr())
		s.spared.add(addr)
		s.log.Debug("a client certificate ended the handshake; its sender is not asked for one again today", "remote", addr, "err", err)
	}
}

// ours reports that this side ended the handshake. A caller that went away, or
// does not trust the box yet, says nothing about its certificate.
func ours(err error) bool {
	var network net.Error
	return !errors.As(err, &network) && !errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF)
}

// spared is a bounded memory of addresses.
type spared struct {
	now func() time.Time

	mu    sync.Mutex
	until map[netip.Addr]time.Time
}

func (s *spared) has(addr netip.Addr) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	until, ok := s.until[addr]
	return ok && s.now().Before(until)
}

func (s *spared) add(addr netip.Addr) {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := s.now()
	for old := range s.until {
		if len(s.until) < maxSpared {
			break
		}
		delete(s.until, old)
	}
	s.until[addr] = now.Add(spareFor)
}
