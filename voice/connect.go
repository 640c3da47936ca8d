package voice

import (
	"net/netip"
	"syscall"
)

// connect tells the kernel to take packets from that address only, so that those
// of strangers do not even wake us. It is a help, not the check: Call.from is.
// Where it cannot be done (a test's conn, a link-local IPv6 address) it is not.
func connect(conn Conn, to netip.AddrPort) {
	sc, ok := conn.(syscall.Conn)
	if !ok || to.Addr().IsLinkLocalUnicast() && to.Addr().Is6() {
		return
	}
	raw, err := sc.SyscallConn()
	if err != nil {
		return
	}
	_ = raw.Control(func(fd uintptr) {
		local, err := syscall.Getsockname(int(fd))
		if err != nil {
			return
		}
		switch local.(type) {
		case *syscall.SockaddrInet4:
			if to.Addr().Is4() {
				_ = syscall.Connect(int(fd), &syscall.SockaddrInet4{Port: int(to.Port()), Addr: to.Addr().As4()})
			}
		case *syscall.SockaddrInet6:
			_ = syscall.Connect(int(fd), &syscall.SockaddrInet6{Port: int(to.Port()), Addr: to.Addr().As16()})
		}
	})
}
