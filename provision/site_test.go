package provision_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/netip"
	"os"
	"path/filepath"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/lineside/lineside/audit"
	"github.com/lineside/lineside/auth"
	"github.com/lineside/lineside/health"
	"github.com/lineside/lineside/metrics"
	"github.com/lineside/lineside/phone"
	"github.com/lineside/lineside/provision"
	"github.com/lineside/lineside/store"
	"github.com/lineside/lineside/vendors"
)

// The promises, by the names a failure begins with. Promises of
// ARCHITECTURE.md, and what it says of time.
const (
	proof     = "no secret without proof"
	once      = "one generation, one device"
	onDisk    = "what was acknowledged is on disk"
	answering = "no packet stops the desk"
	lasting   = "time is kept"
)

// site is a branch with a real desk on a real store: phones of three vendors,
// two on the LAN and one behind a router, a thief, and operators. What it does
// to the box is booked in a ledger of its own, which knows nothing of the box's
// rules but the promises. All of it but the disk dies in a crash.
type site struct {
	rt    *rapid.T
	kit   *kit
	clock clocks
	lan   lan
	gate  *gate
	store *store.Store
	desk  *provision.Desk
	path  string
	files int // names given so far

	*ledger
	phones  []*handset
	thief   thief
	backups []backup
	steps   int
	asks    int
}

// kit is what all sites share.
type kit struct {
	dir     string
	table   vendors.Table
	metrics *metrics.Set
	key     store.Key
}

func newKit(t testing.TB) *kit {
	t.Helper()
	key, err := store.NewKey([]byte("fake-site-key-fake-site-key-1234"))
	if err != nil {
		t.Fatal(err)
	}
	// A flush costs nothing there, and a crash of the machine is played, not had.
	const ram = "/dev/shm"
	base := ram
	if info, err := os.Stat(ram); err != nil || !info.IsDir() {
		base = ""
	}
	dir, err := os.MkdirTemp(base, "lineside-site-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	return &kit{dir: dir, table: vendors.All(), metrics: metrics.New(), key: key}
}

// epoch is when a site's true time begins.
var epoch = time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)

func newSite(rt *rapid.T, k *kit) *site {
	dir, err := os.MkdirTemp(k.dir, "")
	if err != nil {
		rt.Fatal(err)
	}
	s := &site{rt: rt, kit: k, lan: newLAN(), path: filepath.Join(dir, "db")}
	rt.Cleanup(func() {
		s.kill()
		_ = os.RemoveAll(dir)
	})
	factor := rapid.SampledFrom(factors).Draw(rt, "policy")
	s.ledger = newLedger(factor)
	s.open(factor)
	s.at = s.now()
	s.people()
	return s
}

var factors = []auth.Factor{auth.FactorPIN, auth.FactorOTP, auth.FactorBoth, auth.FactorNone}

// people sets up brands and phones and moves the thief in.
func (s *site) people() {
	for i, v := range []phone.Vendor{"yealink", "snom", "poly"} {
		s.setBrand(v)
		p := newHandset(i, v, s.kit.table)
		s.phones = append(s.phones, p)
		if !p.routed {
			s.lan.plug(p.home, p.mac, p.mac)
		}
		s.add(p)
	}
	s.thief = thief{knows: rapid.Bool().Draw(s.rt, "the thief knows the one-time passwords"), has: make(map[phone.MAC][]login)}
}

// open starts the box on what is on disk.
func (s *site) open(factor auth.Factor) {
	var err error
	cfg := store.Config{FirstContact: factor, Window: siteWindow}
	if s.store, err = s.kit.open(s.path, &s.clock, cfg); err != nil {
		s.broken(onDisk, "the box does not start: %v", err)
	}
	s.gate = &gate{Store: s.store}
	if s.desk, err = s.kit.desk(s.gate, s.lan); err != nil {
		s.rt.Fatal(err)
	}
}

// open opens a store that goes by a clock of the test's.
func (k *kit) open(path string, c *clocks, cfg store.Config) (*store.Store, error) {
	cfg.Now, cfg.Elapsed, cfg.Synced = c.wall, c.elapsed, c.isSynced
	return store.Open(path, k.key, cfg, store.Tools{Metrics: k.metrics})
}

// desk makes a desk that goes by its store's clock, as the program does.
func (k *kit) desk(g *gate, l lan) (*provision.Desk, error) {
	return provision.New(provision.Config{
		Site: phone.Site{Name: "Branch", Zone: "Europe/Berlin", Emergency: []string{"112"}, SBC: "sbc.example.net:5060"},
		Addr: netip.MustParseAddr("10.20.0.1"),
	}, k.table, provision.Stores{
		Devices: g, Policies: g, Sightings: g, Recorder: g, Leases: l, Neighbours: l,
	}, provision.Tools{Log: slog.New(slog.DiscardHandler), Health: new(health.Board), Metrics: k.metrics, Now: g.now})
}

func (g *gate) Record(ctx context.Context, events ...audit.Record) error {
	if g.dead {
		return errDied
	}
	return g.Store.Record(ctx, events...)
}

func (g *gate) SaveSeen(ctx context.Context, seen []phone.Seen) error {
	if g.dead {
		return errDied
	}
	return g.Store.SaveSeen(ctx, seen)
}

// now is the box's own time.
func (g *gate) now() time.Time {
	now, _ := g.Now()
	return now
}

// kill ends the running box without a word.
func (s *site) kill() {
	if s.store == nil {
		return
	}
	if err := s.store.Close(); err != nil {
		s.rt.Error(err)
	}
	s.store = nil
}

// now is the box's own time.
func (s *site) now() time.Time { return s.gate.now() }

// say adds a line to the account of what happened, which a failure prints.
func (s *site) say(format string, args ...any) {
	s.rt.Helper()
	s.rt.Logf("%3d  %s  %s", s.steps, s.now().Format("2006-01-02 15:04"), fmt.Sprintf(format, args...))
}

// broken ends the run: a promise does not hold.
func (s *site) broken(promise, format string, args ...any) {
	s.rt.Helper()
	s.rt.Fatalf("BROKEN: %s: %s", promise, fmt.Sprintf(format, args...))
}

// clocks are the true time, which only goes on, and the wall clock, which
// anybody may set.
type clocks struct {
	ran    time.Duration // true time since epoch
	off    time.Duration // the wall clock's error
	set    time.Duration // true time when the wall clock was last set
	synced bool          // by an NTP server
}

func (c *clocks) elapsed() time.Duration { return c.ran }
func (c *clocks) wall() time.Time        { return epoch.Add(c.ran + c.off) }
func (c *clocks) isSynced() bool         { return c.synced }

// lan is layer 2: who holds which address, and who answers for it.
type lan struct {
	leases map[netip.Addr]phone.Lease
	wire   map[netip.Addr]phone.MAC
}

func newLAN() lan {
	return lan{leases: make(map[netip.Addr]phone.Lease), wire: make(map[netip.Addr]phone.MAC)}
}

// plug gives an address to a MAC, for ever, and has one answer for it; a zero
// MAC leaves either out.
func (l lan) plug(a netip.Addr, leased, answers phone.MAC) {
	if !leased.IsZero() {
		l.leases[a] = phone.Lease{Addr: a, MAC: leased, State: phone.Bound, Expires: epoch.AddDate(100, 0, 0)}
	}
	if !answers.IsZero() {
		l.wire[a] = answers
	}
}

func (l lan) unplug(a netip.Addr) {
	delete(l.leases, a)
	delete(l.wire, a)
}

func (l lan) LeaseOf(a netip.Addr) (phone.Lease, bool) { lease, ok := l.leases[a]; return lease, ok }

func (l lan) LeasesTo(m phone.MAC) []phone.Lease {
	var list []phone.Lease
	for _, lease := range l.leases {
		if lease.MAC == m {
			list = append(list, lease)
		}
	}
	return list
}

func (l lan) MAC(a netip.Addr) (phone.MAC, bool) { m, ok := l.wire[a]; return m, ok }

func (l lan) Present(m phone.MAC) bool {
	for _, w := range l.wire {
		if w == m {
			return true
		}
	}
	return false
}

// gate is the store as a box sees it that loses its power before a commit.
type gate struct {
	*store.Store
	dead bool
	hit  bool // a change of a device died
}

var errDied = errors.New("the power is gone")

func (g *gate) Change(ctx context.Context, edit provision.EditFunc, macs ...phone.MAC) ([]auth.Record, error) {
	if g.dead {
		g.hit = true
		return nil, errDied
	}
	return g.Store.Change(ctx, edit, macs...)
}

func (g *gate) ChangePolicy(ctx context.Context, edit func(auth.Policy) (auth.Policy, []audit.Record, error)) (auth.Policy, error) {
	if g.dead {
		return auth.Policy{}, errDied
	}
	return g.Store.ChangePolicy(ctx, edit)
}

// copyFile is what a crash leaves on the disk at this moment.
func (s *site) copyFile() string {
	s.files++
	name := filepath.Join(filepath.Dir(s.path), fmt.Sprintf("db-%d", s.files))
	b, err := os.ReadFile(s.path)
	if err == nil { // most of a database file is room to grow
		err = os.WriteFile(name, bytes.TrimRight(b, "\x00"), 0o600)
	}
	if err == nil {
		err = os.Truncate(name, int64(len(b)))
	}
	if err != nil {
		s.rt.Fatal(err)
	}
	return name
}
