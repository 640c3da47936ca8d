package broker

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/lineside/lineside/sync/central"
)

// Bounds of the journal: of its messages, which are kept under as many
// subjects, of the keys in them, so that one batch folds them all, and of their
// bytes, which are kept in memory as well.
const (
	journalSlots = 512
	journalKeys  = 900
	journalBytes = 4 << 20
	// journalMessage bounds one message's bytes.
	journalMessage = central.MaxValue
	// journalTTL is the shortest time anything in it may be kept for: what is to
	// be forgotten counts from the folding.
	journalTTL = 24 * time.Hour
)

// journalPart is what follows "cfg" in the subject of a journal message. No
// key's subject has it (LogSubject).
const journalPart = ".=j."

// journal is what stands at the stream's end in journal messages, and under no
// subject of its own yet.
type journal struct {
	// end is the revision this is true of; it is read from the stream where
	// something else stands there.
	end   uint64
	known bool
	// first is the revision of its oldest message, 0 where there is none; held
	// are the newest entries by key, of so many bytes.
	first uint64
	held  map[string]central.Entry
	bytes int
}

func (j *journal) clear(end uint64) {
	*j = journal{end: end, known: true, held: map[string]central.Entry{}}
}

// add notes a message behind the others.
func (j *journal) add(end uint64, entries []central.Entry) {
	j.end = end
	if j.first == 0 {
		j.first = end
	}
	for _, e := range entries {
		j.bytes += len(e.Key) + len(e.Value)
		j.held[e.Key] = e
	}
}

// takes says whether entries go into one more message; they are framed then.
func (j *journal) takes(entries []central.Entry) ([]byte, bool) {
	size, fresh := 0, 0
	for _, e := range entries {
		if e.TTL != 0 && e.TTL < journalTTL {
			return nil, false
		}
		if _, held := j.held[e.Key]; !held {
			fresh++
		}
		size += len(e.Key) + len(e.Value)
	}
	if size > journalMessage || j.first > 0 && j.end+1-j.first >= journalSlots || len(j.held)+fresh > journalKeys || j.bytes+size > journalBytes {
		return nil, false
	}
	b := frame(entries)
	return b, len(b) <= journalMessage
}

// rest are the entries that have to go into a batch with these, which replace
// some. Those that are kept for good come last: so does the log's end.
func (j *journal) rest(entries []central.Entry) []central.Entry {
	own := make(map[string]bool, len(entries))
	for _, e := range entries {
		own[e.Key] = true
	}
	var passing, good []central.Entry
	for _, key := range slices.Sorted(maps.Keys(j.held)) {
		switch e := j.held[key]; {
		case own[key]:
		case e.TTL > 0:
			passing = append(passing, e)
		default:
			good = append(good, e)
		}
	}
	return append(passing, good...)
}

// journalSubject is where the message at a revision stands. The one that many
// revisions before it stood there, and was folded.
func journalSubject(rev uint64) string {
	return subjects + journalPart + strconv.FormatUint(rev%journalSlots, 10)
}

func inJournal(subject string) bool { return strings.HasPrefix(subject, subjects+journalPart) }

// meet brings the journal to the revision something is to be appended behind.
// It is read at the first append, and where another process has written. Mostly
// the message at the revision tells that there is none: journal messages follow
// each other up to the stream's end, and a batch folds them all.
func (l *Log) meet(ctx context.Context, after uint64) error {
	if l.journal.known && l.journal.end == after {
		return nil
	}
	for _, back := range []uint64{1, journalSlots} {
		folded, err := l.readJournal(ctx, after-min(after, back), after)
		if err != nil {
			return err
		}
		if folded {
			break
		}
	}
	l.journal.end, l.journal.known = after, true
	return nil
}

// readJournal reads what stands behind at, up to after; folded says that it
// ends with a batch. ErrStale says that there is more, or less.
func (l *Log) readJournal(ctx context.Context, at, after uint64) (folded bool, err error) {
	l.journal.clear(at)
	l.journal.known = false
	for more := true; at < after; {
		if !more {
			return false, central.ErrStale
		}
		more, err = l.page(ctx, &at, false, func(p piece) error {
			switch {
			case p.rev > after:
				return central.ErrStale
			case p.journal:
				l.journal.add(p.rev, p.entries)
				folded = false
			case len(p.entries) > 0:
				l.journal.clear(p.rev)
				folded = true
			}
			return nil
		})
		switch {
		case errors.Is(err, central.ErrStale), errors.Is(err, central.ErrRewound):
			return false, central.ErrStale
		case err != nil:
			return false, fmt.Errorf("read the stream's journal: %w", err)
		}
	}
	return folded, nil
}
