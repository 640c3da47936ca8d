package dhcpopt

import (
	"bytes"
	"net/netip"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/insomniacslk/dhcp/dhcpv4"

	"github.com/lineside/lineside/internal/golden"
	"github.com/lineside/lineside/phone"
	"github.com/lineside/lineside/vendors"
)

// asks is option 55 of a Yealink phone, asking for 160 and 43 too.
func asks(codes ...byte) dhcpv4.Modifier { return opt(55, codes...) }

func TestGoldenReplies(t *testing.T) {
	phoneAsks := asks(1, 3, 6, 15, 42, 43, 66, 160)
	for _, tt := range []struct {
		file string
		mac  phone.MAC
		mods []dhcpv4.Modifier
	}{
		{"yealink", yealink1, mods(class("yealink"), phoneAsks, id("\x01\x00\x15\x65\x00\x00\x01"), opt(12, []byte("SIP-T46G\x00")...))},
		{"laptop", laptop1, mods(class("MSFT 5.0"), asks(1, 3, 6, 15, 66, 160, 60))},
		{"relayed", yealink1, mods(class("yealink"), phoneAsks, relay(ip("10.20.0.9")), opt(82, 1, 4, 'p', 'o', 'r', 't'))},
	} {
		t.Run(tt.file, func(t *testing.T) {
			l := newLAN(t, testConfig("10.20.0.50-10.20.0.59"))
			var dump strings.Builder
			for _, m := range []*dhcpv4.DHCPv4{
				message(tt.mac, discover, tt.mods...),
				message(tt.mac, request, append(slices.Clone(tt.mods), server(boxAddr), wants(ip("10.20.0.50")))...),
				message(tt.mac, request, append(slices.Clone(tt.mods), server(boxAddr), wants(ip("10.20.0.99")))...),
			} {
				out := l.ask(m)
				if len(out) != 1 {
					t.Fatalf("%s: got %d answers, want 1", m.MessageType(), len(out))
				}
				dump.WriteString(show(t, out[0]))
			}
			golden.Check(t, filepath.Join("testdata", tt.file+".golden"), []byte(dump.String()))
		})
	}
}

func show(t testing.TB, s sent) string {
	t.Helper()
	r, err := dhcpv4.FromBytes(s.data)
	if err != nil {
		t.Fatal(err)
	}
	by := "by address"
	if !s.mac.IsZero() {
		by = "by frame to " + s.mac.String()
	}
	return "to " + s.to.String() + " " + by + "\n" + r.Summary() + "\n"
}

// TestDestination holds RFC 2131 section 4.1 and RFC 8357.
func TestDestination(t *testing.T) {
	agent := ip("10.20.0.9")
	flag := func(m *dhcpv4.DHCPv4) { m.SetBroadcast() }
	ported := opt(82, 19, 0)
	for _, tt := range []struct {
		name     string
		kind     dhcpv4.MessageType
		mods     []dhcpv4.Modifier
		from     string
		noFrames bool
		to       string
		frame    bool
	}{
		{name: "broadcast flag", kind: discover, mods: mods(flag), to: "255.255.255.255:68"},
		{name: "no flag", kind: discover, to: "10.20.0.50:68", frame: true},
		{name: "no flag, no packet socket", kind: discover, noFrames: true, to: "255.255.255.255:68"},
		{name: "relayed", kind: discover, mods: mods(relay(agent)), from: "10.20.0.8:4000", to: "10.20.0.9:67"},
		{name: "relayed with source port", kind: discover, mods: mods(relay(agent), ported), from: "10.20.0.8:4000", to: "10.20.0.9:4000"},
		{name: "source port without relay", kind: discover, mods: mods(flag, ported), from: "10.20.0.8:4000", to: "255.255.255.255:68"},
		{name: "NAK", kind: request, mods: mods(wants(ip("10.9.9.9"))), to: "255.255.255.255:68"},
		{name: "NAK to a client with address", kind: request, mods: mods(uses(ip("10.9.9.9"))), from: "10.9.9.9:68", to: "255.255.255.255:68"},
		{name: "relayed NAK", kind: request, mods: mods(relay(agent), wants(ip("10.9.9.9"))), from: "10.20.0.9:67", to: "10.20.0.9:67"},
		{name: "address a stranger wrote", kind: discover, mods: mods(uses(ip("198.51.100.7"))), to: "10.20.0.50:68", frame: true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			l := newLAN(t, testConfig("10.20.0.50-10.20.0.59"))
			l.conn.noFrames = tt.noFrames
			from := nobody
			if tt.from != "" {
				from = netip.MustParseAddrPort(tt.from)
			}
			out := l.deliver(message(yealink1, tt.kind, tt.mods...).ToBytes(), from)
			if len(out) != 1 {
				t.Fatalf("got %d answers, want 1", len(out))
			}
			if out[0].to.String() != tt.to || !out[0].mac.IsZero() != tt.frame {
				t.Errorf("got %s by frame %t, want %s by frame %t", out[0].to, !out[0].mac.IsZero(), tt.to, tt.frame)
			}
			r, _ := dhcpv4.FromBytes(out[0].data)
			if r.MessageType() == nak && address(r.GatewayIPAddr) == agent && !r.IsBroadcast() {
				t.Error("relayed NAK without broadcast flag: the relay cannot deliver it")
			}
		})
	}
}

func TestRenewalIsAnsweredToTheClientsAddress(t *testing.T) {
	l := newLAN(t, testConfig("10.20.0.50-10.20.0.59"))
	a := l.lease(yealink1, class("yealink"))
	out := l.ask(message(yealink1, request, class("yealink"), uses(a)))
	if len(out) != 1 || out[0].to != netip.AddrPortFrom(a, 68) || !out[0].mac.IsZero() {
		t.Fatalf("got %v, want one datagram to %s:68", out, a)
	}
	r, _ := dhcpv4.FromBytes(out[0].data)
	if address(r.ClientIPAddr) != a {
		t.Errorf("ciaddr: got %s, want %s", r.ClientIPAddr, a)
	}
	if got, want := l.desk.last(), "renewed 10.20.0.50 for 8h0m0s, told http://10.20.0.1/cfg/ (options: sent no list, given 43, 66 and 160)"; got != want {
		t.Errorf("timeline says %q, want %q", got, want)
	}
}

// TestOptionsByList holds what phones and others are told, by what they ask.
func TestOptionsByList(t *testing.T) {
	for _, tt := range []struct {
		name string
		mods []dhcpv4.Modifier
		has  []uint8
		not  []uint8
	}{
		{"phone, no list", mods(class("yealink")), []uint8{1, 3, 6, 15, 42, 43, 66, 160}, []uint8{60}},
		{"phone, short list", mods(class("yealink"), asks(1)), []uint8{1, 3, 6, 66}, []uint8{15, 42, 43, 160, 60}},
		{"phone, list with 160", mods(class("yealink"), asks(160)), []uint8{66, 160}, []uint8{43, 60}},
		{"laptop, no list", mods(class("MSFT 5.0")), []uint8{1, 3, 6, 15, 42}, []uint8{43, 60, 66, 160}},
		{"laptop asks for all", mods(asks(43, 60, 66, 67, 160)), []uint8{1, 3, 6}, []uint8{43, 60, 66, 67, 160}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			l := newLAN(t, testConfig("10.20.0.50-10.20.0.59"))
			r := l.one(message(yealink1, discover, tt.mods...), offer)
			for _, c := range tt.has {
				if len(r.Options[c]) == 0 {
					t.Errorf("option %d is missing", c)
				}
			}
			for _, c := range tt.not {
				if r.Options[c] != nil {
					t.Errorf("option %d is there: %q", c, r.Options[c])
				}
			}
			if got := r.ServerIdentifier(); address(got) != boxAddr {
				t.Errorf("server identifier: got %s, want %s", got, boxAddr)
			}
		})
	}
}

// TestRepliesKeepWithinTheClientsLimit fills a reply from both ends.
func TestRepliesKeepWithinTheClientsLimit(t *testing.T) {
	cfg := testConfig("10.20.0.50-10.20.0.59")
	cfg.DNS = slices.Repeat(cfg.DNS, 8)
	cfg.NTP = slices.Repeat(cfg.DNS, 1)
	cfg.Domain = strings.Repeat("d", 200)
	long, info := strings.Repeat("i", 200), bytes.Repeat([]byte{9}, 255)
	for _, tt := range []struct {
		name  string
		mods  []dhcpv4.Modifier
		limit int // bytes of UDP payload, option 82 apart
		not   []uint8
	}{
		{"default", nil, 548, []uint8{15}},
		{"asked less than is legal", mods(opt(57, 0, 100)), 548, []uint8{15}},
		{"asked more", mods(opt(57, 5, 220)), 1472, []uint8{15}},
		{"asked more than the path takes", mods(opt(57, 255, 255), opt(82, info...)), 1472 - 257, nil},
		{"long client identifier", mods(id(long)), 548, []uint8{15, 42}},
		{"long relay information", mods(id(long), opt(82, info...)), 548, []uint8{15, 42}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			l := newLAN(t, cfg)
			for code := range byte(7) {
				l.desk.more = append(l.desk.more, vendors.Option{Code: 224 + code, Value: bytes.Repeat([]byte{code}, 255-int(code)*30)})
			}
			out := l.ask(message(yealink1, discover, append(tt.mods, class("yealink"))...))
			if len(out) != 1 {
				t.Fatalf("got %d answers, want 1", len(out))
			}
			r, err := dhcpv4.FromBytes(out[0].data)
			if err != nil {
				t.Fatal(err)
			}
			size := len(out[0].data)
			if v := r.Options[82]; v != nil {
				size -= option{82, v}.size()
			}
			if size > tt.limit {
				t.Errorf("reply takes %d bytes, want at most %d", size, tt.limit)
			}
			for _, c := range []uint8{1, 3, 51, 53, 54} {
				if r.Options[c] == nil {
					t.Errorf("needful option %d was left out", c)
				}
			}
			for _, c := range tt.not {
				if r.Options[c] != nil {
					t.Errorf("option %d is there, should have given way", c)
				}
			}
			if v := tt.name; v == "default" && r.Options[66] == nil {
				t.Error("option 66 was left out before the domain name")
			}
		})
	}
}

func TestEchoes(t *testing.T) {
	l := newLAN(t, testConfig("10.20.0.50-10.20.0.59"))
	info := []byte{1, 2, 'a', 'b', 2, 1, 'c'}
	r := l.one(message(yealink1, discover, id("\x01abcdef"), opt(82, info...), relay(ip("10.20.0.9"))), offer)
	if !bytes.Equal(r.Options[61], []byte("\x01abcdef")) {
		t.Errorf("client identifier: got %q, want it echoed (RFC 6842)", r.Options[61])
	}
	if !bytes.Equal(r.Options[82], info) {
		t.Errorf("relay information: got %q, want it echoed (RFC 3046)", r.Options[82])
	}
	if address(r.GatewayIPAddr) != ip("10.20.0.9") {
		t.Errorf("giaddr: got %s, want 10.20.0.9", r.GatewayIPAddr)
	}
}

// TestDropped holds what gets no answer at all.
func TestDropped(t *testing.T) {
	good := func(mods ...dhcpv4.Modifier) []byte { return message(yealink1, discover, mods...).ToBytes() }
	bad := func(change func(m *dhcpv4.DHCPv4)) []byte { return good(change) }
	for _, tt := range []struct {
		name string
		data []byte
		want error
	}{
		{"empty", nil, errMalformed},
		{"short", good()[:239], errMalformed},
		{"no cookie", append(good()[:236], make([]byte, 64)...), errMalformed},
		{"option cut off", append(good()[:240], 53, 9, 1), errMalformed},
		{"too long", append(good(), make([]byte, maxPacket)...), errMalformed},
		{"a reply", bad(func(m *dhcpv4.DHCPv4) { m.OpCode = dhcpv4.OpcodeBootReply }), errNotAsked},
		{"an OFFER", bad(func(m *dhcpv4.DHCPv4) { m.Options[53] = []byte{2} }), errNotAsked},
		{"unknown type", bad(func(m *dhcpv4.DHCPv4) { m.Options[53] = []byte{99} }), errNotAsked},
		{"BOOTP", bad(func(m *dhcpv4.DHCPv4) { delete(m.Options, 53) }), errBOOTP},
		{"type of two bytes", bad(func(m *dhcpv4.DHCPv4) { m.Options[53] = []byte{1, 1} }), errOption},
		{"Infiniband", bad(func(m *dhcpv4.DHCPv4) { m.HWType = 32 }), errHardware},
		{"long hardware address", bad(func(m *dhcpv4.DHCPv4) { m.ClientHWAddr = make([]byte, 16) }), errHardware},
		{"null hardware address", bad(func(m *dhcpv4.DHCPv4) { m.ClientHWAddr = make([]byte, 6) }), errHardware},
		{"group hardware address", bad(func(m *dhcpv4.DHCPv4) { m.ClientHWAddr = []byte{1, 0, 0x5e, 0, 0, 1} }), errHardware},
		{"relay elsewhere", good(relay(ip("198.51.100.7"))), errRelay},
		{"relay is the broadcast address", good(relay(ip("10.20.0.255"))), errRelay},
		{"too many hops", bad(func(m *dhcpv4.DHCPv4) { m.HopCount = 17 }), errRelay},
		{"long relay information", good(opt(82, make([]byte, 300)...)), errRelay},
		{"address of three bytes", good(opt(50, 1, 2, 3)), errOption},
		{"server of five bytes", good(opt(54, 1, 2, 3, 4, 5)), errOption},
		{"long class", good(opt(60, make([]byte, 300)...)), errOption},
		{"long identifier", good(opt(61, make([]byte, 300)...)), errOption},
	} {
		t.Run(tt.name, func(t *testing.T) {
			l := newLAN(t, testConfig("10.20.0.50-10.20.0.59"))
			if _, err := l.s.parse(tt.data, nobody); err != tt.want {
				t.Errorf("got %v, want %v", err, tt.want)
			}
			if out := l.deliver(tt.data, nobody); len(out) != 0 {
				t.Errorf("got %d answers, want silence", len(out))
			}
		})
	}
}

func TestClean(t *testing.T) {
	for in, want := range map[string]string{
		"SIP-T46G\x00\x00": "SIP-T46G", "a\nb\x1b[2J": "a?b?[2J", "\xff\xfe": "?", "büro": "büro",
		strings.Repeat("ä", 40): strings.Repeat("ä", 32), "\u202eevil": "?evil", "": "",
	} {
		if got := clean([]byte(in), maxText); got != want {
			t.Errorf("%q: got %q, want %q", in, got, want)
		}
	}
}
