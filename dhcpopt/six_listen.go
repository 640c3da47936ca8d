package dhcpopt

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"

	"golang.org/x/sys/unix"
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
	return conn, nil
}
