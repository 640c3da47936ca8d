package wire

import (
	"crypto/sha256"
	"crypto/subtle"
	"crypto/tls"
	"crypto/x509"
	"errors"
)

// ErrPin says that a server shows no certificate of the CA it should have.
var ErrPin = errors.New("the server does not show the platform's certificate: somebody between decrypts the line (a proxy that inspects TLS), or this is another server")

// PinnedTLS trusts the one CA whose certificate has this SHA-256 (Token.Pin,
// Fingerprint) and nobody else; the server sends that certificate in its
// chain. An empty pin is the CAs the machine trusts.
//
// The server's name is checked as always: whoever got at one certificate of
// the CA is not every server of it. host is that name or address, of the URL
// (url.URL.Hostname). It is told here because a connection does not know it
// where it is an address: SNI has none (RFC 6066, 3), and crypto/tls gives
// back what went into SNI.
func PinnedTLS(pin []byte, host string) *tls.Config {
	if len(pin) == 0 {
		return &tls.Config{MinVersion: tls.VersionTLS12}
	}
	return &tls.Config{
		MinVersion: tls.VersionTLS12,
		// The chain is verified below, against the pinned CA alone.
		InsecureSkipVerify: true,
		VerifyConnection:   func(s tls.ConnectionState) error { return pinned(pin, host, s) },
	}
}

// errNoHost says that nobody said whose certificate to expect.
var errNoHost = errors.New("the platform's URL names no host")

func pinned(pin []byte, host string, s tls.ConnectionState) error {
	if host == "" {
		return errNoHost // an empty name would not be checked
	}
	if len(s.PeerCertificates) == 0 {
		return ErrPin
	}
	roots, others, found := x509.NewCertPool(), x509.NewCertPool(), false
	for _, c := range s.PeerCertificates {
		if subtle.ConstantTimeCompare(Fingerprint(c), pin) == 1 {
			roots.AddCert(c)
			found = true
			continue
		}
		others.AddCert(c)
	}
	if !found {
		return ErrPin
	}
	_, err := s.PeerCertificates[0].Verify(x509.VerifyOptions{
		DNSName: host, Roots: roots, Intermediates: others,
		KeyUsages: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	})
	return err
}

// Fingerprint is the SHA-256 of a certificate.
func Fingerprint(c *x509.Certificate) []byte {
	sum := sha256.Sum256(c.Raw)
	return sum[:]
}
