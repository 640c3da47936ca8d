package tftpd

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"syscall"

	"golang.org/x/sys/unix"
)

// receiveBuffer is what the main socket asks of the kernel, in bytes: with its
// usual 208 KiB packets are lost when a building powers up.
const receiveBuffer = 16 << 20

// Listen opens the main socket, with a receive buffer for a building of phones
// where the kernel grants one. Network and addr are as for net.ListenPacket.
func Listen(ctx context.Context, network, addr string) (net.PacketConn, error) {
	lc := net.ListenConfig{Control: func(_, _ string, c syscall.RawConn) error {
		return c.Control(func(fd uintptr) {
			// Beyond the system's limit only with CAP_NET_ADMIN; less is no
			// reason not to serve.
			if unix.SetsockoptInt(int(fd), unix.SOL_SOCKET, unix.SO_RCVBUFFORCE, receiveBuffer) != nil {
				_ = unix.SetsockoptInt(int(fd), unix.SOL_SOCKET, unix.SO_RCVBUF, receiveBuffer)
			}
			_ = wantLocal(fd) // Serve asks again, and minds
		})
	}}
	conn, err := lc.ListenPacket(ctx, network, addr)
	if err != nil {
		return nil, fmt.Errorf("listen for TFTP: %w", err)
	}
	return conn, nil
}

// wantLocal has the kernel say, with each packet, to which address it came.
func wantLocal(fd uintptr) error {
	err4 := unix.SetsockoptInt(int(fd), unix.IPPROTO_IP, unix.IP_PKTINFO, 1)
	err6 := unix.SetsockoptInt(int(fd), unix.IPPROTO_IPV6, unix.IPV6_RECVPKTINFO, 1)
	if err4 != nil && err6 != nil {
		return errors.Join(err4, err6)
	}
	return nil
}

// control runs f on a socket.
func control(conn *net.UDPConn, f func(fd uintptr) error) error {
	raw, err := conn.SyscallConn()
	if err != nil {
		return err
	}
	var failed error
	err = raw.Control(func(fd uintptr) { failed = f(fd) })
	return errors.Join(err, failed)
}

// arrival reads from control messages the address of ours a packet came to. It
// is unset where the kernel did not say; toOne is false for a broadcast or
// multicast, which a TFTP server leaves alone (RFC 1123 section 4.2.3.4).
func arrival(oob []byte) (local netip.Addr, toOne bool) {
	for len(oob) >= unix.SizeofCmsghdr {
		h, body, rest, err := unix.ParseOneSocketControlMessage(oob)
		if err != nil {
			break
		}
		switch {
		case h.Level == unix.IPPROTO_IP && h.Type == unix.IP_PKTINFO && len(body) >= unix.SizeofInet4Pktinfo:
			// struct in_pktinfo: interface, the address to answer from, the
			// packet's destination.
			answer, dst := netip.AddrFrom4([4]byte(body[4:8])), netip.AddrFrom4([4]byte(body[8:12]))
			if answer.IsUnspecified() {
				// Came before the kernel was asked to note it.
				return netip.Addr{}, true
			}
			return answer, answer == dst
		case h.Level == unix.IPPROTO_IPV6 && h.Type == unix.IPV6_PKTINFO && len(body) >= unix.SizeofInet6Pktinfo:
			if dst := netip.AddrFrom16([16]byte(body[:16])); !dst.Is4In6() {
				return dst, !dst.IsMulticast()
			}
		}
		oob = rest
	}
	return netip.Addr{}, true
}

// source is the control message that has a packet leave from local; nil leaves
// the choice to the kernel.
func source(local netip.Addr) []byte {
	switch {
	case local.Is4():
		return unix.PktInfo4(&unix.Inet4Pktinfo{Spec_dst: local.As4()})
	case local.IsValid() && !local.IsLinkLocalUnicast():
		return unix.PktInfo6(&unix.Inet6Pktinfo{Addr: local.As16()})
	}
	return nil
}

// dial opens a transfer's own socket. Port 0 and an unset local are the kernel's
// to choose.
func dial(local netip.Addr, peer netip.AddrPort) (*net.UDPConn, error) {
	if local.IsLinkLocalUnicast() {
		local = local.WithZone(peer.Addr().Zone())
	}
	var laddr *net.UDPAddr
	if local.IsValid() {
		laddr = net.UDPAddrFromAddrPort(netip.AddrPortFrom(local, 0))
	}
	return net.DialUDP("udp", laddr, net.UDPAddrFromAddrPort(peer))
}
