package vendors

import (
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/binary"
	"slices"
	"sync"
	"time"

	"github.com/lineside/lineside/phone"
)

// Bounds of a chain that is looked at. No maker's chain comes near them; they
// are for strangers, who choose what we spend our time on.
const (
	maxChain     = 5
	maxCertBytes = 8 << 10
	maxRSABits   = 4096
)

// Bounds of what is remembered. A stranger cannot get into the first, and must
// not push out of it whom it holds.
const (
	maxKnown   = 4096
	maxRefused = 256
)

// Factory verifies factory client certificates. It is safe for concurrent use;
// a nil Factory, as one without CAs, verifies nothing.
type Factory struct {
	table Table
	pools map[phone.Vendor]*x509.CertPool

	mu      sync.Mutex
	known   map[[sha256.Size]byte]verified
	refused map[[sha256.Size]byte]verified
}

// verified is what a chain was found to say; zero where it says nothing.
type verified struct {
	vendor phone.Vendor
	mac    phone.MAC
}

// NewFactory makes a Factory for the makers of table, each with the CAs that are
// its own.
func NewFactory(table Table, cas CAs) *Factory {
	f := &Factory{
		table:   table,
		pools:   make(map[phone.Vendor]*x509.CertPool),
		known:   make(map[[sha256.Size]byte]verified),
		refused: make(map[[sha256.Size]byte]verified),
	}
	for vendor, certs := range cas {
		if len(certs) > 0 {
			f.pools[vendor] = undated(certs)
		}
	}
	return f
}

// Verify reads vendor and MAC out of a chain, leaf first, that a maker's factory
// CA stands behind. The caller must have made sure that whoever presents it has
// the leaf's key, as TLS does. What it leaves out is written in the package
// comment.
func (f *Factory) Verify(chain []*x509.Certificate) (phone.Vendor, phone.MAC, bool) {
	if f == nil || len(f.pools) == 0 || !plausible(chain) {
		return "", phone.MAC{}, false
	}
	key := digest(chain)
	v, ok := f.recall(key)
	if !ok {
		v = f.verify(chain)
		f.remember(key, v)
	}
	return v.vendor, v.mac, v.vendor != ""
}

// plausible bounds the work a chain can make. A leaf that may sign others is no
// phone's.
func plausible(chain []*x509.Certificate) bool {
	if len(chain) == 0 || len(chain) > maxChain || chain[0] == nil || chain[0].IsCA {
		return false
	}
	for _, c := range chain {
		if c == nil || len(c.Raw) == 0 || len(c.Raw) > maxCertBytes {
			return false
		}
		if key, ok := c.PublicKey.(*rsa.PublicKey); ok && key.N.BitLen() > maxRSABits {
			return false
		}
	}
	return true
}

// verify asks maker by maker, and of each its own CAs only. The subject, which
// costs nothing to read, comes before the signatures.
func (f *Factory) verify(chain []*x509.Certificate) verified {
	for _, m := range f.table.makers {
		pool := f.pools[m.Vendor]
		if pool == nil || m.CertMAC == nil {
			continue
		}
		mac, ok := m.CertMAC(chain[0].Subject)
		if !ok || !f.table.mayName(m.Vendor, mac) {
			continue
		}
		if m.issued(chain, pool) {
			return verified{m.Vendor, mac}
		}
	}
	return verified{}
}

// mayName keeps one maker's CA from speaking for the phones of another.
func (t Table) mayName(vendor phone.Vendor, mac phone.MAC) bool {
	owners := t.byOUI[mac.OUI()]
	return len(owners) == 0 || slices.ContainsFunc(owners, func(i int) bool { return t.makers[i].Vendor == vendor })
}

// issued reports that a signature leads from pool to the leaf. What reads as a
// phone's certificate signs no other, even where its maker marked it as a CA's:
// its key lies in a phone, where it can be had.
func (m Maker) issued(chain []*x509.Certificate, pool *x509.CertPool) bool {
	var between []*x509.Certificate
	for _, c := range chain[1:] {
		if _, isPhone := m.CertMAC(c.Subject); !isPhone {
			between = append(between, c)
		}
	}
	_, err := chain[0].Verify(x509.VerifyOptions{
		Roots:         pool,
		Intermediates: undated(between),
		CurrentTime:   chain[0].NotBefore,
		KeyUsages:     []x509.ExtKeyUsage{x509.ExtKeyUsageAny},
	})
	return err == nil
}

// forever is after every date a certificate can hold.
var forever = time.Date(10000, 1, 1, 0, 0, 0, 0, time.UTC)

// undated makes a pool of CAs whose dates do not count.
func undated(certs []*x509.Certificate) *x509.CertPool {
	pool := x509.NewCertPool()
	for _, c := range certs {
		ageless := *c
		ageless.NotBefore, ageless.NotAfter = time.Time{}, forever
		pool.AddCert(&ageless)
	}
	return pool
}

// digest names a chain. Lengths are hashed too, so that no two chains share one.
func digest(chain []*x509.Certificate) (sum [sha256.Size]byte) {
	h := sha256.New()
	var size [4]byte
	for _, c := range chain {
		binary.BigEndian.PutUint32(size[:], uint32(len(c.Raw)))
		h.Write(size[:])
		h.Write(c.Raw)
	}
	h.Sum(sum[:0])
	return sum
}

func (f *Factory) recall(key [sha256.Size]byte) (verified, bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if v, ok := f.known[key]; ok {
		return v, true
	}
	v, ok := f.refused[key]
	return v, ok
}

func (f *Factory) remember(key [sha256.Size]byte, v verified) {
	f.mu.Lock()
	defer f.mu.Unlock()
	kept, limit := f.known, maxKnown
	if v.vendor == "" {
		kept, limit = f.refused, maxRefused
	}
	for old := range kept {
		if len(kept) < limit {
			break
		}
		delete(kept, old)
	}
	kept[key] = v
}
