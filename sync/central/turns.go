package central

import (
	"sync"
	"time"
)

// Bounds of what one site may have the platform do. A box asks one by one,
// beside a confirmation while a phone waits.
const (
	// maxTurns is how many requests of one site are worked on, however they came.
	maxTurns = 4
	// eventRate is how many events of one site are kept in a second, eventBurst
	// how many at once: what gathered over a day.
	eventRate  = 50
	eventBurst = 2000
)

// turns count what sites have under way and what they told lately.
type turns struct {
	mu     sync.Mutex // guards the rest
	busy   map[string]int
	events map[string]bucket
}

// bucket is a token bucket: what is left of the burst at a moment.
type bucket struct {
	left float64
	at   time.Time
}

func newTurns() *turns { return &turns{busy: map[string]int{}, events: map[string]bucket{}} }

// begin takes a turn; it is false if the site has enough.
func (t *turns) begin(site string) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.busy[site] >= maxTurns {
		return false
	}
	t.busy[site]++
	return true
}

func (t *turns) end(site string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.busy[site]--; t.busy[site] <= 0 {
		delete(t.busy, site)
	}
}

// tell says how many of a site's events are taken now, and how long to wait
// with the rest. A site that says nothing for a while is forgotten: its bucket
// is full again.
func (t *turns) tell(site string, events int, now time.Time) (taken int, retry time.Duration) {
	t.mu.Lock()
	defer t.mu.Unlock()
	b, ok := t.events[site]
	if left := b.left + now.Sub(b.at).Seconds()*eventRate; !ok || left > eventBurst {
		b.left = eventBurst
	} else {
		b.left = max(left, b.left) // the clock may be put back
	}
	taken = min(events, int(b.left))
	t.events[site] = bucket{b.left - float64(taken), now}
	for other, o := range t.events { // the map gives any: two are looked at for each that is put in
		if now.Sub(o.at).Seconds()*eventRate < eventBurst {
			break
		}
		delete(t.events, other)
	}
	if rest := events - taken; rest > 0 {
		retry = time.Duration(rest) * time.Second / eventRate
	}
	return taken, retry
}
