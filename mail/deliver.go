package mail

import (
	"context"
	"errors"
	"math/rand/v2"
	"runtime/debug"
	"slices"
	"time"

	"github.com/lineside/lineside/audit"
)

const (
	// lookEvery is how long the queue is left alone at the most: the box's clock
	// may leap.
	lookEvery = time.Minute
	// maxBroken is how many connections may break in a round.
	maxBroken = 3
)

// Outcomes of a try, in the metrics.
const (
	delivered = "delivered"
	later     = "later"
	refused   = "refused"
	givenUp   = "given-up"
)

// Serve carries letters until ctx ends. What is being carried then is tried
// again after the next start.
func (p *Post) Serve(ctx context.Context) error {
	wait := time.NewTimer(0)
	defer wait.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-wait.C:
		case <-p.wake:
		}
		next := lookEvery
		if p.turn(ctx) {
			next = p.rest()
		}
		wait.Reset(next)
	}
}

// turn takes out what is over and carries what is due. It is not well where the
// disk would not take what became of it: that stays in memory, and what a power
// cut then brings back is sent twice. A mistake of ours costs the turn.
func (p *Post) turn(ctx context.Context) (well bool) {
	defer func() {
		if v := recover(); v != nil {
			p.tools.Metrics.Panics.WithLabelValues("mail").Inc()
			p.tools.Log.Error("panic while carrying mail", "err", v, "stack", string(debug.Stack()))
			p.note(&trouble{err: errors.New("the box made a mistake of its own; its log has it"), do: "journalctl -u lineside", lasting: true})
		}
	}()
	err := p.sweep(ctx)
	if err == nil {
		err = p.round(ctx)
	}
	if err != nil && ctx.Err() == nil {
		p.tools.Log.Error("what became of mail could not be written", "err", err)
	}
	p.tell()
	return err == nil
}

// rest is how long there is nothing to do.
func (p *Post) rest() time.Duration {
	now := p.now()
	p.mu.Lock()
	defer p.mu.Unlock()
	wait := lookEvery
	for _, l := range p.letters {
		if !l.Refused && !p.server.IsZero() {
			wait = min(wait, l.Next.Sub(now))
		}
	}
	return max(wait, time.Second) // the disk may refuse to take what became of one that is due
}

// sweep removes letters whose time is over, and those the server has that could
// not be removed before. Of those refused for good the audit log has an entry
// already.
func (p *Post) sweep(ctx context.Context) error {
	over, failed := p.over()
	if len(over) == 0 {
		return nil
	}
	err := p.change(ctx, p.events(failed), func(letters map[string]Letter) (gone []Letter, _ error) {
		for _, l := range over {
			if _, there := letters[l.ID]; there {
				gone = append(gone, Letter{ID: l.ID})
			}
		}
		return gone, nil
	})
	if err != nil {
		return err
	}
	p.mu.Lock()
	p.lost += len(failed)
	clear(p.taken)
	p.mu.Unlock()
	for _, l := range failed {
		p.tools.Metrics.Mail.WithLabelValues(givenUp).Inc()
		p.tools.Log.Warn("mail was given up after a day", "mail", l.Kind, "attempt", l.Tries, "err", l.LastError)
	}
	return nil
}

// over lists the letters to be removed, and those of them that never got
// through.
func (p *Post) over() (over, failed []Letter) {
	now := p.now()
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, l := range p.letters {
		switch {
		case p.taken[l.ID], l.isOld(now) && l.Refused:
			over = append(over, l)
		case l.isOld(now):
			over, failed = append(over, l), append(failed, l)
		}
	}
	return over, failed
}

// events has letters that failed for good on record, as far as the budget goes.
func (p *Post) events(failed []Letter) (events []audit.Record) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, l := range failed {
		if !p.noise.Spend(p.now()) {
			p.unsaid++
			continue
		}
		e := l.event()
		e.More, p.unsaid = p.unsaid, 0
		events = append(events, audit.Record{By: audit.Actor{Front: "mail"}, Event: e})
	}
	return events
}

// round carries all that is due, over as few connections as that takes. Its
// error is the disk's.
func (p *Post) round(ctx context.Context) error {
	server, due := p.Server(), p.due()
	if server.IsZero() || len(due) == 0 {
		return nil
	}
	var way carrier
	defer func() {
		if way != nil {
			way.leave()
		}
	}()
	broken := 0
	for i, l := range due {
		var err error
		if way == nil {
			if way, err = p.open(ctx, server); err != nil {
				way = nil
				return p.hold(ctx, due[i:], err)
			}
			p.note(nil)
		}
		if err = way.carry(ctx, l); isBroken(err) {
			way.leave()
			way, broken = nil, broken+1
		}
		if ctx.Err() != nil && err != nil {
			return nil
		}
		if err := p.settle(ctx, l, err); err != nil {
			return err
		}
		if broken == maxBroken {
			return p.hold(ctx, due[i+1:], err)
		}
	}
	return nil
}

// due lists what is to be carried: what failed seldom first, so that no letter
// that breaks connections stands before the others for ever.
func (p *Post) due() (due []Letter) {
	now := p.now()
	p.mu.Lock()
	for _, l := range p.letters {
		if l.isDue(now) && !p.taken[l.ID] {
			due = append(due, l)
		}
	}
	p.mu.Unlock()
	slices.SortStableFunc(inOrder(due), func(a, b Letter) int { return a.Tries - b.Tries })
	return due
}

// isBroken reports that the connection is of no more use.
func isBroken(err error) bool {
	var no *refusal
	return err != nil && !errors.As(err, &no)
}

// settle writes what became of one letter.
func (p *Post) settle(ctx context.Context, l Letter, result error) error {
	var no *refusal
	forGood := errors.As(result, &no) && no.forGood()
	next := Letter{ID: l.ID}
	var events []audit.Record
	outcome := delivered
	if result != nil {
		next, outcome = l.failed(p.now(), result, forGood, rand.Float64()), later
	}
	if forGood {
		events, outcome = p.events([]Letter{next}), refused
	}
	p.tools.Metrics.Mail.WithLabelValues(outcome).Inc()
	p.tools.Log.Info("mail was carried", "mail", l.Kind, "decision", outcome, "attempt", l.Tries+1, "err", next.LastError)
	p.mu.Lock()
	if result == nil {
		p.lost, p.taken[l.ID] = 0, true // until it is off the disk
	}
	p.mu.Unlock()
	err := p.became(ctx, events, []Letter{l}, []Letter{next})
	if err == nil {
		p.mu.Lock()
		delete(p.taken, l.ID)
		p.mu.Unlock()
	}
	return err
}

// hold puts letters off that nobody could carry.
func (p *Post) hold(ctx context.Context, letters []Letter, why error) error {
	if ctx.Err() != nil {
		return nil
	}
	var t *trouble
	if !errors.As(why, &t) {
		t = &trouble{err: why, do: "see what the mail server says of it in its log"}
	}
	p.note(t)
	p.tools.Log.Warn("the mail server cannot be used", "err", why)
	p.tools.Metrics.Mail.WithLabelValues(later).Add(float64(len(letters)))
	next := make([]Letter, len(letters))
	for i, l := range letters {
		next[i] = l.failed(p.now(), why, false, rand.Float64())
	}
	return p.became(ctx, nil, letters, next)
}

// became writes what became of letters, also while the box is being stopped. One
// that was replaced, removed or told to be tried again meanwhile is left as it is
// now; but what the server has is gone in any case. Where the disk refuses,
// memory knows at least.
func (p *Post) became(ctx context.Context, events []audit.Record, was, next []Letter) error {
	changed := func(letters map[string]Letter) (put []Letter, _ error) {
		for i, l := range was {
			is, there := letters[l.ID]
			if there && (next[i].Kind == "" || is.Next.Equal(l.Next)) {
				put = append(put, next[i])
			}
		}
		return put, nil
	}
	err := p.change(context.WithoutCancel(ctx), events, changed)
	if err == nil {
		return nil
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	put, _ := changed(p.letters)
	for _, l := range put {
		if l.Kind != "" {
			p.letters[l.ID] = l
		}
	}
	return err
}

// note keeps why nothing gets through, nil for that it does.
func (p *Post) note(t *trouble) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.last = t
}
