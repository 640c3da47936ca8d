package neigh

import (
	"net"
	"net/netip"
	"testing"

	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"
)

func has(cidr string, flags int) netlink.Addr {
	ip, n, err := net.ParseCIDR(cidr)
	if err != nil {
		panic(err)
	}
	return netlink.Addr{IPNet: &net.IPNet{IP: ip, Mask: n.Mask}, Flags: flags}
}

func TestChoose(t *testing.T) {
	link, global, local := has("fe80::1/64", unix.IFA_F_PERMANENT), has("2001:db8::1/64", 0), has("fd00:1::1/64", 0)
	for _, tc := range []struct {
		name string
		was  string
		list []netlink.Addr
		want string
	}{
		{name: "none"},
		{name: "link-local alone cannot be told", list: []netlink.Addr{link}},
		{name: "announced", list: []netlink.Addr{link, global}, want: "2001:db8::1"},
		{name: "a local one stays when the provider's changes", list: []netlink.Addr{link, global, local}, want: "fd00:1::1"},
		{name: "what an operator gave is not moved by a router", list: []netlink.Addr{local, has("2001:db8::53/64", unix.IFA_F_PERMANENT)}, want: "2001:db8::53"},
		{name: "what was told stays", was: "fd00:9::1", list: []netlink.Addr{local, has("fd00:9::1/64", 0)}, want: "fd00:9::1"},
		{name: "of two alike always the same", list: []netlink.Addr{has("fd00:9::1/64", 0), local}, want: "fd00:1::1"},
		{name: "not yet its own", list: []netlink.Addr{has("fd00:1::1/64", unix.IFA_F_TENTATIVE)}},
		{name: "a stranger's too", list: []netlink.Addr{has("fd00:1::1/64", unix.IFA_F_DADFAILED)}},
		{name: "withdrawn", was: "fd00:1::1", list: []netlink.Addr{has("fd00:1::1/64", unix.IFA_F_DEPRECATED), global}, want: "2001:db8::1"},
		{name: "of today only", list: []netlink.Addr{has("fd00:1::77/64", unix.IFA_F_TEMPORARY), global}, want: "2001:db8::1"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			var was, want netip.Addr
			if tc.was != "" {
				was = netip.MustParseAddr(tc.was)
			}
			if tc.want != "" {
				want = netip.MustParseAddr(tc.want)
			}
			if got, _ := choose(was, tc.list); got != want {
				t.Errorf("got %s, want %s", got, want)
			}
		})
	}
	_, nets := choose(netip.Addr{}, []netlink.Addr{link, global, has("fd00:1::1/64", unix.IFA_F_TENTATIVE)})
	if len(nets) != 2 || nets[0].String() != "2001:db8::1/64" {
		t.Errorf("networks: got %v, want the two that are the interface's own", nets)
	}
}
