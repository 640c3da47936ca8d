package dhcpopt

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"time"

	"github.com/insomniacslk/dhcp/dhcpv4"
	"github.com/mdlayher/packet"

	"github.com/lineside/lineside/phone"
)

// Bounds of a probe.
const (
	probeTime = 3 * time.Second
	maxProbed = 32 // answers listened to
)

// Probe asks on iface what a new phone is offered there: one DISCOVER, with a
// hardware address made up for it and the option 60 of a phone, that no REQUEST
// ever follows. It gives every offer that comes within three seconds, or until
// ctx ends; each server keeps the address it offers back for as long as it
// always does. It needs CAP_NET_RAW.
func Probe(ctx context.Context, iface, class string) (offers []Answer, err error) {
	p, err := openProbe(ctx, iface, probeTime)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, p.Close()) }()
	m := probing(class)
	from := netip.AddrPortFrom(netip.IPv4Unspecified(), clientPort)
	to := netip.AddrPortFrom(broadcast().Addr(), serverPort)
	if err := p.ask(frame(everybody(), p.own, from, to, m.ToBytes())); err != nil {
		return nil, err
	}
	return listen(p, m)
}

// prober is a socket that asks once, and listens for a while.
type prober struct {
	net.PacketConn
	iface string
	own   phone.MAC
	end   func()
}

// openProbe opens one on an interface, until d from now or the end of ctx.
func openProbe(ctx context.Context, iface string, d time.Duration) (*prober, error) {
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
	ctx, cancel := context.WithTimeout(ctx, d)
	stop := context.AfterFunc(ctx, func() { _ = conn.SetReadDeadline(time.Unix(1, 0)) })
	return &prober{conn, iface, phone.MAC(ifi.HardwareAddr), func() { stop(); cancel() }}, nil
}

func everybody() phone.MAC { return phone.MAC{0xff, 0xff, 0xff, 0xff, 0xff, 0xff} }

// ask sends one frame to everybody.
func (p *prober) ask(f []byte) error {
	all := everybody()
	if _, err := p.WriteTo(f, &packet.Addr{HardwareAddr: all[:]}); err != nil {
		return fmt.Errorf("probe on %s: %w", p.iface, err)
	}
	return nil
}

// Close ends the listening.
func (p *prober) Close() error {
	p.end()
	return p.PacketConn.Close()
}

// probing is the DISCOVER of a probe. The address is one that no maker gives
// out (locally administered), and the answer is asked for by broadcast, since
// nobody answers for it.
func probing(class string) *dhcpv4.DHCPv4 {
	mac := make(net.HardwareAddr, 6)
	_, _ = rand.Read(mac) // never fails
	mac[0] = mac[0]&^1 | 2
	m := &dhcpv4.DHCPv4{
		OpCode: dhcpv4.OpcodeBootRequest, HWType: 1, ClientHWAddr: mac, Flags: 0x8000,
		Options: dhcpv4.Options{53: {byte(dhcpv4.MessageTypeDiscover)}, 55: append([]byte{1, 3, 6, 15, 42}, leading[:]...)},
	}
	_, _ = rand.Read(m.TransactionID[:])
	if class != "" && len(class) <= maxOption {
		m.Options[60] = []byte(class)
	}
	return m
}

// listen gathers the offers to m until conn's deadline.
func listen(conn net.PacketConn, m *dhcpv4.DHCPv4) ([]Answer, error) {
	var offers []Answer
	buf := make([]byte, maxPacket+ethernetHeader)
	for len(offers) < maxProbed {
		n, _, err := conn.ReadFrom(buf)
		if errors.Is(err, os.ErrDeadlineExceeded) {
			break
		}
		if err != nil {
			return offers, fmt.Errorf("listen for offers: %w", err)
		}
		_, a, err := overhear(buf[:n])
		if err != nil || a == nil || a.Bound || a.xid != m.TransactionID || a.Client != phone.MAC(m.ClientHWAddr) {
			continue
		}
		offers = append(offers, *a)
	}
	return offers, nil
}
