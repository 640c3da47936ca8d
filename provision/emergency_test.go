package provision_test

import (
	"context"
	"encoding/json"
	"errors"
	"net/netip"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/lineside/lineside/audit"
	"github.com/lineside/lineside/auth"
	"github.com/lineside/lineside/health"
	"github.com/lineside/lineside/provision"
)

// failedCall is a condition that names a call nobody took.
func failedCall(b *health.Board) (health.Condition, bool) {
	for _, c := range b.List() {
		if c.Code == "emergency-failed" {
			return c, true
		}
	}
	return health.Condition{}, false
}

func TestAnUnhelpedCallIsToldUntilItIsAcknowledged(t *testing.T) {
	l := newLab(t, auth.FactorPIN)
	at := netip.MustParseAddr("10.20.0.50")
	for _, outcome := range []string{"answered", "cancelled", "redirected"} {
		l.EmergencyCalled(t.Context(), provision.EmergencyCall{Remote: at, Number: "112", Outcome: outcome})
	}
	if c, is := failedCall(l.board); is {
		t.Fatalf("told %+v of calls that were helped", c)
	}
	failed := provision.EmergencyCall{Remote: at, Number: "112", Tried: []string{"sbc1", "sbc2"}, Said: []string{"no answer", "answered 503"}, Outcome: "failed", Status: 503}
	l.EmergencyCalled(t.Context(), failed)
	c, is := failedCall(l.board)
	for _, want := range []string{"10.20.0.50", "called 112 at ", "sbc1: no answer; sbc2: answered 503"} {
		if !is || !strings.Contains(c.Detail, want) {
			t.Errorf("told %q, want %q in it", c.Detail, want)
		}
	}
	seen := l.UnhelpedCalls()
	l.EmergencyCalled(t.Context(), provision.EmergencyCall{Remote: at, Number: "110", Outcome: "refused"})
	if n, err := l.AcknowledgeEmergencies(t.Context(), operator, seen[0].Number); err != nil || n != 1 {
		t.Errorf("got %d, %v, want one acknowledged", n, err)
	}
	if c, is := failedCall(l.board); !is || !strings.Contains(c.Detail, "110") || strings.Contains(c.Detail, "112") {
		t.Errorf("told %q, want the one that came later alone", c.Detail)
	}
	left := l.UnhelpedCalls()
	if n, err := l.AcknowledgeEmergencies(t.Context(), operator, left[len(left)-1].Number); err != nil || n != 1 {
		t.Errorf("got %d, %v, want the other", n, err)
	}
	if c, is := failedCall(l.board); is {
		t.Errorf("told %+v, want nothing any more", c)
	}
	if _, err := l.AcknowledgeEmergencies(t.Context(), operator, 1<<60); !errors.Is(err, provision.ErrNoUnhelpedCall) {
		t.Errorf("with none: got %v, want ErrNoUnhelpedCall", err)
	}
}

// TestUnhelpedCallsOutliveARestart reads an audit log back: what was acknowledged
// is over, what failed after it is told.
func TestUnhelpedCallsOutliveARestart(t *testing.T) {
	entry := func(seq uint64, e audit.Event) audit.Entry {
		what, err := json.Marshal(e)
		if err != nil {
			t.Fatal(err)
		}
		return audit.Entry{
			Seq: seq, At: time.Date(2026, 3, 2, 11, 0, int(seq), 0, time.UTC), Kind: e.Kind(), MAC: mac, What: what,
			By: audit.Actor{Remote: netip.MustParseAddr("10.20.0.50")},
		}
	}
	log := history{
		entry(1, audit.EmergencyCalled{Number: "112", Outcome: "failed"}), // of an older build
		entry(2, audit.EmergencyCalled{Number: "110", Outcome: "failed", Unhelped: 5}),
		entry(3, audit.EmergencyAcknowledged{Through: 5, Calls: 1}),
		entry(4, audit.EmergencyCalled{Number: "911", Outcome: "failed", Unhelped: 9, Tried: []string{"sbc1"}, Said: []string{"no answer"}}),
		entry(5, audit.EmergencyCalled{Number: "112", Outcome: "answered"}),
	}
	l := newLab(t, auth.FactorPIN)
	l.restart(t, log, 30)
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan error, 1)
		go func() { done <- l.Run(ctx) }()
		synctest.Wait()
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
	open := l.UnhelpedCalls()
	if len(open) != 1 || open[0].Number != 9 || open[0].Dialled != "911" || open[0].MAC != mac || open[0].Address.String() != "10.20.0.50" {
		t.Errorf("got %+v, want the one that nobody acknowledged", open)
	}
	if c, is := failedCall(l.board); !is || !strings.Contains(c.Detail, "911") {
		t.Errorf("told %q, want the call", c.Detail)
	}
}
