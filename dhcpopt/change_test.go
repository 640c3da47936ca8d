package dhcpopt

import (
	"bytes"
	"testing"
	"time"
)

// TestSettingsChangeUnderLeases starts the server anew with another pool, router
// and lease time, which needs no FORCERENEW: who has an address the pool still
// has keeps it and learns the rest at its renewal; who has one it lost is told so
// at its renewal, and has a new one at once.
func TestSettingsChangeUnderLeases(t *testing.T) {
	l := newLAN(t, testConfig("10.20.0.50-10.20.0.59"))
	stays, goes := l.lease(yealink1, class("yealink"), wants(ip("10.20.0.55"))), l.lease(yealink2, class("yealink"), wants(ip("10.20.0.51")))
	next := testConfig("10.20.0.55-10.20.0.70")
	next.Router, next.Lease = ip("10.20.0.253"), time.Hour
	l.restart(next)
	newcomer := l.one(message(laptop1, discover, wants(stays)), offer)
	if a := address(newcomer.YourIPAddr); a == stays || !next.Pool[0].Contains(a) {
		t.Errorf("a newcomer was offered %s, want another of the new pool", a)
	}
	r := l.one(message(yealink1, request, uses(stays), class("yealink")), ack)
	if got := r.Options[3]; !bytes.Equal(got, next.Router.AsSlice()) || r.IPAddressLeaseTime(0) != time.Hour || string(r.Options[66]) == "" {
		t.Errorf("renewed: got router %v for %s with 66 %q, want the new settings", got, r.IPAddressLeaseTime(0), r.Options[66])
	}
	l.one(message(yealink2, request, uses(goes), class("yealink")), nak)
	if a := l.lease(yealink2, class("yealink"), wants(goes)); !next.Pool[0].Contains(a) || a == stays {
		t.Errorf("started over: got %s, want a free one of the new pool", a)
	}
	l.restart(testConfig("10.20.0.50-10.20.0.59"))
	l.one(message(yealink1, request, uses(stays)), ack)
}
