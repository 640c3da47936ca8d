package tftpd

import (
	"bytes"
	"io"
	"log/slog"
	"net"
	"net/netip"
	"testing"
	"time"

	"github.com/pin/tftp/v3"

	"github.com/lineside/lineside/metrics"
)

// BenchmarkSmallFile fetches a file of 5 blocks over loopback, two phones at a
// time, from this door and, in the same run, from the library bare with the file
// in memory.
func BenchmarkSmallFile(b *testing.B) {
	b.Run("door", func(b *testing.B) {
		fetchAll(b, start(b, Config{PerClient: 100}, &fakeDesk{}, "127.0.0.1:0").addr)
	})
	b.Run("door in single port", func(b *testing.B) {
		fetchAll(b, start(b, Config{PerClient: 100, SinglePort: true}, &fakeDesk{}, "127.0.0.1:0").addr)
	})
	b.Run("bare pin-tftp", func(b *testing.B) {
		lib := tftp.NewServer(func(_ string, rf io.ReaderFrom) error {
			_, err := rf.ReadFrom(bytes.NewReader(testBody))
			return err
		}, nil)
		conn, err := net.ListenPacket("udp", "127.0.0.1:0")
		if err != nil {
			b.Fatal(err)
		}
		done := make(chan error, 1)
		go func() { done <- lib.Serve(conn) }()
		fetchAll(b, conn.LocalAddr().(*net.UDPAddr).AddrPort())
		lib.Shutdown()
		<-done
	})
}

func fetchAll(b *testing.B, addr netip.AddrPort) {
	d := &door{addr: addr}
	b.ReportAllocs()
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			p := d.phone(b, "127.0.0.1")
			if got := p.fetch("open.cfg"); len(got) != len(testBody) {
				b.Errorf("got %d bytes, want %d", len(got), len(testBody))
			}
			_ = p.conn.Close()
		}
	})
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "files/s")
}

// BenchmarkTurnAway is what a packet of garbage costs.
func BenchmarkTurnAway(b *testing.B) {
	s, err := New(Config{}, &fakeDesk{}, slog.New(slog.DiscardHandler), metrics.New())
	if err != nil {
		b.Fatal(err)
	}
	r := newRelay(s, nil)
	r.spoken = window{second: time.Now().Unix() + 1, n: mostWords}
	from := netip.MustParseAddrPort("10.20.0.57:2048")
	garbage := []byte("\x00\x01no NUL at all")
	b.ReportAllocs()
	for b.Loop() {
		r.heard(garbage, from, netip.Addr{})
	}
}
