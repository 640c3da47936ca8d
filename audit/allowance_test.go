package audit_test

import (
	"testing"
	"time"

	"github.com/lineside/lineside/audit"
)

// TestAllowance floods one for ten days: what comes through is what Within says
// and not one more, wherever the clock is set meanwhile.
func TestAllowance(t *testing.T) {
	b := audit.Budget{Burst: 5, Every: time.Hour}
	begin := time.Date(2026, 3, 1, 8, 0, 0, 0, time.UTC)
	const days = 10
	for _, tt := range []struct {
		name string
		at   func(time.Duration) time.Time
		most int
	}{
		{"a steady clock", func(d time.Duration) time.Time { return begin.Add(d) }, b.Within(days * 24 * time.Hour)},
		{"a clock that stands", func(time.Duration) time.Time { return begin }, b.Burst},
		{"one that goes back a day each day", func(d time.Duration) time.Time { return begin.Add(d % (24 * time.Hour)) }, b.Within(days * 24 * time.Hour)},
		{"one that leaps a year once", func(d time.Duration) time.Time {
			if d > 24*time.Hour {
				d += 365 * 24 * time.Hour
			}
			return begin.Add(d)
		}, b.Burst + b.Within(days*24*time.Hour)},
	} {
		t.Run(tt.name, func(t *testing.T) {
			a, got := b.New(), 0
			for d := time.Duration(0); d < days*24*time.Hour; d += time.Minute {
				if wait := a.Wait(tt.at(d)); (wait == 0) != a.Spend(tt.at(d)) {
					t.Fatalf("after %s: Wait says %s and Spend another thing", d, wait)
				} else if wait == 0 {
					got++
				}
			}
			if got > tt.most || got < b.Burst {
				t.Errorf("got %d through, want from %d to %d", got, b.Burst, tt.most)
			}
		})
	}
}

func TestAllowanceSaysHowLong(t *testing.T) {
	now := time.Date(2026, 3, 1, 8, 0, 0, 0, time.UTC)
	a := audit.Budget{Burst: 2, Every: time.Hour}.New()
	if !a.Whole(now) || !a.Spend(now) || a.Whole(now) || !a.Spend(now) {
		t.Fatal("a new allowance is not whole, or does not hold its burst")
	}
	if got := a.Wait(now.Add(20 * time.Minute)); got != 40*time.Minute {
		t.Errorf("got a wait of %s, want 40m", got)
	}
	if a.Spend(now.Add(59*time.Minute)) || !a.Spend(now.Add(time.Hour)) {
		t.Error("spent before the wait was over, or not after it")
	}
	if a.Whole(now.Add(2*time.Hour)) || !a.Whole(now.Add(3*time.Hour)) {
		t.Error("whole too early, or never again")
	}
}
