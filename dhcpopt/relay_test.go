package dhcpopt

import (
	"bytes"
	"io"
	"log/slog"
	"net/netip"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/insomniacslk/dhcp/dhcpv4"

	"github.com/lineside/lineside/health"
	"github.com/lineside/lineside/metrics"
	"github.com/lineside/lineside/phone"
	"github.com/lineside/lineside/vendors"
)

// The servers behind the test relay.
var (
	first  = netip.MustParseAddrPort("10.0.0.5:67")
	second = netip.MustParseAddrPort("10.0.0.6:67")
)

// relayLAN is a relay driven packet by packet.
type relayLAN struct {
	t      *testing.T
	r      *Relay
	desk   *fakeDesk
	conn   *fakeConn
	health *health.Board
	now    time.Time
}

func newRelayLAN(t *testing.T, change func(*Config)) *relayLAN {
	t.Helper()
	l := &relayLAN{t: t, desk: &fakeDesk{}, conn: newFakeConn(), health: &health.Board{}, now: time.Date(2026, 3, 1, 8, 0, 0, 0, time.UTC)}
	cfg := Config{Interface: "eth0", Self: netip.PrefixFrom(boxAddr, 24), Upstream: []netip.AddrPort{first, second}}
	if change != nil {
		change(&cfg)
	}
	r, err := NewRelay(cfg, Deps{
		Desk: l.desk, Log: slog.New(slog.NewTextHandler(io.Discard, nil)), Metrics: metrics.New(), Health: l.health,
		Now: func() time.Time { return l.now },
	})
	if err != nil {
		t.Fatal(err)
	}
	r.out = newWire(l.conn, boxAddr, r.log)
	l.r = r
	return l
}

func (l *relayLAN) deliver(data []byte, from netip.AddrPort) []sent {
	l.r.receive(datagram{data: data, from: from})
	return l.conn.taken()
}

// ask carries a client's message and gives what the servers get.
func (l *relayLAN) ask(m *dhcpv4.DHCPv4) []sent { return l.deliver(m.ToBytes(), nobody) }

// answered is what a server answers to a message it got by the relay, option 82
// echoed as RFC 3046 wants it.
func answered(t *testing.T, asked []byte, kind dhcpv4.MessageType, mods ...dhcpv4.Modifier) *dhcpv4.DHCPv4 {
	t.Helper()
	q, err := dhcpv4.FromBytes(asked)
	if err != nil {
		t.Fatal(err)
	}
	m, err := dhcpv4.NewReplyFromRequest(q)
	if err != nil {
		t.Fatal(err)
	}
	m.UpdateOption(dhcpv4.OptMessageType(kind))
	m.YourIPAddr = ip("10.20.0.77").AsSlice()
	m.Options[54], m.Options[51], m.Options[1] = first.Addr().AsSlice(), []byte{0, 0, 14, 16}, []byte{255, 255, 255, 0}
	if v := q.Options[82]; v != nil {
		m.Options[82] = v
	}
	for _, mod := range mods {
		mod(m)
	}
	return m
}

// back carries an answer and gives what the client gets.
func (l *relayLAN) back(data []byte) sent {
	l.t.Helper()
	out := l.deliver(data, first)
	if len(out) != 1 {
		l.t.Fatalf("got %d packets for the client, want one", len(out))
	}
	return out[0]
}

func parsed(t *testing.T, s sent) *dhcpv4.DHCPv4 {
	t.Helper()
	m, err := dhcpv4.FromBytes(s.data)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func TestRelayUp(t *testing.T) {
	l := newRelayLAN(t, nil)
	asked := message(laptop1, discover, class("MSFT 5.0")).ToBytes()
	out := l.deliver(asked, nobody)
	if len(out) != 1 || out[0].to != first {
		t.Fatalf("got %v, want one packet to the first server", out)
	}
	m := parsed(t, out[0])
	if m.HopCount != 1 || address(m.GatewayIPAddr) != boxAddr || !bytes.Equal(m.Options[82], l.r.info) {
		t.Errorf("got hops %d, giaddr %s, option 82 %x", m.HopCount, m.GatewayIPAddr, m.Options[82])
	}
	// Taken off again, the message is the client's own, bit for bit.
	data := slices.Clone(out[0].data)
	data[atHops] = 0
	clear(data[atGiaddr : atGiaddr+4])
	back, err := open(data)
	if err != nil {
		t.Fatal(err)
	}
	plain, _ := back.without([]uint8{82}, nil, maxPacket)
	if diff := cmp.Diff(asked, plain); diff != "" {
		t.Error(diff)
	}
}

func TestRelayRefuses(t *testing.T) {
	for name, tt := range map[string]struct {
		m      *dhcpv4.DHCPv4
		change func(*Config)
		want   int
	}{
		"from itself":                   {m: message(laptop1, discover, relay(boxAddr))},
		"from a relay far away":         {m: message(laptop1, discover, relay(ip("192.0.2.1")))},
		"from a relay of this LAN":      {m: message(laptop1, discover, relay(ip("10.20.0.9"))), want: 1},
		"too many hops":                 {m: message(laptop1, discover, func(m *dhcpv4.DHCPv4) { m.HopCount = maxHops })},
		"option 82, nobody trusted":     {m: message(laptop1, discover, opt(82, 1, 1, 'x'))},
		"option 82 of a trusted switch": {m: message(laptop1, discover, opt(82, 1, 1, 'x')), change: func(c *Config) { c.TrustRelayInfo = true }, want: 1},
		"a group's address":             {m: message(phone.MAC{1, 0, 0x5e, 0, 0, 1}, discover)},
	} {
		t.Run(name, func(t *testing.T) {
			l := newRelayLAN(t, tt.change)
			out := l.ask(tt.m)
			if len(out) != tt.want {
				t.Fatalf("got %d packets to servers, want %d", len(out), tt.want)
			}
			if tt.want == 1 && tt.m.Options[82] != nil && !bytes.Equal(parsed(t, out[0]).Options[82], tt.m.Options[82]) {
				t.Error("the switch's option 82 was changed")
			}
		})
	}
}

func TestRelayLeavesLaptopsAlone(t *testing.T) {
	l := newRelayLAN(t, nil)
	asked := l.ask(message(laptop1, request, wants(ip("10.20.0.77")), server(first.Addr())))
	m := answered(t, asked[0].data, ack, opt(66, []byte("tftp.example.net")...), opt(43, 1, 2, 3))
	got := l.back(m.ToBytes())
	delete(m.Options, 82)
	if diff := cmp.Diff(m.ToBytes(), got.data); diff != "" {
		t.Errorf("answer less option 82 (-server +client):\n%s", diff)
	}
	if got.mac != laptop1 || got.to != netip.AddrPortFrom(ip("10.20.0.77"), clientPort) {
		t.Errorf("sent to %s at %s, want the client by its hardware address", got.to, got.mac)
	}
}

func TestRelayLeadsPhones(t *testing.T) {
	url := "http://10.20.0.1/cfg/"
	for name, tt := range map[string]struct {
		asks []dhcpv4.Modifier
		told []dhcpv4.Modifier
		want map[uint8]string
	}{
		"all that fits":         {asks: mods(class("yealink")), want: map[uint8]string{66: url, 160: url, 43: "\x01\x02\x03"}},
		"what it asks for":      {asks: mods(class("yealink"), opt(55, 1, 3)), want: map[uint8]string{66: url, 160: "", 43: ""}},
		"the server's own goes": {asks: mods(class("yealink")), told: mods(opt(66, []byte("old.example.net")...)), want: map[uint8]string{66: url}},
		"room for one": {asks: mods(class("yealink")), told: mods(opt(224, make([]byte, 240)...)),
			want: map[uint8]string{66: url, 160: "", 43: "\x01\x02\x03"}},
		"a larger limit": {asks: mods(class("yealink"), opt(57, 5, 0xdc)), told: mods(opt(224, make([]byte, 240)...)),
			want: map[uint8]string{66: url, 160: url, 43: "\x01\x02\x03"}},
	} {
		t.Run(name, func(t *testing.T) {
			l := newRelayLAN(t, nil)
			asked := l.ask(message(yealink1, request, append(tt.asks, server(first.Addr()))...))
			got := parsed(t, l.back(answered(t, asked[0].data, ack, tt.told...).ToBytes()))
			for code, want := range tt.want {
				if v := string(got.Options[code]); v != want {
					t.Errorf("option %d: got %q, want %q", code, v, want)
				}
			}
			for _, code := range []uint8{60, 82} {
				if got.Options[code] != nil {
					t.Errorf("option %d was sent: %x", code, got.Options[code])
				}
			}
			if !bytes.Equal(got.Options[54], first.Addr().AsSlice()) || !bytes.Equal(got.Options[51], []byte{0, 0, 14, 16}) {
				t.Error("the server's own options were changed")
			}
			if seen := l.desk.last(); seen == "" {
				t.Error("the phone's timeline was told nothing")
			}
		})
	}
}

func TestRelayKeepsWithinTheClientsLimit(t *testing.T) {
	l := newRelayLAN(t, nil)
	for limit := range 1000 {
		if limit > 0 && limit < minMessage {
			continue
		}
		l.desk.more = []vendors.Option{{Code: 242, Value: make([]byte, 200), Always: true}, {Code: 114, Value: make([]byte, 90), Always: true}}
		m := mods(class("yealink"))
		if limit > 0 {
			m = append(m, opt(57, byte(limit>>8), byte(limit)))
		}
		asked := l.ask(message(yealink1, discover, m...))
		got := l.back(answered(t, asked[0].data, offer).ToBytes())
		if most := max(limit, minMessage) - headers; len(got.data) > most {
			t.Errorf("limit %d: got %d bytes, want at most %d", limit, len(got.data), most)
		}
	}
}

func TestRelayAnswersThatAreNone(t *testing.T) {
	l := newRelayLAN(t, nil)
	asked := l.ask(message(yealink1, discover, class("yealink")))[0].data
	good := answered(t, asked, offer).ToBytes()
	for name, tt := range map[string]struct {
		data []byte
		from netip.AddrPort
	}{
		"from a stranger":       {good, netip.MustParseAddrPort("10.20.0.99:67")},
		"for another relay":     {answered(t, asked, offer, relay(ip("10.20.0.9"))).ToBytes(), first},
		"for a group's address": {answered(t, asked, offer, func(m *dhcpv4.DHCPv4) { m.ClientHWAddr[0] |= 1 }).ToBytes(), first},
		"cut off":               {good[:250], first},
	} {
		if out := l.deliver(tt.data, tt.from); len(out) != 0 {
			t.Errorf("%s: got %d packets for clients, want none", name, len(out))
		}
	}
	l.r.receive(datagram{data: message(yealink1, discover).ToBytes(), from: nobody, side: sideUplink})
	if out := l.conn.taken(); len(out) != 0 {
		t.Errorf("from the wrong side: got %d packets, want none", len(out))
	}
}

// TestRelayWithOneArm: answers that arrive on the phones' LAN, as where the
// servers are behind a router there. Who forges one has to answer a client's
// question within seconds, which is what answering the broadcast itself takes,
// and reaches that client alone.
func TestRelayWithOneArm(t *testing.T) {
	for name, tt := range map[string]struct {
		from   netip.AddrPort
		change dhcpv4.Modifier
		after  time.Duration
		want   int
	}{
		"of the server asked":     {from: first, want: 1},
		"at the last moment":      {from: first, after: answerWithin, want: 1},
		"too late":                {from: first, after: answerWithin + time.Second},
		"of the server not asked": {from: second},
		"of a stranger":           {from: netip.MustParseAddrPort("10.20.0.99:67")},
		"to no question":          {from: first, change: func(m *dhcpv4.DHCPv4) { m.TransactionID[0]++ }},
		"to another client":       {from: first, change: func(m *dhcpv4.DHCPv4) { m.ClientHWAddr = laptop1[:] }},
		"for another relay":       {from: first, change: relay(ip("10.20.0.9"))},
		"to an address far away":  {from: first, change: gives(ip("192.0.2.7")), want: 1},
		"a NAK":                   {from: first, change: opt(53, byte(dhcpv4.MessageTypeNak)), want: 1},
	} {
		t.Run(name, func(t *testing.T) {
			l, w := newWitnessLAN(t)
			m := answered(t, l.ask(message(yealink1, request, class("yealink"), server(first.Addr())))[0].data, ack)
			if tt.change != nil {
				tt.change(m)
			}
			l.now = l.now.Add(tt.after)
			l.r.receive(datagram{data: m.ToBytes(), from: tt.from, side: sideLAN})
			out := l.conn.taken()
			if len(out) != tt.want {
				t.Fatalf("got %d packets for the client, want %d", len(out), tt.want)
			}
			for _, s := range out {
				near := s.to == broadcast() || s.to == netip.AddrPortFrom(given77, clientPort) && s.mac == yealink1
				if back := parsed(t, s); !near || phone.MAC(back.ClientHWAddr) != yealink1 || back.TransactionID != m.TransactionID {
					t.Errorf("got it sent to %s at %s, want the client that asked", s.to, s.mac)
				}
			}
			if all, _ := w.Leases(); len(all) != 0 {
				t.Errorf("got leases %v, want none of what anybody on the LAN can forge", all)
			}
		})
	}
}

// TestRelayWithOneArmKeepsServersApart: an answer on the LAN that is not due says
// nothing of whether a server lives.
func TestRelayWithOneArmKeepsServersApart(t *testing.T) {
	l := newRelayLAN(t, nil)
	forged := answered(t, l.ask(message(yealink1, discover))[0].data, offer, func(m *dhcpv4.DHCPv4) { m.TransactionID[0]++ }).ToBytes()
	for range silentLeast {
		l.ask(message(yealink1, discover))
		l.now = l.now.Add(2 * time.Second)
		l.r.receive(datagram{data: forged, from: first, side: sideLAN})
	}
	l.conn.taken()
	l.ask(message(yealink1, discover))
	if codes := board(l.health); !slices.Contains(codes, codeSilent) {
		t.Errorf("conditions: got %v, want %s", codes, codeSilent)
	}
}

func TestRelayOverload(t *testing.T) {
	l := newRelayLAN(t, nil)
	asked := l.ask(message(yealink1, discover, class("yealink")))[0].data
	m := answered(t, asked, offer, opt(overloadCode, 3))
	data := m.ToBytes()
	copy(data[atFile:], append([]byte{66, 3, 'o', 'l', 'd', overloadCode, 1, 3, 12, 1, 'h'}, endCode))
	copy(data[atSname:], []byte{160, 2, 'n', 'o', endCode})
	got := l.back(data)
	back, err := open(got.data)
	if err != nil {
		t.Fatal(err)
	}
	for code, want := range map[uint8]string{66: "http://10.20.0.1/cfg/", 160: "http://10.20.0.1/cfg/", 12: "h"} {
		if v, _ := back.get(code); string(v) != want {
			t.Errorf("option %d: got %q, want %q", code, v, want)
		}
	}
}

func TestRelayFailover(t *testing.T) {
	l := newRelayLAN(t, nil)
	to := func(m *dhcpv4.DHCPv4) []netip.AddrPort {
		var list []netip.AddrPort
		for _, s := range l.ask(m) {
			list = append(list, s.to)
		}
		return list
	}
	check := func(what string, got []netip.AddrPort, want ...netip.AddrPort) {
		t.Helper()
		if !slices.Equal(got, want) {
			t.Errorf("%s: got %v, want %v", what, got, want)
		}
	}
	for range silentLeast {
		check("while it may still answer", to(message(yealink1, discover)), first)
		l.now = l.now.Add(2 * time.Second)
	}
	check("the first is silent, and tried once more", to(message(yealink1, discover)), first, second)
	check("until it is time to try again", to(message(yealink1, discover)), second)
	check("a client that named it", to(message(yealink1, request, server(first.Addr()))), first, second)
	if codes := board(l.health); !slices.Contains(codes, codeSilent) {
		t.Errorf("conditions: got %v, want %s", codes, codeSilent)
	}
	l.deliver(answered(t, l.ask(message(yealink2, discover))[0].data, offer).ToBytes(), first)
	check("it answered again", to(message(yealink1, discover)), first)
	if codes := board(l.health); len(codes) != 0 {
		t.Errorf("conditions: got %v, want none", codes)
	}
	check("a client that waited long", to(message(laptop1, discover, func(m *dhcpv4.DHCPv4) { m.NumSeconds = urgentAfter })), first, second)
}

func board(b *health.Board) []string {
	var codes []string
	for _, c := range b.List() {
		codes = append(codes, c.Code)
	}
	return codes
}
