package dhcpopt

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"slices"
	"time"

	"github.com/insomniacslk/dhcp/dhcpv4"
	"github.com/mdlayher/packet"

	"github.com/lineside/lineside/phone"
)

// Bounds of a probe. dnsmasq looks for three seconds whether an address is in use
// before it offers it; a packet may be lost.
const (
	probeTimes = 2
	probeEvery = 2500 * time.Millisecond
	maxProbed  = 32 // answers listened to
)

// Probe asks on iface what a new phone is offered there: one DISCOVER, said
// twice, with a hardware address made up for it and the option 60 of a phone,
// that no REQUEST ever follows. The made-up address is the same at each run, so
// that a server keeps one address back and no more, however often it is asked.
// It gives every offer that comes within five seconds, or until
// ctx ends, each once; each server keeps the address it offers back for as long as it
// always does. It needs CAP_NET_RAW.
func Probe(ctx context.Context, iface, class string) (offers []Answer, err error) {
	p, err := openProbe(iface)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, p.Close()) }()
	m := probing(p.own, class)
	from := netip.AddrPortFrom(netip.IPv4Unspecified(), clientPort)
	to := netip.AddrPortFrom(broadcast().Addr(), serverPort)
	ask := frame(everybody(), p.own, from, to, m.ToBytes())
	err = p.hear(ctx, ask, probeTimes, probeEvery, func(f []byte) bool {
		_, a, err := overhear(f)
		if err != nil || a == nil || a.Bound || a.xid != m.TransactionID || a.Client != phone.MAC(m.ClientHWAddr) {
			return true
		}
		if !slices.ContainsFunc(offers, func(o Answer) bool { return o.Server == a.Server && o.Addr == a.Addr && o.From == a.From }) {
			offers = append(offers, *a)
		}
		return len(offers) < maxProbed
	})
	return offers, err
}

// prober is a socket that asks, and listens for a while.
type prober struct {
	net.PacketConn
	iface string
	own   phone.MAC
}

func openProbe(iface string) (*prober, error) {
	ifi, err := net.InterfaceByName(iface)
	if err != nil {
		return nil, fmt.Errorf("find interface %s: %w", iface, err)
	}
	if len(ifi.HardwareAddr) != 6 {
		return nil, fmt.Errorf("probe on %s: it is no Ethernet: %w", iface, ErrNoFrames)
	}
	conn, err := ListenFrames(iface)
	if err != nil {
		return nil, err
	}
	return &prober{conn, iface, phone.MAC(ifi.HardwareAddr)}, nil
}

func everybody() phone.MAC { return phone.MAC{0xff, 0xff, 0xff, 0xff, 0xff, 0xff} }

// hear asks everybody so many times, so far apart, and gives each frame heard
// meanwhile to take, until that wants no more or ctx ends.
func (p *prober) hear(ctx context.Context, ask []byte, times int, every time.Duration, take func(frame []byte) bool) error {
	stop := context.AfterFunc(ctx, func() { _ = p.SetReadDeadline(time.Unix(1, 0)) })
	defer stop()
	all := everybody()
	buf := make([]byte, maxPacket+ethernetHeader)
	for range times {
		if _, err := p.WriteTo(ask, &packet.Addr{HardwareAddr: all[:]}); err != nil {
			return fmt.Errorf("probe on %s: %w", p.iface, err)
		}
		if err := p.SetReadDeadline(time.Now().Add(every)); err != nil {
			return fmt.Errorf("probe on %s: %w", p.iface, err)
		}
		for ctx.Err() == nil {
			n, _, err := p.ReadFrom(buf)
			if errors.Is(err, os.ErrDeadlineExceeded) {
				break
			}
			if err != nil {
				return fmt.Errorf("listen on %s: %w", p.iface, err)
			}
			if !take(buf[:n]) {
				return nil
			}
		}
	}
	return nil
}

// probing is the DISCOVER of a probe by the machine own. The answer is asked for
// by broadcast, since nobody answers for the hardware address.
func probing(own phone.MAC, class string) *dhcpv4.DHCPv4 {
	mac := pretended(own)
	m := &dhcpv4.DHCPv4{
		OpCode: dhcpv4.OpcodeBootRequest, HWType: 1, ClientHWAddr: mac[:], Flags: 0x8000,
		Options: dhcpv4.Options{53: {byte(dhcpv4.MessageTypeDiscover)}, 55: append([]byte{1, 3, 6, 15, 42}, leading[:]...)},
	}
	_, _ = rand.Read(m.TransactionID[:]) // never fails
	if class != "" && len(class) <= maxOption {
		m.Options[60] = []byte(class)
	}
	return m
}

// pretended is the hardware address of a machine's probes: one that no maker
// gives out (locally administered), always the same, and not that of another
// machine's probes.
func pretended(own phone.MAC) phone.MAC {
	sum := sha256.Sum256(append([]byte("lineside probe "), own[:]...))
	mac := phone.MAC(sum[:6])
	mac[0] = mac[0]&^1 | 2
	return mac
}
