package dhcpopt

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/insomniacslk/dhcp/dhcpv4"

	"github.com/lineside/lineside/phone"
)

// TestFloodLeavesRoomForPhones sends DISCOVERs from more forged addresses than
// the pool has, then lets a phone and a known laptop in.
func TestFloodLeavesRoomForPhones(t *testing.T) {
	for _, tt := range []struct {
		name string
		mods []dhcpv4.Modifier
	}{{"as nobody", nil}, {"as phones", mods(class("yealink"))}} {
		t.Run(tt.name, func(t *testing.T) {
			l := newLAN(t, testConfig("10.20.0.50-10.20.0.89"))
			l.lease(laptop1)
			l.none(message(laptop1, dhcpv4.MessageTypeRelease, uses(ip("10.20.0.50"))))
			for n := range 1000 {
				l.ask(message(phone.MAC{2, 0, 0, 1, byte(n >> 8), byte(n)}, discover, tt.mods...))
			}
			l.lease(yealink1, class("yealink"))
			l.lease(laptop1)
		})
	}
}

func TestStrangersLeaveTheLastTenth(t *testing.T) {
	l := newLAN(t, testConfig("10.20.0.50-10.20.0.69"))
	given := 0
	for n := range 30 {
		if out := l.ask(message(phone.MAC{2, 0, 0, 1, 0, byte(n)}, discover)); len(out) > 0 {
			given++
		}
	}
	if given != 18 {
		t.Errorf("strangers were offered %d of 20 addresses, want 18", given)
	}
	if got := l.desk.last(); got != "asked for an address; the few left are kept for phones" {
		t.Errorf("timeline says %q", got)
	}
	l.lease(yealink1, class("yealink"))
	l.one(message(laptop1, request, server(boxAddr), wants(ip("10.20.0.69"))), nak)
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

func TestOneHardwareAddressIsHeardSoOften(t *testing.T) {
	l := newLAN(t, testConfig("10.20.0.50-10.20.0.89"))
	heard := 0
	for range 3 * rateBurst {
		heard += len(l.ask(message(yealink1, discover)))
	}
	if heard != rateBurst {
		t.Errorf("%d of %d messages at once were answered, want %d", heard, 3*rateBurst, rateBurst)
	}
	l.wait(rateEvery)
	if got := len(l.ask(message(yealink1, discover))); got != 1 {
		t.Errorf("a little later: got %d answers, want 1", got)
	}
}

func TestPoolConditions(t *testing.T) {
	l := newLAN(t, testConfig("10.20.0.50-10.20.0.69"))
	macs := make([]phone.MAC, 20)
	for n := range macs {
		macs[n] = phone.MAC{0, 0x15, 0x65, 0, 1, byte(n)}
		l.lease(macs[n], class("yealink"))
		want := []string(nil)
		switch n {
		case 18:
			want = []string{codeLow}
		case 19:
			want = []string{codeExhausted}
		}
		if got := l.raised(); !slices.Equal(got, want) {
			t.Fatalf("after %d leases: got conditions %v, want %v", n+1, got, want)
		}
	}
	l.none(message(yealink1, discover, class("yealink")))
	if got := l.desk.last(); got != "asked for an address; the pool is exhausted" {
		t.Errorf("timeline says %q", got)
	}
	for n, want := range [][]string{{codeLow}, {codeLow}, nil} {
		addr := fromNumber(number(ip("10.20.0.50")) + uint32(n))
		l.none(message(macs[n], dhcpv4.MessageTypeRelease, uses(addr)))
		if got := l.raised(); !slices.Equal(got, want) {
			t.Errorf("after %d were given back: got conditions %v, want %v", n+1, got, want)
		}
	}
}
