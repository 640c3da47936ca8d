package central_test

import (
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/lineside/lineside/sync/central"
	"github.com/lineside/lineside/sync/wire"
)

// logLab is a log and platforms on it.
type logLab struct {
	t    testing.TB
	keys central.Keys
	log  *memLog
	now  func() time.Time
}

func newLogLab(t testing.TB) *logLab {
	t.Helper()
	keys, err := central.NewKeys()
	if err != nil {
		t.Fatal(err)
	}
	return &logLab{t: t, keys: keys, log: newMemLog()}
}

// open opens a platform on a view; the test closes it, or its end does.
func (l *logLab) open(path string) *central.Platform {
	l.t.Helper()
	p, err := central.Open(l.t.Context(), central.Config{Path: path, Keys: l.keys, Log: l.log, Now: l.now}, slog.New(slog.DiscardHandler))
	if err != nil {
		l.t.Fatal(err)
	}
	l.t.Cleanup(func() { _ = p.Close() }) // again, or at last
	return p
}

func (l *logLab) fresh() *central.Platform {
	l.t.Helper()
	return l.open(filepath.Join(l.t.TempDir(), "view.db"))
}

// wantSame waits until the views hold the same.
func wantSame(t *testing.T, a, b *central.Platform) {
	t.Helper()
	deadline := time.After(10 * time.Second)
	for waits := true; waits; {
		nextA, nextB := a.Changed(), b.Changed()
		if a.Applied() == b.Applied() {
			break
		}
		select {
		case <-nextA:
		case <-nextB:
		case <-deadline:
			waits = false
		}
	}
	if diff := cmp.Diff(a.Dump(), b.Dump()); diff != "" {
		t.Errorf("two views of one log at %d and %d differ (-first +second):\n%s", a.Applied(), b.Applied(), diff)
	}
}

// count counts up by one, and fails now and then after having written.
func count(p *central.Platform, name string, fail bool) error {
	return p.Update(func(x central.Tx) {
		x.Put("counters", name, x.Value("counters", name)+1)
		if fail {
			x.Put("counters", name+" failed", 1)
			x.Fail(errOurs)
		}
	})
}

var errOurs = errors.New("ours")

// TestGroups: updates that come at once are few batches; one that fails, or
// panics, or is too large leaves nothing and takes nobody along.
func TestGroups(t *testing.T) {
	l := newLogLab(t)
	p := l.fresh()
	before := l.log.batches
	// The first append waits until all others wait behind it.
	const n = 200
	release := make(chan struct{})
	first := sync.OnceFunc(func() { <-release })
	l.log.set(nil, func() (bool, error) { first(); return true, nil })
	var wg, begun sync.WaitGroup
	results := make([]error, n)
	begun.Add(n)
	for i := range n {
		wg.Go(func() {
			begun.Done()
			switch i % 10 {
			case 3:
				results[i] = count(p, "all", true)
			case 5:
				results[i] = p.Update(func(x central.Tx) { x.Put("counters", "panic", 1); panic("ours") })
			case 7:
				results[i] = p.Update(func(x central.Tx) {
					for j := range central.MaxBatch {
						x.Put("large", fmt.Sprint(j), 1)
					}
				})
			default:
				results[i] = count(p, "all", false)
			}
		})
	}
	begun.Wait()
	close(release)
	wg.Wait()
	good := 0
	for i, err := range results {
		if bad := i%10 == 3 || i%10 == 5 || i%10 == 7; bad != (err != nil) {
			t.Errorf("update %d: got %v, want an error: %v", i, err, bad)
		} else if !bad {
			good++
		}
	}
	_ = p.View(func(x central.Tx) {
		if got := x.Value("counters", "all"); got != good {
			t.Errorf("got %d counted, want %d", got, good)
		}
		if x.Value("counters", "all failed")+x.Value("counters", "panic")+x.Size("large") != 0 {
			t.Error("updates that failed left something")
		}
	})
	if got := l.log.batches - before; got > n/2 {
		t.Errorf("got %d batches for %d updates at once, want far fewer", got, n)
	}
	l.log.set(nil, nil)
	wantSame(t, p, l.fresh())
}

// TestFullBatches: updates whose writes are more than a batch holds together
// are several batches.
func TestFullBatches(t *testing.T) {
	l := newLogLab(t)
	p := l.fresh()
	var wg sync.WaitGroup
	for i := range 20 {
		wg.Go(func() {
			err := p.Update(func(x central.Tx) {
				for j := range 300 {
					x.Put("large", fmt.Sprint(i, j), 1)
				}
			})
			if err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	_ = p.View(func(x central.Tx) {
		if got := x.Size("large"); got != 6000 {
			t.Errorf("got %d keys, want 6000", got)
		}
	})
}

// TestFaultyLog: whatever the log does with a batch and whatever it says of it,
// what was acknowledged is counted once, and what was refused is not counted.
// Two platforms write at once, and one is ended and begun again.
func TestFaultyLog(t *testing.T) {
	for seed := range uint64(4) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			l := newLogLab(t)
			paths := []string{filepath.Join(t.TempDir(), "a.db"), filepath.Join(t.TempDir(), "b.db")}
			ps := []*central.Platform{l.open(paths[0]), l.open(paths[1])}
			rnd := rand.New(rand.NewPCG(seed, 1))
			lost := errors.New("no answer")
			l.log.set(nil, func() (bool, error) { // called under the log's lock
				switch rnd.IntN(8) {
				case 0:
					return true, lost // kept, and nobody says so
				case 1:
					return false, lost
				case 2:
					return false, central.ErrRefused
				}
				return true, nil
			})
			var mu sync.Mutex
			acked := map[string]int{}
			for round := range 3 {
				var wg sync.WaitGroup
				for i := range 40 {
					wg.Go(func() {
						name := fmt.Sprint("c", i%3)
						err := count(ps[i%2], name, i%7 == 0)
						mu.Lock()
						defer mu.Unlock()
						switch {
						case err == nil:
							acked[name]++
						case !errors.Is(err, errOurs) && !errors.Is(err, central.ErrBusy):
							t.Errorf("got %v, want our own error or ErrBusy", err)
						}
					})
				}
				wg.Wait()
				if err := ps[0].Close(); err != nil {
					t.Error(err)
				}
				if round == 1 {
					_ = os.Remove(paths[0])
				}
				l.log.set(nil, l.log.fault)
				for { // opening may be refused, as any write may
					p, err := central.Open(t.Context(), central.Config{Path: paths[0], Keys: l.keys, Log: l.log}, slog.New(slog.DiscardHandler))
					if err == nil {
						ps[0] = p
						break
					}
				}
			}
			defer func() { _ = ps[0].Close() }()
			l.log.set(nil, nil)
			if err := count(ps[0], "end", false); err != nil {
				t.Fatal(err)
			}
			wantSame(t, ps[0], ps[1])
			wantSame(t, ps[0], l.fresh())
			_ = ps[0].View(func(x central.Tx) {
				for name, want := range acked {
					if got := x.Value("counters", name); got != want {
						t.Errorf("%s: got %d counted, want the %d acknowledged", name, got, want)
					}
				}
			})
			if ps[0].InEpoch() != ps[1].InEpoch() {
				t.Error("a new epoch began, want none: nothing was put back")
			}
		})
	}
}

// TestViews: whatever became of the view's file, the platform goes on as it was.
func TestViews(t *testing.T) {
	for _, c := range []struct {
		name   string
		damage func(t *testing.T, path, older string)
	}{
		{"as it was", func(*testing.T, string, string) {}},
		{"lost", func(t *testing.T, path, _ string) { must(t, os.Remove(path)) }},
		{"an older copy", func(t *testing.T, path, older string) { must(t, os.Rename(older, path)) }},
		{"of another form", func(t *testing.T, path, _ string) { must(t, central.Forget(path)) }},
		{"half made anew", func(t *testing.T, path, _ string) { must(t, os.WriteFile(path+".new", []byte("half"), 0o600)) }},
	} {
		t.Run(c.name, func(t *testing.T) {
			l := newLogLab(t)
			path := filepath.Join(t.TempDir(), "view.db")
			p := l.open(path)
			tok, err := p.AddSite("Berlin")
			must(t, err)
			must(t, p.PutDevice(mac, tok.Site, wire.Device{Vendor: "yealink"}, nil))
			older := path + ".older"
			must(t, p.CopyTo(older))
			must(t, p.PutDevice(mac, tok.Site, wire.Device{Vendor: "snom"}, nil))
			must(t, count(p, "one", false))
			before, epoch := p.Dump(), p.InEpoch()
			must(t, p.Close())
			c.damage(t, path, older)
			p = l.open(path)
			after := p.Dump()
			for key, want := range before {
				switch key[:5] {
				case "meta/", "commi": // a start is noted there
				default:
					if after[key] != want {
						t.Errorf("%s: got %q, want %q", key, after[key], want)
					}
				}
			}
			if p.InEpoch() != epoch || p.Boots() != 2 {
				t.Errorf("got epoch %d and %d starts, want %d and 2", p.InEpoch(), p.Boots(), epoch)
			}
			wantSame(t, p, l.fresh())
		})
	}
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
