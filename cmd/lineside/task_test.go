package main

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// diary notes the order in which things happen.
type diary struct {
	mu    sync.Mutex
	lines []string
}

func (d *diary) note(line string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.lines = append(d.lines, line)
}

// lasting is a task that runs until told to stop, and takes its time to.
func lasting(d *diary, name string, slow time.Duration) task {
	return newServer(name, func(ctx context.Context) error {
		<-ctx.Done()
		time.Sleep(slow) // synctest's clock
		d.note(name + " stopped")
		return nil
	})
}

func TestStopOrder(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var d diary
		ctx, stop := context.WithCancel(t.Context())
		ready := func() { d.note("ready"); stop() }
		err := supervise(ctx, []task{lasting(&d, "desk", 0)}, []task{lasting(&d, "http", 3*time.Second), lasting(&d, "dhcp", time.Second)}, time.Minute, ready)
		if err != nil {
			t.Fatal(err)
		}
		want := []string{"ready", "dhcp stopped", "http stopped", "desk stopped"}
		if !slices.Equal(d.lines, want) {
			t.Errorf("got %q, want %q", d.lines, want)
		}
	})
}

func TestFirstErrorEndsAll(t *testing.T) {
	for _, tc := range []struct {
		name string
		fail task
		want string
	}{
		{"an error", newServer("tftp", func(context.Context) error { return errors.New("socket lost") }), "tftp: socket lost"},
		{"an end without reason", newServer("tftp", func(context.Context) error { return nil }), "tftp: ended by itself"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var d diary
				err := supervise(t.Context(), []task{lasting(&d, "desk", 0)}, []task{tc.fail, lasting(&d, "http", 0)}, time.Minute, func() {})
				if err == nil || err.Error() != tc.want {
					t.Errorf("got %v, want %s", err, tc.want)
				}
				if want := []string{"http stopped", "desk stopped"}; !slices.Equal(d.lines, want) {
					t.Errorf("got %q, want %q", d.lines, want)
				}
			})
		})
	}
}

func TestStopIsBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var d diary
		ctx, stop := context.WithCancel(t.Context())
		start := time.Now()
		err := supervise(ctx, nil, []task{lasting(&d, "http", time.Hour)}, 20*time.Second, stop)
		if err == nil || !strings.Contains(err.Error(), "still in flight after 20s") {
			t.Errorf("got %v, want an error about requests in flight", err)
		}
		if took := time.Since(start); took != 20*time.Second {
			t.Errorf("the stop took %s, want 20s", took)
		}
		time.Sleep(time.Hour) // synctest's clock: let the hung task end
	})
}
