package sipd

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"syscall"

	"golang.org/x/sys/unix"
)

// GroupAddr is where phones ask for their config by multicast.
const GroupAddr = "224.0.1.75"

// ListenGroup opens the multicast socket on an interface, at a port of the
// group's. It is bound to the group's own address: what is sent to the box
// itself stays with the other sockets. The standard library would bind it to
// every address.
//
// What it gives is a *Group.
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
	conn, err := net.FilePacketConn(file)
	if err != nil {
		return nil, fmt.Errorf("open %s:%d on %s: %w", GroupAddr, port, iface, err)
	}
	return &Group{PacketConn: conn, iface: iface, index: ifi.Index}, nil
}

// Group is the multicast socket. It is a member of the group on one interface,
// and stays one only as long as that interface is not made anew.
type Group struct {
	net.PacketConn
	iface string
	index int
}

// Renew joins the group again where the interface was made anew, as when a VLAN
// is set up a second time: the kernel ties a membership to the interface's number
// and not to its name. It reports whether it had to. While there is no such
// interface it does nothing. It is for one goroutine.
func (g *Group) Renew() (bool, error) {
	ifi, err := net.InterfaceByName(g.iface)
	if err != nil || ifi.Index == g.index {
		return false, nil
	}
	raw, err := g.PacketConn.(syscall.Conn).SyscallConn()
	if err != nil {
		return false, fmt.Errorf("join %s on %s again: %w", GroupAddr, g.iface, err)
	}
	group := netip.MustParseAddr(GroupAddr).As4()
	var joined error
	err = raw.Control(func(fd uintptr) {
		// The old membership goes first, there is a bound on them; the kernel may
		// have dropped it with the interface.
		_ = unix.SetsockoptIPMreqn(int(fd), unix.IPPROTO_IP, unix.IP_DROP_MEMBERSHIP, &unix.IPMreqn{Multiaddr: group, Ifindex: int32(g.index)})
		joined = unix.SetsockoptIPMreqn(int(fd), unix.IPPROTO_IP, unix.IP_ADD_MEMBERSHIP, &unix.IPMreqn{Multiaddr: group, Ifindex: int32(ifi.Index)})
	})
	if err = errors.Join(err, joined); err != nil {
		return false, fmt.Errorf("join %s on %s again: %w", GroupAddr, g.iface, err)
	}
	g.index = ifi.Index
	return true, nil
}
