package admin_test

import (
	"errors"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/lineside/lineside/admin"
	"github.com/lineside/lineside/audit"
)

const (
	exportPath = "/api/v1/devices/export"
	verifyPath = "/api/v1/audit/verify"
)

// movable starts a box whose clock the test moves.
func movable(t *testing.T) (b *box, wait func(time.Duration)) {
	t.Helper()
	var since atomic.Int64
	b = newBox(t, func(cfg *admin.Config) {
		cfg.Now = func() time.Time { return start.Add(time.Duration(since.Load())) }
	})
	return b, func(d time.Duration) { since.Add(int64(d)) }
}

func (b *box) times(t *testing.T, token, method, path string, n int) (ok int, last reply) {
	t.Helper()
	for range n {
		if last = b.ask(t, method, path, "", "Authorization", "Bearer "+token); last.status == http.StatusOK {
			ok++
		}
	}
	return ok, last
}

// lists are the entries of lists taken, and how many lists they tell of.
func (b *books) lists() (entries, lists int) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, e := range b.events {
		if what, ok := e.Event.(audit.DevicesExported); ok {
			entries++
			lists += what.Times
		}
	}
	return entries, lists
}

// TestListsAreCounted: a viewer who takes the list over and over for two days
// makes one entry a minute at first and one an hour for good, and none of the
// lists is missing in the numbers once the box has stopped.
func TestListsAreCounted(t *testing.T) {
	b, wait := movable(t)
	token, taken := b.tokenFor(t, "viewer"), 0
	for _, step := range []struct {
		every time.Duration
		n     int
	}{{2 * time.Second, 90}, {time.Minute, 200}, {20 * time.Minute, 130}} {
		for range step.n {
			ok, _ := b.times(t, token, "GET", exportPath, 1)
			taken += ok
			wait(step.every)
		}
		if step.every == 2*time.Second {
			if entries, _ := b.books.lists(); entries != 3 {
				t.Errorf("got %d entries in three minutes, want one a minute", entries)
			}
		}
	}
	if taken != 420 {
		t.Fatalf("got %d lists, want all 420: they are not too many at a time", taken)
	}
	b.stop()
	entries, lists := b.books.lists()
	if most := audit.Exports.Within(50*time.Hour) + 1; entries > most || lists != taken {
		t.Errorf("got %d lists in %d entries, want %d in at most %d", lists, entries, taken, most)
	}
}

// TestListsNotOnRecordAreNotGiven: the disk is full when one is due; it counts for
// nothing, and the next one is due at once.
func TestListsNotOnRecordAreNotGiven(t *testing.T) {
	b, _ := movable(t)
	token := b.tokenFor(t, "viewer")
	b.books.fail = errors.New("disk is full")
	if got := b.ask(t, "GET", exportPath, "", "Authorization", "Bearer "+token); got.status != http.StatusInternalServerError || strings.Contains(got.body, macB.String()) {
		t.Errorf("without a record: got %d %s", got.status, got.body)
	}
	b.books.fail, b.books.events = nil, nil
	if ok, _ := b.times(t, token, "GET", exportPath, 1); ok != 1 {
		t.Error("with a record: the list is not given")
	}
	if entries, lists := b.books.lists(); entries != 1 || lists != 1 {
		t.Errorf("got %d lists in %d entries, want the one that was given", lists, entries)
	}
}

// TestCostlyCallsAreHeldUp: one token beyond its share is told for how long to
// wait, may go on after that, and costs no other operator anything.
func TestCostlyCallsAreHeldUp(t *testing.T) {
	for _, path := range []string{exportPath, verifyPath, "/api/v1/audit?mac=" + macB.String(), "/api/v1/audit?since=2026-03-01T08:00:00Z"} {
		t.Run(path, func(t *testing.T) {
			b, wait := movable(t)
			token := b.tokenFor(t, "viewer")
			ok, last := b.times(t, token, "GET", path, 35)
			if ok != 30 || last.status != http.StatusTooManyRequests || last.header.Get("Retry-After") != "2" || !strings.Contains(last.body, "wait 2 seconds") {
				t.Errorf("got %d answers, then %d %s, want 30 and to wait for 2 seconds", ok, last.status, last.body)
			}
			if got := b.call(t, "GET", path, ""); got.status != http.StatusOK {
				t.Errorf("the admin: got %d %s", got.status, got.body)
			}
			if cheap := b.ask(t, "GET", "/api/v1/status", "", "Authorization", "Bearer "+token); cheap.status != http.StatusOK {
				t.Errorf("what costs little: got %d %s", cheap.status, cheap.body)
			}
			wait(2 * time.Second)
			if ok, _ := b.times(t, token, "GET", path, 3); ok != 1 {
				t.Errorf("two seconds later: got %d answers, want 1", ok)
			}
		})
	}
}

// TestInstallersDoNotFillTheLog: whatever an installer's token does that is on
// record, it is not more than its budget, and what is refused is not shown.
func TestInstallersDoNotFillTheLog(t *testing.T) {
	b, wait := movable(t)
	token := b.tokenFor(t, "installer")
	pin, unblock := "/api/v1/devices/"+macB.String()+"/pin", "/api/v1/devices/"+macB.String()+"/unblock"
	half := audit.InstallerCalls.Burst / 2
	if ok, last := b.times(t, token, "GET", pin, half); ok != half {
		t.Fatalf("got %d PINs, then %s, want %d", ok, last.body, half)
	}
	if ok, last := b.times(t, token, "POST", unblock, half); ok != half {
		t.Fatalf("got %d unblocked, then %s, want %d", ok, last.body, half)
	}
	before, asked := len(b.books.kinds()), len(b.by)
	for _, call := range [][2]string{{"GET", pin}, {"POST", unblock}, {"GET", exportPath}} {
		got := b.ask(t, call[0], call[1], "", "Authorization", "Bearer "+token)
		if got.status != http.StatusTooManyRequests || got.header.Get("Retry-After") != "1800" || strings.Contains(got.body, plainPIN) {
			t.Errorf("%s %s beyond the budget: got %d %s", call[0], call[1], got.status, got.body)
		}
	}
	if got, now := len(b.books.kinds()), len(b.by); got != before || now != asked {
		t.Errorf("calls that were refused are on record or reached the desk: %d, %d, want %d, %d", got, now, before, asked)
	}
	if got := b.call(t, "GET", pin, ""); got.status != http.StatusOK {
		t.Errorf("the admin: got %d %s", got.status, got.body)
	}
	if _, err := b.client.ShowPIN(t.Context(), macB); err != nil {
		t.Errorf("the operator on the box: %v", err)
	}
	wait(30 * time.Minute)
	if ok, _ := b.times(t, token, "GET", pin, 3); ok != 1 {
		t.Errorf("half an hour later: got %d PINs, want 1", ok)
	}
}
