package update

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"time"
)

// Config is what the helper is told once.
type Config struct {
	// Window is how long a trial is watched; 0 is 10 minutes.
	Window time.Duration
	// Look is how often the box is asked meanwhile; 0 is 5 seconds. Silence is
	// for how long it may not answer; 0 is a minute.
	Look, Silence time.Duration
	// MaxTries is how often a trial that is cut short is begun anew; 0 is 3.
	MaxTries int
	// Standing is where the box stands, but for what the ledger knows.
	Standing Standing
	// Wish is what an operator on the machine wants of the update that runs, asked
	// at every look; nil is never anything.
	Wish func() Wish
	// Now is the machine's clock; nil is the system's.
	Now func() time.Time
}

// Wish is what an operator wants.
type Wish string

// Wishes.
const (
	WishNothing Wish = ""
	WishBack    Wish = "back"
	WishKeep    Wish = "keep"
)

// Helper carries updates out. One at a time may work on a machine.
type Helper struct {
	cfg     Config
	slots   Slots
	box     Box
	safe    Safe
	ledgers Ledgers
	log     *slog.Logger
}

// New makes a helper; it does no I/O.
func New(cfg Config, slots Slots, box Box, safe Safe, ledgers Ledgers, log *slog.Logger) (*Helper, error) {
	if slots == nil || box == nil || safe == nil || ledgers == nil || log == nil {
		return nil, errors.New("update: slots, box, safe, ledgers and logger are needed")
	}
	for _, d := range []struct {
		at        *time.Duration
		otherwise time.Duration
	}{{&cfg.Window, 10 * time.Minute}, {&cfg.Look, 5 * time.Second}, {&cfg.Silence, time.Minute}} {
		if *d.at <= 0 {
			*d.at = d.otherwise
		}
	}
	if cfg.MaxTries <= 0 {
		cfg.MaxTries = 3
	}
	if cfg.Wish == nil {
		cfg.Wish = func() Wish { return WishNothing }
	}
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	return &Helper{cfg: cfg, slots: slots, box: box, safe: safe, ledgers: ledgers, log: log}, nil
}

// Errors of the helper.
var (
	// ErrReboot says that the machine starts anew and Resume goes on after that.
	ErrReboot = errors.New("the machine starts anew")
	// ErrRuns says that another update is under way.
	ErrRuns = errors.New("an update is under way")
	// ErrNothingBefore says that there is nothing to go back to.
	ErrNothingBefore = errors.New("no update is in use, so there is nothing to go back to")
)

// Apply takes a release: checks all of it, writes the slot, and tries it. The
// release must lie where nobody else can change it meanwhile, for it is read
// twice. A release that is not taken is an error, and in the ledger; one that was
// tried and turned back from is no error.
func (h *Helper) Apply(ctx context.Context, release io.ReadSeeker, keys Keys, by string) error {
	l, err := h.ledgers.Load()
	if err != nil {
		return err
	}
	if l.Runs() {
		return fmt.Errorf("%w: %s", ErrRuns, l.Trial.Version)
	}
	t, err := h.prepare(ctx, release, keys, l)
	if err == nil {
		t.By, l.Trial = by, &t
		err = h.write(ctx, release, keys, l)
	}
	if err != nil {
		return h.refuse(l, t.Version, err)
	}
	return h.try(ctx, l)
}

// prepare finds out whether the release is taken, and keeps how things are.
func (h *Helper) prepare(ctx context.Context, release io.ReadSeeker, keys Keys, l Ledger) (t Trial, err error) {
	if _, err := release.Seek(0, io.SeekStart); err != nil {
		return t, fmt.Errorf("read the release: %w", err)
	}
	r, err := Open(release, keys)
	if err != nil {
		return t, err
	}
	m := r.Manifest
	t = Trial{Phase: Writing, Version: m.Version, Made: m.Made, Key: r.Key.ID, Begun: h.cfg.Now(), Window: h.cfg.Window}
	on := h.cfg.Standing
	on.Newest, on.Made = l.Newest, l.Made
	if _, err = Judge(m, on); err != nil {
		return t, err
	}
	if err = r.Check(); err != nil {
		return t, err
	}
	t.From, t.Restore = on.Running, m.BackTo > on.Schema
	if t.Before, err = h.box.Vitals(ctx); err != nil {
		return t, fmt.Errorf("ask the box how it is: %w: an update begins on a box that runs", err)
	}
	if err = h.safe.Backup(ctx); err != nil {
		return t, fmt.Errorf("keep the state as it is: %w", err)
	}
	return t, nil
}

// write writes the slot, the ledger first.
func (h *Helper) write(ctx context.Context, release io.ReadSeeker, keys Keys, l Ledger) error {
	if err := h.ledgers.Save(l); err != nil {
		return err
	}
	if _, err := release.Seek(0, io.SeekStart); err != nil {
		return fmt.Errorf("read the release: %w", err)
	}
	r, err := Open(release, keys)
	if err != nil {
		return err
	}
	wanted, err := Judge(r.Manifest, h.cfg.Standing)
	if err != nil {
		return err
	}
	for {
		a, content, err := r.Next()
		if err != nil {
			return fmt.Errorf("look for %s in the release: %w", wanted.Name, err)
		}
		if a.Name == wanted.Name {
			return h.slots.Write(ctx, r.Manifest.Version, content)
		}
	}
}

// Refusal is a release that was not taken.
type Refusal struct {
	Version string    `json:"version,omitempty"` // empty where it could not be read
	Why     string    `json:"why"`
	At      time.Time `json:"at"`
}

// refuse notes why a release is not taken. Nothing of it counts.
func (h *Helper) refuse(l Ledger, version string, why error) error {
	if l.Trial != nil && l.Trial.Phase == Writing {
		l.Trial.Why = why.Error()
		l.ended(Cut, h.cfg.Now())
	}
	l.Refused = &Refusal{Version: version, Why: why.Error(), At: h.cfg.Now()}
	return errors.Join(why, h.ledgers.Save(l))
}

// try turns the box to the slot and watches it.
func (h *Helper) try(ctx context.Context, l Ledger) error {
	t := l.Trial
	t.Phase, t.Until = Trying, h.cfg.Now().Add(t.Window)
	t.Tries++
	if err := h.ledgers.Save(l); err != nil {
		return err
	}
	if t.Tries > h.cfg.MaxTries {
		return h.turnBack(ctx, l, fmt.Sprintf("its trial was cut short %d times", h.cfg.MaxTries))
	}
	if err := h.slots.Try(); err != nil {
		return h.turnBack(ctx, l, fmt.Sprintf("it could not be made the one to start: %v", err))
	}
	h.log.Info("an update is on trial", "version", t.Version, "from", t.From, "dur", t.Window, "attempt", t.Tries)
	why, err := h.watch(ctx, *t)
	switch {
	case errors.Is(err, ErrReboot):
		return nil
	case err != nil:
		return err
	case why != "":
		return h.turnBack(ctx, l, why)
	}
	if err := h.slots.Good(); err != nil {
		return err
	}
	l.ended(Kept, h.cfg.Now())
	h.log.Info("the update is kept", "version", t.Version)
	return h.ledgers.Save(l)
}

// turnBack has what was before in use again, whatever becomes of it.
func (h *Helper) turnBack(ctx context.Context, l Ledger, why string) error {
	t := l.Trial
	if t.Phase != TurningBack {
		h.log.Warn("the update is turned back from", "version", t.Version, "to", t.From, "reason", why)
		t.Phase, t.Why = TurningBack, why
		if err := h.ledgers.Save(l); err != nil {
			return err
		}
	}
	if err := h.slots.Back(); err != nil {
		return err
	}
	if t.Restore {
		if err := h.safe.Restore(ctx); err != nil {
			return fmt.Errorf("put the state of before back: %w", err)
		}
	}
	err := h.box.Restart(ctx)
	if errors.Is(err, ErrReboot) {
		return nil
	}
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if err != nil {
		h.log.Error("the program of before did not become READY", "version", t.From, "err", err)
		t.Why += "; the program of before did not become READY either: " + err.Error()
	}
	l.ended(Back, h.cfg.Now())
	return h.ledgers.Save(l)
}

// Resume goes on with what a power cut or a stop interrupted; it does nothing
// where there is nothing. It is called at every start of the machine.
func (h *Helper) Resume(ctx context.Context) error {
	l, err := h.ledgers.Load()
	if err != nil || !l.Runs() {
		return err
	}
	switch l.Trial.Phase {
	case Writing:
		return h.refuse(l, l.Trial.Version, errors.New("the machine was stopped while it was written; nothing has changed: apply it again"))
	case TurningBack:
		if v, err := h.box.Vitals(ctx); err == nil && v.Version == l.Trial.From && !l.Trial.Restore {
			l.ended(Back, h.cfg.Now())
			return errors.Join(h.slots.Back(), h.ledgers.Save(l))
		}
		return h.turnBack(ctx, l, l.Trial.Why)
	}
	return h.try(ctx, l)
}

// GoBack has what was before the last update in use again, as an operator on the
// machine wants it.
func (h *Helper) GoBack(ctx context.Context, by string) error {
	l, err := h.ledgers.Load()
	if err != nil {
		return err
	}
	if !l.CanGoBack() {
		return ErrNothingBefore
	}
	return h.turnBack(ctx, l, "an operator wanted it: "+by)
}
