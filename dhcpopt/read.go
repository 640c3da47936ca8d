package dhcpopt

import (
	"encoding/binary"
	"net/netip"

	"github.com/insomniacslk/dhcp/dhcpv4"
	"github.com/insomniacslk/dhcp/iana"
)

// readAsk reads the fixed fields of a message and its options into a, which is
// used over and over. What it says is in data, not copied, and good until the
// next message is read. It takes what the library's FromBytes takes; sname and
// file stay unread, as the server has no use for them.
func readAsk(a *ask, data []byte, from netip.AddrPort) error {
	if len(data) < minPacket || len(data) > maxPacket || binary.BigEndian.Uint32(data[atCookie:]) != magicCookie {
		return errMalformed
	}
	m := a.packet
	if m == nil {
		m = &dhcpv4.DHCPv4{Options: make(dhcpv4.Options)}
	}
	clear(m.Options)
	*m = dhcpv4.DHCPv4{
		OpCode: dhcpv4.OpcodeType(data[0]), HWType: iana.HWType(data[1]), HopCount: data[atHops],
		TransactionID: dhcpv4.TransactionID(data[4:8]), Flags: binary.BigEndian.Uint16(data[atFlags:]),
		ClientIPAddr: data[atCiaddr:atYiaddr], GatewayIPAddr: data[atGiaddr:atChaddr],
		ClientHWAddr: data[atChaddr : atChaddr+min(int(data[2]), 16)], Options: m.Options,
	}
	*a = ask{packet: m, from: from, limit: minMessage, ciaddr: address(m.ClientIPAddr), giaddr: address(m.GatewayIPAddr)}
	return readOptions(m.Options, data[minPacket:])
}

// readOptions gathers options; one that comes in parts is put together (RFC
// 3396). They must end with the end option, unless there are none at all.
func readOptions(options dhcpv4.Options, data []byte) error {
	if len(data) == 0 {
		return nil
	}
	for len(data) > 0 {
		code := data[0]
		if code == padCode {
			data = data[1:]
			continue
		}
		if code == endCode {
			return nil
		}
		if len(data) < 2 || len(data) < 2+int(data[1]) {
			return errMalformed
		}
		n := 2 + int(data[1])
		value := data[2:n:n] // full, so that a second part does not grow into what follows
		if before, ok := options[code]; ok {
			value = append(before, value...)
		}
		options[code] = value
		data = data[n:]
	}
	return errMalformed
}
