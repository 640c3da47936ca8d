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

// TestLocalRules: a rule that an operator changes at the box is told at once,
// beside conditions that are the same, and so is that it is changed back.
func TestLocalRules(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLab(t)
		var now atomic.Pointer[[]string]
		now.Store(&[]string{"window off, not 8h0m0s"})
		l.conditions = func() []string { return []string{"clock"} }
		l.rules = func() []string { return *now.Load() }
		l.begin()
		time.Sleep(time.Minute)
		for i, want := range [][]string{*now.Load(), {"first_contact otp, not pin"}, nil} {
			now.Store(&want)
			l.s.Look()
			time.Sleep(time.Second)
			l.p.mu.Lock()
			if !slices.Equal(l.p.rules, want) || !slices.Equal(l.p.health, []string{"clock"}) || l.p.told != i {
				t.Errorf("got %q and %q told %d times, want %q, the condition, and %d", l.p.rules, l.p.health, l.p.told, want, i)
			}
			l.p.mu.Unlock()
		}
		l.end()
	})
}
