package main

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/lineside/lineside/audit"
	"github.com/lineside/lineside/operators"
	"github.com/lineside/lineside/sync/site"
	"github.com/lineside/lineside/sync/wire"
	"github.com/lineside/lineside/update"
)

// Names in the folder update beside those of update_wanted.go, all the daemon's
// own.
const (
	rolloutFile  = "rollout"      // what the platform wants taken
	declinedFile = "declined"     // which of it was refused, so that it is fetched once
	fetchedPart  = "fetched.part" // what has come of it
)

const (
	// rolloutEvery is how often it is looked whether the window is open.
	rolloutEvery = 30 * time.Second
	// fetchAgain is how long after a fetch that failed the next one begins, and
	// up to twice that: a fleet does not come back at once.
	fetchAgain = 5 * time.Minute
)

// rollout takes the release the platform rolls out, as if an operator had staged
// and applied it.
type rollout struct {
	u *updates
	// doors are the platform's; nil where the box has not joined.
	doors func() []*site.HTTPS
	wake  chan struct{}

	mu     sync.Mutex // guards the rest
	wanted *wire.Rollout
	says   string
	asked  string    // that the helper was asked for, by digest
	again  time.Time // not before
}

func newRollout(u *updates) *rollout {
	r := &rollout{u: u, doors: u.box.platformDoors, wake: make(chan struct{}, 1)}
	r.recall()
	return r
}

// recall reads what the platform said to an earlier box.
func (r *rollout) recall() {
	if text, err := readBounded(r.u.in.path(rolloutFile)); err == nil {
		var w wire.Rollout
		if json.Unmarshal(text, &w) == nil {
			r.wanted = &w
		}
	}
}

// platformDoors are where releases come from.
func (b *box) platformDoors() []*site.HTTPS {
	id, err := site.ParseIdentity(b.desk.Policy().Platform.Identity)
	if err != nil {
		return nil
	}
	return id.Doors(b.settings.Central.Proxy)
}

// Want is what the platform says now, nil for nothing. It is on disk when it
// returns: the platform does not say it again.
func (r *rollout) Want(w *wire.Rollout) error {
	path := r.u.in.path(rolloutFile)
	if w == nil {
		if err := os.Remove(path); err != nil && !errors.Is(err, os.ErrNotExist) {
			return fmt.Errorf("forget the platform's release: %w", err)
		}
	} else {
		text, err := json.Marshal(w)
		if err == nil {
			err = os.MkdirAll(filepath.Dir(path), 0o700)
		}
		if err == nil {
			err = writeFor(path, text, 0o600)
		}
		if err != nil {
			return fmt.Errorf("keep what release the platform wants: %w", err)
		}
	}
	r.mu.Lock()
	if w == nil || r.wanted == nil || *w != *r.wanted {
		r.says, r.again = "", time.Time{}
	}
	r.wanted = w
	r.mu.Unlock()
	select {
	case r.wake <- struct{}{}:
	default:
	}
	return nil
}

// run looks until ctx ends; one release comes at a time.
func (r *rollout) run(ctx context.Context) error {
	tick := time.NewTicker(rolloutEvery)
	defer tick.Stop()
	for {
		r.look(ctx, r.u.box.now())
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		case <-r.wake:
		}
	}
}

// look does what is due.
func (r *rollout) look(ctx context.Context, now time.Time) {
	r.mu.Lock()
	wanted, again, asked := r.wanted, r.again, r.asked
	r.mu.Unlock()
	l, err := r.u.slots.ledger().Load()
	if wanted == nil || err != nil {
		if wanted == nil {
			_ = os.Remove(r.u.in.path(fetchedPart)) // nobody wants the rest of it
		}
		r.say("")
		return
	}
	w := *wanted
	due, says := dueRelease(w, now.In(r.u.box.zone()), thisBuild().Version, l)
	if _, no := r.declined(w); !due || no || asked == w.SHA256 || exists(r.u.in.path(wantedUpdate)) {
		r.say(says)
		return
	}
	if now.Before(again) {
		return
	}
	switch err := r.take(ctx, w); {
	case err == nil:
		r.mu.Lock()
		r.asked = w.SHA256
		r.mu.Unlock()
		r.say("")
	case ctx.Err() != nil:
	case isFinal(err):
		r.decline(ctx, w, err)
	default:
		r.u.box.log.Warn("a release of the platform could not be fetched; it is tried again", "file", w.Version, "err", err)
		r.say("the platform rolls " + w.Version + " out here, and it could not be fetched yet: " + err.Error())
		r.mu.Lock()
		r.again = now.Add(fetchAgain + rand.N(fetchAgain))
		r.mu.Unlock()
	}
}

// dueRelease says whether a release is to be taken now, and otherwise what an
// operator is to know of it, empty for nothing.
func dueRelease(w wire.Rollout, local time.Time, running string, l update.Ledger) (due bool, says string) {
	window, err := wire.ParseWindow(w.Window)
	digest, bad := hex.DecodeString(w.SHA256)
	switch {
	case err != nil, bad != nil, len(digest) != sha256.Size, update.CheckVersion(w.Version) != nil, w.Size < 1, w.Size > update.MaxRelease:
		return false, "the platform rolls a release out here in words this version does not know; update by hand"
	case update.Compare(w.Version, running) <= 0, l.Runs(), l.Refused != nil && l.Refused.Version == w.Version:
		return false, ""
	case slices.Contains(l.TurnedBack, w.Version):
		return false, "the platform rolls " + w.Version + " out here, which did not do here; to try it again: lineside update stage FILE"
	case !window.Holds(local):
		return false, "the platform rolls " + w.Version + " out here; it is taken between " + window.String()
	}
	return true, ""
}

func (r *rollout) say(text string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.says = text
}

// saying is how it stands, for the status.
func (r *rollout) saying() string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.says
}

// take fetches a release, stages it and asks for it. One that waits already, an
// operator's or from before a restart, is not fetched again.
func (r *rollout) take(ctx context.Context, w wire.Rollout) error {
	u := r.u
	u.mu.Lock()
	staged := u.staged
	u.mu.Unlock()
	if err := u.helper(); err != nil {
		return err // before the line is loaded with what nobody carries out
	}
	switch by := updateActor("platform"); {
	case staged != nil && update.Compare(staged.Version, w.Version) > 0:
		return fmt.Errorf("%s, which is newer, waits to be applied by an operator", staged.Version)
	case staged == nil || staged.Version != w.Version:
		if err := r.fetch(ctx, w); err != nil {
			return err
		}
		if err := r.stage(ctx, by, w); err != nil {
			return err
		}
		fallthrough
	default:
		if err := r.given(ctx, w); err != nil {
			return err
		}
		return u.ApplyUpdate(ctx, by)
	}
}

// given asks the platform once more, the moment before a release is asked for,
// whether it is still for this site, and the clock whether the window is open: a
// halt counts until then, and fetching may have taken all night.
func (r *rollout) given(ctx context.Context, w wire.Rollout) (err error) {
	window, _ := wire.ParseWindow(w.Window) // it was read before
	r.mu.Lock()
	wanted := r.wanted
	r.mu.Unlock()
	if wanted == nil || *wanted != w || !window.Holds(r.u.box.now().In(r.u.box.zone())) {
		return site.ErrNotRolledOut
	}
	err = errNoDoor
	for _, door := range r.doors() {
		var in io.ReadCloser
		if in, err = door.Release(ctx, w.Version, w.Size-1); err == nil {
			err = in.Close()
		}
		door.Client.CloseIdleConnections()
		if err == nil || errors.Is(err, site.ErrNotRolledOut) {
			return err
		}
	}
	return err
}

// errNoDoor says that there is nobody to ask.
var errNoDoor = errors.New("the box has joined no platform")

func (r *rollout) stage(ctx context.Context, by audit.Actor, w wire.Rollout) error {
	f, err := os.Open(r.u.in.path(fetchedPart))
	if err != nil {
		return fmt.Errorf("read the release that was fetched: %w", err)
	}
	defer func() { _ = f.Close() }() // nothing was written
	staged, err := r.u.StageUpdate(ctx, by, f)
	if err == nil && staged.Version != w.Version {
		err = operators.Fail(http.StatusUnprocessableEntity, fmt.Sprintf("the release is %s, and the platform calls it %s", staged.Version, w.Version), "have the platform's operators look at it: lineside-central release list")
	}
	if err == nil || isFinal(err) {
		_ = os.Remove(f.Name()) // at worst it is written over
	}
	return err
}

// isFinal says that a release will not do here, however often it is tried: the
// box said so, in words for operators, and not that it is busy.
func isFinal(err error) bool {
	var no *operators.Error
	return errors.As(err, &no) && no.Status != http.StatusServiceUnavailable
}

// decline has a release refused here once, in the audit log, from where the
// platform hears of it.
func (r *rollout) decline(ctx context.Context, w wire.Rollout, why error) {
	u := r.u
	event := audit.UpdateRefused{Version: w.Version, Why: why.Error()}
	if err := u.box.store.Record(ctx, audit.Record{By: updateActor("platform"), Event: event}); err != nil {
		return // the store has told of it; it is tried again
	}
	text := w.SHA256 + " " + strings.ReplaceAll(why.Error(), "\n", "; ")
	if err := writeFor(u.in.path(declinedFile), []byte(text), 0o600); err != nil {
		u.box.log.Warn("that the platform's release was refused could not be noted; it is fetched again at the next look", "err", err)
	}
}

// declined says why the release was refused here, if it was.
func (r *rollout) declined(w wire.Rollout) (why string, no bool) {
	text, err := readBounded(r.u.in.path(declinedFile))
	digest, why, _ := strings.Cut(string(text), " ")
	return why, err == nil && digest == w.SHA256
}

// refusal is why what the platform wants now was refused here; empty is not.
func (r *rollout) refusal() string {
	r.mu.Lock()
	wanted := r.wanted
	r.mu.Unlock()
	if wanted == nil {
		return ""
	}
	why, no := r.declined(*wanted)
	if !no {
		return ""
	}
	return wanted.Version + ": " + why
}
