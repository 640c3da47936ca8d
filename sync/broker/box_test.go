package broker_test

import (
	"bytes"
	"context"
	"encoding/json"
	"log/slog"
	"path/filepath"
	"testing"
	"time"

	"github.com/lineside/lineside/audit"
	"github.com/lineside/lineside/store"
	"github.com/lineside/lineside/sync/proto"
	"github.com/lineside/lineside/sync/site"
	"github.com/lineside/lineside/sync/wire"
)

// running is a box that keeps its link, on a database of its own.
type running struct {
	*site.Site
	applied chan string
	told    chan site.Status
}

// run starts a box over a transport; it ends with the test.
func (l *lab) run(b *box, via site.Transport) *running {
	l.t.Helper()
	dir := l.t.TempDir()
	key, err := store.NewKey(bytes.Repeat([]byte{7}, 32))
	if err != nil {
		l.t.Fatal(err)
	}
	db, err := store.Open(filepath.Join(dir, "lineside.db"), key, store.Config{}, store.Tools{})
	if err != nil {
		l.t.Fatal(err)
	}
	r := &running{applied: make(chan string, 100), told: make(chan site.Status, 100)}
	r.Site, err = site.New(site.Config{Site: b.id, Platform: l.keys.Signer.Verifier(), Key: b.key, Anchor: filepath.Join(dir, "anchor"), Base: time.Millisecond},
		records{db}, desk{r}, via, slog.New(slog.DiscardHandler))
	if err != nil {
		l.t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- r.Serve(ctx) }()
	l.t.Cleanup(func() {
		cancel()
		if err := <-ended; err != nil {
			l.t.Error(err)
		}
		_ = db.Close()
	})
	return r
}

type records struct{ s *store.Store }

func (r records) Sync(ctx context.Context, f func(site.Tx) ([]audit.Record, error)) error {
	return r.s.Sync(ctx, func(tx *store.SyncTx) ([]audit.Record, error) { return f(tx) })
}

// desk notes what it is told.
type desk struct{ *running }

func (d desk) Apply(_ context.Context, doc wire.Doc, open func(string) ([]byte, error)) error {
	if doc.Del {
		d.applied <- doc.Key + " gone"
		return nil
	}
	var body wire.Device
	if err := json.Unmarshal(doc.Body, &body); err != nil {
		return err
	}
	secret, err := open("sip.0")
	d.applied <- doc.Key + " " + body.Label + " " + string(secret)
	return err
}

func (d desk) Events(context.Context, uint64, int) ([]wire.Event, error) { return nil, nil }
func (d desk) Rules() proto.Rules                                        { return proto.Rules{} }

func (d desk) Told(s site.Status) {
	select {
	case d.told <- s:
	default:
	}
}

// want waits for the next thing the desk is told.
func (r *running) want(t testing.TB, want string) {
	t.Helper()
	select {
	case got := <-r.applied:
		if got != want {
			t.Errorf("the desk was told %q, want %q", got, want)
		}
	case <-time.After(10 * time.Second):
		t.Fatalf("the desk was told nothing, want %q; the link is %+v", want, r.Status())
	}
}

func (r *running) waitState(t testing.TB, is func(site.Status) bool) {
	t.Helper()
	late := time.After(15 * time.Second)
	for {
		select {
		case s := <-r.told:
			if is(s) {
				return
			}
		case <-late:
			t.Fatalf("the link stands at %+v", r.Status())
		}
	}
}
