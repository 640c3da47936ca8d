package central_test

import (
	"encoding/json"
	"fmt"
	"log/slog"
	"net/netip"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/lineside/lineside/phone"
	"github.com/lineside/lineside/sync/central"
	"github.com/lineside/lineside/sync/wire"
)

// noon is when these tests begin.
var noon = time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)

// clockLab is a platform whose clock the test moves.
type clockLab struct {
	*lab
	now time.Time
	// clock is used instead of now where it is set.
	clock func() time.Time
	seq   map[string]uint64
	// phones are the devices of each site.
	phones map[string]string
}

func newClockLab(t testing.TB) *clockLab {
	t.Helper()
	keys, err := central.NewKeys()
	if err != nil {
		t.Fatal(err)
	}
	l := &clockLab{lab: &lab{t: t, keys: keys, path: filepath.Join(t.TempDir(), "central.db")}, now: noon, seq: map[string]uint64{}, phones: map[string]string{}}
	l.begin()
	t.Cleanup(func() { _ = l.p.Close() })
	return l
}

func (l *clockLab) begin() {
	l.t.Helper()
	clock := l.clock
	if clock == nil {
		clock = func() time.Time { return l.now }
	}
	p, err := central.Open(l.t.Context(), central.Config{Path: l.path, Keys: l.keys, Now: clock}, slog.New(slog.DiscardHandler))
	if err != nil {
		l.t.Fatal(err)
	}
	l.p = p
}

// again ends the platform and begins it anew on its database.
func (l *clockLab) again() {
	l.t.Helper()
	if err := l.p.Close(); err != nil {
		l.t.Fatal(err)
	}
	l.begin()
}

// site is a site whose box has joined, with one device.
func (l *clockLab) site(name string) string {
	l.t.Helper()
	id, err := l.joinWith(l.token(name).Secret, "")
	if err != nil {
		l.t.Fatal(err)
	}
	l.phones[id] = fmt.Sprintf("0015651%05x", len(l.phones))
	if err := l.p.PutDevice(l.phones[id], id, wire.Device{Vendor: "yealink"}, nil); err != nil {
		l.t.Fatal(err)
	}
	return id
}

// push sends a push as it is.
func (l *clockLab) push(site, from string, p wire.Push) wire.Whitelisting {
	l.t.Helper()
	var a netip.Addr
	if from != "" {
		a = addr(from)
	}
	b, err := json.Marshal(wire.Request{V: 1, ID: "x", Push: &p})
	if err != nil {
		l.t.Fatal(err)
	}
	out, err := l.p.AnswerFrom(site, a, "push", b)
	if err != nil {
		l.t.Fatal(err)
	}
	r, err := wire.Open(l.keys.Signer.Verifier(), site, "x", out)
	if err != nil {
		l.t.Fatal(err)
	}
	if r.Push == nil {
		return wire.Whitelisting{Why: r.Refused.Text}
	}
	return r.Push.Whitelisting
}

// tell sends one event of the site's device, of a box with a good clock.
func (l *clockLab) tell(site, from, kind string, ago time.Duration) wire.Whitelisting {
	l.t.Helper()
	return l.tellOf(l.phones[site], site, from, kind, ago)
}

func (l *clockLab) tellOf(mac, site, from, kind string, ago time.Duration) wire.Whitelisting {
	l.t.Helper()
	l.seq[site]++
	now := l.now
	if l.clock != nil {
		now = l.clock()
	}
	return l.push(site, from, wire.Push{Incarnation: "i", Clock: now, Events: []wire.Event{{Seq: l.seq[site], At: now.Add(-ago), Kind: kind, MAC: mac}}})
}

func (l *clockLab) allowed(a string) bool { return l.p.Allowed(addr(a)).Allowed }

// TestVouched is the life of one address: opened by a PIN, renewed by a
// provisioning, over after 8 h, and for that address only.
func TestVouched(t *testing.T) {
	l := newClockLab(t)
	a, b := l.site("Berlin"), l.site("Munich")
	if w := l.tell(a, "203.0.113.7", wire.KindVisitor, 0); !w.Until.IsZero() || w.Address != "203.0.113.7" || w.Why != "" {
		t.Errorf("before anything: got %+v, want the address, not whitelisted", w)
	}
	if w := l.tell(a, "203.0.113.7", wire.KindPIN, 0); !w.Until.Equal(noon.Add(8 * time.Hour)) {
		t.Errorf("after the PIN: got %+v, want until 20:00", w)
	}
	l.tell(b, "198.51.100.9", wire.KindVisitor, 0)
	want := central.Verdict{Address: addr("203.0.113.7"), Allowed: true, Prefix: netip.MustParsePrefix("203.0.113.7/32"), Site: a, Until: noon.Add(8 * time.Hour), Why: "pin"}
	if got := l.p.Allowed(addr("203.0.113.7")); got != want {
		t.Errorf("got %+v, want %+v", got, want)
	}
	if got := l.p.Allowed(addr("::ffff:203.0.113.7")); got != want {
		t.Errorf("as IPv4 in IPv6: got %+v, want %+v", got, want)
	}
	for _, other := range []string{"203.0.113.8", "198.51.100.9", "::1"} {
		if l.allowed(other) {
			t.Errorf("%s is whitelisted, want the site's address only", other)
		}
	}
	l.now = noon.Add(5 * time.Minute)
	if w := l.tell(a, "203.0.113.7", wire.KindProvisioned, 0); !w.Until.Equal(noon.Add(8 * time.Hour)) {
		t.Errorf("5 min later: got until %v, want no write for so little", w.Until)
	}
	l.now = noon.Add(6 * time.Hour)
	if w := l.tell(a, "203.0.113.7", wire.KindProvisioned, time.Hour); !w.Until.Equal(noon.Add(13 * time.Hour)) {
		t.Errorf("renewed by what happened at 17:00: got until %v, want 01:00", w.Until)
	}
	l.now = noon.Add(13*time.Hour - time.Nanosecond)
	l.again()
	if !l.allowed("203.0.113.7") {
		t.Error("not whitelisted in its last moment, after a restart, want it to be")
	}
	l.now = noon.Add(13 * time.Hour)
	if l.allowed("203.0.113.7") {
		t.Error("whitelisted after its end, want not")
	}
}

// TestEventTimes: which news count, by what is known of when they happened.
func TestEventTimes(t *testing.T) {
	h := func(n float64) time.Time { return noon.Add(time.Duration(n * float64(time.Hour))) }
	year := 365 * 24.0
	for _, c := range []struct {
		name          string
		at            float64 // hours from now
		unsure        bool
		clock         float64
		unset, silent bool
		want          float64 // hours until it ends, 0 for not whitelisted
	}{
		{name: "now", want: 8},
		{name: "three hours ago", at: -3, want: 5},
		{name: "8 h ago", at: -8, want: 0},
		{name: "a minute ahead", at: 1 / 60.0, want: 8},
		{name: "replayed after days", at: -72, want: 0},
		{name: "from the future", at: 24, want: 0},
		{name: "a box that tells no clock", silent: true, at: -1, want: 7},
		{name: "a clock a year behind, an hour ago", clock: -year, at: -year - 1, want: 7},
		{name: "a clock a year ahead, now", clock: year, at: year, want: 8},
		{name: "a clock a year ahead, days ago", clock: year, at: year - 72, want: 0},
		{name: "a clock a year ahead that was put right since", at: year, want: 0},
		{name: "not set, an hour ago", unsure: true, unset: true, clock: -year, at: -year - 1, want: 7},
		{name: "not set, days ago", unsure: true, unset: true, clock: -year, at: -year - 72, want: 0},
		{name: "not set then, set now", unsure: true, at: -1, want: 0},
		{name: "not set, tells no clock", unsure: true, unset: true, silent: true, at: -1, want: 0},
		{name: "set then, days ago, without power since", unset: true, clock: -72, at: -72.1, want: 0},
		{name: "set then, an hour ago, without power since", unset: true, clock: -0.9, at: -1, want: 7},
	} {
		t.Run(c.name, func(t *testing.T) {
			l := newClockLab(t)
			site := l.site("Berlin")
			p := wire.Push{Incarnation: "i", Clock: h(c.clock), Unset: c.unset,
				Events: []wire.Event{{Seq: 1, At: h(c.at), Unsure: c.unsure, Kind: wire.KindProvisioned, MAC: l.phones[site]}}}
			if c.silent {
				p.Clock = time.Time{}
			}
			w := l.push(site, "203.0.113.7", p)
			want := time.Time{}
			if c.want != 0 {
				want = h(c.want)
			}
			if d := w.Until.Sub(want).Abs(); d > time.Second {
				t.Errorf("got until %v, want %v", w.Until, want)
			}
		})
	}
}

// TestVouchedByItsOwn: a site's word counts of the devices that live there. One
// that invents phones, or names another site's, whitelists nothing.
func TestVouchedByItsOwn(t *testing.T) {
	l := newClockLab(t)
	a, b := l.site("Berlin"), l.site("Munich")
	moved := phone.MAC{0, 0x15, 0x65, 2, 2, 2}
	for _, c := range []struct{ name, mac string }{
		{"no device", ""}, {"no MAC", "all of them"}, {"a device nobody set up", "001565999999"},
		{"another site's", l.phones[b]}, {"one that moved away", moved.Hex()},
	} {
		t.Run(c.name, func(t *testing.T) {
			if c.mac == moved.Hex() {
				for _, home := range []string{a, b} {
					if err := l.p.PutDevice(c.mac, home, wire.Device{Vendor: "yealink"}, nil); err != nil {
						t.Fatal(err)
					}
				}
			}
			for _, kind := range []string{wire.KindPIN, wire.KindProvisioned} {
				if w := l.tellOf(c.mac, a, "203.0.113.7", kind, 0); !w.Until.IsZero() || l.allowed("203.0.113.7") {
					t.Errorf("%s: got %+v, want nothing whitelisted", kind, w)
				}
			}
		})
	}
	// Among such events its own device's still counts.
	now := l.now
	w := l.push(a, "203.0.113.7", wire.Push{Incarnation: "j", Clock: now, Events: []wire.Event{
		{Seq: 1, At: now.Add(-2 * time.Hour), Kind: wire.KindPIN, MAC: l.phones[a]}, {Seq: 2, At: now, Kind: wire.KindPIN, MAC: l.phones[b]},
	}})
	if !w.Until.Equal(now.Add(6 * time.Hour)) {
		t.Errorf("got until %v, want 8 h from what its own device did", w.Until)
	}
}

// TestNotByItself: addresses that are many networks' are never whitelisted by a
// site's word, and its operator is told why; IPv6 is whitelisted by the /64.
func TestNotByItself(t *testing.T) {
	l := newClockLab(t)
	for _, c := range []struct{ from, why string }{
		{"127.0.0.1", "loopback"}, {"::1", "loopback"},
		{"10.1.2.3", "private"}, {"172.31.0.1", "private"}, {"192.168.1.1", "private"}, {"fd00::1", "private"},
		{"100.64.0.1", "CGNAT"}, {"100.127.255.255", "CGNAT"},
		{"169.254.1.1", "link-local"}, {"fe80::1%eth0", "link-local"},
		{"224.0.0.1", "multicast"}, {"ff02::1", "multicast"},
		{"0.0.0.0", "no address"}, {"255.255.255.255", "no address"}, {"::", "no address"},
		{"64:ff9b::203.0.113.7", "no address"}, {"2001::1", "protocols"}, {"2002:cb00:7107::1", "tunnel"},
		{"::ffff:192.168.1.1", "private"},
		{"", "cannot see"},
	} {
		site := l.site("Berlin")
		w := l.tell(site, c.from, wire.KindPIN, 0)
		if !w.Until.IsZero() || !strings.Contains(w.Why, c.why) {
			t.Errorf("%s: got %+v, want it not whitelisted, and the word %q", c.from, w, c.why)
		}
		if c.from != "" && l.allowed(c.from) {
			t.Errorf("%s is whitelisted, want not", c.from)
		}
	}
	for _, from := range []string{"100.63.255.255", "100.128.0.1", "172.32.0.1", "11.0.0.1", "2a00::1", "2003:1::1", "3fff:ffff::1"} {
		if w := l.tell(l.site("Munich"), from, wire.KindPIN, 0); w.Until.IsZero() || !l.allowed(from) {
			t.Errorf("%s: got %+v, want it whitelisted", from, w)
		}
	}
	l.tell(l.site("Cologne"), "2a02:8109:1:2::7", wire.KindPIN, 0)
	if !l.allowed("2a02:8109:1:2:1234:5678:9abc:def0") || l.allowed("2a02:8109:1:3::7") {
		t.Error("want the /64 of the box's address whitelisted and no other")
	}
}

// TestRevokedAtOnce: what a site vouched for, and what was entered for it, ends
// with it; what was entered for all goes on.
func TestRevokedAtOnce(t *testing.T) {
	l := newClockLab(t)
	a, b := l.site("Berlin"), l.site("Munich")
	l.tell(a, "203.0.113.7", wire.KindPIN, 0)
	l.tell(a, "203.0.113.8", wire.KindPIN, 0)
	l.tell(b, "203.0.113.8", wire.KindPIN, 0)
	l.enter(a, "203.0.113.9", time.Time{})
	l.enter("", "203.0.113.10", time.Time{})
	if err := l.p.Revoke(a); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		for address, want := range map[string]bool{"203.0.113.7": false, "203.0.113.8": true, "203.0.113.9": false, "203.0.113.10": true} {
			if got := l.allowed(address); got != want {
				t.Errorf("%s: got %v, want %v", address, got, want)
			}
		}
		l.again()
	}
	if w := l.tell(a, "203.0.113.7", wire.KindPIN, 0); !strings.Contains(w.Why, "join it again") || l.allowed("203.0.113.7") {
		t.Errorf("a revoked site's news: got %+v, want a refusal", w)
	}
}

func (l *clockLab) enter(site, prefix string, until time.Time) {
	l.t.Helper()
	p, err := central.ParsePrefix(prefix)
	if err != nil {
		l.t.Fatal(err)
	}
	if _, err := l.p.As("ops").Enter(site, central.AllowEntry{Prefix: p, Until: until, For: central.Everywhere}); err != nil {
		l.t.Fatal(err)
	}
}

// TestManyAddresses: a site that comes from everywhere whitelists its newest
// few, whatever it says.
func TestManyAddresses(t *testing.T) {
	l := newClockLab(t)
	a := l.site("Berlin")
	for i := range 40 {
		l.now = noon.Add(time.Duration(i) * time.Minute)
		l.tell(a, fmt.Sprintf("203.0.113.%d", i), wire.KindPIN, 0)
	}
	for i := range 40 {
		if got, want := l.allowed(fmt.Sprintf("203.0.113.%d", i)), i >= 32; got != want {
			t.Errorf("address %d: got %v, want %v", i, got, want)
		}
	}
}
