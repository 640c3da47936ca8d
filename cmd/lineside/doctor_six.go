package main

import (
	"context"
	"log/slog"
	"net/netip"
	"strings"

	"github.com/lineside/lineside/neigh"
)

// ipv6 looks at the IPv6 addresses of the phones' LAN.
func (d *doctor) ipv6(context.Context) []finding {
	const check = "ipv6"
	if d.where.Interface == "" || d.lost != nil {
		return nil
	}
	if !d.settings.Listen.IPv6 {
		return []finding{fine(check, "switched off by listen.ipv6")}
	}
	a := neigh.NewAddresses(d.where.Interface, slog.New(slog.DiscardHandler))
	if err := a.Look(); err != nil {
		return []finding{unseen(check, err)}
	}
	return []finding{weighSix(check, d.where.Interface, a.Self(), a.Prefixes())}
}

// weighSix says what phones get by IPv6. A LAN without it is no fault.
func weighSix(check, iface string, self netip.Addr, prefixes []netip.Prefix) finding {
	var nets []string
	for _, p := range prefixes {
		if !p.Addr().IsLinkLocalUnicast() {
			nets = append(nets, p.String())
		}
	}
	switch {
	case len(nets) == 0:
		return fine(check, "no router announces a network on %s: phones use IPv4", iface)
	case !self.IsValid():
		return finding{check, gradeWarn, "none of " + strings.Join(nets, ", ") + " is an address phones can be told: each is temporary or withdrawn",
			"phones that prefer IPv6 are not led here by DHCPv6; the others notice nothing",
			"look at: ip -6 address show " + iface + "; give the box a fixed one, such as fd00:20::1/64"}
	}
	return fine(check, "%s has %s, phones are told %s", iface, strings.Join(nets, ", "), self)
}
