package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"

	"github.com/lineside/lineside/shell"
	"github.com/lineside/lineside/update"
)

// defaultSlots is where updated programs lie. It is root's, and nothing of the
// daemon's can write there.
const defaultSlots = "/var/lib/lineside-slots"

// Names in the folder of slots.
const (
	linkCurrent  = "current"  // names the slot that counts
	linkPrevious = "previous" // the one that counted before
	linkWritten  = "written"  // the one that was written last, whole
	slotProgram  = "lineside"
	slotNote     = "slot.json"
)

// programSlots are two folders, a and b, each with a program and a note of what
// it is. A link names the one that counts; without it, or where the program of the
// package is another than when the slot was written, that of the package does.
// So the package's own program is never touched, and an operator who installs
// another package, a newer or an older one, gets what he installed.
type programSlots struct {
	dir string
	// base is the version of the package's program, the one this helper is part of.
	base string
}

// note is what a slot's note says. All fields since the first.
type note struct {
	Version string `json:"version"`
	Base    string `json:"base"`
}

// slotNames are the two.
func slotNames() [2]string { return [2]string{"a", "b"} }

func (s programSlots) path(parts ...string) string {
	return filepath.Join(append([]string{s.dir}, parts...)...)
}

// named is the slot a link names, empty for none.
func (s programSlots) named(link string) string {
	to, err := os.Readlink(s.path(link))
	if err != nil || to != slotNames()[0] && to != slotNames()[1] {
		return ""
	}
	return to
}

// noted reads a slot's note; a slot without one is not whole.
func (s programSlots) noted(slot string) (n note, ok bool) {
	text, err := readBounded(s.path(slot, slotNote))
	if slot == "" || err != nil || json.Unmarshal(text, &n) != nil {
		return note{}, false
	}
	return n, n.Base == s.base
}

// live is the slot that counts, empty where the package's program does.
func (s programSlots) live() (slot string, n note) {
	slot = s.named(linkCurrent)
	n, ok := s.noted(slot)
	if !ok {
		return "", note{}
	}
	return slot, n
}

// program is the program that counts and its version; empty is the package's own.
// Everything on the way to it must belong to whom this program belongs to, and
// nobody else may write it: otherwise whoever can write there would choose
// what runs.
func (s programSlots) program(owner uint32) (path, version string, err error) {
	slot, n := s.live()
	if slot == "" {
		return "", "", nil
	}
	for _, at := range []string{s.dir, s.path(slot), s.path(slot, slotNote), s.path(slot, slotProgram)} {
		if err := ownedBy(at, owner); err != nil {
			return "", "", err
		}
	}
	return s.path(slot, slotProgram), n.Version, nil
}

// ownedBy wants a plain file or folder that only one user can write.
func ownedBy(path string, owner uint32) error {
	info, err := os.Lstat(path)
	if err != nil {
		return err
	}
	st, ok := info.Sys().(*syscall.Stat_t)
	switch {
	case !ok || st.Uid != owner:
		return fmt.Errorf("%s does not belong to the user %d", path, owner)
	case info.Mode().Perm()&0o022 != 0:
		return fmt.Errorf("%s may be written by others than its owner", path)
	case !info.IsDir() && !info.Mode().IsRegular():
		return fmt.Errorf("%s is neither a file nor a folder", path)
	}
	return nil
}

// Write puts a program into the slot that does not count. Its note comes last: a
// slot that a power cut left half written is none.
func (s programSlots) Write(ctx context.Context, version string, content io.Reader) error {
	live, _ := s.live()
	free := slotNames()[0]
	if live == free {
		free = slotNames()[1]
	}
	// A link that names it must not lead to a half-written one.
	for _, link := range []string{linkCurrent, linkPrevious, linkWritten} {
		if s.named(link) == free {
			if err := s.unlink(link); err != nil {
				return err
			}
		}
	}
	if err := os.RemoveAll(s.path(free)); err != nil {
		return fmt.Errorf("clear the slot %s: %w", free, err)
	}
	if err := errors.Join(os.Mkdir(s.path(free), 0o755), os.Chmod(s.path(free), 0o755)); err != nil {
		return fmt.Errorf("make the slot %s: %w", free, err)
	}
	f, err := os.OpenFile(s.path(free, slotProgram), os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o755)
	if err != nil {
		return fmt.Errorf("write the slot %s: %w", free, err)
	}
	_, err = io.Copy(f, contextReader{ctx, content})
	if err = errors.Join(err, f.Chmod(0o755), f.Sync(), f.Close()); err != nil {
		return fmt.Errorf("write the slot %s: %w", free, err)
	}
	text, err := json.Marshal(note{Version: version, Base: s.base})
	if err != nil {
		return fmt.Errorf("note what is in the slot %s: %w", free, err)
	}
	if err := writeFor(s.path(free, slotNote), text, 0o644); err != nil {
		return fmt.Errorf("note what is in the slot %s: %w", free, err)
	}
	return s.link(linkWritten, free)
}

// contextReader ends with its context.
type contextReader struct {
	ctx context.Context
	in  io.Reader
}

// Read reads on.
func (r contextReader) Read(p []byte) (int, error) {
	if err := r.ctx.Err(); err != nil {
		return 0, err
	}
	return r.in.Read(p)
}

// Try has the slot count that was written last.
func (s programSlots) Try() error {
	live, _ := s.live()
	next := s.named(linkWritten)
	if _, whole := s.noted(next); !whole {
		return errors.New("no slot holds a program that could be tried")
	}
	if next == live {
		return nil // it does already
	}
	if live == "" {
		if err := s.unlink(linkPrevious); err != nil {
			return err
		}
	} else if err := s.link(linkPrevious, live); err != nil {
		return err
	}
	return s.link(linkCurrent, next)
}

// Good changes nothing: what counts stays.
func (s programSlots) Good() error { return nil }

// Back has the slot count that did before, or the package's own program.
func (s programSlots) Back() error {
	if before := s.named(linkPrevious); before != "" {
		return s.link(linkCurrent, before)
	}
	return s.unlink(linkCurrent)
}

// link makes a link name a slot, in one step.
func (s programSlots) link(name, slot string) error {
	fresh := s.path("." + name)
	if err := s.remove(fresh); err != nil {
		return err
	}
	if err := os.Symlink(slot, fresh); err != nil {
		return fmt.Errorf("name the slot that counts: %w", err)
	}
	if err := os.Rename(fresh, s.path(name)); err != nil {
		return fmt.Errorf("name the slot that counts: %w", err)
	}
	return shell.SyncDir(s.dir)
}

func (s programSlots) unlink(name string) error {
	if err := s.remove(s.path(name)); err != nil {
		return err
	}
	return shell.SyncDir(s.dir)
}

func (s programSlots) remove(path string) error {
	if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("name the slot that counts: %w", err)
	}
	return nil
}

// writeFor makes a file hold text, whole and on disk, for others to read too.
func writeFor(path string, text []byte, mode fs.FileMode) error {
	return shell.WriteWhole(path, func(w io.Writer) error {
		_, err := w.Write(text)
		if f, ok := w.(*os.File); ok {
			err = errors.Join(err, f.Chmod(mode))
		}
		return err
	})
}

// ledgerFile keeps the ledger in the folder of slots, for everybody to read.
type ledgerFile string

func (s programSlots) ledger() ledgerFile { return ledgerFile(s.path("ledger.json")) }

// Load reads it; one that was never written is empty.
func (f ledgerFile) Load() (l update.Ledger, err error) {
	text, err := readBounded(string(f))
	if errors.Is(err, fs.ErrNotExist) {
		return l, nil
	}
	if err == nil {
		err = json.Unmarshal(text, &l)
	}
	if err != nil {
		return l, shell.Hint(fmt.Errorf("read what is known of updates: %w", err), "where it is damaged, remove %s: nothing but the history of updates is lost", f)
	}
	return l, nil
}

// Save writes it whole.
func (f ledgerFile) Save(l update.Ledger) error {
	text, err := json.MarshalIndent(l, "", "  ")
	if err == nil {
		err = writeFor(string(f), append(text, '\n'), 0o644)
	}
	if err != nil {
		return fmt.Errorf("note how the update goes: %w", err)
	}
	return nil
}
