package main

import (
	"context"
	"os"
	"strings"
	"time"

	"github.com/lineside/lineside/audit"
	"github.com/lineside/lineside/health"
	"github.com/lineside/lineside/update"
)

// Conditions of updates.
const (
	codeUpdateBack = "update-turned-back"
	codeNotTaken   = "update-refused"
)

// toldUpdate is a file beside the staged release that names the outcome the audit
// log has already.
const toldUpdate = "told"

// updateActor is who acts where the helper did.
func updateActor(name string) audit.Actor { return audit.Actor{Front: "update", Name: name} }

// follow tells how updates went, each once, until ctx ends.
func (u *updates) follow(ctx context.Context) error {
	if text, err := readBounded(u.in.path(toldUpdate)); err == nil {
		u.told = strings.TrimSpace(string(text))
	}
	tick := time.NewTicker(followEvery)
	defer tick.Stop()
	for {
		if l, err := u.slots.ledger().Load(); err == nil {
			u.tell(ctx, l)
		}
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
	}
}

// tell puts an outcome into the audit log, from where the platform hears of it,
// and before the operator.
func (u *updates) tell(ctx context.Context, l update.Ledger) {
	u.condition(l)
	event, name := outcomeOf(l)
	if event == nil || name == u.told {
		return
	}
	if err := u.box.store.Record(ctx, audit.Record{By: updateActor(""), Event: event}); err != nil {
		return // the store has told of it; it is tried again
	}
	u.told = name
	if err := os.MkdirAll(string(u.in), 0o700); err != nil {
		return
	}
	if err := writeFor(u.in.path(toldUpdate), []byte(name+"\n"), 0o600); err != nil {
		u.box.log.Warn("what was told of the update could not be noted; it is told again at the next start", "err", err)
	}
	u.drop(l)
}

// outcomeOf is the newest outcome, and a name that no other has.
func outcomeOf(l update.Ledger) (audit.Event, string) {
	t, r := l.Trial, l.Refused
	switch {
	case r != nil && (t == nil || r.At.After(t.Ended) && !l.Runs()):
		return audit.UpdateRefused{Version: r.Version, Why: r.Why}, "refused " + r.Version + " " + r.At.UTC().Format(time.RFC3339Nano)
	case t != nil && t.Phase == update.Kept:
		return audit.UpdateKept{Version: t.Version, From: t.From}, "kept " + t.Version + " " + t.Ended.UTC().Format(time.RFC3339Nano)
	case t != nil && t.Phase == update.Back:
		return audit.UpdateTurnedBack{Version: t.Version, To: t.From, Why: t.Why}, "back " + t.Version + " " + t.Ended.UTC().Format(time.RFC3339Nano)
	}
	return nil, ""
}

// drop forgets a staged release that has had its outcome.
func (u *updates) drop(l update.Ledger) {
	u.mu.Lock()
	defer u.mu.Unlock()
	if u.staged == nil {
		return
	}
	over := l.Trial != nil && !l.Runs() && l.Trial.Version == u.staged.Version || l.Refused != nil && l.Refused.Version == u.staged.Version
	if over {
		u.staged = nil
		_ = os.Remove(u.in.path(stagedUpdate)) // at worst it is checked again and refused
	}
}

// condition is on the board as long as the last update is one that did not do.
func (u *updates) condition(l update.Ledger) {
	b := u.box
	if t := l.Trial; t != nil && t.Phase == update.Back && !strings.HasPrefix(t.Why, "an operator wanted it") {
		b.health.Raise(b.now(), health.Condition{
			Code: codeUpdateBack, Title: "An update did not do and was turned back from",
			Meaning: "phones are served by " + t.From + " as before; what the update would have mended is as it was",
			Do:      "tell its makers what the detail says; to try it again: lineside update stage FILE, then lineside update apply",
			Detail:  t.Version + ": " + t.Why,
		})
	} else {
		b.health.Clear(codeUpdateBack)
	}
	_, name := outcomeOf(l)
	why := u.rollout.refusal()
	if strings.HasPrefix(name, "refused ") {
		why = l.Refused.Why
	}
	if why != "" {
		b.health.Raise(b.now(), health.Condition{
			Code: codeNotTaken, Title: "A release was not taken",
			Meaning: "phones notice nothing; the version that runs goes on",
			Do:      "get the release anew and give it to the box: lineside update stage FILE",
			Detail:  why,
		})
	} else {
		b.health.Clear(codeNotTaken)
	}
}
