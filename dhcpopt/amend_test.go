package dhcpopt

import (
	"bytes"
	"context"
	"log/slog"
	"net/netip"
	"slices"
	"testing"

	"github.com/insomniacslk/dhcp/dhcpv4"
)

// FuzzAmend takes options out of any message and puts others in. What comes out
// can be read again, is no longer than allowed or than it was, holds what was
// put in and none of what was taken out, and everything else as it stood.
func FuzzAmend(f *testing.F) {
	seed := message(yealink1, ack, opt(66, []byte("old")...), opt(82, 1, 2, 3, 4), opt(12, 'h'))
	f.Add(seed.ToBytes(), uint16(548))
	seed.Options[overloadCode] = []byte{3}
	over := seed.ToBytes()
	copy(over[atFile:], []byte{66, 3, 'o', 'l', 'd', overloadCode, 1, 3, endCode})
	copy(over[atSname:], []byte{160, 2, 'n', 'o'})
	f.Add(over, uint16(300))
	f.Add(append(seed.ToBytes()[:minPacket], 66, 200), uint16(1000))
	gone := []uint8{66, 160, 82}
	add := []option{{66, []byte("http://10.20.0.1/cfg/")}, {160, bytes.Repeat([]byte{'u'}, 255)}}
	f.Fuzz(func(t *testing.T, data []byte, most uint16) {
		l, err := open(data)
		if err != nil {
			return
		}
		out, left := l.without(gone, add, int(most))
		back, err := open(out)
		if err != nil {
			t.Fatalf("what came out cannot be read: %v", err)
		}
		if len(out) > max(int(most), len(data)+1) {
			t.Fatalf("got %d bytes of %d, allowed %d", len(out), len(data), most)
		}
		for _, o := range add {
			v, ok := back.get(o.code)
			if missing := slices.Contains(left, o.code); missing == ok || ok && !bytes.Equal(v, o.value) {
				t.Fatalf("option %d: got %q, left out %v", o.code, v, missing)
			}
		}
		for code := range uint8(endCode) {
			if slices.Contains(gone, code) || code == padCode {
				continue
			}
			was, _ := l.get(code)
			if is, _ := back.get(code); !bytes.Equal(was, is) {
				t.Fatalf("option %d: was %x, is %x", code, was, is)
			}
		}
	})
}

// FuzzRelay feeds a relay with anything from anybody, from either side: it does
// not fall over, and what goes to servers comes from its own address.
func FuzzRelay(f *testing.F) {
	f.Add(message(yealink1, discover, class("yealink")).ToBytes(), true)
	f.Add(message(laptop1, request, relay(boxAddr), opt(82, 1, 1, 1)).ToBytes(), true)
	reply := message(yealink1, offer, relay(boxAddr), opt(overloadCode, 3), opt(82, 1, 1, 1))
	reply.OpCode = dhcpv4.OpcodeBootReply
	f.Add(reply.ToBytes(), false)
	f.Fuzz(func(t *testing.T, data []byte, client bool) {
		l := newRelayLAN(t, func(c *Config) { c.TrustRelayInfo = true })
		from := first
		if client {
			from = nobody
		}
		for _, s := range l.deliver(data, from) {
			up := s.to == first || s.to == second
			if !up && !client && s.to.Port() != clientPort || len(s.data) > maxPacket+len(l.r.info)+4 {
				t.Fatalf("sent %d bytes to %s", len(s.data), s.to)
			}
			if a := netip.AddrFrom4([4]byte(s.data[atGiaddr : atGiaddr+4])); up && a != boxAddr && !l.r.cfg.hostAddr(a) {
				t.Fatalf("the server would answer at %s", a)
			}
		}
	})
}

// TestRelayKeepsPadding: messages of a fixed length, as BOOTP's descendants send
// them, with pads between their options and behind them, pass both ways as they
// are but for what a relay has to write.
func TestRelayKeepsPadding(t *testing.T) {
	const bootp = 548
	body := func(op byte, kind dhcpv4.MessageType, opts ...byte) []byte {
		data := make([]byte, bootp)
		m := message(laptop1, kind)
		copy(data, m.ToBytes()[:minPacket])
		data[0] = op
		copy(data[minPacket:], append([]byte{0, 53, 1, byte(kind), 0, 0}, opts...))
		return data
	}
	l := newRelayLAN(t, nil)
	asked := body(1, discover, 12, 1, 'h', 0, endCode, 'j', 'u', 'n', 'k')
	up := l.deliver(asked, nobody)[0].data
	if len(up) != bootp {
		t.Errorf("for the server it has %d bytes, want %d", len(up), bootp)
	}
	own := append([]byte{relayCode, byte(len(l.r.info))}, l.r.info...)
	if want := append([]byte{0, 53, 1, byte(discover), 0, 0, 12, 1, 'h', 0}, own...); !bytes.Equal(up[minPacket:minPacket+len(want)], want) {
		t.Errorf("the server gets %x, want %x", up[minPacket:], want)
	}

	given := []byte{1, 4, 255, 255, 255, 0, 0, 0, 0, 51, 4, 0, 0, 14, 16, 0}
	for name, info := range map[string][]byte{"option 82 echoed": own, "option 82 not echoed": nil} {
		answer := body(2, ack, slices.Concat(given, info, []byte{endCode})...)
		copy(answer[atGiaddr:], boxAddr.AsSlice())
		want := body(2, ack, slices.Concat(given, []byte{endCode})...)
		copy(want[atGiaddr:], boxAddr.AsSlice())
		if info == nil {
			answer[bootp-1], want[bootp-1] = 'x', 'x' // nothing is to be taken out: all of it stays
		}
		if got := l.back(answer).data; !bytes.Equal(got, want) {
			t.Errorf("%s: the client gets\n%x, want\n%x", name, got, want)
		}
	}
}

func TestIntakeDropsTheOldest(t *testing.T) {
	var dropped []netip.AddrPort
	in := newIntake(2, nil, func(_ string, from netip.AddrPort) { dropped = append(dropped, from) })
	from := func(port uint16) netip.AddrPort { return netip.AddrPortFrom(boxAddr, port) }
	for i := range uint16(4) {
		in.push(datagram{data: []byte{byte(i)}, from: from(i)})
	}
	if want := []netip.AddrPort{from(0), from(1)}; !slices.Equal(dropped, want) {
		t.Errorf("dropped %v, want the two oldest, %v", dropped, want)
	}
	var buf []byte
	for _, want := range []byte{2, 3} {
		p, ok := in.pop(buf)
		if !ok || p.data[0] != want || p.from != from(uint16(want)) {
			t.Errorf("got %v, %v, want packet %d", p, ok, want)
		}
		buf = p.data
	}
	if p, ok := in.pop(buf); ok {
		t.Errorf("got %v, want nothing more", p)
	}
}

func TestIntakeAnswersWhatItHears(t *testing.T) {
	conn := newFakeConn()
	got := make(chan byte)
	in := newIntake(8, func(p datagram) { got <- p.data[0] }, func(string, netip.AddrPort) {})
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- in.serve(ctx, conn, slog.New(slog.DiscardHandler)) }()
	for i := range byte(20) {
		conn.in <- sent{to: nobody, data: []byte{i}}
		if b := <-got; b != i {
			t.Errorf("got packet %d, want %d", b, i)
		}
	}
	cancel()
	if err := <-done; err != nil {
		t.Error(err)
	}
}
