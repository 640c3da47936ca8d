package provision_test

import (
	"context"
	"crypto/x509/pkix"
	"fmt"
	"log/slog"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/lineside/lineside/audit"
	"github.com/lineside/lineside/auth"
	"github.com/lineside/lineside/health"
	"github.com/lineside/lineside/metrics"
	"github.com/lineside/lineside/phone"
	"github.com/lineside/lineside/provision"
	"github.com/lineside/lineside/vendors"
)

// memory is a store without a disk.
type memory struct {
	mu      sync.Mutex
	rev     uint64
	devices map[phone.MAC]auth.Record
	policy  auth.Policy
	events  []audit.Record
	seen    map[phone.MAC]phone.Seen
	leases  map[netip.Addr]phone.Lease
	fail    error // what the next change meets
	wire    map[netip.Addr]phone.MAC
	userMu  sync.Mutex // of users, which are read while devices change
	users   map[string]phone.User
	marks   atomic.Int64 // writes that changed nothing
}

func (m *memory) Device(mac phone.MAC) (auth.Record, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	rec, ok := m.devices[mac]
	if !ok {
		return rec, fmt.Errorf("%s: %w", mac, phone.ErrUnknownDevice)
	}
	return rec, nil
}

func (m *memory) All() ([]auth.Record, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	var list []auth.Record
	for _, r := range m.devices {
		list = append(list, r)
	}
	return list, nil
}

func (m *memory) Records() []*auth.Record {
	all, _ := m.All()
	list := make([]*auth.Record, len(all))
	for i := range all {
		list[i] = &all[i]
	}
	return list
}

func (m *memory) Change(_ context.Context, edit provision.EditFunc, macs ...phone.MAC) ([]auth.Record, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.fail != nil {
		return nil, m.fail
	}
	next := make(map[phone.MAC]*auth.Record)
	var events []audit.Record
	for _, mac := range macs {
		old, ok := m.devices[mac]
		if !ok {
			old.Device.MAC = mac
		}
		rec, ev, err := edit(old)
		if err != nil {
			return nil, err
		}
		next[mac] = rec
		events = append(events, ev...)
	}
	var list []auth.Record
	for _, mac := range macs {
		if next[mac] == nil {
			delete(m.devices, mac)
			continue
		}
		m.rev++
		rec := *next[mac]
		rec.Rev = m.rev
		m.devices[mac] = rec
		list = append(list, rec)
	}
	m.events = append(m.events, events...)
	return list, nil
}

func (m *memory) Policy() auth.Policy {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.policy
}

func (m *memory) ChangePolicy(_ context.Context, edit func(auth.Policy) (auth.Policy, []audit.Record, error)) (auth.Policy, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	p, events, err := edit(m.policy)
	if err != nil {
		return m.policy, err
	}
	m.policy = p
	m.events = append(m.events, events...)
	return p, nil
}

func (m *memory) Seen() ([]phone.Seen, error) { return nil, nil }

func (m *memory) SaveSeen(_ context.Context, list []phone.Seen) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, s := range list {
		m.seen[s.MAC] = s
	}
	return nil
}

func (m *memory) Record(_ context.Context, events ...audit.Record) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.events = append(m.events, events...)
	return nil
}

func (m *memory) Mark(context.Context) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.marks.Add(1)
	return m.fail
}

func (m *memory) LeaseOf(a netip.Addr) (phone.Lease, bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	l, ok := m.leases[a]
	return l, ok
}

func (m *memory) MAC(a netip.Addr) (phone.MAC, bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	mac, ok := m.wire[a]
	return mac, ok
}

func (m *memory) Present(mac phone.MAC) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, w := range m.wire {
		if w == mac {
			return true
		}
	}
	return false
}

func (m *memory) LeasesTo(mac phone.MAC) []phone.Lease {
	m.mu.Lock()
	defer m.mu.Unlock()
	var list []phone.Lease
	for _, l := range m.leases {
		if l.MAC == mac {
			list = append(list, l)
		}
	}
	return list
}

func (m *memory) kinds() []string {
	m.mu.Lock()
	defer m.mu.Unlock()
	var list []string
	for _, e := range m.events {
		list = append(list, e.Event.Kind())
	}
	return list
}

// lab is a desk on a memory store with a plain vendor and a clock of its own.
type lab struct {
	*provision.Desk
	store   *memory
	board   *health.Board
	renders atomic.Int64
	clock   atomic.Pointer[time.Time]
	metrics *metrics.Set // of a town only
}

var (
	mac      = phone.MAC{0x00, 0x15, 0x65, 0x4a, 0xa9, 0x37}
	stranger = phone.MAC{0x00, 0x15, 0x65, 0xff, 0xff, 0x01}
	operator = audit.Actor{Front: "cli", Name: "root"}
	otp      = phone.NewSecret("fake-brand-otp")
)

func newLab(t testing.TB, f auth.Factor, change ...func(*provision.Config, vendors.Table)) *lab {
	t.Helper()
	l := &lab{
		board: new(health.Board),
		store: &memory{
			devices: make(map[phone.MAC]auth.Record),
			seen:    make(map[phone.MAC]phone.Seen),
			leases:  make(map[netip.Addr]phone.Lease),
			wire:    make(map[netip.Addr]phone.MAC),
			policy:  auth.Policy{FirstContact: f, Key: phone.NewSecret("fake-site-key")},
		},
	}
	l.set(time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC))
	cfg := provision.Config{
		Site: phone.Site{Name: "Lab", Zone: "Europe/Berlin", Emergency: []string{"112"}},
		Addr: netip.MustParseAddr("10.20.0.1"),
	}
	table := l.table()
	for _, f := range change {
		f(&cfg, table)
	}
	var err error
	l.Desk, err = provision.New(cfg, table, provision.Stores{
		Devices: l.store, Policies: l.store, Sightings: l.store, Recorder: l.store, Leases: l.store, Neighbours: l.store,
	}, provision.Tools{
		Log: slog.New(slog.DiscardHandler), Health: l.board, Metrics: metrics.New(),
		Now: func() time.Time { return *l.clock.Load() },
	})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := l.SetBrand(t.Context(), operator, "plain", "installer", otp); err != nil {
		t.Fatal(err)
	}
	return l
}

func (l *lab) set(now time.Time)    { l.clock.Store(&now) }
func (l *lab) wait(d time.Duration) { l.set(l.clock.Load().Add(d)) }

// lease has the box lease an address to a MAC that also answers for it.
func (l *lab) lease(a string, m phone.MAC) {
	addr := netip.MustParseAddr(a)
	l.store.wire[addr] = m
	l.store.leases[addr] = phone.Lease{Addr: addr, MAC: m, State: phone.Bound, Expires: l.clock.Load().Add(48 * time.Hour)}
}

// table has one vendor whose configs say in words what they were rendered
// from: "plain" phones ask for common.txt and <mac>.txt.
func (l *lab) table() vendors.Table {
	return vendors.NewTable(vendors.Maker{
		Vendor:      "plain",
		Name:        "Plain",
		ContentType: "text/plain",
		Resync:      vendors.Resync{Event: "check-sync;reboot=false"},
		OUIs:        [][3]byte{{0x00, 0x15, 0x65}},
		Agent: func(agent string) (vendors.Ident, bool) {
			rest, ok := strings.CutPrefix(agent, "Plain ")
			m, _ := phone.ParseMAC(rest)
			return vendors.Ident{Vendor: "plain", Model: "P1", MAC: m}, ok
		},
		Class: func(c []byte) (vendors.Ident, bool) { return vendors.Ident{Vendor: "plain"}, string(c) == "plain" },
		File: func(name string) (vendors.File, bool) {
			if name == "common.txt" {
				return vendors.File{Name: name, Kind: vendors.Common, Vendor: "plain"}, true
			}
			hex, ok := strings.CutSuffix(name, ".txt")
			m, err := phone.ParseMAC(hex)
			return vendors.File{Name: name, Kind: vendors.Config, Vendor: "plain", MAC: m}, ok && err == nil
		},
		Options: func(b vendors.Box) []vendors.Option {
			return []vendors.Option{{Code: 66, Value: []byte(b.URL), Always: true}}
		},
		Render: func(in vendors.Input) ([]byte, error) {
			l.renders.Add(1)
			return fmt.Appendf(nil, "stage=%d login=%s:%s text=%q label=%q lines=%d url=%s registrar=%s", in.Stage,
				in.Login.User, in.Login.Password.Reveal(), in.Hold.Text, in.Device.Label, len(in.Device.Lines), in.Box.URL, in.Box.Addr), nil
		},
		Sequence: func(m phone.MAC, _ string) []string { return []string{"common.txt", m.Hex() + ".txt"} },
		CertMAC: func(n pkix.Name) (phone.MAC, bool) {
			m, err := phone.ParseMAC(n.CommonName)
			return m, err == nil
		},
		FirstTry: vendors.Login{User: "Plain", Password: phone.NewSecret("Plain")},
	})
}

func (l *lab) add(t testing.TB, m phone.MAC) auth.Record {
	t.Helper()
	rec, err := l.Add(t.Context(), operator, phone.Device{MAC: m, Vendor: "plain", Label: "Desk", Lines: []phone.Line{{
		Registrar: "sip.example.net", User: "1001", Password: phone.NewSecret("fake-sip-password"),
	}}})
	if err != nil {
		t.Fatal(err)
	}
	return rec
}

// get asks for a MAC's config from an address, showing a login if one is given
// as "user", "password".
func (l *lab) get(t testing.TB, m phone.MAC, from string, shown ...string) provision.Answer {
	t.Helper()
	ask := provision.Ask{Front: provision.HTTP, Remote: netip.AddrPortFrom(netip.MustParseAddr(from), 40000), File: m.Hex() + ".txt"}
	if len(shown) == 2 {
		ask.Attempt = &provision.Attempt{User: shown[0], Proves: phone.NewSecret(shown[1]).Equal}
	}
	a, err := l.Fetch(t.Context(), ask)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

// login reads the login out of a plain config.
func loginIn(t testing.TB, a provision.Answer) (user, password string) {
	t.Helper()
	for _, word := range strings.Fields(string(a.Body)) {
		if pair, ok := strings.CutPrefix(word, "login="); ok {
			user, password, _ = strings.Cut(pair, ":")
			return user, password
		}
	}
	t.Fatalf("no login in %q", a.Body)
	return "", ""
}

func wantStage(t testing.TB, what string, a provision.Answer, stage vendors.Stage) {
	t.Helper()
	if a.Status != provision.Content || !strings.HasPrefix(string(a.Body), fmt.Sprintf("stage=%d ", stage)) {
		t.Fatalf("%s: got status %d %q, want stage %d", what, a.Status, a.Body, stage)
	}
}

func wantChallenge(t testing.TB, what string, a provision.Answer) {
	t.Helper()
	if a.Status != provision.Challenge || len(a.Body) != 0 {
		t.Fatalf("%s: got status %d %q, want a challenge", what, a.Status, a.Body)
	}
}

func wantKinds(t testing.TB, s *memory, want ...string) {
	t.Helper()
	got := s.kinds()
	if !slices.Equal(got[max(0, len(got)-len(want)):], want) {
		t.Errorf("audit: got %v, want it to end in %v", got, want)
	}
}
