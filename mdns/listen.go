package mdns

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"

	"golang.org/x/sys/unix"
)

// The group and port of multicast DNS (RFC 6762 section 3).
const (
	groupAddr = "224.0.0.251"
	port      = 5353
)

// receiveBuffer is small on purpose: of a flood the kernel keeps this much.
const receiveBuffer = 64 << 10

func group() netip.AddrPort { return netip.AddrPortFrom(netip.MustParseAddr(groupAddr), port) }

// Listen opens the announcer's socket on one interface. It is bound to the
// group's address, so that another responder on this machine (avahi,
// systemd-resolved) goes on getting what is sent to the machine itself.
func Listen(iface string) (net.PacketConn, error) {
	ifi, err := net.InterfaceByName(iface)
	if err != nil {
		return nil, fmt.Errorf("find interface %s: %w", iface, err)
	}
	fd, err := unix.Socket(unix.AF_INET, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC|unix.SOCK_NONBLOCK, 0)
	if err != nil {
		return nil, fmt.Errorf("make the mDNS socket: %w", err)
	}
	file := os.NewFile(uintptr(fd), "mdns")
	defer func() { _ = file.Close() }() // what is returned is a copy
	if err := tie(fd, ifi.Index); err != nil {
		return nil, fmt.Errorf("open %s on %s: %w", group(), iface, err)
	}
	conn, err := net.FilePacketConn(file)
	if err != nil {
		return nil, fmt.Errorf("open %s on %s: %w", group(), iface, err)
	}
	return conn, nil
}

// tie makes the socket hear and reach one interface alone.
func tie(fd, index int) error {
	at := group().Addr().As4()
	here := &unix.IPMreqn{Multiaddr: at, Ifindex: int32(index)}
	return errors.Join(
		unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_REUSEADDR, 1),
		unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_RCVBUF, receiveBuffer),
		unix.SetsockoptInt(fd, unix.IPPROTO_IP, unix.IP_MULTICAST_ALL, 0),
		// Section 11: readers may refuse what has crossed a router.
		unix.SetsockoptInt(fd, unix.IPPROTO_IP, unix.IP_MULTICAST_TTL, 255),
		unix.SetsockoptInt(fd, unix.IPPROTO_IP, unix.IP_TTL, 255),
		unix.SetsockoptIPMreqn(fd, unix.IPPROTO_IP, unix.IP_MULTICAST_IF, here),
		unix.Bind(fd, &unix.SockaddrInet4{Port: port, Addr: at}),
		unix.SetsockoptIPMreqn(fd, unix.IPPROTO_IP, unix.IP_ADD_MEMBERSHIP, here),
	)
}
