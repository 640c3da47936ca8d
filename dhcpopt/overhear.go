package dhcpopt

import (
	"encoding/binary"
	"errors"
	"fmt"
	"net"
	"net/netip"

	"github.com/insomniacslk/dhcp/dhcpv4"
	"github.com/mdlayher/packet"
	"golang.org/x/net/bpf"
	"golang.org/x/sys/unix"

	"github.com/lineside/lineside/phone"
)

// Numbers of ARP over Ethernet (RFC 826).
const (
	etherTypeARP = 0x0806
	arpLength    = 28
)

var errOther = errors.New("neither ARP nor an answer of DHCP")

// claim is what an ARP packet says of its sender: this machine has this address.
type claim struct {
	mac  phone.MAC
	addr netip.Addr
}

// Answer is what a DHCP server told a client, as it was heard on the LAN.
type Answer struct {
	Server netip.Addr // option 54, else where the packet came from
	// From is the hardware address the frame came from: a relay's or router's
	// where the server is not on the LAN.
	From   phone.MAC
	Client phone.MAC
	Addr   netip.Addr // given or offered; unspecified: none
	// Bound says that the address was acknowledged, not only offered.
	Bound bool
	// Leads are the options that tell phones of their configs, by number, as
	// text fit for a screen.
	Leads map[uint8]string

	xid   dhcpv4.TransactionID
	toAll bool // the frame was for everybody
}

// overhear reads one Ethernet frame: as a claim or as an answer, whichever is
// not nil.
func overhear(frame []byte) (*claim, *Answer, error) {
	if len(frame) < ethernetHeader {
		return nil, nil, errMalformed
	}
	body := frame[ethernetHeader:]
	switch binary.BigEndian.Uint16(frame[12:]) {
	case etherTypeARP:
		c, err := readARP(body)
		return c, nil, err
	case etherTypeIPv4:
		payload, from, err := readUDP(body)
		if err != nil {
			return nil, nil, err
		}
		a, err := readAnswer(payload, from)
		if err != nil {
			return nil, nil, err
		}
		a.From, a.toAll = phone.MAC(frame[6:12]), phone.MAC(frame[:6]) == everybody()
		return nil, a, nil
	}
	return nil, nil, errOther
}

func readARP(b []byte) (*claim, error) {
	if len(b) < arpLength || binary.BigEndian.Uint16(b) != 1 || binary.BigEndian.Uint16(b[2:]) != etherTypeIPv4 || b[4] != 6 || b[5] != 4 {
		return nil, errMalformed
	}
	c := &claim{mac: phone.MAC(b[8:14]), addr: netip.AddrFrom4([4]byte(b[14:18]))}
	if c.addr.IsUnspecified() || c.mac.IsZero() || c.mac[0]&1 == 1 {
		return nil, errOther // a probe claims nothing (RFC 5227 section 1.1)
	}
	return c, nil
}

// readUDP gives the payload of a packet from a server's port to a client's.
func readUDP(b []byte) ([]byte, netip.Addr, error) {
	if len(b) < ipHeader || b[0]>>4 != 4 {
		return nil, netip.Addr{}, errMalformed
	}
	head, total := int(b[0]&15)*4, int(binary.BigEndian.Uint16(b[2:]))
	if head < ipHeader || total < head+udpHeader || total > len(b) {
		return nil, netip.Addr{}, errMalformed
	}
	if b[9] != protocolUDP || binary.BigEndian.Uint16(b[6:])&0x3fff != 0 { // a fragment
		return nil, netip.Addr{}, errOther
	}
	from := netip.AddrFrom4([4]byte(b[12:16]))
	udp := b[head:total]
	size := int(binary.BigEndian.Uint16(udp[4:]))
	if binary.BigEndian.Uint16(udp) != serverPort || binary.BigEndian.Uint16(udp[2:]) != clientPort {
		return nil, netip.Addr{}, errOther
	}
	if size < udpHeader || size > len(udp) {
		return nil, netip.Addr{}, errMalformed
	}
	return udp[udpHeader:size], from, nil
}

func readAnswer(data []byte, from netip.Addr) (*Answer, error) {
	l, err := open(data)
	if err != nil {
		return nil, err
	}
	a, err := newAsk(data, netip.AddrPortFrom(from, serverPort))
	if err != nil {
		return nil, err
	}
	if err := readClient(a); err != nil {
		return nil, err
	}
	kind, _ := l.get(53)
	if a.packet.OpCode != dhcpv4.OpcodeBootReply || len(kind) != 1 || kind[0] != byte(dhcpv4.MessageTypeOffer) && kind[0] != byte(dhcpv4.MessageTypeAck) {
		return nil, errOther
	}
	out := &Answer{
		Server: from, Client: a.client.mac, Addr: address(a.packet.YourIPAddr),
		Bound: kind[0] == byte(dhcpv4.MessageTypeAck), xid: a.packet.TransactionID,
	}
	if v, ok := l.get(54); ok && len(v) == 4 {
		out.Server = netip.AddrFrom4([4]byte(v))
	}
	for _, code := range leading {
		if v, ok := l.get(code); ok && len(v) > 0 {
			if out.Leads == nil {
				out.Leads = make(map[uint8]string)
			}
			out.Leads[code] = clean(v, maxTold)
		}
	}
	return out, nil
}

// ListenFrames opens a packet socket on iface that hears ARP and the answers of
// DHCP servers, and nothing else: the kernel sorts out the rest. It needs
// CAP_NET_RAW.
func ListenFrames(iface string) (net.PacketConn, error) {
	ifi, err := net.InterfaceByName(iface)
	if err != nil {
		return nil, fmt.Errorf("find interface %s: %w", iface, err)
	}
	filter, err := bpf.Assemble(overheard())
	if err != nil {
		return nil, fmt.Errorf("make the filter of frames: %w", err)
	}
	c, err := packet.Listen(ifi, packet.Raw, unix.ETH_P_ALL, &packet.Config{Filter: filter})
	if err != nil {
		return nil, fmt.Errorf("open packet socket on %s: %w", iface, err)
	}
	return c, nil
}

// overheard is ARP, and IPv4 UDP to the port of DHCP clients, no fragment. A
// VLAN tag has been taken off by the kernel when the filter runs.
func overheard() []bpf.Instruction {
	const all = 1 << 16
	return []bpf.Instruction{
		bpf.LoadAbsolute{Off: 12, Size: 2},
		bpf.JumpIf{Cond: bpf.JumpEqual, Val: etherTypeARP, SkipTrue: 8},
		bpf.JumpIf{Cond: bpf.JumpNotEqual, Val: etherTypeIPv4, SkipTrue: 8},
		bpf.LoadAbsolute{Off: ethernetHeader + 9, Size: 1},
		bpf.JumpIf{Cond: bpf.JumpNotEqual, Val: protocolUDP, SkipTrue: 6},
		bpf.LoadAbsolute{Off: ethernetHeader + 6, Size: 2},
		bpf.JumpIf{Cond: bpf.JumpBitsSet, Val: 0x3fff, SkipTrue: 4},
		bpf.LoadMemShift{Off: ethernetHeader},
		bpf.LoadIndirect{Off: ethernetHeader + 2, Size: 2},
		bpf.JumpIf{Cond: bpf.JumpNotEqual, Val: clientPort, SkipTrue: 1},
		bpf.RetConstant{Val: all},
		bpf.RetConstant{Val: 0},
	}
}
