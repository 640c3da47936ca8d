package store

import (
	"errors"
	"fmt"
	"runtime/debug"
	"slices"
	"time"

	bolt "go.etcd.io/bbolt"

	"github.com/lineside/lineside/health"
)

// errNothing ends a transaction in which nothing was written; the disk is then
// left alone.
var errNothing = errors.New("nothing to write")

// run is the committer: it commits whatever gathered while the last commit
// ran, until the queue is closed and empty.
func (s *Store) run() {
	defer close(s.ended)
	tick := time.NewTicker(markEvery)
	defer tick.Stop()
	for {
		batch, open := s.queue.take(tick.C)
		switch {
		case !open:
			s.commit([]*change{newCatchUp()}) // what may go wrong is told, and found by the next start
			return
		case len(batch) == 0:
			s.keepMark()
		default:
			s.commit(batch)
		}
	}
}

// commit runs the changes of a batch and answers each. Changes of leases go to
// the journal where that has room, else to the database, together with what the
// journal has beyond it.
func (s *Store) commit(batch []*change) {
	leases, others := claim(batch)
	room := 0
	for _, c := range leases {
		room += c.leases
	}
	if len(leases) > 0 && s.journal.takes(room) {
		s.write(leases, s.enter)
		leases = nil
	}
	t := turn{over: slices.ContainsFunc(others, func(c *change) bool { return c.catchUp })}
	if len(leases) > 0 {
		t = s.nextRound()
	}
	if mine := append(leases, others...); len(mine) > 0 {
		s.write(mine, func(mine []*change, answers []error) (*view, error) { return s.transact(mine, answers, t) })
	}
}

// write answers changes once what they write is on disk. The errors of one
// change are its own; an error of the disk is everybody's.
func (s *Store) write(mine []*change, how func(mine []*change, answers []error) (*view, error)) {
	answers := make([]error, len(mine))
	began := time.Now()
	v, err := how(mine, answers)
	if err == nil {
		s.paced(time.Since(began))
	}
	switch {
	case errors.Is(err, errNothing):
	case err != nil:
		s.failed(err)
		for i := range answers {
			if answers[i] == nil {
				answers[i] = fmt.Errorf("commit: %w", err)
			}
		}
	default:
		s.committed(v)
	}
	for i, c := range mine {
		c.done <- answers[i]
	}
}

// transact runs one transaction. A panic inside the database, as on a page
// that was damaged since Open, is an error of the disk.
func (s *Store) transact(mine []*change, answers []error, t turn) (v *view, err error) {
	defer func() {
		if r := recover(); r != nil {
			s.tools.Log.Error("the database panicked", "err", r, "stack", string(debug.Stack()))
			err = fmt.Errorf("database panicked: %v", r)
		}
	}()
	if err := s.readAgain(); err != nil {
		return nil, err
	}
	v = s.view()
	return v, s.db.Update(func(tx *bolt.Tx) error {
		if err := v.takeOver(tx, t); err != nil {
			return err
		}
		for i, c := range mine {
			d := draft{now: s.clock.time()}
			if answers[i] = s.compute(c, v, &d); answers[i] != nil || d.empty() {
				continue
			}
			if err := v.apply(tx, &d); err != nil {
				return err
			}
		}
		return v.finish(tx)
	})
}

// compute runs one change's own function; what it throws stays with it.
func (s *Store) compute(c *change, v *view, d *draft) (err error) {
	defer func() {
		if r := recover(); r != nil {
			s.tools.Log.Error("a change panicked and was not made", "err", r, "stack", string(debug.Stack()))
			err = fmt.Errorf("change panicked: %v", r)
		}
	}()
	return c.compute(v, d)
}

// finish prunes what has grown over its bound, and writes where everything then
// stands.
func (v *view) finish(tx *bolt.Tx) error {
	if v.wrote == 0 && (v.turned == nil || v.turned.next != round{}) {
		return errNothing
	}
	if err := v.pruneAudit(tx); err != nil {
		return err
	}
	if err := v.pruneSeen(tx); err != nil {
		return err
	}
	if v.chain != v.s.chain {
		if err := v.chain.put(tx, v.s.seals); err != nil {
			return err
		}
	}
	if err := v.putMark(tx); err != nil {
		return err
	}
	if v.rev == v.s.rev {
		return nil
	}
	return tx.Bucket([]byte(bucketMeta)).SetSequence(v.rev)
}

func (s *Store) committed(v *view) {
	s.rev, s.chain, s.seen, s.mark = v.rev, v.chain, v.seen, v.mark
	if v.turned != nil {
		s.meta = v.meta
		s.journal.begin(v.turned.next)
	}
	s.publish(v.overlay)
	s.tools.Metrics.Commits.Inc()
	s.tools.Metrics.Changes.Add(float64(v.wrote))
	if s.failedSince {
		s.failedSince = false
		s.tools.Health.Clear("store-write")
		s.tools.Log.Info("changes are written again")
	}
}

// failed notes that the disk may hold more than memory does: a commit whose
// last flush failed may still be found after a restart. The next leases go to the
// database, with all that the journal has beyond it.
func (s *Store) failed(err error) {
	s.doubted, s.failedSince = true, true
	s.tools.Metrics.Failed.Inc()
	s.journal.round = round{} // the file may name another already: what is appended now could be lost
	s.tools.Log.Error("a commit was not written", "err", err)
	s.tools.Health.Raise(s.clock.time(), health.Condition{
		Code:    "store-write",
		Title:   "changes cannot be written to disk",
		Meaning: "phones that are enrolled get their configs; no phone can enrol, no PIN or one-time password is accepted and no new lease is given",
		Do:      "look at the free space and health of the disk that holds " + s.path + ": df, dmesg",
		Detail:  err.Error(),
	})
}

// readAgain takes the file's word after a failed commit, before anything more
// is decided on what memory says.
func (s *Store) readAgain() error {
	if !s.doubted {
		return nil
	}
	m, err := readAll(s.db, s.key)
	if err != nil {
		return fmt.Errorf("read again after a failed commit: %w", err)
	}
	m.keep(s.journal.behind, s.leases)
	s.adopt(m)
	s.doubted = false
	return nil
}
