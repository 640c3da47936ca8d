package admin

import (
	"context"
	"fmt"
	"math"
	"net/http"
	"strconv"
	"sync"
	"time"

	"github.com/lineside/lineside/audit"
)

// costly bounds the calls of one token that make the box read or write a great
// deal for one answer.
func costly() audit.Budget { return audit.Budget{Burst: 30, Every: 2 * time.Second} }

// listEvery is how often the lists one operator takes are written to the audit
// log, at the most. In between they are counted.
const listEvery = time.Minute

// maxShares bounds the operators remembered. Only who has a token is, so it
// takes an admin to reach it.
const maxShares = 1024

// limits is what each operator has used up. Somebody with a token must not be
// able to stop the box's other work, and somebody with less than an admin's not
// to push out of the audit log what it says. Whoever can open the socket is the
// machine's own administrator and is not held up.
type limits struct {
	lists *audit.Allowance // entries of lists without a PIN, of all operators

	mu sync.Mutex
	of map[string]*share
}

// share is one operator's.
type share struct {
	costly, recorded *audit.Allowance
	own              *audit.Allowance // of a user of the site

	// Lists taken since the last entry, guarded by limits.mu.
	by      audit.Actor
	taken   audit.DevicesExported
	written time.Time
}

func newLimits() *limits {
	return &limits{lists: audit.Exports.New(), of: make(map[string]*share)}
}

func (l *limits) shareLocked(by audit.Actor) *share {
	key := by.Front + " " + by.Name
	x, ok := l.of[key]
	if !ok {
		if len(l.of) >= maxShares {
			clear(l.of)
		}
		x = &share{costly: costly().New(), recorded: audit.InstallerCalls.New(), own: audit.PersonalCalls.New()}
		l.of[key] = x
	}
	return x
}

func (l *limits) share(by audit.Actor) *share {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.shareLocked(by)
}

// thrifty holds up a token's costly calls beyond its share.
func (s *Server) thrifty(c *call) error {
	if c.by.Front == "cli" {
		return nil
	}
	return spend(s.cfg.Now(), s.limits.share(c.by).costly, "too many costly calls in this name", "")
}

// recordable holds up the calls on record of a token below an admin's, beyond
// its share: each is an entry of the audit log, which keeps a number of them.
func (s *Server) recordable(c *call) error {
	if c.by.Front == "cli" || c.role.May(Admin) {
		return nil
	}
	share := s.limits.share(c.by)
	if !c.role.May(Viewer) {
		return spend(s.cfg.Now(), share.own, "you have changed this too often", "")
	}
	return spend(s.cfg.Now(), share.recorded, "so many calls were made in this name that the audit log would hold little else",
		"; or have an admin do it, or for many PINs at once export the list")
}

func spend(now time.Time, a *audit.Allowance, what, instead string) error {
	if a.Spend(now) {
		return nil
	}
	wait := strconv.Itoa(int(math.Ceil(a.Wait(now).Seconds())))
	e := fail(http.StatusTooManyRequests, what, "wait "+wait+" seconds"+instead)
	e.Retry = wait
	return e
}

// take counts a list without PINs and gives the event to be written now, if any.
func (l *limits) take(now time.Time, by audit.Actor, devices int) (event audit.DevicesExported, due bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	x := l.shareLocked(by)
	x.by, x.taken.Devices, x.taken.Times = by, devices, x.taken.Times+1
	age := now.Sub(x.written)
	if age >= 0 && age < listEvery || !l.lists.Spend(now) {
		return audit.DevicesExported{}, false
	}
	event, x.taken, x.written = x.taken, audit.DevicesExported{}, now
	return event, true
}

// recordList has on record that a list without PINs is taken, by itself or in a
// number with others.
func (s *Server) recordList(c *call, devices int) error {
	event, due := s.limits.take(s.cfg.Now(), c.by, devices)
	if !due {
		return nil
	}
	if err := s.dep.Recorder.Record(c.r.Context(), audit.Record{By: c.by, Event: event}); err != nil {
		s.limits.giveBack(c.by, event)
		return fmt.Errorf("record %s: %w", event.Kind(), err)
	}
	return nil
}

// giveBack counts again what could not be written, but for the list refused
// with it; the next list is due at once.
func (l *limits) giveBack(by audit.Actor, event audit.DevicesExported) {
	l.mu.Lock()
	defer l.mu.Unlock()
	x := l.shareLocked(by)
	x.taken.Times += event.Times - 1
	x.written = time.Time{}
}

// counted gives the events of all lists counted and not written.
func (l *limits) counted() []audit.Record {
	l.mu.Lock()
	defer l.mu.Unlock()
	var events []audit.Record
	for _, x := range l.of {
		if x.taken.Times > 0 {
			events = append(events, audit.Record{By: x.by, Event: x.taken})
			x.taken = audit.DevicesExported{}
		}
	}
	return events
}

// keepLists writes what was counted, at the end.
func (s *Server) keepLists(ctx context.Context) {
	events := s.limits.counted()
	if len(events) == 0 {
		return
	}
	if err := s.dep.Recorder.Record(ctx, events...); err != nil {
		s.dep.Log.Warn("lists that were taken are not all in the audit log", "err", err)
	}
}
