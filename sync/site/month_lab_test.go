package site_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/netip"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/lineside/lineside/audit"
	"github.com/lineside/lineside/auth"
	"github.com/lineside/lineside/health"
	"github.com/lineside/lineside/metrics"
	"github.com/lineside/lineside/phone"
	"github.com/lineside/lineside/provision"
	"github.com/lineside/lineside/store"
	"github.com/lineside/lineside/sync/central"
	"github.com/lineside/lineside/sync/seal"
	"github.com/lineside/lineside/sync/site"
	"github.com/lineside/lineside/sync/wire"
	"github.com/lineside/lineside/vendors"
)

// wan is a line to a platform in the same process, that can be cut.
type wan struct {
	p    *central.Platform
	site string

	mu   sync.Mutex
	gone chan struct{} // closed while it is cut
	cut  bool
}

func newWAN(p *central.Platform) *wan { return &wan{p: p, gone: make(chan struct{})} }

func (l *wan) String() string { return "test" }

// sever cuts the line, or mends it.
func (l *wan) sever(cut bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.cut = cut; cut {
		close(l.gone)
		return
	}
	l.gone = make(chan struct{})
}

func (l *wan) Dial(context.Context) (site.Conn, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.cut {
		return nil, errWeather
	}
	c := &wanConn{wan: l, gone: l.gone, hints: make(chan struct{}, 1)}
	c.stop = l.p.Watch(func(string) {
		select {
		case c.hints <- struct{}{}:
		default:
		}
	})
	return c, nil
}

type wanConn struct {
	*wan
	gone  chan struct{}
	hints chan struct{}
	stop  func()
}

func (c *wanConn) Ask(_ context.Context, op string, request []byte) ([]byte, error) {
	select {
	case <-c.gone:
		return nil, errWeather
	default:
		return c.p.AnswerFrom(c.site, netip.MustParseAddr("203.0.113.7"), op, request)
	}
}

func (c *wanConn) Hints() <-chan struct{} { return c.hints }

func (c *wanConn) Close() error {
	c.stop()
	return nil
}

// month is a whole site and its whole platform, on real databases, in a time of
// their own.
type month struct {
	t    *testing.T
	p    *central.Platform
	hq   central.Operator
	line *wan
	db   *store.Store
	desk *provision.Desk
	link *site.Site
	pins map[string]string // by MAC, as the platform has them
}

// shift is from the time of a bubble to one in which clocks are believed.
var shift = time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC).Sub(time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC))

func later() time.Time { return time.Now().Add(shift) }

func newMonth(t *testing.T) *month {
	t.Helper()
	m := &month{t: t, pins: map[string]string{}}
	log := slog.New(slog.DiscardHandler)
	keys, err := central.NewKeys()
	m.must(err)
	m.p, err = central.Open(t.Context(), central.Config{Path: filepath.Join(t.TempDir(), "central.db"), Keys: keys, Now: later}, log)
	m.must(err)
	t.Cleanup(func() { _ = m.p.Close() })
	m.hq, m.line = m.p.As("test"), newWAN(m.p)
	tok, err := m.hq.AddSite("Branch")
	m.must(err)
	key, err := store.NewKey([]byte(strings.Repeat("k", 32)))
	m.must(err)
	board := &health.Board{}
	m.db, err = store.Open(filepath.Join(inMemory(t), "lineside.db"), key,
		store.Config{FirstContact: auth.FactorPIN, Now: later, Synced: func() bool { return true }}, store.Tools{Health: board})
	m.must(err)
	t.Cleanup(func() { _ = m.db.Close() })
	now := func() time.Time { n, _ := m.db.Now(); return n }
	m.desk, err = provision.New(provision.Config{Site: phone.Site{Name: "Branch", Zone: "UTC", Emergency: []string{"112"}}, Addr: netip.MustParseAddr("127.20.0.1")}, vendors.All(),
		provision.Stores{Devices: m.db, Policies: m.db, Sightings: m.db, Recorder: m.db, Leases: m.db, Users: m.db},
		provision.Tools{Log: log, Health: board, Metrics: metrics.New(), Now: now})
	m.must(err)
	m.join(tok, board, now, log)
	return m
}

// inMemory is a folder without a disk below it, where the machine has one: the
// box keeps its time every minute, 43,200 times a month.
func inMemory(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("/dev/shm", "lineside-month-")
	if err != nil {
		return t.TempDir()
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	return dir
}

// join takes the place of the site, and serves the link.
func (m *month) join(tok central.Token, board *health.Board, now func() time.Time, log *slog.Logger) {
	m.t.Helper()
	id, err := newIdentity()
	m.must(err)
	public, err := id.NKey.Public()
	m.must(err)
	r, err := m.p.Join(wire.Join{Secret: tok.Secret, Verifier: id.Signer.Verifier().String(), Key: id.Key.Public().String(), NKey: public, Software: "test"})
	m.must(err)
	m.line.site = r.Site
	platform, err := seal.ParseVerifier(r.Platform)
	m.must(err)
	clerk := site.NewClerk(site.ClerkConfig{Told: func(site.Status) {}, Now: now}, m.desk, m.db, board, log)
	cfg := site.Config{Site: r.Site, Platform: platform, Key: id.Key, Anchor: filepath.Join(m.t.TempDir(), "anchor"), Software: "test",
		Clock: func() (time.Time, bool) { n, behind := m.db.Now(); return n, !behind }}
	m.link, err = site.New(cfg, records{m.db}, clerk, m.line, log)
	m.must(err)
	m.desk.Join(confirms{m.link})
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- m.link.Serve(ctx) }()
	m.t.Cleanup(func() {
		cancel()
		if err := <-ended; err != nil {
			m.t.Error(err)
		}
	})
}

// confirms is the platform as the desk asks it.
type confirms struct{ link *site.Site }

func (c confirms) Confirm(ctx context.Context, mac phone.MAC, mint string) (bool, error) {
	return c.link.May(ctx, wire.DocID(wire.DeviceDoc, mac.Hex()), mint)
}

func (c confirms) Act(context.Context, audit.Actor, phone.MAC, provision.PlatformAct) error {
	return provision.ErrPlatformAway
}

func (c confirms) Tried(ctx context.Context, mac phone.MAC, blocked bool) error {
	limit := uint16(1<<16 - 1)
	if blocked {
		limit = 1
	}
	return c.link.Tried(ctx, wire.DocID(wire.DeviceDoc, mac.Hex()), limit)
}

func (m *month) must(err error) {
	m.t.Helper()
	if err != nil {
		m.t.Fatal(err)
	}
}

func macOf(n byte) phone.MAC { return phone.MAC{0, 0x15, 0x65, 0, 0, n} }

// add sets a phone up at the platform and plugs it in.
func (m *month) add(n byte) {
	m.t.Helper()
	vendor, model := "yealink", "T46G"
	lines := []central.LineEdit{{Line: wire.Line{Registrar: "sip.example.net", User: fmt.Sprint(200 + int(n))}}}
	made, err := m.hq.AddDevice(macOf(n), m.line.site, central.DeviceEdit{Vendor: &vendor, Model: &model, Lines: &lines})
	m.must(err)
	m.pins[macOf(n).Hex()] = made["pin"].Reveal()
}

func addrOf(n byte) netip.Addr { return netip.AddrFrom4([4]byte{127, 20, 0, n}) }

// get fetches a phone's config, with a login where one is given.
func (m *month) get(n byte, login ...string) string {
	m.t.Helper()
	mac := macOf(n)
	m.must(m.db.SaveLeases(m.t.Context(), []phone.Lease{{Addr: addrOf(n), MAC: mac, State: phone.Bound, Expires: later().Add(time.Hour)}}))
	ask := provision.Ask{Front: provision.HTTP, Remote: netip.AddrPortFrom(addrOf(n), 40000), File: mac.Hex() + ".cfg", Agent: "Yealink SIP-T46G 28.83.0.50 " + mac.String()}
	if len(login) == 2 {
		ask.Attempt = &provision.Attempt{User: login[0], Proves: phone.NewSecret(login[1]).Equal}
	}
	a, err := m.desk.Fetch(m.t.Context(), ask)
	m.must(err)
	m.link.Changed()
	if a.Status != provision.Content {
		return "challenge"
	}
	return string(a.Body)
}

// types enters a PIN at a phone.
func (m *month) types(n byte, pin string) bool {
	m.t.Helper()
	r, err := m.desk.EnterPIN(m.t.Context(), audit.Actor{Front: "sip", Remote: addrOf(n)}, macOf(n), phone.NewSecret(pin))
	m.must(err)
	m.link.Changed()
	return r.Accepted
}

var loginOf = regexp.MustCompile(`(?m)^static\.auto_provision\.server\.(?:username|password) *= *(\S+)`)

// enrols brings a phone in by PIN and gives its own login.
func (m *month) enrols(n byte, pin string) []string {
	m.t.Helper()
	if held := m.get(n); !strings.Contains(held, "Authentication needed") {
		m.t.Fatalf("phone %d: got %.200s, want it on hold", n, held)
	}
	if !m.types(n, pin) {
		m.t.Fatalf("phone %d: its PIN is not taken", n)
	}
	full := m.get(n)
	found := loginOf.FindAllStringSubmatch(full, 2)
	if !strings.Contains(full, "sip.example.net") || len(found) != 2 {
		m.t.Fatalf("phone %d: got %.300s, want its full config", n, full)
	}
	login := []string{found[0][1], found[1][1]}
	m.resyncs(n, login)
	return login
}

func (m *month) resyncs(n byte, login []string) {
	m.t.Helper()
	if full := m.get(n, login...); !strings.Contains(full, "sip.example.net") {
		m.t.Errorf("phone %d with its own login: got %.200s, want its full config", n, full)
	}
}

func (m *month) state(n byte) auth.Enrolment {
	m.t.Helper()
	rec, err := m.desk.Device(macOf(n))
	m.must(err)
	return rec.Enrolment
}

// wrongs types wrong PINs.
func (m *month) wrongs(n byte, times int) {
	m.t.Helper()
	pin := []byte(m.pins[macOf(n).Hex()])
	pin[5] = '0' + (pin[5]-'0'+1)%10
	for range times {
		if m.types(n, string(pin)) {
			m.t.Errorf("phone %d: a wrong PIN is taken", n)
		}
	}
}

// newIdentity is the keys of a box that joins.
func newIdentity() (i site.Identity, err error) {
	var errs [3]error
	i.Signer, errs[0] = seal.NewSigner()
	i.Key, errs[1] = seal.NewKey()
	i.NKey, errs[2] = site.NewNKey()
	return i, errors.Join(errs[:]...)
}
