package broker

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
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
	codeIncomplete        = 10176 // a part was lost, or a leader changed between parts
	codeInflight          = 10210 // 50 others stand half written
)

// appendWait is how long one append may take where ctx sets no bound. A
// cluster that has lost its leader takes 4 to 6 s to have another.
const appendWait = 5 * time.Second

// Append adds entries as one atomic batch.
func (l *Log) Append(ctx context.Context, after uint64, entries []central.Entry) (uint64, error) {
	if n := len(entries); n == 0 || n > central.MaxBatch || entries[n-1].TTL != 0 {
		return 0, fmt.Errorf("append %d entries, want 1 to %d and the last one for good: %w", n, central.MaxBatch, central.ErrRefused)
	}
	ctx, cancel := context.WithTimeout(ctx, appendWait)
	defer cancel()
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
	if e.TTL > 0 {
		m.Header.Set(headerTTL, strconv.FormatInt(max(1, int64(e.TTL/time.Second)), 10)+"s")
	}
	return m
}

// acked reads the answer to a batch.
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
	case a.Error == nil && a.Count == n && a.Seq == after+uint64(n):
		// Who misses this word looks within a second.
		_ = l.conn.Publish(appended, strconv.AppendUint(nil, a.Seq, 10))
		return a.Seq, nil
	case a.Error == nil:
		return 0, fmt.Errorf("append to the platform's stream: %d entries end at %d, want %d at %d: %w", a.Count, a.Seq, n, after+uint64(n), errors.ErrUnsupported)
	case a.Error.ErrorCode == codeWrongLast, a.Error.ErrorCode == codeWrongLastConstant:
		return 0, central.ErrStale
	case a.Error.ErrorCode == codeIncomplete, a.Error.ErrorCode == codeInflight:
		return 0, fmt.Errorf("append to the platform's stream: %w", a.Error)
	}
	return 0, fmt.Errorf("append to the platform's stream: %w: %w", central.ErrRefused, a.Error)
}
