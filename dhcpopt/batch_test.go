package dhcpopt

import (
	"bytes"
	"errors"
	"log/slog"
	"net/netip"
	"slices"
	"testing"
	"time"

	"github.com/insomniacslk/dhcp/dhcpv4"

	"github.com/lineside/lineside/phone"
)

// fakeBatcher takes a few packets in a call, none to a host it cannot reach.
type fakeBatcher struct {
	*fakeConn
	most  int
	dead  netip.Addr
	calls int
}

func (f *fakeBatcher) ReadBatch([]datagram) (int, error) { return 0, errors.New("not read from") }

func (f *fakeBatcher) WriteBatch(rs []reply) (int, error) {
	f.calls++
	for n, r := range rs {
		if r.to.Addr() == f.dead {
			return n, errors.New("no route")
		}
		if n == f.most {
			return n, nil
		}
		f.record(sent{to: r.to, data: bytes.Clone(r.data)})
	}
	return len(rs), nil
}

// TestTrayLosesOnlyWhatCannotLeave: each answer leaves once, in order, whole, at
// its own address; one that cannot holds up none behind it.
func TestTrayLosesOnlyWhatCannotLeave(t *testing.T) {
	dead := ip("10.20.0.66")
	conn := &fakeBatcher{fakeConn: newFakeConn(), most: 7, dead: dead}
	var lost []netip.AddrPort
	tr := newTray(newWire(conn, boxAddr, slog.New(slog.DiscardHandler)), func(to netip.AddrPort, _ error) { lost = append(lost, to) })
	want := make([]sent, 0, 3*maxBatch)
	for n := range 3 * maxBatch {
		r := reply{to: netip.AddrPortFrom(fromNumber(number(ip("10.20.0.50"))+uint32(n)), clientPort), data: []byte{byte(n), byte(n >> 8)}}
		tr.add(r)
		if r.to.Addr() != dead {
			want = append(want, sent{to: r.to, data: r.data})
		}
	}
	tr.flush()
	tr.flush()
	same := func(a, b sent) bool { return a.to == b.to && a.mac == b.mac && bytes.Equal(a.data, b.data) }
	if got := conn.taken(); !slices.EqualFunc(got, want, same) {
		t.Errorf("got %d packets %v, want %d %v", len(got), got, len(want), want)
	}
	if len(lost) != 1 || lost[0].Addr() != dead {
		t.Errorf("lost %v, want one to %s", lost, dead)
	}
	if most := len(want)/7 + 6; conn.calls > most {
		t.Errorf("%d calls, want %d at most", conn.calls, most)
	}
}

// TestTrayLetsFramesAndLoopbackAlone: what is looked at one by one still is.
func TestTrayLetsFramesAndLoopbackAlone(t *testing.T) {
	for _, tc := range []struct {
		name       string
		self       netip.Addr
		r          reply
		left, lost int
	}{
		{"a frame", boxAddr, reply{to: netip.AddrPortFrom(ip("10.20.0.50"), clientPort), mac: yealink1}, 1, 0},
		{"a broadcast on loopback", ip("127.0.0.1"), reply{to: broadcast()}, 0, 1},
	} {
		t.Run(tc.name, func(t *testing.T) {
			conn, lost := &fakeBatcher{fakeConn: newFakeConn()}, 0
			tr := newTray(newWire(conn, tc.self, slog.New(slog.DiscardHandler)), func(netip.AddrPort, error) { lost++ })
			tr.add(tc.r)
			if got := len(conn.taken()); got != tc.left || lost != tc.lost || len(tr.replies) != 0 {
				t.Errorf("%d left, %d lost, %d wait; want %d, %d, 0", got, lost, len(tr.replies), tc.left, tc.lost)
			}
		})
	}
}

// TestABurstIsAnsweredWhole sends more than a batch at once through real sockets;
// each client hears of itself and once.
func TestABurstIsAnsweredWhole(t *testing.T) {
	const clients = maxBatch + 9
	conn, err := Listen(t.Context(), "", netip.MustParseAddrPort("127.0.0.1:0"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	cfg := loopConfig()
	cfg.Pool[0].Last = ip("127.78.0.9")
	peer := dialLoop(t, "127.0.0.2", conn.LocalAddr())
	for n := range clients { // before anybody reads, so that they come in batches
		peer.send(message(benchMAC(n), discover, class("yealink")))
	}
	serve(t, cfg, benchDeps(), conn)
	heard := make(map[phone.MAC]netip.Addr)
	buf := make([]byte, maxPacket)
	for range clients {
		_ = peer.conn.SetReadDeadline(time.Now().Add(10 * time.Second))
		n, err := peer.conn.Read(buf)
		if err != nil {
			t.Fatalf("after %d offers: %v", len(heard), err)
		}
		r, err := dhcpv4.FromBytes(buf[:n])
		if err != nil {
			t.Fatal(err)
		}
		heard[phone.MAC(r.ClientHWAddr)] = address(r.YourIPAddr)
	}
	if len(heard) != clients {
		t.Errorf("%d clients were offered an address, want %d", len(heard), clients)
	}
}
