package central

import (
	"bytes"
	"errors"
	"fmt"
	"runtime/debug"

	bolt "go.etcd.io/bbolt"
)

// group is what one commit holds: the writes of several updates that came at
// once, on one transaction of the view, as one batch for the log.
type group struct {
	bolt *bolt.Tx
	// entries are the writes in the order keys were first written, with the
	// newest value; at finds a key's. undo takes the writes of one update back.
	entries []Entry
	at      map[string]int
	undo    []step
	changes changes
	// local says that nothing of it is for the log.
	local bool
}

// step is what one write replaced: in the view, and in the batch.
type step struct {
	key   string
	old   []byte
	entry Entry
	again bool
}

func newGroup(b *bolt.Tx) *group {
	return &group{bolt: b, at: map[string]int{}, changes: newChanges()}
}

// write applies an entry and puts it into the batch. old is the key's value.
func (g *group) write(e Entry, old []byte) error {
	s := step{key: e.Key, old: bytes.Clone(old)}
	if err := apply(g.bolt, e.Key, e.Value, g.changes); err != nil {
		return err
	}
	if g.local {
		return nil
	}
	if i, again := g.at[e.Key]; again {
		s.entry, s.again = g.entries[i], true
		g.entries[i] = e
	} else {
		g.at[e.Key] = len(g.entries)
		g.entries = append(g.entries, e)
	}
	g.undo = append(g.undo, s)
	return nil
}

// takeBack undoes what was written since keep began to be right. Changes it
// noted stay: a hint too many costs one question.
func (g *group) takeBack() error {
	for i := len(g.undo) - 1; i >= 0; i-- {
		s := g.undo[i]
		if err := apply(g.bolt, s.key, s.old, g.changes); err != nil {
			return fmt.Errorf("take back %s: %w", s.key, err)
		}
		if s.again {
			g.entries[g.at[s.key]] = s.entry
			continue
		}
		delete(g.at, s.key)
		g.entries = g.entries[:len(g.entries)-1]
	}
	g.undo = g.undo[:0]
	return nil
}

// errTooMuch says that one update alone is more than a batch holds; it is our
// own mistake, since what is large is done in slices.
var errTooMuch = fmt.Errorf("one change writes more than %d keys", maxWrites)

// maxWrites leaves room for the commit record.
const maxWrites = MaxBatch - 1

// run runs one update. It returns false where the batch has no room for it
// behind the others; then it has left nothing and is run in the next.
func (g *group) run(p *Platform, o *op) bool {
	g.undo = g.undo[:0]
	alone := len(g.entries) == 0
	o.err = g.try(p, o.f)
	tooMuch := len(g.entries) > maxWrites
	if o.err == nil && !tooMuch {
		return true
	}
	if o.err == nil {
		o.err = errTooMuch
	}
	if err := g.takeBack(); err != nil {
		o.err = errors.Join(o.err, err)
	}
	return !tooMuch || alone
}

// try keeps the platform standing whatever an update does.
func (g *group) try(p *Platform, f func(*tx)) (err error) {
	defer func() {
		if r := recover(); r != nil {
			p.log.Error("a change of the platform's state panicked; nothing of it is kept", "panic", r, "stack", string(debug.Stack()))
			err = fmt.Errorf("a change panicked: %v", r)
		}
	}()
	t := &tx{bolt: g.bolt, p: p, group: g}
	f(t)
	return t.err
}
