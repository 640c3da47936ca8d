package fleet

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"time"

	"github.com/insomniacslk/dhcp/dhcpv4"
)

// Lease is what a DHCP server gave the phone.
type Lease struct {
	Addr   netip.Addr    `json:"address"`
	Server netip.Addr    `json:"server"`
	For    time.Duration `json:"for_ns"`
	// Local says that this host has Addr, so that the phone fetches from it.
	Local bool `json:"local"`
}

// Bounds of the DHCP exchange.
const (
	dhcpTries     = 4
	maxDHCPPacket = 1500
)

// relayPort is the relay source port sub-option (RFC 8357 section 4.2), which
// has no value: answers come to the port the packet was sent from.
const relayPort = 19

var errDeclined = errors.New("the server said NAK")

// dhcp is DISCOVER to ACK (RFC 2131 section 3.1), and what the phone makes of
// the options.
func (p *Phone) dhcp(ctx context.Context) error {
	conn, err := p.relay()
	if err != nil {
		return fmt.Errorf("%w: open a relay socket: %w", ErrNoLease, err)
	}
	defer conn.Close()
	stop := context.AfterFunc(ctx, func() { _ = conn.SetDeadline(time.Unix(1, 0)) })
	defer stop()
	offer, err := p.exchange(ctx, conn, dhcpv4.MessageTypeDiscover, nil)
	if err != nil {
		return fmt.Errorf("%w from %s: discover: %w", ErrNoLease, p.cfg.DHCP, err)
	}
	ack, err := p.exchange(ctx, conn, dhcpv4.MessageTypeRequest, offer)
	if err != nil {
		return fmt.Errorf("%w from %s: request %s: %w", ErrNoLease, p.cfg.DHCP, offer.YourIPAddr, err)
	}
	return p.configure(ack)
}

// relay opens the phone's own port on the relay address.
func (p *Phone) relay() (*net.UDPConn, error) {
	from := p.cfg.Relay
	if !from.IsValid() {
		var err error
		if from, err = towards(p.cfg.DHCP); err != nil {
			return nil, err
		}
		p.cfg.Relay = from
	}
	return net.ListenUDP("udp4", net.UDPAddrFromAddrPort(netip.AddrPortFrom(from, 0)))
}

// towards is the address this host would send to server from. On loopback,
// where that is 127.0.0.1 whatever the server's, it is the server's neighbour,
// so that it lies in the server's subnet.
func towards(server netip.AddrPort) (netip.Addr, error) {
	if server.Addr().IsLoopback() {
		return server.Addr().Next(), nil
	}
	probe, err := net.DialUDP("udp4", nil, net.UDPAddrFromAddrPort(server))
	if err != nil {
		return netip.Addr{}, err
	}
	defer probe.Close()
	return probe.LocalAddr().(*net.UDPAddr).AddrPort().Addr().Unmap(), nil
}

// exchange sends one message until its answer comes, with doubling waits.
func (p *Phone) exchange(ctx context.Context, conn *net.UDPConn, kind dhcpv4.MessageType, offer *dhcpv4.DHCPv4) (*dhcpv4.DHCPv4, error) {
	msg, err := p.message(kind, offer)
	if err != nil {
		return nil, err
	}
	wait := p.cfg.Patience
	for range dhcpTries {
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		if _, err := conn.WriteToUDPAddrPort(msg.ToBytes(), p.cfg.DHCP); err != nil {
			return nil, err
		}
		answer, err := p.await(ctx, conn, msg, time.Now().Add(wait))
		if !errors.Is(err, context.DeadlineExceeded) {
			return answer, err
		}
		wait *= 2
	}
	return nil, fmt.Errorf("no answer to %d messages", dhcpTries)
}

func (p *Phone) message(kind dhcpv4.MessageType, offer *dhcpv4.DHCPv4) (*dhcpv4.DHCPv4, error) {
	mac := net.HardwareAddr(p.cfg.MAC[:])
	msg, err := dhcpv4.New(
		dhcpv4.WithHwAddr(mac),
		dhcpv4.WithMessageType(kind),
		dhcpv4.WithRelay(p.cfg.Relay.AsSlice()),
		dhcpv4.WithOption(dhcpv4.OptClientIdentifier(append([]byte{1}, mac...))),
		dhcpv4.WithGeneric(dhcpv4.OptionClassIdentifier, p.dialect.class(p.cfg)),
		dhcpv4.WithGeneric(dhcpv4.OptionParameterRequestList, p.dialect.wants),
		dhcpv4.WithGeneric(dhcpv4.OptionRelayAgentInformation, []byte{relayPort, 0}),
	)
	if err != nil || offer == nil {
		return msg, err
	}
	msg.TransactionID = offer.TransactionID
	msg.UpdateOption(dhcpv4.OptRequestedIPAddress(offer.YourIPAddr))
	msg.UpdateOption(dhcpv4.OptServerIdentifier(offer.ServerIdentifier()))
	return msg, nil
}

// await reads until the answer to msg, or until then: strangers' packets and
// nonsense are passed over.
func (p *Phone) await(ctx context.Context, conn *net.UDPConn, msg *dhcpv4.DHCPv4, until time.Time) (*dhcpv4.DHCPv4, error) {
	buf := make([]byte, maxDHCPPacket)
	if err := conn.SetReadDeadline(until); err != nil {
		return nil, err
	}
	// Only now, or the deadline just set would undo the one ctx's end has set.
	if ctx.Err() != nil {
		return nil, ctx.Err()
	}
	for {
		n, _, err := conn.ReadFromUDPAddrPort(buf)
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		if errors.Is(err, context.DeadlineExceeded) || isTimeout(err) {
			return nil, context.DeadlineExceeded
		}
		if err != nil {
			return nil, err
		}
		answer, ok := answerTo(msg, buf[:n])
		if !ok {
			continue
		}
		if answer.MessageType() == dhcpv4.MessageTypeNak {
			return nil, errDeclined
		}
		return answer, nil
	}
}

// answerTo parses b and reports whether it answers msg with something usable.
func answerTo(msg *dhcpv4.DHCPv4, b []byte) (*dhcpv4.DHCPv4, bool) {
	answer, err := dhcpv4.FromBytes(b)
	if err != nil || answer.OpCode != dhcpv4.OpcodeBootReply ||
		answer.TransactionID != msg.TransactionID || answer.ClientHWAddr.String() != msg.ClientHWAddr.String() {
		return nil, false
	}
	want := dhcpv4.MessageTypeOffer
	if msg.MessageType() == dhcpv4.MessageTypeRequest {
		if answer.MessageType() == dhcpv4.MessageTypeNak {
			return answer, true
		}
		want = dhcpv4.MessageTypeAck
	}
	addr, ok := netip.AddrFromSlice(answer.YourIPAddr.To4())
	usable := ok && !addr.IsUnspecified() && answer.ServerIdentifier() != nil
	return answer, usable && answer.MessageType() == want
}

func isTimeout(err error) bool {
	var t net.Error
	return errors.As(err, &t) && t.Timeout()
}

// configure takes address and options from an ACK.
func (p *Phone) configure(ack *dhcpv4.DHCPv4) error {
	addr, _ := netip.AddrFromSlice(ack.YourIPAddr.To4())
	server, _ := netip.AddrFromSlice(ack.ServerIdentifier().To4())
	p.lease = Lease{Addr: addr, Server: server, For: ack.IPAddressLeaseTime(0), Local: isLocal(addr)}
	value, option := p.dialect.server(options(ack.Options))
	p.told = value
	if value == "" {
		p.say("DHCP gave %s for %s, and no provisioning address", addr, p.lease.For)
		return nil
	}
	p.say("DHCP gave %s for %s; %s says %s", addr, p.lease.For, option, shown(value))
	return nil
}

// isLocal reports that this host can send from addr.
func isLocal(addr netip.Addr) bool {
	conn, err := net.ListenUDP("udp", net.UDPAddrFromAddrPort(netip.AddrPortFrom(addr, 0)))
	if err != nil {
		return false
	}
	_ = conn.Close()
	return true
}
