package central

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	bolt "go.etcd.io/bbolt"

	"github.com/lineside/lineside/sync/proto"
	"github.com/lineside/lineside/sync/wire"
)

// Config is what a platform is opened with.
type Config struct {
	// Path is the view's file. It is made if there is none.
	Path string
	Keys Keys
	// Log is what the view is made from; nil makes the view itself the only
	// copy.
	Log Log
	// Now is the clock, time.Now if nil.
	Now func() time.Time
}

// Platform is the platform on its view.
type Platform struct {
	keys   Keys
	log    *slog.Logger
	now    func() time.Time
	path   string
	stream Log
	// allow is the allow-list as it is asked.
	allow *allowlist

	ops, localOps chan *op
	news          chan uint64
	ended         chan struct{} // closed after the last write
	stop          context.CancelFunc
	followed      chan error

	// What follows is the writing goroutine's; others read applied, and db
	// under swap.
	applied   atomic.Uint64
	boot      string
	unstarted bool
	deaf      atomic.Pointer[time.Time] // since when, nil while the log can be read
	asOf      time.Time

	swap sync.RWMutex // held while the view is used, and to put another in its place
	db   *bolt.DB

	starts atomic.Pointer[starts]
	pulls  chan struct{} // holds one for each pull that waits
	turns  *turns
	fleet  fleet
	offer  atomic.Pointer[wire.Offer] // nil: boxes go on where they are

	mu       sync.Mutex // guards what follows
	hints    map[string]map[chan struct{}]bool
	watchers []*func(site string)
	revoked  []func(site string)
	changed  chan struct{} // closed at the next change
	flying   *flight       // nil for none
}

// Open opens the view, brings it up to the log, and notes a start. ctx bounds
// the opening, which takes a while where the view has to be made anew.
func Open(ctx context.Context, cfg Config, log *slog.Logger) (*Platform, error) {
	p := &Platform{
		allow: newAllowlist(), turns: newTurns(),
		keys: cfg.Keys, log: log, now: cfg.Now, path: cfg.Path, stream: cfg.Log,
		ops: make(chan *op, maxWaiting), localOps: make(chan *op, 1), news: make(chan uint64, 1),
		ended: make(chan struct{}), followed: make(chan error, 1), unstarted: true, pulls: make(chan struct{}, maxPulls),
		hints: map[string]map[chan struct{}]bool{}, changed: make(chan struct{}),
	}
	if p.now == nil {
		p.now = time.Now
	}
	if err := p.load(ctx); err != nil {
		return nil, fmt.Errorf("open the platform's view %s: %w", cfg.Path, err)
	}
	// The goroutines outlive the opening; Close ends them.
	run, stop := context.WithCancel(context.WithoutCancel(ctx))
	p.stop = stop
	go p.write(run)
	go func() {
		p.followed <- p.listenToLog(run)
		close(p.followed)
	}()
	return p, nil
}

func (p *Platform) load(ctx context.Context) (err error) {
	if p.db, err = openView(p.path); err != nil {
		return err
	}
	if err = p.ready(ctx); err == nil {
		err = p.start(ctx)
	}
	if err == nil {
		err = p.loadAllow()
	}
	if err != nil {
		return errors.Join(err, p.db.Close())
	}
	return nil
}

func openView(path string) (*bolt.DB, error) {
	db, err := bolt.Open(path, 0o600, &bolt.Options{Timeout: time.Second})
	if err != nil {
		return nil, err
	}
	if err := db.Update(makeRoots); err != nil {
		return nil, errors.Join(err, db.Close())
	}
	return db, nil
}

// errOwn says that a view is the only copy of what it holds.
var errOwn = errors.New("it holds a platform's state that is in no stream: put it aside, or start without a stream")

// ready brings the view up to the log.
func (p *Platform) ready(ctx context.Context) error {
	var l local
	var own bool
	err := p.db.View(func(b *bolt.Tx) (err error) {
		l, err = getLocal(b)
		own = l.Schema == schema && l.Identity == "" && lookUp(b, bucketMeta+"/"+metaEpoch) != nil
		return err
	})
	switch {
	case err != nil && p.stream == nil:
		return err
	case p.stream == nil && l.Schema > schema:
		return fmt.Errorf("it is of form %d, and this program reads up to %d: update the program", l.Schema, schema)
	case p.stream == nil:
		return nil
	case own:
		return errOwn
	}
	p.applied.Store(l.Applied)
	p.asOf, p.boot, p.unstarted = l.AsOf, l.Boot, true
	if err != nil || l.Schema != schema || l.Identity != p.stream.Identity() {
		return p.rebuild(ctx, false)
	}
	_, err = p.catchUp(ctx)
	return err
}

// start notes a start of this process (R7), where it has not been noted since
// the log was opened or was found put back. Then a new epoch begins as well (R8).
func (p *Platform) start(ctx context.Context) error {
	if !p.unstarted {
		return nil
	}
	name, now := rand.Text(), p.now().Unix()
	o := &op{done: make(chan struct{}), f: func(t *tx) {
		l, err := getLocal(t.bolt)
		t.fail(err)
		if t.Meta().Epoch == 0 || l.Lost != 0 {
			proto.Restored(t, now, l.Lost)
		}
		proto.Start(t, name)
		if l.Boot != "" {
			t.del(bucketCommits, l.Boot)
		}
		if t.err == nil {
			t.fail(p.setLocal(t.bolt, func(l *local) { l.Lost = 0 }))
		}
	}}
	last := p.boot
	p.boot, p.unstarted = name, false
	if p.commit(ctx, []*op{o}); o.err != nil {
		p.boot, p.unstarted = last, true
		return fmt.Errorf("note a start of the platform: %w", o.err)
	}
	return nil
}

// listenToLog wakes the writing goroutine whenever another process has written.
func (p *Platform) listenToLog(ctx context.Context) error {
	if p.stream == nil {
		return nil
	}
	return p.stream.Follow(ctx, func(newest uint64) {
		select { // the newest word is the one that counts
		case <-p.news:
		default:
		}
		p.news <- newest
	})
}

// Close ends what is being written and closes the view.
func (p *Platform) Close() error {
	p.stop()
	<-p.ended
	err := <-p.followed
	p.swap.Lock()
	defer p.swap.Unlock()
	return errors.Join(err, p.db.Close())
}

// view runs f in a transaction that only reads.
func (p *Platform) view(f func(*tx)) error {
	p.swap.RLock()
	defer p.swap.RUnlock()
	t := &tx{p: p}
	return p.db.View(func(b *bolt.Tx) error {
		t.bolt = b
		f(t)
		return t.err
	})
}
