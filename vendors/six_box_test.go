package vendors_test

import (
	"net/netip"
	"regexp"
	"strings"
	"testing"

	"github.com/lineside/lineside/vendors"
)

// TestHoldingNamesAnIPv6Box: for a phone that came by IPv6 every maker's holding
// config names the box by IPv6 and nothing else, in brackets wherever a port or a
// user stands beside it.
func TestHoldingNamesAnIPv6Box(t *testing.T) {
	const host = "fd00:20::1"
	bare := regexp.MustCompile(`(//|@|sips?:)` + host + `|[^\[]` + host + `:[0-9]`)
	for _, s := range allSamples() {
		in := input(t, s.vendor, vendors.Holding)
		was := in.Box.Addr.String()
		in.Book, in.Site.NTP = vendors.BookSource{}, ""
		in.Box = vendors.Box{URL: "http://[" + host + "]/cfg/", CAURL: "http://[" + host + "]/cfg/ca.pem", Addr: netip.MustParseAddr(host), SIPPort: in.Box.SIPPort}
		body := string(render(t, in))
		if got := bare.FindString(body); got != "" {
			t.Errorf("%s: %q has no brackets", s.vendor, got)
		}
		if !strings.Contains(body, host) || strings.Contains(body, was) {
			t.Errorf("%s: the config names %s: %t, and %s: %t; want the first alone", s.vendor, host, strings.Contains(body, host), was, strings.Contains(body, was))
		}
	}
}
