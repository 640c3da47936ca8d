package site_test

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/lineside/lineside/sync/site"
)

// way is a transport that works or does not.
type way struct {
	name string

	mu     sync.Mutex // guards the rest
	err    error
	dialed int
	open   int
}

func (w *way) String() string { return w.name }

func (w *way) Dial(context.Context) (site.Conn, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.dialed++
	if w.err != nil {
		return nil, w.err
	}
	w.open++
	return &line{w: w, hints: make(chan struct{})}, nil
}

func (w *way) set(err error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.err = err
}

func (w *way) counts() (dialed, open int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.dialed, w.open
}

// line is one connection over a way.
type line struct {
	w     *way
	once  sync.Once
	hints chan struct{}
}

func (l *line) Ask(context.Context, string, []byte) ([]byte, error) { return nil, nil }
func (l *line) Hints() <-chan struct{}                              { return l.hints }

func (l *line) Close() error {
	l.once.Do(func() {
		close(l.hints)
		l.w.mu.Lock()
		defer l.w.mu.Unlock()
		l.w.open--
	})
	return nil
}

var errBlocked, errPage = errors.New("blocked"), errors.New("a page to sign in")

func newChoice(t *testing.T, all ...site.Transport) *site.Choice {
	t.Helper()
	c, err := site.NewChoice(site.ChoiceConfig{}, all...)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// TestChoiceTakesWhatWorks: one way at each dial; what works stays the first to
// be tried, also after the connection was lost.
func TestChoiceTakesWhatWorks(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		tls, wss, https := &way{name: "tls", err: errBlocked}, &way{name: "wss", err: errPage}, &way{name: "https"}
		c := newChoice(t, tls, wss, https)
		for n, want := range [][]error{{errBlocked}, {errBlocked, errPage}} {
			_, err := c.Dial(t.Context())
			for _, one := range want {
				if !errors.Is(err, one) {
					t.Errorf("dial %d: got %v, want %v in it", n+1, err, one)
				}
			}
		}
		for range 3 {
			conn, err := c.Dial(t.Context())
			if err != nil || c.String() != "https" {
				t.Fatalf("got %v by %s, want https", err, c)
			}
			if err := conn.Close(); err != nil {
				t.Error(err)
			}
		}
		if n, _ := tls.counts(); n != 1 {
			t.Errorf("the blocked way was dialled %d times, want once", n)
		}
		if _, open := https.counts(); open != 0 {
			t.Errorf("got %d connections left open, want none", open)
		}
	})
}

// TestChoiceFindsTheBetterOne: while a worse way is in use the better ones are
// tried beside it, hours apart; the connection goes on until one works.
func TestChoiceFindsTheBetterOne(t *testing.T) {
	for name, worked := range map[string]bool{"blocked from the beginning": false, "the platform was away a bit": true} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				tls, https := &way{name: "tls"}, &way{name: "https"}
				c := newChoice(t, tls, https)
				if worked {
					conn, err := c.Dial(t.Context())
					if err != nil {
						t.Fatal(err)
					}
					_ = conn.Close()
				}
				tls.set(errBlocked)
				if _, err := c.Dial(t.Context()); err == nil {
					t.Fatal("got a connection by the blocked way")
				}
				conn, err := c.Dial(t.Context())
				if err != nil {
					t.Fatal(err)
				}
				before, _ := tls.counts()
				time.Sleep(9 * time.Hour)
				tries, _ := tls.counts()
				if tries -= before; tries < 3 || tries > 12 {
					t.Errorf("the better way was tried %d times in nine hours, want a few", tries)
				}
				select {
				case <-conn.Hints():
					t.Fatal("the connection ended while the better way was blocked")
				default:
				}
				tls.set(nil)
				time.Sleep(3 * time.Hour)
				synctest.Wait()
				if _, open := <-conn.Hints(); open {
					t.Error("got a hint, want the connection ended for a better one")
				}
				_ = conn.Close()
				if conn, err = c.Dial(t.Context()); err != nil || c.String() != "tls" {
					t.Fatalf("got %v by %s, want tls", err, c)
				}
				_ = conn.Close()
				if _, open := tls.counts(); open != 0 {
					t.Errorf("got %d connections left open, want none", open)
				}
			})
		})
	}
}

// TestChoiceFirstTry: a platform that was only away is looked for again within
// minutes, a blocked way not before an hour.
func TestChoiceFirstTry(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for name, tt := range map[string]struct {
			worked  bool
			min, by time.Duration
		}{"blocked": {false, 90 * time.Minute, 3 * time.Hour}, "away": {true, 150 * time.Second, 5 * time.Minute}} {
			tls, https := &way{name: "tls"}, &way{name: "https"}
			c := newChoice(t, tls, https)
			if tt.worked {
				conn, _ := c.Dial(t.Context())
				_ = conn.Close()
			}
			tls.set(errBlocked)
			_, _ = c.Dial(t.Context())
			conn, err := c.Dial(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			before, _ := tls.counts()
			time.Sleep(tt.min - time.Second)
			if n, _ := tls.counts(); n != before {
				t.Errorf("%s: tried before %v", name, tt.min)
			}
			time.Sleep(tt.by - tt.min + 2*time.Second)
			if n, _ := tls.counts(); n == before {
				t.Errorf("%s: not tried within %v", name, tt.by)
			}
			_ = conn.Close()
		}
	})
}

// TestChoiceOfNone: a platform that offers nothing is told in words.
func TestChoiceOfNone(t *testing.T) {
	if _, err := site.NewChoice(site.ChoiceConfig{}); err == nil || !strings.Contains(err.Error(), "lineside join") {
		t.Errorf("got %v, want what to do", err)
	}
}
