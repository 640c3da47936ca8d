package sipd

import (
	"net"
	"syscall"

	"golang.org/x/sys/unix"
)

// sendBuffer is what a UDP socket asks of the kernel for what it sends, in bytes.
// A packet to an address of the LAN that nobody has stays in the socket's share
// until ARP gives up, three seconds later: with the usual 208 KiB, 160 answers to
// forged addresses hold back everybody else's.
const sendBuffer = 8 << 20

// strangersShare is the part of it, one in so many, that answers to callers who
// proved nothing may fill.
const strangersShare = 4

// deepen asks for a big send buffer; beyond the system's limit there is one only
// with CAP_NET_ADMIN, and less is no reason not to serve.
func deepen(c net.PacketConn) {
	control(c, func(fd int) {
		if unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_SNDBUFFORCE, sendBuffer) != nil {
			_ = unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_SNDBUF, sendBuffer)
		}
	})
}

// roomy reports that a socket can take an answer to a stranger: never so many
// that a call has to wait behind them. What cannot tell is roomy.
func roomy(c net.PacketConn) bool {
	ok := true
	control(c, func(fd int) {
		waiting, err := unix.IoctlGetInt(fd, unix.SIOCOUTQ)
		size, bad := unix.GetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_SNDBUF)
		ok = err != nil || bad != nil || waiting < size/strangersShare
	})
	return ok
}

// control runs do with the socket's descriptor, where it has one.
func control(c net.PacketConn, do func(fd int)) {
	sc, ok := c.(syscall.Conn)
	if !ok {
		return
	}
	raw, err := sc.SyscallConn()
	if err != nil {
		return
	}
	_ = raw.Control(func(fd uintptr) { do(int(fd)) }) // closed, it sends nothing anyway
}
