package broker

import (
	"bytes"
	"log/slog"
	"net/netip"
	"strings"
	"testing"
	"time"
)

// TestDoorCounts: one address, or one customer's /64, begins so many handshakes
// in a second, and others are not kept out by it.
func TestDoorCounts(t *testing.T) {
	d, now := newDoor(1000), time.Unix(1_800_000_000, 0)
	knock := func(a string, times int) (in int) {
		for range times {
			if d.mayEnter(netip.MustParseAddr(a), now) {
				in++
			}
		}
		return in
	}
	if n := knock("203.0.113.7", 150); n != handshakesPerSecond {
		t.Errorf("one address: %d got in, want %d", n, handshakesPerSecond)
	}
	if n := knock("203.0.113.8", 10); n != 10 {
		t.Errorf("its neighbour: %d got in, want 10", n)
	}
	if n := knock("2001:db8::1", 60) + knock("2001:db8::ffff:1", 60); n != handshakesPerSecond {
		t.Errorf("two addresses of one /64: %d got in, want %d", n, handshakesPerSecond)
	}
	now = now.Add(time.Second)
	if n := knock("203.0.113.7", 10); n != 10 {
		t.Errorf("a second later: %d got in, want 10", n)
	}
	now = now.Add(-time.Hour) // the clock was put back
	if n := knock("203.0.113.7", 10); n != 10 {
		t.Errorf("an hour earlier: %d got in, want 10", n)
	}
}

// TestServerLogIsBounded: strangers write no lines an operator sees, and the
// server itself so many a minute.
func TestServerLogIsBounded(t *testing.T) {
	var out bytes.Buffer
	l := &serverLog{log: slog.New(slog.NewTextHandler(&out, nil))}
	for range 50 {
		l.Errorf("203.0.113.7:4711 - cid:%d - authentication error", 7)
		l.Warnf("Auth callout violation: %s", "made up")
	}
	if out.Len() != 0 {
		t.Errorf("got %s, want nothing of connections", out.String())
	}
	for range 50 {
		l.Errorf("JetStream failed to store a msg")
	}
	if n := strings.Count(out.String(), "level=ERROR"); n != linesPerMinute {
		t.Errorf("got %d lines, want %d", n, linesPerMinute)
	}
	l.Fatalf("no port %d", 4222)
	if err := l.fatal(); err == nil || err.Error() != "no port 4222" {
		t.Errorf("got %v, want why it could not start", err)
	}
}
