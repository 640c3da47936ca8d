package store

import (
	"errors"
	"fmt"
	"log/slog"
	"net/netip"
	"sync"
	"sync/atomic"
	"time"

	bolt "go.etcd.io/bbolt"

	"github.com/lineside/lineside/auth"
	"github.com/lineside/lineside/health"
	"github.com/lineside/lineside/metrics"
	"github.com/lineside/lineside/phone"
)

// Config is how a store is kept. The zero value of a field means its default.
type Config struct {
	// Now is the wall clock; nil means time.Now. Whether it is believed is the
	// store's to say, see Store.Now.
	Now func() time.Time
	// Elapsed is a clock that is never set, from any beginning; nil takes it
	// from what Now gives.
	Elapsed func() time.Duration
	// Synced reports that something better than this box, such as an NTP
	// server, sets the wall clock; nil asks the kernel.
	Synced func() bool
	// FirstContact is what the policy asks of phones until somebody changes
	// it, default auth.FactorPIN; the others are auth.Policy's. They count only
	// while the file has no policy.
	FirstContact auth.Factor
	Claimed      bool
	Window       time.Duration
	BlockAfter   int
	AutoApprove  bool
	PINOnScreen  bool
	// AuditKeep is how many audit entries are kept, default 260,000. Up to
	// 1,024 more stay until they are pruned together.
	AuditKeep int
	// SeenKeep is of how many phones the last sighting is kept, default
	// 16,384. The longest unseen go first.
	SeenKeep int
	// JournalBytes bounds the lease journal beside the file, default 4 MiB.
	JournalBytes int
	// MaxBytes bounds the file, default 1 GiB. At the bound changes fail and
	// reading goes on.
	MaxBytes int
}

// Tools is what a store works with besides its file. Nil fields are left out.
type Tools struct {
	Log     *slog.Logger
	Health  *health.Board
	Metrics *metrics.Set
}

// Sentinel errors, wrapped with the path or what was being done.
var (
	// ErrClosed is returned by every change after Close.
	ErrClosed = errors.New("store is closed")
	// ErrBusy is returned for a change while 16,384 others wait.
	ErrBusy = errors.New("too many changes are waiting for the disk")
	// ErrInUse is returned by Open while another process has the file.
	ErrInUse = errors.New("another lineside runs on this state directory; stop it, or name another directory as state in the settings")
	// ErrKey is returned by Open for a file sealed under another site key.
	ErrKey = errors.New("the site key does not open this database; put back the key file that belongs to it")
	// ErrNewer is returned by Open for a file of a later version.
	ErrNewer = errors.New("written by a newer lineside; install that version again, or restore a backup made by this one")
)

// Report says what Open had to do beyond opening. The zero value is: nothing.
type Report struct {
	// SetAside is the path the damaged file was renamed to.
	SetAside string
	// Restored says that the state comes from a copy and is older than what
	// phones and operators were last told.
	Restored bool
	// Detail is what happened, what phones will notice and what to do, in
	// sentences for the operator.
	Detail string
}

// Store is an open file. It is safe for concurrent use.
type Store struct {
	path   string
	key    Key
	cfg    Config
	tools  Tools
	db     *bolt.DB
	report Report

	clock  *clock
	seals  []byte // key of the audit chain's seal
	queue  queue
	ended  chan struct{} // closed when the committer is done
	closed sync.Once
	copies sync.Mutex // one copy at a time

	policy  atomic.Pointer[auth.Policy]
	tokens  atomic.Pointer[[]Token]
	tokenMu sync.Mutex // one change of the tokens at a time
	users   atomic.Pointer[people]
	userMu  sync.Mutex // one change of the users at a time

	letters   atomic.Pointer[letters]
	letterMu  sync.Mutex // one change of the letters at a time
	accounts  atomic.Pointer[accounts]
	operators atomic.Int64                   // of the accounts, see Operators
	accountMu sync.Mutex                     // one change of the accounts at a time
	sessions  atomic.Pointer[[]auth.Session] // as they were at the start

	mu      sync.RWMutex // never held while the disk is waited for
	devices map[phone.MAC]*auth.Record
	ordered []*auth.Record // devices by MAC; nil: to be made
	leases  map[netip.Addr]*phone.Lease
	sync    map[string][]byte
	holders holders

	// Of the committer alone, once it runs.
	counts
	meta    storedMeta // as it is in the file
	journal journal
}

// counts is where the numbered things stand after the last commit.
type counts struct {
	rev         uint64    // last Rev given
	chain       chain     // from the oldest audit entry to the last
	seen        int       // records of sightings
	mark        time.Time // highest time on disk
	doubted     bool      // memory may differ from the file: read it again first
	failedSince bool      // the condition is on the board
	pace        pace      // of the last writes
}

// Open opens the file at path, or makes it, and reads it into memory. It
// recovers from damage by itself, see Report; its errors are ErrInUse, ErrKey,
// ErrNewer, and those of the file system. The directory must exist.
func Open(path string, key Key, cfg Config, tools Tools) (*Store, error) {
	if key.IsZero() {
		return nil, fmt.Errorf("open store %s: no site key given", path)
	}
	s := &Store{
		path: path, key: key, cfg: cfg.withDefaults(), tools: tools.withDefaults(),
		seals: key.sealKey(), ended: make(chan struct{}),
	}
	s.clock = newClock(s.cfg, s.tools.Health)
	s.journal = journal{path: journalPath(path), max: int64(s.cfg.JournalBytes)}
	s.queue.wake = make(chan struct{}, 1)
	if err := s.openOrHeal(); err != nil {
		return nil, fmt.Errorf("open store %s: %w", path, err)
	}
	go s.run()
	return s, nil
}

func (c Config) withDefaults() Config {
	if c.Now == nil {
		c.Now = time.Now
	}
	if c.Synced == nil {
		c.Synced = KernelSynced
	}
	if c.FirstContact == "" {
		c.FirstContact = auth.FactorPIN
	}
	if c.AuditKeep <= 0 {
		c.AuditKeep = defaultKeep
	}
	if c.SeenKeep <= 0 {
		c.SeenKeep = 16_384
	}
	if c.JournalBytes <= 0 {
		c.JournalBytes = journalBytes
	}
	if c.MaxBytes <= 0 {
		c.MaxBytes = 1 << 30
	}
	return c
}

func (t Tools) withDefaults() Tools {
	if t.Log == nil {
		t.Log = slog.New(slog.DiscardHandler)
	}
	t.Log = t.Log.With("component", "store")
	if t.Health == nil {
		t.Health = &health.Board{}
	}
	if t.Metrics == nil {
		t.Metrics = metrics.New()
	}
	return t
}

func (s *Store) codec() codec { return codec{s.key} }

// Report says what Open had to do.
func (s *Store) Report() Report { return s.report }

// Close commits what waits, then closes the file. Changes that come later get
// ErrClosed. Devices, policy and leases can still be read.
func (s *Store) Close() error {
	var err error
	s.closed.Do(func() {
		s.queue.close()
		<-s.ended
		err = errors.Join(s.db.Close(), s.journal.close())
	})
	if err != nil {
		return fmt.Errorf("close store %s: %w", s.path, err)
	}
	return nil
}

// adopt makes m what readers see.
func (s *Store) adopt(m *memory) {
	s.mu.Lock()
	s.devices, s.leases, s.sync = m.devices, m.leases, m.sync
	s.ordered = nil
	s.holders = make(holders)
	for addr, l := range s.leases {
		s.holders.move(addr, nil, l)
	}
	s.mu.Unlock()
	s.policy.Store(m.policy)
	s.tokens.Store(&m.tokens)
	s.users.Store(&m.users)
	s.letters.Store(&m.letters)
	s.keepAccounts(m.accounts)
	s.sessions.Store(&m.sessions)
	s.rev, s.chain, s.seen, s.mark = m.rev, m.chain, m.seen, m.mark
	s.meta = m.meta
}

// publish shows readers what a commit changed.
func (s *Store) publish(o overlay) {
	s.mu.Lock()
	for mac, rec := range o.devices {
		if rec == nil {
			delete(s.devices, mac)
		} else {
			s.devices[mac] = rec
		}
	}
	s.reorderLocked(o.devices)
	for addr, l := range o.leases {
		s.holders.move(addr, s.leases[addr], l)
		if l == nil {
			delete(s.leases, addr)
		} else {
			s.leases[addr] = l
		}
	}
	for name, value := range o.sync {
		if value == nil {
			delete(s.sync, name)
		} else {
			s.sync[name] = value
		}
	}
	s.mu.Unlock()
	if o.policy != nil {
		s.policy.Store(o.policy)
	}
}

// Device gives one record, or phone.ErrUnknownDevice, wrapped. The record is
// shared: it must not be changed.
func (s *Store) Device(mac phone.MAC) (auth.Record, error) {
	s.mu.RLock()
	rec := s.devices[mac]
	s.mu.RUnlock()
	if rec == nil {
		return auth.Record{}, phone.UnknownDevice(mac)
	}
	return *rec, nil
}

// All gives every record, in order of MAC. The records are shared: they must
// not be changed.
func (s *Store) All() ([]auth.Record, error) {
	recs := s.Records()
	all := make([]auth.Record, len(recs))
	for i, rec := range recs {
		all[i] = *rec
	}
	return all, nil
}

// Policy is the document in force. It is shared: it must not be changed.
func (s *Store) Policy() auth.Policy { return *s.policy.Load() }
