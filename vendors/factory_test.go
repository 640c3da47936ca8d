package vendors_test

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"encoding/pem"
	"math/big"
	"os"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/lineside/lineside/phone"
	"github.com/lineside/lineside/vendors"
)

// signer is a certificate with its key.
type signer struct {
	*x509.Certificate
	key crypto.Signer
}

func year(y int) time.Time { return time.Date(y, 1, 1, 0, 0, 0, 0, time.UTC) }

func ecKey(t testing.TB) crypto.Signer {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

func rsaKey(t testing.TB) crypto.Signer {
	t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

// sign makes a certificate; a nil parent signs itself.
func sign(t testing.TB, parent *signer, key crypto.Signer, subject pkix.RDNSequence, edit func(*x509.Certificate)) *signer {
	t.Helper()
	raw, err := asn1.Marshal(subject)
	if err != nil {
		t.Fatal(err)
	}
	serial, err := rand.Int(rand.Reader, big.NewInt(1<<62))
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{RawSubject: raw, SerialNumber: serial, NotBefore: year(2010), NotAfter: year(2040)}
	if edit != nil {
		edit(template)
	}
	issuer, issuerKey := template, key
	if parent != nil {
		issuer, issuerKey = parent.Certificate, parent.key
	}
	der, err := x509.CreateCertificate(rand.Reader, template, issuer, key.Public(), issuerKey)
	if err != nil {
		t.Fatal(err)
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	return &signer{cert, key}
}

func authority(c *x509.Certificate) { c.IsCA, c.BasicConstraintsValid = true, true }

func ca(t testing.TB, parent *signer, name string) *signer {
	return sign(t, parent, ecKey(t), named(is(oidO, "Maker"), is(oidCN, name)), authority)
}

func leaf(t testing.TB, parent *signer, cn string) *signer {
	return sign(t, parent, ecKey(t), named(is(oidO, "Maker"), is(oidCN, cn)), nil)
}

func chainOf(certs ...*signer) []*x509.Certificate {
	var chain []*x509.Certificate
	for _, c := range certs {
		chain = append(chain, c.Certificate)
	}
	return chain
}

// readPEM reads a chain of testdata, leaf first.
func readPEM(t testing.TB, name string) []*x509.Certificate {
	t.Helper()
	text, err := os.ReadFile("testdata/factory/" + name)
	if err != nil {
		t.Fatal(err)
	}
	var chain []*x509.Certificate
	for {
		var block *pem.Block
		if block, text = pem.Decode(text); block == nil {
			return chain
		}
		c, err := x509.ParseCertificate(block.Bytes)
		if err != nil {
			t.Fatal(err)
		}
		chain = append(chain, c)
	}
}

const yealinkMAC, polyMAC, otherMAC = "0015654AA937", "0004F2AABBCC", "02AABBCCDDEE"

func TestFactoryVerifies(t *testing.T) {
	root, polyRoot := ca(t, nil, "Root"), ca(t, nil, "Poly Root")
	issuing := ca(t, root, "Issuing")
	good := leaf(t, issuing, yealinkMAC)
	edited := func(edit func(*x509.Certificate)) *signer {
		return sign(t, issuing, ecKey(t), named(is(oidCN, yealinkMAC)), edit)
	}
	usedFor := func(use x509.ExtKeyUsage) *signer {
		return edited(func(c *x509.Certificate) { c.ExtKeyUsage = []x509.ExtKeyUsage{use} })
	}
	rsaRoot := sign(t, nil, rsaKey(t), named(is(oidCN, "RSA root")), authority)
	old, ancient := readPEM(t, "sha256.pem"), readPEM(t, "version1.pem")
	cas := vendors.CAs{"yealink": {root.Certificate}, "poly": {polyRoot.Certificate}}
	for _, tt := range []struct {
		name   string
		cas    vendors.CAs
		chain  []*x509.Certificate
		vendor phone.Vendor
		mac    string
	}{
		{"root and intermediate", cas, chainOf(good, issuing), "yealink", yealinkMAC},
		{"with its root", cas, chainOf(good, issuing, root), "yealink", yealinkMAC},
		{"in another order", cas, chainOf(good, root, issuing), "yealink", yealinkMAC},
		{"issuing CA in the folder", vendors.CAs{"yealink": {issuing.Certificate}}, chainOf(good), "yealink", yealinkMAC},
		{"second vendor", cas, chainOf(leaf(t, polyRoot, polyMAC)), "poly", polyMAC},
		{"OUI nobody listed", cas, chainOf(leaf(t, polyRoot, otherMAC)), "poly", otherMAC},
		{"one CA for two vendors", vendors.CAs{"yealink": {root.Certificate}, "poly": {root.Certificate}}, chainOf(leaf(t, root, polyMAC)), "poly", polyMAC},
		{"RSA", vendors.CAs{"yealink": {rsaRoot.Certificate}}, chainOf(sign(t, rsaRoot, rsaKey(t), named(is(oidCN, yealinkMAC)), nil)), "yealink", yealinkMAC},
		{"for servers only", cas, chainOf(usedFor(x509.ExtKeyUsageServerAuth), issuing), "yealink", yealinkMAC},
		{"for clients only", cas, chainOf(usedFor(x509.ExtKeyUsageClientAuth), issuing), "yealink", yealinkMAC},
		{"for e-mail only", cas, chainOf(usedFor(x509.ExtKeyUsageEmailProtection), issuing), "yealink", yealinkMAC},
		{"expired", cas, chainOf(edited(func(c *x509.Certificate) { c.NotAfter = year(2011) }), issuing), "yealink", yealinkMAC},
		{"not valid yet", cas, chainOf(edited(func(c *x509.Certificate) { c.NotBefore, c.NotAfter = year(2070), year(2090) }), issuing), "yealink", yealinkMAC},
		{"older than its CA", cas, chainOf(edited(func(c *x509.Certificate) { c.NotBefore, c.NotAfter = year(1999), year(2099) }), issuing), "yealink", yealinkMAC},
		{"root signed with SHA-1", vendors.CAs{"yealink": old[1:]}, old[:1], "yealink", yealinkMAC},
		{"X.509 version 1", vendors.CAs{"yealink": ancient[1:]}, ancient[:1], "yealink", yealinkMAC},
	} {
		t.Run(tt.name, func(t *testing.T) {
			f := vendors.NewFactory(vendors.All(), tt.cas)
			for _, when := range []string{"first", "again"} {
				v, m, ok := f.Verify(tt.chain)
				if !ok || v != tt.vendor || m != mac(t, tt.mac) {
					t.Errorf("%s: got %q %s %v, want %s %s", when, v, m, ok, tt.vendor, tt.mac)
				}
			}
		})
	}
}

func TestFactoryRefuses(t *testing.T) {
	root, polyRoot, forged := ca(t, nil, "Root"), ca(t, nil, "Poly Root"), ca(t, nil, "Root")
	issuing := ca(t, root, "Issuing")
	good := leaf(t, issuing, yealinkMAC)
	self := sign(t, nil, ecKey(t), named(is(oidCN, yealinkMAC)), nil)
	// A phone whose maker carelessly marked its certificate as a CA's, and what
	// somebody who took it apart makes with its key.
	careless := sign(t, issuing, ecKey(t), named(is(oidCN, "0015654AA938")), authority)
	victim := leaf(t, careless, yealinkMAC)
	huge := *issuing.Certificate
	huge.PublicKey = &rsa.PublicKey{N: new(big.Int).Lsh(big.NewInt(1), 8191), E: 3}
	large := sign(t, issuing, ecKey(t), named(is(oidO, string(make([]byte, 9000))), is(oidCN, yealinkMAC)), nil)
	sha1 := readPEM(t, "sha1.pem")
	cas := vendors.CAs{"yealink": {root.Certificate, sha1[1]}, "poly": {polyRoot.Certificate}}
	for _, tt := range []struct {
		name  string
		chain []*x509.Certificate
	}{
		{"nothing", nil},
		{"nil leaf", []*x509.Certificate{nil}},
		{"nil behind the leaf", []*x509.Certificate{good.Certificate, nil}},
		{"not parsed", []*x509.Certificate{{Subject: good.Subject}}},
		{"intermediate missing", chainOf(good)},
		{"self-signed", chainOf(self)},
		{"self-signed with the maker's CAs behind it", chainOf(self, issuing, root)},
		{"CA of the same name", chainOf(leaf(t, forged, yealinkMAC), forged)},
		{"CA of another maker, its own phone's MAC", chainOf(leaf(t, polyRoot, yealinkMAC))},
		{"the maker's CA, another maker's phone", chainOf(leaf(t, issuing, polyMAC), issuing)},
		{"MAC in an alternative name only", chainOf(sign(t, issuing, ecKey(t), named(is(oidCN, "IP Phone")), func(c *x509.Certificate) {
			c.DNSNames = []string{yealinkMAC}
		}), issuing)},
		{"MAC in the unit only", chainOf(sign(t, issuing, ecKey(t), named(is(oidOU, yealinkMAC)), nil), issuing)},
		{"two common names", chainOf(sign(t, issuing, ecKey(t), named(is(oidCN, yealinkMAC), is(oidCN, yealinkMAC)), nil), issuing)},
		{"certificate that old phones share", chainOf(leaf(t, issuing, "IP Phone"), issuing)},
		{"leaf marked as a CA's", chainOf(careless, issuing)},
		{"signed by a phone", chainOf(victim, careless, issuing)},
		{"the CA itself", chainOf(issuing, root)},
		{"never valid", chainOf(sign(t, issuing, ecKey(t), named(is(oidCN, yealinkMAC)), func(c *x509.Certificate) {
			c.NotBefore, c.NotAfter = year(2030), year(2020)
		}), issuing)},
		{"six certificates", chainOf(good, issuing, root, root, root, root)},
		{"leaf of over 8 KiB", chainOf(large, issuing)},
		{"RSA key of 8192 bits", []*x509.Certificate{good.Certificate, &huge}},
		{"signed with SHA-1", sha1},
	} {
		t.Run(tt.name, func(t *testing.T) {
			f := vendors.NewFactory(vendors.All(), cas)
			for _, when := range []string{"first", "again"} {
				if v, m, ok := f.Verify(tt.chain); ok || v != "" || !m.IsZero() {
					t.Errorf("%s: got %q %s %v, want nothing", when, v, m, ok)
				}
			}
			if _, _, ok := f.Verify(chainOf(good, issuing)); !ok {
				t.Error("after it a good chain is refused")
			}
		})
	}
	for name, f := range map[string]*vendors.Factory{
		"nil": nil, "no CA": vendors.NewFactory(vendors.All(), nil), "empty": vendors.NewFactory(vendors.All(), vendors.CAs{"yealink": nil}),
		"vendor not in the table": vendors.NewFactory(vendors.All(), vendors.CAs{"acme": {root.Certificate}}),
	} {
		if _, _, ok := f.Verify(chainOf(good, issuing)); ok {
			t.Errorf("%s: verified", name)
		}
	}
}

func TestFactoryByMany(t *testing.T) {
	root := ca(t, nil, "Root")
	f := vendors.NewFactory(vendors.All(), vendors.CAs{"yealink": {root.Certificate}})
	good, bad := chainOf(leaf(t, root, yealinkMAC)), chainOf(leaf(t, ca(t, nil, "Root"), yealinkMAC))
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			for range 50 {
				if _, _, ok := f.Verify(good); !ok {
					t.Error("good chain refused")
				}
				if _, _, ok := f.Verify(bad); ok {
					t.Error("forged chain verified")
				}
			}
		})
	}
	all.Wait()
}

// FuzzFactory: of whatever leaf and intermediate, those alone are believed whose
// signed part the maker's CA signed.
func FuzzFactory(f *testing.F) {
	root := ca(f, nil, "Root")
	issuing := ca(f, root, "Issuing")
	good := leaf(f, issuing, yealinkMAC)
	f.Add(good.Raw, issuing.Raw)
	f.Add(leaf(f, ca(f, nil, "Root"), yealinkMAC).Raw, root.Raw)
	f.Add(good.Raw, []byte{})
	f.Add(readPEM(f, "version1.pem")[0].Raw, readPEM(f, "version1.pem")[1].Raw)
	factory := vendors.NewFactory(vendors.All(), vendors.CAs{"yealink": {root.Certificate}})
	f.Fuzz(func(t *testing.T, first, second []byte) {
		var chain []*x509.Certificate
		for _, der := range [][]byte{first, second} {
			if c, err := x509.ParseCertificate(der); err == nil {
				chain = append(chain, c)
			}
		}
		_, m, ok := factory.Verify(chain)
		if !ok {
			return
		}
		if m != mac(t, yealinkMAC) || !slices.Equal(chain[0].RawTBSCertificate, good.RawTBSCertificate) {
			t.Fatalf("%x is believed to be %s", first, m)
		}
	})
}

// BenchmarkFactory is what a request costs that shows a certificate: a chain of
// three, for the first time and again.
func BenchmarkFactory(b *testing.B) {
	for name, key := range map[string]func(testing.TB) crypto.Signer{"ECDSA": ecKey, "RSA": rsaKey} {
		root := sign(b, nil, key(b), named(is(oidCN, "Root")), authority)
		issuing := sign(b, root, key(b), named(is(oidCN, "Issuing")), authority)
		chain := chainOf(sign(b, issuing, key(b), named(is(oidCN, yealinkMAC)), nil), issuing, root)
		cas := vendors.CAs{"yealink": {root.Certificate}}
		f := vendors.NewFactory(vendors.All(), cas)
		b.Run(name+"/first", func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, _, ok := vendors.NewFactory(vendors.All(), cas).Verify(chain); !ok {
					b.Fatal("refused")
				}
			}
		})
		b.Run(name+"/again", func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, _, ok := f.Verify(chain); !ok {
					b.Fatal("refused")
				}
			}
		})
	}
}
