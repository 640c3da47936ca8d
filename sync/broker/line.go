package broker

import (
	"context"
	"net/netip"
	"runtime"
	"sync"
	"time"
)

// line is where connections wait to begin their TLS handshake. So many are in
// it at a time as there are processors to work on them, first come first
// served: of ten thousand begun at once none would end before its box gave up,
// and all of the work would be done again for the next try. Of one address only
// a part has a place at a time, and the others of it wait behind each other, so
// that however many come from there a box from elsewhere waits for few of them.
type line struct {
	places chan struct{}
	each   int // places of one address
	most   int // that stand in it at a time
	// crowded says that those let in already wait for their answers: whoever
	// has a place waits with it for them to be heard.
	crowded func() bool
	// full says that many let in have not said yet who they are: each that comes
	// is held up by paceHeld, and no longer, for they may be strangers who never do.
	full func() bool

	mu   sync.Mutex // guards the rest
	from map[netip.Addr]*comers
	in   int // waiting or at work
}

// comers are those of one address.
type comers struct {
	turn chan struct{}
	in   int // waiting or at work
}

const (
	// placesPerCPU and eachPart bound who is at work: all, and of one address.
	placesPerCPU = 4
	eachPart     = 4
	// placeHeld is the longest a place is held by who answers slowly. The work
	// of a handshake takes a millisecond; the place is free when that is done,
	// however far away its box is. Where nobody tells that it is done it is
	// taken to be after workTakes.
	placeHeld = 100 * time.Millisecond
	workTakes = 10 * time.Millisecond
	// paceHeld is what a comer waits where many are inside who may never speak.
	paceHeld = 100 * time.Millisecond
	// eachStanding is how many of one address stand in line: the boxes behind one
	// address of a carrier, and of a stranger no more.
	eachStanding = 1000
	// lookAgain is how often who has a place looks whether it is still crowded.
	lookAgain = 5 * time.Millisecond
)

func newLine(most int) *line {
	places := placesPerCPU * runtime.GOMAXPROCS(0)
	return &line{places: make(chan struct{}, places), each: max(places/eachPart, 1), most: most, crowded: func() bool { return false }, full: func() bool { return false }, from: map[netip.Addr]*comers{}}
}

// enter waits for a place until ctx ends; where too many stand in line already
// it does not wait. leave gives the place back, and may be called more than once.
func (l *line) enter(ctx context.Context, a netip.Addr) (leave func(), err error) {
	q := l.join(a)
	if q == nil {
		return nil, errCrowded
	}
	if !take(ctx, q.turn) {
		l.quit(a, q)
		return nil, errCrowded
	}
	back := func() { <-q.turn; l.quit(a, q) }
	if !take(ctx, l.places) {
		back()
		return nil, errCrowded
	}
	leave = sync.OnceFunc(func() { <-l.places; back() })
	for came := time.Now(); l.crowded() || l.full() && time.Since(came) < paceHeld; {
		select {
		case <-ctx.Done():
			leave()
			return nil, errCrowded
		case <-time.After(lookAgain):
		}
	}
	return leave, nil
}

// take waits for room in a channel; those that wait are served in turn.
func take(ctx context.Context, room chan struct{}) bool {
	select {
	case room <- struct{}{}:
		return true
	case <-ctx.Done():
		return false
	}
}

// join is nil where the line is full, of all or of this address.
func (l *line) join(a netip.Addr) *comers {
	l.mu.Lock()
	defer l.mu.Unlock()
	q := l.from[a]
	if l.in >= l.most || q != nil && q.in >= eachStanding && !a.IsLoopback() {
		return nil
	}
	l.in++
	if q == nil {
		each := l.each
		if a.IsLoopback() { // whose true address nobody knows
			each = cap(l.places)
		}
		q = &comers{turn: make(chan struct{}, each)}
		l.from[a] = q
	}
	q.in++
	return q
}

func (l *line) quit(a netip.Addr, q *comers) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.in--
	if q.in--; q.in == 0 {
		delete(l.from, a)
	}
}

// standing is how many are in line or at work.
func (l *line) standing() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.in
}
