package dhcpopt

import (
	"errors"
	"fmt"
	"net"

	"golang.org/x/sys/unix"
)

// Adopt makes a server's socket, as Listen does, of one that is bound already, as
// a service manager hands it over. It takes conn, and closes it on an error.
//
// What Listen asks of the kernel before it binds is asked afterwards, which comes
// to the same, but for what arrived in between: on a socket that was not tied to
// the interface yet a packet from elsewhere may wait. A manager's SO_REUSEADDR is
// taken back: no second server may come to sit beside this one.
func Adopt(conn *net.UDPConn, iface string) (*Conn, error) {
	raw, err := conn.SyscallConn()
	var failed error
	if err == nil {
		err = raw.Control(func(fd uintptr) { failed = readopt(int(fd), iface) })
	}
	if err = errors.Join(err, failed); err != nil {
		return nil, errors.Join(fmt.Errorf("take over the DHCP socket %s: %w", conn.LocalAddr(), err), conn.Close())
	}
	return serverConn(conn, iface)
}

// readopt is prepare for a socket that may have served other settings.
func readopt(fd int, iface string) error {
	if iface == "" {
		if was, err := unix.GetsockoptString(fd, unix.SOL_SOCKET, unix.SO_BINDTODEVICE); err == nil && was != "" {
			if err := unix.BindToDevice(fd, ""); err != nil {
				return fmt.Errorf("untie it from %s: %w", was, err)
			}
		}
	}
	if err := unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_REUSEADDR, 0); err != nil {
		return fmt.Errorf("have it alone: %w", err)
	}
	return prepare(fd, iface)
}

// AdoptRelay makes a relay's socket, as ListenRelay does, of one that is bound
// already. It takes conn, and closes it on an error.
func AdoptRelay(conn *net.UDPConn, iface string) (*RelayConn, error) {
	ifi, err := net.InterfaceByName(iface)
	if err != nil {
		return nil, errors.Join(fmt.Errorf("find interface %s: %w", iface, err), conn.Close())
	}
	c, err := Adopt(conn, "")
	if err != nil {
		return nil, err
	}
	return relayConn(c, ifi)
}
