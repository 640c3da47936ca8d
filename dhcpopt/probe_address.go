package dhcpopt

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"time"

	"github.com/lineside/lineside/phone"
)

// How often an address is asked for, and how far apart (RFC 5227 section 1.1 has
// three probes one to two seconds apart; nobody takes the address here).
const (
	addressTimes = 3
	addressEvery = 500 * time.Millisecond
)

// ProbeAddress asks on iface who has addr, as a machine does that is about to
// take it (RFC 5227 section 2.1.1), and gives the hardware addresses of all that
// answer but the interface's own. It needs CAP_NET_RAW.
func ProbeAddress(ctx context.Context, iface string, addr netip.Addr) (others []phone.MAC, err error) {
	if !addr.Is4() {
		return nil, fmt.Errorf("probe for %s: it is no IPv4 address", addr)
	}
	p, err := openProbe(iface)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, p.Close()) }()
	err = p.hear(ctx, arpProbe(p.own, addr), addressTimes, addressEvery, func(f []byte) bool {
		c, _, err := overhear(f)
		if err == nil && c != nil && c.addr == addr && c.mac != p.own && !slices.Contains(others, c.mac) {
			others = append(others, c.mac)
		}
		return len(others) < maxProbed
	})
	return others, err
}

// arpProbe asks for an address without saying that the asker has one.
func arpProbe(own phone.MAC, addr netip.Addr) []byte {
	const ask = 1
	all, target := everybody(), addr.As4()
	b := append(append([]byte{}, all[:]...), own[:]...)
	for _, word := range []uint16{etherTypeARP, 1, etherTypeIPv4, 6<<8 | 4, ask} {
		b = binary.BigEndian.AppendUint16(b, word)
	}
	b = append(append(b, own[:]...), 0, 0, 0, 0)
	b = append(b, make([]byte, 6)...)
	return append(b, target[:]...)
}
