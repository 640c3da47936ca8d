package sipd

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"

	"golang.org/x/sys/unix"
)

// GroupAddr is where phones ask for their config by multicast.
const GroupAddr = "224.0.1.75"

// ListenGroup opens the multicast socket on an interface, at a port of the
// group's. It is bound to the group's own address: what is sent to the box
// itself stays with the other sockets. The standard library would bind it to
// every address.
func ListenGroup(_ context.Context, iface string, port int) (net.PacketConn, error) {
	ifi, err := net.InterfaceByName(iface)
	if err != nil {
		return nil, fmt.Errorf("find interface %s: %w", iface, err)
	}
	fd, err := unix.Socket(unix.AF_INET, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC|unix.SOCK_NONBLOCK, 0)
	if err != nil {
		return nil, fmt.Errorf("make the PnP socket: %w", err)
	}
	group := netip.MustParseAddr(GroupAddr).As4()
	err = errors.Join(
		unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_REUSEADDR, 1),
		// Others may join groups on other interfaces; this socket hears its own only.
		unix.SetsockoptInt(fd, unix.IPPROTO_IP, unix.IP_MULTICAST_ALL, 0),
		unix.Bind(fd, &unix.SockaddrInet4{Port: port, Addr: group}),
		unix.SetsockoptIPMreqn(fd, unix.IPPROTO_IP, unix.IP_ADD_MEMBERSHIP, &unix.IPMreqn{Multiaddr: group, Ifindex: int32(ifi.Index)}),
	)
	file := os.NewFile(uintptr(fd), "pnp")
	defer func() { _ = file.Close() }() // FilePacketConn has its own copy
	if err != nil {
		return nil, fmt.Errorf("open %s:%d on %s: %w", GroupAddr, port, iface, err)
	}
	return net.FilePacketConn(file)
}
