package central

import (
	"context"
	"errors"
	"time"
)

// Limits of a Log.
const (
	// MaxBatch is how many entries one Append holds: nats-server takes that
	// many in one atomic batch (jetstream_limits.max_batch_size).
	MaxBatch = 1000
	// MaxKey and MaxValue bound an entry. A document travels as base64 within
	// JSON, with its signature, so it is longer here than wire.MaxDoc.
	MaxKey   = 256
	MaxValue = 128 << 10
)

// Entry is one key with its newest value.
type Entry struct {
	// Key is parts joined by "/": bucket and name. Any bytes are good in a name.
	Key string
	// Value is nil where the key was deleted; a value is never empty.
	Value []byte
	// Rev is the log's revision it stands at; Append gives it.
	Rev uint64
	// TTL is after how long the log forgets the entry, 0 for never. It counts
	// whole seconds.
	TTL time.Duration
}

// Log is what the platform's view is made from, shared by all processes of
// one platform. Revisions count from 1; what was appended at once may share one.
// Of each key it keeps the newest entry, and older ones for a while: in a reading
// the last one counts.
type Log interface {
	// Identity names the log, unlike any other: a new one that stands in the
	// place of an old one has another name.
	Identity() string
	// Append adds entries with different keys, all or none, behind the entry
	// at revision after, and gives the last one's revision. Where something
	// stands behind it already the error is ErrStale. ErrRefused says that
	// nothing was added. After any other error nobody knows. The last entry has
	// no TTL, so that the end of the log is always there to be seen.
	Append(ctx context.Context, after uint64, entries []Entry) (newest uint64, err error)
	// Read calls f for what stands after a revision, in order, at least to the
	// newest entry at the call, and gives the last one's revision. It never
	// ends within what was appended at once. It begins with the entry at that
	// revision, or those, where the log has them still. Where the log ends before
	// that revision the error is ErrRewound.
	Read(ctx context.Context, after uint64, f func(Entry) error) (newest uint64, err error)
	// Follow calls f whenever there may be more to read, until ctx ends, with
	// the newest revision if it is known, else 0. It may call it too often.
	Follow(ctx context.Context, f func(newest uint64)) error
}

// Errors of a Log.
var (
	// ErrStale: another process has written; read first.
	ErrStale = errors.New("the log has moved on")
	// ErrRefused: the log takes no entries.
	ErrRefused = errors.New("the log takes no entries")
	// ErrBound: it takes none because it is as large as it may become. It comes
	// with ErrRefused.
	ErrBound = errors.New("the log has reached its bound")
	// ErrRewound: the log ends before what was read from it, so it was put back
	// from a copy.
	ErrRewound = errors.New("the log ends before what was read from it")
)
