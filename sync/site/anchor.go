package site

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/lineside/lineside/sync/proto"
)

// maxAnchor bounds the anchor file in bytes.
const maxAnchor = 1 << 20

// readAnchor reads the anchor. One that is missing or unreadable is the zero
// one: the rules find out whether it was ever written.
func readAnchor(path string) (a proto.Anchor, lost error) {
	info, err := os.Stat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return proto.Anchor{}, nil
	case err != nil:
		return proto.Anchor{}, fmt.Errorf("read anchor: %w", err)
	case info.Size() > maxAnchor:
		return proto.Anchor{}, fmt.Errorf("read anchor: %s has %d bytes, more than %d", path, info.Size(), maxAnchor)
	}
	b, err := os.ReadFile(path)
	if err != nil {
		return proto.Anchor{}, fmt.Errorf("read anchor: %w", err)
	}
	if err := json.Unmarshal(b, &a); err != nil {
		return proto.Anchor{}, fmt.Errorf("read anchor %s: %w", path, err)
	}
	return a, nil
}

// writeAnchor replaces the anchor and returns once file and folder are flushed:
// after a power cut there is the old one or the new one, whole.
func writeAnchor(path string, a proto.Anchor) (err error) {
	b, err := json.Marshal(a)
	if err != nil {
		return fmt.Errorf("write anchor: %w", err)
	}
	next := path + ".next"
	f, err := os.OpenFile(next, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return fmt.Errorf("write anchor: %w", err)
	}
	_, err = f.Write(b)
	if err == nil {
		err = f.Sync()
	}
	if err = errors.Join(err, f.Close()); err != nil {
		return fmt.Errorf("write anchor: %w", err)
	}
	if err := os.Rename(next, path); err != nil {
		return fmt.Errorf("write anchor: %w", err)
	}
	return flushFolder(filepath.Dir(path))
}

func flushFolder(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return fmt.Errorf("flush the anchor's folder: %w", err)
	}
	if err := errors.Join(d.Sync(), d.Close()); err != nil {
		return fmt.Errorf("flush the anchor's folder: %w", err)
	}
	return nil
}
