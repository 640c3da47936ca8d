package central

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"runtime"
	"time"
)

// Bounds of the updates that wait.
const (
	// maxWaiting is how many wait; whoever comes then is told to come again.
	maxWaiting = 4096
	// maxGroup is how many one commit holds.
	maxGroup = 256
)

// ErrBusy says that too much waits to be written, or that the log does not
// answer: nothing was changed, and it may go well in a moment.
var ErrBusy = errors.New("the platform cannot write now")

// ErrClosed says that the platform was closed.
var ErrClosed = errors.New("the platform is closed")

// op is one update that waits.
type op struct {
	f    func(*tx)
	err  error
	done chan struct{}
}

// update runs f in a transaction and returns when what it wrote is durable. f
// may be run more than once, each time on the newest state with nothing kept
// of the time before, so it only computes: random names and times are drawn
// outside. It must not call update itself.
func (p *Platform) update(f func(*tx)) error {
	if err := p.hasRoom(); err != nil {
		return err
	}
	return p.submit(p.ops, f)
}

// updateLocal is update for what concerns this copy of the view alone.
func (p *Platform) updateLocal(f func(*tx)) error { return p.submit(p.localOps, f) }

func (p *Platform) submit(to chan<- *op, f func(*tx)) error {
	o := &op{f: f, done: make(chan struct{})}
	select {
	case to <- o:
	default:
		return fmt.Errorf("%w: %d changes wait already", ErrBusy, cap(to))
	}
	select {
	case <-o.done:
		return o.err
	case <-p.ended:
	}
	select {
	case <-o.done: // it was the last one
		return o.err
	default:
		return ErrClosed
	}
}

// write commits what waits, one group after another, until ctx ends. It is the
// only goroutine that changes the view.
func (p *Platform) write(ctx context.Context) {
	defer close(p.ended)
	for {
		select {
		case <-ctx.Done():
			return
		case newest := <-p.news:
			p.follow(ctx, newest)
		case o := <-p.ops:
			p.commit(ctx, p.gather(o))
		case o := <-p.localOps:
			o.err = p.commitLocal(o)
			close(o.done)
		}
	}
}

// gather takes what waits along. Those the last commit has just answered are
// let run first: they often come with the next change, and would miss this one.
func (p *Platform) gather(o *op) []*op {
	all := []*op{o}
	runtime.Gosched()
	for len(all) < maxGroup {
		select {
		case next := <-p.ops:
			all = append(all, next)
		default:
			return all
		}
	}
	return all
}

// writeWait is how long a group is tried. A cluster without a leader has
// another after 4 to 6 s.
const writeWait = 15 * time.Second

// errAgain says that another process wrote first.
var errAgain = errors.New("run it again")

// commit brings all of ops to an end.
func (p *Platform) commit(ctx context.Context, ops []*op) {
	bound, cancel := context.WithTimeout(ctx, writeWait)
	defer cancel()
	for len(ops) > 0 {
		n, err := p.attempt(ctx, bound, ops)
		if errors.Is(err, errAgain) && bound.Err() == nil {
			continue
		}
		if err != nil {
			n = len(ops)
		}
		for _, o := range ops[:n] {
			if err != nil {
				o.err = err
			}
			close(o.done)
		}
		ops = ops[n:]
	}
}

// attempt runs as many of ops as one batch holds, on one transaction of the
// view, appends what they wrote and then commits the view. So the view is
// never ahead of the log, and where it was not committed it reads the rest.
// bound is until when the log is tried; making the view anew takes as long as
// it takes.
func (p *Platform) attempt(ctx, bound context.Context, ops []*op) (n int, err error) {
	if err := p.start(ctx); err != nil {
		return 0, err
	}
	b, err := p.db.Begin(true)
	if err != nil {
		return 0, fmt.Errorf("write the platform's view: %w", err)
	}
	defer func() { _ = b.Rollback() }() // after Commit it does nothing
	g := newGroup(b)
	for n < len(ops) && g.run(p, ops[n]) {
		n++
	}
	newest := p.applied.Load()
	var hinted map[string]bool
	switch {
	case p.stream == nil && len(g.entries) == 0:
		return n, nil
	case p.stream == nil:
	case len(g.entries) == 0:
		// A "no" is as good as what it was read from: was that the newest?
		_ = b.Rollback()
		return n, p.readNews(ctx, false)
	default:
		newest, err = p.append(bound, g)
		if errors.Is(err, ErrStale) {
			_ = b.Rollback()
			return 0, p.readNews(ctx, true)
		}
		if err != nil {
			return 0, err
		}
		var land func()
		hinted, land = p.takeOff(g.changes)
		defer land()
	}
	if err := p.setLocal(b, func(l *local) { l.Applied, l.AsOf, l.Boot = newest, p.now().UTC(), p.boot }); err != nil {
		return 0, err
	}
	if err := b.Commit(); err != nil {
		return 0, fmt.Errorf("write the platform's view: %w; make room on the disk that holds it", err)
	}
	p.applied.Store(newest)
	p.announce(g.changes, hinted)
	return n, nil
}

// readNews reads what others wrote; the error is errAgain if there was any, or
// must have been.
func (p *Platform) readNews(ctx context.Context, must bool) error {
	moved, err := p.catchUp(ctx)
	switch {
	case err != nil:
		return fmt.Errorf("%w: %w", ErrBusy, err)
	case moved || must:
		return errAgain
	}
	return nil
}

func (p *Platform) commitLocal(o *op) error {
	b, err := p.db.Begin(true)
	if err != nil {
		return fmt.Errorf("write the platform's view: %w", err)
	}
	defer func() { _ = b.Rollback() }() // after Commit it does nothing
	g := newGroup(b)
	g.local = true
	if err := g.try(p, o.f); err != nil {
		return err
	}
	return b.Commit()
}

// record is what a process writes last into each of its batches, under its own
// name. It tells whether a batch whose answer was lost is in the log, and
// which past of the platform its writer knew.
type record struct {
	Nonce string `json:"n"`
	// Boot is the newest start the writer had read of.
	Boot string `json:"b"`
}

// append appends a group with its record.
func (p *Platform) append(ctx context.Context, g *group) (uint64, error) {
	t := &tx{bolt: g.bolt, p: p, group: g}
	r := record{Nonce: rand.Text()}
	if list := t.starts().list; len(list) > 0 {
		r.Boot = list[len(list)-1].ID
	}
	t.put(bucketCommits, p.boot, r)
	if t.err != nil {
		return 0, t.err
	}
	after, doubt := p.applied.Load(), false
	for pause := 10 * time.Millisecond; ; pause = min(2*pause, time.Second) {
		newest, err := p.stream.Append(ctx, after, g.entries)
		if errors.Is(err, ErrStale) && doubt {
			newest, err = p.landed(ctx, after, g.entries[len(g.entries)-1])
		}
		switch {
		case err == nil:
			return newest, nil
		case errors.Is(err, ErrStale):
			return 0, err
		case errors.Is(err, ErrRefused) && !doubt:
			return 0, fmt.Errorf("%w: %w", ErrBusy, err)
		}
		doubt = true // the answer may have got lost, not the batch
		select {
		case <-ctx.Done():
			p.log.Error("the platform's log takes nothing: its disk is full, or its cluster has no leader; changes are refused until it does", "err", err)
			return 0, fmt.Errorf("%w: its log does not answer", ErrBusy)
		case <-time.After(pause):
		}
	}
}

// landed looks whether a batch is in the log though nobody said so: its record
// is there until this process writes another.
func (p *Platform) landed(ctx context.Context, after uint64, last Entry) (newest uint64, err error) {
	_, err = p.stream.Read(ctx, after, func(e Entry) error {
		if e.Key == last.Key && bytes.Equal(e.Value, last.Value) {
			newest = e.Rev
		}
		return nil
	})
	if err == nil && newest == 0 {
		return 0, ErrStale
	}
	return newest, err
}
