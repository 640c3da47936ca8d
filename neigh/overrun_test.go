package neigh

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"golang.org/x/sys/unix"

	"github.com/lineside/lineside/internal/netlab"
	"github.com/lineside/lineside/phone"
)

// lockedBuffer takes what a logger writes while a test reads it.
type lockedBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *lockedBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *lockedBuffer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

// TestOverrunIsFollowedAnew has the kernel tell of more neighbours than there is
// room for (ENOBUFS), as who makes up neighbours can: the subscription is made
// anew, and the copy has all there is.
func TestOverrunIsFollowedAnew(t *testing.T) {
	const made = 600 // below the thousand a kernel holds
	box := netlab.New(t).Host("box", "10.77.0.1/16")
	var told lockedBuffer
	table := New(slog.New(slog.NewTextHandler(&told, nil)))
	table.room = 4096
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- box.Do(func() error { return table.Run(ctx) }) }()
	first := netip.MustParseAddr("10.77.1.0")
	entry := func(n int) (netip.Addr, phone.MAC) {
		b := first.As4()
		b[2], b[3] = byte(1+n>>8), byte(n)
		return netip.AddrFrom4(b), phone.MAC{0, 0x15, 0x65, 1, byte(n >> 8), byte(n)}
	}
	// await reads the copy alone; a look-up would ask the kernel.
	await := func(n int) {
		t.Helper()
		addr, mac := entry(n)
		has := func() bool {
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
				t.Fatalf("the copy lacks entry %d; the log has %q", n, told.String())
			}
		}
	}
	var batch strings.Builder
	for n := range made {
		addr, mac := entry(n)
		fmt.Fprintf(&batch, "neigh replace %s lladdr %s dev %s nud permanent\n", addr, mac, box.Interface())
	}
	list := filepath.Join(t.TempDir(), "neighbours")
	if err := os.WriteFile(list, []byte(batch.String()), 0o600); err != nil {
		t.Fatal(err)
	}
	addr, mac := entry(made)
	box.Run(5*time.Second, "ip", "neigh", "replace", addr.String(), "lladdr", mac.String(), "dev", box.Interface(), "nud", "permanent")
	await(made)     // it follows
	table.mu.Lock() // whoever updates the copy waits
	out, err := box.Try(10*time.Second, "ip", "-batch", list)
	table.mu.Unlock()
	if err != nil {
		t.Fatalf("make neighbours: %v\n%s", err, out)
	}
	await(0)
	await(made - 1)
	cancel()
	if err := <-done; err != nil {
		t.Errorf("Run: %v", err)
	}
	if !strings.Contains(told.String(), unix.ENOBUFS.Error()) {
		t.Errorf("the log has %q, want %q: nothing was overrun", told.String(), unix.ENOBUFS)
	}
}

// TestPersist: what breaks off is begun again, after pauses that grow while it
// breaks off at once, and told of each time.
func TestPersist(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		began, told := time.Now(), 0
		var at []time.Duration
		persist(ctx, func(context.Context) error {
			if at = append(at, time.Since(began)); len(at) == 5 {
				cancel()
			}
			return unix.ENOBUFS
		}, func(err error) {
			if told++; err != unix.ENOBUFS {
				t.Errorf("got %v, want what broke", err)
			}
		})
		want := fmt.Sprint([]time.Duration{0, 100 * time.Millisecond, 300 * time.Millisecond, 700 * time.Millisecond, 1500 * time.Millisecond})
		if got := fmt.Sprint(at); got != want || told != 4 {
			t.Errorf("begun at %s and told of %d, want %s and 4", got, told, want)
		}
	})
}
