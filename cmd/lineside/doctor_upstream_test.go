package main

import (
	"net/netip"
	"testing"

	"github.com/lineside/lineside/dhcpopt"
)

func TestDoctorWeighsUpstreams(t *testing.T) {
	d := &doctor{where: lan{"eth0", netip.MustParsePrefix("10.20.0.1/24")}}
	for name, tt := range map[string]struct {
		offer *dhcpopt.Answer
		want  string
	}{
		"silent":          {nil, "bad: 10.0.0.5:67 offers nothing to a phone of 10.20.0.0/24"},
		"of this LAN":     {&dhcpopt.Answer{Addr: netip.MustParseAddr("10.20.0.50")}, "ok: 10.0.0.5:67 offers a phone 10.20.0.50"},
		"of another pool": {&dhcpopt.Answer{Addr: netip.MustParseAddr("10.0.0.50")}, "bad: 10.0.0.5:67 offers a phone 10.0.0.50, which is not of 10.20.0.0/24"},
	} {
		t.Run(name, func(t *testing.T) {
			f := d.weighUpstream("dhcp-upstream", "10.0.0.5:67", tt.offer)
			if got := string(f.Result) + ": " + f.Found; got != tt.want {
				t.Errorf("got %q, want %q", got, tt.want)
			}
			if (f.Do == "") != (f.Result == gradeOK) {
				t.Errorf("got %q to do", f.Do)
			}
		})
	}
}
