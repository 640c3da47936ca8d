package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"runtime"
	"strings"
	"syscall"
	"time"

	"github.com/lineside/lineside/shell"
	"github.com/lineside/lineside/store"
	"github.com/lineside/lineside/update"
)

// wishFile is what an operator on the machine wants of an update; it lies in the
// folder of slots, where only root can write.
const wishFile = "wish"

// carrier is the helper with its machine: what lineside-update.service runs.
type carrier struct {
	slots  programSlots
	state  string
	keys   []string // folders
	window time.Duration
	look   time.Duration // 0 is the default
	box    update.Box
	safe   update.Safe
	log    *slog.Logger
}

// run goes on with what was begun, then does what an operator wants, then what
// the daemon asks for.
func (c carrier) run(ctx context.Context) error {
	if err := errors.Join(os.MkdirAll(c.slots.dir, 0o755), os.Chmod(c.slots.dir, 0o755)); err != nil {
		return fmt.Errorf("make the folder for programs: %w", err)
	}
	unlock, err := lockFile(c.slots.path("lock"))
	if err != nil {
		return err
	}
	defer unlock()
	h, err := c.helper()
	if err != nil {
		return err
	}
	if err := h.Resume(ctx); err != nil {
		return err
	}
	if c.wish() == update.WishBack {
		return h.GoBack(ctx, "root")
	}
	return c.asked(ctx, h)
}

func (c carrier) helper() (*update.Helper, error) {
	on := update.Standing{Running: c.slots.base, Base: c.slots.base, Schema: store.Schema(), Kind: update.Program, OS: runtime.GOOS, Arch: runtime.GOARCH}
	if slot, n := c.slots.live(); slot != "" {
		on.Running = n.Version
	}
	return update.New(update.Config{Window: c.window, Look: c.look, Standing: on, Wish: c.wish}, c.slots, c.box, c.safe, c.slots.ledger(), c.log)
}

// asked does what the daemon asks for, if it does.
func (c carrier) asked(ctx context.Context, h *update.Helper) error {
	in, err := openInbox(c.state)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("look for what the box asks for: %w", err)
	}
	defer func() { _ = in.root.Close() }()
	w, err := in.take()
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	keys, err := releaseKeys(c.keys)
	if err != nil {
		return err
	}
	release, err := in.copyOut(c.slots.path("incoming"), update.MaxRelease)
	if err != nil {
		return err
	}
	defer func() { _ = os.Remove(release.Name()) }()
	defer func() { _ = release.Close() }()
	return withKeys(h.Apply(ctx, release, keys, w.By))
}

// wish is what an operator wants, once.
func (c carrier) wish() update.Wish {
	path := c.slots.path(wishFile)
	text, err := readBounded(path)
	if err != nil {
		return update.WishNothing
	}
	if err := os.Remove(path); err != nil {
		c.log.Warn("what an operator wanted of the update could not be removed", "err", err)
	}
	switch w := update.Wish(strings.TrimSpace(string(text))); w {
	case update.WishBack, update.WishKeep:
		return w
	}
	return update.WishNothing
}

// lockFile has one helper work at a time.
func lockFile(path string) (unlock func(), err error) {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, fmt.Errorf("lock the folder for programs: %w", err)
	}
	if err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		return nil, shell.Hint(errors.Join(update.ErrRuns, f.Close()), "see how it goes: lineside update status")
	}
	return func() { _ = f.Close() }, nil
}
