package update

import (
	"archive/tar"
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"hash"
	"io"
	"time"
)

// Names in the tar.
const (
	manifestName  = "manifest.json"
	signatureName = "manifest.json.minisig"
)

// FileName is what a release's file is called.
func FileName(version string) string { return "lineside-" + version + ".release" }

// ErrRelease says that a file is no release, or is not whole.
var ErrRelease = errors.New("this is no whole release of lineside")

// Reader reads a release: first its manifest, which is known to be the makers',
// then the artefacts one by one.
type Reader struct {
	Manifest Manifest
	// Key is who signed it.
	Key  Key
	in   io.Reader
	tar  *tar.Reader
	next int
	now  *checked
}

// Open reads up to the manifest's signature and checks that.
func Open(r io.Reader, keys Keys) (*Reader, error) {
	in := io.LimitReader(r, MaxRelease)
	out := &Reader{in: in, tar: tar.NewReader(in)}
	manifest, err := out.small(manifestName, maxManifest)
	if err != nil {
		return nil, err
	}
	signature, err := out.small(signatureName, maxSignature)
	if err != nil {
		return nil, err
	}
	if out.Key, err = keys.Verify(manifest, signature); err != nil {
		return nil, err
	}
	if out.Manifest, err = ParseManifest(manifest); err != nil {
		return nil, err
	}
	return out, nil
}

// member goes to the next file of the tar, which has to be a plain one of that
// name. What a tar may say beside that (links, owners, sparse files) has no
// place in a release.
func (r *Reader) member(name string) (int64, error) {
	h, err := r.tar.Next()
	switch {
	case errors.Is(err, io.EOF): // which is not to be taken for the end of a whole one
		return 0, fmt.Errorf("%w: it ends before %s", ErrRelease, name)
	case err != nil:
		return 0, fmt.Errorf("%w: look for %s: %w", ErrRelease, name, err)
	case h.Name != name || h.Typeflag != tar.TypeReg || len(h.PAXRecords) > 0 || h.Linkname != "":
		return 0, fmt.Errorf("%w: got %.100q of type %q, want the plain file %s", ErrRelease, h.Name, h.Typeflag, name)
	}
	return h.Size, nil
}

func (r *Reader) small(name string, most int64) ([]byte, error) {
	size, err := r.member(name)
	if err != nil {
		return nil, err
	}
	if size > most {
		return nil, fmt.Errorf("%w: %s has %d bytes, want at most %d", ErrRelease, name, size, most)
	}
	text := make([]byte, size)
	if _, err := io.ReadFull(r.tar, text); err != nil {
		return nil, fmt.Errorf("%w: read %s: %w", ErrRelease, name, err)
	}
	return text, nil
}

// Next gives the next artefact, and io.EOF after the last one and the end of the
// file. Of its content nothing is to be believed before the last byte was
// read without an error.
func (r *Reader) Next() (Artefact, io.Reader, error) {
	if r.now != nil {
		if _, err := io.Copy(io.Discard, r.now); err != nil {
			return Artefact{}, nil, err
		}
		r.now = nil
	}
	if r.next == len(r.Manifest.Artefacts) {
		return Artefact{}, nil, r.end()
	}
	a := r.Manifest.Artefacts[r.next]
	size, err := r.member(a.Name)
	if err != nil {
		return Artefact{}, nil, err
	}
	if size != a.Size {
		return Artefact{}, nil, fmt.Errorf("%w: %s has %d bytes, and its manifest says %d", ErrRelease, a.Name, size, a.Size)
	}
	r.next++
	r.now = &checked{in: r.tar, of: a, sum: sha256.New()}
	return a, r.now, nil
}

// Check reads what is left, and says whether the whole of it is as signed.
func (r *Reader) Check() error {
	for {
		if _, _, err := r.Next(); errors.Is(err, io.EOF) {
			return nil
		} else if err != nil {
			return err
		}
	}
}

// maxPadding is how many zeros tar programs write behind the end at most.
const maxPadding = 64 << 10

// end wants nothing behind the last artefact, and gives io.EOF.
func (r *Reader) end() error {
	if h, err := r.tar.Next(); err == nil {
		return fmt.Errorf("%w: %.100q is in it and not in its manifest", ErrRelease, h.Name)
	} else if !errors.Is(err, io.EOF) {
		return fmt.Errorf("%w: %w", ErrRelease, err)
	}
	rest, err := io.ReadAll(io.LimitReader(r.in, maxPadding+1))
	if err != nil {
		return fmt.Errorf("%w: read its end: %w", ErrRelease, err)
	}
	if len(rest) > maxPadding || len(bytes.Trim(rest, "\x00")) > 0 {
		return fmt.Errorf("%w: there is more behind its end", ErrRelease)
	}
	return io.EOF
}

// checked is an artefact's content on its way.
type checked struct {
	in  io.Reader
	of  Artefact
	sum hash.Hash
	err error // that of before, also for whoever reads on
}

// Read reads on; at the end it says whether the content is what was signed.
func (c *checked) Read(p []byte) (n int, err error) {
	if c.err != nil {
		return 0, c.err
	}
	n, c.err = c.in.Read(p)
	c.sum.Write(p[:n])
	switch {
	case errors.Is(c.err, io.EOF):
		if got := hex.EncodeToString(c.sum.Sum(nil)); got != c.of.SHA256 {
			c.err = fmt.Errorf("%w: %s has the SHA-256 %s, and its manifest says %s", ErrRelease, c.of.Name, got, c.of.SHA256)
		}
	case c.err != nil:
		c.err = fmt.Errorf("%w: read %s: %w", ErrRelease, c.of.Name, c.err)
	}
	return n, c.err
}

// Write writes a release: the manifest as it was signed, its signature, and the
// content of each artefact, which open gives in turn.
func Write(w io.Writer, manifest, signature []byte, open func(Artefact) (io.ReadCloser, error)) error {
	m, err := ParseManifest(manifest)
	if err != nil {
		return err
	}
	out := &writer{tar: tar.NewWriter(w), made: m.Made}
	out.add(manifestName, int64(len(manifest)), bytes.NewReader(manifest))
	out.add(signatureName, int64(len(signature)), bytes.NewReader(signature))
	for _, a := range m.Artefacts {
		in, err := open(a)
		if err != nil {
			return fmt.Errorf("write %s into the release: %w", a.Name, err)
		}
		out.add(a.Name, a.Size, &checked{in: in, of: a, sum: sha256.New()})
		_ = in.Close() // it was read
	}
	return errors.Join(out.err, out.tar.Close())
}

// writer writes a tar in which nothing but names and contents differs.
type writer struct {
	tar  *tar.Writer
	made time.Time
	err  error // the first
}

func (w *writer) add(name string, size int64, content io.Reader) {
	if w.err != nil {
		return
	}
	head := &tar.Header{Typeflag: tar.TypeReg, Name: name, Size: size, Mode: 0o644, ModTime: w.made.Truncate(time.Second), Format: tar.FormatUSTAR}
	if w.err = w.tar.WriteHeader(head); w.err == nil {
		_, w.err = io.Copy(w.tar, content)
	}
	if w.err != nil {
		w.err = fmt.Errorf("write %s into the release: %w", name, w.err)
	}
}

// Describe is an artefact's size and digest, read from its content.
func Describe(a Artefact, content io.Reader) (Artefact, error) {
	sum := sha256.New()
	n, err := io.Copy(sum, io.LimitReader(content, MaxImage+1))
	if err != nil {
		return Artefact{}, fmt.Errorf("read %s: %w", a.Name, err)
	}
	a.Size, a.SHA256 = n, hex.EncodeToString(sum.Sum(nil))
	return a, nil
}

// Text is a manifest as it is signed.
func (m Manifest) Text() ([]byte, error) {
	if err := m.Check(); err != nil {
		return nil, err
	}
	text, err := json.MarshalIndent(m, "", "  ")
	if err != nil {
		return nil, fmt.Errorf("write the manifest: %w", err)
	}
	return append(text, '\n'), nil
}
