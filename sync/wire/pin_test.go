package wire_test

import (
	"cmp"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"errors"
	"math/big"
	"net"
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
		SerialNumber: big.NewInt(time.Now().UnixNano()), Subject: pkix.Name{CommonName: name},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		IsCA: by == nil, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign | x509.KeyUsageDigitalSignature,
	}
	if ip := net.ParseIP(name); ip != nil {
		want.IPAddresses = []net.IP{ip}
	} else {
		want.DNSNames = []string{name}
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

// shake is what a client that pins, and wants a host, says of a server.
func shake(t *testing.T, pin []byte, host string, server tls.Certificate) error {
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
	conf := wire.PinnedTLS(pin, host)
	conf.ServerName = host
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

	if err := shake(t, pin, "platform.example", good); err != nil {
		t.Errorf("the platform: got %v, want no error", err)
	}
	if err := shake(t, pin, "192.0.2.1", issue(t, "192.0.2.1", &ours)); err != nil {
		t.Errorf("the platform at an address: got %v, want no error", err)
	}
	if err := shake(t, wire.Fingerprint(self.Leaf), "platform.example", self); err != nil {
		t.Errorf("a certificate pinned itself: got %v, want no error", err)
	}
	for name, tc := range map[string]struct {
		server tls.Certificate
		isPin  bool
		host   string // platform.example where empty
	}{
		"another CA of the same name":     {server: forged, isPin: true},
		"the CA shown, not its signature": {server: smuggled},
		"the CA not shown":                {server: alone, isPin: true},
		"another server of the CA":        {server: issue(t, "other.example", &ours)},
		"another address of the CA":       {server: issue(t, "192.0.2.2", &ours), host: "192.0.2.1"},
		"another IPv6 address of the CA":  {server: issue(t, "2001:db8::2", &ours), host: "2001:db8::1"},
		"a name where an address is due":  {server: good, host: "192.0.2.1"},
	} {
		if err := shake(t, pin, cmp.Or(tc.host, "platform.example"), tc.server); err == nil || errors.Is(err, wire.ErrPin) != tc.isPin {
			t.Errorf("%s: got %v, want an error (ErrPin %v)", name, err, tc.isPin)
		}
	}
	if err := wire.PinnedTLS(pin, "").VerifyConnection(tls.ConnectionState{PeerCertificates: []*x509.Certificate{good.Leaf, ours.Leaf}}); err == nil {
		t.Error("nobody said which host: got no error, want one")
	}
	if err := shake(t, nil, "platform.example", good); err == nil {
		t.Error("no pin, a CA nobody trusts: got no error, want one")
	}
}
