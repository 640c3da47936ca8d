package provision_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"math/big"
	"net/netip"
	"testing"
	"time"

	"github.com/lineside/lineside/auth"
	"github.com/lineside/lineside/phone"
	"github.com/lineside/lineside/provision"
	"github.com/lineside/lineside/vendors"
)

// factory makes the certificates of one maker.
type factory struct {
	t    *testing.T
	key  *ecdsa.PrivateKey
	cert *x509.Certificate
}

func newFactory(t *testing.T) *factory {
	t.Helper()
	f := &factory{t: t, key: newKey(t)}
	f.cert = f.sign(&x509.Certificate{
		Subject: pkix.Name{CommonName: "Plain Root"}, IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign,
	}, f.key)
	return f
}

func newKey(t *testing.T) *ecdsa.PrivateKey {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

// sign completes and signs c; its own CA's where there is none yet.
func (f *factory) sign(c *x509.Certificate, key *ecdsa.PrivateKey) *x509.Certificate {
	f.t.Helper()
	c.SerialNumber = big.NewInt(time.Now().UnixNano())
	c.NotBefore, c.NotAfter = time.Now().Add(-time.Hour), time.Now().Add(time.Hour)
	parent := f.cert
	if parent == nil {
		parent = c
	}
	der, err := x509.CreateCertificate(rand.Reader, c, parent, &key.PublicKey, f.key)
	if err != nil {
		f.t.Fatal(err)
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		f.t.Fatal(err)
	}
	return cert
}

func (f *factory) phone(m phone.MAC) []*x509.Certificate {
	f.t.Helper()
	return []*x509.Certificate{f.sign(&x509.Certificate{Subject: pkix.Name{CommonName: m.Hex()}}, newKey(f.t))}
}

// TestFactoryCertificate has a phone let in for the certificate it was made
// with, through a router, where nothing else proves its MAC.
func TestFactoryCertificate(t *testing.T) {
	maker, forger := newFactory(t), newFactory(t)
	l := newLab(t, auth.FactorOTP, func(c *provision.Config, table vendors.Table) {
		c.Factory = vendors.NewFactory(table, vendors.CAs{"plain": {maker.cert}})
	})
	l.add(t, mac)
	get := func(from string, chain []*x509.Certificate) provision.Answer {
		t.Helper()
		a, err := l.Fetch(t.Context(), provision.Ask{
			Front: provision.HTTPS, Remote: netip.AddrPortFrom(netip.MustParseAddr(from), 4000), File: mac.Hex() + ".txt", Chain: chain,
		})
		if err != nil {
			t.Fatal(err)
		}
		return a
	}
	wantChallenge(t, "no certificate", get("10.88.0.5", nil))
	wantChallenge(t, "another phone's certificate", get("10.88.0.5", maker.phone(stranger)))
	wantChallenge(t, "a forged certificate", get("10.88.0.5", forger.phone(mac)))
	l.lease("10.20.0.66", stranger)
	wantChallenge(t, "its own certificate, against layer 2", get("10.20.0.66", maker.phone(mac)))
	wantStage(t, "its own certificate", get("10.88.0.5", maker.phone(mac)), vendors.Full)
	if l.board.List() == nil {
		t.Error("a certificate that names another phone raised no condition")
	}
}
