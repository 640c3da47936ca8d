package mdns

import (
	"errors"
	"fmt"
	"net"
	"os"
	"strconv"

	"github.com/grandcat/zeroconf"
	"golang.org/x/sys/unix"
)

// publisher makes records known to the LAN, until withdraw takes them back. It
// is a field, so that the rest is tested without sockets.
type publisher func(c *Config, n names) (withdraw func(), err error)

// publish has zeroconf announce every service, and say goodbye in the end.
func publish(c *Config, n names) (withdraw func(), err error) {
	ifi, err := net.InterfaceByName(c.Interface)
	if err != nil {
		return nil, fmt.Errorf("find interface %s: %w", c.Interface, err)
	}
	var up []*zeroconf.Server
	withdraw = func() {
		for _, s := range up {
			s.Shutdown()
		}
	}
	for _, s := range c.Services {
		// With "local." for a domain zeroconf would add it to the host once more.
		srv, err := zeroconf.RegisterProxy(n.instance, s.Type, "local", s.Port, n.host, []string{c.Self.Addr().String()}, c.text(s), []net.Interface{*ifi})
		if err == nil {
			up = append(up, srv)
			err = deafen()
		}
		if err != nil {
			withdraw()
			return nil, fmt.Errorf("announce %s: %w", s.Type, err)
		}
	}
	return withdraw, nil
}

// deafen lets nothing into zeroconf's sockets any more. It makes them itself and
// hands none out, so they are found among this process's: UDP, at mDNS' port, on
// no address of their own. The announcer's is on the group's. What remains of
// them can send, which is all they are for.
func deafen() error {
	list, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		return fmt.Errorf("list this process's sockets: %w", err)
	}
	for _, e := range list {
		fd, err := strconv.Atoi(e.Name())
		if err != nil {
			continue
		}
		// The copy stays what it is, whoever closes the number meanwhile.
		own, err := unix.FcntlInt(uintptr(fd), unix.F_DUPFD_CLOEXEC, 0)
		if err != nil {
			continue // closed since it was listed
		}
		if published(own) {
			err = dropAll(own)
		}
		if err := errors.Join(err, unix.Close(own)); err != nil {
			return fmt.Errorf("close zeroconf's ear: %w", err)
		}
	}
	return nil
}

// published reports that a socket is one of zeroconf's.
func published(fd int) bool {
	at, err := unix.Getsockname(fd)
	if err != nil {
		return false
	}
	if kind, err := unix.GetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_TYPE); err != nil || kind != unix.SOCK_DGRAM {
		return false
	}
	switch at := at.(type) {
	case *unix.SockaddrInet4:
		return at.Port == port && at.Addr == [4]byte{}
	case *unix.SockaddrInet6:
		return at.Port == port && at.Addr == [16]byte{}
	}
	return false
}

// dropAll attaches a filter of one instruction, which keeps 0 bytes of whatever
// arrives: the kernel throws it away before it costs the box anything (bpf(4)).
func dropAll(fd int) error {
	drop := unix.SockFilter{Code: unix.BPF_RET | unix.BPF_K}
	return unix.SetsockoptSockFprog(fd, unix.SOL_SOCKET, unix.SO_ATTACH_FILTER, &unix.SockFprog{Len: 1, Filter: &drop})
}
