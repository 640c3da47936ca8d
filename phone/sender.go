package phone

import "net/netip"

// Sender is the address somebody is counted under: a host on an IPv6 link picks
// any address of its /64, so the /64 is one. All link-local addresses are one /64,
// on each link.
func Sender(addr netip.Addr) netip.Addr {
	addr = addr.Unmap()
	if addr.Is4() {
		return addr
	}
	p, err := addr.Prefix(64)
	if err != nil {
		return addr
	}
	return p.Addr().WithZone(addr.Zone())
}
