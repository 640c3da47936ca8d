package main

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/lineside/lineside/health"
	"github.com/lineside/lineside/store"
	"github.com/lineside/lineside/sync/central"
	"github.com/lineside/lineside/sync/site"
	"github.com/lineside/lineside/sync/wire"
	"github.com/lineside/lineside/update"
)

// shelfOf has one release, whatever version is asked for.
type shelfOf string

func (s shelfOf) Open(string) (*os.File, error) { return os.Open(string(s)) }

// offersRelease puts a release on the platform's shelf and rolls it out to all.
func (h *headquarters) offersRelease(version string, text []byte, window string) wire.Rollout {
	h.t.Helper()
	path := filepath.Join(h.t.TempDir(), "release")
	sum := sha256.Sum256(text)
	r := central.Release{Version: version, Bytes: int64(len(text)), SHA256: hex.EncodeToString(sum[:])}
	err := errors.Join(os.WriteFile(path, text, 0o600), h.As("test").AddRelease(r))
	if err == nil {
		_, err = h.As("test").Roll(central.Rollout{Version: version, Percent: 100, Window: window, HaltLeast: 1})
	}
	if err != nil {
		h.t.Fatal(err)
	}
	h.front.Shelf = shelfOf(path)
	return wire.Rollout{Version: version, Size: r.Bytes, SHA256: r.SHA256, Window: window}
}

// TestTakesRollout has a box fetch what a real platform rolls out: in its window,
// once, going on where it was cut, and only while it is rolled out.
func TestTakesRollout(t *testing.T) {
	l, h := newReleaseLab(t), newHeadquarters(t)
	_, token := h.site("Branch 7")
	text := l.release(t, "v99.0.0", bytes.Repeat([]byte("program"), 1<<16))
	w := h.offersRelease("v99.0.0", text, "")
	tok, err := wire.ParseToken(token)
	if err != nil {
		t.Fatal(err)
	}
	id, err := site.Join(t.Context(), tok, nil, "test")
	if err != nil {
		t.Fatal(err)
	}
	key, err := store.NewKey(bytes.Repeat([]byte{7}, 32))
	if err != nil {
		t.Fatal(err)
	}
	db, err := store.Open(l.path("box.db"), key, store.Config{}, store.Tools{Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	b := &box{store: db, health: &health.Board{}, log: slog.New(slog.DiscardHandler)}
	u := &updates{box: b, in: inboxOf(l.path("state")), slots: l.slots(), keys: []string{l.keys}}
	r := &rollout{u: u, doors: func() []*site.HTTPS { return id.Doors(nil) }, wake: make(chan struct{}, 1)}
	u.rollout = r
	if err := os.MkdirAll(l.path("state"), 0o700); err != nil {
		t.Fatal(err)
	}
	looks := func(name string, says string, staged, asked bool) {
		t.Helper()
		r.again = time.Time{}
		r.look(t.Context(), b.now())
		if got := r.saying(); !strings.Contains(got, says) || says == "" && got != "" {
			t.Errorf("%s: got %q, want %q", name, got, says)
		}
		if (u.staged != nil) != staged || exists(u.in.path(wantedUpdate)) != asked {
			t.Errorf("%s: got staged %v, asked %v, want %v, %v", name, u.staged != nil, exists(u.in.path(wantedUpdate)), staged, asked)
		}
	}
	wants := func(w *wire.Rollout) {
		t.Helper()
		if err := r.Want(w); err != nil {
			t.Fatal(err)
		}
	}
	looks("nothing rolled out", "", false, false)
	local := b.now().In(b.zone())
	later := w
	later.Window = wire.Window{From: (local.Hour()*60 + 120) % 1440, To: (local.Hour()*60 + 180) % 1440}.String()
	wants(&later)
	looks("outside of its window", "it is taken between "+later.Window, false, false)
	wants(&w)
	looks("without a helper", "", false, false)
	if why, no := r.declined(w); !no || !strings.Contains(why, "helper") {
		t.Errorf("without a helper: got %q, %v, want it declined", why, no)
	}
	if err := errors.Join(os.Remove(u.in.path(declinedFile)), os.MkdirAll(l.path("slots"), 0o755)); err != nil {
		t.Fatal(err)
	}
	h.cut(true)
	looks("the line is cut", "could not be fetched yet", false, false)
	h.cut(false)
	if err := os.WriteFile(u.in.path(fetchedPart), []byte("another release's"), 0o600); err != nil {
		t.Fatal(err)
	}
	looks("the rest of another", "SHA-256", false, false)
	if err := os.WriteFile(u.in.path(fetchedPart), text[:100_000], 0o600); err != nil {
		t.Fatal(err)
	}
	looks("a part is there", "", true, true)
	ask, err := os.ReadFile(u.in.path(wantedUpdate))
	if err != nil || !strings.Contains(string(ask), `"v99.0.0"`) || !strings.Contains(string(ask), "platform") {
		t.Errorf("got the request %s, %v, want the version and who asked", ask, err)
	}
	if err := os.Remove(u.in.path(wantedUpdate)); err != nil { // the helper takes it
		t.Fatal(err)
	}
	looks("asked for already", "", true, false)
	again := &rollout{u: u, doors: r.doors, wake: make(chan struct{}, 1)} // the box starts anew
	again.recall()
	if _, err := h.As("test").Halt(); err != nil {
		t.Fatal(err)
	}
	r = again
	looks("halted meanwhile", site.ErrNotRolledOut.Error(), true, false)
	if err := l.slots().ledger().Save(update.Ledger{TurnedBack: []string{"v99.0.0"}}); err != nil {
		t.Fatal(err)
	}
	looks("it did not do here", "did not do here", true, false)
	wants(nil)
	looks("taken back", "", true, false)
}

// TestRolloutComesUp: a real box hears of a rollout, refuses what it cannot take,
// and tells; an update that was turned back from halts the rollout.
func TestRolloutComesUp(t *testing.T) {
	h := newHeadquarters(t)
	h.offersRelease("v99.0.0", []byte("no release at all"), "")
	_, token := h.site("Branch 7")
	dir := t.TempDir()
	slots := programSlots{dir: filepath.Join(dir, "slots")}
	if err := os.Mkdir(slots.dir, 0o755); err != nil {
		t.Fatal(err)
	}
	path := settingsOnLoopback(t, dir)
	sd := newSystemd(t)
	background(t, os.Stderr, "run", "--config", path, "--slots", slots.dir)
	sd.hears(t, "READY=1")
	s := branch{&operator{t: t, socket: filepath.Join(dir, "lineside.sock")}, filepath.Join(dir, "state"), nil}
	s.does("", 0, "Branch 7", "join", token)
	told := func(want string) func() (bool, any) {
		return func() (bool, any) {
			r, _, err := h.Rollout()
			return err == nil && fmt.Sprint(r.Refused, r.Back, r.Runs()) == want, r
		}
	}
	s.hears("it refused", told("1 0 true"))
	s.soon("A release was not taken.*v99.0.0: ", "status")
	trial := update.Trial{Phase: update.Back, Version: "v99.0.0", From: "v1.0.0", Why: "it did not become READY", Ended: time.Now()}
	if err := slots.ledger().Save(update.Ledger{Trial: &trial, TurnedBack: []string{"v99.0.0"}}); err != nil {
		t.Fatal(err)
	}
	s.hears("it turned back from, and halted", told("0 1 false"))
}
