package store

import (
	"bytes"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"os"

	"golang.org/x/crypto/chacha20poly1305"

	"github.com/lineside/lineside/phone"
)

// Key is the site key, under which secrets are sealed at rest. It prints as
// redacted.
type Key struct {
	bytes [chacha20poly1305.KeySize]byte
}

// ErrKeyMissing is returned by LoadKey where a database is there and its key
// is not.
var ErrKeyMissing = errors.New("the site key is missing")

// NewKey takes 32 bytes.
func NewKey(b []byte) (Key, error) {
	var k Key
	if len(b) != len(k.bytes) {
		return Key{}, fmt.Errorf("site key has %d bytes, want %d", len(b), len(k.bytes))
	}
	copy(k.bytes[:], b)
	if k.IsZero() {
		return Key{}, errors.New("site key is all zero")
	}
	return k, nil
}

// IsZero reports that there is no key.
func (k Key) IsZero() bool { return k == Key{} }

// String, and the methods below, keep every print from looking inside.
func (k Key) String() string { return phone.Redacted }

// Format serves every verb of fmt.
func (k Key) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, phone.Redacted) }

// LogValue serves slog.
func (k Key) LogValue() slog.Value { return slog.StringValue(phone.Redacted) }

// MarshalText serves encoding/json and every other encoder.
func (k Key) MarshalText() ([]byte, error) { return []byte(phone.Redacted), nil }

// LoadKey reads the key file at path: 64 hex digits. Where there is none it
// mints one, unless the database it would belong to is there already: that can
// be read only with the key it was made with. The file must be its owner's
// alone (mode 0600 or 0400); 0440 passes because systemd shows a credential,
// readable by the service alone, that way. A rotation that was cut is finished
// or taken back first, see Rotate.
func LoadKey(path, database string) (Key, error) {
	next, err := readKey(nextPath(database))
	if err == nil {
		return settleRotation(path, database, next)
	}
	if !errors.Is(err, fs.ErrNotExist) {
		return Key{}, err
	}
	k, err := readKey(path)
	if errors.Is(err, fs.ErrNotExist) {
		return mintKey(path, database)
	}
	return k, err
}

// ReadKey reads a key file as LoadKey does, and never makes one.
func ReadKey(path string) (Key, error) { return readKey(path) }

func readKey(path string) (Key, error) {
	f, err := os.Open(path)
	if err != nil {
		return Key{}, fmt.Errorf("read site key: %w", err)
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return Key{}, fmt.Errorf("read site key: %w", err)
	}
	if mode := info.Mode(); !mode.IsRegular() || mode.Perm()&0o077 != 0 && mode.Perm() != 0o440 {
		return Key{}, fmt.Errorf("site key %s has mode %v, others can use it; run: chmod 600 %s", path, mode, path)
	}
	text, err := io.ReadAll(io.LimitReader(f, 1024))
	if err != nil {
		return Key{}, fmt.Errorf("read site key: %w", err)
	}
	k, err := parseKey(text)
	if err != nil {
		return Key{}, fmt.Errorf("site key %s: %w; put back the file that was there", path, err)
	}
	return k, nil
}

// parseKey reads the text of a key file. Its errors show nothing of it.
func parseKey(text []byte) (Key, error) {
	b := make([]byte, hex.DecodedLen(len(text)))
	n, err := hex.Decode(b, bytes.TrimSpace(text))
	if err != nil {
		return Key{}, errors.New("not 64 hex digits")
	}
	return NewKey(b[:n])
}

func mintKey(path, database string) (Key, error) {
	for _, there := range []string{database, goodPath(database)} {
		if info, err := os.Stat(there); err == nil && info.Size() > 0 {
			return Key{}, fmt.Errorf("%w: %s is not there, but the database %s is, and its passwords can be read with that key only; put the key file back, or move the database away to start anew and set up every phone again", ErrKeyMissing, path, there)
		} else if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return Key{}, fmt.Errorf("look for a database before minting a site key: %w", err)
		}
	}
	if err := writeFile(path, newKeyText()); err != nil {
		return Key{}, fmt.Errorf("mint site key: %w", err)
	}
	return readKey(path)
}
