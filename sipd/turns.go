package sipd

import (
	"sync"
	"time"
)

// Bounds of waiting for one's turn.
const (
	turnWait = 250 * time.Millisecond // for a message that was overtaken
	maxTurns = 32                     // messages that wait, of one call
)

// turns puts the requests of one side of a call into the order of their CSeq:
// the library has each handled by a goroutine of its own, and digits of a PIN
// must not overtake each other.
type turns struct {
	mu      sync.Mutex
	moved   *sync.Cond
	last    uint32
	noted   map[uint32]struct{} // of other methods, which do not wait
	waiting map[uint32]struct{}
}

func newTurns(last uint32) *turns {
	t := &turns{last: last}
	t.moved = sync.NewCond(&t.mu)
	return t
}

// note counts a request that is not waited with: those after it need not wait
// for it.
func (t *turns) note(seq uint32) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if seq <= t.last || len(t.noted) >= maxTurns {
		return
	}
	if t.noted == nil {
		t.noted = make(map[uint32]struct{})
	}
	t.noted[seq] = struct{}{}
	t.skipLocked()
	t.moved.Broadcast()
}

// skipLocked goes past what was noted.
func (t *turns) skipLocked() {
	for {
		if _, ok := t.noted[t.last+1]; !ok {
			return
		}
		t.last++
		delete(t.noted, t.last)
	}
}

// take runs do when it is seq's turn: once all before it have come, or the wait
// for them is over. It reports false, and do is not run, for one that came after
// a later one was done: a key in the wrong place would make a wrong PIN, a
// missing one only asks for it again.
func (t *turns) take(seq uint32, do func()) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	if _, twice := t.waiting[seq]; twice || len(t.waiting) >= maxTurns || seq <= t.last {
		return false
	}
	if seq != t.last+1 {
		t.waitLocked(seq)
	}
	if seq <= t.last {
		return false
	}
	t.last = seq
	do()
	t.skipLocked()
	t.moved.Broadcast()
	return true
}

// waitLocked waits for the turn of seq, or for too long; of several that waited
// too long the lowest goes first.
func (t *turns) waitLocked(seq uint32) {
	if t.waiting == nil {
		t.waiting = make(map[uint32]struct{})
	}
	t.waiting[seq] = struct{}{}
	late := false
	timer := time.AfterFunc(turnWait, func() {
		t.mu.Lock()
		defer t.mu.Unlock()
		late = true
		t.moved.Broadcast()
	})
	defer timer.Stop()
	for seq > t.last+1 && !(late && t.lowestLocked(seq)) {
		t.moved.Wait()
	}
	delete(t.waiting, seq)
}

func (t *turns) lowestLocked(seq uint32) bool {
	for other := range t.waiting {
		if other < seq {
			return false
		}
	}
	return true
}
