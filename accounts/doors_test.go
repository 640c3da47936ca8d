package accounts

import (
	"net/netip"
	"testing"
	"time"
)

// TestLinkIsBounded: who takes a new address of the link for each try is stopped
// too, and who is known at an address is not.
func TestLinkIsBounded(t *testing.T) {
	desk := Desk{cfg: Config{OnLink: netip.Addr.IsLinkLocalUnicast}}
	d := newDoors()
	now := time.Date(2026, 3, 1, 9, 0, 0, 0, time.UTC)
	home := desk.network(netip.MustParseAddr("fe80::1%eth0"))
	host := func(n int) netip.Prefix {
		raw := home.Addr().As16()
		raw[13], raw[14] = 1, byte(n)
		return desk.network(netip.AddrFrom16(raw))
	}
	for n := range linkTries {
		if wait := d.wait(now, host(n), false); wait > 0 {
			t.Fatalf("after %d tries: got a wait of %v, want none", n, wait)
		}
		d.wrong(now, host(n))
	}
	if d.wait(now, host(linkTries), false) == 0 {
		t.Error("a new address after a hundred wrong tries of its link: got no wait")
	}
	if wait := d.wait(now, home, true); wait > 0 {
		t.Errorf("who is known there: got a wait of %v, want none", wait)
	}
	if wait := d.wait(now, desk.network(netip.MustParseAddr("10.20.0.9")), false); wait > 0 {
		t.Errorf("IPv4: got a wait of %v, want none", wait)
	}
}
