package central

import "time"

// MaxTurns and EventBurst are the bounds of one site.
const (
	MaxTurns   = maxTurns
	EventBurst = eventBurst
)

// Turns is turns for tests.
type Turns struct{ t *turns }

// NewTurns makes one.
func NewTurns() Turns { return Turns{newTurns()} }

// Begin, End and Tell are its methods.
func (t Turns) Begin(site string) bool { return t.t.begin(site) }
func (t Turns) End(site string)        { t.t.end(site) }
func (t Turns) Tell(site string, events int, now time.Time) (int, time.Duration) {
	return t.t.tell(site, events, now)
}
