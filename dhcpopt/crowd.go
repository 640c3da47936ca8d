package dhcpopt

import (
	"errors"
	"net/netip"

	"github.com/mdlayher/packet"
	"golang.org/x/sys/unix"

	"github.com/lineside/lineside/outlet"
	"github.com/lineside/lineside/phone"
)

// arpShare is the part of the socket's room, one in so many, that may wait for
// ARP: broadcasts, and answers that leave by the router, go through the same
// socket. What waits longest waits for hosts that are not there.
const arpShare = 4

// errCrowded is the fate of an answer to an address on the LAN while too many
// wait for ARP there. A relay on the LAN asks again.
var errCrowded = errors.New("too many answers wait for ARP")

// dropCrowded is why an answer does not leave that found no room in the socket.
const dropCrowded = "crowded"

// unsent names for the metrics why an answer did not leave.
func unsent(err error) string {
	if errors.Is(err, errCrowded) || errors.Is(err, unix.EAGAIN) || errors.Is(err, unix.ENOBUFS) {
		return dropCrowded
	}
	return "send"
}

// roomer is a socket that knows how full it is.
type roomer interface{ Roomy() bool }

// Roomy reports that the socket can take answers to addresses that may not be there.
func (c *Conn) Roomy() bool { return outlet.Roomy(c.UDPConn, arpShare) }

func (w *wire) crowded() bool { return w.room != nil && !w.room.Roomy() }

// resolved reports that an answer does not have to wait for a stranger's ARP: it
// goes to everybody, or by a router.
func (w *wire) resolved(to netip.AddrPort) bool {
	return to == broadcast() || !w.lan.Contains(to.Addr())
}

// around sends an answer past ARP.
func (w *wire) around(r reply) error {
	if r.near.IsZero() || w.frame(r.near, r) != nil {
		return errCrowded
	}
	return nil
}

// writeFrame sends a frame by the packet socket c, and does not wait either.
func writeFrame(c *packet.Conn, ifindex int, f []byte) error {
	raw, err := c.SyscallConn()
	if err != nil {
		return err
	}
	to := &unix.SockaddrLinklayer{Ifindex: ifindex, Halen: 6}
	copy(to.Addr[:], f[:len(phone.MAC{})])
	if cerr := raw.Write(func(fd uintptr) bool {
		err = unix.Sendto(int(fd), f, unix.MSG_DONTWAIT, to)
		return true
	}); cerr != nil {
		return cerr
	}
	return err
}
