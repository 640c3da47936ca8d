package phone

import "net/netip"

// MACOf is the hardware address an IPv6 address was made from, as RFC 4291
// appendix A does (EUI-64): the address's own claim, which anybody can make. It
// is false for addresses made otherwise.
func MACOf(addr netip.Addr) (MAC, bool) {
	b := addr.As16()
	if !addr.Is6() || addr.Is4In6() || b[11] != 0xff || b[12] != 0xfe {
		return MAC{}, false
	}
	m := MAC{b[8] ^ 2, b[9], b[10], b[13], b[14], b[15]}
	return m, !m.IsZero() && m[0]&1 == 0
}
