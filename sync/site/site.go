package site

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/lineside/lineside/audit"
	"github.com/lineside/lineside/sync/proto"
	"github.com/lineside/lineside/sync/seal"
	"github.com/lineside/lineside/sync/wire"
)

// Config is who the box is to the platform.
type Config struct {
	// Site is the box's name on the wire, from the join.
	Site string
	// Platform verifies what the platform signs.
	Platform seal.Verifier
	// Key opens what is sealed to the box.
	Key seal.Key
	// Anchor is the path of the anchor file, outside of every backup.
	Anchor string
	// Software is the box's version.
	Software string
	// Poll is how often the box asks without being told to; 0 is 10 minutes.
	Poll time.Duration
	// Wait is how long an answer may take; 0 is 10 seconds. ConfirmWait is that
	// while a phone waits; 0 is 3 seconds.
	Wait, ConfirmWait time.Duration
	// DialWait is how long a dial may take, and the time in line at a platform
	// whose fleet comes back at once; 0 is 75 seconds, a little more than it lets
	// anybody stand there.
	DialWait time.Duration
	// Base is the first wait before dialling again; 0 is 2 seconds.
	Base time.Duration
	// Clock is the clock events are stamped with, and whether it is known to be
	// set; nil is the machine's, taken to be set.
	Clock func() (now time.Time, set bool)
	// Offered is told where the platform says it can be reached, at each hello that
	// does. It returns at once and calls nothing of Site; nil is not told.
	Offered func(wire.Offer)
	// Conditions gives the codes of the box's health conditions; nil is none.
	Conditions func() []string
	// LocalRules gives the rules that were changed at the site, in words; nil is
	// none.
	LocalRules func() []string
}

// Records is the box's database. change runs at most once, and what it put is
// on disk when Sync returns nil.
type Records interface {
	Sync(ctx context.Context, change func(Tx) ([]audit.Record, error)) error
}

// Desk is told what the platform wants, and tells what happened here.
type Desk interface {
	// Apply makes one document true at the box; gone documents have no body.
	// An error that is not Retry ends nothing: the document cannot be had here,
	// the desk has told the operator, and it is not told again.
	Apply(ctx context.Context, d wire.Doc, open func(secret string) ([]byte, error)) error
	// Events are what happened after an entry of the audit log, oldest first.
	Events(ctx context.Context, after uint64, most int) ([]wire.Event, error)
	// Rules are the site's own, as policy has them now.
	Rules() proto.Rules
	// Told is called when the link's state changes. It returns at once and
	// calls nothing of Site.
	Told(Status)
}

// ErrRetry marks an error of Apply that may pass: a full disk.
var ErrRetry = errors.New("try again")

// Transport dials the platform.
type Transport interface {
	Dial(ctx context.Context) (Conn, error)
	String() string
}

// Conn is one connection. Ask sends one request and gives its answer, both
// opaque; Hints has something in it when there may be news, and is closed with
// the connection.
type Conn interface {
	Ask(ctx context.Context, op string, request []byte) ([]byte, error)
	Hints() <-chan struct{}
	Close() error
}

// Site is the box's side of the link.
type Site struct {
	cfg     Config
	records Records
	desk    Desk
	via     Transport
	log     *slog.Logger

	changed chan struct{} // something here is to be told
	grants  chan claim

	mu     sync.Mutex // guards the link and every change of the rules' state
	link   proto.Link
	conn   Conn // nil while there is none
	status Status
	// answered is when the platform last did.
	answered time.Time
	// said are the conditions and rules the platform was told, at saidAt.
	said   told
	saidAt time.Time
	cap    time.Duration

	// pause is until when the platform asked to be told of no events. It is the
	// asking goroutine's alone.
	pause time.Time
}

// New makes the link's end; nothing is read or dialled before Serve.
func New(cfg Config, records Records, desk Desk, via Transport, log *slog.Logger) (*Site, error) {
	if err := wire.CheckSite(cfg.Site); err != nil {
		return nil, fmt.Errorf("sync: %w", err)
	}
	if cfg.Anchor == "" || cfg.Platform == (seal.Verifier{}) {
		return nil, errors.New("sync: an anchor and the platform's key are needed: join the platform anew with `lineside join TOKEN`")
	}
	cfg.Poll = orDefault(cfg.Poll, 10*time.Minute)
	cfg.Wait = orDefault(cfg.Wait, 10*time.Second)
	cfg.ConfirmWait = orDefault(cfg.ConfirmWait, 3*time.Second)
	cfg.DialWait = orDefault(cfg.DialWait, 75*time.Second)
	cfg.Base = orDefault(cfg.Base, 2*time.Second)
	if cfg.Clock == nil {
		cfg.Clock = func() (time.Time, bool) { return time.Now(), true }
	}
	return &Site{
		cfg: cfg, records: records, desk: desk, via: via, log: log, cap: minCap,
		changed: make(chan struct{}, 1), grants: make(chan claim, 256),
	}, nil
}

func orDefault(d, otherwise time.Duration) time.Duration {
	if d == 0 {
		return otherwise
	}
	return d
}

// Changed says that something happened here which the platform should know.
func (s *Site) Changed() {
	select {
	case s.changed <- struct{}{}:
	default:
	}
}

// change runs f on the rules' state in one transaction.
func (s *Site) change(ctx context.Context, docs map[proto.ID]wire.SignedDoc, f func(*tx)) error {
	return s.records.Sync(ctx, func(t Tx) ([]audit.Record, error) {
		r := &tx{Tx: t, docs: docs}
		f(r)
		return nil, r.err
	})
}

// wake compares the anchor with the database (R3).
func (s *Site) wake(ctx context.Context) error {
	a, lost := readAnchor(s.cfg.Anchor)
	if lost != nil {
		s.log.Warn("the anchor of one-time passwords cannot be read", "err", lost)
	}
	var rolled bool
	err := s.change(ctx, nil, func(t *tx) {
		var write proto.Anchor
		if write, rolled = proto.Wake(t, a); rolled {
			if err := writeAnchor(s.cfg.Anchor, write); err != nil {
				t.fail(err)
			}
		}
		if m := t.meta(); rolled || m.Incarnation == "" {
			t.put(nameMeta, m.anew())
		}
	})
	if err != nil {
		return fmt.Errorf("start the link to the platform: %w", err)
	}
	if rolled {
		s.mu.Lock()
		s.status.PutBack = true
		s.mu.Unlock()
		s.log.Warn("the box was put back to an older state; one-time passwords that were still to be used are void")
	}
	return nil
}
