package store

import (
	"testing"
	"time"
)

// TestPaceTellsOnce: a disk is slow once most writes are, and well again once few
// are; single ones and what lies between change nothing.
func TestPaceTellsOnce(t *testing.T) {
	const slow, fast = 200 * time.Millisecond, time.Millisecond
	var p pace
	told := 0
	for _, step := range []struct {
		name  string
		took  []time.Duration
		times int
		said  bool
		told  int
	}{
		{"fast", []time.Duration{fast}, 100, false, 0},
		{"a slow one in four", []time.Duration{slow, fast, fast, fast}, 40, false, 0},
		{"half of them slow", []time.Duration{slow, fast}, 40, false, 0},
		{"all slow", []time.Duration{slow}, 100, true, 1},
		{"half of them slow again", []time.Duration{slow, fast}, 40, true, 1},
		{"fast again", []time.Duration{fast}, 100, false, 2},
	} {
		for n := range step.times {
			if p.add(step.took[n%len(step.took)]) {
				told++
			}
		}
		if p.said != step.said || told != step.told {
			t.Errorf("%s: got slow %v, told %d times; want %v, %d", step.name, p.said, told, step.said, step.told)
		}
	}
}
