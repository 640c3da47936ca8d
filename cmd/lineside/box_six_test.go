package main

import (
	"log/slog"
	"net"
	"net/netip"
	"testing"

	"github.com/lineside/lineside/neigh"
)

func TestNear(t *testing.T) {
	b := &box{six: six{addresses: neigh.NewAddresses("lo", slog.New(slog.DiscardHandler))}}
	b.settings.Listen.Phones = []netip.Prefix{netip.MustParsePrefix("2001:db8:7::/48")}
	for text, want := range map[string]bool{
		"fe80::1%eth0": true, "fd00:20::57": true, "2001:db8:7::1": true,
		"2001:db8:8::1": false, "2600::1": false, "::": false, "192.0.2.1": false,
	} {
		if got := b.near(netip.MustParseAddr(text)); got != want {
			t.Errorf("%s: got %t, want %t", text, got, want)
		}
	}
}

// TestNearListener: who is not near gets no answer, and does not hold up the next.
func TestNearListener(t *testing.T) {
	inner, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	calls := 0
	l := nearListener{inner, func(netip.Addr) bool { calls++; return calls > 1 }}
	t.Cleanup(func() { _ = l.Close() })
	dial := func() net.Conn {
		c, err := net.Dial("tcp", inner.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = c.Close() })
		return c
	}
	far, near := dial(), dial()
	c, err := l.Accept()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	if got, want := c.RemoteAddr().String(), near.LocalAddr().String(); got != want {
		t.Errorf("got %s in, want %s", got, want)
	}
	if n, err := far.Read(make([]byte, 1)); n != 0 || err == nil {
		t.Errorf("who is far got %d bytes, %v; want the end", n, err)
	}
}
