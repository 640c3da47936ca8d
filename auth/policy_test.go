package auth_test

import (
	"net/netip"
	"testing"
	"time"

	"github.com/lineside/lineside/auth"
)

func TestParseAllow(t *testing.T) {
	for s, want := range map[string]string{
		"10.20.0.7": "10.20.0.7/32", "10.20.0.7/24": "10.20.0.0/24", "10.20.0.7/255.255.255.0": "10.20.0.0/24",
		"10.20.0.7/255.255.255.255": "10.20.0.7/32", "2001:db8::1": "2001:db8::1/128", "2001:db8::/32": "2001:db8::/32", " 10.0.0.0/8 ": "10.0.0.0/8",
	} {
		if got, err := auth.ParseAllow(s); err != nil || got.String() != want {
			t.Errorf("%q: got %s, %v; want %s", s, got, err, want)
		}
	}
	for _, s := range []string{"", "10.20.0", "10.20.0.7/33", "10.20.0.7/255.0.255.0", "0.0.0.0/0", "10.0.0.0/0.0.0.0", "::/0", "phones", "2001:db8::/255.0.0.0", "10.20.0.7/-1", "10.20.0.7/24/8"} {
		if got, err := auth.ParseAllow(s); err == nil {
			t.Errorf("%q: got %s, want an error", s, got)
		}
	}
}

// FuzzParseAllow checks that what is accepted is a masked network that never
// covers everybody, and reads back as itself.
func FuzzParseAllow(f *testing.F) {
	for _, s := range []string{"10.20.0.7", "10.20.0.7/24", "10.20.0.7/255.255.255.0", "::/0", "fe80::1%eth0"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		p, err := auth.ParseAllow(s)
		if err != nil {
			return
		}
		if again, err := auth.ParseAllow(p.String()); err != nil || again != p || p.Bits() == 0 || p != p.Masked() {
			t.Errorf("%q: got %s, which reads back as %s, %v", s, p, again, err)
		}
	})
}

func TestAllows(t *testing.T) {
	p := auth.Policy{Allow: []auth.Allow{{Prefix: netip.MustParsePrefix("10.20.0.0/24")}}}
	for addr, want := range map[string]bool{"10.20.0.9": true, "::ffff:10.20.0.9": true, "10.20.1.9": false, "::1": false} {
		if got := p.Allows(time.Now(), netip.MustParseAddr(addr)); got != want {
			t.Errorf("%s: got %t, want %t", addr, got, want)
		}
	}
}

func TestParseWindow(t *testing.T) {
	for s, want := range map[string]time.Duration{"off": 0, "0": 0, "8h": 8 * time.Hour, "10m": 10 * time.Minute, "168h": 168 * time.Hour} {
		if got, err := auth.ParseWindow(s); err != nil || got != want {
			t.Errorf("%q: got %s, %v; want %s", s, got, err, want)
		}
	}
	for _, s := range []string{"", "8", "-8h", "1s", "169h", "never", "1y"} {
		if got, err := auth.ParseWindow(s); err == nil {
			t.Errorf("%q: got %s, want an error", s, got)
		}
	}
}

// FuzzParseWindow checks that what is accepted is none or within the bounds,
// and reads back as itself.
func FuzzParseWindow(f *testing.F) {
	for _, s := range []string{"8h", "off", "0", "-8h", "1.5h", "9e9h"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		d, err := auth.ParseWindow(s)
		if err != nil {
			return
		}
		again, err := auth.ParseWindow(auth.Policy{Window: d}.WindowText())
		if err != nil || again != d || d != 0 && (d < auth.MinWindow || d > auth.MaxWindow) {
			t.Errorf("%q: got %s, which reads back as %s, %v", s, d, again, err)
		}
	})
}

// TestWithWindow changes the window's length while it is open and while it is
// not: it never opens by that, and never stays open for longer than asked.
func TestWithWindow(t *testing.T) {
	open := auth.Policy{Window: 8 * time.Hour, WindowUntil: noon.Add(7 * time.Hour)}
	shut := auth.Policy{Window: time.Hour, WindowUntil: noon.Add(7 * time.Hour)} // as after a clock that went back
	for _, tt := range []struct {
		name   string
		p      auth.Policy
		length time.Duration
		until  time.Time
	}{
		{"shortened", open, 2 * time.Hour, noon.Add(2 * time.Hour)},
		{"lengthened", open, 24 * time.Hour, noon.Add(7 * time.Hour)},
		{"off", open, 0, time.Time{}},
		{"lengthened, not open", shut, 24 * time.Hour, time.Time{}},
		{"switched on", auth.Policy{}, time.Hour, time.Time{}},
	} {
		if got := tt.p.WithWindow(noon, tt.length); !got.WindowUntil.Equal(tt.until) || got.Window != tt.length {
			t.Errorf("%s: got %s until %s, want %s until %s", tt.name, got.Window, got.WindowUntil, tt.length, tt.until)
		}
	}
}
