package neigh

import (
	"context"
	"fmt"
	"log/slog"
	"net/netip"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/lineside/lineside/internal/netlab"
	"github.com/lineside/lineside/phone"
)

// TestFollowsWithoutNetAdmin follows the table as the box's unit may: without
// CAP_NET_ADMIN, both what was there and what comes.
func TestFollowsWithoutNetAdmin(t *testing.T) {
	box := netlab.New(t).Host("box", "10.77.0.1/24")
	box.Run(10*time.Second, "ip", "neigh", "add", "10.77.0.8", "lladdr", "00:15:65:00:00:08", "dev", box.Interface(), "nud", "reachable")
	var told lockedBuffer
	table := New(slog.New(slog.NewTextHandler(&told, nil)))
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() {
		done <- box.Do(func() error { // on a thread that ends with it
			if err := dropNetAdmin(); err != nil {
				return err
			}
			return table.Run(ctx)
		})
	}()
	await := func(last byte) {
		t.Helper()
		addr, mac := netip.AddrFrom4([4]byte{10, 77, 0, last}), phone.MAC{0, 0x15, 0x65, 0, 0, last}
		has := func() bool { // the copy alone; a look-up would ask the kernel
			table.mu.RLock()
			defer table.mu.RUnlock()
			return table.macs[addr] == mac
		}
		tick, late := time.NewTicker(10*time.Millisecond), time.After(10*time.Second)
		defer tick.Stop()
		for !has() {
			select {
			case <-tick.C:
			case <-late:
				t.Fatalf("the copy lacks %s; the log has %q", addr, told.String())
			}
		}
	}
	await(8)
	box.Run(10*time.Second, "ip", "neigh", "add", "10.77.0.9", "lladdr", "00:15:65:00:00:09", "dev", box.Interface(), "nud", "reachable")
	await(9)
	cancel()
	if err := <-done; err != nil {
		t.Error(err)
	}
}

// dropNetAdmin takes the capability from this thread.
func dropNetAdmin() error {
	head := unix.CapUserHeader{Version: unix.LINUX_CAPABILITY_VERSION_3}
	var sets [2]unix.CapUserData
	if err := unix.Capget(&head, &sets[0]); err != nil {
		return fmt.Errorf("read this thread's capabilities: %w", err)
	}
	sets[0].Effective &^= 1 << unix.CAP_NET_ADMIN
	if err := unix.Capset(&head, &sets[0]); err != nil {
		return fmt.Errorf("drop CAP_NET_ADMIN: %w", err)
	}
	return nil
}
