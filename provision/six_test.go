package provision_test

import (
	"fmt"
	"net/netip"
	"strings"
	"testing"

	"github.com/lineside/lineside/auth"
	"github.com/lineside/lineside/phone"
	"github.com/lineside/lineside/provision"
	"github.com/lineside/lineside/vendors"
)

const phone6 = "fd00:20::57"

// TestSixProvesNothing: a phone that is leased an address by DHCPv4 and answers
// by IPv6 is no more than its own word, for a laptop can announce an address of
// its making under that MAC. What layer 2 contradicts gets nothing at all.
func TestSixProvesNothing(t *testing.T) {
	l := newLab(t, auth.FactorOTP)
	l.add(t, mac)
	l.lease("10.20.0.57", mac)
	l.store.wire[netip.MustParseAddr(phone6)] = mac
	if _, err := l.Suspend(t.Context(), operator, mac); err != nil {
		t.Fatal(err)
	}
	wantChallenge(t, "trusted, by IPv6", l.get(t, mac, phone6))
	wantStage(t, "trusted, by IPv4", l.get(t, mac, "10.20.0.57"), vendors.Full)
}

// TestSixSignsIn: what the phone shows counts on IPv6 as it does on IPv4, unless
// its address or the wire name another MAC.
func TestSixSignsIn(t *testing.T) {
	for _, tt := range []struct {
		name, from string
		wire       phone.MAC
		in         bool
	}{
		{"the wire agrees", phone6, mac, true},
		{"behind a router", phone6, phone.MAC{}, true},
		{"the wire names another", phone6, stranger, false},
		{"an address made from another MAC", "fd00:20::3e52:82ff:fe00:1", phone.MAC{}, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			l := newLab(t, auth.FactorOTP)
			l.add(t, mac)
			if !tt.wire.IsZero() {
				l.store.wire[netip.MustParseAddr(tt.from)] = tt.wire
			}
			a := l.get(t, mac, tt.from, "installer", "fake-brand-otp")
			if got := a.Status == provision.Content; got != tt.in {
				t.Errorf("got %v, want the full config: %t", a.Status, tt.in)
			}
		})
	}
}

// TestSixLaptopPays: a laptop that guesses from a thousand addresses is one
// caller, and a phone beside it on the same network does not pay for it.
func TestSixLaptopPays(t *testing.T) {
	l := newLab(t, auth.FactorOTP)
	for i := range 2 * auth.FreeTries {
		at := fmt.Sprintf("fd00:20::bad:%x", i)
		l.store.wire[netip.MustParseAddr(at)] = stranger
		a := l.get(t, stranger, at, "installer", fmt.Sprintf("guess-%d", i))
		if waits := a.Retry > 0; waits != (i >= auth.FreeTries-1) {
			t.Errorf("guess %d from %s: made to wait %s, want it after %d", i+1, at, a.Retry, auth.FreeTries)
		}
	}
	l.store.wire[netip.MustParseAddr(phone6)] = mac
	if a := l.get(t, mac, phone6, "installer", "mistyped"); a.Retry > 0 {
		t.Errorf("the phone beside it has to wait %s", a.Retry)
	}
}

// TestSixIsTold: whoever asks at the box's IPv6 address is told that one, in
// brackets, and who asks at a link-local one, which names no interface, is not.
func TestSixIsTold(t *testing.T) {
	l := newLab(t, auth.FactorPIN)
	for self, want := range map[string]string{"fd00:20::1": "http://[fd00:20::1]", "fe80::1": "http://10.20.0.1"} {
		w := l.Welcome6(provision.Caller{MAC: mac, Class: []byte("yealink"), Self: netip.MustParseAddr(self)})
		if !strings.HasPrefix(w.Lead.URL, want) {
			t.Errorf("at %s: told %q, want %s", self, w.Lead.URL, want)
		}
	}
	if w := l.Welcome6(provision.Caller{MAC: phone.MAC{0xae, 1, 2, 3, 4, 5}, Class: []byte("MSFT 5.0"), Self: netip.MustParseAddr("fd00:20::1")}); w.Ident.Vendor != "" || w.Lead.URL != "" {
		t.Errorf("a laptop is told %+v", w)
	}
}
