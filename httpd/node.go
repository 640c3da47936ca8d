package httpd

import (
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"net/netip"
	"time"
)

// Node makes a certificate for another program under these names, with the
// CA's in its chain, and its key, both as PEM. It is good for both ends of a
// connection, so that nodes of a cluster know each other by it. Nothing renews
// it: it lasts two years.
func (c *CA) Node(names Names) (chain, key []byte, err error) {
	l, err := newLeaves(c, names, time.Now)
	if err != nil {
		return nil, nil, err
	}
	l.uses = []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth}
	cert, err := l.mint(netip.Addr{}, l.now())
	if err != nil {
		return nil, nil, err
	}
	der, err := x509.MarshalPKCS8PrivateKey(l.key)
	if err != nil {
		return nil, nil, fmt.Errorf("encode a certificate's key: %w", err)
	}
	for _, one := range cert.Certificate {
		chain = append(chain, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: one})...)
	}
	return chain, pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}), nil
}
