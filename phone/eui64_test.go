package phone_test

import (
	"net/netip"
	"testing"

	"github.com/lineside/lineside/phone"
)

func TestMACOf(t *testing.T) {
	for addr, want := range map[string]string{
		"fe80::215:65ff:fe4a:a937%eth0": "00:15:65:4a:a9:37",
		"fd00:77::215:65ff:fe4a:a937":   "00:15:65:4a:a9:37",
		"2001:db8::1":                   "",
		"fe80::200:ff:fe00:0":           "", // made from nothing
		"fe80::315:65ff:fe4a:a937":      "", // a group's
		"::ffff:10.20.0.1":              "",
		"10.20.0.1":                     "",
	} {
		mac, ok := phone.MACOf(netip.MustParseAddr(addr))
		if ok != (want != "") || ok && mac.String() != want {
			t.Errorf("%s: got %s, %t; want %q", addr, mac, ok, want)
		}
	}
}
