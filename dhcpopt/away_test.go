package dhcpopt

import (
	"slices"
	"testing"
)

// TestNobodyIsLedToALostAddress: while the box lacks its address neither server
// nor relay says a word, and once it is back both do.
func TestNobodyIsLedToALostAddress(t *testing.T) {
	away := true
	isAway := func() bool { return away }
	l, r := newLAN(t, testConfig("10.20.0.50-10.20.0.59")), newRelayLAN(t, nil)
	l.s.deps.Away, r.r.deps.Away = isAway, isAway
	for range 2 * silentLeast {
		l.none(message(yealink1, discover))
		if out := r.ask(message(yealink1, discover)); len(out) != 0 {
			t.Errorf("the relay sent %d packets, want none", len(out))
		}
		r.now = r.now.Add(silentAfter)
	}
	if codes := board(r.health); slices.Contains(codes, codeSilent) {
		t.Error("a server that was not asked is called silent")
	}
	away = false
	l.lease(yealink1)
	if out := r.ask(message(yealink1, discover)); len(out) != 1 {
		t.Errorf("the relay sent %d packets, want one", len(out))
	}
}
