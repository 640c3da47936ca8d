package portal

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/lineside/lineside/metrics"
	"github.com/lineside/lineside/sync/central"
)

// stream is a log that can be cut off; what is sent to poke has it read, and
// read has something in it once it was.
type stream struct {
	poke chan uint64
	read chan struct{}

	mu     sync.Mutex // guards the rest
	away   error
	newest uint64
	held   map[string]central.Entry
}

func (*stream) Identity() string { return "fake" }

func (s *stream) Append(_ context.Context, _ uint64, all []central.Entry) (uint64, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, e := range all {
		s.newest++
		e.Rev = s.newest
		s.held[e.Key] = e
	}
	return s.newest, s.away
}

func (s *stream) Read(_ context.Context, after uint64, f func(central.Entry) error) (uint64, error) {
	select {
	case s.read <- struct{}{}:
	default:
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.away != nil {
		return after, s.away
	}
	byRev := func(a, b central.Entry) int { return int(a.Rev) - int(b.Rev) }
	for _, e := range slices.SortedFunc(maps.Values(s.held), byRev) {
		if e.Rev >= after {
			if err := f(e); err != nil {
				return after, err
			}
		}
	}
	return s.newest, nil
}

func (s *stream) Follow(ctx context.Context, f func(uint64)) error {
	for {
		select {
		case <-ctx.Done():
			return nil
		case n := <-s.poke:
			f(n)
		}
	}
}

// cut cuts the stream off, or with nil puts it back, and waits until the
// platform has looked.
func (s *stream) cut(away error) {
	s.mu.Lock()
	s.away = away
	s.mu.Unlock()
	for range 2 { // the second look begins when all of the first is done
		select {
		case <-s.read:
		default:
		}
		s.poke <- 0
		<-s.read
	}
}

// TestDeafShows: whoever watches the platform sees that it is cut off from its
// stream, in the words of the API.
func TestDeafShows(t *testing.T) {
	l := newLab(t)
	s := &stream{poke: make(chan uint64), read: make(chan struct{}, 1), held: map[string]central.Entry{}}
	keys, err := central.NewKeys()
	if err != nil {
		t.Fatal(err)
	}
	log := slog.New(slog.DiscardHandler)
	p, err := central.Open(t.Context(), central.Config{Path: filepath.Join(t.TempDir(), "view.db"), Keys: keys, Log: s}, log)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = p.Close() })
	m := metrics.NewPlatform(func() (metrics.Counted, error) { return metrics.Counted{Deaf: p.Deaf()}, nil })
	cfg := l.s.cfg
	cfg.Now = time.Now
	if l.s, err = New(cfg, p, m, log); err != nil {
		t.Fatal(err)
	}
	l.h = l.s.Handler()
	for _, c := range []struct {
		away   error
		deaf   bool
		metric string
	}{{nil, false, " 0\n"}, {errors.New("away"), true, " 1\n"}, {nil, false, " 0\n"}} {
		s.cut(c.away)
		var h Health
		l.want(http.StatusOK, "GET", V1+"/health", nil, &h)
		var st Status
		l.want(http.StatusOK, "GET", V1+"/status", nil, &st)
		if h.Deaf != c.deaf || st.Deaf != c.deaf {
			t.Errorf("stream %v: got deaf %v in health, %v in status; want %v", c.away, h.Deaf, st.Deaf, c.deaf)
		}
		if got := l.send("GET", V1+"/metrics", nil).Body.String(); !strings.Contains(got, "\n"+metrics.NameCentralDeaf+c.metric) {
			t.Errorf("stream %v: %s is not %q in the metrics", c.away, metrics.NameCentralDeaf, c.metric)
		}
	}
}

// TestBusySaysWhen: a 503 says when to come again.
func TestBusySaysWhen(t *testing.T) {
	w := &writer{ResponseWriter: httptest.NewRecorder()}
	e, known := errorFor(fmt.Errorf("add a site: %w", central.ErrBusy))
	w.fail(e)
	if got := w.Header().Get("Retry-After"); !known || w.status != http.StatusServiceUnavailable || got == "" {
		t.Errorf("got %d, Retry-After %q, known %v; want 503 with one", w.status, got, known)
	}
}
