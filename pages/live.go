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
	// linger is how long to follow on when the last page was closed: most often
	// the next one is being opened.
	linger = 30 * time.Second
)

// hub tells open pages that something happened. It carries no facts: a page then
// asks for its own contents again, as the person it belongs to.
type hub struct {
	max   int
	ended chan struct{} // closed when Run ends
	// opened holds one token: a page was opened while there was none.
	opened chan struct{}

	mu        sync.Mutex
	watch     context.CancelFunc // ends what Run follows
	closing   *time.Timer        // calls it, while no page is open
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
	return &hub{max: max, ended: make(chan struct{}), opened: make(chan struct{}, 1), watch: func() {}, listeners: make(map[*listener]struct{}), byPerson: make(map[string]int)}
}

// Run follows what phones do while a page is open, and ends the open streams when
// ctx ends. It is run once. While nobody looks nothing is followed: writing an
// event down and reading it again costs about a third of a lease.
func (s *Server) Run(ctx context.Context) error {
	defer close(s.live.ended)
	// The hub's own eyes see what a viewer sees, and only say that there was
	// something.
	api := s.dep.API(admin.Caller{Name: "pages", Role: admin.Viewer})
	wait := watchAgain
	for {
		look, done := s.live.looked(ctx)
		if look == nil {
			return nil
		}
		if s.follow(look, api) {
			wait = watchAgain
		}
		closed := look.Err() != nil
		done()
		if closed {
			continue
		}
		select {
		case <-ctx.Done():
		case <-time.After(wait):
			wait = min(2*wait, watchLongest)
		}
	}
}

// follow tells open pages what happens until ctx ends; false if it could not
// begin. The API first tells what was: of that, what a page made just now may
// lack.
func (s *Server) follow(ctx context.Context, api *admin.Client) (began bool) {
	for step, err := range api.Watch(ctx, phone.MAC{}, true) {
		if err != nil {
			s.dep.Log.Debug("the pages' watch ended", "err", err)
			return began
		}
		began = true
		if s.cfg.Now().Sub(step.At).Abs() < justNow {
			s.live.tell(step.MAC)
		}
	}
	return true
}

// looked waits until a page is open, and gives what ends some time after none is
// any more; nil when ctx ended first.
func (h *hub) looked(ctx context.Context) (context.Context, context.CancelFunc) {
	for ctx.Err() == nil {
		h.mu.Lock()
		if len(h.listeners) > 0 {
			look, done := context.WithCancel(ctx)
			h.watch, h.closing = done, nil
			h.mu.Unlock()
			return look, done
		}
		h.mu.Unlock()
		select {
		case <-ctx.Done():
		case <-h.opened:
		}
	}
	return nil, nil
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
	if h.closing != nil {
		h.closing.Stop()
		h.closing = nil
	}
	if len(h.listeners) == 0 {
		select {
		case h.opened <- struct{}{}:
		default:
		}
	}
	h.listeners[l] = struct{}{}
	h.byPerson[person]++
	return l
}

func (h *hub) leave(l *listener) {
	h.mu.Lock()
	defer h.mu.Unlock()
	delete(h.listeners, l)
	if len(h.listeners) == 0 {
		h.closing = time.AfterFunc(linger, h.watch)
	}
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
