package central

import (
	"container/list"
	"context"
	"slices"
	"sync"
	"time"
)

const (
	// sessionFor is how long a session lasts without a request or an open stream.
	sessionFor = 15 * time.Minute
	// maxSessions is how many one site has: its box has one, and those it lost
	// with their lines. The oldest makes room.
	maxSessions = 8
)

// sessions are those of the HTTPS transport.
type sessions struct {
	mu      sync.Mutex // guards the rest
	byToken map[string]*session
	// bySite are those that were let in, the oldest first.
	bySite map[string][]*session
	// idle are those without a stream, the one used longest ago first.
	idle *list.List
}

// session is one of them; sessions.mu guards it.
type session struct {
	token, site string
	letIn       bool
	until       time.Time
	// place is where it stands in idle, nil while it has a stream.
	place *list.Element
	// stream ends the stream of hints, which is its only one; number tells it
	// from those before.
	stream context.CancelFunc
	number int
}

func newSessions() *sessions {
	return &sessions{byToken: map[string]*session{}, bySite: map[string][]*session{}, idle: list.New()}
}

// begin begins a session that is good for nothing yet: it stands before its box
// is looked at, so that a box cut off meanwhile is not let in.
func (all *sessions) begin(token, site string, now time.Time) {
	all.mu.Lock()
	defer all.mu.Unlock()
	for first := all.idle.Front(); first != nil && now.After(first.Value.(*session).until); first = all.idle.Front() {
		all.endLocked(first.Value.(*session))
	}
	s := &session{token: token, site: site, until: now.Add(sessionFor)}
	all.byToken[token], s.place = s, all.idle.PushBack(s)
}

// letIn makes a session good, and the site's oldest end where it has too many;
// false says that it was cut off. Only who has proved to be the site gets here,
// so nobody else pushes a box's session out.
func (all *sessions) letIn(token string) bool {
	all.mu.Lock()
	defer all.mu.Unlock()
	s := all.byToken[token]
	if s == nil {
		return false
	}
	s.letIn = true
	all.bySite[s.site] = append(all.bySite[s.site], s)
	if own := all.bySite[s.site]; len(own) > maxSessions {
		all.endLocked(own[0])
	}
	return true
}

// end ends one session.
func (all *sessions) end(token string) {
	all.mu.Lock()
	defer all.mu.Unlock()
	if s := all.byToken[token]; s != nil {
		all.endLocked(s)
	}
}

// cutOff ends all sessions of a site, those too that are not let in yet.
func (all *sessions) cutOff(site string) {
	all.mu.Lock()
	defer all.mu.Unlock()
	for len(all.bySite[site]) > 0 {
		all.endLocked(all.bySite[site][0])
	}
	for place := all.idle.Front(); place != nil; {
		s := place.Value.(*session)
		if place = place.Next(); s.site == site {
			all.endLocked(s)
		}
	}
}

func (all *sessions) endLocked(s *session) {
	delete(all.byToken, s.token)
	own := slices.DeleteFunc(all.bySite[s.site], func(o *session) bool { return o == s })
	if all.bySite[s.site] = own; len(own) == 0 {
		delete(all.bySite, s.site)
	}
	if s.place != nil {
		all.idle.Remove(s.place)
	}
	if s.stream != nil {
		s.stream()
	}
}

// site is whose a session is that is let in; asking with it keeps it alive.
func (all *sessions) site(token string, now time.Time) (string, bool) {
	all.mu.Lock()
	defer all.mu.Unlock()
	s, ok := all.usedLocked(token, now)
	if !ok {
		return "", false
	}
	return s.site, true
}

func (all *sessions) usedLocked(token string, now time.Time) (*session, bool) {
	s := all.byToken[token]
	if s == nil || !s.letIn || s.place != nil && now.After(s.until) {
		return nil, false
	}
	s.until = now.Add(sessionFor)
	if s.place != nil {
		all.idle.MoveToBack(s.place)
	}
	return s, true
}

// open begins a session's stream; the one it had ends. The context is over when
// the session is, or another stream takes this one's place. close is to be
// called when the stream has ended.
func (all *sessions) open(ctx context.Context, token string, now func() time.Time) (site string, stream context.Context, end func(), ok bool) {
	all.mu.Lock()
	defer all.mu.Unlock()
	s, ok := all.usedLocked(token, now())
	if !ok {
		return "", nil, nil, false
	}
	if s.stream != nil {
		s.stream()
	}
	stream, s.stream = context.WithCancel(ctx)
	s.number++
	number := s.number
	if s.place != nil {
		all.idle.Remove(s.place)
		s.place = nil
	}
	return s.site, stream, func() { all.ended(s, number, now()) }, true
}

// ended notes the end of a session's stream, unless a newer one has its place.
func (all *sessions) ended(s *session, number int, now time.Time) {
	all.mu.Lock()
	defer all.mu.Unlock()
	if s.number != number || all.byToken[s.token] != s {
		return
	}
	s.stream()
	s.stream, s.until, s.place = nil, now.Add(sessionFor), all.idle.PushBack(s)
}
