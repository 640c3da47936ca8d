package broker_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/lineside/lineside/sync/broker"
	"github.com/lineside/lineside/sync/central"
)

// reader is what a reader knows of a log: values by key, as of a revision.
type reader struct {
	values map[string]string
	at     uint64
}

// readOn reads what stands behind, as a view does.
func (h *reader) readOn(t *testing.T, l *broker.Log) {
	t.Helper()
	newest, err := l.Read(t.Context(), h.at, func(e central.Entry) error {
		if e.Value == nil {
			delete(h.values, e.Key)
		} else {
			h.values[e.Key] = string(e.Value)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	h.at = newest
}

// change is a random one: mostly small, now and then more than a message of
// the journal holds.
func change(rng *rand.Rand, n int) (entries []central.Entry) {
	size := 1 + rng.IntN(60)
	if rng.IntN(15) == 0 {
		size = 100 + rng.IntN(central.MaxBatch-100)
	}
	for _, i := range rng.Perm(1500)[:size] {
		e := put(fmt.Sprintf("k/%d", i), fmt.Sprintf("%d %s", n, strings.Repeat("x", rng.IntN(400))))
		if rng.IntN(10) == 0 {
			e = central.Entry{Key: e.Key, TTL: 90 * 24 * time.Hour}
		}
		entries = append(entries, e)
	}
	return append(entries, put("end", fmt.Sprint(n)))[:min(size+1, central.MaxBatch)]
}

// TestLogJournal: processes write to one stream in turn, in small changes and
// large ones, and are started anew; whoever reads, from wherever, comes to what
// was appended, and the stream keeps a bounded number of messages.
func TestLogJournal(t *testing.T) {
	l := newStreamLab(t)
	rng := rand.New(rand.NewPCG(1, 2))
	logs := []*broker.Log{l.open(), l.open()}
	want, now := map[string]string{}, uint64(0)
	readers := []*reader{{values: map[string]string{}}, {values: map[string]string{}}, {values: map[string]string{}}}
	for n := range 200 {
		i := rng.IntN(len(logs))
		if rng.IntN(10) == 0 {
			logs[i] = l.open()
		}
		entries := change(rng, n)
		if last := &entries[len(entries)-1]; last.Value == nil {
			*last = put(last.Key, "there")
		}
		newest, err := logs[i].Append(t.Context(), now, entries)
		if err != nil {
			t.Fatalf("change %d of %d entries: %v", n, len(entries), err)
		}
		for _, e := range entries {
			delete(want, e.Key)
			if e.Value != nil {
				want[e.Key] = string(e.Value)
			}
		}
		now = newest
		r := readers[rng.IntN(len(readers))]
		if rng.IntN(8) == 0 {
			*r = reader{values: map[string]string{}}
		}
		if r.readOn(t, logs[rng.IntN(len(logs))]); !maps.Equal(r.values, want) || r.at != now {
			t.Fatalf("after change %d, at %d of %d (-want +got):\n%s", n, r.at, now, cmp.Diff(want, r.values))
		}
	}
	if n := l.messages(); n > 512+1501 {
		t.Errorf("the stream keeps %d messages, want one for each of 1501 keys and 512 of the journal at most", n)
	}
}

func (l *streamLab) stream() jetstream.Stream {
	l.t.Helper()
	js, err := jetstream.New(l.conn)
	if err != nil {
		l.t.Fatal(err)
	}
	s, err := js.Stream(l.t.Context(), "CFG")
	if err != nil {
		l.t.Fatal(err)
	}
	return s
}

func (l *streamLab) messages() uint64 {
	l.t.Helper()
	info, err := l.stream().Info(l.t.Context())
	if err != nil {
		l.t.Fatal(err)
	}
	return info.State.Msgs
}

// TestLogJournalFull: more small changes than the journal has room for.
func TestLogJournalFull(t *testing.T) {
	l := newStreamLab(t)
	g, now := l.open(), uint64(0)
	const changes = 1200
	for n := range changes {
		var err error
		if now, err = g.Append(t.Context(), now, []central.Entry{put(fmt.Sprint("k/", n%7), fmt.Sprint(n)), put("end", fmt.Sprint(n))}); err != nil {
			t.Fatal(err)
		}
	}
	// Each time 511 or 512 messages were folded into a batch of eight keys.
	if now != changes-2+2*8 {
		t.Errorf("got revision %d, want %d: a message for each change but two batches of 8", now, changes-2+2*8)
	}
	if n := l.messages(); n > 512+8 {
		t.Errorf("the stream keeps %d messages, want 520 at most", n)
	}
	got := reader{values: map[string]string{}}
	got.readOn(t, l.open())
	want := map[string]string{"end": fmt.Sprint(changes - 1)}
	for n := changes - 7; n < changes; n++ {
		want[fmt.Sprint("k/", n%7)] = fmt.Sprint(n)
	}
	if diff := cmp.Diff(want, got.values); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// TestLogJournalGhost: a key that was deleted does not come back out of the
// journal when the mark of its deletion is forgotten.
func TestLogJournalGhost(t *testing.T) {
	l := newStreamLab(t)
	g := l.open()
	if _, err := g.Append(t.Context(), 0, []central.Entry{put("k", "old"), put("end", "1")}); err != nil {
		t.Fatal(err)
	}
	if _, err := g.Append(t.Context(), 1, []central.Entry{{Key: "k", TTL: time.Second}, put("end", "2")}); err != nil {
		t.Fatal(err)
	}
	for n := range 2 { // while the mark is there, and without it
		if n == 1 {
			l.await(2)
		}
		got := reader{values: map[string]string{}}
		if got.readOn(t, g); got.values["k"] != "" || got.values["end"] != "2" {
			t.Errorf("got %q, want end at 2 alone", got.values)
		}
	}
}

// await waits until the stream has so few messages.
func (l *streamLab) await(n uint64) {
	l.t.Helper()
	for end := time.Now().Add(10 * time.Second); l.messages() > n; {
		if time.Now().After(end) {
			l.t.Fatalf("the stream has %d messages after 10 s, want %d", l.messages(), n)
		}
		select {
		case <-l.t.Context().Done():
		case <-time.After(50 * time.Millisecond):
		}
	}
}

// TestLogForm1: a stream of a build that knew no journal is read and gone on
// with, under the name it had; that build finds it no longer.
func TestLogForm1(t *testing.T) {
	l := newStreamLab(t)
	js, err := jetstream.New(l.conn)
	if err != nil {
		t.Fatal(err)
	}
	_, err = js.CreateStream(t.Context(), jetstream.StreamConfig{
		Name: "CFG", Subjects: []string{"cfg.>"}, MaxMsgsPerSubject: 1, DenyDelete: true, DenyPurge: true,
		AllowDirect: true, AllowMsgTTL: true, AllowAtomicPublish: true, Metadata: map[string]string{"lineside_identity": "NAME"},
	})
	if err == nil {
		_, err = js.Publish(t.Context(), "cfg.a.1", []byte("x"))
	}
	if err != nil {
		t.Fatal(err)
	}
	g := l.open()
	if _, err := g.Append(t.Context(), 1, []central.Entry{put("a/2", "y"), put("end", "1")}); err != nil {
		t.Fatal(err)
	}
	got, _ := read(t, l.open(), 0)
	if diff := cmp.Diff([]string{"1 a/1=x", "2 a/2=y", "2 end=1"}, got); diff != "" || g.Identity() != "NAME" {
		t.Errorf("%s, want NAME; entries (-want +got):\n%s", g.Identity(), diff)
	}
	if name, ok := l.stream().CachedInfo().Config.Metadata["lineside_identity"]; ok {
		t.Errorf("a build before finds the name %q, want none", name)
	}
}

// TestLogForeign: what somebody wrote into the stream by hand is passed over,
// and what a later build wrote is not.
func TestLogForeign(t *testing.T) {
	l := newStreamLab(t)
	g := l.open()
	now, err := g.Append(t.Context(), 0, []central.Entry{put("a", "x")})
	if err == nil {
		_, err = l.conn.Request("cfg.by=hand", []byte("x"), 5*time.Second)
	}
	if err != nil {
		t.Fatal(err)
	}
	got := reader{values: map[string]string{}}
	if got.readOn(t, g); got.values["a"] != "x" || got.at != now+1 {
		t.Errorf("got %q at %d, want x at %d", got.values, got.at, now+1)
	}
	if now, err = g.Append(t.Context(), got.at, []central.Entry{{Key: "b", TTL: time.Hour}, put("end", "1")}); err != nil {
		t.Fatal(err)
	}
	got = reader{values: map[string]string{}}
	if got.readOn(t, g); got.values["a"] != "x" || got.values["end"] != "1" {
		t.Errorf("folded: got %q, want a and end", got.values)
	}
	if _, err := l.conn.Request("cfg.=j.9", []byte("\x02later"), 5*time.Second); err != nil {
		t.Fatal(err)
	}
	_, err = g.Read(t.Context(), now, func(central.Entry) error { return nil })
	if err == nil || !strings.Contains(err.Error(), "update the program") {
		t.Errorf("a message of a later build: got %v, want an error that says so", err)
	}
}

// TestLogLostAnswer: an append whose answer does not come leaves a log that
// knows again what is there.
func TestLogLostAnswer(t *testing.T) {
	l := newStreamLab(t)
	g := l.open()
	now, err := g.Append(t.Context(), 0, []central.Entry{put("a", "x")})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := g.Append(ctx, now, []central.Entry{put("a", "y")}); err == nil {
		t.Fatal("got no error of an append that was given up")
	}
	was := &nats.Msg{Subject: "cfg.=j.2", Data: []byte("\x01\x01b\x00\x02z"), Header: nats.Header{"Nats-Expected-Last-Sequence": {fmt.Sprint(now)}}}
	_, _ = l.conn.RequestMsg(was, 5*time.Second) // one of the two got there
	if _, err := g.Append(t.Context(), now, []central.Entry{put("a", "z")}); !errors.Is(err, central.ErrStale) {
		t.Errorf("got %v, want ErrStale", err)
	}
	if _, err := g.Append(t.Context(), now+1, []central.Entry{put("c", "c")}); err != nil {
		t.Fatal(err)
	}
	if got, newest := read(t, g, 0); len(got) != 3 || newest != 3 {
		t.Errorf("got %q at %d, want three entries at 3", got, newest)
	}
}

// FuzzFrame: what is read from a message is what its writer put in, and bytes of
// any kind end in an error or in entries that frame as they were read.
func FuzzFrame(f *testing.F) {
	f.Add([]byte(nil))
	f.Add([]byte("\x01\x01b\x00\x02z"))
	f.Add(broker.Frame([]central.Entry{put("a/b", "value"), {Key: "gone", TTL: 90 * 24 * time.Hour}, {Key: ""}}))
	f.Fuzz(func(t *testing.T, b []byte) {
		entries, err := broker.Unframe(b, 7)
		if err != nil {
			return
		}
		again, err := broker.Unframe(broker.Frame(entries), 7)
		if diff := cmp.Diff(entries, again); diff != "" || err != nil {
			t.Errorf("%v; (-first +again):\n%s", err, diff)
		}
	})
}
