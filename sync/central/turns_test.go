package central_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/lineside/lineside/sync/central"
	"github.com/lineside/lineside/sync/wire"
)

// TestTurns has one site under way as often as it may be, and others not
// notice.
func TestTurns(t *testing.T) {
	s := central.NewTurns()
	for range central.MaxTurns {
		if !s.Begin("a") {
			t.Fatal("got no turn below the bound, want one")
		}
	}
	if s.Begin("a") {
		t.Error("got a turn above the bound, want none")
	}
	if !s.Begin("b") {
		t.Error("got no turn for another site, want one")
	}
	s.End("a")
	if !s.Begin("a") {
		t.Error("got no turn after one ended, want one")
	}
}

// TestEventRate has a site that tells too much wait, lose nothing, and others
// not notice.
func TestEventRate(t *testing.T) {
	s, now := central.NewTurns(), time.Unix(1_000_000, 0)
	if taken, retry := s.Tell("a", central.EventBurst+100, now); taken != central.EventBurst || retry != 2*time.Second {
		t.Errorf("got %d taken, retry %s, want the burst and 2s", taken, retry)
	}
	if taken, _ := s.Tell("a", 200, now.Add(-time.Hour)); taken != 0 {
		t.Errorf("with the clock put back: got %d taken, want none", taken)
	}
	if taken, _ := s.Tell("b", 200, now); taken != 200 {
		t.Errorf("another site: got %d taken, want all", taken)
	}
	if taken, _ := s.Tell("a", 200, now.Add(time.Second)); taken == 0 {
		t.Error("a second later: got none taken, want some")
	}
}

// TestTooManyEvents pushes more than the burst: what is not taken is not
// acknowledged, and the box is asked to wait.
func TestTooManyEvents(t *testing.T) {
	l := newLab(t)
	b := l.newBox("loud")
	seq, retry := uint64(0), time.Duration(0)
	for range central.EventBurst/wire.MaxEvents + 3 {
		p := wire.Push{Incarnation: "i"}
		for n := range wire.MaxEvents {
			p.Events = append(p.Events, wire.Event{Seq: seq + uint64(n) + 1, Kind: "x"})
		}
		r := l.request(b.id, wire.Request{Push: &p})
		if r.Push == nil {
			t.Fatalf("got %+v, want an answer", r)
		}
		seq, retry = r.Push.Acked, r.Push.Retry
	}
	if held := len(l.events(b.id)); retry == 0 || held != int(seq) {
		t.Errorf("got retry %s, %d held, %d acknowledged, want a retry and as many held", retry, held, seq)
	}
	r := l.request(b.id, wire.Request{Hello: &wire.Hello{Incarnation: "i"}})
	if r.Hello.Acked != seq || r.Hello.BackoffCap < time.Minute {
		t.Errorf("got %d acknowledged, cap %s, want %d and at least 1m", r.Hello.Acked, r.Hello.BackoffCap, seq)
	}
	long := wire.Push{Incarnation: "i", Events: []wire.Event{{Seq: seq + 1, Kind: strings.Repeat("k", 65)}}}
	if r := l.request(b.id, wire.Request{Push: &long}); r.Refused == nil || r.Refused.Reason != wire.Malformed {
		t.Errorf("a kind of 65 bytes: got %+v, want it refused as malformed", r)
	}
}

func (l *lab) events(id string) (all []string) {
	l.t.Helper()
	if err := l.p.Events(id, func(e wire.Event) bool {
		all = append(all, fmt.Sprint(e.Seq))
		return true
	}); err != nil {
		l.t.Fatal(err)
	}
	return all
}
