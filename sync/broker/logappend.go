package broker

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/lineside/lineside/sync/central"
)

// Headers of an atomic batch (NATS ADR-50, nats-server 2.15 stream.go) and of
// a message that is forgotten by itself (ADR-43).
const (
	headerBatch  = "Nats-Batch-Id"
	headerPlace  = "Nats-Batch-Sequence"
	headerCommit = "Nats-Batch-Commit"
	headerAfter  = "Nats-Expected-Last-Sequence"
	headerTTL    = "Nats-TTL"
)

// Answers to an append that mean more than "no" (nats-server's errors.json).
const (
	codeWrongLast         = 10071 // with the sequence at hand in its text
	codeWrongLastConstant = 10164
	codeStoreFailed       = 10077 // for the reason in its text
	codeIncomplete        = 10176 // a part was lost, or a leader changed between parts
	codeInflight          = 10210 // 50 others stand half written
)

// overBound is nats-server's ErrMaxBytes.
const overBound = "maximum bytes exceeded"

// appendWait is how long one append may take where ctx sets no bound. A
// cluster that has lost its leader takes 4 to 6 s to have another.
const appendWait = 5 * time.Second

// Append adds entries as one message of the journal where they fit, which is
// one flush; else as an atomic batch, with all that is in the journal.
func (l *Log) Append(ctx context.Context, after uint64, entries []central.Entry) (newest uint64, err error) {
	if n := len(entries); n == 0 || n > central.MaxBatch || entries[n-1].TTL != 0 {
		return 0, fmt.Errorf("append %d entries, want 1 to %d and the last one for good: %w", n, central.MaxBatch, central.ErrRefused)
	}
	ctx, cancel := context.WithTimeout(ctx, appendWait)
	defer cancel()
	l.appending.Lock()
	defer l.appending.Unlock()
	defer func() {
		if err != nil {
			l.journal.known = false // what stands in the stream now is to be seen
		}
	}()
	if err := l.meet(ctx, after); err != nil {
		return 0, err
	}
	if text, ok := l.journal.takes(entries); ok && l.journaled {
		if newest, err = l.appendJournal(ctx, after, text); err == nil {
			l.journal.add(newest, entries)
		}
	} else {
		newest, err = l.fold(ctx, after, entries)
	}
	if err == nil {
		// Who misses this word looks within a second.
		_ = l.conn.Publish(appended, strconv.AppendUint(nil, newest, 10))
	}
	return newest, err
}

func (l *Log) appendJournal(ctx context.Context, after uint64, text []byte) (uint64, error) {
	m := &nats.Msg{Subject: journalSubject(after + 1), Data: text, Header: nats.Header{}}
	m.Header.Set(headerAfter, strconv.FormatUint(after, 10))
	r, err := l.conn.RequestMsgWithContext(ctx, m)
	if err != nil {
		return 0, fmt.Errorf("append to the platform's stream: %w", err)
	}
	return l.acked(r.Data, after, 1)
}

// fold appends entries as a batch, and what is in the journal with them, or
// before them where that is more than one batch holds.
func (l *Log) fold(ctx context.Context, after uint64, entries []central.Entry) (uint64, error) {
	rest := l.journal.rest(entries)
	if len(rest)+len(entries) <= central.MaxBatch {
		entries, rest = append(rest, entries...), nil
	}
	for _, batch := range [][]central.Entry{rest, entries} {
		if len(batch) == 0 {
			continue
		}
		newest, err := l.appendBatch(ctx, after, batch)
		if err != nil {
			return 0, err
		}
		after = newest
		l.journal.clear(newest)
	}
	return after, nil
}

func (l *Log) appendBatch(ctx context.Context, after uint64, entries []central.Entry) (uint64, error) {
	id, last := rand.Text(), len(entries)-1
	for i, e := range entries[:last] {
		if err := l.conn.PublishMsg(message(e, id, i, after)); err != nil {
			return 0, fmt.Errorf("append to the platform's stream: %w", err)
		}
	}
	m := message(entries[last], id, last, after)
	m.Header.Set(headerCommit, "1")
	r, err := l.conn.RequestMsgWithContext(ctx, m)
	if err != nil {
		return 0, fmt.Errorf("append to the platform's stream: %w", err)
	}
	return l.acked(r.Data, after, len(entries))
}

func message(e central.Entry, batch string, i int, after uint64) *nats.Msg {
	m := &nats.Msg{Subject: LogSubject(subjects, e.Key), Data: e.Value, Header: nats.Header{}}
	m.Header.Set(headerBatch, batch)
	m.Header.Set(headerPlace, strconv.Itoa(i+1))
	if i == 0 { // only the first one may expect (nats-server jetstream_batching.go)
		m.Header.Set(headerAfter, strconv.FormatUint(after, 10))
	}
	if ttl := seconds(e.TTL); ttl > 0 {
		m.Header.Set(headerTTL, strconv.FormatUint(ttl, 10)+"s")
	}
	return m
}

// acked reads the answer to a batch, or to a message alone.
func (l *Log) acked(data []byte, after uint64, n int) (uint64, error) {
	var a struct {
		Error *jetstream.APIError `json:"error"`
		Seq   uint64              `json:"seq"`
		Count int                 `json:"count"`
	}
	if err := json.Unmarshal(data, &a); err != nil {
		return 0, fmt.Errorf("append to the platform's stream: the answer cannot be read: %w", err)
	}
	switch {
	case a.Error == nil && max(a.Count, 1) == n && a.Seq == after+uint64(n):
		return a.Seq, nil
	case a.Error == nil:
		return 0, fmt.Errorf("append to the platform's stream: %d entries end at %d, want %d at %d: %w", a.Count, a.Seq, n, after+uint64(n), errors.ErrUnsupported)
	case a.Error.ErrorCode == codeWrongLast, a.Error.ErrorCode == codeWrongLastConstant:
		return 0, central.ErrStale
	case a.Error.ErrorCode == codeIncomplete, a.Error.ErrorCode == codeInflight:
		return 0, fmt.Errorf("append to the platform's stream: %w", a.Error)
	case a.Error.ErrorCode == codeStoreFailed && strings.Contains(a.Error.Description, overBound):
		return 0, fmt.Errorf("append to the platform's stream: %w: %w", central.ErrRefused, central.ErrBound)
	}
	return 0, fmt.Errorf("append to the platform's stream: %w: %w", central.ErrRefused, a.Error)
}
