package central_test

import (
	"errors"
	"log/slog"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"github.com/lineside/lineside/sync/central"
)

// TestFullDisk: a change is refused at once and by name where the disk is full,
// what is there is read all the same.
func TestFullDisk(t *testing.T) {
	dir := t.TempDir()
	if err := syscall.Mount("none", dir, "tmpfs", 0, "size=8m"); err != nil {
		t.Skipf("needs a small disk of its own: %v", err)
	}
	t.Cleanup(func() { _ = syscall.Unmount(dir, 0) })
	keys, err := central.NewKeys()
	if err != nil {
		t.Fatal(err)
	}
	p, err := central.Open(t.Context(), central.Config{Path: filepath.Join(dir, "central.db"), Keys: keys}, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = p.Close() }()
	began := time.Now()
	_, err = p.As("test").AddSite("A")
	if !errors.Is(err, central.ErrNoRoom) || !errors.Is(err, central.ErrBusy) || time.Since(began) > 5*time.Second {
		t.Errorf("got %v after %v, want %v at once", err, time.Since(began), central.ErrNoRoom)
	}
	if _, _, err := p.Sites(central.SiteQuery{Limit: 1}); err != nil {
		t.Errorf("reading: got %v", err)
	}
	if err := syscall.Mount("none", dir, "tmpfs", syscall.MS_REMOUNT, "size=64m"); err != nil {
		t.Fatal(err)
	}
	if _, err := p.As("test").AddSite("A"); err != nil {
		t.Errorf("once there is room: got %v", err)
	}
}
