package main

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"slices"
	"strings"

	"golang.org/x/sys/unix"
)

// passed is a socket that systemd opened and handed over. It stays open as long as
// the program runs, and systemd keeps it when the program ends: what arrives while
// one box follows another waits in it. Each box works on a copy.
type passed struct {
	name    string // its unit's FileDescriptorName=
	network string // "udp" or "tcp"
	at      netip.AddrPort
	file    *os.File
}

// String names it for operators.
func (p *passed) String() string { return fmt.Sprintf("%s %s (%s)", p.network, p.at, p.unit()) }

// unit is where it comes from, as the units that are shipped are named.
func (p *passed) unit() string { return "lineside-" + p.name + ".socket" }

// inheritance is all that systemd handed over. The zero value is nothing.
type inheritance struct {
	list []*passed
	// wrong says of what was closed again why no box could use it, with what to do.
	wrong []string
}

// passable are the names of sockets that boxes take, as FileDescriptorName= gives
// them.
var passable = [...]string{"dhcp", "tftp", "http", "https", "admin", "sip", "sips"}

// inherit looks at what was handed over. What no box could use whatever its
// settings say is closed here.
func inherit(files []*os.File) *inheritance {
	h := &inheritance{}
	for _, f := range files {
		p, err := examine(f)
		if err != nil {
			h.wrong = append(h.wrong, fmt.Sprintf("systemd handed over a socket named %.40q that %v", f.Name(), err))
			_ = f.Close()
			continue
		}
		h.list = append(h.list, p)
	}
	return h
}

// examine finds out what a socket is.
func examine(f *os.File) (*passed, error) {
	p := &passed{name: f.Name(), file: f}
	if !slices.Contains(passable[:], p.name) {
		return nil, fmt.Errorf("no door has; write one of %s as FileDescriptorName= of its unit", strings.Join(passable[:], ", "))
	}
	raw, err := f.SyscallConn()
	if err != nil {
		return nil, fmt.Errorf("cannot be looked at: %w", err)
	}
	var looked error
	err = raw.Control(func(fd uintptr) { looked = p.look(int(fd)) })
	return p, errors.Join(err, looked)
}

func (p *passed) look(fd int) error {
	name, err := unix.Getsockname(fd)
	if err != nil {
		return fmt.Errorf("is none: %w", err)
	}
	switch a := name.(type) {
	case *unix.SockaddrInet4:
		p.at = netip.AddrPortFrom(netip.AddrFrom4(a.Addr), uint16(a.Port))
	case *unix.SockaddrInet6:
		p.at = netip.AddrPortFrom(netip.AddrFrom16(a.Addr), uint16(a.Port))
		if only, err := unix.GetsockoptInt(fd, unix.IPPROTO_IPV6, unix.IPV6_V6ONLY); err != nil || only == 0 {
			return errors.New("is for IPv4 and IPv6 at once; write BindIPv6Only=ipv6-only into its unit, and a ListenStream= or ListenDatagram= for each")
		}
	default:
		return errors.New("is neither UDP nor TCP; correct ListenStream= or ListenDatagram= of its unit")
	}
	// Multipath TCP, for one, has no filters (passed_narrow.go).
	if proto, err := unix.GetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_PROTOCOL); err != nil || proto != unix.IPPROTO_UDP && proto != unix.IPPROTO_TCP {
		return errors.New("is neither UDP nor TCP; take SocketProtocol= out of its unit")
	}
	kind, err := unix.GetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_TYPE)
	if err != nil {
		return fmt.Errorf("does not say its type: %w", err)
	}
	listens, _ := unix.GetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_ACCEPTCONN)
	switch {
	case kind == unix.SOCK_DGRAM:
		p.network = "udp"
	case kind == unix.SOCK_STREAM && listens == 1:
		p.network = "tcp"
	default:
		return errors.New("does not listen; take Accept= out of its unit")
	}
	return nil
}

// find gives the socket for a door whose address is complete, or nil. One that is
// bound to every address does for each of them: it is narrowed down.
func (h *inheritance) find(d door) *passed {
	if h == nil {
		return nil
	}
	want, err := netip.ParseAddrPort(wide(d.addr))
	if err != nil {
		return nil
	}
	for _, p := range h.list {
		same := p.at.Addr() == want.Addr() || p.at.Addr().IsUnspecified() && p.at.Addr().Is4() == want.Addr().Is4()
		if p.name == d.unit() && p.network == d.network && p.at.Port() == want.Port() && same {
			return p
		}
	}
	return nil
}

// unit is the name under which systemd hands a door's socket over: one unit has
// the SIP service's UDP and TCP.
func (d door) unit() string { return strings.TrimSuffix(d.title(), "-tcp") }

// packets is a copy to receive packets on.
func (p *passed) packets() (*net.UDPConn, error) {
	c, err := net.FilePacketConn(p.file)
	if err != nil {
		return nil, fmt.Errorf("copy the socket %s: %w", p, err)
	}
	return c.(*net.UDPConn), nil // examine has seen to that
}

// stream is a copy to accept connections on.
func (p *passed) stream() (net.Listener, error) {
	if err := p.queue(backlog); err != nil { // it may have been silent
		return nil, err
	}
	l, err := net.FileListener(p.file)
	if err != nil {
		return nil, fmt.Errorf("copy the socket %s: %w", p, err)
	}
	return l, nil
}

// control runs do with its descriptor.
func (p *passed) control(do func(fd int) error) error {
	raw, err := p.file.SyscallConn()
	if err != nil {
		return fmt.Errorf("take the socket %s: %w", p, err)
	}
	var failed error
	err = raw.Control(func(fd uintptr) { failed = do(int(fd)) })
	if err = errors.Join(err, failed); err != nil {
		return fmt.Errorf("take the socket %s: %w", p, err)
	}
	return nil
}
