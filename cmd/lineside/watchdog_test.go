package main

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"maps"
	"net/netip"
	"slices"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/lineside/lineside/admin"
)

// wedge is a task whose loop stands still when told to.
type wedge struct {
	*server
	beat pulse
	hold chan struct{}
}

func newWedge() *wedge {
	w := &wedge{beat: make(pulse), hold: make(chan struct{})}
	w.server = newServer("wedge", w.run).proved(w.beat.prove)
	return w
}

func (w *wedge) run(ctx context.Context) error {
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-w.hold:
			<-ctx.Done() // and heeds no pulse
			return nil
		case beat := <-w.beat:
			close(beat)
		}
	}
}

// TestWatchdog has a task go on, hang, heed no end and fail, and counts how often
// systemd hears that the box lives.
func TestWatchdog(t *testing.T) {
	for _, tc := range []struct {
		name  string
		proof func(ctx context.Context, deaf chan struct{}) error
		alive bool
	}{
		{"a task that works", func(context.Context, chan struct{}) error { return nil }, true},
		{"a task that answers with an error", func(context.Context, chan struct{}) error { return errors.New("disk full") }, true},
		{"a task that hangs", func(ctx context.Context, _ chan struct{}) error { <-ctx.Done(); return ctx.Err() }, false},
		{"a task that hangs and heeds no end", func(_ context.Context, deaf chan struct{}) error { <-deaf; return nil }, false},
		{"a task without a proof", nil, true},
	} {
		t.Run(tc.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				ctx, stop := context.WithCancel(t.Context())
				var alive atomic.Int64
				deaf := make(chan struct{})
				defer close(deaf)
				one := newServer("task", idle)
				if tc.proof != nil {
					one.proved(func(ctx context.Context) error { return tc.proof(ctx, deaf) })
				}
				tasks := []task{newServer("other", idle).proved(func(context.Context) error { return nil }), one}
				w := newWatchdog(30*time.Second, tasks, func() { alive.Add(1) }, slog.New(slog.NewTextHandler(io.Discard, nil)))
				done := make(chan error, 1)
				go func() { done <- w.run(ctx) }()
				time.Sleep(65 * time.Second) // synctest's clock
				if got := alive.Load() >= 6; got != tc.alive || !tc.alive && alive.Load() != 0 {
					t.Errorf("systemd heard %d times that the box lives, want %v", alive.Load(), tc.alive)
				}
				stop()
				if err := <-done; err != nil {
					t.Error(err)
				}
			})
		})
	}
}

func TestPulseStopsWithItsLoop(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, stop := context.WithCancel(t.Context())
		w := newWedge()
		go func() { _ = w.Run(ctx) }()
		prove := func() error {
			within, cancel := context.WithTimeout(t.Context(), time.Second)
			defer cancel()
			return w.Proof()(within)
		}
		if err := prove(); err != nil {
			t.Errorf("got %v while the loop goes round, want none", err)
		}
		close(w.hold)
		synctest.Wait()
		if err := prove(); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("got %v of a loop that stands still, want the deadline's", err)
		}
		stop()
	})
}

// TestEveryTaskProvesItself: each task of a box has a proof that works, or a reason
// to have none, and no reason is left of a task that was.
func TestEveryTaskProvesItself(t *testing.T) {
	dir := t.TempDir()
	a, err := attemptWith(settingsOnLoopback(t, dir), overlayName)
	if err != nil {
		t.Fatal(err)
	}
	a.settings.Listen.SIPS = netip.AddrPortFrom(a.where.Self.Addr(), 0).String()
	b, err := openBox(t.Context(), a.settings, a.where, nil, slog.New(slog.NewTextHandler(io.Discard, nil)))
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	ready, done := make(chan struct{}), make(chan error, 1)
	go func() { done <- b.run(ctx, func() { close(ready) }) }()
	<-ready
	// Those a box on loopback has not.
	absent := []string{"addresses", "dhcp6", "mdns", "LAN watch", "farewell", "watchdog"}
	seen := slices.Clone(absent)
	for _, task := range slices.Concat(b.base, b.doors) {
		name, p := task.String(), task.(prover).Proof()
		seen = append(seen, name)
		if p == nil {
			if unproved[name] == "" {
				t.Errorf("%s: has no proof, and no reason for that", name)
			}
			continue
		}
		if unproved[name] != "" {
			t.Errorf("%s: has a proof, and a reason to have none", name)
		}
		for look := range 4 { // the last as good as the first
			within, cancel := context.WithTimeout(ctx, 10*time.Second)
			if err := p(within); err != nil {
				t.Errorf("%s, look %d: got %v, want a proof", name, look+1, err)
			}
			cancel()
		}
	}
	for name := range maps.Keys(unproved) {
		if !slices.Contains(seen, name) {
			t.Errorf("%s: is no task of a box", name)
		}
	}
	// Knocking is no news: not to the audit log, and of no phone.
	c := admin.NewClient(b.operator.Addr().String())
	defer c.Close()
	if st, err := c.Status(ctx); err != nil || st.Visitors != 0 || len(st.Conditions) != 0 {
		t.Errorf("after the proofs: got %d visitors, %v, %v, want none", st.Visitors, st.Conditions, err)
	}
	stop()
	if err := <-done; err != nil {
		t.Error(err)
	}
}

// TestKnockAtAHungDoor: sockets that nobody serves prove nothing, though the kernel
// takes what comes.
func TestKnockAtAHungDoor(t *testing.T) {
	l := listenLoopback(t)
	at := netip.MustParseAddrPort(l.Addr().String())
	for _, secure := range []bool{false, true} {
		within, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
		if err := knockStream(within, at, secure); err == nil {
			t.Errorf("TLS %v: got a proof of a door nobody is behind", secure)
		}
		cancel()
	}
	if err := knockStream(t.Context(), netip.MustParseAddrPort("192.0.2.1:80"), false); err != nil {
		t.Errorf("got %v of an address that is not here, want none: starting anew would not bring it back", err)
	}
}
