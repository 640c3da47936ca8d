package httpd

import (
	"net"
	"net/netip"
	"testing"
	"time"

	"github.com/lineside/lineside/metrics"
	"github.com/lineside/lineside/provision"
)

func TestRoom(t *testing.T) {
	const limit, each = 4, 3
	ago := func(d time.Duration) time.Time { return time.Now().Add(-d) }
	// who is inside: address, since when it waits (zero: it is being answered),
	// and whether for its answer to be taken.
	type one struct {
		addr   string
		since  time.Time
		writes bool
	}
	busy := time.Time{}
	for _, tt := range []struct {
		name string
		in   []one
		want int // who goes; -1: nobody, -2: the newcomer
	}{
		{"there is room", []one{{"10.0.0.1", ago(time.Hour), false}}, -1},
		{"longest waiting", []one{{"10.0.0.1", busy, false}, {"10.0.0.2", ago(2 * time.Minute), false}, {"10.0.0.3", ago(3 * time.Minute), false}, {"10.0.0.4", ago(1 * time.Minute), false}}, 2},
		{"of the address with most", []one{{"10.0.0.1", ago(time.Hour), false}, {"10.0.0.2", ago(2 * time.Minute), false}, {"10.0.0.2", ago(1 * time.Minute), false}, {"10.0.0.3", ago(time.Hour), false}}, 1},
		{"those with most are being answered", []one{{"10.0.0.1", busy, false}, {"10.0.0.1", busy, false}, {"10.0.0.1", busy, false}, {"10.0.0.3", ago(1 * time.Minute), false}}, 3},
		{"all are being answered", []one{{"10.0.0.1", busy, false}, {"10.0.0.1", busy, false}, {"10.0.0.2", busy, false}, {"10.0.0.3", busy, false}}, -2},
		{"an answer is under way", []one{{"10.0.0.1", ago(stuck / 2), true}, {"10.0.0.1", busy, false}, {"10.0.0.2", busy, false}, {"10.0.0.3", busy, false}}, -2},
		{"an answer is stuck", []one{{"10.0.0.1", ago(stuck), true}, {"10.0.0.1", busy, false}, {"10.0.0.2", busy, false}, {"10.0.0.3", busy, false}}, 0},
		{"behind an answer under way", []one{{"10.0.0.1", ago(stuck / 2), true}, {"10.0.0.1", ago(1 * time.Minute), false}, {"10.0.0.2", busy, false}, {"10.0.0.3", busy, false}}, 1},
		{"address is full: its own", []one{{"10.0.0.1", ago(time.Hour), false}, {"10.0.0.9", ago(2 * time.Minute), false}, {"10.0.0.9", ago(1 * time.Minute), false}, {"10.0.0.9", busy, false}}, 1},
		{"address is full and being answered", []one{{"10.0.0.9", busy, false}, {"10.0.0.9", busy, false}, {"10.0.0.9", busy, false}}, -2},
	} {
		r := newRoom(provision.HTTP, Config{MaxConns: limit, ConnsPerAddress: each}, metrics.New())
		var guests []*guest
		for _, o := range tt.in {
			g := &guest{Conn: closed{}, room: r, addr: netip.MustParseAddr(o.addr)}
			if out, ok := r.admit(g); out != nil || !ok {
				t.Fatalf("%s: not built up", tt.name)
			}
			g.since, g.writes = o.since, o.writes
			if o.since.IsZero() {
				g.goOn()
			}
			guests = append(guests, g)
		}
		out, ok := r.admit(&guest{Conn: closed{}, room: r, addr: netip.MustParseAddr("10.0.0.9")})
		got := -1
		for i, g := range guests {
			if g == out {
				got = i
			}
		}
		if !ok {
			got = -2
		}
		if got != tt.want {
			t.Errorf("%s: %d goes, want %d", tt.name, got, tt.want)
		}
		for _, g := range guests {
			_ = g.Close()
			_ = g.Close() // as net/http does for one that had to go
		}
		if left := r.count(); (left != 1) != !ok || left > 1 {
			t.Errorf("%s: %d inside after all but the newcomer left", tt.name, left)
		}
	}
}

// closed is a connection nobody reads or writes.
type closed struct{ net.Conn }

func (closed) Close() error { return nil }

func BenchmarkRoomFull(b *testing.B) {
	r := newRoom(provision.HTTP, Config{MaxConns: 4096, ConnsPerAddress: 128}, metrics.New())
	addr := func(i int) netip.Addr { return netip.AddrFrom4([4]byte{10, 0, byte(i >> 8), byte(i)}) }
	for i := range 4096 {
		r.admit(&guest{room: r, addr: addr(i)})
	}
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		r.admit(&guest{room: r, addr: addr(i % 4096)})
	}
}
