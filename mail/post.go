package mail

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/lineside/lineside/audit"
	"github.com/lineside/lineside/health"
	"github.com/lineside/lineside/metrics"
	"github.com/lineside/lineside/phone"
)

// MaxLetters is how many letters wait at the most.
const MaxLetters = 4096

// Errors of the queue.
var (
	// ErrOff is returned where no mail server is set.
	ErrOff = errors.New("no mail server is set")
	// ErrFull is returned by Send while MaxLetters wait.
	ErrFull = errors.New("the mail queue is full")
	// ErrUnknown is returned for a letter that is not in the queue, or no more.
	ErrUnknown = errors.New("is not in the mail queue")
)

// Keeper keeps letters on disk, each as one secret under its ID. Letters gives
// those committed. ChangeLetters puts some, an empty secret deletes one, and it
// returns when that is on disk with the events.
type Keeper interface {
	Letters() map[string]phone.Secret
	ChangeLetters(ctx context.Context, puts map[string]phone.Secret, events []audit.Record) error
}

// Config is how mail is carried. The zero value of a field means its default.
type Config struct {
	// Server is where it goes; the zero Server is none.
	Server Server
	// Now is the box's clock; nil means time.Now.
	Now func() time.Time
}

// Tools is what the post works with besides its queue. Nil fields are left out.
type Tools struct {
	Log     *slog.Logger
	Health  *health.Board
	Metrics *metrics.Set
}

// Post takes messages and carries them. It is safe for concurrent use.
type Post struct {
	kept  Keeper
	tools Tools
	now   func() time.Time
	open  func(context.Context, Server) (carrier, error)
	wake  chan struct{}
	noise *audit.Allowance // entries of mail that failed

	writing sync.Mutex // one change of the queue at a time; held while the disk is waited for

	mu      sync.Mutex // guards the rest
	server  Server
	letters map[string]Letter
	taken   map[string]bool // letters the server has that are still on disk
	last    *trouble        // why nothing gets through; nil: as far as is known it does
	lost    int             // letters given up since one was last delivered
	unsaid  int             // failures without an entry of their own
}

// carrier is a connection to a server.
type carrier interface {
	carry(ctx context.Context, l Letter) error
	leave()
}

// New makes a post of what the keeper has; it does no I/O.
func New(cfg Config, kept Keeper, tools Tools) (*Post, error) {
	if kept == nil {
		return nil, errors.New("mail: a keeper is needed")
	}
	if err := cfg.Server.Check(); err != nil {
		return nil, fmt.Errorf("mail: %w", err)
	}
	p := &Post{
		kept: kept, tools: tools.withDefaults(), now: cfg.Now, server: cfg.Server, wake: make(chan struct{}, 1),
		noise: audit.MailFailures.New(), letters: make(map[string]Letter), taken: make(map[string]bool),
	}
	if p.now == nil {
		p.now = time.Now
	}
	p.open = func(ctx context.Context, s Server) (carrier, error) { return openTrip(ctx, s, p.now) }
	for id, secret := range kept.Letters() {
		l, err := decodeLetter(id, secret)
		if err != nil { // of another version; it stays where it is
			p.tools.Log.Warn("a letter in the mail queue is not understood and left alone", "err", err)
			continue
		}
		p.letters[id] = l
	}
	return p, nil
}

func (t Tools) withDefaults() Tools {
	if t.Log == nil {
		t.Log = slog.New(slog.DiscardHandler)
	}
	t.Log = t.Log.With("component", "mail")
	if t.Health == nil {
		t.Health = &health.Board{}
	}
	if t.Metrics == nil {
		t.Metrics = metrics.New()
	}
	return t
}

// Server is the one in force.
func (p *Post) Server() Server {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.server
}

// SetServer has mail carried to another server, or to none, from here on. What
// waits is tried at once: the settings may have been what was wrong.
func (p *Post) SetServer(ctx context.Context, s Server) error {
	if err := s.Check(); err != nil {
		return fmt.Errorf("mail: %w", err)
	}
	p.mu.Lock()
	p.server, p.last = s, nil
	p.mu.Unlock()
	now := p.now()
	return p.change(ctx, nil, func(letters map[string]Letter) (changed []Letter, _ error) {
		for _, l := range letters {
			changed = append(changed, l.again(now))
		}
		return changed, nil
	})
}

// On reports that a mail server is set, without which Send takes nothing.
func (p *Post) On() bool { return !p.Server().IsZero() }

// Send puts m into the queue and returns when that is on disk. It never waits
// for the server. Its errors are ErrOff, ErrFull, ErrMessage and the disk's.
func (p *Post) Send(ctx context.Context, m Message) error {
	_, err := p.send(ctx, m, nil)
	return err
}

func (p *Post) send(ctx context.Context, m Message, events []audit.Record) (Letter, error) {
	if err := m.check(); err != nil {
		return Letter{}, err
	}
	server := p.Server()
	if server.IsZero() {
		return Letter{}, fmt.Errorf("mail %s: %w", m.Kind, ErrOff)
	}
	fresh := newLetter(p.now(), m, server)
	err := p.change(ctx, events, func(letters map[string]Letter) ([]Letter, error) {
		put := []Letter{fresh}
		for _, l := range letters {
			if fresh.replaces(l) {
				put = append(put, Letter{ID: l.ID}) // of no kind: removed
			}
		}
		if len(put) == 1 && len(letters) >= MaxLetters {
			return nil, fmt.Errorf("mail %s: %w", m.Kind, ErrFull)
		}
		return put, nil
	})
	return fresh.shown(), err
}

// change runs edit on the queue and returns once what it gives is on disk: a
// letter of no kind is removed. edit must leave the map alone.
func (p *Post) change(ctx context.Context, events []audit.Record, edit func(map[string]Letter) ([]Letter, error)) error {
	p.writing.Lock()
	defer p.writing.Unlock()
	p.mu.Lock()
	next := maps.Clone(p.letters)
	p.mu.Unlock()
	changed, err := edit(next)
	if err != nil {
		return err
	}
	puts := make(map[string]phone.Secret, len(changed))
	for _, l := range changed {
		if l.Kind == "" {
			puts[l.ID] = phone.Secret{}
			delete(next, l.ID)
			continue
		}
		if puts[l.ID], err = l.encode(); err != nil {
			return err
		}
		next[l.ID] = l
	}
	if len(puts)+len(events) == 0 {
		return nil
	}
	if err := p.kept.ChangeLetters(ctx, puts, events); err != nil {
		return fmt.Errorf("keep the mail queue: %w", err)
	}
	p.mu.Lock()
	p.letters = next
	p.mu.Unlock()
	p.tell()
	select {
	case p.wake <- struct{}{}:
	default:
	}
	return nil
}

// Letters lists the queue, oldest first, without texts.
func (p *Post) Letters() []Letter {
	p.mu.Lock()
	list := inOrder(slices.Collect(maps.Values(p.letters)))
	p.mu.Unlock()
	for i := range list {
		list[i] = list[i].shown()
	}
	return list
}

// Retry has a letter tried at once, one that was refused too.
func (p *Post) Retry(ctx context.Context, id string) (Letter, error) {
	return p.one(ctx, id, nil, func(l Letter) Letter { return l.again(p.now()) })
}

// Remove takes a letter out of the queue unsent.
func (p *Post) Remove(ctx context.Context, by audit.Actor, id string) error {
	record := func(l Letter) []audit.Record {
		return []audit.Record{{By: by, Event: audit.MailRemoved{Message: l.Kind, To: l.To}}}
	}
	_, err := p.one(ctx, id, record, func(Letter) Letter { return Letter{ID: id} })
	return err
}

// one changes one letter.
func (p *Post) one(ctx context.Context, id string, record func(Letter) []audit.Record, edit func(Letter) Letter) (next Letter, err error) {
	p.mu.Lock()
	old, there := p.letters[id]
	p.mu.Unlock()
	var events []audit.Record
	if there && record != nil {
		events = record(old)
	}
	err = p.change(ctx, events, func(letters map[string]Letter) ([]Letter, error) {
		l, there := letters[id]
		if !there {
			return nil, fmt.Errorf("%.40q %w", id, ErrUnknown)
		}
		next = edit(l)
		return []Letter{next}, nil
	})
	return next.shown(), err
}
