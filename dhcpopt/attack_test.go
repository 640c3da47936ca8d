package dhcpopt

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/insomniacslk/dhcp/dhcpv4"

	"github.com/lineside/lineside/phone"
)

// The tests of this file are attacks by one laptop on the phones' LAN: it can
// write any hardware address into a message, hears broadcasts, and sees no
// answer that goes by frame or to another's address.

// TestForgedMessagesDoNotSilenceAPhone sends any kind of message in a phone's
// name, fifty a second for a minute, while the phone starts and starts again.
func TestForgedMessagesDoNotSilenceAPhone(t *testing.T) {
	held := ip("10.20.0.50")
	for _, tt := range []struct {
		name string
		kind dhcpv4.MessageType
		mods []dhcpv4.Modifier
	}{
		{"inform", dhcpv4.MessageTypeInform, mods(uses(ip("10.20.0.99")))},
		{"discover", discover, mods(class("yealink"))},
		{"request at start", request, mods(server(boxAddr), wants(held))},
		{"request of another address", request, mods(server(boxAddr), wants(ip("10.20.0.77")))},
		{"renewal for little time", request, mods(uses(held), opt(51, 0, 0, 0, 120))},
		{"another server chosen", request, mods(server(ip("10.20.0.2")), wants(held))},
		{"release", dhcpv4.MessageTypeRelease, mods(uses(held), server(boxAddr))},
		{"decline", dhcpv4.MessageTypeDecline, mods(server(boxAddr), wants(held))},
	} {
		t.Run(tt.name, func(t *testing.T) {
			l := newLAN(t, testConfig("10.20.0.50-10.20.0.89"))
			l.lease(yealink1, class("yealink"))
			l.wait(10 * time.Minute)
			laptop := netip.MustParseAddrPort("10.20.0.66:68")
			for n := range 3000 {
				l.deliver(message(yealink1, tt.kind, tt.mods...).ToBytes(), laptop)
				l.wait(20 * time.Millisecond)
				if n%300 != 0 {
					continue
				}
				if got := l.lease(yealink1, class("yealink")); got != held {
					t.Fatalf("after %d forged messages the phone got %s, want %s", n, got, held)
				}
				l.one(message(yealink1, request, uses(held)), ack)
			}
			if got := l.store.of(held); got.MAC != yealink1 || got.State != phone.Bound || got.Expires.Before(l.now.Add(DefaultLease-15*time.Minute)) {
				t.Errorf("store has %+v at %s, want the phone's whole lease", got, l.now)
			}
		})
	}
}

// TestLoadedServerIsFair forges more DISCOVERs in one phone's name than the
// server can take. Other phones notice nothing, this one gets through by
// trying again.
func TestLoadedServerIsFair(t *testing.T) {
	l := newLAN(t, testConfig("10.20.0.50-10.20.0.89"))
	l.setUp(yealink1, yealink2)
	flood := message(yealink1, discover).ToBytes()
	answered, tries := 0, 0
	for n := range 4 * loadBurst {
		l.wait(loadEvery / 2)
		answered += len(l.deliver(flood, nobody))
		if n%101 == 0 {
			tries += len(l.ask(message(yealink1, discover, class("yealink"))))
		}
		if n == 3*loadBurst {
			l.lease(yealink2)
		}
	}
	if most := loadBurst + 2*loadBurst + rateBurst + 10; answered > most {
		t.Errorf("answered %d of the flood, want at most %d", answered, most)
	}
	if of := 4 * loadBurst / 101; tries < of/3 {
		t.Errorf("the phone was heard %d times of %d, want a third at least", tries, of)
	}
}

// TestRenewalStormCostsNoCommits renews in a phone's name again and again.
func TestRenewalStormCostsNoCommits(t *testing.T) {
	l := newLAN(t, testConfig("10.20.0.50-10.20.0.89"))
	a := l.lease(yealink1, class("yealink"))
	before := l.store.saves
	for range 1000 {
		l.wait(20 * time.Millisecond)
		r := l.one(message(yealink1, request, uses(a)), ack)
		promised := l.now.Add(r.IPAddressLeaseTime(0))
		if got := r.IPAddressLeaseTime(0); got != DefaultLease || l.store.of(a).Expires.Before(promised) {
			t.Fatalf("acknowledged for %s, until %s; the store says %s", got, promised, l.store.of(a).Expires)
		}
	}
	if got := l.store.saves - before; got != 0 {
		t.Errorf("1000 renewals in 20 s cost %d commits, want none", got)
	}
	l.wait(DefaultLease / 2)
	l.one(message(yealink1, request, uses(a)), ack)
	if got := l.store.saves - before; got != 1 {
		t.Errorf("the renewal half a lease later cost %d commits, want 1", got)
	}
}

// TestNewClaimsAreStoredNowAndThen renews as another model each time, which
// must be stored, but not each time.
func TestNewClaimsAreStoredNowAndThen(t *testing.T) {
	l := newLAN(t, testConfig("10.20.0.50-10.20.0.89"))
	a := l.lease(yealink1)
	before := l.store.saves
	for n := range 100 {
		l.wait(factsEvery / 10)
		l.one(message(yealink1, request, uses(a), opt(12, byte('a'+n%2))), ack)
	}
	if got := l.store.saves - before; got < 5 || got > 10 {
		t.Errorf("100 renewals in 100 s cost %d commits, want about ten", got)
	}
	if got := l.store.of(a).Host; got != "a" && got != "b" {
		t.Errorf("the store says host %q, want one of the new names", got)
	}
}

// TestFloodIsNotWrittenUp keeps a phone's timeline readable.
func TestFloodIsNotWrittenUp(t *testing.T) {
	l := newLAN(t, testConfig("10.20.0.50-10.20.0.89"))
	for range 10 * rateBurst {
		l.one(message(yealink1, discover), offer)
	}
	if got := len(l.desk.seen); got != rateBurst {
		t.Errorf("the timeline has %d lines, want %d", got, rateBurst)
	}
}

// TestStormIsNotAnsweredFromUnwrittenMemory has the disk fail between: what is
// only in memory is never acknowledged.
func TestStormIsNotAnsweredFromUnwrittenMemory(t *testing.T) {
	l := newLAN(t, testConfig("10.20.0.50-10.20.0.89"))
	a := l.lease(yealink1, class("yealink"))
	from := netip.AddrPortFrom(a, clientPort)
	l.s.receive(message(yealink1, dhcpv4.MessageTypeRelease, uses(a)).ToBytes(), from)
	l.s.receive(message(yealink1, request, wants(a)).ToBytes(), nobody)
	if out := l.conn.taken(); len(out) != 0 {
		t.Error("acknowledged a lease whose end waits to be stored")
	}
}

// TestStormLeavesOthersTheirPlaceInTheQueue stalls the disk while one client
// repeats itself.
func TestStormLeavesOthersTheirPlaceInTheQueue(t *testing.T) {
	l := newLAN(t, testConfig("10.20.0.50-10.20.0.89"))
	l.s.queue = newQueue(8)
	first := ip("10.20.0.50")
	l.s.receive(message(yealink2, request, server(boxAddr), wants(first.Next())).ToBytes(), nobody)
	for range 100 {
		l.s.receive(message(yealink1, request, server(boxAddr), wants(first)).ToBytes(), nobody)
	}
	l.s.receive(message(laptop1, request, server(boxAddr), wants(first.Next().Next())).ToBytes(), nobody)
	var got []phone.MAC
	for _, s := range l.deliver(nil, nobody) {
		got = append(got, s.mac)
	}
	if !slices.Equal(got, []phone.MAC{yealink2, yealink1, yealink1, yealink1, laptop1}) {
		t.Errorf("answered %v, want all three clients and every REQUEST that waited", got)
	}
}

// TestReleaseOnlyFromItsAddress gives a phone's address back in its name.
func TestReleaseOnlyFromItsAddress(t *testing.T) {
	release := dhcpv4.MessageTypeRelease
	for _, tt := range []struct {
		name string
		from string
		mods []dhcpv4.Modifier
		want phone.LeaseState
	}{
		{"its own address", "10.20.0.50:68", nil, phone.Released},
		{"any port of it", "10.20.0.50:40000", nil, phone.Released},
		{"another machine", "10.20.0.66:68", nil, phone.Bound},
		{"no address", "0.0.0.0:68", nil, phone.Bound},
		{"a made-up relay", "10.20.0.66:67", mods(relay(ip("10.20.0.66"))), phone.Bound},
	} {
		t.Run(tt.name, func(t *testing.T) {
			l := newLAN(t, testConfig("10.20.0.50-10.20.0.89"))
			a := l.lease(yealink1)
			l.deliver(message(yealink1, release, append(tt.mods, uses(a))...).ToBytes(), netip.MustParseAddrPort(tt.from))
			if got := l.store.of(a).State; got != tt.want {
				t.Errorf("lease is %q, want %q", got, tt.want)
			}
		})
	}
}

// TestDeclineOnlyAtStart declines a phone's address in its name.
func TestDeclineOnlyAtStart(t *testing.T) {
	decline := dhcpv4.MessageTypeDecline
	for _, tt := range []struct {
		name string
		from string
		wait time.Duration
		want phone.LeaseState
	}{
		{"while probing", "0.0.0.0:68", 5 * time.Second, phone.Declined},
		{"from the address itself", "10.20.0.50:68", 5 * time.Second, phone.Declined},
		{"from another machine", "10.20.0.66:68", 5 * time.Second, phone.Bound},
		{"while in use", "0.0.0.0:68", declineWithin + time.Second, phone.Bound},
	} {
		t.Run(tt.name, func(t *testing.T) {
			l := newLAN(t, testConfig("10.20.0.50-10.20.0.89"))
			a := l.lease(yealink1)
			l.wait(tt.wait)
			l.deliver(message(yealink1, decline, server(boxAddr), wants(a)).ToBytes(), netip.MustParseAddrPort(tt.from))
			if got := l.store.of(a).State; got != tt.want {
				t.Fatalf("lease is %q, want %q", got, tt.want)
			}
			if tt.want == phone.Declined { // forged, the phone goes on and is told to start over
				l.one(message(yealink1, request, uses(a)), nak)
			}
		})
	}
}

// TestPoolIsNotDrainedAtOnce runs whole exchanges from made-up phones, a
// hundred a second for ten minutes. It takes minutes to get to the last
// addresses, the operator is told who has them, phones that are set up start
// all the while, and what was given last does not last.
func TestPoolIsNotDrainedAtOnce(t *testing.T) {
	l := newLAN(t, testConfig("10.20.0.50-10.20.0.249"))
	phones := make([]phone.MAC, 10)
	for n := range phones {
		phones[n] = phone.MAC{0, 0x15, 0x65, 0, 0, byte(n)}
	}
	l.setUp(phones...)
	lowAt := time.Duration(0)
	for n := range 60000 {
		l.wait(10 * time.Millisecond)
		mac := forgedPhone(n)
		if r := answerTo(l.ask(message(mac, discover, class("yealink")))); r != nil {
			l.ask(message(mac, request, class("yealink"), server(boxAddr), wants(address(r.YourIPAddr))))
		}
		if lowAt == 0 && slices.Contains(l.raised(), codeLow) {
			lowAt = time.Duration(n) * 10 * time.Millisecond
		}
	}
	if lowAt < 2*time.Minute {
		t.Errorf("nine tenths were gone after %s, want two minutes at least", lowAt)
	}
	f := l.s.pool.fill()
	list := l.health.List()
	if want := fmt.Sprintf("%d of them by devices that are not set up here", f.unknown); len(list) != 1 || !strings.Contains(list[0].Detail, want) {
		t.Errorf("got conditions %+v, want one that says %q", list, want)
	}
	for _, mac := range phones {
		l.lease(mac, class("yealink"))
	}
	l.wait(shortLease + shortLease/spareShare)
	l.lease(laptop1)
	if got := l.s.pool.fill().used; got != 150+10+1 {
		t.Errorf("%d of 200 addresses are taken after the short leases ended, want 150 long ones, ten phones and a laptop", got)
	}
}

// TestNamesOfOnePhoneDoNotLockItOut takes what one hardware address can have
// under made-up client identifiers before the phone starts.
func TestNamesOfOnePhoneDoNotLockItOut(t *testing.T) {
	for _, own := range []string{"", "\x01" + string(yealink1[:])} {
		l := newLAN(t, testConfig("10.20.0.50-10.20.0.89"))
		for n := range 2 * perMAC {
			m := mods(id(fmt.Sprint("\x00id", n)))
			if len(l.ask(message(yealink1, discover, m...))) == 1 {
				l.lease(yealink1, m...)
			}
		}
		m := mods(class("yealink"))
		if own != "" {
			m = append(m, id(own))
		}
		l.lease(yealink1, m...)
	}
}

// TestNewcomersStayIfTheyRenew gives a laptop that came when little was left a
// short lease, and the usual one once it has stayed.
func TestNewcomersStayIfTheyRenew(t *testing.T) {
	l := newLAN(t, testConfig("10.20.0.50-10.20.0.89"))
	l.desk.known = func(mac phone.MAC) bool { return mac[0] == 0x48 }
	for n := range 32 {
		l.lease(phone.MAC{0x48, 0x25, 0x67, 0, 0, byte(n)})
	}
	a := l.lease(laptop1)
	for _, step := range []struct {
		after time.Duration
		want  time.Duration
	}{{0, shortLease}, {time.Second, shortLease}, {shortLease / 2, DefaultLease}, {time.Second, DefaultLease}} {
		l.wait(step.after)
		if got := l.one(message(laptop1, request, uses(a)), ack).IPAddressLeaseTime(0); got != step.want {
			t.Errorf("%s later: got a lease of %s, want %s", step.after, got, step.want)
		}
	}
	r := l.one(message(phone.MAC{0x48, 0x25, 0x67, 0, 0, 99}, discover), offer)
	if got := r.IPAddressLeaseTime(0); got != DefaultLease {
		t.Errorf("a phone that is set up was offered %s, want %s", got, DefaultLease)
	}
}
