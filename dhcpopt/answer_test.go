package dhcpopt

import (
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/insomniacslk/dhcp/dhcpv4"

	"github.com/lineside/lineside/phone"
)

const (
	discover = dhcpv4.MessageTypeDiscover
	offer    = dhcpv4.MessageTypeOffer
	request  = dhcpv4.MessageTypeRequest
	ack      = dhcpv4.MessageTypeAck
	nak      = dhcpv4.MessageTypeNak
	quiet    = dhcpv4.MessageTypeNone
)

// kept is how long the pool keeps an address given for the default time.
var kept = DefaultLease + spareTime(DefaultLease)

// TestRequest walks the table of RFC 2131 section 4.3.2. In each case the
// phone yealink1 has 10.20.0.50, yealink2 has nothing and 10.20.0.51 is free.
func TestRequest(t *testing.T) {
	other := ip("10.20.0.2")
	held, idle, alien := ip("10.20.0.50"), ip("10.20.0.51"), ip("192.168.1.5")
	for _, tt := range []struct {
		name string
		mac  phone.MAC
		mods []dhcpv4.Modifier
		want dhcpv4.MessageType
	}{
		{"selecting: own address", yealink1, mods(server(boxAddr), wants(held)), ack},
		{"selecting: forgotten offer, address still free", yealink2, mods(server(boxAddr), wants(idle)), ack},
		{"selecting: another's address", yealink2, mods(server(boxAddr), wants(held)), nak},
		{"selecting: address outside the pool", yealink2, mods(server(boxAddr), wants(ip("10.20.0.99"))), nak},
		{"selecting: another server", yealink2, mods(server(other), wants(idle)), quiet},
		{"selecting: no address asked", yealink2, mods(server(boxAddr)), quiet},
		{"reboot: own address", yealink1, mods(wants(held)), ack},
		{"reboot: wrong address, known client", yealink1, mods(wants(idle)), nak},
		{"reboot: address outside the pool, known client", yealink1, mods(wants(ip("10.20.0.99"))), nak},
		{"reboot: unknown client", yealink2, mods(wants(idle)), quiet},
		{"reboot: unknown client, another's address", yealink2, mods(wants(held)), quiet},
		{"reboot: wrong network, known client", yealink1, mods(wants(alien)), nak},
		{"reboot: wrong network, unknown client", yealink2, mods(wants(alien)), nak},
		{"renew: own address", yealink1, mods(uses(held)), ack},
		{"renew: own address, naming us", yealink1, mods(uses(held), server(boxAddr)), ack},
		{"renew: unknown client", yealink2, mods(uses(idle)), quiet},
		{"renew: wrong address", yealink1, mods(uses(idle)), nak},
		{"renew: wrong network", yealink2, mods(uses(alien)), nak},
		{"same hardware address, other client identifier", yealink1, mods(id("\x00other"), uses(held)), quiet},
		{"selecting: same hardware address, other client identifier", yealink1, mods(id("\x00other"), server(boxAddr), wants(held)), nak},
		{"nothing asked at all", yealink1, nil, quiet},
	} {
		t.Run(tt.name, func(t *testing.T) {
			l := newLAN(t, testConfig("10.20.0.50-10.20.0.59"))
			if got := l.lease(yealink1, class("yealink")); got != held {
				t.Fatalf("got first lease %s, want %s", got, held)
			}
			m := message(tt.mac, request, tt.mods...)
			if tt.want == quiet {
				l.none(m)
				return
			}
			r := l.one(m, tt.want)
			if tt.want == ack && address(r.YourIPAddr) != l.store.of(address(r.YourIPAddr)).Addr {
				t.Errorf("%s acknowledged, but the store has no such lease", r.YourIPAddr)
			}
			if tt.want == nak && !r.YourIPAddr.IsUnspecified() {
				t.Errorf("NAK carries the address %s", r.YourIPAddr)
			}
		})
	}
}

func mods(m ...dhcpv4.Modifier) []dhcpv4.Modifier { return m }

func TestOfferIsFreedWhenAnotherServerIsChosen(t *testing.T) {
	l := newLAN(t, testConfig("10.20.0.50"))
	l.one(message(yealink1, discover, class("yealink")), offer)
	l.none(message(yealink1, request, server(ip("10.20.0.2")), wants(ip("10.20.0.77"))))
	if r := l.one(message(laptop1, discover), offer); address(r.YourIPAddr) != ip("10.20.0.50") {
		t.Errorf("got %s, want the address offered before", r.YourIPAddr)
	}
}

func TestAddressPreference(t *testing.T) {
	cfg := testConfig("10.20.0.50-10.20.0.59")
	cfg.Reservations = map[phone.MAC]netip.Addr{yealink2: ip("10.20.0.7"), laptop2: ip("10.20.0.50")}
	l := newLAN(t, cfg)
	if got := l.lease(yealink1); got != ip("10.20.0.51") {
		t.Errorf("first lease: got %s, want 10.20.0.51, as 10.20.0.50 is reserved", got)
	}
	if got := l.lease(laptop1, wants(ip("10.20.0.58"))); got != ip("10.20.0.58") {
		t.Errorf("wish: got %s, want 10.20.0.58", got)
	}
	if got := l.lease(yealink2, wants(ip("10.20.0.59"))); got != ip("10.20.0.7") {
		t.Errorf("reservation outside the pool: got %s, want 10.20.0.7", got)
	}
	r := l.one(message(phone.MAC{2, 0, 0, 0, 0, 9}, discover, wants(ip("10.20.0.50"))), offer)
	if address(r.YourIPAddr) == ip("10.20.0.50") {
		t.Error("a stranger was offered a reserved address it asked for")
	}
	l.none(message(yealink1, dhcpv4.MessageTypeRelease, uses(ip("10.20.0.51")), server(boxAddr)))
	l.wait(9 * time.Hour)
	if got := l.lease(yealink1, wants(ip("10.20.0.59"))); got != ip("10.20.0.51") {
		t.Errorf("after release and a night: got %s, want its previous 10.20.0.51", got)
	}
}

func TestReservationWinsAtRestartAndAtRenewal(t *testing.T) {
	cfg := testConfig("10.20.0.50-10.20.0.59")
	l := newLAN(t, cfg)
	old := l.lease(yealink1)
	cfg.Reservations = map[phone.MAC]netip.Addr{yealink1: ip("10.20.0.7")}
	l.restart(cfg)
	l.one(message(yealink1, request, uses(old)), nak)
	l.one(message(yealink1, request, wants(old)), nak)
	if got := l.lease(yealink1); got != ip("10.20.0.7") {
		t.Errorf("got %s, want the reservation", got)
	}
	if got := l.store.of(old).State; got != phone.Released {
		t.Errorf("old lease is %q in the store, want released", got)
	}
}

func TestLeastRecentlyUsedAddressIsGivenFirst(t *testing.T) {
	l := newLAN(t, testConfig("10.20.0.50-10.20.0.52"))
	a, b := l.lease(yealink1), l.lease(yealink2)
	l.none(message(yealink2, dhcpv4.MessageTypeRelease, uses(b)))
	l.none(message(yealink1, dhcpv4.MessageTypeRelease, uses(a)))
	if got := l.lease(laptop1, class("yealink")); got != ip("10.20.0.52") {
		t.Errorf("got %s, want the address never used", got)
	}
	if got := l.lease(laptop2, class("yealink")); got != b {
		t.Errorf("got %s, want %s, given back first", got, b)
	}
}

func TestExpiredLeaseGoesToAnotherAndItsClientHearsSo(t *testing.T) {
	l := newLAN(t, testConfig("10.20.0.50"))
	l.lease(yealink1)
	l.wait(kept - time.Second)
	l.none(message(yealink2, discover))
	l.wait(time.Second)
	l.lease(yealink2)
	l.none(message(yealink1, request, wants(ip("10.20.0.50"))))
	l.one(message(yealink1, request, wants(ip("10.20.0.50")), server(boxAddr)), nak)
}

func TestRestartKeepsLeases(t *testing.T) {
	cfg := testConfig("10.20.0.50-10.20.0.52")
	for _, tt := range []struct {
		name  string
		clock time.Duration
		free  bool
	}{
		{"an hour later", time.Hour, false},
		{"a day later", 24 * time.Hour, true},
		{"clock lost its battery", -20 * 365 * 24 * time.Hour, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			l := newLAN(t, cfg)
			a := l.lease(yealink1, id("\x01abc"))
			l.wait(tt.clock)
			l.restart(cfg)
			got := l.one(message(laptop1, discover, wants(a)), offer)
			if free := address(got.YourIPAddr) == a; free != tt.free {
				t.Errorf("another client was offered the address: %t, want %t", free, tt.free)
			}
			if !tt.free {
				l.one(message(yealink1, request, id("\x01abc"), uses(a)), ack)
				l.wait(kept)
				if r := l.one(message(laptop2, discover, wants(a)), offer); address(r.YourIPAddr) != a {
					t.Error("the lease never ends")
				}
			}
		})
	}
}

// TestLeaseEndsThoughTheClockWasWrongAtStart restarts a box that lost its time:
// the lease runs its length from then on, not for years.
func TestLeaseEndsThoughTheClockWasWrongAtStart(t *testing.T) {
	cfg := testConfig("10.20.0.50")
	l := newLAN(t, cfg)
	l.lease(yealink1)
	l.wait(-20 * 365 * 24 * time.Hour)
	l.restart(cfg)
	l.wait(kept - time.Second)
	l.none(message(yealink2, discover))
	l.wait(time.Second)
	l.lease(yealink2)
}

func TestDecline(t *testing.T) {
	l := newLAN(t, testConfig("10.20.0.50-10.20.0.51"))
	a := l.lease(yealink1)
	decline := dhcpv4.MessageTypeDecline
	l.none(message(yealink2, decline, server(boxAddr), wants(a)))
	l.none(message(yealink1, decline, wants(a)))
	if got := l.store.of(a).State; got != phone.Bound {
		t.Fatalf("DECLINEs of a stranger and without our identifier made the lease %q", got)
	}
	l.none(message(yealink1, decline, server(boxAddr), wants(a)))
	if got := l.store.of(a); got.State != phone.Declined || got.MAC != yealink1 {
		t.Errorf("store has %q of %s, want declined of %s", got.State, got.MAC, yealink1)
	}
	list := l.health.List()
	if len(list) != 1 || list[0].Code != codeConflict || !strings.Contains(list[0].Detail, a.String()) || !strings.Contains(list[0].Detail, yealink1.String()) {
		t.Errorf("got conditions %v, want one naming %s and %s", list, a, yealink1)
	}
	if got := l.lease(yealink1); got == a {
		t.Errorf("got the declined %s again", a)
	}
	l.restart(testConfig("10.20.0.50-10.20.0.51"))
	l.none(message(yealink2, discover))
	l.wait(declineRest)
	if got := l.lease(yealink2); got != a {
		t.Errorf("got %s, want %s, rested enough", got, a)
	}
}

func TestConflictIsClearedWhenNothingRests(t *testing.T) {
	l := newLAN(t, testConfig("10.20.0.50-10.20.0.59"))
	a := l.lease(yealink1)
	l.none(message(yealink1, dhcpv4.MessageTypeDecline, server(boxAddr), wants(a)))
	l.wait(declineRest)
	l.lease(yealink1)
	if got := l.raised(); len(got) != 0 {
		t.Errorf("got conditions %v, want none", got)
	}
}

// TestDeclinesCannotEmptyThePool lets a stranger decline all it is offered.
func TestDeclinesCannotEmptyThePool(t *testing.T) {
	l := newLAN(t, testConfig("10.20.0.50-10.20.0.69"))
	for n := range 100 {
		mac := phone.MAC{2, 0, 0, 0, 1, byte(n)}
		r := l.one(message(mac, discover), offer)
		l.none(message(mac, dhcpv4.MessageTypeDecline, server(boxAddr), wants(address(r.YourIPAddr))))
	}
	if got := l.s.pool.rests.n; got != 20/restShare {
		t.Errorf("%d addresses rest, want %d", got, 20/restShare)
	}
}

func TestRelease(t *testing.T) {
	l := newLAN(t, testConfig("10.20.0.50-10.20.0.59"))
	a := l.lease(yealink1)
	release := dhcpv4.MessageTypeRelease
	l.none(message(yealink2, release, uses(a), server(boxAddr)))
	l.none(message(yealink1, release, uses(a), server(ip("10.20.0.2"))))
	if got := l.store.of(a).State; got != phone.Bound {
		t.Fatalf("foreign RELEASEs made the lease %q", got)
	}
	l.none(message(yealink1, release, uses(a), server(boxAddr)))
	if got := l.store.of(a).State; got != phone.Released {
		t.Errorf("lease is %q, want released", got)
	}
	if got := l.desk.last(); got != "gave back 10.20.0.50" {
		t.Errorf("timeline says %q", got)
	}
}

func TestInform(t *testing.T) {
	inform := dhcpv4.MessageTypeInform
	own := ip("10.20.0.200")
	for _, tt := range []struct {
		name string
		m    *dhcpv4.DHCPv4
		from netip.AddrPort
		ok   bool
	}{
		{"own address", message(yealink1, inform, class("yealink"), uses(own)), nobody, true},
		{"own address, no packet socket", message(yealink1, inform, class("yealink"), uses(own)), nobody, true},
		{"address in the source only", message(yealink1, inform), netip.AddrPortFrom(own, 68), true},
		{"by a relay", message(yealink1, inform, uses(own), relay(ip("10.20.0.9"))), nobody, true},
		{"no address at all", message(yealink1, inform), nobody, false},
		{"address elsewhere", message(yealink1, inform, uses(ip("198.51.100.7"))), nobody, false},
		{"the box's own address", message(yealink1, inform, uses(boxAddr)), nobody, false},
		{"the broadcast address", message(yealink1, inform, uses(ip("10.20.0.255"))), nobody, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			l := newLAN(t, testConfig("10.20.0.50-10.20.0.59"))
			l.conn.noFrames = tt.name == "own address, no packet socket"
			out := l.deliver(tt.m.ToBytes(), tt.from)
			if !tt.ok {
				if len(out) != 0 {
					t.Fatalf("answered to %s, want silence", out[0].to)
				}
				return
			}
			if len(out) != 1 || out[0].to != netip.AddrPortFrom(own, 68) {
				t.Fatalf("got %v, want one answer to %s:68", out, own)
			}
			// ARP is not asked for an address that a stranger may have made up.
			if framed := !l.conn.noFrames && address(tt.m.GatewayIPAddr).IsUnspecified(); (out[0].mac == yealink1) != framed {
				t.Errorf("by frame to %s, want by frame: %t", out[0].mac, framed)
			}
			r, _ := dhcpv4.FromBytes(out[0].data)
			if !r.YourIPAddr.IsUnspecified() || r.Options[51] != nil || r.Options[58] != nil || r.Options[59] != nil {
				t.Errorf("answer to INFORM carries a lease: %s", r.Summary())
			}
			if l.store.saves != 0 {
				t.Error("INFORM changed the store")
			}
		})
	}
}

func TestLeaseLength(t *testing.T) {
	for _, tt := range []struct{ asked, want time.Duration }{
		{0, DefaultLease}, {time.Hour, time.Hour}, {time.Second, MinLease}, {48 * time.Hour, DefaultLease}, {0xffffffff * time.Second, DefaultLease},
	} {
		t.Run(tt.asked.String(), func(t *testing.T) {
			l := newLAN(t, testConfig("10.20.0.50-10.20.0.59"))
			m := message(yealink1, discover)
			if tt.asked > 0 {
				m.Options[51] = new(draft).seconds(tt.asked)
			}
			r := l.one(m, offer)
			if got := r.IPAddressLeaseTime(0); got != tt.want {
				t.Errorf("lease: got %s, want %s", got, tt.want)
			}
			if t1, t2 := r.IPAddressRenewalTime(0), r.IPAddressRebindingTime(0); t1 != tt.want/2 || t2 != tt.want/8*7 {
				t.Errorf("T1, T2: got %s, %s, want %s, %s", t1, t2, tt.want/2, tt.want/8*7)
			}
		})
	}
}
