package provision

import (
	"net/netip"
	"testing"
	"time"

	"github.com/lineside/lineside/phone"
)

// TestLongestUnseenVisitorMakesRoom fills the visitors' table: who was seen
// again stays, whose turn it was to go otherwise.
func TestLongestUnseenVisitorMakesRoom(t *testing.T) {
	f := newFaces(3)
	see := func(n byte) {
		at := time.Date(2026, 3, 1, 8, 0, f.order.Len(), 0, time.UTC)
		f.add(phone.Seen{MAC: phone.MAC{2, 5: n}, At: at, First: at}, netip.AddrFrom4([4]byte{10, 0, 0, n}).String(), false)
	}
	for _, n := range []byte{1, 2, 3, 1, 4} {
		see(n)
	}
	for n, want := range map[byte]bool{1: true, 2: false, 3: true, 4: true} {
		if _, got := f.visitors[phone.MAC{2, 5: n}]; got != want {
			t.Errorf("visitor %d is remembered: got %t, want %t", n, got, want)
		}
	}
	if f.order.Len() != 3 || len(f.visitors) != 3 || len(f.share) != 3 {
		t.Errorf("got %d in order, %d in all, of %d senders; want 3 each", f.order.Len(), len(f.visitors), len(f.share))
	}
}
