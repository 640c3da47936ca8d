package site

import (
	"slices"
	"time"

	"github.com/lineside/lineside/sync/wire"
)

// sayAgain is after how long the conditions are told though they are the same:
// a push is also how the platform sees that a box with nothing to tell is there.
const sayAgain = time.Hour

// Look has the conditions told, and the rules of the site's own, if they are others
// than the platform knows. A
// condition that comes and goes costs a question each time this is called.
func (s *Site) Look() {
	s.mu.Lock()
	other := s.conn != nil && s.unsaid() != nil
	s.mu.Unlock()
	if other {
		s.Changed()
	}
}

// told is what a box says of itself beside its events.
type told struct{ conditions, rules []string }

func (t told) equal(o told) bool {
	return slices.Equal(t.conditions, o.conditions) && slices.Equal(t.rules, o.rules)
}

// toTell is the box's now, in one order.
func (s *Site) toTell() (t told) {
	for _, list := range []struct {
		give func() []string
		into *[]string
	}{{s.cfg.Conditions, &t.conditions}, {s.cfg.LocalRules, &t.rules}} {
		if list.give != nil {
			*list.into = slices.Sorted(slices.Values(list.give()))
		}
	}
	return t
}

// unsaid is what the platform has to be told of, nil for nothing; s.mu is held.
func (s *Site) unsaid() *told {
	t := s.toTell()
	if t.equal(s.said) && time.Since(s.saidAt) < sayAgain {
		return nil
	}
	if t.conditions == nil {
		t.conditions = []string{} // none is something to tell
	}
	return &t
}

// noteSaid keeps what the platform has answered to; s.mu is held.
func (s *Site) noteSaid(q wire.Request) {
	switch {
	case q.Hello != nil:
		s.said = told{q.Hello.Conditions, q.Hello.LocalRules}
	case q.Push != nil && q.Push.Conditions != nil:
		s.said = told{*q.Push.Conditions, q.Push.LocalRules}
	default:
		return
	}
	s.saidAt = time.Now()
}
