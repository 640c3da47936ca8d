package dhcpopt

import (
	"bytes"
	"log/slog"
	"net"
	"net/netip"
	"slices"
	"testing"
	"time"

	"github.com/insomniacslk/dhcp/dhcpv6"
	"github.com/insomniacslk/dhcp/iana"

	"github.com/lineside/lineside/health"
	"github.com/lineside/lineside/metrics"
	"github.com/lineside/lineside/phone"
	"github.com/lineside/lineside/provision"
	"github.com/lineside/lineside/vendors"
)

var (
	boxSix   = netip.MustParseAddr("fd00:77::1")
	fromSix  = netip.MustParseAddrPort("[fe80::1234%eth0]:546")
	yealink6 = netip.MustParseAddrPort("[fe80::215:65ff:fe00:1%eth0]:546")
)

// sixDesk recognises phones as the desk does, and leads them to the box.
type sixDesk struct {
	table vendors.Table
	seen  []provision.Sighting
}

func (d *sixDesk) Welcome6(c provision.Caller) (w provision.Welcome6) {
	id, ok := d.table.ByClient(c.Class, c.Host, c.MAC)
	if !ok {
		return w
	}
	box := vendors.Box{URL: "http://[" + c.Self.String() + "]/cfg/", Addr: c.Self}
	if lead, ok := d.table.Lead6(id.Vendor, box); ok {
		w.Ident, w.Lead = id, lead
	}
	return w
}

func (d *sixDesk) Sighted(s provision.Sighting) { d.seen = append(d.seen, s) }

func newSix(t testing.TB, self netip.Addr) (*Six, *sixDesk) {
	t.Helper()
	desk := &sixDesk{table: vendors.All()}
	now := time.Date(2026, 3, 1, 8, 0, 0, 0, time.UTC)
	s, err := NewSix(SixConfig{
		Interface: "eth0", Hardware: boxMAC, DNS: []netip.Addr{netip.MustParseAddr("fd00:77::53")}, NTP: []netip.Addr{netip.MustParseAddr("fd00:77::123")},
	}, desk, func() netip.Addr { return self }, Deps{Log: slog.New(slog.DiscardHandler), Metrics: metrics.New(), Health: &health.Board{}, Now: func() time.Time { return now }})
	if err != nil {
		t.Fatal(err)
	}
	return s, desk
}

// information is an INFORMATION-REQUEST.
func information(options ...dhcpv6.Option) []byte {
	m := &dhcpv6.Message{MessageType: dhcpv6.MessageTypeInformationRequest, TransactionID: dhcpv6.TransactionID{1, 2, 3}}
	for _, o := range options {
		m.AddOption(o)
	}
	return m.ToBytes()
}

func identifier6(mac phone.MAC) dhcpv6.Option {
	return dhcpv6.OptClientID(&dhcpv6.DUIDLL{HWType: iana.HWTypeEthernet, LinkLayerAddr: mac[:]})
}

func server6(mac phone.MAC) dhcpv6.Option {
	return dhcpv6.OptServerID(&dhcpv6.DUIDLL{HWType: iana.HWTypeEthernet, LinkLayerAddr: mac[:]})
}

func class6(number uint32, names ...string) dhcpv6.Option {
	o := &dhcpv6.OptVendorClass{EnterpriseNumber: number}
	for _, n := range names {
		o.Data = append(o.Data, []byte(n))
	}
	return o
}

// TestSixAnswers: who is a phone, by whatever it says of itself, is told of the
// box; everybody and everything else gets silence.
func TestSixAnswers(t *testing.T) {
	wishes := dhcpv6.OptRequestedOption(dhcpv6.OptionBootfileURL, dhcpv6.OptionDNSRecursiveNameServer, dhcpv6.OptionNTPServer, dhcpv6.OptionInformationRefreshTime)
	head := []byte{sixInformation, 1, 2, 3}
	for _, tc := range []struct {
		name   string
		from   netip.AddrPort
		packet []byte
		want   bool
	}{
		{"vendor class", fromSix, information(identifier6(laptop1), class6(1, "yealink"), wishes), true},
		{"second name of a vendor class", fromSix, information(identifier6(laptop1), class6(1, "udhcp", "yealink")), true},
		{"user class", fromSix, information(identifier6(laptop1), &dhcpv6.OptUserClass{UserClasses: [][]byte{[]byte("yealink")}}), true},
		{"MAC in the identifier", fromSix, information(identifier6(yealink1)), true},
		{"MAC in the address", yealink6, information(), true},
		{"this server named", yealink6, information(server6(boxMAC)), true},
		{"laptop", fromSix, information(identifier6(laptop1), class6(311, "MSFT 5.0"), wishes), false},
		{"laptop without identifier", fromSix, information(wishes), false},
		{"laptop's address, a phone's identifier", netip.MustParseAddrPort("[fe80::3e52:82ff:fe00:1%eth0]:546"), information(identifier6(yealink1)), false},
		{"switch of a phone's maker", fromSix, information(identifier6(laptop1), class6(9, "C9300")), false},
		{"another server named", yealink6, information(server6(laptop1)), false},
		{"from off the link", netip.MustParseAddrPort("[2001:db8::215:65ff:fe00:1]:546"), information(), false},
		{"from IPv4", netip.MustParseAddrPort("10.20.0.50:546"), information(), false},
		{"addresses wanted", yealink6, information(&dhcpv6.OptIANA{}), false},
		{"prefixes wanted", yealink6, information(&dhcpv6.OptIAPD{}), false},
		{"solicit", yealink6, append([]byte{1}, information()[1:]...), false},
		{"relayed", yealink6, append([]byte{12}, information()[1:]...), false},
		{"cut short", yealink6, information(class6(1, "yealink"))[:12], false},
		{"empty", yealink6, nil, false},
		{"two identifiers", yealink6, information(identifier6(yealink1), identifier6(yealink1)), false},
		{"identifier too long", yealink6, option6(slices.Clone(head), sixClientID, make([]byte, maxDUID+1)), false},
		{"wishes of three octets", yealink6, option6(slices.Clone(head), sixWishes, []byte{0, 59, 0}), false},
	} {
		t.Run(tc.name, func(t *testing.T) {
			s, desk := newSix(t, boxSix)
			reply := s.answer(tc.packet, tc.from, phone.MAC{})
			if (reply != nil) != tc.want || len(desk.seen) > 0 && !tc.want {
				t.Fatalf("got %x and %d sightings, want an answer: %t", reply, len(desk.seen), tc.want)
			}
			if tc.want {
				checkSix(t, tc.packet, reply)
			}
		})
	}
}

// checkSix: the answer is the question's own, names the box and its configs,
// holds no address for the client, and what was not asked for is not in it.
func checkSix(t testing.TB, packet, reply []byte) {
	t.Helper()
	asked, err := dhcpv6.MessageFromBytes(packet)
	if err != nil {
		t.Fatalf("a packet the library does not read was answered: %v", err)
	}
	m, err := dhcpv6.MessageFromBytes(reply)
	if err != nil {
		t.Fatalf("the answer does not parse: %v\n%x", err, reply)
	}
	if m.MessageType != dhcpv6.MessageTypeReply || m.TransactionID != asked.TransactionID {
		t.Errorf("got %s %s, want REPLY %s", m.MessageType, m.TransactionID, asked.TransactionID)
	}
	id := asked.GetOneOption(dhcpv6.OptionClientID)
	if got := m.GetOneOption(dhcpv6.OptionClientID); (got == nil) != (id == nil) || got != nil && !bytes.Equal(got.ToBytes(), id.ToBytes()) {
		t.Errorf("got client identifier %v, want %v", got, id)
	}
	if got := m.GetOneOption(dhcpv6.OptionServerID); got == nil || !bytes.Equal(got.ToBytes(), duidLL(boxMAC)) {
		t.Errorf("got server identifier %v, want %s's", got, boxMAC)
	}
	if len(m.GetOption(dhcpv6.OptionBootfileURL)) == 0 {
		t.Error("the answer leads nowhere")
	}
	checkNoAddress(t, m)
	for _, code := range []dhcpv6.OptionCode{dhcpv6.OptionDNSRecursiveNameServer, dhcpv6.OptionNTPServer, dhcpv6.OptionInformationRefreshTime} {
		if got := len(m.GetOption(code)) > 0; got != asked.IsOptionRequested(code) {
			t.Errorf("%s: got %t, asked for %t", code, got, asked.IsOptionRequested(code))
		}
	}
}

func checkNoAddress(t testing.TB, m *dhcpv6.Message) {
	t.Helper()
	for _, code := range []dhcpv6.OptionCode{dhcpv6.OptionIANA, dhcpv6.OptionIATA, dhcpv6.OptionIAPD} {
		if len(m.GetOption(code)) > 0 {
			t.Errorf("the answer gives an address: %s", code)
		}
	}
}

// TestSixTells looks at the values.
func TestSixTells(t *testing.T) {
	s, desk := newSix(t, boxSix)
	reply := s.answer(information(class6(40712, "yealink"), dhcpv6.OptRequestedOption(dhcpv6.OptionDNSRecursiveNameServer, dhcpv6.OptionNTPServer)), yealink6, phone.MAC{})
	m, err := dhcpv6.MessageFromBytes(reply)
	if err != nil {
		t.Fatal(err)
	}
	const url = "http://[fd00:77::1]/cfg/"
	if got := m.Options.BootFileURL(); got != url {
		t.Errorf("option 59: got %q, want %q", got, url)
	}
	if got := m.Options.DNS(); len(got) != 1 || !got[0].Equal(net.ParseIP("fd00:77::53")) {
		t.Errorf("option 23: got %v, want fd00:77::53", got)
	}
	ntp := append([]byte{0, 1, 0, 16}, net.ParseIP("fd00:77::123")...)
	if got := m.GetOneOption(dhcpv6.OptionNTPServer); got == nil || !bytes.Equal(got.ToBytes(), ntp) {
		t.Errorf("option 56: got %v, want %x", got, ntp)
	}
	sub := m.Options.VendorOpts() // under the number the phone named
	if len(sub) != 1 || sub[0].EnterpriseNumber != 40712 || string(sub[0].VendorOpts.GetOne(66).ToBytes()) != url {
		t.Errorf("option 17: got %v, want %q under 66 of 40712", sub, url)
	}
	if len(desk.seen) != 1 || desk.seen[0].MAC != yealink1 || desk.seen[0].Addr.Zone() != "" {
		t.Errorf("sightings: got %+v, want one of %s", desk.seen, yealink1)
	}
	s, _ = newSix(t, netip.Addr{})
	if reply := s.answer(information(), yealink6, phone.MAC{}); reply != nil {
		t.Errorf("a box without an IPv6 address answers %x", reply)
	}
}

// TestSixIsBounded: under load a sender beyond its budget is passed over, and
// one that keeps to it is answered still.
func TestSixIsBounded(t *testing.T) {
	s, desk := newSix(t, boxSix)
	answered, packet := 0, information()
	for range 2 * loadBurst {
		if s.answer(packet, yealink6, phone.MAC{}) != nil {
			answered++
		}
	}
	if answered < loadBurst || answered > loadBurst+rateBurst {
		t.Errorf("%d of %d answered at one moment, want about %d", answered, 2*loadBurst, loadBurst)
	}
	if len(desk.seen) != rateBurst {
		t.Errorf("the desk heard of %d, want %d", len(desk.seen), rateBurst)
	}
	if s.answer(information(identifier6(yealink2)), fromSix, phone.MAC{}) == nil {
		t.Error("a phone that asks once is not heard behind a flood in another's name")
	}
}

// FuzzSix: whatever comes, the answer parses, is for who asked, is not much
// longer than the question, and gives no address.
func FuzzSix(f *testing.F) {
	f.Add(information(identifier6(yealink1)), true)
	f.Add(information(identifier6(laptop1), class6(1, "udhcp", "yealink"), dhcpv6.OptRequestedOption(dhcpv6.OptionDNSRecursiveNameServer)), false)
	f.Add(information(class6(9, "Cisco Systems, Inc. IP Phone CP-7941G\x00"), &dhcpv6.OptUserClass{UserClasses: [][]byte{[]byte("x")}}), false)
	f.Add(information()[:3], true)
	f.Fuzz(func(t *testing.T, b []byte, own bool) {
		s, _ := newSix(t, boxSix)
		from := fromSix
		if own {
			from = yealink6
		}
		reply := s.answer(b, from, phone.MAC{})
		if reply == nil {
			return
		}
		m, err := dhcpv6.MessageFromBytes(reply)
		if err != nil {
			t.Fatalf("the answer to %x does not parse: %v\n%x", b, err, reply)
		}
		if m.MessageType != dhcpv6.MessageTypeReply || !bytes.Equal(m.TransactionID[:], b[1:4]) {
			t.Errorf("got %s %s to %x", m.MessageType, m.TransactionID, b[:4])
		}
		if len(reply) > len(b)+600 {
			t.Errorf("%d octets answered with %d", len(b), len(reply))
		}
		checkNoAddress(t, m)
	})
}
