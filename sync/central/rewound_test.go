package central_test

import (
	"encoding/json"
	"fmt"
	"path/filepath"
	"testing"
	"time"

	"github.com/lineside/lineside/sync/central"
	"github.com/lineside/lineside/sync/proto"
	"github.com/lineside/lineside/sync/wire"
)

// TestRewound: a log that was put back from a copy begins a new epoch, whether
// the platform runs meanwhile or not, and whether the log was written to since
// or not. What the copy does not hold is gone from the view.
func TestRewound(t *testing.T) {
	for _, c := range []struct {
		name    string
		running bool // the platform is open while it happens
		others  int  // how many batches another platform writes since
		away    time.Duration
		want    bool
	}{
		{"not at all", false, 0, 0, false},
		{"while it was away", false, 0, 0, true},
		{"while it was away, and overtaken", false, 50, 0, true},
		{"not at all, away for long", false, 0, 70 * 24 * time.Hour, false},
		{"while it was away for long, and overtaken", false, 50, 70 * 24 * time.Hour, true},
		{"under it", true, 0, 0, true},
		{"under it, and overtaken", true, 50, 0, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			l := newLogLab(t)
			path := filepath.Join(t.TempDir(), "view.db")
			p := l.open(path)
			must(t, count(p, "before", false))
			backup := l.log.copied()
			for range 20 {
				must(t, count(p, "lost", false))
			}
			epoch := p.InEpoch()
			if !c.running {
				must(t, p.Close())
			}
			if c.want {
				// The other one lost its view with the log: it knows nothing of it.
				l.log.putBack(backup)
				if c.others > 0 {
					other := l.fresh()
					for range c.others {
						must(t, count(other, "other", false))
					}
				}
			}
			l.now = func() time.Time { return time.Now().Add(c.away) }
			if !c.running {
				p = l.open(path)
			}
			must(t, count(p, "after", false))
			if got := p.InEpoch() > epoch; got != c.want {
				t.Errorf("got epoch %d after %d, want a new one: %v", p.InEpoch(), epoch, c.want)
			}
			_ = p.View(func(x central.Tx) {
				if got := x.Value("counters", "lost"); (got == 0) != c.want {
					t.Errorf("got %d of what the copy lacks", got)
				}
				if got := x.Value("counters", "other"); got != c.others {
					t.Errorf("got %d of what another wrote since, want %d", got, c.others)
				}
			})
			wantSame(t, p, l.fresh())
		})
	}
}

// TestAnotherLog: a view of one log in front of another.
func TestAnotherLog(t *testing.T) {
	l := newLogLab(t)
	path := filepath.Join(t.TempDir(), "view.db")
	p := l.open(path)
	must(t, count(p, "old", false))
	epoch := p.InEpoch()
	must(t, p.Close())
	l.log = newMemLog()
	p = l.open(path)
	if p.InEpoch() <= epoch {
		t.Errorf("got epoch %d, want one above %d", p.InEpoch(), epoch)
	}
	wantSame(t, p, l.fresh())
}

// ask asks as a site does that has proved who it is.
func ask(t *testing.T, l *logLab, p *central.Platform, id string, q wire.Request) wire.Reply {
	t.Helper()
	q.V, q.ID = wire.Version, "x"
	b, err := json.Marshal(q)
	must(t, err)
	out, err := p.Answer(id, q.Op(), b)
	must(t, err)
	r, err := wire.Open(l.keys.Signer.Verifier(), id, "x", out)
	must(t, err)
	return r
}

func hello(c proto.Cursor) wire.Request {
	return wire.Request{Hello: &wire.Hello{Hello: proto.Hello{Cursor: c}}}
}

// TestManyPlatforms: a site that goes from one platform to another, each
// started at another time and some again, is followed by its cursor; nobody
// takes the others' starts for a rollback.
func TestManyPlatforms(t *testing.T) {
	l := newLogLab(t)
	a := l.fresh()
	tok, err := a.AddSite("Berlin")
	must(t, err)
	r := ask(t, l, a, tok.Site, hello(proto.Cursor{})).Hello
	cursor, epoch := r.Cursor, r.Epoch
	pathB := filepath.Join(t.TempDir(), "b.db")
	b := l.open(pathB)
	pull := func(p *central.Platform, want int) {
		t.Helper()
		page := ask(t, l, p, tok.Site, wire.Request{Pull: &proto.Pull{Epoch: epoch, After: cursor.Rev}}).Pull
		if page == nil || len(page.Docs) != want {
			t.Fatalf("got %+v, want %d documents", page, want)
		}
		cursor = page.Cursor
	}
	for i := range 10 {
		from, to := a, b
		if i%2 == 1 {
			from, to = b, a
		}
		must(t, from.PutDevice(fmt.Sprintf("0015650000%02d", i), tok.Site, wire.Device{Vendor: "yealink"}, nil))
		pull(from, 1)
		// The other one has not heard of it yet: the pull waits for it.
		pull(to, 0)
		if r := ask(t, l, to, tok.Site, hello(cursor)).Hello; r == nil || r.Epoch != epoch || r.Snapshot {
			t.Fatalf("round %d: got %+v, want epoch %d and no snapshot", i, r, epoch)
		}
		if i == 5 {
			must(t, b.Close())
			b = l.open(pathB)
		}
	}
	wantSame(t, a, b)
}

// TestNoIsLookedUp: a platform that has not heard of what another wrote does
// not deny it.
func TestNoIsLookedUp(t *testing.T) {
	l := newLogLab(t)
	l.log.mute = true
	a, b := l.fresh(), l.fresh()
	tok, err := a.AddSite("Berlin")
	must(t, err)
	if _, err := b.Invite(tok.Site); err != nil {
		t.Errorf("got %v, want another token", err)
	}
}

// TestPullFromTheFuture: what nobody has written yet is waited for, not long.
func TestPullFromTheFuture(t *testing.T) {
	l := newLogLab(t)
	p := l.fresh()
	tok, err := p.AddSite("Berlin")
	must(t, err)
	epoch := p.InEpoch()
	waited := make(chan wire.Reply, 1)
	go func() {
		waited <- ask(t, l, p, tok.Site, wire.Request{Pull: &proto.Pull{Epoch: epoch, After: 1}})
	}()
	must(t, p.PutDevice(mac, tok.Site, wire.Device{}, nil))
	if r := <-waited; r.Pull == nil || r.Pull.Cursor.Rev != 1 {
		t.Errorf("got %+v, want the answer after the revision came", r)
	}
	if r := ask(t, l, p, tok.Site, wire.Request{Pull: &proto.Pull{Epoch: epoch, After: 1 << 40}}); r.Refused == nil || r.Refused.Reason != wire.Busy {
		t.Errorf("got %+v, want busy", r)
	}
}

// TestForgets: events are dropped when the log has forgotten them, tombstones
// from both, and a site that has not read a dropped one reads all.
func TestForgets(t *testing.T) {
	l := newLogLab(t)
	now := time.Now()
	l.now = func() time.Time { return now }
	p := l.fresh()
	tok, err := p.AddSite("Berlin")
	must(t, err)
	other, err := p.AddSite("Munich")
	must(t, err)
	must(t, p.PutDevice(mac, tok.Site, wire.Device{}, nil))
	epoch := p.InEpoch()
	early := ask(t, l, p, tok.Site, wire.Request{Pull: &proto.Pull{Epoch: epoch}}).Pull.Cursor
	must(t, p.PutDevice(mac, other.Site, wire.Device{}, nil)) // a tombstone at the first
	late := ask(t, l, p, tok.Site, wire.Request{Pull: &proto.Pull{Epoch: epoch}}).Pull.Cursor
	push := wire.Push{Incarnation: "i", Events: []wire.Event{{Seq: 1, Kind: wire.KindPIN}, {Seq: 2, Kind: wire.KindPIN}}}
	if r := ask(t, l, p, tok.Site, wire.Request{Push: &push}); r.Push == nil || r.Push.Acked != 2 {
		t.Fatalf("got %+v, want 2 acknowledged", r)
	}
	events := func() (n int) {
		must(t, p.Events(tok.Site, func(wire.Event) bool { n++; return true }))
		return n
	}
	must(t, p.Sweep())
	if events() != 2 {
		t.Errorf("got %d events, want 2: they are young", events())
	}
	now = now.Add(91 * 24 * time.Hour)
	l.log.expire()
	must(t, count(p, "awake", false))
	must(t, p.Sweep())
	if events() != 0 {
		t.Errorf("got %d events after 91 days, want none", events())
	}
	wantSame(t, p, l.fresh())
	if r := ask(t, l, p, tok.Site, hello(early)).Hello; !r.Snapshot || r.Epoch != epoch {
		t.Errorf("a cursor before the tombstone: got %+v, want a snapshot", r)
	}
	if r := ask(t, l, p, tok.Site, hello(late)).Hello; r.Snapshot {
		t.Errorf("a cursor behind the tombstone: got a snapshot, want it followed")
	}
	if r := ask(t, l, p, tok.Site, wire.Request{Push: &push}); r.Push == nil || r.Push.Acked != 2 || events() != 0 {
		t.Errorf("the same events again: got %+v and %d kept, want none", r.Push, events())
	}
}

// TestLogAway: while the log cannot be reached what is known is answered and a
// change is refused as busy; afterwards the platform goes on by itself.
func TestLogAway(t *testing.T) {
	l := newLogLab(t)
	p := l.fresh()
	tok, err := p.AddSite("Berlin")
	must(t, err)
	l.log.set(central.ErrRefused, nil) // a definite no: nothing is waited for
	if r := ask(t, l, p, tok.Site, hello(proto.Cursor{})); r.Refused == nil || r.Refused.Reason != wire.Busy || r.Refused.Retry == 0 {
		t.Errorf("a hello: got %+v, want busy and when to come again", r)
	}
	if r := ask(t, l, p, tok.Site, wire.Request{Pull: &proto.Pull{Epoch: p.InEpoch()}}); r.Pull == nil {
		t.Errorf("a pull: got %+v, want what is known", r)
	}
	l.log.set(nil, nil)
	if r := ask(t, l, p, tok.Site, hello(proto.Cursor{})); r.Hello == nil {
		t.Errorf("a hello afterwards: got %+v, want it answered", r)
	}
	wantSame(t, p, l.fresh())
}
