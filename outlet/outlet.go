package outlet

import (
	"syscall"

	"golang.org/x/sys/unix"
)

// sendBuffer is what a socket asks of the kernel for what it sends, in bytes.
const sendBuffer = 8 << 20

// Deepen asks for a big send buffer for the socket c; beyond the system's limit
// there is one only with CAP_NET_ADMIN, and less is no reason not to serve. What
// has no descriptor is left alone.
func Deepen(c any) {
	control(c, func(fd int) {
		// What a service manager gave may be beyond what may be asked for here.
		if has, err := unix.GetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_SNDBUF); err == nil && has >= sendBuffer {
			return
		}
		if unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_SNDBUFFORCE, sendBuffer) != nil {
			_ = unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_SNDBUF, sendBuffer)
		}
	})
}

// Roomy reports that what waits in the socket c fills less than one part in share
// of what it may. What cannot tell is roomy.
func Roomy(c any, share int) bool {
	ok := true
	control(c, func(fd int) {
		waiting, err := unix.IoctlGetInt(fd, unix.SIOCOUTQ)
		size, bad := unix.GetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_SNDBUF)
		ok = err != nil || bad != nil || waiting < size/share
	})
	return ok
}

// control runs do with the socket's descriptor, where it has one.
func control(c any, do func(fd int)) {
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
