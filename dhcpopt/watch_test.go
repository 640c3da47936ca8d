package dhcpopt

import (
	"encoding/binary"
	"io"
	"log/slog"
	"net/netip"
	"slices"
	"testing"
	"time"

	"github.com/insomniacslk/dhcp/dhcpv4"

	"github.com/lineside/lineside/health"
	"github.com/lineside/lineside/metrics"
	"github.com/lineside/lineside/phone"
	"github.com/lineside/lineside/provision"
	"github.com/lineside/lineside/vendors"
)

// ouiDesk knows Yealink by the hardware address, all that a watch has.
type ouiDesk struct{ fakeDesk }

func (d *ouiDesk) Welcome(c provision.Caller) provision.Welcome {
	if c.MAC.OUI() != yealink1.OUI() {
		return provision.Welcome{}
	}
	return provision.Welcome{Ident: vendors.Ident{Vendor: "yealink"}, Options: []vendors.Option{{Code: 66, Value: []byte("http://10.20.0.1/cfg/"), Always: true}}}
}

type oneLease struct{ l phone.Lease }

func (o oneLease) LeaseOf(a netip.Addr) (phone.Lease, bool) { return o.l, a == o.l.Addr }

var boxMAC = phone.MAC{2, 0, 0, 0, 0, 1}

func arpFrame(mac phone.MAC, a netip.Addr) []byte {
	b := append([]byte{0xff, 0xff, 0xff, 0xff, 0xff, 0xff}, mac[:]...)
	for _, v := range []uint16{etherTypeARP, 1, etherTypeIPv4, 6<<8 | 4, 1} {
		b = binary.BigEndian.AppendUint16(b, v)
	}
	b = append(append(b, mac[:]...), a.AsSlice()...)
	return append(b, make([]byte, 10)...)
}

func answerFrame(kind dhcpv4.MessageType, from netip.Addr, client phone.MAC, mods ...dhcpv4.Modifier) []byte {
	m := message(client, kind, append(mods, opt(54, from.AsSlice()...))...)
	m.OpCode, m.YourIPAddr = dhcpv4.OpcodeBootReply, ip("10.20.0.99").AsSlice()
	return frame(client, phone.MAC{2, 0, 0, 0, 0, 9}, netip.AddrPortFrom(from, serverPort), broadcast(), m.ToBytes())
}

// sentBy is f as another machine would have sent it.
func sentBy(mac phone.MAC, f []byte) []byte { copy(f[6:12], mac[:]); return f }

func toAll(f []byte) []byte { all := everybody(); copy(f, all[:]); return f }

func TestWatch(t *testing.T) {
	other, start := ip("10.20.0.2"), time.Date(2026, 3, 1, 8, 0, 0, 0, time.UTC)
	good := opt(66, []byte("http://10.20.0.1/cfg/")...)
	leased := phone.Lease{Addr: ip("10.20.0.50"), MAC: yealink1, State: phone.Bound, Start: start, Expires: start.Add(time.Hour)}
	for name, tt := range map[string]struct {
		mode   Mode
		frames [][]byte
		want   []string
	}{
		"a laptop served elsewhere":       {ModeServer, [][]byte{answerFrame(ack, other, laptop1)}, []string{codeForeign}},
		"the same beside the other":       {ModeInform, [][]byte{answerFrame(ack, other, laptop1)}, nil},
		"the box's own answers":           {ModeServer, [][]byte{sentBy(boxMAC, answerFrame(ack, boxAddr, yealink1))}, nil},
		"somebody answers as the box":     {ModeServer, [][]byte{answerFrame(offer, boxAddr, yealink1)}, []string{codeFeigned}},
		"or beside another server":        {ModeInform, [][]byte{answerFrame(ack, boxAddr, laptop1)}, []string{codeFeigned}},
		"what came by the relay":          {ModeRelay, [][]byte{sentBy(boxMAC, answerFrame(ack, first.Addr(), yealink1))}, nil},
		"a renewal past the relay":        {ModeRelay, [][]byte{answerFrame(ack, first.Addr(), yealink1)}, nil},
		"somebody answers as its server":  {ModeRelay, [][]byte{toAll(answerFrame(ack, first.Addr(), yealink1))}, []string{codeFeigned}},
		"a phone told nothing":            {ModeOff, [][]byte{answerFrame(ack, other, yealink1)}, []string{codeUnled}},
		"only offered":                    {ModeOff, [][]byte{answerFrame(offer, other, yealink1)}, nil},
		"a phone told what we would":      {ModeOff, [][]byte{answerFrame(ack, other, yealink1, good)}, nil},
		"a phone told to go elsewhere":    {ModeInform, [][]byte{answerFrame(offer, other, yealink1, opt(66, []byte("http://evil.example/")...))}, []string{codeMisled}},
		"the leased address is its own":   {ModeServer, [][]byte{arpFrame(yealink1, leased.Addr)}, nil},
		"somebody has a leased address":   {ModeServer, [][]byte{arpFrame(laptop1, leased.Addr)}, []string{codeTwice}},
		"an address goes back and forth":  {ModeOff, [][]byte{arpFrame(laptop1, ip("10.20.0.7")), arpFrame(laptop2, ip("10.20.0.7")), arpFrame(laptop1, ip("10.20.0.7"))}, []string{codeTwice}},
		"an address changes hands twice":  {ModeOff, [][]byte{arpFrame(laptop1, ip("10.20.0.7")), arpFrame(laptop2, ip("10.20.0.7")), arpFrame(boxMAC, ip("10.20.0.7")), arpFrame(yealink1, ip("10.20.0.7"))}, nil},
		"an address changes hands":        {ModeOff, [][]byte{arpFrame(laptop1, ip("10.20.0.7")), arpFrame(laptop2, ip("10.20.0.7"))}, nil},
		"a phone at two addresses":        {ModeOff, [][]byte{arpFrame(yealink2, ip("10.20.0.7")), arpFrame(yealink2, ip("10.20.0.8")), arpFrame(yealink2, ip("10.20.0.7"))}, []string{codeSpread}},
		"a server with two addresses":     {ModeOff, [][]byte{arpFrame(laptop1, ip("10.20.0.7")), arpFrame(laptop1, ip("10.20.0.8")), arpFrame(laptop1, ip("10.20.0.7"))}, nil},
		"the box's address is taken":      {ModeServer, [][]byte{arpFrame(laptop1, boxAddr)}, []string{codeSelf}},
		"the box says where it is":        {ModeServer, [][]byte{arpFrame(boxMAC, boxAddr)}, nil},
		"a probe claims nothing":          {ModeServer, [][]byte{arpFrame(laptop1, ip("0.0.0.0"))}, nil},
		"another network on the same LAN": {ModeServer, [][]byte{arpFrame(laptop1, ip("10.99.0.1")), arpFrame(laptop2, ip("10.99.0.1")), arpFrame(laptop1, ip("10.99.0.1"))}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			board_, now := &health.Board{}, start
			w, err := NewWatch(Config{Mode: tt.mode, Interface: "eth0", Self: netip.PrefixFrom(boxAddr, 24), Upstream: []netip.AddrPort{first}}, oneLease{leased}, Deps{
				Desk: &ouiDesk{}, Log: slog.New(slog.NewTextHandler(io.Discard, nil)), Metrics: metrics.New(), Health: board_,
				Now: func() time.Time { return now },
			})
			if err != nil {
				t.Fatal(err)
			}
			w.hardware = boxMAC
			for _, f := range tt.frames {
				w.heard(f)
				now = now.Add(time.Second)
			}
			if got := board(board_); !slices.Equal(got, tt.want) {
				t.Errorf("got %v, want %v", got, tt.want)
			}
			w.calm(now.Add(calmAfter))
			if got := board(board_); len(got) != 0 {
				t.Errorf("an hour later: got %v, want none", got)
			}
		})
	}
}

// FuzzOverhear wants that a frame is read within itself, and what is read of it
// names a machine.
func FuzzOverhear(f *testing.F) {
	f.Add(arpFrame(laptop1, boxAddr))
	f.Add(answerFrame(ack, boxAddr, yealink1, opt(66, 'x', 0), opt(overloadCode, 3)))
	f.Add([]byte{})
	f.Fuzz(func(t *testing.T, b []byte) {
		c, a, err := overhear(b)
		if (c != nil || a != nil) == (err != nil) || c != nil && a != nil {
			t.Fatalf("got %v, %v and %v, want one of the three", c, a, err)
		}
		if c != nil && (c.mac.IsZero() || !c.addr.Is4()) || a != nil && (a.Client.IsZero() || !a.Server.IsValid()) {
			t.Fatalf("got %v, %v, which name nobody", c, a)
		}
		for code, v := range leadsOf(a) {
			if len(v) > maxTold {
				t.Fatalf("option %d: %d bytes for a screen", code, len(v))
			}
		}
	})
}

func leadsOf(a *Answer) map[uint8]string {
	if a == nil {
		return nil
	}
	return a.Leads
}
