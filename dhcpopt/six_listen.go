package dhcpopt

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"time"

	"github.com/mdlayher/packet"
	"golang.org/x/net/bpf"
	"golang.org/x/net/ipv6"
	"golang.org/x/sys/unix"

	"github.com/lineside/lineside/outlet"
	"github.com/lineside/lineside/phone"
)

// sixGroup is where DHCPv6 clients ask (RFC 8415 section 7.1).
const sixGroup = "ff02::1:2"

var sixServers = netip.MustParseAddr(sixGroup)

// ListenSix opens the sockets of DHCPv6 on iface. One is bound to the group's own
// address, so that it hears what is sent to the group on that interface and
// nothing else; the standard library would bind it to every address. Where the
// privilege is there a packet socket beside it hears the same as frames: these
// say to which hardware address an answer goes, and no neighbour is looked for.
func ListenSix(ctx context.Context, iface string) (*SixConn, error) {
	ifi, conn, err := listenSixUDP(ctx, iface)
	if err != nil {
		return nil, err
	}
	outlet.Deepen(conn)
	c := &SixConn{PacketConn: conn, packets: ipv6.NewPacketConn(conn), reason: ErrNoFrames}
	if len(ifi.HardwareAddr) == len(phone.MAC{}) {
		c.openFrames(ifi)
	}
	return c, nil
}

// openFrames opens the packet socket; where it cannot, reason says why. What the
// other socket would hear too it then leaves alone: it only keeps the port and the
// group, of which switches must know.
func (c *SixConn) openFrames(ifi *net.Interface) {
	c.reason = func() error {
		filter, err := bpf.Assemble(sixAsked())
		if err != nil {
			return fmt.Errorf("make the filter of frames: %w", err)
		}
		deaf, err := bpf.Assemble([]bpf.Instruction{bpf.RetConstant{Val: 0}})
		if err != nil {
			return fmt.Errorf("make the filter of packets: %w", err)
		}
		frames, err := packet.Listen(ifi, packet.Raw, etherTypeIPv6, &packet.Config{Filter: filter})
		if err != nil {
			return fmt.Errorf("open packet socket on %s: %w", ifi.Name, err)
		}
		if err := c.packets.SetBPF(deaf); err != nil {
			return errors.Join(fmt.Errorf("silence the DHCPv6 socket: %w", err), frames.Close())
		}
		c.frames, c.hardware, c.ifindex = frames, phone.MAC(ifi.HardwareAddr), ifi.Index
		return nil
	}()
}

func listenSixUDP(_ context.Context, iface string) (*net.Interface, net.PacketConn, error) {
	ifi, err := net.InterfaceByName(iface)
	if err != nil {
		return nil, nil, fmt.Errorf("find interface %s: %w", iface, err)
	}
	fd, err := unix.Socket(unix.AF_INET6, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC|unix.SOCK_NONBLOCK, 0)
	if err != nil {
		return nil, nil, fmt.Errorf("make the DHCPv6 socket: %w", err)
	}
	file := os.NewFile(uintptr(fd), "dhcp6")
	defer func() { _ = file.Close() }() // FilePacketConn has its own copy
	group := sixServers.As16()
	err = errors.Join(
		unix.SetsockoptInt(fd, unix.IPPROTO_IPV6, unix.IPV6_V6ONLY, 1),
		unix.SetsockoptInt(fd, unix.IPPROTO_IPV6, unix.IPV6_MULTICAST_ALL, 0),
		unix.BindToDevice(fd, iface),
		unix.Bind(fd, &unix.SockaddrInet6{Port: sixServerPort, Addr: group, ZoneId: uint32(ifi.Index)}),
		unix.SetsockoptIPv6Mreq(fd, unix.IPPROTO_IPV6, unix.IPV6_JOIN_GROUP, &unix.IPv6Mreq{Multiaddr: group, Interface: uint32(ifi.Index)}),
	)
	if err != nil {
		return nil, nil, fmt.Errorf("open [%s]:%d on %s: %w", sixGroup, sixServerPort, iface, err)
	}
	conn, err := net.FilePacketConn(file)
	if err != nil {
		return nil, nil, fmt.Errorf("open [%s]:%d on %s: %w", sixGroup, sixServerPort, iface, err)
	}
	return ifi, conn, nil
}

// SixConn is a socket that does not wait to send: what fills it are answers to
// made-up addresses, for as long as neighbour discovery looks for them.
type SixConn struct {
	net.PacketConn
	packets  *ipv6.PacketConn // the same socket
	frames   *packet.Conn     // nil: none, because of reason
	reason   error
	hardware phone.MAC
	ifindex  int
}

// Framed reports that what is read are whole frames; else it is what they carry.
func (c *SixConn) Framed() bool { return c.frames != nil }

// ReadFrom reads one question.
func (c *SixConn) ReadFrom(b []byte) (int, net.Addr, error) {
	if c.Framed() {
		return c.frames.ReadFrom(b)
	}
	return c.PacketConn.ReadFrom(b)
}

// WriteTo sends one packet, to whom neighbour discovery finds.
func (c *SixConn) WriteTo(b []byte, to net.Addr) (int, error) {
	if _, err := c.packets.WriteBatch([]ipv6.Message{{Buffers: [][]byte{b}, Addr: to}}, unix.MSG_DONTWAIT); err != nil {
		return 0, err
	}
	return len(b), nil
}

// WriteFrame sends one packet in a frame to mac.
func (c *SixConn) WriteFrame(mac phone.MAC, from, to netip.AddrPort, payload []byte) error {
	if c.frames == nil {
		return c.reason
	}
	return writeFrame(c.frames, c.ifindex, frame6(mac, c.hardware, from, to, payload))
}

// SetReadDeadline ends a ReadFrom that waits.
func (c *SixConn) SetReadDeadline(t time.Time) error {
	if c.Framed() {
		return c.frames.SetReadDeadline(t)
	}
	return c.PacketConn.SetReadDeadline(t)
}

// Close closes both sockets.
func (c *SixConn) Close() error {
	err := c.PacketConn.Close()
	if c.frames != nil {
		err = errors.Join(err, c.frames.Close())
	}
	return err
}
