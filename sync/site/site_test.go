package site_test

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/lineside/lineside/audit"
	"github.com/lineside/lineside/store"
	"github.com/lineside/lineside/sync/proto"
	"github.com/lineside/lineside/sync/seal"
	"github.com/lineside/lineside/sync/site"
	"github.com/lineside/lineside/sync/wire"
)

// records is the real database.
type records struct{ s *store.Store }

func (r records) Sync(ctx context.Context, f func(site.Tx) ([]audit.Record, error)) error {
	return r.s.Sync(ctx, func(tx *store.SyncTx) ([]audit.Record, error) { return f(tx) })
}

// via is the platform as a transport.
type via struct{ p *platform }

func (v via) String() string { return "test" }

func (v via) Dial(ctx context.Context) (site.Conn, error) {
	c, err := v.p.Dial(ctx)
	if err != nil {
		return nil, err
	}
	return c, nil
}

// desk notes what it is told.
type desk struct {
	mu      sync.Mutex
	applied map[proto.ID]string // the secret, "gone" for none
	told    []site.Status
	happen  []wire.Event
	offline bool
	first   func(wire.Doc) error // what Apply does first, if not nil
}

func (d *desk) Apply(_ context.Context, doc wire.Doc, open func(string) ([]byte, error)) error {
	d.mu.Lock()
	first := d.first
	d.mu.Unlock()
	if first != nil {
		if err := first(doc); err != nil {
			return err
		}
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if doc.Del {
		d.applied[doc.ID] = "gone"
		return nil
	}
	secret, err := open("otp")
	d.applied[doc.ID] = string(secret)
	return err
}

func (d *desk) Events(_ context.Context, after uint64, most int) ([]wire.Event, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	var out []wire.Event
	for _, e := range d.happen {
		if e.Seq > after && len(out) < most {
			out = append(out, e)
		}
	}
	return out, nil
}

func (d *desk) Rules() proto.Rules { return proto.Rules{Offline: d.offline} }

func (d *desk) Told(s site.Status) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.told = append(d.told, s)
}

func (d *desk) has(id proto.ID) string {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.applied[id]
}

// lab is one site with its files, at a platform.
type lab struct {
	t    testing.TB
	p    *platform
	desk *desk
	dir  string
	key  seal.Key
	db   *store.Store
	s    *site.Site
	stop func()

	conditions func() []string
	rules      func() []string
}

func newLab(t testing.TB) *lab {
	t.Helper()
	key, err := seal.NewKey()
	if err != nil {
		t.Fatal(err)
	}
	l := &lab{t: t, p: newPlatform(t), dir: t.TempDir(), key: key, desk: &desk{applied: map[proto.ID]string{}}}
	t.Cleanup(func() { l.end() })
	return l
}

func openStore(t testing.TB, path string) *store.Store {
	t.Helper()
	key, err := store.NewKey(bytes.Repeat([]byte{7}, 32))
	if err != nil {
		t.Fatal(err)
	}
	s, err := store.Open(path, key, store.Config{}, store.Tools{})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func (l *lab) database() string { return filepath.Join(l.dir, "lineside.db") }
func (l *lab) anchor() string   { return filepath.Join(l.dir, "anchor") }

// begin starts a process of the box.
func (l *lab) begin() {
	l.t.Helper()
	l.db = openStore(l.t, l.database())
	var err error
	l.s, err = site.New(site.Config{Site: siteName, Platform: l.p.signer.Verifier(), Key: l.key, Anchor: l.anchor(), Software: "test", Conditions: l.conditions, LocalRules: l.rules},
		records{l.db}, l.desk, via{l.p}, slog.New(slog.DiscardHandler))
	if err != nil {
		l.t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- l.s.Serve(ctx) }()
	l.stop = func() {
		cancel()
		if err := <-ended; err != nil {
			l.t.Errorf("serve: %v", err)
		}
		if err := l.db.Close(); err != nil {
			l.t.Error(err)
		}
	}
}

func (l *lab) end() {
	if l.stop != nil {
		l.stop()
		l.stop = nil
	}
}

// settle adds devices at the platform.
func (l *lab) settle(ids ...proto.ID) {
	l.p.do(func(tx proto.CentralTx) {
		for _, id := range ids {
			l.p.secrets[id] = "fake-" + string(id)
			proto.Settle(tx, id, siteName, "mint-"+string(id))
		}
	})
}

const one, two = proto.ID("device/001565000001"), proto.ID("device/001565000002")

// TestDocuments: what is entered at the platform is at the desk, opened, as
// soon as the hint is heard, and again after a time without a line.
func TestDocuments(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLab(t)
		l.settle(one)
		l.begin()
		time.Sleep(time.Second)
		if got := l.desk.has(one); got != "fake-"+string(one) {
			t.Errorf("after the start: got %q, want the secret opened", got)
		}
		if st := l.s.Status(); st.State != site.Linked || st.Name != "Branch" || st.Address != "203.0.113.7" {
			t.Errorf("got status %+v, want linked", st)
		}
		began := time.Now()
		l.settle(two)
		for l.desk.has(two) == "" && time.Since(began) < time.Second {
			time.Sleep(time.Millisecond)
		}
		if took := time.Since(began); took > 100*time.Millisecond {
			t.Errorf("a change took %v, want it at once", took)
		}
		l.p.cut(true)
		gone := time.Now()
		l.p.do(func(tx proto.CentralTx) { proto.Settle(tx, one, "", "") })
		time.Sleep(12 * time.Hour)
		if st := l.s.Status(); st.Since.Sub(gone) > time.Hour || st.Reason == "" {
			t.Errorf("without a line: got since %v, %q, want since about %v with the reason", st.Since, st.Reason, gone)
		}
		if st := l.s.Status(); st.State != site.Away && st.State != site.Dialling || l.desk.has(one) == "gone" {
			t.Errorf("without a line: got %+v and %q", st, l.desk.has(one))
		}
		l.p.cut(false)
		time.Sleep(2 * time.Minute)
		if got := l.desk.has(one); got != "gone" {
			t.Errorf("after half a day without a line: got %q, want it gone", got)
		}
		l.end()
	})
}

// TestEvents: what happens here is told once, in order, over a bad line and
// over restarts.
func TestEvents(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLab(t)
		l.p.weather = weather{lost: 5, unanswered: 10, cut: 10}
		l.begin()
		const all = 500
		for n := range uint64(all) {
			l.desk.mu.Lock()
			l.desk.happen = append(l.desk.happen, wire.Event{Seq: n + 1, At: time.Now(), Kind: wire.KindProvisioned})
			l.desk.mu.Unlock()
			l.s.Changed()
			time.Sleep(time.Second)
			if n%100 == 50 {
				l.end()
				l.begin()
			}
		}
		l.p.mu.Lock()
		l.p.weather = weather{}
		l.p.mu.Unlock()
		time.Sleep(time.Hour)
		l.end()
		if len(l.p.events) != all {
			t.Fatalf("got %d events, want %d", len(l.p.events), all)
		}
		for n, e := range l.p.events {
			if e.Seq != uint64(n+1) {
				t.Fatalf("event %d has number %d", n+1, e.Seq)
			}
		}
	})
}

// TestCarrierIsNotBelieved: nothing is read that the platform did not sign.
func TestCarrierIsNotBelieved(t *testing.T) {
	var old []byte
	for name, tamper := range map[string]func([]byte) []byte{
		"a byte changed": func(b []byte) []byte { return []byte(strings.Replace(string(b), `"reply":"ey`, `"reply":"eY`, 1)) },
		"an old answer": func(b []byte) []byte {
			if old == nil {
				old = b
			}
			return old
		},
		"endless": func([]byte) []byte { return make([]byte, 1<<20) },
		"nothing": func([]byte) []byte { return nil },
		"no JSON": func([]byte) []byte { return []byte("<html>please sign in</html>") },
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				l := newLab(t)
				l.settle(one)
				l.p.tamper = tamper
				l.begin()
				time.Sleep(time.Hour)
				if got := l.desk.has(one); got != "" {
					t.Errorf("got %q, want nothing read", got)
				}
				l.end()
				l.desk.mu.Lock()
				defer l.desk.mu.Unlock()
				for _, st := range l.desk.told {
					if st.State == site.Linked {
						t.Errorf("got %+v, want it never linked", st)
					}
				}
			})
		})
	}
}

// TestRestartBetween: a document read is told to the desk even if the box
// stopped before it could.
func TestRestartBetween(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLab(t)
		l.settle(one)
		l.begin()
		time.Sleep(time.Second)
		l.end()
		l.desk.applied = map[proto.ID]string{}
		l.begin()
		time.Sleep(time.Second)
		if got := l.desk.has(one); got != "" {
			t.Errorf("got %q told a second time, want it once", got)
		}
		l.end()
		l.p.cut(true)
		db := openStore(t, l.database())
		err := db.Sync(t.Context(), func(tx *store.SyncTx) ([]audit.Record, error) {
			tx.Put("todo/"+string(one), []byte("true")) // as a stop right after the commit leaves it
			return nil, nil
		})
		if err != nil {
			t.Fatal(err)
		}
		_ = db.Close()
		l.begin()
		time.Sleep(time.Second)
		if got := l.desk.has(one); got != "fake-"+string(one) {
			t.Errorf("got %q, want it told at the start, without a line", got)
		}
		l.end()
	})
}

// TestStoppedAtOnce: a link whose program ends before it began ended well.
func TestStoppedAtOnce(t *testing.T) {
	l := newLab(t)
	l.begin()
	l.end()
	l.db = openStore(t, l.database())
	defer func() { _ = l.db.Close() }()
	s, err := site.New(site.Config{Site: siteName, Platform: l.p.signer.Verifier(), Key: l.key, Anchor: l.anchor()},
		records{l.db}, l.desk, via{l.p}, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := s.Serve(ctx); err != nil {
		t.Errorf("got %v, want nil", err)
	}
}

// TestRefused: the platform's own words reach the operator.
func TestRefused(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLab(t)
		const text = "this site was taken from the platform; join again with a new token"
		l.p.tamper = func(b []byte) []byte {
			var e wire.Envelope
			r := mustRead(t, b, &e)
			out, err := wire.SignReply(l.p.signer, siteName, wire.Reply{V: 1, ID: r.ID, Refused: &wire.Refused{Reason: wire.Revoked, Text: text}})
			if err != nil {
				t.Error(err)
			}
			return out
		}
		l.begin()
		time.Sleep(time.Minute)
		l.end()
		if got := fmt.Sprint(l.desk.told); !strings.Contains(got, text) {
			t.Errorf("got %s, want the platform's words", got)
		}
	})
}
