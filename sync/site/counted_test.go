package site_test

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/lineside/lineside/sync/proto"
	"github.com/lineside/lineside/sync/site"
)

// TestCountedAtAStart: a wrong PIN the box counted and did not get to tell of is
// told at its next start, once; what is of another PIN is not.
func TestCountedAtAStart(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLab(t)
		l.settle(one, two)
		l.begin()
		time.Sleep(time.Minute)
		for range 2 {
			if err := l.s.Tried(t.Context(), one, 100); err != nil {
				t.Fatal(err)
			}
		}
		pin := l.sec(one).PIN
		for range 2 {
			l.end()
			l.begin()
			err := l.s.Counted(t.Context(), []site.Tries{{ID: one, PIN: pin, Fails: 3, Locked: true}, {ID: two, PIN: proto.Gen{Epoch: 1, N: 9}, Fails: 5, Locked: true}, {ID: "device/none", Fails: 1}})
			if err != nil {
				t.Fatal(err)
			}
			time.Sleep(time.Minute)
			if got := l.sec(one); got.Fails != 3 || !got.Locked {
				t.Errorf("at the platform: got %d wrong PINs, locked %v, want 3 and true", got.Fails, got.Locked)
			}
			if got := l.sec(two); got.Fails != 0 || got.Locked {
				t.Errorf("of another PIN: got %d wrong PINs, locked %v, want none", got.Fails, got.Locked)
			}
		}
		if err := l.s.Counted(t.Context(), []site.Tries{{ID: one, PIN: pin, Fails: 1}}); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Minute)
		if got := l.sec(one); got.Fails != 3 || !got.Locked {
			t.Errorf("a smaller count: got %d wrong PINs, locked %v, want 3 and true still", got.Fails, got.Locked)
		}
		l.end()
	})
}

// sec is what the platform holds of a device.
func (l *lab) sec(id proto.ID) proto.Sec {
	l.p.mu.Lock()
	defer l.p.mu.Unlock()
	return l.p.held[id].Sec
}
