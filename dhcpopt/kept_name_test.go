package dhcpopt

import (
	"net/netip"
	"testing"

	"github.com/insomniacslk/dhcp/dhcpv4"

	"github.com/lineside/lineside/phone"
)

// TestAReservationMakesNoPhoneWeaker: a laptop that takes a phone's hardware
// address and makes up an identifier gets an address, but not the phone's.
func TestAReservationMakesNoPhoneWeaker(t *testing.T) {
	own := id("\x01" + string(yealink1[:]))
	for name, tt := range map[string]struct {
		reserved bool
		phone    []dhcpv4.Modifier
	}{
		"reserved":                    {reserved: true},
		"reserved, named by its MAC":  {reserved: true, phone: mods(own)},
		"reserved, named in full":     {reserved: true, phone: mods(id("\xffduid"))},
		"not reserved":                {},
		"not reserved, named by DUID": {phone: mods(id("\xffduid"))},
	} {
		t.Run(name, func(t *testing.T) {
			l := newLAN(t, testConfig("10.20.0.50-10.20.0.59"))
			if tt.reserved {
				l.onRecord(map[phone.MAC]netip.Addr{yealink1: ip("10.20.0.7")})
			}
			mine := l.lease(yealink1, tt.phone...)
			if got := l.lease(yealink1, id("\x00evil")); got == mine {
				t.Errorf("who made up an identifier was given %s, which the phone uses", got)
			}
			l.one(message(yealink1, request, id("\x00evil2"), server(boxAddr), wants(mine)), nak)
			l.one(message(yealink1, request, append(mods(uses(mine)), tt.phone...)...), ack)
			if got := l.lease(yealink1, tt.phone...); got != mine {
				t.Errorf("the phone starts with %s, want %s as before", got, mine)
			}
		})
	}
}

// TestAReservedAddressFollowsItsDevice: boot loader and firmware name themselves
// differently, and neither is left without an answer.
func TestAReservedAddressFollowsItsDevice(t *testing.T) {
	l := newLAN(t, testConfig("10.20.0.50-10.20.0.59"))
	kept := ip("10.20.0.7")
	l.onRecord(map[phone.MAC]netip.Addr{yealink1: kept})
	if got := l.lease(yealink1, id("\xffduid")); got != kept {
		t.Fatalf("got %s, want %s", got, kept)
	}
	l.one(message(yealink1, request, uses(kept)), ack) // plain: the lease passes to it
	l.one(message(yealink1, request, id("\xffduid"), uses(kept)), nak)
	if got := l.lease(yealink1, id("\xffduid")); got == kept {
		t.Errorf("a made-up identifier was given %s while the plain client's lease runs", got)
	}
	l.one(message(yealink1, request, uses(kept)), ack)
}
