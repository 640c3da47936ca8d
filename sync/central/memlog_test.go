package central_test

import (
	"context"
	"crypto/rand"
	"errors"
	"maps"
	"slices"
	"sync"

	"github.com/lineside/lineside/sync/central"
)

// memLog is a central.Log in memory that can be made to misbehave.
type memLog struct {
	identity string

	mu      sync.Mutex // guards what follows
	keys    map[string]central.Entry
	newest  uint64
	batches int
	// fault, if set, is asked before each append: whether the entries are kept
	// all the same, and what is answered.
	fault func() (keep bool, err error)
	watch []chan uint64
	away  error // answered to all
	mute  bool  // nobody hears of what others append
}

func newMemLog() *memLog { return &memLog{identity: rand.Text(), keys: map[string]central.Entry{}} }

// copied is a backup of the log.
func (l *memLog) copied() *memLog {
	l.mu.Lock()
	defer l.mu.Unlock()
	return &memLog{identity: l.identity, keys: maps.Clone(l.keys), newest: l.newest}
}

// putBack puts a backup in the log's place while it is in use.
func (l *memLog) putBack(from *memLog) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.keys, l.newest = maps.Clone(from.keys), from.newest
}

func (l *memLog) Identity() string { return l.identity }

func (l *memLog) Append(_ context.Context, after uint64, entries []central.Entry) (uint64, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	keep, answer := true, l.away
	if l.fault != nil && answer == nil {
		keep, answer = l.fault()
	}
	if l.away != nil || !keep {
		return 0, answer
	}
	if len(entries) == 0 || len(entries) > central.MaxBatch {
		return 0, central.ErrRefused
	}
	if after != l.newest {
		return 0, central.ErrStale
	}
	seen := map[string]bool{}
	for i, e := range entries {
		if seen[e.Key] {
			return 0, errors.New("a key stands twice in one batch")
		}
		seen[e.Key] = true
		e.Rev = after + uint64(i) + 1
		e.Value = slices.Clone(e.Value)
		l.keys[e.Key] = e
	}
	l.newest += uint64(len(entries))
	l.batches++
	for _, w := range l.watch {
		if l.mute {
			break
		}
		select {
		case w <- l.newest:
		default:
		}
	}
	return l.newest, answer
}

func (l *memLog) Read(_ context.Context, after uint64, f func(central.Entry) error) (uint64, error) {
	l.mu.Lock()
	newest := l.newest
	all := slices.SortedFunc(maps.Values(l.keys), func(a, b central.Entry) int { return int(a.Rev) - int(b.Rev) })
	away := l.away
	l.mu.Unlock()
	if away != nil {
		return after, away
	}
	if after > newest {
		return after, central.ErrRewound
	}
	for _, e := range all {
		if e.Rev < after {
			continue
		}
		if err := f(e); err != nil {
			return after, err
		}
	}
	return newest, nil
}

func (l *memLog) Follow(ctx context.Context, f func(uint64)) error {
	heard := make(chan uint64, 1000)
	l.mu.Lock()
	l.watch = append(l.watch, heard)
	l.mu.Unlock()
	for f(0); ; {
		select {
		case <-ctx.Done():
			return nil
		case n := <-heard:
			f(n)
		}
	}
}

// expire forgets what has a TTL, as if it had passed.
func (l *memLog) expire() {
	l.mu.Lock()
	defer l.mu.Unlock()
	maps.DeleteFunc(l.keys, func(_ string, e central.Entry) bool { return e.TTL > 0 })
}

// set changes how the log behaves.
func (l *memLog) set(away error, fault func() (bool, error)) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.away, l.fault = away, fault
}
