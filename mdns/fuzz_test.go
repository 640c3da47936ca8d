package mdns

import (
	"log/slog"
	"net"
	"net/netip"
	"strings"
	"testing"

	"golang.org/x/net/dns/dnsmessage"

	"github.com/lineside/lineside/health"
	"github.com/lineside/lineside/metrics"
)

// FuzzPacket: whatever arrives, the announcer's answer is a message it can read
// itself, holds the box's own names only, and fits a frame.
func FuzzPacket(f *testing.F) {
	a, err := New(Config{
		Interface: "eth0", Self: netip.MustParsePrefix("10.0.0.1/24"), Site: strings.Repeat("ü.", 60), Version: "1",
		Services: []Service{{Type: "_http._tcp", Port: 80}, {Type: "_lineside._tcp", Port: 80}},
	}, Deps{slog.New(slog.DiscardHandler), &health.Board{}, metrics.New()})
	if err != nil {
		f.Fatal(err)
	}
	z, err := newZone(&a.cfg, a.cfg.named(999))
	if err != nil {
		f.Fatal(err)
	}
	probe, err := z.probe()
	if err != nil {
		f.Fatal(err)
	}
	f.Add(probe)
	all, err := reply{answers: []*record{z.address, z.only, z.pointers[0], z.services[1][1]}, extra: z.kinds}.bytes()
	if err != nil {
		f.Fatal(err)
	}
	f.Add(all)
	f.Add([]byte("\x00\x00\x00\x00\x00\x01\x00\x00\x00\x00\x00\x00\xc0\x0c\x00\x01\x00\x01")) // a name that points at itself
	f.Fuzz(func(t *testing.T, b []byte) {
		out := &recorder{}
		h, ok := a.take(b, &net.UDPAddr{IP: net.IPv4(10, 0, 0, 9), Port: 40000})
		if !ok {
			return
		}
		h.minds(z)
		a.said.spent = 0
		a.answer(&speaker{out, a.log}, z, h, make(repeats))
		if len(out.sent) > 1 {
			t.Fatalf("got %d answers to one packet, want one at most", len(out.sent))
		}
		for _, sent := range out.sent {
			check(t, z, sent)
		}
	})
}

func check(t *testing.T, z *zone, sent []byte) {
	t.Helper()
	var m dnsmessage.Message
	if err := m.Unpack(sent); err != nil {
		t.Fatalf("the answer cannot be read: %v", err)
	}
	if len(sent) > maxReply+maxPacket {
		t.Fatalf("got an answer of %d bytes", len(sent))
	}
	for _, r := range m.Answers {
		name := strings.ToLower(r.Header.Name.String())
		if name != z.address.key() && name != directory && !strings.HasSuffix(name, "_tcp.local.") {
			t.Fatalf("got an answer about %s, which is not the box's", name)
		}
	}
}

// recorder keeps what is sent.
type recorder struct {
	net.PacketConn
	sent [][]byte
}

func (r *recorder) WriteTo(b []byte, _ net.Addr) (int, error) {
	r.sent = append(r.sent, b)
	return len(b), nil
}
