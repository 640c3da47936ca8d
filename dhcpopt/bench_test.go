package dhcpopt

import (
	"context"
	"net/netip"
	"testing"
	"time"

	"github.com/insomniacslk/dhcp/dhcpv4"

	"github.com/lineside/lineside/phone"
)

// benchMAC numbers phones; the pool holds fewer than there are, so that old
// leases are renewed as well.
func benchMAC(n int) phone.MAC { return phone.MAC{0, 0x15, 0x65, byte(n >> 16), byte(n >> 8), byte(n)} }

func benchConfig() Config {
	cfg := testConfig("10.20.0.50")
	cfg.Self, cfg.Router = netip.MustParsePrefix("10.20.0.1/8"), netip.Addr{}
	cfg.Pool = []Range{{ip("10.30.0.0"), ip("10.30.255.255")}}
	return cfg
}

// benchDeps has all phones set up: others are let in slowly on purpose.
func benchDeps() Deps {
	deps := testDeps()
	deps.Desk = &fakeDesk{known: func(phone.MAC) bool { return true }}
	return deps
}

// BenchmarkDORA measures whole exchanges, DISCOVER to ACK, through an
// in-memory socket: receiver and committer goroutine, group commit.
func BenchmarkDORA(b *testing.B) {
	const phones = 50000
	conn := newFakeConn()
	conn.got = make(chan sent, 4096)
	serve(b, benchConfig(), benchDeps(), conn)
	b.ReportAllocs()
	b.ResetTimer()
	running, started, done := 0, 0, 0
	begin := func() {
		m := message(benchMAC(started%phones), discover, class("yealink"))
		started++
		running++
		conn.in <- sent{to: nobody, data: m.ToBytes()}
	}
	for done < b.N {
		for running < 64 && started < b.N {
			begin()
		}
		r, err := dhcpv4.FromBytes((<-conn.got).data)
		if err != nil {
			b.Fatal(err)
		}
		switch r.MessageType() {
		case offer:
			m := message(phone.MAC(r.ClientHWAddr), request, class("yealink"), server(boxAddr), wants(address(r.YourIPAddr)))
			conn.in <- sent{to: nobody, data: m.ToBytes()}
		case ack:
			running--
			done++
		}
	}
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "DORA/s")
}

// BenchmarkDORALoopback measures the same through real UDP sockets, one client
// at a time as a relay agent.
func BenchmarkDORALoopback(b *testing.B) {
	conn, err := Listen(context.Background(), "", netip.MustParseAddrPort("127.0.0.1:0"))
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = conn.Close() })
	cfg := loopConfig()
	cfg.Pool[0].Last = ip("127.78.0.9")
	serve(b, cfg, benchDeps(), conn)
	c := dialLoop(b, "127.0.0.2", conn.LocalAddr())
	self := ip("127.0.0.1")
	b.ReportAllocs()
	b.ResetTimer()
	for n := range b.N {
		mac := benchMAC(n % 50000)
		o := c.exchange(message(mac, discover, class("yealink")), offer)
		c.exchange(message(mac, request, class("yealink"), server(self), wants(address(o.YourIPAddr))), ack)
	}
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "DORA/s")
}

// BenchmarkPool measures giving and freeing an address in a full-sized pool.
func BenchmarkPool(b *testing.B) {
	cfg, err := benchConfig().checked()
	if err != nil {
		b.Fatal(err)
	}
	p := newPool(cfg)
	now := time.Date(2026, 3, 1, 8, 0, 0, 0, time.UTC)
	b.ReportAllocs()
	for n := range b.N {
		c := client{mac: benchMAC(n)}
		i, _, why := p.choose(c, netip.Addr{}, setUp)
		if why != "" {
			b.Fatal(why)
		}
		p.bind(i, phone.Lease{Addr: p.slots[i].addr, MAC: c.mac, State: phone.Bound}, setUp, now, now.Add(DefaultLease))
		now = now.Add(DefaultLease / 65000)
		p.expire(now)
	}
}
