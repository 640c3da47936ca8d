package accounts

import (
	"context"
	"errors"
	"log/slog"
	"net/netip"
	"slices"
	"sync"
	"time"

	"github.com/lineside/lineside/audit"
	"github.com/lineside/lineside/auth"
	"github.com/lineside/lineside/mail"
	"github.com/lineside/lineside/phone"
)

// Bounds.
const (
	MaxAccounts       = 256  // operators'
	MaxName           = 64   // bytes of a name signed in with
	maxSessions       = 4096 // of all; the longest unused goes
	maxSessionsOfOne  = 16
	maxForgotten      = 64 // requests that wait for the worker
	signInWait        = 5 * time.Second
	saveEvery         = 5 * time.Minute
	temporaryPassword = "temporary-password" // the kind of a letter
)

// Edit says what becomes of accounts, all of which it is shown by name: those to
// put, those to remove, and what goes on record. It only computes, leaves the map
// alone, and may run more than once.
type Edit = func(all map[string]auth.Account) (put []auth.Account, remove []string, events []audit.Record, err error)

// Store keeps accounts and sessions.
type Store interface {
	Account(name string) (auth.Account, bool)
	// Accounts gives every account, in order of name, and Operators how many are
	// operators'.
	Accounts() []auth.Account
	Operators() int
	// ChangeAccounts runs edit in a transaction and returns once what it came to is
	// on disk with its events. An error of edit changes nothing.
	ChangeAccounts(ctx context.Context, edit Edit) error
	// Sessions gives those kept; SaveSessions puts and removes some.
	Sessions() []auth.Session
	SaveSessions(ctx context.Context, put []auth.Session, remove [][32]byte) error
}

// People are the site's users.
type People interface {
	User(id string) (phone.User, error)
}

// Mailer takes a message to be sent.
type Mailer interface {
	Send(ctx context.Context, m mail.Message) error
	// On reports that a mail server is set.
	On() bool
}

// Config is how people sign in. The zero value of a field means its default.
type Config struct {
	// Site is the site's name, for letters.
	Site string
	// URL is where the pages are, for letters; empty leaves it out.
	URL string
	// OnLink reports that an IPv6 address is one of the box's own links, where each
	// host has its own; elsewhere a /64 counts as one. nil is for link-local ones.
	OnLink func(netip.Addr) bool
	// Now is the box's clock; nil means time.Now.
	Now func() time.Time
}

// Deps is what the desk works with. Mail is nil where none can be sent.
type Deps struct {
	Store  Store
	People People
	Mail   Mailer
	Log    *slog.Logger
}

// Desk lets people in. It is safe for concurrent use.
type Desk struct {
	cfg   Config
	dep   Deps
	setup phone.Secret // the set-up code of this start
	doors doors
	asked chan forgotten

	mu       sync.Mutex
	sessions map[[32]byte]*auth.Session
	unsaved  map[[32]byte]bool // seen since they were written
	ended    [][32]byte        // and still on disk, which had no room for that
}

// New makes a desk with a set-up code of its own. It reads what the store has in
// memory, and does no I/O beside.
func New(cfg Config, dep Deps) (*Desk, error) {
	if dep.Store == nil || dep.People == nil || dep.Log == nil {
		return nil, errors.New("accounts: store, people and logger are needed")
	}
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	if cfg.OnLink == nil {
		cfg.OnLink = netip.Addr.IsLinkLocalUnicast
	}
	dep.Log = dep.Log.With("component", "accounts")
	d := &Desk{
		cfg: cfg, dep: dep, setup: newCode(), doors: newDoors(), asked: make(chan forgotten, maxForgotten),
		sessions: make(map[[32]byte]*auth.Session), unsaved: make(map[[32]byte]bool),
	}
	for _, s := range dep.Store.Sessions() {
		d.sessions[s.ID] = &s
	}
	return d, nil
}

// Run sends what was asked for and writes who was seen, until ctx ends.
func (d *Desk) Run(ctx context.Context) error {
	tick := time.NewTicker(saveEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			last, cancel := context.WithTimeout(context.WithoutCancel(ctx), signInWait)
			defer cancel()
			d.saveSeen(last)
			return nil
		case f := <-d.asked:
			d.answerForgotten(ctx, f)
		case <-tick.C:
			d.saveSeen(ctx)
			d.removeStrays(ctx)
		}
	}
}

// removeStrays removes the sign-ins of users who are gone. They let nobody in.
func (d *Desk) removeStrays(ctx context.Context) {
	gone := func(a auth.Account) bool {
		if a.Role != auth.Personal {
			return false
		}
		u, err := d.dep.People.User(a.Name)
		return errors.Is(err, phone.ErrUnknownUser) || err == nil && !u.Created.Equal(a.Person)
	}
	if !slices.ContainsFunc(d.dep.Store.Accounts(), gone) {
		return
	}
	err := d.change(ctx, func(all map[string]auth.Account) (_ []auth.Account, remove []string, _ []audit.Record, _ error) {
		for name, a := range all {
			if gone(a) {
				remove = append(remove, name)
			}
		}
		return nil, remove, nil, nil
	})
	if err != nil {
		d.dep.Log.Warn("the sign-ins of users who are gone were not removed; they let nobody in, and are removed later", "err", err)
	}
}

// now is the box's time, in UTC.
func (d *Desk) now() time.Time { return d.cfg.Now().UTC() }
