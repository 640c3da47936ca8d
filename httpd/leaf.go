package httpd

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"slices"
	"sync"
	"time"
)

// maxLeaves bounds how many certificates are held. There is one for each local
// address phones come to, and a box has few.
const maxLeaves = 64

// Names is how phones address the box.
type Names struct {
	// Hosts are its host names; the first, or else the first of Addrs, is the
	// common name, all old phones look at.
	Hosts []string
	// Addrs are its addresses. The one a connection came in on is always added.
	Addrs []netip.Addr
	// Legacy admits what phones of before 2012 need: TLS 1.0 and 1.1, an RSA key,
	// CBC suites, RSA key exchange. None of that is safe against somebody who
	// listens for long, so it is for a listener of its own. The CA's own key stays
	// elliptic: such phones can talk to the box and cannot verify it.
	Legacy bool
}

// TLS is the TLS settings of a listener: certificates are made in memory when
// they are first needed and renewed when half their time is over. It makes the
// key they share.
func (c *CA) TLS(names Names) (*tls.Config, error) {
	l, err := newLeaves(c, names, time.Now)
	if err != nil {
		return nil, err
	}
	conf := &tls.Config{GetCertificate: l.forHello, MinVersion: tls.VersionTLS12, NextProtos: []string{"http/1.1"}}
	if names.Legacy {
		conf.MinVersion = tls.VersionTLS10
		conf.CipherSuites = []uint16{
			tls.TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256, tls.TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384,
			tls.TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA, tls.TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA,
			tls.TLS_RSA_WITH_AES_128_CBC_SHA, tls.TLS_RSA_WITH_AES_256_CBC_SHA,
		}
	}
	return conf, nil
}

// leaves makes and keeps a listener's certificates.
type leaves struct {
	ca    *CA
	names Names
	key   crypto.Signer
	uses  []x509.ExtKeyUsage
	now   func() time.Time

	mu   sync.Mutex
	made map[netip.Addr]*tls.Certificate // by local address
}

func newLeaves(ca *CA, names Names, now func() time.Time) (*leaves, error) {
	if len(names.Hosts)+len(names.Addrs) == 0 {
		return nil, errors.New("a certificate needs a name: give the box's host names or addresses")
	}
	var key crypto.Signer
	var err error
	if names.Legacy {
		key, err = rsa.GenerateKey(rand.Reader, 2048)
	} else {
		key, err = ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	}
	if err != nil {
		return nil, fmt.Errorf("make a certificate's key: %w", err)
	}
	return &leaves{ca: ca, names: names, key: key, uses: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}, now: now, made: make(map[netip.Addr]*tls.Certificate)}, nil
}

// forHello gives the certificate for a connection. The name the caller asks for
// is not looked at: a stranger is not to make us sign names of its choice.
func (l *leaves) forHello(hello *tls.ClientHelloInfo) (*tls.Certificate, error) {
	local := addrOf(hello.Conn.LocalAddr())
	l.mu.Lock()
	defer l.mu.Unlock()
	now := l.now()
	if cert := l.made[local]; cert != nil && !l.due(cert.Leaf, now) {
		return cert, nil
	}
	cert, err := l.mint(local, now)
	if err != nil {
		return nil, err
	}
	if len(l.made) >= maxLeaves {
		clear(l.made)
	}
	l.made[local] = cert
	return cert, nil
}

// end is how long a certificate made now may last.
func (l *leaves) end(now time.Time) time.Time {
	end := validUntil(now, leafYears)
	if end.After(l.ca.cert.NotAfter) {
		return l.ca.cert.NotAfter
	}
	return end
}

// due reports whether a new certificate would last half a life longer. A clock
// that was wrong when cert was made and has been set since makes it due too.
func (l *leaves) due(cert *x509.Certificate, now time.Time) bool {
	return !l.end(now).Before(cert.NotAfter.AddDate(0, leafYears*12/2, 0))
}

func (l *leaves) mint(local netip.Addr, now time.Time) (*tls.Certificate, error) {
	addrs := slices.Clone(l.names.Addrs)
	if local.IsValid() && !slices.Contains(addrs, local) {
		addrs = append(addrs, local)
	}
	template := &x509.Certificate{
		SerialNumber: newSerial(),
		NotBefore:    caBegins,
		NotAfter:     l.end(now),
		KeyUsage:     x509.KeyUsageDigitalSignature,
		ExtKeyUsage:  l.uses,
		DNSNames:     l.names.Hosts,
	}
	if l.names.Legacy {
		template.KeyUsage |= x509.KeyUsageKeyEncipherment // RSA key exchange
	}
	for _, a := range addrs {
		template.IPAddresses = append(template.IPAddresses, net.IP(a.Unmap().WithZone("").AsSlice()))
	}
	if len(l.names.Hosts) > 0 {
		template.Subject = pkix.Name{CommonName: l.names.Hosts[0]}
	} else {
		template.Subject = pkix.Name{CommonName: addrs[0].String()}
	}
	der, err := x509.CreateCertificate(rand.Reader, template, l.ca.cert, l.key.Public(), l.ca.key)
	if err != nil {
		return nil, fmt.Errorf("sign a certificate for %s: %w", template.Subject.CommonName, err)
	}
	leaf, err := x509.ParseCertificate(der)
	if err != nil {
		return nil, fmt.Errorf("read back the certificate: %w", err)
	}
	return &tls.Certificate{Certificate: [][]byte{der, l.ca.cert.Raw}, PrivateKey: l.key, Leaf: leaf}, nil
}
