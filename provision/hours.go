package provision

import (
	"context"
	"slices"
	"sync"
	"time"

	"github.com/lineside/lineside/phone"
)

// Hours keeps what phones were given by the hour; losing the last of it is
// allowed.
type Hours interface {
	Hours() ([]phone.Hour, error)
	// SaveHours keeps hours, each in place of what was kept of it, and forgets
	// those that start at gone.
	SaveHours(ctx context.Context, keep []phone.Hour, gone []time.Time) error
}

// Bounds of what is kept: thirty days and the one that has begun, and how often
// it goes to disk.
const (
	keepHours  = 31 * 24
	hoursEvery = time.Minute
)

// tally counts what phones are given, by the hour.
type tally struct {
	mu    sync.Mutex
	of    map[time.Time]*phone.Hour
	dirty map[time.Time]bool
	saved time.Time
}

func newTally() *tally {
	return &tally{of: make(map[time.Time]*phone.Hour), dirty: make(map[time.Time]bool)}
}

// add counts into the hour of now.
func (t *tally) add(now time.Time, one phone.Hour) {
	start := now.UTC().Truncate(time.Hour)
	t.mu.Lock()
	defer t.mu.Unlock()
	h := t.of[start]
	if h == nil {
		h = &phone.Hour{Start: start}
		t.of[start] = h
	}
	*h = h.Add(one)
	t.dirty[start] = true
}

// counted is the one to add for an outcome; false for what is not counted.
func counted(outcome string) (one phone.Hour, ok bool) {
	switch outcome {
	case "full":
		one.Full = 1
	case "holding":
		one.Holding = 1
	case "challenged":
		one.Challenged = 1
	case "refused":
		one.Refused = 1
	default:
		return one, false
	}
	return one, true
}

// take gives what is to go to disk, and which hours are too old to be kept.
func (t *tally) take(now time.Time, all bool) (keep []phone.Hour, gone []time.Time) {
	t.mu.Lock()
	defer t.mu.Unlock()
	age := now.Sub(t.saved)
	if len(t.dirty) == 0 || !all && age >= 0 && age < hoursEvery {
		return nil, nil
	}
	t.saved = now
	for start := range t.dirty {
		keep = append(keep, *t.of[start])
	}
	clear(t.dirty)
	for start := range t.of {
		if now.Sub(start) > keepHours*time.Hour {
			gone = append(gone, start)
			delete(t.of, start)
		}
	}
	return keep, gone
}

// Hours gives what phones were given in the hours of the last thirty days,
// oldest first; hours in which nothing happened are left out.
func (d *Desk) Hours() []phone.Hour {
	t := d.tally
	t.mu.Lock()
	defer t.mu.Unlock()
	all := make([]phone.Hour, 0, len(t.of))
	for _, h := range t.of {
		all = append(all, *h)
	}
	slices.SortFunc(all, func(a, b phone.Hour) int { return a.Start.Compare(b.Start) })
	return all
}

// recallHours loads what was counted before the last stop.
func (d *Desk) recallHours() {
	if d.store.Hours == nil {
		return
	}
	all, err := d.store.Hours.Hours()
	if err != nil {
		d.tools.Log.Warn("what phones were given before is not known; the overview begins anew", "err", err)
		return
	}
	t := d.tally
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, h := range all {
		if began := t.of[h.Start]; began != nil { // phones that came before this was read
			h = h.Add(*began)
		}
		t.of[h.Start] = &h
	}
}

// keepHoursOnDisk writes what was counted, at most once a minute unless all has
// to go. It may be lost, so an error is only logged.
func (d *Desk) keepHoursOnDisk(ctx context.Context, all bool) {
	if d.store.Hours == nil {
		return
	}
	keep, gone := d.tally.take(d.tools.Now(), all)
	if len(keep)+len(gone) == 0 {
		return
	}
	if err := d.store.Hours.SaveHours(ctx, keep, gone); err != nil {
		d.tools.Log.Warn("what phones were given in the last minutes is not on disk", "err", err)
	}
}
