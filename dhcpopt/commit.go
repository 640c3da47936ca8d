package dhcpopt

import (
	"context"
	"errors"
	"net/netip"
	"sync"
	"time"

	"github.com/insomniacslk/dhcp/dhcpv4"

	"github.com/lineside/lineside/phone"
	"github.com/lineside/lineside/provision"
)

// maxQueue is how many changes wait for a commit; a building of phones at
// power-up fits.
const maxQueue = 4096

// change is what one message did to the leases, to be made durable before its
// answer leaves.
type change struct {
	kind   dhcpv4.MessageType
	leases []*phone.Lease // the message's own first
	reply  *reply         // nil: the message has no answer
	seen   provision.Sighting
	stands bool // what is on disk holds what the reply promises

	// With reply: the binding, to be undone where it cannot be stored.
	slot, was int32
	rev       uint64
	old       *phone.Lease // end of the lease the client had before, or nil
}

// queue holds changes until the committer takes them all. When it is full the
// oldest goes: its client has given up by then, and asks again.
type queue struct {
	ready chan struct{} // has a value while there may be changes
	limit int

	mu      sync.Mutex
	changes []change
	spare   []change           // what the committer gave back, to gather in next
	waiting map[netip.Addr]int // how many of changes concern an address first
}

func newQueue(limit int) *queue {
	return &queue{ready: make(chan struct{}, 1), limit: limit, waiting: make(map[netip.Addr]int)}
}

// crowded reports that half the queue is taken and a change of a waits there
// already: the other half is for the other addresses, or a storm for one would
// push them out.
func (q *queue) crowded(a netip.Addr) bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	return len(q.changes)*2 >= q.limit && q.waiting[a] > 0
}

// push adds c and gives the change that had to go, if one had.
func (q *queue) push(c change) (gone change, full bool) {
	q.mu.Lock()
	if full = len(q.changes) >= q.limit; full {
		gone = q.changes[0]
		q.changes = q.changes[1:]
		q.waiting[gone.leases[0].Addr]--
	}
	q.changes = append(q.changes, c)
	q.waiting[c.leases[0].Addr]++
	q.mu.Unlock()
	select {
	case q.ready <- struct{}{}:
	default:
	}
	return gone, full
}

// take gives all that waits; done is to have it back.
func (q *queue) take() []change {
	q.mu.Lock()
	defer q.mu.Unlock()
	batch := q.changes
	q.changes, q.spare = q.spare[:0], nil
	clear(q.waiting)
	return batch
}

// done takes back the room of a batch.
func (q *queue) done(batch []change) {
	clear(batch)
	q.mu.Lock()
	defer q.mu.Unlock()
	q.spare = batch
}

// enqueue hands a change to the committer.
func (s *Server) enqueue(c change, now time.Time) {
	gone, full := s.queue.push(c)
	if !full {
		return
	}
	s.drop("queue", netip.AddrPort{})
	s.undo([]change{gone}, now)
}

// undo takes back bindings that were not stored. A RELEASE or DECLINE stands,
// and the store is owed its record.
func (s *Server) undo(batch []change, now time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, c := range batch {
		if c.reply != nil {
			s.pool.undo(c.slot, c.was, c.rev, now)
			continue
		}
		for _, l := range c.leases {
			s.owed[l.Addr] = l
		}
	}
}

// commitAll commits what gathers until ctx ends. What then still waits was
// never acknowledged.
func (s *Server) commitAll(ctx context.Context) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-s.queue.ready:
			batch := s.queue.take()
			s.commit(ctx, batch)
			s.queue.done(batch)
		}
	}
}

// commit makes a batch durable in one step, then sends its answers. Where two
// changes concern one address only the later is stored, and the earlier is
// answered only where that still holds.
func (s *Server) commit(ctx context.Context, batch []change) {
	if len(batch) == 0 {
		return
	}
	latest := s.latest(batch)
	leases := make([]phone.Lease, 0, len(latest))
	for _, l := range latest {
		leases = append(leases, *l)
	}
	if err := s.save(ctx, leases); err != nil {
		s.unsaved(ctx, batch, err)
		return
	}
	s.deps.Health.Clear(s.code(codeUnsaved))
	s.settle(batch, latest)
	for i := range batch {
		c := &batch[i]
		if c.stands = c.standsIn(latest[c.leases[0].Addr]); c.stands && c.reply != nil {
			s.acks.add(*c.reply)
		}
	}
	s.acks.flush()
	for i := range batch {
		s.conclude(&batch[i])
	}
}

// standsIn reports that l, as stored, covers what the change promises. Times
// are rounded to seconds, and leases are stored for longer than promised.
func (c *change) standsIn(l *phone.Lease) bool {
	mine := c.leases[0]
	return l == mine || l.State == phone.Bound && clientOf(l) == clientOf(mine) && !l.Expires.Before(mine.Expires.Add(-time.Second))
}

// latest gathers the last record of each address, and what the store is owed
// from before, as far as it still holds.
func (s *Server) latest(batch []change) map[netip.Addr]*phone.Lease {
	latest := make(map[netip.Addr]*phone.Lease, len(batch))
	s.mu.Lock()
	for a, l := range s.owed {
		if i, ok := s.pool.find(a); ok && s.pool.slots[i].lease == l {
			latest[a] = l
		} else {
			delete(s.owed, a) // the address has gone on
		}
	}
	s.mu.Unlock()
	for _, c := range batch {
		for _, l := range c.leases {
			latest[l.Addr] = l
		}
	}
	return latest
}

// settle tells the pool what is on disk.
func (s *Server) settle(batch []change, latest map[netip.Addr]*phone.Lease) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, l := range latest {
		s.pool.stored(l)
		if s.owed[l.Addr] == l {
			delete(s.owed, l.Addr)
		}
	}
	for _, c := range batch {
		if c.old != nil {
			s.pool.moved(c.old)
		}
	}
}

var errPanic = errors.New("panic while storing leases")

// save keeps a store that panics from ending the committer.
func (s *Server) save(ctx context.Context, leases []phone.Lease) (err error) {
	defer func() {
		if v := recover(); v != nil {
			s.panicked(v)
			err = errPanic
		}
	}()
	return s.deps.Leases.SaveLeases(ctx, leases)
}

// unsaved leaves a batch without answers.
func (s *Server) unsaved(ctx context.Context, batch []change, err error) {
	now := s.deps.Now()
	s.undo(batch, now)
	if ctx.Err() != nil {
		return
	}
	s.raiseUnsaved(now, err)
	for _, c := range batch {
		if c.reply == nil {
			continue
		}
		s.countKind(c.kind, "unsaved")
		c.seen.Text = "asked for " + c.seen.Addr.String() + "; the lease could not be stored, so it got no answer"
		s.deps.Desk.Sighted(c.seen)
	}
}

// conclude tells of a change that is on disk.
func (s *Server) conclude(c *change) {
	defer func() {
		if v := recover(); v != nil {
			s.panicked(v)
		}
	}()
	if c.reply != nil {
		if !c.stands {
			s.countKind(c.kind, "superseded")
			return
		}
		s.countKind(c.kind, "acknowledged")
	}
	s.deps.Desk.Sighted(c.seen)
}
