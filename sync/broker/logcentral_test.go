package broker_test

import (
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/lineside/lineside/sync/central"
	"github.com/lineside/lineside/sync/wire"
)

// platform opens a platform on the stream.
func (l *streamLab) platform(keys central.Keys, path string) *central.Platform {
	l.t.Helper()
	p, err := central.Open(l.t.Context(), central.Config{Path: path, Keys: keys, Log: l.open()}, slog.New(slog.DiscardHandler))
	if err != nil {
		l.t.Fatal(err)
	}
	l.t.Cleanup(func() { _ = p.Close() }) // again, or at last
	return p
}

func newKeys(t testing.TB) central.Keys {
	t.Helper()
	keys, err := central.NewKeys()
	if err != nil {
		t.Fatal(err)
	}
	return keys
}

// held waits until a platform has heard of all sites, and counts them.
func held(t *testing.T, p *central.Platform, sites []string) (n int) {
	t.Helper()
	deadline := time.Now().Add(10 * time.Second)
	for _, id := range sites {
		for {
			_, err := p.Addresses(id)
			if err == nil {
				n++
				break
			}
			if time.Now().After(deadline) {
				break
			}
			if _, err := p.Invite("nosuchsite"); err == nil { // a "no" is looked up in the stream
				t.Fatal("got an invitation of no site")
			}
		}
	}
	return n
}

// TestPlatformsOnStream: two platforms write to one stream at once; all that
// either acknowledged is at both, after a restart of the server, and in a view made
// anew.
func TestPlatformsOnStream(t *testing.T) {
	l := newStreamLab(t)
	keys, dir := newKeys(t), t.TempDir()
	a, b := l.platform(keys, filepath.Join(dir, "a.db")), l.platform(keys, filepath.Join(dir, "b.db"))
	var mu sync.Mutex
	var sites []string
	add := func(p *central.Platform, name string) {
		tok, err := p.AddSite(name)
		if err == nil {
			err = p.PutDevice("001565000001", tok.Site, wire.Device{}, nil)
		}
		if err != nil {
			t.Error(err)
			return
		}
		mu.Lock()
		defer mu.Unlock()
		sites = append(sites, tok.Site)
	}
	var wg sync.WaitGroup
	for i := range 40 {
		wg.Go(func() {
			p := a
			if i%2 == 1 {
				p = b
			}
			add(p, fmt.Sprint("site ", i))
		})
	}
	wg.Wait()
	for name, p := range map[string]*central.Platform{"the first": a, "the second": b} {
		if got := held(t, p, sites); got != 40 {
			t.Errorf("%s holds %d sites, want 40", name, got)
		}
		if err := p.Close(); err != nil {
			t.Error(err)
		}
	}
	l.stop()
	l.start()
	if err := os.Remove(filepath.Join(dir, "a.db")); err != nil {
		t.Fatal(err)
	}
	a, b = l.platform(keys, filepath.Join(dir, "a.db")), l.platform(keys, filepath.Join(dir, "b.db"))
	ea, _ := a.Epoch()
	if eb, _ := b.Epoch(); !ea.Equal(eb) {
		t.Errorf("got epochs %v and %v, want one", ea, eb)
	}
	if ga, gb := held(t, a, sites), held(t, b, sites); ga != 40 || gb != 40 {
		t.Errorf("after a restart they hold %d and %d sites, want 40", ga, gb)
	}
}

// TestStreamPutBack: the server's files replaced by an older copy, with the
// platform's view left as it was.
func TestStreamPutBack(t *testing.T) {
	l := newStreamLab(t)
	keys, path := newKeys(t), filepath.Join(t.TempDir(), "view.db")
	p := l.platform(keys, path)
	if _, err := p.AddSite("kept"); err != nil {
		t.Fatal(err)
	}
	before, _ := p.Epoch()
	if err := p.Close(); err != nil {
		t.Fatal(err)
	}
	l.stop()
	backup := filepath.Join(t.TempDir(), "backup")
	if err := os.CopyFS(backup, os.DirFS(l.dir)); err != nil {
		t.Fatal(err)
	}
	l.start()
	p = l.platform(keys, path)
	tok, err := p.AddSite("lost")
	if err != nil {
		t.Fatal(err)
	}
	if err := p.Close(); err != nil {
		t.Fatal(err)
	}
	if again := epochOf(l, keys, path); !again.Equal(before) {
		t.Errorf("got epoch %v after a plain restart, want %v", again, before)
	}
	l.stop()
	if err := os.RemoveAll(l.dir); err != nil {
		t.Fatal(err)
	}
	if err := os.CopyFS(l.dir, os.DirFS(backup)); err != nil {
		t.Fatal(err)
	}
	l.start()
	p = l.platform(keys, path)
	if after, _ := p.Epoch(); !after.After(before) {
		t.Errorf("got epoch %v, want one after %v", after, before)
	}
	if _, err := p.Addresses(tok.Site); err == nil {
		t.Error("got a site the copy does not hold, want none")
	}
}

// epochOf opens a platform for a moment.
func epochOf(l *streamLab, keys central.Keys, path string) time.Time {
	l.t.Helper()
	p := l.platform(keys, path)
	at, err := p.Epoch()
	if err := errors.Join(err, p.Close()); err != nil {
		l.t.Fatal(err)
	}
	return at
}

// TestServerAway: while the server is away what is known is answered, and the
// platform can be closed.
func TestServerAway(t *testing.T) {
	l := newStreamLab(t)
	keys, path := newKeys(t), filepath.Join(t.TempDir(), "view.db")
	p := l.platform(keys, path)
	tok, err := p.AddSite("Berlin")
	if err != nil {
		t.Fatal(err)
	}
	l.srv.Shutdown()
	l.srv.WaitForShutdown()
	if _, err := p.Addresses(tok.Site); err != nil {
		t.Errorf("got %v, want what is known", err)
	}
	if err := p.Close(); err != nil {
		t.Error(err)
	}
}
