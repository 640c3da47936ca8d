package dhcpopt

import (
	"encoding/binary"
	"net/netip"
	"slices"
	"time"

	"github.com/insomniacslk/dhcp/dhcpv4"

	"github.com/lineside/lineside/phone"
	"github.com/lineside/lineside/provision"
	"github.com/lineside/lineside/vendors"
)

// The ports of RFC 2131 section 4.1.
const (
	serverPort = 67
	clientPort = 68
)

// Sizes a reply must keep within.
const (
	headers     = 28            // IP and UDP, part of what option 57 counts
	fixedFields = minPacket + 1 // and the end option
	maxPayload  = maxMessage - headers
)

// reply is an answer on its way to a client or relay.
type reply struct {
	to   netip.AddrPort
	mac  phone.MAC // not zero: by a frame to it, it has no address yet
	data []byte
	lead provision.Lead // what a phone was told of its box, for the timeline
}

// option is one to be sent, in wire form.
type option struct {
	code  uint8
	value []byte
}

// size is what an option takes on the wire, split where it is long.
func (o option) size() int { return len(o.value) + 2*max(1, (len(o.value)+254)/255) }

// reply builds a message of kind. addr is the client's address, length its
// lease's; 0 is an answer without one.
func (s *Server) reply(a *ask, kind dhcpv4.MessageType, addr netip.Addr, length time.Duration, w provision.Welcome) reply {
	m := &dhcpv4.DHCPv4{
		OpCode: dhcpv4.OpcodeBootReply, HWType: a.packet.HWType, TransactionID: a.packet.TransactionID,
		Flags: a.packet.Flags & 0x8000, ClientHWAddr: a.packet.ClientHWAddr, GatewayIPAddr: a.packet.GatewayIPAddr,
		Options: make(dhcpv4.Options, 16),
	}
	relayed := !a.giaddr.IsUnspecified()
	switch {
	case kind == dhcpv4.MessageTypeNak && relayed:
		m.SetBroadcast() // the relay could not reach the client otherwise
	case kind == dhcpv4.MessageTypeAck:
		m.ClientIPAddr = a.packet.ClientIPAddr
	}
	if length > 0 {
		m.YourIPAddr = addr.AsSlice()
	}
	left := s.required(m, a, kind, length)
	if kind != dhcpv4.MessageTypeNak {
		s.fill(m, a, w, left)
	}
	r := reply{data: m.ToBytes(), lead: lead(m, a, w)}
	r.to, r.mac = s.destination(a, kind, addr)
	return r
}

// required sets what every reply of the kind carries, and gives the room left.
// Option 82 is the relay's and does not reach the client, so only the path's
// limit counts for it.
func (s *Server) required(m *dhcpv4.DHCPv4, a *ask, kind dhcpv4.MessageType, length time.Duration) int {
	must := []option{{53, []byte{byte(kind)}}, {54, s.self.AsSlice()}}
	if a.client.id != "" {
		must = append(must, option{61, []byte(a.client.id)}) // RFC 6842
	}
	if length > 0 {
		must = append(must, option{51, seconds(length)}, option{58, seconds(length / 2)}, option{59, seconds(length / 8 * 7)})
	}
	if kind == dhcpv4.MessageTypeNak {
		must = append(must, option{56, []byte("address not available, start over")})
	}
	left := a.limit - headers - fixedFields
	if info, ok := a.packet.Options[82]; ok {
		relay := option{82, info}
		m.Options[82] = info
		left = min(left, maxPayload-fixedFields-relay.size())
	}
	for _, o := range must {
		m.Options[o.code] = o.value
		left -= o.size()
	}
	return left
}

// fill sets what the client is told beyond that, the more needful first, as
// long as there is room.
func (s *Server) fill(m *dhcpv4.DHCPv4, a *ask, w provision.Welcome, left int) {
	for _, o := range s.wishes(a, w) {
		if _, set := m.Options[o.code]; set || len(o.value) == 0 {
			continue
		}
		if len(o.value) > maxOption || o.size() > left {
			s.log.Debug("option left out, no room", "mac", a.client.mac, "option", o.code)
			continue
		}
		m.Options[o.code] = o.value
		left -= o.size()
	}
}

// wishes lists options by how much the client misses without them: to reach
// the network, to find its box, to be comfortable.
func (s *Server) wishes(a *ask, w provision.Welcome) []option {
	if s.cfg.Mode == ModeInform {
		// The network is the other server's to describe.
		return append(vendorOptions(a, w, true), vendorOptions(a, w, false)...)
	}
	mask := fromNumber(^uint32(0) << (32 - s.cfg.network().Bits()))
	list := []option{{1, mask.AsSlice()}}
	if s.cfg.Router.IsValid() {
		list = append(list, option{3, s.cfg.Router.AsSlice()})
	}
	list = append(list, option{6, join(s.cfg.DNS)})
	list = append(list, vendorOptions(a, w, true)...)
	list = append(list, vendorOptions(a, w, false)...)
	for _, o := range []option{{42, join(s.cfg.NTP)}, {15, []byte(s.cfg.Domain)}, {28, lastAddr(s.cfg.network()).AsSlice()}} {
		if a.wants(o.code) {
			list = append(list, o)
		}
	}
	return list
}

// vendorOptions are those that lead a phone here: the ones sent unasked, or
// the ones it asks for.
func vendorOptions(a *ask, w provision.Welcome, always bool) []option {
	if w.Ident.Vendor == "" {
		return nil
	}
	var list []option
	for _, o := range w.Options {
		if o.Always == always && (always || a.wants(o.Code)) && !protocolOwn(o) {
			list = append(list, option{o.Code, o.Value})
		}
	}
	return list
}

// protocolOwn reports that an option is the protocol's and no vendor's to set.
// Option 60 is among them: a client that hears its own class back may take the
// box for a boot server.
func protocolOwn(o vendors.Option) bool {
	return o.Code >= 50 && o.Code <= 61 || slices.Contains([]uint8{0, 1, 3, 82, 255}, o.Code)
}

// destination follows RFC 2131 section 4.1, but for INFORM section 4.3.5. The
// mac is set where the client must be reached by hardware address.
func (s *Server) destination(a *ask, kind dhcpv4.MessageType, addr netip.Addr) (netip.AddrPort, phone.MAC) {
	switch {
	case a.kind == dhcpv4.MessageTypeInform:
		return netip.AddrPortFrom(addr, clientPort), phone.MAC{}
	case !a.giaddr.IsUnspecified() && a.ported:
		return netip.AddrPortFrom(a.giaddr, a.from.Port()), phone.MAC{}
	case !a.giaddr.IsUnspecified():
		return netip.AddrPortFrom(a.giaddr, serverPort), phone.MAC{}
	case kind == dhcpv4.MessageTypeNak, addr.IsUnspecified():
		return broadcast(), phone.MAC{}
	case a.ciaddr == addr: // a renewal, and no other address a stranger writes
		return netip.AddrPortFrom(addr, clientPort), phone.MAC{}
	case a.packet.IsBroadcast():
		return broadcast(), phone.MAC{}
	}
	return netip.AddrPortFrom(addr, clientPort), a.client.mac
}

func broadcast() netip.AddrPort {
	return netip.AddrPortFrom(netip.AddrFrom4([4]byte{255, 255, 255, 255}), clientPort)
}

func seconds(d time.Duration) []byte {
	return binary.BigEndian.AppendUint32(nil, uint32(d/time.Second))
}

func join(addrs []netip.Addr) []byte {
	var b []byte
	for _, a := range addrs {
		b = append(b, a.AsSlice()...)
	}
	return b
}
