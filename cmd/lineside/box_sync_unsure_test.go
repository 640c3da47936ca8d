package main

import "testing"

// TestUnsure: what was written while the clock was not set is in doubt, also after
// it was set, and nothing from before this process.
func TestUnsure(t *testing.T) {
	var d unsure
	d.begin(10)
	d.note(12, true)
	if d.holds(11) || d.holds(12) {
		t.Error("with the clock set: in doubt")
	}
	d.note(15, false)
	d.note(17, true)
	d.note(19, true)
	for seq, want := range map[uint64]bool{10: false, 12: false, 13: true, 15: true, 16: true, 17: true, 18: false, 19: false} {
		if got := d.holds(seq); got != want {
			t.Errorf("entry %d: got in doubt %v, want %v", seq, got, want)
		}
	}
	d.note(20, false)
	if !d.holds(20) || !d.holds(13) || !d.holds(21) {
		t.Error("lost again: want what is written from then on in doubt, and what was before")
	}
	var fresh unsure
	fresh.begin(7)
	fresh.note(9, false)
	if fresh.holds(7) || !fresh.holds(8) {
		t.Error("a box that starts without a clock: want its entries in doubt, and none from before")
	}
}
