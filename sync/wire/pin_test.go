package wire_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"errors"
	"math/big"
	"testing"
	"time"

	"github.com/lineside/lineside/sync/wire"
)

// issue makes a certificate: by itself where by is nil.
func issue(t *testing.T, name string, by *tls.Certificate) tls.Certificate {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	want := &x509.Certificate{
		SerialNumber: big.NewInt(time.Now().UnixNano()), Subject: pkix.Name{CommonName: name}, DNSNames: []string{name},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		IsCA: by == nil, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign | x509.KeyUsageDigitalSignature,
	}
	parent, signer := want, any(key)
	if by != nil {
		parent, signer = by.Leaf, by.PrivateKey
	}
	der, err := x509.CreateCertificate(rand.Reader, want, parent, key.Public(), signer)
	if err != nil {
		t.Fatal(err)
	}
	leaf, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	out := tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key, Leaf: leaf}
	if by != nil {
		out.Certificate = append(out.Certificate, by.Certificate...)
	}
	return out
}

// shake is what a client that pins says of a server.
func shake(t *testing.T, pin []byte, server tls.Certificate) error {
	t.Helper()
	door, err := tls.Listen("tcp", "127.0.0.1:0", &tls.Config{Certificates: []tls.Certificate{server}})
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		if c, err := door.Accept(); err == nil {
			_ = c.(*tls.Conn).Handshake() // the client's word counts
			_ = c.Close()
		}
	}()
	conf := wire.PinnedTLS(pin)
	conf.ServerName = "platform.example"
	c, err := tls.Dial("tcp", door.Addr().String(), conf)
	if err == nil {
		_ = c.Close()
	}
	_ = door.Close()
	<-done
	return err
}

func TestPinnedTLS(t *testing.T) {
	ours, theirs := issue(t, "our CA", nil), issue(t, "our CA", nil)
	pin := wire.Fingerprint(ours.Leaf)
	good := issue(t, "platform.example", &ours)
	forged := issue(t, "platform.example", &theirs)
	smuggled := forged
	smuggled.Certificate = append(smuggled.Certificate, ours.Certificate...) // ours is shown and did not sign it
	alone := good
	alone.Certificate = alone.Certificate[:1]
	self := issue(t, "platform.example", nil)

	if err := shake(t, pin, good); err != nil {
		t.Errorf("the platform: got %v, want no error", err)
	}
	if err := shake(t, wire.Fingerprint(self.Leaf), self); err != nil {
		t.Errorf("a certificate pinned itself: got %v, want no error", err)
	}
	for name, tc := range map[string]struct {
		server tls.Certificate
		isPin  bool
	}{
		"another CA of the same name":     {forged, true},
		"the CA shown, not its signature": {smuggled, false},
		"the CA not shown":                {alone, true},
		"another server of the CA":        {issue(t, "other.example", &ours), false},
	} {
		if err := shake(t, pin, tc.server); err == nil || errors.Is(err, wire.ErrPin) != tc.isPin {
			t.Errorf("%s: got %v, want an error (ErrPin %v)", name, err, tc.isPin)
		}
	}
	if err := shake(t, nil, good); err == nil {
		t.Error("no pin, a CA nobody trusts: got no error, want one")
	}
}
