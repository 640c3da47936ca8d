package dhcpopt

import (
	"encoding/binary"
	"net/netip"
	"slices"
	"time"

	"github.com/insomniacslk/dhcp/dhcpv4"
)

// draft is an answer being put together. The server has one and uses it over
// and over: a building's power-up is thousands of answers, and what each would
// leave to the garbage collector costs more than the answer.
type draft struct {
	options []option // by code, but 82 last (RFC 3046 section 2.1)
	wishes  []option
	room    []byte // of values made for this answer
}

func (d *draft) begin() { d.options, d.wishes, d.room = d.options[:0], d.wishes[:0], d.room[:0] }

// set adds an option, or gives one another value.
func (d *draft) set(code uint8, value []byte) {
	at, found := slices.BinarySearchFunc(d.options, code, func(o option, c uint8) int { return place(o.code) - place(c) })
	if found {
		d.options[at].value = value
		return
	}
	d.options = slices.Insert(d.options, at, option{code, value})
}

// place orders options on the wire.
func place(code uint8) int {
	if code == relayCode {
		return 256
	}
	return int(code)
}

// get is the value of an option, nil where it is not set.
func (d *draft) get(code uint8) []byte {
	for _, o := range d.options {
		if o.code == code {
			return o.value
		}
	}
	return nil
}

// bytes is a value made for this answer.
func (d *draft) bytes(b ...byte) []byte {
	d.room = append(d.room, b...)
	return d.room[len(d.room)-len(b):]
}

// seconds is a length of time as options give it.
func (d *draft) seconds(t time.Duration) []byte {
	d.room = binary.BigEndian.AppendUint32(d.room, uint32(t/time.Second))
	return d.room[len(d.room)-4:]
}

// head is what the fixed fields of an answer say; the rest is the client's own.
type head struct {
	flags          uint16
	ciaddr, yiaddr netip.Addr // zero: 0.0.0.0
}

// message writes the answer to a client's packet.
func (d *draft) message(to *dhcpv4.DHCPv4, h head) []byte {
	n := fixedFields
	for _, o := range d.options {
		n += o.size()
	}
	b := make([]byte, atCookie, max(n, minLetter))
	b[0], b[1], b[2] = byte(dhcpv4.OpcodeBootReply), byte(to.HWType), byte(len(to.ClientHWAddr))
	copy(b[4:], to.TransactionID[:])
	binary.BigEndian.PutUint16(b[atFlags:], h.flags)
	putAddr(b[atCiaddr:], h.ciaddr)
	putAddr(b[atYiaddr:], h.yiaddr)
	copy(b[atGiaddr:atChaddr], to.GatewayIPAddr.To4())
	copy(b[atChaddr:atSname], to.ClientHWAddr)
	b = binary.BigEndian.AppendUint32(b, magicCookie)
	for _, o := range d.options {
		b = o.append(b)
	}
	b = append(b, endCode)
	return b[:max(len(b), minLetter)] // what lies beyond is zero, which is padding
}

func putAddr(b []byte, a netip.Addr) {
	if a.Is4() {
		v := a.As4()
		copy(b, v[:])
	}
}

// append writes an option, split where it is long (RFC 3396).
func (o option) append(b []byte) []byte {
	for rest := o.value; ; {
		n := min(len(rest), 255)
		b = append(append(b, o.code, byte(n)), rest[:n]...)
		if rest = rest[n:]; len(rest) == 0 {
			return b
		}
	}
}

// steady are the values that are the same in every answer of a server.
type steady struct {
	self, mask, router, dns, ntp, domain, broadcast []byte
}

func newSteady(c Config) steady {
	mask := fromNumber(^uint32(0) << (32 - c.network().Bits()))
	st := steady{
		self: c.Self.Addr().AsSlice(), mask: mask.AsSlice(), dns: join(c.DNS), ntp: join(c.NTP), domain: []byte(c.Domain),
		broadcast: lastAddr(c.network()).AsSlice(),
	}
	if c.Router.IsValid() {
		st.router = c.Router.AsSlice()
	}
	return st
}
