package dhcpopt

import (
	"context"
	"fmt"
	"net"
	"net/netip"

	"golang.org/x/net/ipv4"
)

// RelayConn is a relay's socket: it hears the LAN and the servers elsewhere,
// and tells which of the two a packet came from.
type RelayConn struct {
	*Conn
	lan int // index of the interface on the LAN
}

// ListenRelay opens the socket of a relay, addr as a rule 0.0.0.0:67, with the
// LAN on iface. It is bound to no interface: servers answer at the box's address
// on the LAN, and those answers come in by whatever way leads there.
func ListenRelay(ctx context.Context, iface string, addr netip.AddrPort) (*RelayConn, error) {
	ifi, err := net.InterfaceByName(iface)
	if err != nil {
		return nil, fmt.Errorf("find interface %s: %w", iface, err)
	}
	c, err := Listen(ctx, "", addr)
	if err != nil {
		return nil, err
	}
	return relayConn(c, ifi)
}

// relayConn makes a relay's socket of a server's that is tied to no interface. It
// closes c where it cannot.
func relayConn(c *Conn, ifi *net.Interface) (*RelayConn, error) {
	c.openFrames(ifi.Name)
	if err := c.packets.SetControlMessage(ipv4.FlagInterface, true); err != nil {
		_ = c.Close()
		return nil, fmt.Errorf("ask for the interface of packets: %w", err)
	}
	return &RelayConn{Conn: c, lan: ifi.Index}, nil
}

// ReadFromSide reads one packet and reports whether it came from the LAN; what
// the kernel does not place did.
func (c *RelayConn) ReadFromSide(b []byte) (n int, lan bool, from netip.AddrPort, err error) {
	n, cm, src, err := c.packets.ReadFrom(b)
	if err != nil {
		return 0, false, netip.AddrPort{}, err
	}
	return n, cm == nil || cm.IfIndex == c.lan, addrPort(src), nil
}

// WriteTo sends one packet; a broadcast leaves on the LAN, whatever the routes
// say.
func (c *RelayConn) WriteTo(b []byte, to net.Addr) (int, error) {
	if addrPort(to).Addr() != broadcast().Addr() {
		return c.Conn.WriteTo(b, to)
	}
	return c.write(b, (&ipv4.ControlMessage{IfIndex: c.lan}).Marshal(), to)
}
