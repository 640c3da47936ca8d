package dhcpopt

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"slices"
	"time"

	"github.com/insomniacslk/dhcp/dhcpv4"

	"github.com/lineside/lineside/phone"
)

// ProbeUpstreams asks servers behind a relay what a new phone on the relay's LAN
// is offered: a DISCOVER as the relay at self would carry it, said twice and
// completed never. What it gives is in the order of servers, nil for one that
// did not offer anything within five seconds, or before ctx ended. It listens
// beside a relay that runs, and needs CAP_NET_RAW.
func ProbeUpstreams(ctx context.Context, iface string, self netip.Addr, servers []netip.AddrPort, class string) (offers []*Answer, err error) {
	ifi, err := net.InterfaceByName(iface)
	if err != nil {
		return nil, fmt.Errorf("find interface %s: %w", iface, err)
	}
	if len(ifi.HardwareAddr) != 6 {
		return nil, fmt.Errorf("probe for %s: it is no Ethernet: %w", iface, ErrNoFrames)
	}
	var lc net.ListenConfig
	conn, err := lc.ListenPacket(ctx, "ip4:udp", self.String())
	if err != nil {
		return nil, fmt.Errorf("open raw socket at %s: %w", self, err)
	}
	defer func() { err = errors.Join(err, conn.Close()) }()
	u := &upstreamProbe{
		conn: conn, servers: servers, offers: make([]*Answer, len(servers)),
		m: relayed(probing(phone.MAC(ifi.HardwareAddr), class), iface, self),
	}
	stop := context.AfterFunc(ctx, func() { _ = conn.SetReadDeadline(time.Unix(1, 0)) })
	defer stop()
	for range probeTimes {
		if err := u.round(ctx, probeEvery); err != nil {
			return nil, err
		}
	}
	return u.offers, nil
}

// relayed is a probe's message as the relay at self carries it.
func relayed(m *dhcpv4.DHCPv4, iface string, self netip.Addr) *dhcpv4.DHCPv4 {
	m.HopCount, m.GatewayIPAddr = 1, self.AsSlice()
	m.Options[relayCode] = circuit(iface)
	return m
}

// upstreamProbe is a question to servers and what came of it.
type upstreamProbe struct {
	conn    net.PacketConn // IPv4, of UDP packets with their header
	m       *dhcpv4.DHCPv4
	servers []netip.AddrPort
	offers  []*Answer
}

// round asks who has not answered yet and listens for so long.
func (u *upstreamProbe) round(ctx context.Context, wait time.Duration) error {
	for i, to := range u.servers {
		if u.offers[i] != nil {
			continue
		}
		if _, err := u.conn.WriteTo(udpPacket(serverPort, to.Port(), u.m.ToBytes()), &net.IPAddr{IP: to.Addr().AsSlice()}); err != nil {
			return fmt.Errorf("ask %s: %w", to, err)
		}
	}
	if err := u.conn.SetReadDeadline(time.Now().Add(wait)); err != nil {
		return fmt.Errorf("listen for answers: %w", err)
	}
	buf := make([]byte, maxPacket+udpHeader)
	for ctx.Err() == nil && slices.Contains(u.offers, nil) {
		n, from, err := u.conn.ReadFrom(buf)
		if errors.Is(err, os.ErrDeadlineExceeded) {
			break
		}
		if err != nil {
			return fmt.Errorf("listen for answers: %w", err)
		}
		if at, ok := from.(*net.IPAddr); ok {
			u.take(buf[:n], address(at.IP))
		}
	}
	return nil
}

// take notes what a UDP packet answers, if it is of one that was asked.
func (u *upstreamProbe) take(b []byte, from netip.Addr) {
	i := slices.IndexFunc(u.servers, func(s netip.AddrPort) bool { return s.Addr() == from })
	if i < 0 || len(b) < udpHeader || binary.BigEndian.Uint16(b[2:]) != serverPort {
		return
	}
	a, err := readAnswer(b[udpHeader:], from)
	if err == nil && !a.Bound && a.xid == u.m.TransactionID && a.Client == phone.MAC(u.m.ClientHWAddr) {
		u.offers[i] = a
	}
}

// udpPacket has no checksum, which IPv4 allows (RFC 768).
func udpPacket(from, to uint16, payload []byte) []byte {
	b := make([]byte, udpHeader, udpHeader+len(payload))
	binary.BigEndian.PutUint16(b, from)
	binary.BigEndian.PutUint16(b[2:], to)
	binary.BigEndian.PutUint16(b[4:], uint16(udpHeader+len(payload)))
	return append(b, payload...)
}
