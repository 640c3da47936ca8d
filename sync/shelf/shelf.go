package shelf

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"

	"github.com/lineside/lineside/operators"
	"github.com/lineside/lineside/shell"
	"github.com/lineside/lineside/sync/central"
	"github.com/lineside/lineside/update"
)

// maxKey bounds a key's file in bytes.
const maxKey = 4 << 10

// Config is where a shelf has what.
type Config struct {
	// Dir is the folder of the files; it is made with the first one.
	Dir string
	// Keys is the folder of the makers' public keys, each NAME.pub.
	Keys string
}

// Shelf keeps releases. Its methods may be called at once: a file is there whole
// or not at all.
type Shelf struct{ cfg Config }

// New makes a shelf; nothing is read before it is asked.
func New(cfg Config) (*Shelf, error) {
	if cfg.Dir == "" || cfg.Keys == "" {
		return nil, errors.New("shelf: a folder for releases and one for keys are needed")
	}
	return &Shelf{cfg}, nil
}

// Put checks a release, all of it, and has note write it down before the file
// takes its name: where note fails, nothing is kept. What is wrong with a release
// comes as *operators.Error.
func (s *Shelf) Put(release io.Reader, note func(central.Release) error) (out central.Release, err error) {
	keys, err := s.keys()
	if err != nil {
		return out, err
	}
	if err := os.MkdirAll(s.cfg.Dir, 0o700); err != nil {
		return out, fmt.Errorf("make the folder for releases: %w", err)
	}
	// It is written under a name of no release, since its own stands within.
	f, err := os.CreateTemp(s.cfg.Dir, "incoming-*")
	if err != nil {
		return out, fmt.Errorf("keep the release: %w", err)
	}
	part := f.Name()
	defer func() { _ = os.Remove(part) }() // in vain once renamed
	out, err = check(io.TeeReader(release, f), keys)
	if err == nil {
		err = f.Sync()
	}
	if err = errors.Join(err, f.Close()); err != nil {
		return out, refused(err, s.cfg.Keys)
	}
	if err := note(out); err != nil {
		return out, err
	}
	if err := os.Rename(part, s.path(out.Version)); err != nil {
		return out, fmt.Errorf("keep the release: %w", err)
	}
	return out, shell.SyncDir(s.cfg.Dir)
}

// check reads a release to its end and says what it is.
func check(in io.Reader, keys update.Keys) (out central.Release, err error) {
	sum := &digest{hash: sha256.New()}
	r, err := update.Open(io.TeeReader(in, sum), keys)
	if err != nil {
		return out, err
	}
	if err := r.Check(); err != nil {
		return out, err
	}
	m := r.Manifest
	return central.Release{Version: m.Version, Made: m.Made.UTC(), Key: r.Key.ID, Notes: m.Notes, Bytes: sum.n, SHA256: hex.EncodeToString(sum.hash.Sum(nil))}, nil
}

// digest counts and digests what goes by.
type digest struct {
	hash interface {
		io.Writer
		Sum([]byte) []byte
	}
	n int64
}

// Write never fails.
func (d *digest) Write(p []byte) (int, error) {
	d.n += int64(len(p))
	return d.hash.Write(p)
}

// refused words for an operator what is wrong with a release; what is wrong here
// stays as it is.
func refused(err error, keys string) error {
	next := "get the release anew, and see that it is whole"
	switch {
	case errors.Is(err, update.ErrSigner):
		next = "where its makers have a new key, put its public half into " + filepath.Join(keys, "NAME.pub")
	case errors.Is(err, update.ErrRelease), errors.Is(err, update.ErrSignature), errors.Is(err, update.ErrManifest):
	default:
		return err
	}
	return operators.Fail(http.StatusUnprocessableEntity, err.Error(), next)
}

// keys reads the makers' keys.
func (s *Shelf) keys() (keys update.Keys, err error) {
	names, err := filepath.Glob(filepath.Join(s.cfg.Keys, "*.pub"))
	if err != nil {
		return nil, fmt.Errorf("look for release keys: %w", err)
	}
	for _, name := range names {
		key, err := readKey(name)
		if err != nil {
			return nil, operators.Fail(http.StatusUnprocessableEntity, fmt.Sprintf("%s: %v", name, err), "put a public key as minisign writes it there, or remove the file")
		}
		keys = append(keys, key)
	}
	if len(keys) == 0 {
		return nil, operators.Fail(http.StatusUnprocessableEntity, update.ErrNoKeys.Error(), "put the makers' public key into "+filepath.Join(s.cfg.Keys, "NAME.pub"))
	}
	return keys, nil
}

func readKey(name string) (update.Key, error) {
	f, err := os.Open(name)
	if err != nil {
		return update.Key{}, err
	}
	defer func() { _ = f.Close() }() // nothing was written
	text, err := io.ReadAll(io.LimitReader(f, maxKey))
	if err != nil {
		return update.Key{}, err
	}
	return update.ParseKey(text)
}

// path is a release's; its version has been checked to be one word.
func (s *Shelf) path(version string) string {
	return filepath.Join(s.cfg.Dir, update.FileName(version))
}

// Open opens the file of a release, which whoever asked for it closes.
func (s *Shelf) Open(version string) (*os.File, error) {
	if err := update.CheckVersion(version); err != nil {
		return nil, err
	}
	return os.Open(s.path(version))
}

// Drop removes the file of a release; none is no error.
func (s *Shelf) Drop(version string) error {
	if err := update.CheckVersion(version); err != nil {
		return err
	}
	if err := os.Remove(s.path(version)); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("remove the release: %w", err)
	}
	return nil
}
