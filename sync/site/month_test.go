package site_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"net/netip"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
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

const (
	day = 24 * time.Hour
	// shut is when the site that a right PIN opened takes phones on trust no more.
	shut = 9 * time.Hour
)

// TestMonthAway: the line is cut for 30 days. Phones enrol by PIN, fetch, are
// locked out; at the platform PINs are reset, phones added and taken away.
// After it both sides say the same, and what the platform said counts.
func TestMonthAway(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const settled, enrols, failed, blocked, reset, ticketed, removed, fresh = 1, 2, 3, 4, 5, 6, 7, 8
		m := newMonth(t)
		for n := byte(settled); n <= removed; n++ {
			m.add(n)
		}
		ticket, err := m.hq.MakeTicket(macOf(ticketed), central.TicketRequest{Life: 14 * day})
		m.must(err)
		time.Sleep(5 * time.Second)
		login := m.enrols(settled, m.pins[macOf(settled).Hex()])
		time.Sleep(shut)
		gone := m.enrols(removed, m.pins[macOf(removed).Hex()])
		time.Sleep(5 * time.Second)
		if v := m.p.Allowed(netip.MustParseAddr("203.0.113.7")); !v.Allowed {
			t.Errorf("before: got %+v, want the address whitelisted", v)
		}

		time.Sleep(shut)
		m.line.sever(true)
		if got := m.get(ticketed, ticket.User, ticket.Password.Reveal()); strings.Contains(got, "sip.example.net") {
			t.Errorf("a one-time password nobody confirms brings %.200s", got)
		}
		var logins [2][]string
		var old []string
		for d := range 30 {
			time.Sleep(day)
			m.resyncs(settled, login)
			m.resyncs(removed, gone)
			switch d {
			case 2:
				logins[0] = m.enrols(enrols, m.pins[macOf(enrols).Hex()])
			case 4:
				old = m.reset(settled, reset)
				logins[1] = m.enrols(reset, old[1])
			case 6:
				m.must(m.hq.RemoveDevice(macOf(removed)))
				m.add(fresh)
			case 10, 11, 12:
				m.wrongs(blocked, auth.WrongPINs)
			}
		}
		m.wrongs(failed, auth.WrongPINs)
		if f, b := m.state(failed), m.state(blocked); f.State != auth.Failed || b.State != auth.Blocked {
			t.Errorf("in the month: got %s and %s, want failed and blocked", f.State, b.State)
		}
		if v := m.p.Allowed(netip.MustParseAddr("203.0.113.7")); v.Allowed {
			t.Errorf("after a month without news: got %+v, want it over", v)
		}

		m.line.sever(false)
		time.Sleep(10 * time.Minute)
		if pending, err := m.link.Pending(t.Context()); err != nil || pending.States+pending.Undone != 0 || m.link.Status().State != site.Linked {
			t.Fatalf("10 min after: got %+v, %v, %s, want all said and done", pending, err, m.link.Status().State)
		}
		m.equal(map[byte]uint16{settled: 0, enrols: 0, failed: auth.WrongPINs, blocked: 3 * auth.WrongPINs, reset: 0, ticketed: 0, fresh: 0})
		if _, err := m.desk.Device(macOf(removed)); !errors.Is(err, phone.ErrUnknownDevice) {
			t.Errorf("the device taken away: got %v, want it gone", err)
		}
		if v := m.p.Allowed(netip.MustParseAddr("203.0.113.7")); v.Allowed {
			t.Errorf("by news of a month: got %+v, want none so old to count", v)
		}
		m.resetWins(settled, old[0], login)
		m.resetWins(reset, old[1], logins[1])
		m.resyncs(enrols, logins[0])
		if got := m.get(ticketed, ticket.User, ticket.Password.Reveal()); strings.Contains(got, "sip.example.net") {
			t.Errorf("a one-time password of 14 days, after 30: got %.200s", got)
		}
		m.enrols(reset, m.pins[macOf(reset).Hex()])
		time.Sleep(5 * time.Second)
		if v := m.p.Allowed(netip.MustParseAddr("203.0.113.7")); !v.Allowed || v.Why != wire.KindPIN {
			t.Errorf("after a PIN: got %+v, want the address whitelisted by it", v)
		}
	})
}

// equal wants both sides to hold the same of each phone, with so many wrong PINs
// known, and the platform to have heard of every PIN that was right, once.
func (m *month) equal(wrongs map[byte]uint16) {
	m.t.Helper()
	m.t.Logf("%-6s %-12s %-18s %-7s %s", "PHONE", "STATE HERE", "WRONG PINS THERE", "BLOCKED", "SAME PIN")
	for _, n := range slices.Sorted(maps.Keys(wrongs)) {
		here := m.state(n)
		there, err := m.p.Device(macOf(n))
		m.must(err)
		same := here.PIN.Reveal() == m.pins[macOf(n).Hex()]
		m.t.Logf("%-6d %-12s %-18d %-7v %v", n, here.State, there.Fails, there.Blocked, same)
		if there.Blocked != (here.State == auth.Blocked) || there.Fails != wrongs[n] || !same {
			m.t.Errorf("phone %d: %s here, there blocked %v with %d wrong PINs, the same PIN %v; want both to agree, with %d", n, here.State, there.Blocked, there.Fails, same, wrongs[n])
		}
	}
	held := map[uint64]int{}
	right := 0
	m.must(m.p.Events(m.line.site, func(e wire.Event) bool {
		if held[e.Seq]++; held[e.Seq] > 1 {
			m.t.Errorf("event %d is there twice", e.Seq)
		}
		if e.Kind == wire.KindPIN {
			right++
		}
		return true
	}))
	if right != 4 {
		m.t.Errorf("got %d right PINs at the platform, want 4", right)
	}
}

// reset resets phones at the platform and gives the PINs they had.
func (m *month) reset(phones ...byte) (old []string) {
	m.t.Helper()
	for _, n := range phones {
		pin, err := m.hq.ResetDevice(macOf(n))
		m.must(err)
		old = append(old, m.pins[macOf(n).Hex()])
		m.pins[macOf(n).Hex()] = pin.Reveal()
	}
	return old
}

// resetWins: what was proved before is void, and the PIN of before is wrong.
func (m *month) resetWins(n byte, old string, login []string) {
	m.t.Helper()
	if m.types(n, old) {
		m.t.Errorf("phone %d, reset meanwhile: its old PIN is taken", n)
	}
	if got := m.get(n, login...); strings.Contains(got, "sip.example.net") {
		m.t.Errorf("phone %d, reset meanwhile, with its login from before: got %.200s", n, got)
	}
	if here := m.state(n); here.State != auth.Needed {
		m.t.Errorf("phone %d, reset meanwhile: got %s, want %s", n, here.State, auth.Needed)
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
