package main

import (
	"net/netip"
	"strings"
	"testing"
)

func TestLANNow(t *testing.T) {
	prefix := netip.MustParsePrefix
	was := lan{"eth0", prefix("10.20.0.1/24")}
	for name, tt := range map[string]struct {
		nics  []nic
		fixed bool
		want  lan
		there bool
	}{
		"as it was":         {nics: []nic{{name: "eth0", up: true, addrs: []netip.Prefix{prefix("10.9.0.1/8"), was.Self}}}, want: was, there: true},
		"another has one":   {nics: []nic{{name: "eth0", up: true, addrs: []netip.Prefix{was.Self}}, {name: "eth1", up: true, addrs: []netip.Prefix{prefix("10.9.0.1/8")}}}, want: was, there: true},
		"gone":              {nics: []nic{{name: "eth1", up: true, addrs: []netip.Prefix{was.Self}}}},
		"down":              {nics: []nic{{name: "eth0", addrs: []netip.Prefix{was.Self}}}},
		"without addresses": {nics: []nic{{name: "eth0", up: true}}},
		"readdressed":       {nics: []nic{{name: "eth0", up: true, addrs: []netip.Prefix{prefix("10.30.0.1/24")}}}, want: lan{"eth0", prefix("10.30.0.1/24")}, there: true},
		"readdressed against the settings": {nics: []nic{{name: "eth0", up: true, addrs: []netip.Prefix{prefix("10.30.0.1/24")}}},
			fixed: true, want: lan{"eth0", prefix("10.30.0.1/24")}},
	} {
		t.Run(name, func(t *testing.T) {
			got, there := lanNow(was, tt.fixed, tt.nics)
			if got != tt.want || there != tt.there {
				t.Errorf("got %v, %v, want %v, %v", got, there, tt.want, tt.there)
			}
		})
	}
}

// TestWhatBecameOfTheLAN: the condition names the address that is there now, and
// what to type.
func TestWhatBecameOfTheLAN(t *testing.T) {
	old, other := netip.MustParsePrefix("10.20.0.1/24"), netip.MustParsePrefix("10.30.0.1/24")
	for name, tt := range map[string]struct {
		nics    []nic
		has, do string
	}{
		"interface gone":              {nil, "", "ip -brief address show eth0"},
		"down":                        {[]nic{{name: "eth0", addrs: []netip.Prefix{old}}}, "", "ip -brief address show eth0"},
		"without addresses, cable in": {[]nic{{name: "eth0", up: true}}, " and has none", "ip address add 10.20.0.1/24 dev eth0"},
		"another address":             {[]nic{{name: "eth0", up: true, addrs: []netip.Prefix{other}}}, " and has 10.30.0.1/24", `listen.address = "10.30.0.1/24"`},
		"moved to another interface": {[]nic{{name: "eth0", up: true}, {name: "eth1", up: true, addrs: []netip.Prefix{other, old}}},
			", which eth1 has", `listen.interface = "eth1" into lineside.toml, then: systemctl restart lineside`},
	} {
		t.Run(name, func(t *testing.T) {
			has, do := whatBecame(lan{"eth0", old}, tt.nics)
			if has != tt.has || !strings.Contains(do, tt.do) {
				t.Errorf("got %q, %q, want %q and %q in it", has, do, tt.has, tt.do)
			}
		})
	}
}
