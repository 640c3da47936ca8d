package vendors

import (
	"bytes"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path"
	"slices"
	"strings"

	"github.com/lineside/lineside/phone"
)

// Bounds of the folder of factory CAs. The names of all CAs go into each TLS
// handshake, and old phones have little room for it.
const (
	maxCAs          = 32
	maxCAFile       = 256 << 10
	maxSubjectBytes = 512
)

// CAs are the CA certificates that makers sign factory certificates with.
type CAs map[phone.Vendor][]*x509.Certificate

// All is every CA of every maker, in the order of vendors' names.
func (c CAs) All() []*x509.Certificate {
	var vendors []phone.Vendor
	for v := range c {
		vendors = append(vendors, v)
	}
	slices.Sort(vendors)
	var all []*x509.Certificate
	for _, v := range vendors {
		all = append(all, c[v]...)
	}
	return all
}

// CAError is a file among the factory CAs that cannot be used. Text says why and
// what to do; File is below the folder read, "." for the folder itself.
type CAError struct {
	File string
	Text string
	Err  error // nil where Text says all
}

// Error is the file, what is wrong with it and what to do.
func (e *CAError) Error() string { return e.File + ": " + e.Text }

// Unwrap gives the cause.
func (e *CAError) Unwrap() error { return e.Err }

// LoadCAs reads <vendor>/*.pem below dir, where vendor is a short name of the
// table and each file holds one CA certificate or several, roots or
// intermediates. Files that begin with a dot are passed over. Every other file
// that cannot be used gives an error and none of its certificates counts; the
// rest does. A folder that is not there is an empty one.
func (t Table) LoadCAs(dir fs.FS) (CAs, []*CAError) {
	l := &caLoader{table: t, dir: dir, cas: make(CAs)}
	for _, e := range l.list(".") {
		l.vendor(e.Name())
	}
	return l.cas, l.wrong
}

// caLoader goes on after an error, so that all is told at once.
type caLoader struct {
	table Table
	dir   fs.FS
	cas   CAs
	count int
	wrong []*CAError
}

func (l *caLoader) add(file string, err error, format string, args ...any) {
	l.wrong = append(l.wrong, &CAError{File: file, Text: fmt.Sprintf(format, args...), Err: err})
}

// list gives a folder's entries less the hidden ones.
func (l *caLoader) list(name string) []fs.DirEntry {
	entries, err := fs.ReadDir(l.dir, name)
	if err != nil && (name != "." || !errors.Is(err, fs.ErrNotExist)) {
		l.add(name, err, "cannot be read: %v; correct its owner and mode, or remove it", cause(err))
	}
	return slices.DeleteFunc(entries, func(e fs.DirEntry) bool { return strings.HasPrefix(e.Name(), ".") })
}

// vendor reads the folder of one vendor.
func (l *caLoader) vendor(name string) {
	names := strings.Join(l.table.Names(), ", ")
	if info, err := fs.Stat(l.dir, name); err == nil && !info.IsDir() {
		l.add(name, nil, "is no folder, so nobody can tell whose CA it is; move it into the folder of its maker, one of %s", names)
		return
	}
	v, err := l.table.Parse(name)
	if err != nil {
		l.add(name, err, "is no vendor this build serves; name the folder one of %s, or remove it", names)
		return
	}
	for _, e := range l.list(name) {
		l.file(v, path.Join(name, e.Name()))
	}
}

// file reads one file of a vendor, whole or not at all.
func (l *caLoader) file(v phone.Vendor, name string) {
	if path.Ext(name) != ".pem" {
		l.add(name, nil, "is not read, only *.pem is; convert it: openssl x509 -in FILE -out NAME.pem (with -inform der for a binary one), or remove it")
		return
	}
	text, err := readBounded(l.dir, name)
	if err != nil {
		l.add(name, err, "cannot be read: %v; correct its owner and mode, or remove it", cause(err))
		return
	}
	certs, err := parseCAs(text)
	if err != nil {
		l.add(name, err, "%v", err)
		return
	}
	for _, c := range certs {
		if slices.ContainsFunc(l.cas[v], c.Equal) {
			continue
		}
		if l.count == maxCAs {
			l.add(name, nil, "is one CA too many, the box takes %d; remove those of phones that are not here", maxCAs)
			return
		}
		l.count++
		l.cas[v] = append(l.cas[v], c)
	}
}

// cause is an error less the path that a file system puts before it.
func cause(err error) error {
	var p *fs.PathError
	if errors.As(err, &p) {
		return p.Err
	}
	return err
}

func readBounded(dir fs.FS, name string) ([]byte, error) {
	info, err := fs.Stat(dir, name)
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() {
		return nil, errors.New("it is no regular file")
	}
	f, err := dir.Open(name)
	if err != nil {
		return nil, err
	}
	text, err := io.ReadAll(io.LimitReader(f, maxCAFile+1))
	if len(text) > maxCAFile {
		err = fmt.Errorf("it is larger than %d bytes", maxCAFile)
	}
	return text, errors.Join(err, f.Close())
}

// parseCAs reads a file of CA certificates. Its errors say what to do.
func parseCAs(text []byte) ([]*x509.Certificate, error) {
	var certs []*x509.Certificate
	blocks := 0
	for rest := text; ; blocks++ {
		var block *pem.Block
		if block, rest = pem.Decode(rest); block == nil {
			break
		}
		if block.Type != "CERTIFICATE" {
			return nil, fmt.Errorf("holds a %.40q, and only CA certificates belong here; remove it", block.Type)
		}
		c, err := x509.ParseCertificate(block.Bytes)
		if err != nil {
			return nil, fmt.Errorf("certificate %d cannot be read: %w; get the file anew from the maker", blocks+1, err)
		}
		if err := checkCA(c); err != nil {
			return nil, fmt.Errorf("certificate %d, %.80q, %w", blocks+1, c.Subject, err)
		}
		certs = append(certs, c)
	}
	switch {
	// pem.Decode passes over what it cannot read.
	case bytes.Count(text, []byte("-----BEGIN ")) != blocks:
		return nil, errors.New("is damaged; get the file anew from the maker")
	case blocks == 0:
		return nil, errors.New("holds no certificate in PEM; convert a binary one: openssl x509 -inform der -in FILE -out NAME.pem")
	}
	return certs, nil
}

// checkCA refuses what is no CA's certificate: among the CAs a phone's own
// certificate would be good for itself, without a signature. Roots of before
// 1999 (X.509 version 1) cannot say that they are one, and sign themselves.
func checkCA(c *x509.Certificate) error {
	old := c.Version < 3 && bytes.Equal(c.RawIssuer, c.RawSubject)
	switch {
	case !old && (!c.BasicConstraintsValid || !c.IsCA):
		return errors.New("is no CA's; put the maker's root or issuing CA here, not a phone's certificate")
	case len(c.Raw) > maxCertBytes || len(c.RawSubject) > maxSubjectBytes:
		return fmt.Errorf("is larger than %d bytes, or its name than %d; no phone maker's is", maxCertBytes, maxSubjectBytes)
	}
	return nil
}
