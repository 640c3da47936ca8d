package update

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// maxStarts is how often a program on trial may start: once for the trial, and
// twice for an operator who changes settings meanwhile.
const maxStarts = 3

// watch looks at a trial until its window ends. why says why it was not good.
func (h *Helper) watch(ctx context.Context, t Trial) (why string, err error) {
	if why, err := h.begin(ctx, t); why != "" || err != nil {
		return why, err
	}
	w := watcher{trial: t, silence: h.cfg.Silence}
	over := time.NewTimer(t.Window)
	defer over.Stop()
	look := time.NewTicker(h.cfg.Look)
	defer look.Stop()
	for {
		if why := w.look(h.box.Vitals(ctx)); why != "" {
			return why, ctx.Err()
		}
		switch h.cfg.Wish() {
		case WishBack:
			return "an operator wanted it", nil
		case WishKeep:
			return "", nil
		}
		select {
		case <-ctx.Done():
			return "", ctx.Err()
		case <-over.C:
			return "", nil
		case <-look.C:
		}
	}
}

// begin has the program on trial running. One that does already, after the
// helper or the machine was stopped, is left alone. A machine that fell back to
// its other root is not started anew for it again.
func (h *Helper) begin(ctx context.Context, t Trial) (why string, err error) {
	if t.Tries > 1 {
		v, err := h.box.Vitals(ctx)
		switch {
		case err == nil && v.Version == t.Version:
			return "", nil
		case err == nil && h.cfg.Standing.Kind == Image:
			return fmt.Sprintf("the machine could not start from it, and fell back to %s", v.Version), nil
		case h.cfg.Standing.Kind == Image:
			return "", nil // it is looked at as it comes up
		}
	}
	err = h.box.Restart(ctx)
	switch {
	case errors.Is(err, ErrReboot), ctx.Err() != nil:
		return "", errors.Join(err, ctx.Err())
	case err != nil:
		return fmt.Sprintf("it did not become READY: %v", err), nil
	}
	return "", nil
}

// watcher judges what it sees of one trial.
type watcher struct {
	trial   Trial
	silence time.Duration
	started time.Time // of the program that answered last
	starts  int
	quiet   time.Time // since when it does not answer; zero is that it does
}

func (w *watcher) look(v Vitals, err error) (why string) {
	switch {
	case err != nil && w.quiet.IsZero():
		w.quiet = time.Now()
		return ""
	case err != nil && time.Since(w.quiet) > w.silence:
		return fmt.Sprintf("it does not answer: %v", err)
	case err != nil:
		return ""
	}
	w.quiet = time.Time{}
	if v.Version != w.trial.Version {
		return fmt.Sprintf("%s runs in its place: it could not be started", v.Version)
	}
	if !v.Started.Equal(w.started) {
		w.started = v.Started
		w.starts++
	}
	if w.starts > maxStarts {
		return fmt.Sprintf("it started %d times", w.starts)
	}
	return Worse(w.trial.Before, v)
}
