package admin

import (
	"testing"
	"time"

	"github.com/lineside/lineside/phone"
)

// TestDaysAreTheSites: every hour of the last 30 days counts to one day, also
// where a day has 23 or 25 hours, or a clock runs half an hour beside others.
func TestDaysAreTheSites(t *testing.T) {
	for _, name := range []string{"Europe/Berlin", "America/St_Johns", "Asia/Kathmandu", "Australia/Lord_Howe", "UTC"} {
		zone, err := time.LoadLocation(name)
		if err != nil {
			t.Fatal(err)
		}
		for _, month := range []time.Month{time.April, time.November} {
			now := time.Date(2026, month, 12, 13, 20, 0, 0, zone)
			first := time.Date(2026, month, 12-29, 0, 0, 0, 0, zone)
			var hours []phone.Hour
			want := 0
			for at := first.Add(-48 * time.Hour).UTC().Truncate(time.Hour); !at.After(now); at = at.Add(time.Hour) {
				hours = append(hours, phone.Hour{Start: at, Full: 1})
				if !at.Before(first) {
					want++
				}
			}
			got := 0
			for i, d := range lastDays(now, hours) {
				if got += d.Full; i < 29 && (d.Full < 23 || d.Full > 25) {
					t.Errorf("%s, %s: got %d hours", name, d.Start, d.Full)
				}
				if d.Start.Hour() != 0 {
					t.Errorf("%s: a day begins at %s, want midnight", name, d.Start)
				}
			}
			if got != want {
				t.Errorf("%s: got %d hours in 30 days, want %d", name, got, want)
			}
		}
	}
}
