package dhcpopt

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"syscall"

	"github.com/mdlayher/packet"
	"golang.org/x/net/ipv4"
	"golang.org/x/sys/unix"

	"github.com/lineside/lineside/outlet"
	"github.com/lineside/lineside/phone"
)

// receiveBuffer is asked of the kernel, in bytes: with its own 208 KiB packets
// are lost when a building powers up.
const receiveBuffer = 16 << 20

// ErrNoFrames is returned by WriteFrame where no packet socket could be had.
var ErrNoFrames = errors.New("no packet socket")

// Conn is the server's UDP socket and, where the privilege is there, a packet
// socket beside it that reaches clients without an address.
type Conn struct {
	*net.UDPConn
	packets  *ipv4.PacketConn // the same socket, with control messages
	in, out  *mailbag         // and many packets at a time
	frames   *packet.Conn     // nil: none, because of reason
	reason   error
	hardware phone.MAC
	ifindex  int // of the interface frames leave by
}

// Listen opens the socket of a server on iface, addr as a rule 0.0.0.0:67 (a
// socket bound to one address hears no broadcast). An empty iface binds to
// none: enough for relayed clients, and needs no privilege above port 1023.
//
// The socket does not ask for SO_REUSEADDR: two servers on one LAN must not
// both start, and one that serves another interface is no obstacle.
func Listen(ctx context.Context, iface string, addr netip.AddrPort) (*Conn, error) {
	lc := net.ListenConfig{Control: func(_, _ string, raw syscall.RawConn) error {
		var err error
		if cerr := raw.Control(func(fd uintptr) { err = prepare(int(fd), iface) }); cerr != nil {
			return cerr
		}
		return err
	}}
	pc, err := lc.ListenPacket(ctx, "udp4", addr.String())
	if err != nil {
		return nil, fmt.Errorf("listen for DHCP on %s: %w", addr, err)
	}
	return serverConn(pc.(*net.UDPConn), iface)
}

// serverConn makes a server's socket of one that is open and prepared. It closes
// conn where it cannot.
func serverConn(conn *net.UDPConn, iface string) (*Conn, error) {
	c := &Conn{UDPConn: conn, packets: ipv4.NewPacketConn(conn), reason: ErrNoFrames}
	raw, err := c.SyscallConn()
	if err != nil {
		return nil, errors.Join(fmt.Errorf("listen for DHCP on %s: %w", conn.LocalAddr(), err), conn.Close())
	}
	c.in, c.out = newMailbag(raw), newOutbag(raw)
	outlet.Deepen(c.UDPConn)
	if iface != "" {
		c.openFrames(iface)
	}
	return c, nil
}

// prepare sets the options that must stand before the socket is bound.
func prepare(fd int, iface string) error {
	if err := unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_BROADCAST, 1); err != nil {
		return fmt.Errorf("allow broadcast: %w", err)
	}
	if iface != "" {
		if err := unix.BindToDevice(fd, iface); err != nil {
			return fmt.Errorf("bind to interface %s: %w", iface, err)
		}
	}
	if has, err := unix.GetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_RCVBUF); err == nil && has >= receiveBuffer {
		return nil // of a service manager, which may give more than can be asked for here
	}
	// Without CAP_NET_ADMIN the kernel's limit (net.core.rmem_max) stands.
	if unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_RCVBUFFORCE, receiveBuffer) != nil {
		_ = unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_RCVBUF, receiveBuffer)
	}
	return nil
}

func (c *Conn) openFrames(iface string) {
	ifi, err := net.InterfaceByName(iface)
	if err != nil {
		c.reason = fmt.Errorf("find interface %s: %w", iface, err)
		return
	}
	if len(ifi.HardwareAddr) != 6 {
		c.reason = fmt.Errorf("interface %s is no Ethernet: %w", iface, ErrNoFrames)
		return
	}
	// Protocol 0 receives nothing: the socket only sends.
	frames, err := packet.Listen(ifi, packet.Raw, 0, nil)
	if err != nil {
		c.reason = fmt.Errorf("open packet socket on %s: %w", iface, err)
		return
	}
	c.frames, c.hardware, c.ifindex = frames, phone.MAC(ifi.HardwareAddr), ifi.Index
}

// WriteFrame sends payload as a UDP packet in an Ethernet frame to mac. It is
// safe for concurrent use.
func (c *Conn) WriteFrame(mac phone.MAC, from, to netip.AddrPort, payload []byte) error {
	if c.frames == nil {
		return c.reason
	}
	f := frame(mac, c.hardware, from, to, payload)
	return writeFrame(c.frames, c.ifindex, f)
}

// Close closes both sockets.
func (c *Conn) Close() error {
	err := c.UDPConn.Close()
	if c.frames != nil {
		err = errors.Join(err, c.frames.Close())
	}
	return err
}
