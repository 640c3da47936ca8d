package main

import (
	"context"
	"fmt"

	"github.com/lineside/lineside/dhcpopt"
)

// upstreams asks each server behind the relay what it would offer a phone.
func (d *doctor) upstreams(ctx context.Context) []finding {
	const check = "dhcp-upstream"
	if d.settings.DHCP.Mode != dhcpopt.ModeRelay {
		return nil
	}
	servers := d.settings.DHCP.Upstream
	offers, err := dhcpopt.ProbeUpstreams(ctx, d.where.Interface, d.where.Self.Addr(), servers, "yealink")
	if err != nil {
		return []finding{unseen(check, err)}
	}
	var out []finding
	for i, o := range offers {
		out = append(out, d.weighUpstream(check, servers[i].String(), o))
	}
	return out
}

// weighUpstream says what it means that a server made this offer, nil for none.
func (d *doctor) weighUpstream(check, server string, o *dhcpopt.Answer) finding {
	self := d.where.Self
	switch {
	case o == nil:
		return finding{check, gradeBad, server + " offers nothing to a phone of " + self.Masked().String(),
			"phones that start get no address from it; where no other server is named, they stay without network",
			"see that it runs, has a pool for " + self.Masked().String() + " with addresses left, and a route back to " + self.Addr().String() + "; its address is dhcp.upstream"}
	case !self.Contains(o.Addr):
		return finding{check, gradeBad, fmt.Sprintf("%s offers a phone %s, which is not of %s", server, o.Addr, self.Masked()),
			"phones get an address they cannot use here", "give the server a pool for " + self.Masked().String() + ", chosen by the relay address " + self.Addr().String()}
	}
	return fine(check, "%s offers a phone %s", server, o.Addr)
}
