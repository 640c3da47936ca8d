package wire_test

import (
	"testing"
	"time"

	"github.com/lineside/lineside/sync/wire"
)

func TestWindow(t *testing.T) {
	zone, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		window, utc string
		want        bool
	}{
		{"", "2026-11-22T12:00:00Z", true},
		{"00:00-00:00", "2026-11-22T12:00:00Z", true},
		{"01:00-04:00", "2026-11-22T23:59:59Z", false}, // 00:59 there
		{"01:00-04:00", "2026-11-23T00:00:00Z", true},
		{"01:00-04:00", "2026-11-23T02:59:59Z", true},
		{"01:00-04:00", "2026-11-23T03:00:00Z", false},
		{"01:00-04:00", "2026-07-01T23:00:00Z", true}, // summer: 01:00 there
		{"23:00-02:00", "2026-11-22T22:00:00Z", true},
		{"23:00-02:00", "2026-11-23T00:59:00Z", true},
		{"23:00-02:00", "2026-11-23T01:00:00Z", false},
	} {
		w, err := wire.ParseWindow(c.window)
		if err != nil {
			t.Fatal(err)
		}
		now, err := time.Parse(time.RFC3339, c.utc)
		if err != nil {
			t.Fatal(err)
		}
		if got := w.Holds(now.In(zone)); got != c.want {
			t.Errorf("%q at %s: got %v, want %v", c.window, now.In(zone), got, c.want)
		}
	}
}

// FuzzParseWindow: what is read is written the same, and is a time of day.
func FuzzParseWindow(f *testing.F) {
	for _, text := range []string{"", "01:00-04:00", "24:00-04:00", "1:00-04:00", "01:60-04:00", "01:00-04:00 ", "-1:00-04:00", "+1:00-04:00"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		w, err := wire.ParseWindow(text)
		if err != nil {
			return
		}
		if w.From < 0 || w.To < 0 || w.From >= 24*60 || w.To >= 24*60 || text != "" && w.String() != text {
			t.Errorf("%q: got %+v, which is %s", text, w, w)
		}
	})
}
