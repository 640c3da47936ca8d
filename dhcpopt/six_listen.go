package dhcpopt

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"

	"golang.org/x/net/ipv6"
	"golang.org/x/sys/unix"

	"github.com/lineside/lineside/outlet"
)

// sixGroup is where DHCPv6 clients ask (RFC 8415 section 7.1).
const sixGroup = "ff02::1:2"

// ListenSix opens the socket of DHCPv6 on iface. It is bound to the group's own
// address, so that it hears what is sent to the group on that interface and
// nothing else; the standard library would bind it to every address.
func ListenSix(_ context.Context, iface string) (net.PacketConn, error) {
	ifi, err := net.InterfaceByName(iface)
	if err != nil {
		return nil, fmt.Errorf("find interface %s: %w", iface, err)
	}
	fd, err := unix.Socket(unix.AF_INET6, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC|unix.SOCK_NONBLOCK, 0)
	if err != nil {
		return nil, fmt.Errorf("make the DHCPv6 socket: %w", err)
	}
	file := os.NewFile(uintptr(fd), "dhcp6")
	defer func() { _ = file.Close() }() // FilePacketConn has its own copy
	group := netip.MustParseAddr(sixGroup).As16()
	err = errors.Join(
		unix.SetsockoptInt(fd, unix.IPPROTO_IPV6, unix.IPV6_V6ONLY, 1),
		unix.SetsockoptInt(fd, unix.IPPROTO_IPV6, unix.IPV6_MULTICAST_ALL, 0),
		unix.BindToDevice(fd, iface),
		unix.Bind(fd, &unix.SockaddrInet6{Port: sixServerPort, Addr: group, ZoneId: uint32(ifi.Index)}),
		unix.SetsockoptIPv6Mreq(fd, unix.IPPROTO_IPV6, unix.IPV6_JOIN_GROUP, &unix.IPv6Mreq{Multiaddr: group, Interface: uint32(ifi.Index)}),
	)
	if err != nil {
		return nil, fmt.Errorf("open [%s]:%d on %s: %w", sixGroup, sixServerPort, iface, err)
	}
	conn, err := net.FilePacketConn(file)
	if err != nil {
		return nil, fmt.Errorf("open [%s]:%d on %s: %w", sixGroup, sixServerPort, iface, err)
	}
	outlet.Deepen(conn)
	return &sixConn{PacketConn: conn, packets: ipv6.NewPacketConn(conn)}, nil
}

// sixConn is a socket that does not wait to send: what fills it are answers to
// made-up addresses, for as long as neighbour discovery looks for them.
type sixConn struct {
	net.PacketConn
	packets *ipv6.PacketConn // the same socket
}

func (c *sixConn) WriteTo(b []byte, to net.Addr) (int, error) {
	if _, err := c.packets.WriteBatch([]ipv6.Message{{Buffers: [][]byte{b}, Addr: to}}, unix.MSG_DONTWAIT); err != nil {
		return 0, err
	}
	return len(b), nil
}
