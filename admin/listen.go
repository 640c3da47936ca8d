package admin

import (
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"os/user"
	"strconv"
	"syscall"
)

// peerListener gives each connection of a unix socket its peer's name as remote
// address. A connection whose peer the kernel cannot name is closed.
type peerListener struct {
	net.Listener
	log *slog.Logger
}

// Accept waits for the next connection with a known peer.
func (l *peerListener) Accept() (net.Conn, error) {
	for {
		c, err := l.Listener.Accept()
		if err != nil {
			return nil, err
		}
		name, err := peerName(c)
		if err == nil {
			return peerConn{Conn: c, peer: peerAddr(name)}, nil
		}
		l.log.Warn("operator's socket: connection refused", "err", err)
		_ = c.Close()
	}
}

type peerConn struct {
	net.Conn
	peer peerAddr
}

// RemoteAddr is the peer's user name.
func (c peerConn) RemoteAddr() net.Addr { return c.peer }

// peerAddr is a user of this machine: the name, or "uid 1000" for one without.
type peerAddr string

// Network is "unix".
func (peerAddr) Network() string { return "unix" }

// String is the user's name.
func (a peerAddr) String() string { return string(a) }

// peerName asks the kernel who opened the other end (unix(7), SO_PEERCRED). The
// group matters only where the user has no name: then it is recorded too.
func peerName(c net.Conn) (string, error) {
	uc, ok := c.(*net.UnixConn)
	if !ok {
		return "", errors.New("name the peer: not a unix socket")
	}
	raw, err := uc.SyscallConn()
	if err != nil {
		return "", fmt.Errorf("name the peer: %w", err)
	}
	var cred *syscall.Ucred
	var credErr error
	err = raw.Control(func(fd uintptr) {
		cred, credErr = syscall.GetsockoptUcred(int(fd), syscall.SOL_SOCKET, syscall.SO_PEERCRED)
	})
	if err = errors.Join(err, credErr); err != nil {
		return "", fmt.Errorf("name the peer: %w", err)
	}
	if u, err := user.LookupId(strconv.FormatUint(uint64(cred.Uid), 10)); err == nil {
		return u.Username, nil
	}
	return fmt.Sprintf("uid %d gid %d", cred.Uid, cred.Gid), nil
}

// connAddr is the peer's address, and the zero one for all of a unix socket.
func connAddr(c net.Conn) netip.Addr {
	ap, err := netip.ParseAddrPort(c.RemoteAddr().String())
	if err != nil {
		return netip.Addr{}
	}
	return ap.Addr().Unmap()
}
