package broker

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"math/big"
	"net"
	"net/netip"
	"sync"
	"testing"
	"time"
)

// TestSlowPeersHoldNoPlace: whoever begins a handshake and does not go on has no
// place once the work is done, in TLS 1.3 at once and otherwise in a tenth of a
// second, so that boxes come in beside any number of them.
func TestSlowPeersHoldNoPlace(t *testing.T) {
	for name, version := range map[string]uint16{"TLS 1.3": tls.VersionTLS13, "TLS 1.2": tls.VersionTLS12} {
		t.Run(name, func(t *testing.T) {
			d := newDoor(1000)
			d.line.places, d.line.each = make(chan struct{}, 2), 2
			d.origin = func(netip.AddrPort) netip.Addr { return netip.MustParseAddr("198.51.100.1") }
			d.unlock()
			conf := d.guard(&tls.Config{Certificates: []tls.Certificate{ownCertificate(t)}})
			l, err := net.Listen("tcp", "127.0.0.1:0")
			if err != nil {
				t.Fatal(err)
			}
			var all sync.WaitGroup
			defer all.Wait()
			defer func() { _ = l.Close() }()
			all.Go(func() {
				for {
					c, err := l.Accept()
					if err != nil {
						return
					}
					all.Go(func() { _ = tls.Server(c, conf).Handshake(); _ = c.Close() })
				}
			})
			client := &tls.Config{InsecureSkipVerify: true, MinVersion: version, MaxVersion: version}
			var hellos sync.WaitGroup
			for range 8 {
				c, err := net.Dial("tcp", l.Addr().String())
				if err != nil {
					t.Fatal(err)
				}
				defer func() { _ = c.Close() }()
				hellos.Add(1)
				mute := &firstWrite{Conn: c, said: sync.OnceFunc(hellos.Done)}
				all.Go(func() { _ = tls.Client(mute, client).Handshake() })
			}
			hellos.Wait()
			began := time.Now()
			c, err := tls.Dial("tcp", l.Addr().String(), client)
			if err != nil {
				t.Fatalf("a box beside slow peers: %v", err)
			}
			_ = c.Close()
			if took := time.Since(began); took > doorWait/2 {
				t.Errorf("a box beside slow peers took %s, want well below %s", took, doorWait)
			}
		})
	}
}

// firstWrite says hello and never anything more.
type firstWrite struct {
	net.Conn
	said  func()
	quiet bool
}

func (w *firstWrite) Write(b []byte) (int, error) {
	if w.quiet {
		return len(b), nil
	}
	w.quiet = true
	defer w.said()
	return w.Conn.Write(b)
}

func ownCertificate(t *testing.T) tls.Certificate {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	tmpl := &x509.Certificate{SerialNumber: big.NewInt(1), NotAfter: time.Now().Add(time.Hour)}
	der, err := x509.CreateCertificate(rand.Reader, tmpl, tmpl, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}
}
