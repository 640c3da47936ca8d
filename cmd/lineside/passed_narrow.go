package main

import (
	"encoding/binary"
	"errors"
	"fmt"
	"net"
	"net/netip"

	"golang.org/x/sys/unix"
)

// A unit is written before anybody knows the box's address, so its sockets are on
// every address, an uplink's too. This file makes of such a socket one of the
// phones' LAN alone, as the box's own are. The kernel does it, so that from
// elsewhere the port looks shut, and goes on doing it while no box runs: what is set
// on a socket stays with it. Newer kernels (6.18 does, 6.1 does not) refuse a filter on
// TCP to who has no CAP_NET_ADMIN, which the box does without: there narrowListener
// hangs up on who comes from elsewhere before a byte is read.

// Where a filter finds the address an IPv4 packet is for (RFC 791 section 3.1),
// counted from the head of the packet (SKF_NET_OFF of linux/filter.h).
const (
	fromHead    = 0xfff00000
	destination = 16
)

// onlyTo lets through what is for one IPv4 address; connections begun before have
// theirs looked at by narrowListener.
func onlyTo(fd int, to netip.Addr) error {
	a := to.As4()
	return filter(fd, []unix.SockFilter{
		{Code: unix.BPF_LD | unix.BPF_W | unix.BPF_ABS, K: fromHead + destination},
		{Code: unix.BPF_JMP | unix.BPF_JEQ | unix.BPF_K, K: binary.BigEndian.Uint32(a[:]), Jf: 1},
		{Code: unix.BPF_RET | unix.BPF_K, K: 0xffffffff},
		{Code: unix.BPF_RET | unix.BPF_K, K: 0},
	})
}

// nothing lets nothing through: whoever asks gets no answer, as at a port that a
// firewall shuts. Closing would not do: systemd has the socket still, and queues.
func nothing(fd int) error {
	return filter(fd, []unix.SockFilter{{Code: unix.BPF_RET | unix.BPF_K, K: 0}})
}

// backlog is how many connections wait to be accepted, as the units have it.
const backlog = 4096

// queue is how many connections may wait; 0 is one, the kernel's least.
func (p *passed) queue(most int) error {
	if p.network != "tcp" {
		return nil
	}
	return p.control(func(fd int) error { return unix.Listen(fd, most) })
}

// refused reports that a filter may not be set: not on this kernel, for TCP.
func (p *passed) refused(err error) bool { return p.network == "tcp" && errors.Is(err, unix.EPERM) }

// all takes a filter away.
func all(fd int) error {
	err := unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_DETACH_FILTER, 0)
	if err != nil && !errors.Is(err, unix.ENOENT) { // there was none
		return fmt.Errorf("take its filter away: %w", err)
	}
	return nil
}

func filter(fd int, program []unix.SockFilter) error {
	err := unix.SetsockoptSockFprog(fd, unix.SOL_SOCKET, unix.SO_ATTACH_FILTER, &unix.SockFprog{Len: uint16(len(program)), Filter: &program[0]})
	if err != nil {
		return fmt.Errorf("set its filter: %w", err)
	}
	return nil
}

// narrow has the socket take what is for the address at alone; the unspecified one
// is every address.
func (p *passed) narrow(at netip.Addr) error {
	return p.control(func(fd int) error {
		if at.IsUnspecified() || at == p.at.Addr() {
			return all(fd)
		}
		if err := onlyTo(fd, at); !p.refused(err) {
			return err
		}
		return nil
	})
}

// tie has a socket on IPv6 take what comes in by one interface alone.
func (p *passed) tie(iface string) error {
	return p.control(func(fd int) error {
		if err := unix.BindToDevice(fd, iface); err != nil {
			return fmt.Errorf("bind to interface %s: %w", iface, err)
		}
		return all(fd)
	})
}

// silence leaves the socket to nobody, until a box wants it.
func (p *passed) silence() error {
	if err := p.control(nothing); !p.refused(err) {
		return err
	}
	return p.queue(0)
}

// narrowListener stands for a listener on one address where its socket is on all.
type narrowListener struct {
	net.Listener
	at *net.TCPAddr
}

// Addr is the one address.
func (l narrowListener) Addr() net.Addr { return l.at }

// Accept gives the next connection to that address. One to another was begun
// before the socket was narrowed.
func (l narrowListener) Accept() (net.Conn, error) {
	for {
		c, err := l.Listener.Accept()
		if err != nil {
			return nil, err
		}
		if to, ok := c.LocalAddr().(*net.TCPAddr); ok && to.AddrPort().Addr().Unmap() == l.at.AddrPort().Addr() {
			return c, nil
		}
		_ = c.Close()
	}
}

// narrowPackets stands for a UDP socket on one address where it is on all: what it
// sends leaves from there, for a phone takes answers from nobody else.
type narrowPackets struct {
	*net.UDPConn
	at   *net.UDPAddr
	from []byte // the control message that says so
}

func newNarrowPackets(conn *net.UDPConn, at netip.AddrPort) *narrowPackets {
	return &narrowPackets{conn, net.UDPAddrFromAddrPort(at), unix.PktInfo4(&unix.Inet4Pktinfo{Spec_dst: at.Addr().As4()})}
}

// LocalAddr is the one address.
func (c *narrowPackets) LocalAddr() net.Addr { return c.at }

// WriteTo sends from it.
func (c *narrowPackets) WriteTo(b []byte, to net.Addr) (int, error) {
	peer, ok := to.(*net.UDPAddr)
	if !ok {
		return 0, fmt.Errorf("send from %s to %v: this is no UDP address", c.at, to)
	}
	n, _, err := c.WriteMsgUDP(b, c.from, peer)
	return n, err
}
