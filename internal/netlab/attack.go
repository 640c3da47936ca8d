package netlab

import (
	"encoding/binary"
	"errors"
	"fmt"
	"net"
	"net/netip"

	"golang.org/x/sys/unix"
)

// This file is what a hostile machine on the LAN does: unplug, go by another
// address, lie about who is where.

// SetLink takes the host's interface down, as pulling the cable does, or up
// again. Its address stays.
func (h *Host) SetLink(up bool) {
	h.lab.t.Helper()
	state := "down"
	if up {
		state = "up"
	}
	h.lab.ip("-n", h.space, "link", "set", device, state)
}

// SetAddress makes cidr the host's only address; empty leaves it without one.
func (h *Host) SetAddress(cidr string) {
	h.lab.t.Helper()
	h.lab.ip("-n", h.space, "address", "flush", "dev", device)
	if cidr != "" {
		h.lab.ip("-n", h.space, "address", "add", cidr, "brd", "+", "dev", device)
	}
}

// ForgeARP tells the machine with the hardware address to, by one ARP reply
// (RFC 826) nobody asked for, that addr is at mac. The frame itself comes from
// the host's own hardware address: only what the packet says is forged.
func (h *Host) ForgeARP(to string, addr netip.Addr, mac string) error {
	target, err := net.ParseMAC(to)
	if err != nil {
		return fmt.Errorf("forge ARP: %w", err)
	}
	liar, err := net.ParseMAC(mac)
	if err != nil {
		return fmt.Errorf("forge ARP: %w", err)
	}
	return h.Do(func() error {
		own, err := net.InterfaceByName(device)
		if err != nil {
			return fmt.Errorf("forge ARP: %w", err)
		}
		return sendFrame(own.Index, arpReply(target, own.HardwareAddr, addr, liar))
	})
}

// Numbers of ARP over Ethernet.
const (
	etherTypeARP  = 0x0806
	etherTypeIPv4 = 0x0800
	arpEthernet   = 1
	arpIsReply    = 2
)

// arpReply is an Ethernet frame from one to another that says addr is at mac.
func arpReply(to, from net.HardwareAddr, addr netip.Addr, mac net.HardwareAddr) []byte {
	ip := addr.As4()
	b := append(append([]byte{}, to...), from...)
	for _, word := range []uint16{etherTypeARP, arpEthernet, etherTypeIPv4, 6<<8 | 4, arpIsReply} {
		b = binary.BigEndian.AppendUint16(b, word)
	}
	b = append(append(b, mac...), ip[:]...)
	return append(append(b, to...), ip[:]...)
}

// sendFrame puts one frame on the wire.
func sendFrame(index int, frame []byte) (err error) {
	fd, err := unix.Socket(unix.AF_PACKET, unix.SOCK_RAW|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return fmt.Errorf("open packet socket: %w", err)
	}
	defer func() { err = errors.Join(err, unix.Close(fd)) }()
	if err := unix.Sendto(fd, frame, 0, &unix.SockaddrLinklayer{Ifindex: index, Halen: 6}); err != nil {
		return fmt.Errorf("send frame: %w", err)
	}
	return nil
}
