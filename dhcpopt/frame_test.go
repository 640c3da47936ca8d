package dhcpopt

import (
	"bytes"
	"net/netip"
	"testing"

	"golang.org/x/net/ipv4"
)

func TestFrame(t *testing.T) {
	src, dst := netip.MustParseAddrPort("10.20.0.1:67"), netip.MustParseAddrPort("10.20.0.50:68")
	for _, payload := range [][]byte{[]byte("even"), []byte("odd"), nil, bytes.Repeat([]byte{0xff}, 1472)} {
		f := frame(yealink1, laptop1, src, dst, payload)
		if !bytes.Equal(f[:6], yealink1[:]) || !bytes.Equal(f[6:12], laptop1[:]) || f[12] != 8 || f[13] != 0 {
			t.Fatalf("Ethernet header: got %x", f[:14])
		}
		h, err := ipv4.ParseHeader(f[14:])
		if err != nil {
			t.Fatal(err)
		}
		if h.TotalLen != len(f)-14 || h.Protocol != 17 || h.Src.String() != "10.20.0.1" || h.Dst.String() != "10.20.0.50" || h.TTL != 64 || h.Flags != ipv4.DontFragment {
			t.Errorf("IP header: got %v", h)
		}
		if got := fold(sum(0, f[14:34])); got != 0 {
			t.Errorf("IP checksum leaves %#x, want 0", got)
		}
		udp := f[34:]
		pseudo := append(append(append([]byte{}, f[26:34]...), 0, 17), udp[4:6]...)
		if got := fold(sum(sum(0, pseudo), udp)); got != 0 {
			t.Errorf("UDP checksum over %d bytes leaves %#x, want 0", len(payload), got)
		}
		if !bytes.Equal(udp[8:], payload) {
			t.Error("payload changed")
		}
	}
}
