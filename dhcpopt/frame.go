package dhcpopt

import (
	"encoding/binary"
	"net/netip"

	"github.com/lineside/lineside/phone"
)

// Lengths and numbers of the headers below.
const (
	ethernetHeader = 14
	ipHeader       = 20
	udpHeader      = 8
	etherTypeIPv4  = 0x0800
	protocolUDP    = 17
	timeToLive     = 64
)

// frame is an Ethernet frame with one IPv4 UDP packet (RFC 894, 791, 768).
func frame(to, from phone.MAC, src, dst netip.AddrPort, payload []byte) []byte {
	b := make([]byte, ethernetHeader+ipHeader+udpHeader, ethernetHeader+ipHeader+udpHeader+len(payload))
	copy(b, to[:])
	copy(b[6:], from[:])
	binary.BigEndian.PutUint16(b[12:], etherTypeIPv4)

	ip := b[ethernetHeader:]
	s, d := src.Addr().As4(), dst.Addr().As4()
	ip[0] = 4<<4 | ipHeader/4
	binary.BigEndian.PutUint16(ip[2:], uint16(ipHeader+udpHeader+len(payload)))
	binary.BigEndian.PutUint16(ip[6:], 1<<14) // do not fragment, so no identification is needed (RFC 6864)
	ip[8], ip[9] = timeToLive, protocolUDP
	copy(ip[12:], s[:])
	copy(ip[16:], d[:])
	binary.BigEndian.PutUint16(ip[10:], fold(sum(0, ip[:ipHeader])))

	putUDP(ip[ipHeader:], src, dst, sum(sum(0, s[:]), d[:]), payload)
	return append(b, payload...)
}

// sum adds 16-bit words (RFC 1071); an odd last byte is padded with zero.
func sum(n uint32, b []byte) uint32 {
	for ; len(b) > 1; b = b[2:] {
		n += uint32(binary.BigEndian.Uint16(b))
	}
	if len(b) == 1 {
		n += uint32(b[0]) << 8
	}
	return n
}

func fold(n uint32) uint16 {
	for n>>16 != 0 {
		n = n>>16 + n&0xffff
	}
	return ^uint16(n)
}
