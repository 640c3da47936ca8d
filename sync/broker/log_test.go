package broker_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/lineside/lineside/sync/broker"
	"github.com/lineside/lineside/sync/central"
)

func put(key, value string) central.Entry { return central.Entry{Key: key, Value: []byte(value)} }

func read(t *testing.T, l *broker.Log, after uint64) (got []string, newest uint64) {
	t.Helper()
	newest, err := l.Read(t.Context(), after, func(e central.Entry) error {
		got = append(got, fmt.Sprintf("%d %s=%s", e.Rev, e.Key, e.Value))
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return got, newest
}

// TestLog: what is appended at once is there at once, behind what was read, and of
// each key the newest is kept.
func TestLog(t *testing.T) {
	l := newStreamLab(t)
	g := l.open()
	if got, newest := read(t, g, 0); len(got) != 0 || newest != 0 {
		t.Errorf("a new log: got %q at %d, want nothing at 0", got, newest)
	}
	n, err := g.Append(t.Context(), 0, []central.Entry{put("a/1", "x"), put("a/2", "y"), put("end", "1")})
	if err != nil || n != 1 {
		t.Fatalf("got %d, %v, want 1", n, err)
	}
	n, err = g.Append(t.Context(), n, []central.Entry{put("a/3", "z")})
	if err != nil || n != 2 {
		t.Fatalf("got %d, %v, want 2", n, err)
	}
	if _, err := g.Append(t.Context(), 1, []central.Entry{put("a/3", "w")}); !errors.Is(err, central.ErrStale) {
		t.Errorf("behind an older entry: got %v, want ErrStale", err)
	}
	// What is to be forgotten within an hour is a batch: a/2 and a/3 go with it.
	n, err = g.Append(t.Context(), 2, []central.Entry{{Key: "a/1", TTL: time.Hour}, put("end", "2")})
	if err != nil || n != 6 {
		t.Fatalf("got %d, %v, want 6", n, err)
	}
	got, newest := read(t, g, 0)
	if diff := cmp.Diff([]string{"3 a/2=y", "4 a/3=z", "5 a/1=", "6 end=2"}, got); diff != "" || newest != 6 {
		t.Errorf("newest %d, want 6; entries (-want +got):\n%s", newest, diff)
	}
	if got, newest = read(t, g, 6); len(got) != 1 || newest != 6 {
		t.Errorf("after the newest: got %q at %d, want that one at 6", got, newest)
	}
	if got, newest = read(t, g, 4); len(got) != 3 || newest != 6 {
		t.Errorf("within a batch: got %q at %d, want three to 6", got, newest)
	}
	if _, err := g.Read(t.Context(), 7, nil); !errors.Is(err, central.ErrRewound) {
		t.Errorf("after what never was: got %v, want ErrRewound", err)
	}
	if again := l.open(); again.Identity() != g.Identity() {
		t.Errorf("opened again: got identity %s, want %s", again.Identity(), g.Identity())
	}
}

// TestLogRestart: a server that ends at once has all that was acknowledged, and
// half a batch is none.
func TestLogRestart(t *testing.T) {
	l := newStreamLab(t)
	g := l.open()
	if _, err := g.Append(t.Context(), 0, []central.Entry{put("a", "x"), put("end", "1")}); err != nil {
		t.Fatal(err)
	}
	half := &nats.Msg{Subject: "cfg.b", Data: []byte("half"), Header: nats.Header{"Nats-Batch-Id": {"half"}, "Nats-Batch-Sequence": {"1"}}}
	if _, err := l.conn.RequestMsg(half, 5*time.Second); err != nil { // an empty answer: it is kept
		t.Fatal(err)
	}
	l.stop()
	l.start()
	got, _ := read(t, l.open(), 0)
	if diff := cmp.Diff([]string{"1 a=x", "1 end=1"}, got); diff != "" {
		t.Errorf("entries (-want +got):\n%s", diff)
	}
}

// TestLogPages: a reading of several pages.
func TestLogPages(t *testing.T) {
	g := newStreamLab(t).open()
	var newest uint64
	for batch := range 5 {
		var entries []central.Entry
		for i := range central.MaxBatch {
			entries = append(entries, put(fmt.Sprintf("k/%d/%d", batch, i), "v"))
		}
		var err error
		if newest, err = g.Append(t.Context(), newest, entries); err != nil {
			t.Fatal(err)
		}
	}
	if got, n := read(t, g, 0); len(got) != 5000 || n != newest {
		t.Errorf("got %d entries to %d, want 5000 to %d", len(got), n, newest)
	}
	big := strings.Repeat("x", central.MaxValue)
	var entries []central.Entry
	for i := range 100 { // more than a page's bytes
		entries = append(entries, put(fmt.Sprintf("big/%d", i), big))
	}
	if _, err := g.Append(t.Context(), newest, entries); err != nil {
		t.Fatal(err)
	}
	if got, n := read(t, g, newest); len(got) != 101 || n != newest+100 {
		t.Errorf("got %d entries to %d, want 101 to %d", len(got), n, newest+100)
	}
	if _, err := g.Append(t.Context(), newest, make([]central.Entry, central.MaxBatch+1)); !errors.Is(err, central.ErrRefused) {
		t.Errorf("too many at once: got %v, want ErrRefused", err)
	}
}

// TestLogForgets: an entry with a TTL is gone after it.
func TestLogForgets(t *testing.T) {
	g := newStreamLab(t).open()
	if _, err := g.Append(t.Context(), 0, []central.Entry{{Key: "event", Value: []byte("x"), TTL: time.Second}, put("end", "1")}); err != nil {
		t.Fatal(err)
	}
	deadline := time.After(10 * time.Second)
	for {
		if got, newest := read(t, g, 0); len(got) == 1 && newest == 2 {
			return
		}
		select {
		case <-deadline:
			t.Fatal("the entry is there after 10 s, want it gone after one")
		case <-time.After(50 * time.Millisecond):
		}
	}
}

// TestLogFollow: who follows hears of what another appends.
func TestLogFollow(t *testing.T) {
	l := newStreamLab(t)
	g := l.open()
	ctx, cancel := context.WithCancel(t.Context())
	heard, ended := make(chan uint64, 100), make(chan error, 1)
	go func() {
		ended <- g.Follow(ctx, func(uint64) {
			newest, err := g.Read(ctx, 0, func(central.Entry) error { return nil })
			if err == nil {
				heard <- newest
			}
		})
	}()
	<-heard
	if _, err := l.open().Append(t.Context(), 0, []central.Entry{put("a", "x")}); err != nil {
		t.Fatal(err)
	}
	for <-heard != 1 {
	}
	cancel()
	if err := <-ended; err != nil {
		t.Errorf("got %v, want nil", err)
	}
}

// FuzzLogSubject: no key makes a subject that is another's, or that NATS reads as more than one.
func FuzzLogSubject(f *testing.F) {
	for _, key := range []string{"", "a", "a/b", "a//b", "/", "a.b", "*", ">", "a b", "ü", "=2F", "=", "a\x00\r\nPUB x 1"} {
		f.Add(key)
	}
	f.Fuzz(func(t *testing.T, key string) {
		subject := broker.LogSubject("cfg", key)
		if strings.ContainsAny(subject, "*> \t\r\n\x00") || strings.Contains(subject, "..") || strings.HasSuffix(subject, ".") {
			t.Errorf("key %q: got the subject %q, which is none", key, subject)
		}
		if got, ok := broker.LogKey("cfg", subject); !ok || got != key {
			t.Errorf("subject %q: got the key %q, %v, want %q", subject, got, ok, key)
		}
		if got, ok := broker.LogKey("cfg", "cfg."+key); ok && broker.LogSubject("cfg", got) != "cfg."+key {
			t.Errorf("subject %q: got the key %q, whose subject is another", "cfg."+key, got)
		}
	})
}

// TestLogNamesNoDuplicates: nats-server reads nothing at its start to find
// messages it has had before, in a new stream and in one of a build before.
func TestLogNamesNoDuplicates(t *testing.T) {
	l := newStreamLab(t)
	js, err := jetstream.New(l.conn)
	if err != nil {
		t.Fatal(err)
	}
	for _, build := range []string{"new", "of a build before"} {
		g := l.open()
		s, err := js.Stream(t.Context(), "CFG")
		if err != nil {
			t.Fatal(err)
		}
		conf := s.CachedInfo().Config
		if got, want := conf.Duplicates, 100*time.Millisecond; got != want {
			t.Errorf("%s: looks %s back for duplicates, want %s", build, got, want)
		}
		if _, err := g.Append(t.Context(), s.CachedInfo().State.LastSeq, []central.Entry{{Key: "meta/" + build, Value: []byte("1")}}); err != nil {
			t.Errorf("%s: %v", build, err)
		}
		conf.Duplicates = 2 * time.Minute
		if _, err := js.UpdateStream(t.Context(), conf); err != nil {
			t.Fatal(err)
		}
	}
}
