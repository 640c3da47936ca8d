package dhcpopt

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"net/netip"
	"os"
	"slices"
	"time"

	"github.com/lineside/lineside/phone"
)

// addressTime is how long somebody who has an address may take to say so; RFC
// 5227 section 1.1 waits one to two seconds.
const addressTime = 1500 * time.Millisecond

// ProbeAddress asks on iface who has addr, as a machine does that is about to
// take it (RFC 5227 section 2.1.1), and gives the hardware addresses of all that
// answer but the interface's own. It needs CAP_NET_RAW.
func ProbeAddress(ctx context.Context, iface string, addr netip.Addr) (others []phone.MAC, err error) {
	if !addr.Is4() {
		return nil, fmt.Errorf("probe for %s: it is no IPv4 address", addr)
	}
	p, err := openProbe(ctx, iface, addressTime)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, p.Close()) }()
	if err := p.ask(arpProbe(p.own, addr)); err != nil {
		return nil, err
	}
	buf := make([]byte, maxPacket+ethernetHeader)
	for len(others) < maxProbed {
		n, _, err := p.ReadFrom(buf)
		if errors.Is(err, os.ErrDeadlineExceeded) {
			break
		}
		if err != nil {
			return others, fmt.Errorf("listen for who has %s: %w", addr, err)
		}
		c, _, err := overhear(buf[:n])
		if err != nil || c == nil || c.addr != addr || c.mac == p.own || slices.Contains(others, c.mac) {
			continue
		}
		others = append(others, c.mac)
	}
	return others, nil
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
