package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"golang.org/x/sys/unix"
)

// Names in the folder update of the state directory, which the daemon writes and
// the helper reads. Who owns the daemon's process can put anything there.
const (
	updateFolder = "update"
	stagedUpdate = "staged.release"
	wantedUpdate = "request"
)

// wanted is what the daemon asks the helper for. All fields since the first.
type wanted struct {
	Version string `json:"version"`
	By      string `json:"by"`
}

// maxWanted bounds it in bytes.
const maxWanted = 1 << 10

// inbox is that folder as the helper sees it: reached by its own name alone, and
// never through a link that leads out of the state directory.
type inbox struct{ root *os.Root }

// openInbox opens it; nothing there is fs.ErrNotExist.
func openInbox(state string) (inbox, error) {
	outer, err := os.OpenRoot(state)
	if err != nil {
		return inbox{}, err
	}
	defer func() { _ = outer.Close() }()
	root, err := outer.OpenRoot(updateFolder)
	return inbox{root}, err
}

// open opens a plain file. A link is refused as it is opened, and so is, after a
// look at what was opened, a pipe or device, on which the helper would wait.
func (b inbox) open(name string) (*os.File, error) {
	f, err := b.root.OpenFile(name, os.O_RDONLY|unix.O_NOFOLLOW|unix.O_NONBLOCK, 0)
	if err != nil {
		return nil, err
	}
	info, err := f.Stat()
	if err == nil && !info.Mode().IsRegular() {
		err = fmt.Errorf("%s is no plain file", name)
	}
	if err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return f, nil
}

// take reads the request and removes it, readable or not, so that it is looked at
// once.
func (b inbox) take() (w wanted, err error) {
	f, err := b.open(wantedUpdate)
	if errors.Is(err, fs.ErrNotExist) {
		return w, err
	}
	if err == nil {
		var text []byte
		text, err = io.ReadAll(io.LimitReader(f, maxWanted+1))
		err = errors.Join(err, f.Close())
		if err == nil && (len(text) > maxWanted || json.Unmarshal(text, &w) != nil) {
			err = errors.New("it cannot be read")
		}
	}
	if bad := b.root.RemoveAll(wantedUpdate); bad != nil {
		err = errors.Join(err, bad)
	}
	if err != nil {
		return w, fmt.Errorf("take the request for an update: %w", err)
	}
	w.By = clipped(w.By)
	return w, nil
}

// clipped is a stranger's word, short enough for the ledger.
func clipped(s string) string { return s[:min(len(s), 100)] }

// copyOut copies the staged release to where only the helper can write, all of it
// before anything of it is believed: what the daemon changes afterwards is not
// looked at.
func (b inbox) copyOut(to string, most int64) (*os.File, error) {
	in, err := b.open(stagedUpdate)
	if err != nil {
		return nil, fmt.Errorf("read the staged release: %w", err)
	}
	defer func() { _ = in.Close() }() // nothing was written
	if err := os.Remove(to); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("copy the staged release: %w", err)
	}
	out, err := os.OpenFile(to, os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return nil, fmt.Errorf("copy the staged release: %w", err)
	}
	n, err := io.Copy(out, io.LimitReader(in, most+1))
	if err == nil && n > most {
		err = fmt.Errorf("it is longer than %d bytes", most)
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("copy the staged release: %w", err), out.Close(), os.Remove(to))
	}
	return out, nil
}

// daemonSide is the daemon's own view of the folder.
type daemonSide string

func inboxOf(state string) daemonSide { return daemonSide(filepath.Join(state, updateFolder)) }

func (d daemonSide) path(name string) string { return filepath.Join(string(d), name) }
