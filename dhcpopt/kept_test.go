package dhcpopt

import (
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/insomniacslk/dhcp/dhcpv4"

	"github.com/lineside/lineside/phone"
	"github.com/lineside/lineside/provision"
)

// onRecord gives devices these addresses on their records, from now on.
func (l *lan) onRecord(of map[phone.MAC]netip.Addr) { l.desk.kept = &provision.Reserved{Of: of} }

func TestAnAddressOnRecordIsKeptWhileItsPhoneIsAway(t *testing.T) {
	l := newLAN(t, testConfig("10.20.0.50-10.20.0.59"))
	l.onRecord(map[phone.MAC]netip.Addr{yealink1: ip("10.20.0.50"), yealink2: ip("10.20.0.7")})
	if got := l.lease(laptop1, wants(ip("10.20.0.50"))); got == ip("10.20.0.50") {
		t.Error("a stranger was given the address of a phone that is away")
	}
	for mac, want := range l.desk.kept.Of {
		if got := l.lease(mac); got != want {
			t.Errorf("%s: got %s, want the one on its record, %s", mac, got, want)
		}
	}
	l.onRecord(nil)
	if got := l.lease(laptop2, wants(ip("10.20.0.7"))); got == ip("10.20.0.7") {
		t.Error("an address outside the pool was given to a stranger once nobody's record had it")
	}
}

// TestAnAddressOnRecordIsTakenAtRenewal: the phone is led there by a NAK, at once
// where the address is free, and after who has it has gone elsewhere where not.
func TestAnAddressOnRecordIsTakenAtRenewal(t *testing.T) {
	l := newLAN(t, testConfig("10.20.0.50-10.20.0.59"))
	mine, theirs := l.lease(yealink1), l.lease(laptop1)
	l.onRecord(map[phone.MAC]netip.Addr{yealink1: theirs})
	l.one(message(yealink1, request, uses(mine)), ack) // it is in use still
	l.one(message(laptop1, request, uses(theirs)), nak)
	if got := l.lease(laptop1); got == theirs || got == mine {
		t.Errorf("who had it is given %s, want another", got)
	}
	l.one(message(yealink1, request, uses(mine)), nak)
	if got := l.lease(yealink1); got != theirs {
		t.Errorf("got %s, want the address on record, %s", got, theirs)
	}
	l.one(message(yealink1, request, uses(theirs)), ack)
	if got := l.store.of(mine).State; got != phone.Released {
		t.Errorf("the lease it had is %q in the store, want released", got)
	}
}

// TestAnAddressOnRecordOutlivesARestart: the lease of one outside the pool, too.
func TestAnAddressOnRecordOutlivesARestart(t *testing.T) {
	cfg := testConfig("10.20.0.50-10.20.0.59")
	l := newLAN(t, cfg)
	l.onRecord(map[phone.MAC]netip.Addr{yealink1: ip("10.20.0.7")})
	l.lease(yealink1)
	l.restart(cfg)
	l.one(message(yealink1, request, uses(ip("10.20.0.7"))), ack)
}

// TestALeaseOutsideThePoolIsItsClientsUntilItHasAnother: the record or the pool
// that gave the address is gone, and so is the server that knew; who it is kept
// for now waits all the same.
func TestALeaseOutsideThePoolIsItsClientsUntilItHasAnother(t *testing.T) {
	for _, tc := range []struct{ name, from, to string }{
		{"record taken away", "10.20.0.60-10.20.0.69", "10.20.0.60-10.20.0.69"},
		{"pool moved", "10.20.0.7-10.20.0.9", "10.20.0.60-10.20.0.69"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			l := newLAN(t, testConfig(tc.from))
			a := ip("10.20.0.7")
			l.onRecord(map[phone.MAC]netip.Addr{yealink1: a})
			l.lease(yealink1)
			l.onRecord(nil)
			l.restart(testConfig(tc.to))
			l.onRecord(map[phone.MAC]netip.Addr{yealink2: a})
			first := l.lease(yealink2)
			if first == a {
				t.Fatalf("%s was given %s, which %s has", yealink2, a, yealink1)
			}
			l.one(message(yealink1, request, uses(a)), nak)
			l.one(message(yealink2, request, uses(first)), ack) // a NAK may be lost
			if got := l.lease(yealink1); got == a {
				t.Errorf("who had it is given %s again, which is kept for %s", got, yealink2)
			}
			l.one(message(yealink2, request, uses(first)), nak)
			if got := l.lease(yealink2); got != a {
				t.Errorf("got %s, want the address on record, %s", got, a)
			}
		})
	}
}

// TestALeaseOutsideThePoolEnds: whose client is gone for good is free in the end.
func TestALeaseOutsideThePoolEnds(t *testing.T) {
	cfg := testConfig("10.20.0.60-10.20.0.69")
	l := newLAN(t, cfg)
	a := ip("10.20.0.7")
	l.onRecord(map[phone.MAC]netip.Addr{yealink1: a})
	l.lease(yealink1)
	l.onRecord(map[phone.MAC]netip.Addr{yealink2: a})
	l.restart(cfg)
	l.wait(kept - time.Second)
	if got := l.lease(yealink2); got == a {
		t.Errorf("%s was given %s while the lease of %s ran", yealink2, got, yealink1)
	}
	l.wait(time.Second)
	if got := l.lease(yealink2); got != a {
		t.Errorf("got %s, want the address on record, %s", got, a)
	}
}

func TestAnOfferIsTakenBackForARecord(t *testing.T) {
	l := newLAN(t, testConfig("10.20.0.50-10.20.0.59"))
	offered := address(l.one(message(laptop1, discover), offer).YourIPAddr)
	l.onRecord(map[phone.MAC]netip.Addr{yealink1: offered})
	l.one(message(laptop1, request, server(boxAddr), wants(offered)), nak)
	if got := l.lease(yealink1); got != offered {
		t.Errorf("got %s, want the address on record, %s", got, offered)
	}
}

// TestARecordThatFitsNoMoreCountsForNothing: settings come first, and what is of
// no network here is nobody's.
func TestARecordThatFitsNoMoreCountsForNothing(t *testing.T) {
	cfg := testConfig("10.20.0.50-10.20.0.59")
	cfg.Reservations = map[phone.MAC]netip.Addr{laptop2: ip("10.20.0.51")}
	l := newLAN(t, cfg)
	l.onRecord(map[phone.MAC]netip.Addr{yealink1: ip("10.20.0.51"), yealink2: ip("10.99.0.5"), laptop1: boxAddr})
	for mac, never := range map[phone.MAC]netip.Addr{yealink1: ip("10.20.0.51"), yealink2: ip("10.99.0.5"), laptop1: boxAddr} {
		if got := l.lease(mac); got == never {
			t.Errorf("%s was given %s", mac, got)
		}
	}
	if got := l.lease(laptop2); got != ip("10.20.0.51") {
		t.Errorf("got %s, want what settings keep", got)
	}
}

func TestReservable(t *testing.T) {
	cfg := testConfig("10.20.0.50-10.20.0.59")
	cfg.Reservations = map[phone.MAC]netip.Addr{laptop2: ip("10.20.0.51")}
	cfg.Scopes = []Scope{{Net: netip.MustParsePrefix("10.30.0.0/24"), Router: ip("10.30.0.1")}}
	relay := cfg
	relay.Mode = ModeRelay
	for _, tc := range []struct {
		name string
		cfg  Config
		mac  phone.MAC
		addr string
		want string
	}{
		{"in the pool", cfg, yealink1, "10.20.0.55", ""},
		{"beside it", cfg, yealink1, "10.20.0.7", ""},
		{"in a scope", cfg, yealink1, "10.30.0.9", ""},
		{"its own by settings", cfg, laptop2, "10.20.0.51", ""},
		{"another's by settings", cfg, yealink1, "10.20.0.51", "dhcp.reservations"},
		{"elsewhere", cfg, yealink1, "10.99.0.7", "10.20.0.0/24"},
		{"broadcast", cfg, yealink1, "10.20.0.255", "no host address"},
		{"the box", cfg, yealink1, "10.20.0.1", "the box itself"},
		{"the router", cfg, yealink1, router.String(), "the router"},
		{"a scope's router", cfg, yealink1, "10.30.0.1", "the router"},
		{"no server", relay, yealink1, "10.20.0.55", "gives out no addresses"},
	} {
		err := tc.cfg.Reservable(tc.mac, ip(tc.addr))
		if (err == nil) != (tc.want == "") || err != nil && !strings.Contains(err.Error(), tc.want) {
			t.Errorf("%s: got %v, want %q", tc.name, err, tc.want)
		}
	}
}

// TestHeadroomStaysForKnownPhonesBesideRecords floods a pool, of which records
// keep a part, with new hardware addresses: who is set up is given one all the
// same.
func TestHeadroomStaysForKnownPhonesBesideRecords(t *testing.T) {
	l := newLAN(t, testConfig("10.20.0.50-10.20.0.89"))
	l.onRecord(map[phone.MAC]netip.Addr{yealink1: ip("10.20.0.50")})
	l.desk.known = func(mac phone.MAC) bool { return mac == yealink2 }
	for n := range 200 {
		mac := phone.MAC{2, 0, 0, 0, 1, byte(n)}
		for _, s := range l.ask(message(mac, discover, class("yealink"))) {
			r, err := dhcpv4.FromBytes(s.data)
			if err != nil {
				t.Fatal(err)
			}
			l.ask(message(mac, request, class("yealink"), server(boxAddr), wants(address(r.YourIPAddr))))
		}
		l.wait(10 * time.Second)
	}
	for _, mac := range []phone.MAC{yealink1, yealink2} {
		l.one(message(mac, discover), offer)
	}
}
