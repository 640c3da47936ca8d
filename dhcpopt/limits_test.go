package dhcpopt

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/insomniacslk/dhcp/dhcpv4"

	"github.com/lineside/lineside/phone"
)

// forged is a made-up hardware address, under a phone maker's prefix or none.
func forged(n int) phone.MAC      { return phone.MAC{2, 0, 0, 1, byte(n >> 8), byte(n)} }
func forgedPhone(n int) phone.MAC { return phone.MAC{0, 0x15, 0x65, 0xee, byte(n >> 8), byte(n)} }

// TestFloodLeavesRoomForPhones sends DISCOVERs from more forged addresses than
// the pool has, then lets a phone that is set up and a laptop seen before in.
func TestFloodLeavesRoomForPhones(t *testing.T) {
	for _, tt := range []struct {
		name string
		mods []dhcpv4.Modifier
	}{{"as nobody", nil}, {"as phones", mods(class("yealink"))}} {
		t.Run(tt.name, func(t *testing.T) {
			l := newLAN(t, testConfig("10.20.0.50-10.20.0.89"))
			l.setUp(yealink1)
			l.lease(laptop1)
			l.none(message(laptop1, dhcpv4.MessageTypeRelease, uses(ip("10.20.0.50"))))
			for n := range 1000 {
				l.ask(message(forged(n), discover, tt.mods...))
				l.wait(10 * time.Millisecond)
			}
			l.lease(yealink1, class("yealink"))
			l.lease(laptop1)
		})
	}
}

// TestTiers drains a pool of 40; how slowly strangers can has its own test.
func TestTiers(t *testing.T) {
	l := newLAN(t, testConfig("10.20.0.50-10.20.0.89"))
	l.setUp(yealink1, yealink2)
	l.s.pool.pace = pace{}
	// drain lets new clients in and gives how many got an address.
	drain := func(mac func(int) phone.MAC, mods ...dhcpv4.Modifier) (given int) {
		for n := range 60 {
			out := l.ask(message(mac(n), discover, mods...))
			if len(out) == 0 {
				continue
			}
			l.lease(mac(n), mods...)
			given++
		}
		return given
	}
	if got := drain(forged); got != 36 {
		t.Errorf("strangers have %d of 40 addresses, want 36", got)
	}
	if got, want := l.desk.last(), "asked for an address; the few left are kept for phones"; got != want {
		t.Errorf("timeline says %q, want %q", got, want)
	}
	l.one(message(laptop1, request, server(boxAddr), wants(ip("10.20.0.89"))), nak)
	if got := drain(forgedPhone, class("yealink")); got != 2 {
		t.Errorf("clients that claim to be phones have %d of the last 4 addresses, want 2", got)
	}
	if got, want := l.desk.last(), "asked for an address; the last few are kept for phones that are set up"; got != want {
		t.Errorf("timeline says %q, want %q", got, want)
	}
	l.lease(yealink1, class("yealink"))
	l.lease(yealink2) // its class is not needed: the box has a record
	l.none(message(laptop1, discover))
}

// TestTierOfAClientThatReturns lets leases end and the pool fill up: who is
// remembered comes before strangers, who was set up before all others.
func TestTierOfAClientThatReturns(t *testing.T) {
	l := newLAN(t, testConfig("10.20.0.50-10.20.0.89"))
	l.setUp(yealink1)
	known, laptop := l.lease(yealink1), l.lease(laptop1)
	l.none(message(yealink1, dhcpv4.MessageTypeRelease, uses(known)))
	l.none(message(laptop1, dhcpv4.MessageTypeRelease, uses(laptop)))
	l.desk.known = func(mac phone.MAC) bool { return mac[0] == 0x48 }
	for n := range 38 { // phones that are set up take all but two
		l.lease(phone.MAC{0x48, 0x25, 0x67, 0, 0, byte(n)})
	}
	l.setUp() // and the operator removes all
	l.none(message(laptop1, discover))
	l.one(message(laptop1, request, wants(laptop)), nak)
	if got := l.lease(yealink1); got != known {
		t.Errorf("got %s, want its previous %s", got, known)
	}
}

func TestRestartRemembersWhoIsSetUp(t *testing.T) {
	cfg := testConfig("10.20.0.50-10.20.0.89")
	l := newLAN(t, cfg)
	l.setUp(yealink1)
	l.lease(yealink1)
	l.lease(yealink2)
	l.restart(cfg)
	if f := l.s.pool.fill(); f.used != 2 || f.unknown != 1 {
		t.Errorf("got %+v, want 2 used, 1 by an unknown device", f)
	}
	l.setUp(yealink1, yealink2)
	l.one(message(yealink2, request, wants(ip("10.20.0.51"))), ack)
	if f := l.s.pool.fill(); f.used != 2 || f.unknown != 0 {
		t.Errorf("after setting it up: got %+v, want none unknown", f)
	}
}

func TestKeep(t *testing.T) {
	for common, want := range map[int]int{0: 0, 1: 0, 3: 0, 4: 1, 10: 2, 20: 4, 40: 4, 200: 20, 65536: 6553} {
		if got := keep(common); got != want {
			t.Errorf("of %d addresses %d are kept from strangers, want %d", common, got, want)
		}
	}
}

func TestOneHardwareAddressHoldsFewAddresses(t *testing.T) {
	l := newLAN(t, testConfig("10.20.0.50-10.20.0.89"))
	given := 0
	for n := range 3 * perMAC {
		l.wait(time.Second)
		if out := l.ask(message(yealink1, discover, class("yealink"), id(fmt.Sprint("\x00id", n)))); len(out) > 0 {
			given++
		}
	}
	if given != perMAC {
		t.Errorf("one hardware address was offered %d addresses, want %d", given, perMAC)
	}
}

func TestPoolConditions(t *testing.T) {
	l := newLAN(t, testConfig("10.20.0.50-10.20.0.69"))
	l.desk.known = func(mac phone.MAC) bool { return mac[4] == 1 }
	macs := make([]phone.MAC, 20)
	for n := range macs {
		macs[n] = phone.MAC{0, 0x15, 0x65, 0, 1, byte(n)}
		l.lease(macs[n], class("yealink"))
		want := []string(nil)
		switch {
		case n == 19:
			want = []string{codeExhausted}
		case n >= 15:
			want = []string{codeLow}
		}
		if got := l.raised(); !slices.Equal(got, want) {
			t.Fatalf("after %d leases: got conditions %v, want %v", n+1, got, want)
		}
	}
	l.none(message(yealink1, discover, class("yealink")))
	if got := l.desk.last(); got != "asked for an address; the pool is exhausted" {
		t.Errorf("timeline says %q", got)
	}
	for n := range 7 {
		want := []string{codeLow}
		if n == 6 {
			want = nil
		}
		addr := fromNumber(number(ip("10.20.0.50")) + uint32(n))
		l.none(message(macs[n], dhcpv4.MessageTypeRelease, uses(addr)))
		if got := l.raised(); !slices.Equal(got, want) {
			t.Errorf("after %d were given back: got conditions %v, want %v", n+1, got, want)
		}
	}
}
