package broker_test

import (
	"net"
	"net/netip"
	"testing"
	"time"

	"github.com/lineside/lineside/sync/broker"
)

// TestHalfOpenConnections: a stranger who holds every connection the platform
// may have, and says nothing on any, keeps no box out.
func TestHalfOpenConnections(t *testing.T) {
	const most = 64
	l := newLab(t, func(c *broker.Config) {
		c.Embedded.MaxConnections = most
		c.Embedded.Balancer = broker.Balancer{NATS: "127.0.0.1:0", Trusted: []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}}
	})
	b := l.newBox("Berlin")
	stranger := proxyHeader(netip.MustParseAddrPort("203.0.113.7:1"))
	for range most + 10 {
		c, err := net.Dial("tcp", l.at.BalancerNATS)
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = c.Close() }()
		if _, err := c.Write(stranger); err != nil {
			t.Fatal(err)
		}
	}
	l.within(t, func() bool { return l.b.Counts().Turned > 0 || l.b.Counts().Connections >= most })
	addr := balanced(t, l.at.BalancerNATS, netip.MustParseAddrPort("198.51.100.1:1"))
	began := time.Now()
	for {
		ctx, cancel := contextFor(t, time.Second)
		c, err := l.transport(b, "tls", addr).Dial(ctx)
		cancel()
		if err == nil {
			_ = c.Close()
			break
		}
		if took := time.Since(began); took > 3*time.Second {
			t.Fatalf("a box is kept out for %s: %v", took, err)
		}
	}
	if n := l.b.Counts().Turned; n < most/2 {
		t.Errorf("%d connections were cut off, want most of %d", n, most)
	}
}

// within waits until something is so.
func (l *lab) within(t *testing.T, so func() bool) {
	t.Helper()
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for end := time.Now().Add(10 * time.Second); !so(); <-tick.C {
		if time.Now().After(end) {
			t.Fatal("it did not come to that in ten seconds")
		}
	}
}
