package broker

import (
	"context"
	"net/netip"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// TestLine: whoever came first has the next place, the others of an address
// that has its share wait behind each other and not before anybody else, and
// nobody waits for longer than he would.
func TestLine(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLine(1000)
		l.places, l.each = make(chan struct{}, 4), 1
		ctx, stop := context.WithTimeout(t.Context(), time.Minute)
		defer stop()
		var all sync.WaitGroup
		var mu sync.Mutex
		var served []string
		come := func(name, addr string) {
			all.Go(func() {
				leave, err := l.enter(ctx, netip.MustParseAddr(addr))
				if err != nil {
					t.Errorf("%s: %v", name, err)
					return
				}
				defer leave()
				mu.Lock()
				served = append(served, name)
				mu.Unlock()
				time.Sleep(time.Second)
			})
			synctest.Wait()
		}
		for range 10 {
			come("stranger", "203.0.113.7")
		}
		for _, box := range []string{"198.51.100.1", "198.51.100.2", "198.51.100.3", "198.51.100.4"} {
			come(box, box)
		}
		began := time.Now()
		all.Wait()
		if took := time.Since(began); took != 10*time.Second {
			t.Errorf("ten of one address took %s, want 10s: one at a time", took)
		}
		mu.Lock()
		defer mu.Unlock()
		want := []string{"stranger", "198.51.100.1", "198.51.100.2", "198.51.100.3"}
		if got := served[:4]; !slices.Equal(got, want) {
			t.Errorf("got %q first, want %q", got, want)
		}
		if at := slices.Index(served, "198.51.100.4"); at > 5 {
			t.Errorf("the last box was served as number %d, want it not behind the strangers: %q", at, served)
		}
		if len(l.from) != 0 || len(l.places) != 0 {
			t.Errorf("%d addresses and %d places are kept, want none", len(l.from), len(l.places))
		}
	})
}

// TestLineIsBounded: who waits in vain is turned away when his time is up, and
// leaves nothing behind; while those let in wait nobody else is let in.
func TestLineIsBounded(t *testing.T) {
	box := netip.MustParseAddr("198.51.100.1")
	for name, prepare := range map[string]func(*line){
		"no place":            func(l *line) { l.places = make(chan struct{}) },
		"no turn":             func(l *line) { l.each = 0 },
		"those inside waited": func(l *line) { l.crowded = func() bool { return true } },
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				l := newLine(1000)
				prepare(l)
				ctx, stop := context.WithTimeout(t.Context(), doorWait)
				defer stop()
				began := time.Now()
				if _, err := l.enter(ctx, box); err != errCrowded {
					t.Errorf("got %v, want %v", err, errCrowded)
				}
				if took := time.Since(began); took != doorWait {
					t.Errorf("turned away after %s, want %s", took, doorWait)
				}
				if len(l.from) != 0 || len(l.places) != 0 {
					t.Errorf("%d addresses and %d places are kept, want none", len(l.from), len(l.places))
				}
			})
		})
	}
}

// TestLineIsFull: who finds no room in line is turned away at once; one address
// takes no more of it than its part, and nobody who left keeps any.
func TestLineIsFull(t *testing.T) {
	stranger, box, here := netip.MustParseAddr("203.0.113.7"), netip.MustParseAddr("198.51.100.1"), netip.MustParseAddr("127.0.0.1")
	for name, c := range map[string]struct {
		most, before int
		of, next     netip.Addr
		in           bool
	}{
		"room for one more":            {3, 2, stranger, box, true},
		"no room":                      {3, 3, stranger, box, false},
		"one address has its part":     {5000, eachStanding, stranger, stranger, false},
		"and another is let in":        {5000, eachStanding, stranger, box, true},
		"true addresses are not known": {5000, eachStanding, here, here, true},
	} {
		t.Run(name, func(t *testing.T) {
			l := newLine(c.most)
			var all []*comers
			for range c.before {
				all = append(all, l.join(c.of))
			}
			last := l.join(c.next)
			if in := last != nil; in != c.in {
				t.Errorf("let in line: got %v, want %v", in, c.in)
			}
			for _, q := range all {
				l.quit(c.of, q)
			}
			if last != nil {
				l.quit(c.next, last)
			}
			if l.standing() != 0 || len(l.from) != 0 {
				t.Errorf("%d stand and %d addresses are kept, want none", l.standing(), len(l.from))
			}
		})
	}
}

// TestLineGoesOn: strangers who were let in and never say who they are hold up
// who comes by so much, and keep nobody out.
func TestLineGoesOn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newDoor(1000)
		for port := range uint16(maxInside) {
			d.note(netip.AddrPortFrom(netip.MustParseAddr("203.0.113.7"), port), grant{until: time.Now().Add(tlsWait)})
		}
		took := func() time.Duration {
			began := time.Now()
			leave, err := d.line.enter(t.Context(), netip.MustParseAddr("198.51.100.1"))
			if err != nil {
				t.Fatal(err)
			}
			leave()
			return time.Since(began)
		}
		if got := took(); got < paceHeld || got > paceHeld+lookAgain {
			t.Errorf("a box was held up for %s, want %s", got, paceHeld)
		}
		d.done(netip.MustParseAddrPort("203.0.113.7:1"))
		if got := took(); got != 0 {
			t.Errorf("when one had said who it is a box was held up for %s, want not at all", got)
		}
		if d.forget(time.Now().Add(tlsWait + 1)); d.inside != 0 {
			t.Errorf("%d are taken to be inside, want none", d.inside)
		}
	})
}
