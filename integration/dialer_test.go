package integration

import (
	"context"
	"net"
	"net/netip"
)

// dialer dials from one address of this host.
type dialer struct{ from netip.Addr }

func (d *dialer) dial(ctx context.Context, network, addr string) (net.Conn, error) {
	nd := net.Dialer{LocalAddr: net.TCPAddrFromAddrPort(netip.AddrPortFrom(d.from, 0))}
	return nd.DialContext(ctx, network, addr)
}
