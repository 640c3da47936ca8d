package main

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/lineside/lineside/operators"
	"github.com/lineside/lineside/update"
)

// TestStage has the daemon take what an operator or the platform gives it: a good
// release waits, and nothing else leaves anything behind.
func TestStage(t *testing.T) {
	l, stranger := newReleaseLab(t), newReleaseLab(t)
	u := &updates{in: inboxOf(l.path("state")), slots: l.slots(), keys: []string{l.keys}}
	good := l.release(t, "v99.0.0", bytes.Repeat([]byte("good"), 4096))
	newer := update.Ledger{Newest: "v99.0.1"}
	for _, c := range []struct {
		name    string
		release []byte
		ledger  update.Ledger
		keys    []string
		want    error
	}{
		{"no key", good, update.Ledger{}, nil, update.ErrNoKeys},
		{"a stranger's", stranger.release(t, "v99.0.0", []byte("good")), update.Ledger{}, u.keys, update.ErrSigner},
		{"older than one that was kept", good, newer, u.keys, update.ErrOlder},
		{"cut", good[:len(good)/2], update.Ledger{}, u.keys, update.ErrRelease},
		{"good", good, update.Ledger{}, u.keys, nil},
	} {
		if err := errors.Join(os.MkdirAll(l.path("slots"), 0o755), l.slots().ledger().Save(c.ledger)); err != nil {
			t.Fatal(err)
		}
		one := &updates{in: u.in, slots: u.slots, keys: c.keys}
		staged, err := one.stage(bytes.NewReader(c.release))
		if !errors.Is(err, c.want) {
			t.Errorf("%s: got %v, want %v", c.name, err, c.want)
		}
		var told *operators.Error
		if c.want != nil && (!errors.As(refusedRelease(err), &told) || told.Hint == "" || told.Status != 422) {
			t.Errorf("%s: an operator is told %v, want what to do", c.name, refusedRelease(err))
		}
		files, err := os.ReadDir(l.path("state", updateFolder))
		if len(files) != 0 && c.want != nil || len(files) != 1 && c.want == nil {
			t.Errorf("%s: got %v in the folder, %v", c.name, files, err)
		}
		if c.want == nil && staged.Version != "v99.0.0" {
			t.Errorf("%s: got %+v", c.name, staged)
		}
	}
	again := &updates{in: u.in, slots: u.slots, keys: u.keys}
	if again.recall(); again.staged == nil || again.staged.Version != "v99.0.0" {
		t.Errorf("after a start: got %+v waiting, want v99.0.0", again.staged)
	}
}

// TestUpdateTold has a daemon find what the helper has done: it says so once in
// its audit log, and on its board for as long as it is so.
func TestUpdateTold(t *testing.T) {
	dir := t.TempDir()
	slots := programSlots{dir: filepath.Join(dir, "slots")}
	trial := update.Trial{Phase: update.Back, Version: "v7.2.0", From: "v7.1.0", Why: "it did not become READY", Ended: time.Now()}
	if err := errors.Join(os.Mkdir(slots.dir, 0o755), slots.ledger().Save(update.Ledger{Trial: &trial})); err != nil {
		t.Fatal(err)
	}
	path := settingsOnLoopback(t, dir)
	socket := filepath.Join(dir, "lineside.sock")
	for range 2 {
		sd := newSystemd(t)
		stop, wait := background(t, os.Stderr, "run", "--config", path, "--slots", slots.dir)
		sd.hears(t, "READY=1")
		for _, c := range []struct {
			args []string
			exit int
			want []string
		}{
			{[]string{"update", "status"}, exitOK, []string{"runs; v7.2.0 was tried and turned back from: it did not become READY"}},
			{[]string{"update", "apply"}, exitWrong, []string{"no release waits", "lineside update stage FILE"}},
			{[]string{"update", "stage", path}, exitWrong, []string{"no whole release"}},
			{[]string{"update", "keep", "--slots", slots.dir}, exitWrong, []string{"nothing to go back to"}},
		} {
			code, out, errs := lineside(t, append(c.args, "--socket", socket)...)
			for _, want := range c.want {
				if code != c.exit || !strings.Contains(out+errs, want) {
					t.Errorf("%v: got exit %d and\n%s%s\nwant %d and %q", c.args, code, out, errs, c.exit, want)
				}
			}
		}
		if n := awaitAudit(t, socket, "update-turned-back"); n != 1 {
			t.Errorf("got %d entries in the audit log, want 1", n)
		}
		if _, out, _ := lineside(t, "status", "--socket", socket); !strings.Contains(out, "An update did not do") {
			t.Errorf("status: got\n%s\nwant the condition", out)
		}
		stop()
		if code, errs := wait(); code != exitOK {
			t.Fatalf("got exit %d\n%s", code, errs)
		}
	}
}

// awaitAudit waits for entries of a kind and counts them.
func awaitAudit(t *testing.T, socket, kind string) (n int) {
	t.Helper()
	for end := time.Now().Add(10 * time.Second); n == 0 && time.Now().Before(end); {
		_, out, _ := lineside(t, "audit", "--json", "--socket", socket)
		n = strings.Count(out, `"`+kind+`"`)
	}
	return n
}
