package site_test

import (
	"slices"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

// TestConditions: what becomes of the box is told while it is connected, once,
// and so is that it is well again; a box with nothing to tell shows every hour
// that it is there.
func TestConditions(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLab(t)
		var now atomic.Pointer[[]string]
		now.Store(&[]string{})
		l.conditions = func() []string { return *now.Load() }
		l.begin()
		time.Sleep(time.Minute)
		told := func(is []string, want []string, times int) {
			t.Helper()
			now.Store(&is)
			for range 10 {
				l.s.Look()
				time.Sleep(time.Second)
			}
			l.p.mu.Lock()
			defer l.p.mu.Unlock()
			if !slices.Equal(l.p.health, want) || l.p.told != times {
				t.Errorf("got %q told %d times, want %q and %d", l.p.health, l.p.told, want, times)
			}
		}
		told([]string{"disk-full", "clock"}, []string{"clock", "disk-full"}, 1)
		told([]string{"clock", "disk-full"}, []string{"clock", "disk-full"}, 1)
		told(nil, nil, 2)
		time.Sleep(3*time.Hour + 40*time.Minute)
		told(nil, nil, 5)
		l.end()
	})
}
