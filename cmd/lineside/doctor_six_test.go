package main

import (
	"net/netip"
	"strings"
	"testing"
)

func TestWeighSix(t *testing.T) {
	link, net := netip.MustParsePrefix("fe80::1/64"), netip.MustParsePrefix("fd00:20::1/64")
	for _, tc := range []struct {
		name, self, want string
		prefixes         []netip.Prefix
		grade            grade
	}{
		{"link-local only", "", "phones use IPv4", []netip.Prefix{link}, gradeOK},
		{"announced", "fd00:20::1", "fd00:20::1/64, phones are told fd00:20::1", []netip.Prefix{net, link}, gradeOK},
		{"none that lasts", "", "temporary or withdrawn", []netip.Prefix{net, link}, gradeWarn},
	} {
		self, _ := netip.ParseAddr(tc.self)
		got := weighSix("ipv6", "eth0", self, tc.prefixes)
		if !strings.Contains(got.Found, tc.want) || got.Result != tc.grade {
			t.Errorf("%s: got %+v, want %s: %s", tc.name, got, tc.grade, tc.want)
		}
	}
}
