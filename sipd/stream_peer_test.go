package sipd_test

import (
	"bufio"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"fmt"
	"io"
	"math/big"
	"net"
	"net/textproto"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"
)

// streams is a listener's connections as one socket that keeps messages apart,
// so that a peer can stand behind TCP and TLS.
type streams struct {
	net.Listener
	in   chan datagram
	done chan struct{}
	once sync.Once
	mu   sync.Mutex
	by   map[string]net.Conn
	deaf map[string]bool // connections of which nothing is read any more
}

type datagram struct {
	data []byte
	from net.Addr
}

func streamSocket(t testing.TB, l net.Listener) *streams {
	t.Helper()
	s := &streams{Listener: l, in: make(chan datagram, 64), done: make(chan struct{}), by: make(map[string]net.Conn)}
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			s.mu.Lock()
			s.by[c.RemoteAddr().String()] = c
			s.mu.Unlock()
			go s.read(c)
		}
	}()
	t.Cleanup(func() { _ = s.Close() })
	return s
}

// read takes messages by their Content-Length.
func (s *streams) read(c net.Conn) {
	r := bufio.NewReader(c)
	for {
		var head strings.Builder
		length := 0
		for {
			line, err := r.ReadString('\n')
			if err != nil {
				return
			}
			head.WriteString(line)
			if line == "\r\n" {
				break
			}
			if n, v, _ := strings.Cut(line, ":"); textproto.CanonicalMIMEHeaderKey(n) == "Content-Length" {
				length, _ = strconv.Atoi(strings.TrimSpace(v))
			}
		}
		body := make([]byte, length)
		if _, err := io.ReadFull(r, body); err != nil {
			return
		}
		s.mu.Lock()
		deaf := s.deaf[c.RemoteAddr().String()]
		s.mu.Unlock()
		if head.Len() > 2 && !deaf {
			s.in <- datagram{append([]byte(head.String()), body...), c.RemoteAddr()}
		}
	}
}

func (s *streams) ReadFrom(b []byte) (int, net.Addr, error) {
	select {
	case d := <-s.in:
		return copy(b, d.data), d.from, nil
	case <-s.done:
		return 0, nil, net.ErrClosed
	}
}

func (s *streams) WriteTo(b []byte, to net.Addr) (int, error) {
	s.mu.Lock()
	c := s.by[to.String()]
	s.mu.Unlock()
	if c == nil {
		return 0, fmt.Errorf("no connection from %s", to)
	}
	return c.Write(b)
}

func (s *streams) Close() error {
	s.once.Do(func() { close(s.done) })
	s.hangUp()
	return s.Listener.Close()
}

// hangUp ends every connection there is.
func (s *streams) hangUp() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for at, c := range s.by {
		_ = c.Close()
		delete(s.by, at)
	}
}

// forget hears nothing more of the connections there are, as a router that lost
// them.
func (s *streams) forget() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.deaf = make(map[string]bool)
	for at := range s.by {
		s.deaf[at] = true
	}
}

func (s *streams) LocalAddr() net.Addr              { return s.Addr() }
func (s *streams) SetDeadline(time.Time) error      { return nil }
func (s *streams) SetReadDeadline(time.Time) error  { return nil }
func (s *streams) SetWriteDeadline(time.Time) error { return nil }

// secureSocket is a TLS listener that shows a certificate of name, and who
// trusts it. Callers that ask for another name (SNI) are refused.
func secureSocket(t testing.TB, host, name string) (*streams, *tls.Config) {
	t.Helper()
	return secureSocketOf(t, host, name, time.Now().Add(-time.Hour), time.Now().Add(90*24*time.Hour))
}

// secureSocketOf is secureSocket with a certificate of those dates.
func secureSocketOf(t testing.TB, host, name string, begin, over time.Time) (*streams, *tls.Config) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	cert := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "fake SBC"}, DNSNames: []string{name}, IsCA: true, BasicConstraintsValid: true,
		NotBefore: begin, NotAfter: over, KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign,
	}
	der, err := x509.CreateCertificate(rand.Reader, cert, cert, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	parsed, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	pool := x509.NewCertPool()
	pool.AddCert(parsed)
	own := tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}
	l, err := net.Listen("tcp4", host)
	if err != nil {
		t.Fatal(err)
	}
	show := &tls.Config{GetCertificate: func(h *tls.ClientHelloInfo) (*tls.Certificate, error) {
		if h.ServerName != name {
			return nil, fmt.Errorf("asked for %q", h.ServerName)
		}
		return &own, nil
	}}
	return streamSocket(t, tls.NewListener(l, show)), &tls.Config{RootCAs: pool}
}
