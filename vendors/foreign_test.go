package vendors_test

import (
	"testing"

	"github.com/lineside/lineside/vendors"
)

// TestNoPhoneByItsOwnWord: option 60 of another machine outweighs a hardware
// address or host name of a phone's maker, who may make other things as well.
func TestNoPhoneByItsOwnWord(t *testing.T) {
	for class, foreign := range map[string]bool{
		"MSFT 5.0":                         true,
		"MSFT 5.0\x00":                     true,
		"PXEClient:Arch:00007:UNDI:003016": true,
		"HTTPClient:Arch:00016":            true,
		"AAPLBSDPC/i386":                   true,
		"ArubaAP":                          true,
		"Cisco AP c1240":                   true,
		"ubnt":                             true,
		"dhcpcd-9.4.1:Linux-6.1.0-18-amd64:x86_64:GenuineIntel": true,
		// Phones are made of these.
		"":                false,
		"udhcp 1.35.0":    false,
		"android-dhcp-13": false,
		"dhcpcd-5.5.6":    false,
		"something else":  false,
	} {
		for _, tt := range []struct{ host, mac string }{{"", "001565aabbcc"}, {"", "0080f0aabbcc"}, {"AVX3E85A1", "a0092e3e85a1"}} {
			id, ok := vendors.All().ByClient([]byte(class), tt.host, mustMAC(tt.mac))
			if ok == foreign || foreign != (id == vendors.Ident{}) {
				t.Errorf("option 60 %q of %s %s: got %+v, %v, want a phone: %v", class, tt.mac, tt.host, id, ok, !foreign)
			}
		}
	}
}

// TestForeignIsNoMakersWord: what says "no phone" is no text of a phone.
func TestForeignIsNoMakersWord(t *testing.T) {
	table := vendors.All()
	for _, s := range allSamples() {
		for _, c := range s.classes {
			if c.want != (vendors.Ident{}) && table.Foreign([]byte(c.text)) {
				t.Errorf("option 60 %q of %s counts as no phone's", c.text, c.want.Vendor)
			}
		}
	}
}
