package broker

import (
	"context"
	"encoding/json"
	"fmt"
	"strconv"
	"time"

	"github.com/nats-io/nats.go"

	"github.com/lineside/lineside/sync/central"
)

// A page of a reading. nats-server sends all of it at once, so it stays well
// below what a connection buffers.
const (
	pageEntries = 2000
	pageBytes   = 4 << 20
	pageWait    = 5 * time.Second
)

// Headers of what a direct get answers (NATS ADR-31).
const (
	headerSubject  = "Nats-Subject"
	headerSequence = "Nats-Sequence"
	headerPending  = "Nats-Num-Pending"
	headerStatus   = "Status"
	headerReason   = "Description"
	statusEnd      = "204"
	statusNone     = "404"
)

// Read reads by direct get, from the nearest replica. The entry at after is
// asked for as well: the newest of a stream is never gone, because nothing
// appended last has a TTL, so a stream that has neither it nor a later one
// ends before it.
func (l *Log) Read(ctx context.Context, after uint64, f func(central.Entry) error) (newest uint64, err error) {
	newest = after
	until, err := l.head(ctx)
	if err != nil {
		return newest, fmt.Errorf("read the platform's stream: %w", err)
	}
	r := reading{after: after, f: f}
	wait := time.NewTimer(l.cfg.Settle)
	defer wait.Stop()
	for first := true; ; {
		more, err := l.next(ctx, &newest, first, r.piece)
		first = first && err != nil && newest == after
		switch {
		case err != nil && (l.cfg.Replicas == 1 || !settling(err)):
			return newest, fmt.Errorf("read the platform's stream after %d: %w", newest, err)
		case err == nil && !more && newest >= until:
			return newest, r.end()
		case err == nil && more:
			continue
		}
		select { // the replica lags, or there is none to ask: the stream is young, or has no leader
		case <-ctx.Done():
			return newest, ctx.Err()
		case <-wait.C:
			if err != nil {
				return newest, fmt.Errorf("read the platform's stream after %d: %w", newest, err)
			}
			return newest, fmt.Errorf("read the platform's stream: its leader has revision %d, and %d is all that can be read", until, newest)
		case <-time.After(lagPause):
		}
	}
}

// reading hands entries on in the order of the stream. Of the journal it keeps
// what may be the newest word until the end: a batch behind it says all of it
// again, and may do so in marks of deletion that are forgotten by now.
type reading struct {
	after   uint64
	f       func(central.Entry) error
	journal []piece
}

func (r *reading) piece(p piece) error {
	switch {
	case len(p.entries) == 0:
		return nil
	case p.journal && p.rev > r.after:
		r.journal = append(r.journal, p)
		return nil
	}
	r.journal = r.journal[:0]
	return r.tell(p)
}

func (r *reading) end() error {
	for _, p := range r.journal {
		if err := r.tell(p); err != nil {
			return err
		}
	}
	return nil
}

func (r *reading) tell(p piece) error {
	for _, e := range p.entries {
		if err := r.f(e); err != nil {
			return err
		}
	}
	return nil
}

// lagPause is how long a replica that lags is left alone.
const lagPause = 5 * time.Millisecond

// head is the newest revision the leader has; a stream on one node needs no
// asking, since what answers a direct get is the leader.
func (l *Log) head(ctx context.Context) (uint64, error) {
	if l.cfg.Replicas == 1 {
		return 0, nil
	}
	info, err := l.stream.Info(ctx)
	if err != nil {
		return 0, err
	}
	return info.State.LastSeq, nil
}

// rewound tells a stream that was put back from a replica that lags: the
// leader says so for as long as the cluster may need to settle.
func (l *Log) rewound(ctx context.Context, seen uint64) error {
	deadline := time.Now().Add(l.cfg.Settle)
	for {
		info, err := l.stream.Info(ctx)
		switch {
		case err != nil:
			return err
		case info.State.LastSeq >= seen:
			return nil
		case l.cfg.Replicas == 1 || time.Now().After(deadline):
			return central.ErrRewound
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(l.cfg.Settle / 10):
		}
	}
}

// piece is one message of the stream: a key's, or one of the journal. It is
// empty where no platform wrote it.
type piece struct {
	rev     uint64
	journal bool
	entries []central.Entry
}

// next reads what follows newest and moves it on, the first time from newest
// itself; more says whether there is more.
func (l *Log) next(ctx context.Context, newest *uint64, first bool, f func(piece) error) (more bool, err error) {
	if first && *newest > 0 {
		if ended, err := l.atEnd(ctx, newest, f); ended || err != nil {
			return false, err
		}
	}
	return l.page(ctx, newest, first, f)
}

// atEnd hands on the stream's newest message where that is the one at newest, as
// it is nearly always: nobody has written. A page would tell the same, but for
// its count of what is pending nats-server 2.15 walks all subjects of a stream
// that keeps one message of each: two million of ten thousand sites, every second.
func (l *Log) atEnd(ctx context.Context, newest *uint64, f func(piece) error) (ended bool, err error) {
	ctx, cancel := context.WithTimeout(ctx, pageWait)
	defer cancel()
	m, err := l.conn.RequestWithContext(ctx, "$JS.API.DIRECT.GET."+l.cfg.Stream, []byte(`{"last_by_subj":">"}`))
	if err != nil {
		return false, err
	}
	if m.Header.Get(headerSequence) != strconv.FormatUint(*newest, 10) {
		return false, nil // a page says what it is
	}
	return true, l.take(m, newest, true, f)
}

// page is next, asked for as many as there are.
func (l *Log) page(ctx context.Context, newest *uint64, first bool, f func(piece) error) (more bool, err error) {
	ctx, cancel := context.WithTimeout(ctx, pageWait)
	defer cancel()
	inbox := l.conn.NewInbox()
	sub, err := l.conn.SubscribeSync(inbox)
	if err != nil {
		return false, err
	}
	defer func() { _ = sub.Unsubscribe() }() // of a closed connection: gone anyway
	if err := sub.SetPendingLimits(-1, -1); err != nil {
		return false, err
	}
	q, _ := json.Marshal(map[string]any{"seq": max(*newest, 1), "batch": pageEntries, "max_bytes": pageBytes}) // numbers marshal
	if err := l.conn.PublishRequest("$JS.API.DIRECT.GET."+l.cfg.Stream, inbox, q); err != nil {
		return false, err
	}
	for {
		m, err := sub.NextMsgWithContext(ctx)
		if err != nil {
			return false, err
		}
		switch status := m.Header.Get(headerStatus); status {
		case "":
		case statusEnd:
			pending, err := strconv.Atoi(m.Header.Get(headerPending))
			return pending > 0, err
		case statusNone:
			if *newest == 0 {
				return false, nil
			}
			return false, l.rewound(ctx, *newest)
		default:
			return false, fmt.Errorf("the broker says %s %s", status, m.Header.Get(headerReason))
		}
		if err := l.take(m, newest, first, f); err != nil {
			return false, err
		}
	}
}

// take hands one message on.
func (l *Log) take(m *nats.Msg, newest *uint64, first bool, f func(piece) error) error {
	rev, err := strconv.ParseUint(m.Header.Get(headerSequence), 10, 64)
	if err != nil {
		return fmt.Errorf("a message without its place: %w", err)
	}
	if rev < *newest || rev == *newest && !first {
		return nil
	}
	p := piece{rev: rev, journal: inJournal(m.Header.Get(headerSubject))}
	if p.journal {
		p.entries, err = unframe(m.Data, rev)
	} else {
		p.entries = l.single(m, rev)
	}
	if err != nil {
		return fmt.Errorf("revision %d: %w", rev, err)
	}
	if err := f(p); err != nil {
		return err
	}
	*newest = rev
	return nil
}

// single is the entry of a key's own message, none where it is not the
// platform's.
func (l *Log) single(m *nats.Msg, rev uint64) []central.Entry {
	key, ok := LogKey(subjects, m.Header.Get(headerSubject))
	if !ok {
		// Only platforms write here: somebody used their login by hand.
		l.log.Error("the platform's stream holds a message that no platform wrote; it is not heeded",
			"subject", m.Header.Get(headerSubject), "revision", rev)
		return nil
	}
	e := central.Entry{Key: key, Rev: rev}
	if len(m.Data) > 0 {
		e.Value = m.Data
	}
	e.TTL, _ = time.ParseDuration(m.Header.Get(headerTTL)) // absent: never
	return []central.Entry{e}
}

var _ central.Log = (*Log)(nil)
