package site

import (
	"slices"
	"time"

	"github.com/lineside/lineside/sync/wire"
)

// sayAgain is after how long the conditions are told though they are the same:
// a push is also how the platform sees that a box with nothing to tell is there.
const sayAgain = time.Hour

// Look has the conditions told if they are others than the platform knows. A
// condition that comes and goes costs a question each time this is called.
func (s *Site) Look() {
	s.mu.Lock()
	other := s.conn != nil && s.unsaid() != nil
	s.mu.Unlock()
	if other {
		s.Changed()
	}
}

// conditions are the box's now, in one order.
func (s *Site) conditions() []string {
	if s.cfg.Conditions == nil {
		return nil
	}
	list := slices.Clone(s.cfg.Conditions())
	slices.Sort(list)
	return list
}

// unsaid are the conditions where the platform has to be told of them; s.mu is
// held.
func (s *Site) unsaid() *[]string {
	list := s.conditions()
	if slices.Equal(list, s.said) && time.Since(s.saidAt) < sayAgain {
		return nil
	}
	if list == nil {
		list = []string{} // none is something to tell
	}
	return &list
}

// noteSaid keeps what the platform has answered to; s.mu is held.
func (s *Site) noteSaid(q wire.Request) {
	switch {
	case q.Hello != nil:
		s.said = q.Hello.Conditions
	case q.Push != nil && q.Push.Conditions != nil:
		s.said = *q.Push.Conditions
	default:
		return
	}
	s.saidAt = time.Now()
}
