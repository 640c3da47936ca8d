package broker_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"log/slog"
	"math/big"
	"net"
	"net/url"
	"path/filepath"
	"testing"
	"time"

	"github.com/lineside/lineside/sync/broker"
	"github.com/lineside/lineside/sync/central"
	"github.com/lineside/lineside/sync/seal"
	"github.com/lineside/lineside/sync/site"
	"github.com/lineside/lineside/sync/wire"
)

// lab is a platform on its database, with its broker.
type lab struct {
	t    testing.TB
	keys central.Keys
	p    *central.Platform
	b    *broker.Broker
	pin  []byte
	cfg  broker.Config
	at   broker.Addrs
	stop func()
}

// newLab makes one; edit changes the broker's settings, nil for none.
func newLab(t testing.TB, edit func(*broker.Config)) *lab {
	t.Helper()
	keys, err := central.NewKeys()
	if err != nil {
		t.Fatal(err)
	}
	l := &lab{t: t, keys: keys}
	dir := t.TempDir()
	if l.p, err = central.Open(t.Context(), central.Config{Path: filepath.Join(dir, "central.db"), Keys: keys}, slog.New(slog.DiscardHandler)); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.p.Close() })
	cert, pin := certificate(t, time.Hour)
	l.pin = pin
	cfg := settings(t, cert)
	if edit != nil {
		edit(&cfg)
	}
	l.start(cfg, l.p)
	return l
}

// settings are of a broker with one door on loopback.
func settings(t testing.TB, cert tls.Certificate) broker.Config {
	return broker.Config{Embedded: broker.Embedded{
		Dir: filepath.Join(t.TempDir(), "nats"), NATS: "127.0.0.1:0", TLS: &tls.Config{Certificates: []tls.Certificate{cert}},
	}}
}

func contextFor(t testing.TB, d time.Duration) (context.Context, context.CancelFunc) {
	return context.WithTimeout(t.Context(), d)
}

// start runs a broker for a platform.
func (l *lab) start(cfg broker.Config, p broker.Platform) {
	l.t.Helper()
	var err error
	if l.b, err = broker.New(cfg, slog.New(slog.NewTextHandler(l.t.Output(), nil))); err != nil {
		l.t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	if err := l.b.Open(ctx); err != nil {
		l.t.Fatal(err)
	}
	if len(cfg.Servers) == 0 {
		l.at, l.cfg = l.b.Addrs(), cfg
	}
	ended := make(chan error, 1)
	go func() { ended <- l.b.Serve(ctx, p) }()
	select {
	case <-l.b.Ready():
	case err := <-ended:
		l.t.Fatalf("serve: %v", err)
	}
	stopped := false
	l.stop = func() {
		if stopped {
			return
		}
		stopped = true
		cancel()
		if err := <-ended; err != nil {
			l.t.Errorf("serve: %v", err)
		}
		if err := l.b.Close(); err != nil {
			l.t.Error(err)
		}
	}
	l.t.Cleanup(func() { l.stop() })
}

// restart ends the broker and begins another in its place, on its address.
func (l *lab) restart(p broker.Platform) {
	l.t.Helper()
	l.stop()
	l.cfg.Embedded.NATS = l.at.NATS
	l.start(l.cfg, p)
}

// loopback is where every test's platform is.
const loopback = "127.0.0.1"

// certificate is one for loopback under a CA of its own, and the pin.
func certificate(t testing.TB, lasts time.Duration) (tls.Certificate, []byte) {
	t.Helper()
	return certificateFor(t, lasts, loopback)
}

// certificateFor is one for an address under a CA of its own, in its chain as
// the pin wants it, and the pin.
func certificateFor(t testing.TB, lasts time.Duration, addr string) (tls.Certificate, []byte) {
	t.Helper()
	sign := func(tmpl, by *x509.Certificate, key, with *ecdsa.PrivateKey) []byte {
		der, err := x509.CreateCertificate(rand.Reader, tmpl, by, &key.PublicKey, with)
		if err != nil {
			t.Fatal(err)
		}
		return der
	}
	caKey, _ := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	key, _ := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	from := time.Now().Add(-2 * time.Hour)
	caTmpl := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "test CA"}, NotBefore: from, NotAfter: from.Add(24 * time.Hour),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign}
	caDER := sign(caTmpl, caTmpl, caKey, caKey)
	leaf := &x509.Certificate{SerialNumber: big.NewInt(2), Subject: pkix.Name{CommonName: "central"}, NotBefore: from, NotAfter: time.Now().Add(lasts),
		IPAddresses: []net.IP{net.ParseIP(addr)}, DNSNames: []string{"central.example"}, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth}}
	der := sign(leaf, caTmpl, key, caKey)
	ca, err := x509.ParseCertificate(caDER)
	if err != nil {
		t.Fatal(err)
	}
	return tls.Certificate{Certificate: [][]byte{der, caDER}, PrivateKey: key}, wire.Fingerprint(ca)
}

// box is a site's box: its keys and how it connects.
type box struct {
	id   string
	key  seal.Key
	nkey site.NKey
}

// newBox joins a box to a new site.
func (l *lab) newBox(name string) *box {
	l.t.Helper()
	tok, err := l.p.AddSite(name)
	if err != nil {
		l.t.Fatal(err)
	}
	return l.join(tok.Secret)
}

func (l *lab) join(secret string) *box {
	l.t.Helper()
	signer, err := seal.NewSigner()
	if err != nil {
		l.t.Fatal(err)
	}
	b := &box{}
	if b.key, err = seal.NewKey(); err != nil {
		l.t.Fatal(err)
	}
	if b.nkey, err = site.NewNKey(); err != nil {
		l.t.Fatal(err)
	}
	public, err := b.nkey.Public()
	if err != nil {
		l.t.Fatal(err)
	}
	r, err := l.p.Join(wire.Join{Secret: secret, Verifier: signer.Verifier().String(), Key: b.key.Public().String(), NKey: public, Software: "test"})
	if err != nil {
		l.t.Fatal(err)
	}
	b.id = r.Site
	return b
}

// transport is how the box connects to one of the lab's doors.
func (l *lab) transport(b *box, scheme, addr string) *site.NATS {
	u := &url.URL{Scheme: scheme, Host: addr}
	return &site.NATS{URL: u, Site: b.id, Key: b.nkey, TLS: wire.PinnedTLS(l.pin, u.Hostname())}
}

func (l *lab) dial(b *box) (site.Conn, error) {
	ctx, cancel := context.WithTimeout(l.t.Context(), 10*time.Second)
	defer cancel()
	return l.transport(b, "tls", l.at.NATS).Dial(ctx)
}

func (l *lab) mustDial(b *box) site.Conn {
	l.t.Helper()
	c, err := l.dial(b)
	if err != nil {
		l.t.Fatal(err)
	}
	l.t.Cleanup(func() { _ = c.Close() })
	return c
}
