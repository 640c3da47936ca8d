package broker

import (
	"encoding/binary"
	"errors"
	"fmt"
	"time"

	"github.com/lineside/lineside/sync/central"
)

// frameVersion begins a journal message. What follows is, for each entry: the
// key, the whole seconds of its TTL, and its value, one longer than it is so
// that 0 is a deletion; numbers and lengths are uvarints.
const frameVersion = 1

// errFrame is a journal message no version of this program wrote.
var errFrame = errors.New("the message cannot be read")

// frame puts entries into one message.
func frame(entries []central.Entry) []byte {
	b := []byte{frameVersion}
	for _, e := range entries {
		b = binary.AppendUvarint(b, uint64(len(e.Key)))
		b = append(b, e.Key...)
		b = binary.AppendUvarint(b, seconds(e.TTL))
		if e.Value == nil {
			b = append(b, 0)
			continue
		}
		b = binary.AppendUvarint(b, uint64(len(e.Value))+1)
		b = append(b, e.Value...)
	}
	return b
}

// unframe gives a message's entries, which share its bytes, all at its
// revision.
func unframe(b []byte, rev uint64) (entries []central.Entry, err error) {
	switch {
	case len(b) < 2:
		return nil, errFrame
	case b[0] != frameVersion:
		return nil, fmt.Errorf("%w: it is of form %d, and this program reads form %d: update the program", errFrame, b[0], frameVersion)
	}
	for r := (reader{rest: b[1:]}); len(r.rest) > 0; {
		e := central.Entry{Key: string(r.take(r.number())), Rev: rev, TTL: time.Duration(r.number()) * time.Second}
		if n := r.number(); n > 0 {
			e.Value = r.take(n - 1)
		}
		if r.bad || len(e.Value) > central.MaxValue || e.TTL < 0 || e.TTL > maxTTL {
			return nil, errFrame
		}
		entries = append(entries, e)
	}
	return entries, nil
}

// maxTTL is longer than anything is kept for; more than that is damage.
const maxTTL = 100 * 365 * 24 * time.Hour

// seconds is a TTL as it travels: never 0 where there is one.
func seconds(ttl time.Duration) uint64 {
	if ttl <= 0 {
		return 0
	}
	return max(1, uint64(ttl/time.Second))
}

// reader takes a message apart; bad says that it ended too early.
type reader struct {
	rest []byte
	bad  bool
}

func (r *reader) number() uint64 {
	n, used := binary.Uvarint(r.rest)
	if used <= 0 {
		r.bad, r.rest = true, nil
		return 0
	}
	r.rest = r.rest[used:]
	return n
}

func (r *reader) take(n uint64) []byte {
	if n > uint64(len(r.rest)) {
		r.bad, r.rest = true, nil
		return nil
	}
	b := r.rest[:n:n]
	r.rest = r.rest[n:]
	return b
}
