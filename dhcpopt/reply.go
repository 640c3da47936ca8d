package dhcpopt

import (
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
	to  netip.AddrPort
	mac phone.MAC // not zero: by a frame to it, without asking ARP
	// settled says that the client has the address to: without frames it is
	// reached there, and not by broadcast.
	settled bool
	near    phone.MAC // not zero: by a frame to it while too much waits for ARP
	data    []byte
	lead    provision.Lead // what a phone was told of its box, for the timeline
}

// option is one to be sent, in wire form.
type option struct {
	code  uint8
	value []byte
}

// size is what an option takes on the wire, split where it is long.
func (o option) size() int { return len(o.value) + 2*max(1, (len(o.value)+254)/255) }

// reply builds a message of kind. addr is the client's address, length its
// lease's; 0 is an answer without one. Only the answering goroutine calls it.
func (s *Server) reply(a *ask, kind dhcpv4.MessageType, addr netip.Addr, length time.Duration, w provision.Welcome) reply {
	h := head{flags: a.packet.Flags & 0x8000}
	switch {
	case kind == dhcpv4.MessageTypeNak && !a.giaddr.IsUnspecified():
		h.flags |= 0x8000 // the relay could not reach the client otherwise
	case kind == dhcpv4.MessageTypeAck:
		h.ciaddr = address(a.packet.ClientIPAddr)
	}
	if length > 0 {
		h.yiaddr = addr
	}
	d := &s.draft
	d.begin()
	left := s.required(d, a, kind, length)
	if kind != dhcpv4.MessageTypeNak {
		s.fill(d, a, w, left)
	}
	r := reply{data: d.message(a.packet, h)}
	if kind == dhcpv4.MessageTypeAck || length == 0 { // an OFFER of an address may come to nothing
		r.lead = s.said.lead(d.get, a, w)
	}
	s.direct(&r, a, kind, addr)
	return r
}

// required sets what every reply of the kind carries, and gives the room left.
// Option 82 is the relay's and does not reach the client, so only the path's
// limit counts for it.
func (s *Server) required(d *draft, a *ask, kind dhcpv4.MessageType, length time.Duration) int {
	d.set(53, d.bytes(byte(kind)))
	d.set(54, s.steady.self)
	if a.client.id != "" {
		d.set(61, d.bytes([]byte(a.client.id)...)) // RFC 6842
	}
	if length > 0 {
		d.set(51, d.seconds(length))
		d.set(58, d.seconds(length/2))
		d.set(59, d.seconds(length/8*7))
	}
	if kind == dhcpv4.MessageTypeNak {
		d.set(56, []byte("address not available, start over"))
	}
	taken := fixedFields
	for _, o := range d.options {
		taken += o.size()
	}
	left := a.limit - headers - taken
	if info, ok := a.packet.Options[relayCode]; ok {
		left = min(left, maxPayload-taken-option{relayCode, info}.size())
		d.set(relayCode, info)
	}
	return left
}

// fill sets what the client is told beyond that, the more needful first, as
// long as there is room.
func (s *Server) fill(d *draft, a *ask, w provision.Welcome, left int) {
	s.wish(d, a, w)
	for _, o := range d.wishes {
		if len(o.value) == 0 || d.get(o.code) != nil {
			continue
		}
		if len(o.value) > maxOption || o.size() > left {
			s.log.Debug("option left out, no room", "mac", a.client.mac, "option", o.code)
			continue
		}
		d.set(o.code, o.value)
		left -= o.size()
	}
}

// wish lists options by how much the client misses without them: to reach the
// network, to find its box, to be comfortable.
func (s *Server) wish(d *draft, a *ask, w provision.Welcome) {
	network := s.cfg.Mode != ModeInform // else that is the other server's to describe
	if network {
		d.wishes = append(d.wishes, option{1, s.steady.mask}, option{3, s.steady.router}, option{6, s.steady.dns})
	}
	d.wishes = vendorOptions(d.wishes, a, w, true)
	d.wishes = vendorOptions(d.wishes, a, w, false)
	if !network {
		return
	}
	for _, o := range [...]option{{42, s.steady.ntp}, {15, s.steady.domain}, {28, s.steady.broadcast}} {
		if a.wants(o.code) {
			d.wishes = append(d.wishes, o)
		}
	}
}

// vendorOptions adds those that lead a phone here: the ones sent unasked, or
// the ones it asks for.
func vendorOptions(list []option, a *ask, w provision.Welcome, always bool) []option {
	if w.Ident.Vendor == "" {
		return list
	}
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
	return o.Code >= 50 && o.Code <= 61 || slices.Contains([]uint8{padCode, 1, 3, relayCode, endCode}, o.Code)
}

// direct says where an answer goes: RFC 2131 section 4.1, but for INFORM section
// 4.3.5. A machine on the LAN is answered to the hardware address it says it has:
// an INFORM always, for its address is whatever a stranger writes, and ARP would
// look for it while others wait; a renewal, which names a lease of its own, only
// while much waits.
func (s *Server) direct(r *reply, a *ask, kind dhcpv4.MessageType, addr netip.Addr) {
	relayed := !a.giaddr.IsUnspecified()
	near := phone.MAC{}
	if !relayed && !s.remote {
		near = a.client.mac
	}
	r.to = netip.AddrPortFrom(addr, clientPort)
	switch {
	case a.kind == dhcpv4.MessageTypeInform:
		r.mac, r.settled = near, true
	case relayed && a.ported:
		r.to = netip.AddrPortFrom(a.giaddr, a.from.Port())
	case relayed:
		r.to = netip.AddrPortFrom(a.giaddr, serverPort)
	case kind == dhcpv4.MessageTypeNak, addr.IsUnspecified():
		r.to = broadcast()
	case a.ciaddr == addr: // a renewal, and no other address a stranger writes
		r.near = near
	case a.packet.IsBroadcast():
		r.to = broadcast()
	default:
		r.mac = a.client.mac
	}
}

func broadcast() netip.AddrPort {
	return netip.AddrPortFrom(netip.AddrFrom4([4]byte{255, 255, 255, 255}), clientPort)
}

func join(addrs []netip.Addr) []byte {
	var b []byte
	for _, a := range addrs {
		b = append(b, a.AsSlice()...)
	}
	return b
}
