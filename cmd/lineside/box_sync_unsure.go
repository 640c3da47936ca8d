package main

import "sync"

// unsure is which entries of the audit log were written while the clock was not
// set, since this process started: those above after, up to to, and while it is not
// set any after that. A clock that is
// lost again widens it, for an event that is told as unsure and was not costs
// its site no more than one renewal.
type unsure struct {
	mu        sync.Mutex // guards the rest
	any       bool
	after, to uint64
	seen      uint64
	unset     bool // it was not at the last note
}

// note takes the newest entry and whether the clock is set now. Entries since
// the last call are in doubt where it was not set at one of the two.
func (d *unsure) note(newest uint64, set bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if !set || d.unset {
		if !d.any {
			d.any, d.after = true, d.seen
		}
		d.to = newest
	}
	d.seen, d.unset = newest, !set
}

// begin says which entries were there before this process.
func (d *unsure) begin(newest uint64) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.seen = max(d.seen, newest)
}

// holds reports that an entry is in doubt.
func (d *unsure) holds(seq uint64) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.any && d.after < seq && (seq <= d.to || d.unset)
}
