package neigh_test

import (
	"context"
	"log/slog"
	"net/netip"
	"testing"
	"time"

	"github.com/lineside/lineside/internal/netlab"
	"github.com/lineside/lineside/neigh"
	"github.com/lineside/lineside/phone"
)

var (
	desk  = netip.MustParseAddr("10.77.0.2")
	first = phone.MAC{0x00, 0x15, 0x65, 0, 0, 1}
	other = phone.MAC{0x3c, 0x52, 0x82, 0, 0, 2}
)

// newLAN has a box and a phone that has just spoken to it.
func newLAN(t *testing.T) (box, phone *netlab.Host) {
	t.Helper()
	lab := netlab.New(t)
	box = lab.Host("box", "10.77.0.1/24")
	phone = lab.Host("phone", desk.String()+"/24")
	phone.SetMAC(first.String())
	greet(box)
	return box, phone
}

// greet has the box look for the phone, as an answer to it would.
func greet(box *netlab.Host) {
	_, _ = box.Try(5*time.Second, "ping", "-c", "1", "-W", "1", desk.String())
}

// TestAsksTheKernel has no subscription: what is not in the copy is asked for.
func TestAsksTheKernel(t *testing.T) {
	netlab.Tool(t, "ping")
	box, _ := newLAN(t)
	table := neigh.New(slog.New(slog.DiscardHandler))
	if err := box.Do(func() error {
		if got, ok := table.MAC(desk); !ok || got != first {
			t.Errorf("got %s, %t; want %s", got, ok, first)
		}
		if !table.Present(first) || table.Present(other) {
			t.Errorf("present: got %t, %t; want only the phone", table.Present(first), table.Present(other))
		}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
}

// TestFollows has the phone replaced by another device with its address.
func TestFollows(t *testing.T) {
	netlab.Tool(t, "ping")
	box, phone := newLAN(t)
	table := neigh.New(slog.New(slog.NewTextHandler(t.Output(), nil)))
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- box.Do(func() error { return table.Run(ctx) }) }()
	wait(t, table, first)
	phone.SetMAC(other.String())
	box.Run(5*time.Second, "ip", "neigh", "flush", "dev", box.Interface())
	greet(box)
	wait(t, table, other)
	if table.Present(first) {
		t.Error("the phone that left is still present")
	}
	cancel()
	if err := <-done; err != nil {
		t.Errorf("Run: %v", err)
	}
	if mac, ok := table.MAC(netip.MustParseAddr("127.0.0.1")); ok {
		t.Errorf("loopback has the MAC %s", mac)
	}
}

func wait(t *testing.T, table *neigh.Table, want phone.MAC) {
	t.Helper()
	deadline := time.After(10 * time.Second)
	for {
		if got, ok := table.MAC(desk); ok && got == want {
			return
		}
		select {
		case <-deadline:
			got, ok := table.MAC(desk)
			t.Fatalf("got %s, %t; want %s", got, ok, want)
		case <-time.After(10 * time.Millisecond):
		}
	}
}
