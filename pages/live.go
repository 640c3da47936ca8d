package pages

import (
	"context"
	"slices"
	"sync"
	"time"

	"github.com/lineside/lineside/admin"
	"github.com/lineside/lineside/phone"
)

// Bounds of what is kept back for a page.
const (
	maxChanged   = 64 // phones named in one event; beyond it is "all"
	maxPerPerson = 12 // streams of one person
	watchAgain   = 2 * time.Second
	watchLongest = time.Minute
	// justNow is how long before its stream a page may have been made: what
	// happened meanwhile is not on it.
	justNow = 5 * time.Second
)

// hub tells open pages that something happened. It carries no facts: a page then
// asks for its own contents again, as the person it belongs to.
type hub struct {
	max   int
	ended chan struct{} // closed when Run ends

	mu        sync.Mutex
	listeners map[*listener]struct{}
	byPerson  map[string]int
	last      time.Time // something happened
}

// listener is one page that is looked at.
type listener struct {
	person string
	wake   chan struct{} // holds one token: there is something to take

	mu      sync.Mutex
	changed []phone.MAC
	all     bool
}

func newHub(max int) *hub {
	return &hub{max: max, ended: make(chan struct{}), listeners: make(map[*listener]struct{}), byPerson: make(map[string]int)}
}

// Run follows what phones do, and ends the open streams when ctx ends. It is run
// once.
func (s *Server) Run(ctx context.Context) error {
	defer close(s.live.ended)
	// The hub's own eyes see what a viewer sees, and only say that there was
	// something.
	api := s.dep.API(admin.Caller{Name: "pages", Role: admin.Viewer})
	wait := watchAgain
	for ctx.Err() == nil {
		for step, err := range api.Watch(ctx, phone.MAC{}, true) {
			if err != nil {
				s.dep.Log.Debug("the pages' watch ended", "err", err)
				break
			}
			wait = watchAgain
			s.live.tell(step.MAC)
		}
		select {
		case <-ctx.Done():
		case <-time.After(wait):
			wait = min(2*wait, watchLongest)
		}
	}
	return nil
}

// join takes a page in; nil says that there are too many.
func (h *hub) join(person string) *listener {
	h.mu.Lock()
	defer h.mu.Unlock()
	if len(h.listeners) >= h.max || h.byPerson[person] >= maxPerPerson {
		return nil
	}
	l := &listener{person: person, wake: make(chan struct{}, 1)}
	if time.Since(h.last) < justNow {
		l.note(phone.MAC{})
	}
	h.listeners[l] = struct{}{}
	h.byPerson[person]++
	return l
}

func (h *hub) leave(l *listener) {
	h.mu.Lock()
	defer h.mu.Unlock()
	delete(h.listeners, l)
	if h.byPerson[l.person]--; h.byPerson[l.person] == 0 {
		delete(h.byPerson, l.person)
	}
}

// tell says that something happened to a phone, the zero MAC to the site.
func (h *hub) tell(mac phone.MAC) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.last = time.Now()
	for l := range h.listeners {
		l.note(mac)
	}
}

func (l *listener) note(mac phone.MAC) {
	l.mu.Lock()
	defer l.mu.Unlock()
	switch {
	case mac.IsZero(), len(l.changed) >= maxChanged:
		l.all = true
	case !slices.Contains(l.changed, mac):
		l.changed = append(l.changed, mac)
	}
	select {
	case l.wake <- struct{}{}:
	default: // it knows already
	}
}

// take empties what was kept back.
func (l *listener) take() (changed []phone.MAC, all bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	changed, all = l.changed, l.all
	l.changed, l.all = nil, false
	return changed, all
}
