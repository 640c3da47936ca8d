package dhcpopt

import (
	"bytes"
	"encoding/binary"
	"net/netip"
	"slices"
	"time"

	"github.com/insomniacslk/dhcp/dhcpv4"

	"github.com/lineside/lineside/phone"
	"github.com/lineside/lineside/vendors"
)

// Messages, options and ports of RFC 8415 sections 7 and 21, RFC 3646 (DNS), RFC
// 5908 (NTP) and RFC 5970 (boot file URL). They are read here and not by the
// library, which reads every option there is and gives up at one that is odd.
const (
	sixClientPort = 546
	sixServerPort = 547

	sixReply       = 7
	sixInformation = 11

	sixClientID  = 1
	sixServerID  = 2
	sixAddresses = 3 // IA_NA
	sixTemporary = 4 // IA_TA
	sixWishes    = 6
	sixUserClass = 15
	sixClass     = 16
	sixVendor    = 17
	sixDNS       = 23
	sixPrefixes  = 25 // IA_PD
	sixRefresh   = 32
	sixNTP       = 56
	sixBootURL   = 59

	maxDUID    = 130 // section 11.1: two octets of type and up to 128
	maxClasses = 4   // names a client gives itself that are looked at
)

// sixKind is the message's place among the rates, where DHCPv4 has its own.
const sixKind = dhcpv4.MessageTypeNone

// ask6 is an INFORMATION-REQUEST as far as it is read.
type ask6 struct {
	id         [3]byte
	client     []byte    // its identifier, nil where it gives none
	mac        phone.MAC // as it claims; zero where nothing says
	classes    [][]byte
	enterprise uint32 // the first it names, 0 where none
	wishes     []byte // option numbers, two octets each
}

// parse reads a packet, or says why it is not answered. Only the link's own
// machines are: an answer elsewhere would be a gift to who forges addresses.
func (s *Six) parse(data []byte, from netip.AddrPort) (q ask6, reason string) {
	switch {
	case len(data) < 4 || len(data) > maxPacket:
		return q, "malformed"
	case data[0] != sixInformation:
		return q, "kind"
	case !from.Addr().Is6() || !from.Addr().IsLinkLocalUnicast():
		return q, "source"
	}
	copy(q.id[:], data[1:4])
	rest := data[4:]
	for len(rest) > 0 {
		code, value, after, ok := cutOption6(rest)
		if !ok {
			return q, "malformed"
		}
		if reason = s.take(&q, code, value); reason != "" {
			return q, reason
		}
		rest = after
	}
	if mac, ok := phone.MACOf(from.Addr()); ok {
		q.mac = mac
	} else {
		q.mac = macOfDUID(q.client)
	}
	return q, ""
}

// take notes one option. A message that asks for addresses, or another server,
// is to be left alone (RFC 8415 section 16.12).
func (s *Six) take(q *ask6, code uint16, value []byte) (reason string) {
	switch code {
	case sixClientID:
		if q.client != nil || len(value) < 3 || len(value) > maxDUID {
			return "malformed"
		}
		q.client = value
	case sixServerID:
		if !bytes.Equal(value, s.duid) {
			return "other-server"
		}
	case sixAddresses, sixTemporary, sixPrefixes:
		return "addresses"
	case sixWishes:
		if len(value)%2 != 0 {
			return "malformed"
		}
		q.wishes = value
	case sixUserClass:
		return q.names(value)
	case sixClass, sixVendor:
		if len(value) < 4 {
			return "malformed"
		}
		if q.enterprise == 0 {
			q.enterprise = binary.BigEndian.Uint32(value)
		}
		if code == sixClass {
			return q.names(value[4:])
		}
	}
	return ""
}

// names notes the texts of a class option, each behind its length.
func (q *ask6) names(list []byte) (reason string) {
	for len(list) > 0 {
		if len(list) < 2 || len(list)-2 < int(binary.BigEndian.Uint16(list)) {
			return "malformed"
		}
		n := 2 + int(binary.BigEndian.Uint16(list))
		if len(q.classes) < maxClasses && n > 2 {
			q.classes = append(q.classes, list[2:n])
		}
		list = list[n:]
	}
	return ""
}

// wants reports that the client asks for an option.
func (q *ask6) wants(code uint16) bool {
	for w := range slices.Chunk(q.wishes, 2) {
		if binary.BigEndian.Uint16(w) == code {
			return true
		}
	}
	return false
}

func cutOption6(b []byte) (code uint16, value, rest []byte, ok bool) {
	if len(b) < 4 {
		return 0, nil, nil, false
	}
	n := 4 + int(binary.BigEndian.Uint16(b[2:]))
	if len(b) < n {
		return 0, nil, nil, false
	}
	return binary.BigEndian.Uint16(b), b[4:n], b[n:], true
}

// macOfDUID is the Ethernet address in an identifier that is made from one
// (RFC 8415 sections 11.2 and 11.4).
func macOfDUID(duid []byte) (mac phone.MAC) {
	switch {
	case len(duid) == 14 && duid[1] == 1, len(duid) == 10 && duid[1] == 3:
	default:
		return mac
	}
	if duid[0] == 0 && duid[2] == 0 && duid[3] == 1 {
		copy(mac[:], duid[len(duid)-6:])
	}
	if mac[0]&1 == 1 {
		return phone.MAC{}
	}
	return mac
}

func duidLL(mac phone.MAC) []byte { return append([]byte{0, 3, 0, 1}, mac[:]...) }

// reply puts the answer together. A phone gets what leads it to its configs
// whether it lists it or not; the rest only on demand, to keep the answer small.
func (s *Six) reply(q ask6, l vendors.Lead6) []byte {
	b := append([]byte{sixReply}, q.id[:]...)
	if q.client != nil {
		b = option6(b, sixClientID, q.client)
	}
	b = option6(b, sixServerID, s.duid)
	if l.URL != "" {
		b = option6(b, sixBootURL, []byte(l.URL))
	}
	for _, number := range enterprises(l.Enterprise, q.enterprise) {
		value := binary.BigEndian.AppendUint32(nil, number)
		for _, o := range l.Options {
			value = option6(value, uint16(o.Code), o.Value)
		}
		b = option6(b, sixVendor, value)
	}
	if q.wants(sixDNS) && len(s.cfg.DNS) > 0 {
		b = option6(b, sixDNS, join(s.cfg.DNS))
	}
	if q.wants(sixNTP) && len(s.cfg.NTP) > 0 {
		var servers []byte
		for _, a := range s.cfg.NTP {
			servers = option6(servers, 1, a.AsSlice()) // RFC 5908: a server's address
		}
		b = option6(b, sixNTP, servers)
	}
	if q.wants(sixRefresh) {
		b = option6(b, sixRefresh, binary.BigEndian.AppendUint32(nil, uint32(s.cfg.Refresh/time.Second)))
	}
	return b
}

// enterprises are the numbers option 17 goes under: the maker's, where it is
// known, and that which the client names itself, as some DHCP programs in phones
// name their own author.
func enterprises(maker, own uint32) (list []uint32) {
	if maker != 0 {
		list = append(list, maker)
	}
	if own != 0 && own != maker {
		list = append(list, own)
	}
	return list
}

func option6(b []byte, code uint16, value []byte) []byte {
	b = binary.BigEndian.AppendUint16(b, code)
	b = binary.BigEndian.AppendUint16(b, uint16(len(value)))
	return append(b, value...)
}
