package store

import (
	"context"
	"sync"
	"sync/atomic"
	"time"
)

const (
	// maxBatch bounds the changes of one commit, so that none of those that
	// arrive during it waits for long.
	maxBatch = 1024
	// maxWaiting bounds the queue.
	maxWaiting = 16_384
)

// change is one caller's change on its way through the committer.
type change struct {
	compute func(*view, *draft) error
	state   atomic.Int32 // waiting → taken by the committer, or left by its caller
	done    chan error
	leases  int  // not 0: it writes leases and nothing else, less than so many bytes
	catchUp bool // the database is to have what the journal has
}

const (
	waiting int32 = iota
	taken
	left
)

// queue holds changes until the commit that runs is over.
type queue struct {
	wake chan struct{} // one slot: there is something, or the queue is closed

	mu      sync.Mutex
	changes []*change
	closed  bool
}

func (q *queue) add(c *change) error {
	q.mu.Lock()
	defer q.mu.Unlock()
	switch {
	case q.closed:
		return ErrClosed
	case len(q.changes) >= maxWaiting:
		return ErrBusy
	}
	q.changes = append(q.changes, c)
	q.ring()
	return nil
}

func (q *queue) ring() {
	select {
	case q.wake <- struct{}{}:
	default:
	}
}

func (q *queue) close() {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.closed = true
	q.ring()
}

// take waits for changes, or gives none at a tick. It is not open once the queue
// is closed and empty.
func (q *queue) take(tick <-chan time.Time) (batch []*change, open bool) {
	for {
		q.mu.Lock()
		n := min(len(q.changes), maxBatch)
		batch = q.changes[:n:n]
		if q.changes = q.changes[n:]; len(q.changes) == 0 {
			q.changes = nil
		}
		closed := q.closed
		q.mu.Unlock()
		if n > 0 || closed {
			return batch, n > 0
		}
		select {
		case <-q.wake:
		case <-tick:
			return nil, true
		}
	}
}

// submit hands compute to the committer and waits until what it drafted is on
// disk. compute runs at most once, in the committer's goroutine.
func (s *Store) submit(ctx context.Context, compute func(*view, *draft) error) error {
	return s.await(ctx, &change{compute: compute, done: make(chan error, 1)})
}

// await is submit for a change that says more of itself.
func (s *Store) await(ctx context.Context, c *change) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	if err := s.queue.add(c); err != nil {
		return err
	}
	select {
	case err := <-c.done:
		return err
	case <-ctx.Done():
		if c.state.CompareAndSwap(waiting, left) {
			return ctx.Err()
		}
		return <-c.done
	}
}
