package dhcpopt

import (
	"errors"
	"net/netip"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/lineside/lineside/phone"
)

func TestParsePool(t *testing.T) {
	for _, tt := range []struct {
		in   string
		want string // ranges joined by a space
		err  string // part of the message
	}{
		{in: "10.20.0.50-10.20.0.250", want: "10.20.0.50-10.20.0.250"},
		{in: " 10.0.0.1 - 10.0.0.2 ,10.0.0.9", want: "10.0.0.1-10.0.0.2 10.0.0.9-10.0.0.9"},
		{in: "", err: "an address is missing"},
		{in: "10.0.0.1-", err: "an address is missing"},
		{in: "10.0.0.1-10.0.0.2,", err: "an address is missing"},
		{in: "10.0.0.9-10.0.0.2", err: "write 10.0.0.2-10.0.0.9"},
		{in: "10.0.0.0/24", err: "no IPv4 address"},
		{in: "fd00::1-fd00::9", err: "no IPv4 address"},
		{in: "10.0.0.1-10.0.0.2-10.0.0.3", err: "no IPv4 address"},
		{in: strings.Repeat("10.0.0.1,", 64) + "10.0.0.1", err: "at most 64"},
	} {
		t.Run(tt.in, func(t *testing.T) {
			pool, err := ParsePool(tt.in)
			if tt.err != "" {
				if !errors.Is(err, ErrRange) || !strings.Contains(err.Error(), tt.err) {
					t.Fatalf("got %v, want ErrRange with %q", err, tt.err)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, r := range pool {
				got = append(got, r.String())
			}
			if diff := cmp.Diff(strings.Fields(tt.want), got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func FuzzParseRange(f *testing.F) {
	for _, s := range []string{"10.20.0.50-10.20.0.250", "10.0.0.1", "0.0.0.0-255.255.255.255", "-", "1.2.3.4-::1", "\x00-\xff"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		r, err := ParseRange(s)
		if err != nil {
			if !errors.Is(err, ErrRange) {
				t.Fatalf("error does not wrap ErrRange: %v", err)
			}
			return
		}
		if r.Size() < 1 || !r.Contains(r.First) || !r.Contains(r.Last) {
			t.Fatalf("%q gave the range %s of %d addresses", s, r, r.Size())
		}
		again, err := ParseRange(r.String())
		if err != nil || again != r {
			t.Fatalf("%s reads back as %s, %v", r, again, err)
		}
	})
}

func TestConfigCheck(t *testing.T) {
	good := func(change func(*Config)) Config {
		c := testConfig("10.20.0.50-10.20.0.250")
		change(&c)
		return c
	}
	pool := func(s string) func(*Config) {
		return func(c *Config) { c.Pool = testConfig(s).Pool }
	}
	reserve := func(a string) func(*Config) {
		return func(c *Config) { c.Reservations = map[phone.MAC]netip.Addr{yealink1: ip(a)} }
	}
	for _, tt := range []struct {
		name string
		cfg  Config
		err  string // "" is none
	}{
		{"good", good(func(*Config) {}), ""},
		{"reservation outside the pool", good(reserve("10.20.0.7")), ""},
		{"reservation inside the pool", good(reserve("10.20.0.77")), ""},
		{"relay to nowhere", good(func(c *Config) { c.Mode = ModeRelay }), "dhcp.upstream: missing"},
		{"relay", good(relayTo("10.0.0.5:67")), ""},
		{"relay to itself", good(relayTo("10.20.0.1:67")), "is this box"},
		{"relay to a server the phones hear", good(relayTo("10.20.0.9:67")), "dhcp.mode = \"inform\""},
		{"relay to no server", good(relayTo("0.0.0.0:67")), "no IPv4 address of a server"},
		{"inform has no pool", good(func(c *Config) { c.Mode, c.Pool = ModeInform, nil }), ""},
		{"scope", good(scoped("10.30.0.0/24", "10.30.0.50-10.30.0.99")), ""},
		{"scope over the LAN", good(scoped("10.20.0.0/16", "10.20.3.50-10.20.3.99")), "overlap"},
		{"scope with a pool elsewhere", good(scoped("10.30.0.0/24", "10.31.0.50-10.31.0.99")), "does not lie within 10.30.0.0/24"},
		{"scope without a pool", good(func(c *Config) { c.Scopes = []Scope{{Net: netip.MustParsePrefix("10.30.0.0/24")}} }), "dhcp.pool: missing"},
		{"off makes no server", good(func(c *Config) { c.Mode = ModeOff }), "dhcp.mode: is \"off\""},
		{"unknown mode", good(func(c *Config) { c.Mode = "proxy" }), "is not known"},
		{"no own address", good(func(c *Config) { c.Self = netip.Prefix{} }), "listen.interface"},
		{"IPv6", good(func(c *Config) { c.Self = netip.MustParsePrefix("fd00::1/64") }), "no IPv4 network"},
		{"own address is the network's", good(func(c *Config) { c.Self = netip.MustParsePrefix("10.20.0.0/24") }), "10.20.0.1"},
		{"no pool", good(func(c *Config) { c.Pool = nil }), "dhcp.pool: missing"},
		{"pool elsewhere", good(pool("10.21.0.5-10.21.0.9")), "does not lie within 10.20.0.0/24"},
		{"pool has the broadcast address", good(pool("10.20.0.200-10.20.0.255")), "does not lie within"},
		{"pool has the network address", good(pool("10.20.0.0-10.20.0.0")), "does not lie within"},
		{"pool has the box", good(pool("10.20.0.1-10.20.0.9")), "which is the box itself"},
		{"pool has the router", good(pool("10.20.0.250-10.20.0.254")), "which is dhcp.router"},
		{"ranges overlap", good(pool("10.20.0.5-10.20.0.9,10.20.0.9-10.20.0.12")), "overlap"},
		{"pool too large", good(func(c *Config) {
			c.Self, c.Router = netip.MustParsePrefix("10.0.0.1/8"), netip.Addr{}
			c.Pool = testConfig("10.1.0.0-10.2.0.0").Pool
		}), "at most 65536"},
		{"range upside down", good(func(c *Config) { c.Pool = []Range{{ip("10.20.0.9"), ip("10.20.0.5")}} }), "does not lie within"},
		{"zero range", good(func(c *Config) { c.Pool = []Range{{}} }), "does not lie within"},
		{"reservation elsewhere", good(reserve("10.21.0.7")), "no host address of 10.20.0.0/24"},
		{"reservation of the box", good(reserve("10.20.0.1")), "is the box or the router"},
		{"reservation twice", good(func(c *Config) {
			c.Reservations = map[phone.MAC]netip.Addr{yealink1: ip("10.20.0.7"), yealink2: ip("10.20.0.7")}
		}), "for both 00:15:65:00:00:01 and 00:15:65:00:00:02"},
		{"lease too short", good(func(c *Config) { c.Lease = 1 }), "dhcp.lease"},
		{"router elsewhere", good(func(c *Config) { c.Router = ip("10.1.1.1") }), "dhcp.router"},
		{"IPv6 name server", good(func(c *Config) { c.DNS = []netip.Addr{ip("fd00::1")} }), "dhcp.dns"},
		{"time server is nothing", good(func(c *Config) { c.NTP = []netip.Addr{ip("0.0.0.0")} }), "dhcp.ntp"},
		{"domain of two lines", good(func(c *Config) { c.Domain = "a\nb" }), "dhcp.domain"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			err := tt.cfg.Check()
			switch {
			case tt.err == "" && err != nil:
				t.Errorf("got %v, want no error", err)
			case tt.err != "" && (err == nil || !strings.Contains(err.Error(), tt.err)):
				t.Errorf("got %v, want an error with %q", err, tt.err)
			}
		})
	}
}

func TestConfigDefaults(t *testing.T) {
	c, err := testConfig("10.20.0.50").checked()
	if err != nil {
		t.Fatal(err)
	}
	want := testConfig("10.20.0.50")
	want.Mode, want.Lease = ModeServer, DefaultLease
	if diff := cmp.Diff(want, c, cmpopts.EquateComparable(netip.Addr{}, netip.Prefix{})); diff != "" {
		t.Error(diff)
	}
	if got := lastAddr(netip.MustParsePrefix("10.20.0.1/30")); got != ip("10.20.0.3") {
		t.Errorf("broadcast address of 10.20.0.1/30: got %s, want 10.20.0.3", got)
	}
}

func relayTo(addrs ...string) func(*Config) {
	return func(c *Config) {
		c.Mode = ModeRelay
		for _, a := range addrs {
			c.Upstream = append(c.Upstream, netip.MustParseAddrPort(a))
		}
	}
}

func scoped(net, pool string) func(*Config) {
	return func(c *Config) {
		c.Scopes = append(c.Scopes, Scope{Net: netip.MustParsePrefix(net), Pool: testConfig(pool).Pool})
	}
}
