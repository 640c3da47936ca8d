package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"sync"
	"time"

	"github.com/lineside/lineside/admin"
	"github.com/lineside/lineside/audit"
	"github.com/lineside/lineside/metrics"
	"github.com/lineside/lineside/operators"
	"github.com/lineside/lineside/shell"
	"github.com/lineside/lineside/store"
	"github.com/lineside/lineside/update"
)

// updates are releases as the daemon deals with them: it checks and keeps one,
// asks the helper for it, and tells how it went. It can replace no program.
type updates struct {
	box   *box
	in    daemonSide
	slots programSlots
	keys  []string // folders

	busy sync.Mutex // held by who stages or asks

	rollout *rollout

	mu     sync.Mutex
	staged *admin.StagedUpdate // nil: none
	told   string              // the outcome that was told last
}

// openUpdates finds what an earlier box was given.
func (b *box) openUpdates() {
	b.updates = &updates{box: b, in: inboxOf(b.settings.State), slots: programSlots{dir: b.settings.Slots, base: thisBuild().Version}, keys: keyFolders()}
	b.updates.recall()
	b.updates.rollout = newRollout(b.updates)
	b.base = append(b.base, newServer("updates", b.updates.follow), newServer("rollout", b.updates.rollout.run))
}

// updater is nothing in the demo.
func (b *box) updater() admin.Updater {
	if b.settings.Path == "" {
		return nil
	}
	return b.updates
}

// recall reads the manifest of a release that waits; the helper checks the rest
// of it once more.
func (u *updates) recall() {
	f, err := os.Open(u.in.path(stagedUpdate))
	if err != nil {
		return
	}
	defer func() { _ = f.Close() }() // nothing was written
	keys, err := releaseKeys(u.keys)
	if err != nil {
		return
	}
	info, err := f.Stat()
	if err != nil {
		return
	}
	if r, err := update.Open(f, keys); err == nil {
		u.staged = stagedOf(r, info.Size())
	}
}

func stagedOf(r *update.Reader, n int64) *admin.StagedUpdate {
	return &admin.StagedUpdate{Version: r.Manifest.Version, Made: r.Manifest.Made, Key: r.Key.ID, Bytes: n, Notes: r.Manifest.Notes}
}

// standing is where this box stands.
func (u *updates) standing(l update.Ledger) update.Standing {
	return update.Standing{Running: thisBuild().Version, Newest: l.Newest, Made: l.Made, Schema: store.Schema(), Kind: update.Program, OS: runtime.GOOS, Arch: runtime.GOARCH}
}

// StageUpdate checks a release, all of it, and keeps it.
func (u *updates) StageUpdate(ctx context.Context, by audit.Actor, release io.Reader) (admin.StagedUpdate, error) {
	if !u.busy.TryLock() {
		return admin.StagedUpdate{}, operators.Fail(http.StatusServiceUnavailable, "another release is being uploaded or downloaded", "wait until that is done, then try again")
	}
	defer u.busy.Unlock()
	staged, err := u.stage(release)
	if err != nil {
		return admin.StagedUpdate{}, refusedRelease(err)
	}
	if err := u.box.store.Record(ctx, audit.Record{By: by, Event: audit.UpdateStaged{Version: staged.Version, Key: staged.Key}}); err != nil {
		return admin.StagedUpdate{}, fmt.Errorf("record the release: %w", err)
	}
	u.mu.Lock()
	defer u.mu.Unlock()
	u.staged = staged
	return *staged, nil
}

// stage keeps a release while it is checked; one that does not hold leaves
// nothing behind.
func (u *updates) stage(release io.Reader) (staged *admin.StagedUpdate, err error) {
	l, err := u.slots.ledger().Load()
	if err != nil {
		return nil, err
	}
	keys, err := releaseKeys(u.keys)
	if err != nil {
		return nil, err
	}
	if err := os.MkdirAll(string(u.in), 0o700); err != nil {
		return nil, fmt.Errorf("make the folder for releases: %w", err)
	}
	err = shell.WriteWhole(u.in.path(stagedUpdate), func(w io.Writer) error {
		n := &counter{w: w}
		r, err := update.Open(io.TeeReader(release, n), keys)
		if err != nil {
			return err
		}
		if _, err := update.Judge(r.Manifest, u.standing(l)); err != nil {
			return err
		}
		if err := r.Check(); err != nil {
			return err
		}
		staged = stagedOf(r, n.n)
		return nil
	})
	return staged, err
}

// refusedRelease words what is wrong with one for who sent it.
func refusedRelease(err error) error {
	next := "get the release anew, and see that it is whole"
	switch {
	case errors.Is(err, update.ErrNoKeys):
		next = "put the makers' public key into " + filepath.Join(keyFolders()[1], "NAME.pub")
	case errors.Is(err, update.ErrSigner):
		next = "where its makers have a new key, put its public half into " + filepath.Join(keyFolders()[1], "NAME.pub")
	case errors.Is(err, update.ErrOlder):
		next = "to go back to what ran before an update: lineside update back"
	case errors.Is(err, update.ErrBetween):
		next = "take the release between first"
	case errors.Is(err, update.ErrMachine):
		next = "get the release that is for this machine"
	case errors.Is(err, update.ErrRelease), errors.Is(err, update.ErrSignature), errors.Is(err, update.ErrManifest):
	default:
		return err
	}
	return operators.Fail(http.StatusUnprocessableEntity, err.Error(), next)
}

// ApplyUpdate asks the helper for the release that waits.
func (u *updates) ApplyUpdate(ctx context.Context, by audit.Actor) error {
	u.busy.Lock()
	defer u.busy.Unlock()
	u.mu.Lock()
	staged := u.staged
	u.mu.Unlock()
	if staged == nil {
		return operators.Fail(http.StatusConflict, "no release waits", "give the box one: lineside update stage FILE")
	}
	if err := u.helper(); err != nil {
		return err
	}
	if err := u.box.store.Record(ctx, audit.Record{By: by, Event: audit.UpdateAsked{Version: staged.Version}}); err != nil {
		return fmt.Errorf("record that the update was asked for: %w", err)
	}
	text, err := json.Marshal(wanted{Version: staged.Version, By: by.Front + " " + by.Name})
	if err == nil {
		err = writeFor(u.in.path(wantedUpdate), text, 0o600)
	}
	if err != nil {
		return fmt.Errorf("ask the helper for the update: %w", err)
	}
	return nil
}

// helper says where nobody would carry an update out.
func (u *updates) helper() error {
	if _, err := os.Stat(u.slots.dir); err != nil {
		return operators.Fail(http.StatusConflict, "the helper that carries updates out is not installed", "install lineside as a package, or enable it: systemctl enable --now lineside-update.path")
	}
	return nil
}

// vitals are what the box has done since it started.
func (b *box) vitals() update.Vitals {
	v := update.Vitals{Version: thisBuild().Version, Started: b.started, Given: map[string]update.Answers{}}
	for _, c := range b.health.List() {
		v.Conditions = append(v.Conditions, c.Code)
	}
	err := errors.Join(
		b.metrics.Each(metrics.NameDecided, func(labels map[string]string, n int) {
			a := v.Given[labels["vendor"]]
			switch labels["outcome"] {
			case "full", "holding":
				a.Served += n
			case "challenged", "refused":
				a.Refused += n
			case "error":
				v.Errors += n
			}
			v.Given[labels["vendor"]] = a
		}),
		b.metrics.Each(metrics.NamePanics, func(_ map[string]string, n int) { v.Panics += n }),
	)
	if err != nil {
		b.log.Error("the box's own figures cannot be read", "err", err)
	}
	delete(v.Given, "")
	return v
}

// Update is how things stand.
func (u *updates) Update() admin.Update {
	l, err := u.slots.ledger().Load()
	out := admin.Update{Vitals: u.box.vitals(), Trial: l.Trial, Refused: l.Refused, TurnedBack: l.TurnedBack, Newest: l.Newest}
	u.mu.Lock()
	out.Staged = u.staged
	u.mu.Unlock()
	out.Asked = exists(u.in.path(wantedUpdate))
	if err != nil {
		out.Says = err.Error()
		return out
	}
	out.Says, out.Next = u.words(out, l)
	return out
}

// words say how things stand, the most pressing first.
func (u *updates) words(st admin.Update, l update.Ledger) (says, next string) {
	zone, now := u.box.zone(), u.box.now()
	says = st.Vitals.Version + " runs"
	switch t := l.Trial; {
	case l.Runs() && t.Phase == update.Trying:
		return says + "; " + t.Version + " is on trial until " + clock(t.Until, now, zone), "to end the trial: sudo lineside update keep, or: sudo lineside update back"
	case l.Runs():
		return says + "; the update to " + t.Version + " is under way (" + string(t.Phase) + ")", ""
	case st.Asked && st.Staged != nil:
		return says + "; " + st.Staged.Version + " is about to be applied", "see how it goes: journalctl -u " + updateUnit
	case st.Staged != nil:
		return says + "; " + st.Staged.Version + " waits to be applied (" + strconv.FormatInt(st.Staged.Bytes>>20, 10) + " MiB)", "lineside update apply"
	case u.rollout.saying() != "":
		return says + "; " + u.rollout.saying(), ""
	case t != nil && t.Phase == update.Back:
		return says + "; " + t.Version + " was tried and turned back from: " + t.Why, ""
	case l.Refused != nil:
		return says + "; a release was not taken: " + l.Refused.Why, ""
	case t != nil && t.Phase == update.Kept:
		return says + " since the update of " + clock(t.Ended, now, zone), ""
	}
	return says + "; no update waits", ""
}

// followEvery is how often it is looked how an update went.
const followEvery = 5 * time.Second
