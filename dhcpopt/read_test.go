package dhcpopt

import (
	"bytes"
	"maps"
	"net/netip"
	"testing"

	"github.com/insomniacslk/dhcp/dhcpv4"
)

// FuzzReadAsk reads messages beside the library, into an ask that has been used
// before: both take the same ones and find the same in them.
func FuzzReadAsk(f *testing.F) {
	f.Add(message(yealink1, discover, class("yealink"), id("\x01abc")).ToBytes())
	f.Add(message(yealink1, request, wants(boxAddr), relay(boxAddr)).ToBytes())
	head := message(yealink1, discover).ToBytes()[:minPacket]
	for _, options := range [][]byte{
		nil, {endCode}, {0, 0, endCode}, {60, 1, 'a', 61, 1, 'x', 60, 2, 'b', 'c', endCode}, {53}, {53, 1}, {53, 0, endCode}, {60, 1, 'a'},
	} {
		f.Add(append(bytes.Clone(head), options...))
	}
	var used ask
	f.Fuzz(func(t *testing.T, data []byte) {
		before := bytes.Clone(data)
		err := readAsk(&used, data, nobody)
		want, wrong := newAsk(data, nobody)
		if (err == nil) != (wrong == nil) {
			t.Fatalf("got %v, the library %v", err, wrong)
		}
		if !bytes.Equal(before, data) {
			t.Fatal("the message was changed")
		}
		if err != nil {
			return
		}
		g, w := used.packet, want.packet
		if used.ciaddr != want.ciaddr || used.giaddr != want.giaddr || used.limit != want.limit || used.from != want.from {
			t.Errorf("got %+v, want %+v", used, want)
		}
		same := func(a, b []byte) bool { return bytes.Equal(a, b) }
		if g.OpCode != w.OpCode || g.HWType != w.HWType || g.HopCount != w.HopCount || g.TransactionID != w.TransactionID || g.Flags != w.Flags ||
			!same(g.ClientHWAddr, w.ClientHWAddr) || !same(g.ClientIPAddr, w.ClientIPAddr) || !same(g.GatewayIPAddr, w.GatewayIPAddr) {
			t.Errorf("got %s, want %s", g, w)
		}
		if !maps.EqualFunc(g.Options, w.Options, func(a, b []byte) bool { return same(a, b) && (a == nil) == (b == nil) || len(a)+len(b) == 0 }) {
			t.Errorf("options: got %v, want %v", g.Options, w.Options)
		}
	})
}

// TestAskKeepsNothing reads one client's message after another's.
func TestAskKeepsNothing(t *testing.T) {
	var a ask
	for _, m := range []*dhcpv4.DHCPv4{message(yealink1, request, class("yealink"), wants(boxAddr), server(boxAddr)), message(laptop1, discover)} {
		if err := readAsk(&a, m.ToBytes(), netip.AddrPort{}); err != nil {
			t.Fatal(err)
		}
	}
	if a.want.IsValid() || a.server.IsValid() || a.class != nil || a.packet.Options.Has(dhcpv4.OptionClassIdentifier) {
		t.Errorf("got %+v, want nothing of the message before", a)
	}
}
