package httpd

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/hex"
	"encoding/pem"
	"errors"
	"fmt"
	"io/fs"
	"math/big"
	"os"
	"path/filepath"
	"time"
)

// caFile holds certificate and key together, so that there is no instant at
// which one is there without the other.
const caFile = "ca.pem"

// A box has no clock battery: at first start its clock may stand in 1970, and a
// phone's clock may be wrong the other way. So certificates begin long ago, and
// no date before ours counts as now.
var (
	caBegins = time.Date(2020, 1, 1, 0, 0, 0, 0, time.UTC)
	earliest = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	// Dates from 2050 on are written in another ASN.1 type (RFC 5280 section
	// 4.1.2.5), which not every old phone reads.
	latest = time.Date(2049, 12, 31, 23, 59, 59, 0, time.UTC)
)

const (
	caYears   = 20
	leafYears = 2
)

// CA is the box's own certificate authority. It is safe for concurrent use.
type CA struct {
	cert *x509.Certificate
	key  *ecdsa.PrivateKey
}

// LoadCA reads the CA kept in dir, and makes one where there is none. An error
// says what an operator can do.
func LoadCA(dir string) (*CA, error) {
	path := filepath.Join(dir, caFile)
	raw, err := os.ReadFile(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return makeCA(path, time.Now())
	case err != nil:
		return nil, fmt.Errorf("read the box's CA: %w", err)
	}
	st, err := os.Stat(path)
	if err != nil {
		return nil, fmt.Errorf("look at the box's CA: %w", err)
	}
	if st.Mode().Perm()&0o077 != 0 {
		return nil, fmt.Errorf("%s can be read by others, and with it they can pose as this box; if nobody has, run: chmod 600 %s", path, path)
	}
	ca, err := parseCA(raw)
	if err != nil {
		return nil, fmt.Errorf("%s is damaged: %w; restore it from a backup, or remove it: the box then makes a new CA, which phones must fetch anew", path, err)
	}
	return ca, nil
}

// PEM is the CA's certificate, for phones to trust.
func (c *CA) PEM() []byte {
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: c.cert.Raw})
}

func parseCA(raw []byte) (*CA, error) {
	certBlock, rest := pem.Decode(raw)
	keyBlock, _ := pem.Decode(rest)
	if certBlock == nil || keyBlock == nil {
		return nil, errors.New("it does not hold a certificate and a key")
	}
	cert, err := x509.ParseCertificate(certBlock.Bytes)
	if err != nil {
		return nil, fmt.Errorf("parse certificate: %w", err)
	}
	parsed, err := x509.ParsePKCS8PrivateKey(keyBlock.Bytes)
	if err != nil {
		return nil, fmt.Errorf("parse key: %w", err)
	}
	key, ok := parsed.(*ecdsa.PrivateKey)
	if !ok || !key.PublicKey.Equal(cert.PublicKey) {
		return nil, errors.New("key and certificate do not belong together")
	}
	return &CA{cert: cert, key: key}, nil
}

func makeCA(path string, now time.Time) (*CA, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, fmt.Errorf("make the CA's key: %w", err)
	}
	serial := newSerial()
	template := &x509.Certificate{
		SerialNumber: serial,
		// The serial number tells the CAs of two boxes apart in a list.
		Subject:               pkix.Name{Organization: []string{"Lineside"}, CommonName: "Lineside box CA " + hex.EncodeToString(serial.Bytes()[:4])},
		NotBefore:             caBegins,
		NotAfter:              validUntil(now, caYears),
		KeyUsage:              x509.KeyUsageCertSign | x509.KeyUsageCRLSign,
		BasicConstraintsValid: true,
		IsCA:                  true,
		MaxPathLenZero:        true,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		return nil, fmt.Errorf("sign the CA: %w", err)
	}
	keyDER, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return nil, fmt.Errorf("encode the CA's key: %w", err)
	}
	file := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
	file = append(file, pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: keyDER})...)
	if err := writeDurably(path, file); err != nil {
		return nil, fmt.Errorf("keep the box's CA: %w", err)
	}
	return parseCA(file)
}

// validUntil is years from now, within what phones can read.
func validUntil(now time.Time, years int) time.Time {
	if now.Before(earliest) {
		now = earliest
	}
	end := now.UTC().AddDate(years, 0, 0)
	if end.After(latest) {
		return latest
	}
	return end
}

// newSerial is a serial number of 16 random bytes (RFC 5280 section 4.1.2.2).
func newSerial() *big.Int {
	var b [16]byte
	_, _ = rand.Read(b[:])
	b[0] = b[0]&0x7f | 0x40 // positive, and always 16 bytes
	return new(big.Int).SetBytes(b[:])
}

// writeDurably puts the file in place whole and on disk, or not at all.
func writeDurably(path string, content []byte) error {
	f, err := os.CreateTemp(filepath.Dir(path), ".ca-*") // mode 0600
	if err != nil {
		return err
	}
	defer os.Remove(f.Name()) // in vain once renamed
	_, err = f.Write(content)
	err = errors.Join(err, f.Sync(), f.Close())
	if err != nil {
		return err
	}
	if err := os.Rename(f.Name(), path); err != nil {
		return err
	}
	dir, err := os.Open(filepath.Dir(path))
	if err != nil {
		return err
	}
	return errors.Join(dir.Sync(), dir.Close())
}
