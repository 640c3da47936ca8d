package vendors_test

import (
	"net/netip"
	"testing"

	"github.com/lineside/lineside/phone"
	"github.com/lineside/lineside/vendors"
)

// TestLeadsIntoVLAN holds each maker's form of the VLAN: digits, digits and a
// NUL, Poly's words, or nothing where its phones learn it by LLDP alone.
func TestLeadsIntoVLAN(t *testing.T) {
	box := vendors.Box{URL: "http://10.20.0.1/cfg/", Addr: netip.MustParseAddr("10.20.0.1")}
	for vendor, want := range map[phone.Vendor]struct {
		code  uint8
		value string
	}{
		"yealink": {132, "20"}, "mitel": {132, "20"}, "grandstream": {132, "20"}, "fanvil": {132, "20"},
		"snom": {132, "20\x00"}, "poly": {128, "VLAN-A=20;"}, "panasonic": {}, "cisco-sep": {},
	} {
		m, ok := vendors.All().Of(vendor)
		if !ok {
			t.Fatalf("%s is not served", vendor)
		}
		plain := m.Leads(box)
		box := box
		box.VLAN = 20
		more := m.Leads(box)[len(plain):]
		switch {
		case want.code == 0 && len(more) == 0:
		case len(more) != 1 || more[0].Code != want.code || string(more[0].Value) != want.value || !more[0].Always:
			t.Errorf("%s: got %+v, want option %d as %q", vendor, more, want.code, want.value)
		}
	}
}
