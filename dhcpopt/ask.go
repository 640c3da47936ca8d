package dhcpopt

import (
	"encoding/binary"
	"errors"
	"net/netip"
	"strings"
	"time"
	"unicode"

	"github.com/insomniacslk/dhcp/dhcpv4"
	"github.com/insomniacslk/dhcp/iana"

	"github.com/lineside/lineside/phone"
)

// Why a packet is not answered; each is a reason of the dropped counter.
var (
	errMalformed = errors.New("malformed")
	errBOOTP     = errors.New("bootp")
	errNotAsked  = errors.New("not-a-request")
	errHardware  = errors.New("hardware")
	errRelay     = errors.New("relay")
	errOption    = errors.New("option")
)

// Bounds on what is read from a packet.
const (
	minPacket  = 240 // fixed fields and magic cookie, RFC 2131 section 2
	maxPacket  = 4096
	maxHops    = 16  // RFC 1542 section 4.1.1
	maxOption  = 255 // a long option is split, RFC 3396; none of these needs it
	maxText    = 64  // bytes of a host name or class shown to operators
	minID      = 2   // RFC 2132 section 9.14
	minMessage = 576 // RFC 2132 section 9.10
	maxMessage = 1500
)

// ask is a client's message as typed facts.
type ask struct {
	kind   dhcpv4.MessageType
	from   netip.AddrPort // of the UDP packet
	packet *dhcpv4.DHCPv4 // what a reply copies fields from
	client client
	ciaddr netip.Addr // unspecified: none
	giaddr netip.Addr // unspecified: not relayed
	want   netip.Addr // option 50, zero: none
	server netip.Addr // option 54, zero: none
	// lease is option 51, 0 where the client asks for no length.
	lease time.Duration
	// limit is the greatest IP packet the client takes, option 57.
	limit int
	// list is option 55; nil is a client without one.
	list []byte
	// ported says that the relay wants replies at the port it sent from, RFC
	// 8357.
	ported bool
	class  []byte // option 60 as sent
	host   string // option 12, printable
	// noted says that the client's timeline takes the answer; a flood is
	// answered but not written up.
	noted bool
}

// parse says whether a packet is for this server and usable. The error is one
// of those above. The ask is good until the next packet.
func (s *Server) parse(data []byte, from netip.AddrPort) (*ask, error) {
	a := &s.asked
	if err := readAsk(a, data, from); err != nil {
		return nil, err
	}
	for _, step := range [...]func(*ask) error{readHeader, s.checkRelay, readKind, s.checkRemote, readAddresses, readClaims, readWishes} {
		if err := step(a); err != nil {
			return nil, err
		}
	}
	return a, nil
}

// newAsk reads the fixed fields of a message, to be kept.
func newAsk(data []byte, from netip.AddrPort) (*ask, error) {
	if len(data) < minPacket || len(data) > maxPacket {
		return nil, errMalformed
	}
	m, err := dhcpv4.FromBytes(data)
	if err != nil {
		return nil, errMalformed
	}
	a := &ask{packet: m, from: from, limit: minMessage}
	a.ciaddr, a.giaddr = address(m.ClientIPAddr), address(m.GatewayIPAddr)
	return a, nil
}

// address reads a field of the fixed header.
func address(ip []byte) netip.Addr {
	a, ok := netip.AddrFromSlice(ip)
	if !ok {
		return netip.IPv4Unspecified()
	}
	return a.Unmap()
}

func readHeader(a *ask) error {
	m := a.packet
	if m.OpCode != dhcpv4.OpcodeBootRequest {
		return errNotAsked
	}
	return readClient(a)
}

// readClient reads whose message it is, whichever way it goes.
func readClient(a *ask) error {
	m := a.packet
	if m.HWType != iana.HWTypeEthernet || len(m.ClientHWAddr) != 6 {
		return errHardware
	}
	a.client.mac = phone.MAC(m.ClientHWAddr)
	if a.client.mac.IsZero() || a.client.mac[0]&1 == 1 {
		return errHardware
	}
	return nil
}

// checkRelay keeps to relays of our own network: this build has one pool, and
// an answer must not be sent wherever a stranger's packet says.
func (s *Server) checkRelay(a *ask) error {
	if a.packet.HopCount > maxHops {
		return errRelay
	}
	if !a.giaddr.IsUnspecified() && !s.cfg.hostAddr(a.giaddr) {
		return errRelay
	}
	info, ok := a.packet.Options[dhcpv4.OptionRelayAgentInformation.Code()]
	if !ok {
		return nil
	}
	if len(info) > maxOption {
		return errRelay
	}
	var relay dhcpv4.RelayOptions
	if relay.FromBytes(info) == nil && relay.Has(dhcpv4.RelaySourcePortSubOption) {
		a.ported = !a.giaddr.IsUnspecified() && a.from.Port() != 0
	}
	return nil
}

func readKind(a *ask) error {
	v, ok := a.packet.Options[dhcpv4.OptionDHCPMessageType.Code()]
	if !ok {
		return errBOOTP
	}
	if len(v) != 1 {
		return errOption
	}
	a.kind = dhcpv4.MessageType(v[0])
	switch a.kind {
	case dhcpv4.MessageTypeDiscover, dhcpv4.MessageTypeRequest, dhcpv4.MessageTypeDecline,
		dhcpv4.MessageTypeRelease, dhcpv4.MessageTypeInform:
		return nil
	}
	return errNotAsked
}

func readAddresses(a *ask) error {
	var err error
	if a.want, err = optionAddr(a.packet, 50); err != nil {
		return err
	}
	if a.want.IsUnspecified() {
		a.want = netip.Addr{} // some clients write "none" so
	}
	a.server, err = optionAddr(a.packet, 54)
	return err
}

// optionAddr reads an option that is one address, zero where it is not there.
func optionAddr(m *dhcpv4.DHCPv4, code uint8) (netip.Addr, error) {
	v, ok := m.Options[code]
	if !ok {
		return netip.Addr{}, nil
	}
	if len(v) != 4 {
		return netip.Addr{}, errOption
	}
	return netip.AddrFrom4([4]byte(v)), nil
}

// readClaims reads what the client says it is.
func readClaims(a *ask) error {
	o := a.packet.Options
	for _, code := range []uint8{12, 60, 61} {
		if len(o[code]) > maxOption {
			return errOption
		}
	}
	if id := o[61]; len(id) >= minID {
		a.client.id = string(id)
	}
	a.class = o[60]
	a.host = clean(o[12], maxText)
	return nil
}

// readWishes reads what the answer is to look like. A wish that is not well
// formed is none.
func readWishes(a *ask) error {
	o := a.packet.Options
	if v := o[51]; len(v) == 4 {
		a.lease = time.Duration(binary.BigEndian.Uint32(v)) * time.Second
	}
	if v := o[57]; len(v) == 2 {
		a.limit = min(max(int(binary.BigEndian.Uint16(v)), minMessage), maxMessage)
	}
	a.list = o[55]
	return nil
}

// wants reports that the client asks for an option. One that sends no list
// asks for all there is (RFC 2131 section 3.5).
func (a *ask) wants(code uint8) bool {
	if a.list == nil {
		return true
	}
	for _, c := range a.list {
		if c == code {
			return true
		}
	}
	return false
}

// clean makes a client's text fit for an operator's screen: printable, at most
// limit bytes, trailing NULs gone.
func clean(text []byte, limit int) string {
	if len(text) <= limit && printable(text) { // as a rule: nothing is to be made of it
		return string(text)
	}
	var b strings.Builder
	for _, r := range strings.ToValidUTF8(strings.TrimRight(string(text), "\x00"), "?") {
		if !unicode.IsPrint(r) {
			r = '?'
		}
		if b.Len()+len(string(r)) > limit {
			break
		}
		b.WriteRune(r)
	}
	return b.String()
}

// printable reports that text is printable ASCII.
func printable(text []byte) bool {
	for _, c := range text {
		if c < ' ' || c > '~' {
			return false
		}
	}
	return true
}
