package dhcpopt

import (
	"encoding/binary"
	"net/netip"

	"golang.org/x/net/bpf"

	"github.com/lineside/lineside/phone"
)

const (
	etherTypeIPv6 = 0x86dd
	sixHeader     = 40
	sixHead       = ethernetHeader + sixHeader + udpHeader
)

// sixAsked is the filter of frames: UDP by IPv6 to the port of DHCPv6 servers,
// without extension headers, of which clients have no use.
func sixAsked() []bpf.Instruction {
	return []bpf.Instruction{
		bpf.LoadAbsolute{Off: 12, Size: 2},
		bpf.JumpIf{Cond: bpf.JumpNotEqual, Val: etherTypeIPv6, SkipTrue: 5},
		bpf.LoadAbsolute{Off: ethernetHeader + 6, Size: 1},
		bpf.JumpIf{Cond: bpf.JumpNotEqual, Val: protocolUDP, SkipTrue: 3},
		bpf.LoadAbsolute{Off: ethernetHeader + sixHeader + 2, Size: 2},
		bpf.JumpIf{Cond: bpf.JumpNotEqual, Val: sixServerPort, SkipTrue: 1},
		bpf.RetConstant{Val: 1 << 16},
		bpf.RetConstant{Val: 0},
	}
}

// cutFrame6 takes a question to the servers' group out of its frame, and says who
// sent the frame. The checksum is not looked at: between virtual machines it is
// not there yet, and elsewhere Ethernet has one of its own.
func cutFrame6(b []byte) (payload []byte, from netip.AddrPort, mac phone.MAC, ok bool) {
	if len(b) < sixHead || binary.BigEndian.Uint16(b[12:]) != etherTypeIPv6 {
		return nil, from, mac, false
	}
	mac = phone.MAC(b[6:12])
	ip := b[ethernetHeader:]
	udp := ip[sixHeader:]
	length := int(binary.BigEndian.Uint16(ip[4:]))
	switch {
	case ip[0]>>4 != 6, ip[6] != protocolUDP, length < udpHeader, length > len(udp), mac.IsZero(), mac[0]&1 == 1:
		return nil, from, mac, false
	case netip.AddrFrom16([16]byte(ip[24:40])) != sixServers:
		return nil, from, mac, false
	case binary.BigEndian.Uint16(udp[2:]) != sixServerPort, int(binary.BigEndian.Uint16(udp[4:])) != length:
		return nil, from, mac, false
	}
	from = netip.AddrPortFrom(netip.AddrFrom16([16]byte(ip[8:24])), binary.BigEndian.Uint16(udp))
	return udp[udpHeader:length], from, mac, true
}

// frame6 is an Ethernet frame with one IPv6 UDP packet (RFC 2464, 8200, 768).
func frame6(to, from phone.MAC, src, dst netip.AddrPort, payload []byte) []byte {
	b := make([]byte, sixHead, sixHead+len(payload))
	copy(b, to[:])
	copy(b[6:], from[:])
	binary.BigEndian.PutUint16(b[12:], etherTypeIPv6)

	ip := b[ethernetHeader:]
	size := udpHeader + len(payload)
	s, d := src.Addr().As16(), dst.Addr().As16()
	ip[0], ip[6], ip[7] = 6<<4, protocolUDP, timeToLive
	binary.BigEndian.PutUint16(ip[4:], uint16(size))
	copy(ip[8:], s[:])
	copy(ip[24:], d[:])
	putUDP(ip[sixHeader:], src, dst, sum(sum(0, s[:]), d[:]), payload)
	return append(b, payload...)
}

// putUDP writes a UDP header; addrs is the sum of both addresses.
func putUDP(udp []byte, src, dst netip.AddrPort, addrs uint32, payload []byte) {
	size := udpHeader + len(payload)
	binary.BigEndian.PutUint16(udp, src.Port())
	binary.BigEndian.PutUint16(udp[2:], dst.Port())
	binary.BigEndian.PutUint16(udp[4:], uint16(size))
	check := fold(sum(sum(addrs+protocolUDP+uint32(size), udp[:6]), payload))
	if check == 0 {
		check = 0xffff // 0 would say that there is none
	}
	binary.BigEndian.PutUint16(udp[6:], check)
}
