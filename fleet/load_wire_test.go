package fleet

import (
	"net"
	"net/netip"
	"testing"

	"github.com/insomniacslk/dhcp/dhcpv4"

	"github.com/lineside/lineside/phone"
)

// TestLoadForm reads what clients send with the DHCP library.
func TestLoadForm(t *testing.T) {
	relay, box, mine := netip.MustParseAddrPort("10.0.0.2:67"), netip.MustParseAddr("10.0.0.1"), netip.MustParseAddr("10.0.0.9")
	mac := phone.MAC{0, 0x15, 0x65, 1, 2, 3}
	f := newLoadForm(relay)
	for name, tt := range map[string]struct {
		b              []byte
		kind           dhcpv4.MessageType
		ciaddr, wanted string
	}{
		"discover": {append([]byte(nil), f.message(dhcpv4.MessageTypeDiscover, 7, mac, netip.Addr{}, netip.Addr{})...), dhcpv4.MessageTypeDiscover, "0.0.0.0", "<nil>"},
		"request":  {append([]byte(nil), f.message(dhcpv4.MessageTypeRequest, 7, mac, mine, box)...), dhcpv4.MessageTypeRequest, "0.0.0.0", "10.0.0.9"},
		"renewal":  {append([]byte(nil), f.renewal(7, mac, mine)...), dhcpv4.MessageTypeRequest, "10.0.0.9", "<nil>"},
	} {
		m, err := dhcpv4.FromBytes(tt.b)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if m.MessageType() != tt.kind || m.TransactionID != (dhcpv4.TransactionID{0, 0, 0, 7}) || m.ClientHWAddr.String() != mac.String() {
			t.Errorf("%s: got %s", name, m.Summary())
		}
		if got := m.ClientIPAddr.String(); got != tt.ciaddr {
			t.Errorf("%s: ciaddr: got %s, want %s", name, got, tt.ciaddr)
		}
		if got := m.RequestedIPAddress().String(); got != tt.wanted {
			t.Errorf("%s: option 50: got %s, want %s", name, got, tt.wanted)
		}
		if got := m.GatewayIPAddr.String(); got != "10.0.0.2" || m.Options.Has(dhcpv4.OptionRelayAgentInformation) {
			t.Errorf("%s: relay %s, option 82 %v; want 10.0.0.2 without one at port 67", name, got, m.Options.Has(dhcpv4.OptionRelayAgentInformation))
		}
	}
	ported := newLoadForm(netip.MustParseAddrPort("10.0.0.2:9067"))
	m, err := dhcpv4.FromBytes(ported.renewal(7, mac, mine))
	if err != nil || m.RelayAgentInfo() == nil || !m.RelayAgentInfo().Has(dhcpv4.RelaySourcePortSubOption) {
		t.Errorf("from another port: got %v, %v; want it to say so", m, err)
	}
}

func serverMessage(kind dhcpv4.MessageType, a loadAnswer) []byte {
	m := &dhcpv4.DHCPv4{
		OpCode: dhcpv4.OpcodeBootReply, HWType: 1, ClientHWAddr: a.mac[:], YourIPAddr: net.IP(a.addr.AsSlice()),
		TransactionID: dhcpv4.TransactionID{byte(a.id >> 24), byte(a.id >> 16), byte(a.id >> 8), byte(a.id)},
		Options:       dhcpv4.Options{53: {byte(kind)}, 54: a.server.AsSlice(), 1: {255, 0, 0, 0}},
	}
	return m.ToBytes()
}

// FuzzLoadAnswer wants of whatever is understood that the library, writing the
// same facts, is understood alike.
func FuzzLoadAnswer(f *testing.F) {
	a := loadAnswer{id: 9, mac: phone.MAC{0, 0x15, 0x65, 0, 0, 1}, addr: netip.MustParseAddr("10.0.0.9"), server: netip.MustParseAddr("10.0.0.1")}
	for _, kind := range []dhcpv4.MessageType{dhcpv4.MessageTypeOffer, dhcpv4.MessageTypeAck, dhcpv4.MessageTypeNak} {
		f.Add(serverMessage(kind, a))
	}
	f.Add(serverMessage(dhcpv4.MessageTypeAck, a)[:fixedLength+4])
	f.Fuzz(func(t *testing.T, data []byte) {
		got, ok := parseLoadAnswer(data)
		if !ok {
			return
		}
		if got.kind == dhcpv4.MessageTypeNone || !got.server.Is4() || got.kind != dhcpv4.MessageTypeNak && got.addr.IsUnspecified() {
			t.Fatalf("got %+v, of no use to a client", got)
		}
		again, ok := parseLoadAnswer(serverMessage(got.kind, got))
		if !ok || again != got {
			t.Errorf("got %+v, written by the library %+v", got, again)
		}
	})
}
