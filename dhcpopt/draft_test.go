package dhcpopt

import (
	"bytes"
	"net"
	"net/netip"
	"testing"

	"github.com/insomniacslk/dhcp/dhcpv4"
	"pgregory.net/rapid"
)

// TestDraftIsWhatTheLibraryWrites puts the same answer together both ways, with
// a draft that was used before.
func TestDraftIsWhatTheLibraryWrites(t *testing.T) {
	d := new(draft)
	addr := rapid.Custom(func(t *rapid.T) netip.Addr {
		return netip.AddrFrom4([4]byte(rapid.SliceOfN(rapid.Byte(), 4, 4).Draw(t, "bytes")))
	})
	rapid.Check(t, func(t *rapid.T) {
		to := &dhcpv4.DHCPv4{
			HWType: 1, ClientHWAddr: yealink1[:], GatewayIPAddr: addr.Draw(t, "relay").AsSlice(),
			TransactionID: dhcpv4.TransactionID(rapid.SliceOfN(rapid.Byte(), 4, 4).Draw(t, "id")),
		}
		h := head{flags: rapid.Uint16().Draw(t, "flags"), ciaddr: addr.Draw(t, "ciaddr"), yiaddr: addr.Draw(t, "yiaddr")}
		options := rapid.MapOf(rapid.Uint8Range(1, 254), rapid.SliceOfN(rapid.Byte(), 0, 600)).Draw(t, "options")
		d.begin()
		for code, value := range options {
			d.set(code, nil)
			d.set(code, d.bytes(value...))
		}
		want := dhcpv4.DHCPv4{
			OpCode: dhcpv4.OpcodeBootReply, HWType: to.HWType, TransactionID: to.TransactionID, Flags: h.flags, ClientHWAddr: to.ClientHWAddr,
			ClientIPAddr: net.IP(h.ciaddr.AsSlice()), YourIPAddr: net.IP(h.yiaddr.AsSlice()), GatewayIPAddr: to.GatewayIPAddr, Options: options,
		}
		if got := d.message(to, h); !bytes.Equal(got, want.ToBytes()) {
			t.Fatalf("got  %x\nwant %x", got, want.ToBytes())
		}
		for code, value := range options {
			if got := d.get(code); !bytes.Equal(got, value) {
				t.Fatalf("option %d: got %x, want %x", code, got, value)
			}
		}
	})
}
