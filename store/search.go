package store

import (
	"bytes"
	"context"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	bolt "go.etcd.io/bbolt"

	"github.com/lineside/lineside/audit"
)

// SearchAudit looks through the audit log in one direction, at no more entries
// than q.Look, and gives no more than 10,000. It goes by numbers alone: times may
// jump back where a clock was wrong, so none is taken to be where an earlier or
// later one would lead.
func (s *Store) SearchAudit(ctx context.Context, q audit.Search) (audit.Found, error) {
	if q.Limit <= 0 || q.Limit > maxAudit {
		q.Limit = maxAudit
	}
	var found audit.Found
	err := s.read(func(tx *bolt.Tx) (err error) {
		found, err = newLook(q).through(ctx, tx.Bucket([]byte(bucketAudit)).Cursor())
		return err
	})
	if err != nil {
		return audit.Found{}, fmt.Errorf("read audit log: %w", err)
	}
	if !q.Forward {
		slices.Reverse(found.Entries)
	}
	return found, nil
}

// look is a search with what an entry that is looked for must have in it, as
// bytes: most entries need not be decoded to see that they are none.
type look struct {
	audit.Search
	needles [][]byte
	kinds   [][]byte // one of them
}

func newLook(q audit.Search) look {
	l := look{Search: q}
	if !q.MAC.IsZero() {
		l.needles = append(l.needles, quoted(q.MAC.String()))
	}
	if q.Front != "" {
		l.needles = append(l.needles, append([]byte(`"front":`), quoted(q.Front)...))
	}
	if q.Name != "" {
		l.needles = append(l.needles, append([]byte(`"name":`), quoted(q.Name)...))
	}
	for _, kind := range q.Kinds {
		l.kinds = append(l.kinds, append([]byte(`"kind":`), quoted(kind)...))
	}
	return l
}

// quoted is text as an entry has it.
func quoted(text string) []byte {
	b, err := json.Marshal(text)
	if err != nil {
		panic(err) // a string cannot fail
	}
	return b
}

// through walks the log until it has enough.
func (l look) through(ctx context.Context, c *bolt.Cursor) (found audit.Found, err error) {
	var last []byte // the value the walk ended with
	for k, value := l.start(c); ; k, value = l.step(c) {
		if found.Looked%1024 == 0 && ctx.Err() != nil {
			return found, ctx.Err()
		}
		if k == nil || !l.within(k) {
			found.End = true
			break
		}
		if len(found.Entries) == l.Limit || l.Look > 0 && found.Looked == l.Look {
			break
		}
		note(&found, binary.BigEndian.Uint64(k))
		last = value
		if !l.mayMatch(value) {
			continue
		}
		e, err := decodeEntry(k, value)
		if err != nil {
			return found, err
		}
		if l.Matches(e) {
			found.Entries = append(found.Entries, e)
		}
	}
	found.At, _ = entryTime(last)
	return found, nil
}

func (l look) start(c *bolt.Cursor) (k, value []byte) {
	switch {
	case l.Forward:
		return c.Seek(entryKey(l.Since + 1))
	case l.Before == 0:
		return c.Last()
	}
	if above, _ := c.Seek(entryKey(l.Before)); above == nil {
		return c.Last()
	}
	return c.Prev()
}

func (l look) step(c *bolt.Cursor) (k, value []byte) {
	if l.Forward {
		return c.Next()
	}
	return c.Prev()
}

// within reports that the numbers asked for have not been left.
func (l look) within(key []byte) bool {
	return bytes.Compare(key, entryKey(l.Since)) > 0 && (l.Before == 0 || bytes.Compare(key, entryKey(l.Before)) < 0)
}

func note(found *audit.Found, seq uint64) {
	found.Looked++
	found.High = max(found.High, seq)
	if found.Low == 0 || seq < found.Low {
		found.Low = seq
	}
}

// mayMatch reports that an entry is worth being decoded.
func (l look) mayMatch(value []byte) bool {
	has := func(needle []byte) bool { return bytes.Contains(value, needle) }
	for _, n := range l.needles {
		if !has(n) {
			return false
		}
	}
	if len(l.kinds) > 0 && !slices.ContainsFunc(l.kinds, has) {
		return false
	}
	if l.From.IsZero() && l.To.IsZero() {
		return true
	}
	at, ok := entryTime(value)
	return !ok || l.InTime(at)
}

// entryTime reads when an entry was written out of its bytes, in which the time
// comes behind the schema. ok is false for any other form.
func entryTime(value []byte) (at time.Time, ok bool) {
	const name = `"at":"`
	_, text, there := bytes.Cut(value[:min(len(value), 64)], []byte(name))
	text, _, ends := bytes.Cut(text, []byte(`"`))
	if !there || !ends {
		return time.Time{}, false
	}
	at, err := time.Parse(time.RFC3339, string(text))
	return at.UTC(), err == nil
}
