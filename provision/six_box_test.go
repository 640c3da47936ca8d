package provision_test

import (
	"net/netip"
	"strings"
	"testing"

	"github.com/lineside/lineside/auth"
	"github.com/lineside/lineside/provision"
	"github.com/lineside/lineside/vendors"
)

// TestSixNamesTheBoxByIPv6: what a file says of the box is of the family the phone
// came by, also where files are kept, and follows the address as routers change it;
// where the box has none it is as by IPv4.
func TestSixNamesTheBoxByIPv6(t *testing.T) {
	const phone4 = "10.20.0.57"
	own := netip.MustParseAddr("fd00:20::1")
	l := newLab(t, auth.FactorOTP, func(c *provision.Config, _ vendors.Table) { c.Addr6 = func() netip.Addr { return own } })
	l.add(t, mac)
	a := l.get(t, mac, phone6, "installer", "fake-brand-otp")
	if a.Status != provision.Content {
		t.Fatalf("got %v, want the full config", a.Status)
	}
	login := strings.Split(strings.TrimPrefix(strings.Fields(string(a.Body))[1], "login="), ":")
	for _, tt := range []struct{ box, from, url, registrar string }{
		{"fd00:20::1", phone6, "http://[fd00:20::1]/cfg/", "fd00:20::1"},
		{"fd00:20::1", phone4, "http://10.20.0.1/cfg/", "10.20.0.1"},
		{"fd00:20::1", phone6, "http://[fd00:20::1]/cfg/", "fd00:20::1"}, // kept for its family
		{"fd00:21::1", phone6, "http://[fd00:21::1]/cfg/", "fd00:21::1"},
		{"", phone6, "http://10.20.0.1/cfg/", "10.20.0.1"},
	} {
		own = netip.Addr{}
		if tt.box != "" {
			own = netip.MustParseAddr(tt.box)
		}
		want := " url=" + tt.url + " registrar=" + tt.registrar
		if got := string(l.get(t, mac, tt.from, login...).Body); !strings.HasSuffix(got, want) {
			t.Errorf("box at %q, phone at %s: got %q, want%s", tt.box, tt.from, got, want)
		}
	}
}
