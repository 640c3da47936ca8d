package auth_test

import (
	"net/netip"
	"testing"

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
		if got := p.Allows(netip.MustParseAddr(addr)); got != want {
			t.Errorf("%s: got %t, want %t", addr, got, want)
		}
	}
}
