package sipd_test

import (
	"context"
	"fmt"
	"net"
	"net/netip"
	"os"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/lineside/lineside/phone"
	"github.com/lineside/lineside/sipd"
)

// many is how many of something a test takes: the small number, or the large one
// with SOAK=1.
func many(small, large int) int {
	if os.Getenv("SOAK") != "" {
		return large
	}
	return small
}

// footprint is what the process holds.
type footprint struct {
	heap, resident uint64
	routines       int
}

// measured is the footprint after a collection.
func measured(t testing.TB) footprint {
	t.Helper()
	f := footprint{heap: heap(), routines: runtime.NumGoroutine()}
	text, err := os.ReadFile("/proc/self/statm")
	if err != nil {
		t.Fatal(err)
	}
	var size, pages uint64
	if _, err := fmt.Sscan(string(text), &size, &pages); err != nil {
		t.Fatal(err)
	}
	f.resident = pages * uint64(os.Getpagesize())
	return f
}

// String is the footprint in KiB.
func (f footprint) String() string {
	return fmt.Sprintf("heap %d KiB, resident %d KiB, %d goroutines", f.heap>>10, f.resident>>10, f.routines)
}

// holds compares two footprints.
func holds(t testing.TB, what string, before, after footprint, most uint64, routines int) {
	t.Helper()
	t.Logf("%s:\n  before %s\n  after  %s", what, before, after)
	if after.heap > before.heap+most || after.routines > before.routines+routines {
		t.Errorf("%s: grew to %s, want at most %d KiB and %d goroutines more", what, after, most>>10, routines)
	}
}

// Every packet of the flood comes out of a socket of its own, from an address of
// its own, and goes all the way: what the library keeps of them counts as well.
func TestAFloodOfAddressesLeavesNothing(t *testing.T) {
	l := newLab(t)
	newPeer(t, "127.0.0.2", l.addr).insist()
	n := many(4000, 200_000)
	before := measured(t)
	to := net.UDPAddrFromAddrPort(l.addr)
	for i := range n {
		from := netip.AddrPortFrom(forged(i).Addr(), 0)
		c, err := net.ListenUDP("udp4", net.UDPAddrFromAddrPort(from))
		if err != nil {
			t.Fatal(err)
		}
		at := c.LocalAddr().(*net.UDPAddr).AddrPort()
		packet := question(at, fmt.Sprint("s", i))
		if kind := []string{"REGISTER", "INVITE", "OPTIONS", "SUBSCRIBE"}[i%4]; kind != "SUBSCRIBE" {
			packet = plainRequest(kind, "sip:box", fmt.Sprint("s", i))
		}
		_, _ = c.WriteTo(packet, to)
		_ = c.Close()
	}
	after := measured(t)
	p := newPeer(t, "127.0.0.3", l.addr) // a phone that is new, at the end of it
	waitFor(t, "an answer to a new phone", func() bool {
		p.request(request{method: "REGISTER", uri: "sip:box"})
		return len(p.in) > 0
	})
	holds(t, fmt.Sprintf("%d addresses by UDP", n), before, after, 32<<20, 2000)
}

// Connections come from an address of their own each, half a message on them, and
// stay. The box keeps its bound of them, and a phone gets in.
func TestAFloodOfConnectionsIsBounded(t *testing.T) {
	l := newLab(t)
	newPeer(t, "127.0.0.2", l.addr).insist()
	n := many(1500, 30_000)
	before := measured(t)
	open := make([]net.Conn, 512)
	for i := range n {
		from := net.TCPAddrFromAddrPort(netip.AddrPortFrom(forged(i).Addr(), 0))
		c, err := (&net.Dialer{LocalAddr: from, Timeout: patience}).DialContext(context.Background(), "tcp4", l.tcp)
		if err != nil {
			t.Fatal(err)
		}
		_, _ = c.Write([]byte("REGISTER sip:box SIP/2.0\r\nVia: SIP/2.0/TCP x;branch=z9hG4bK\r\nX: " + strings.Repeat("x", 4096)))
		if old := open[i%len(open)]; old != nil {
			_ = old.Close()
		}
		open[i%len(open)] = c
	}
	after := measured(t)
	c := dialTCP(t, l)
	if _, err := c.Write([]byte(asking("Via: SIP/2.0/TCP x;branch=z9hG4bK" + unique()))); err != nil {
		t.Fatal(err)
	}
	b := make([]byte, 64)
	if k, err := c.Read(b); err != nil || !strings.HasPrefix(string(b[:k]), "SIP/2.0 200") {
		t.Errorf("a phone's question by TCP: got %q, %v, want 200", b[:k], err)
	}
	for _, c := range open {
		_ = c.Close()
	}
	holds(t, fmt.Sprintf("%d connections", n), before, after, 24<<20, 600)
}

// A building that powers up: all phones register at once, and each is in although
// a stranger sends as many REGISTERs as all of them.
func TestAStormOfRegistrations(t *testing.T) {
	l := newLab(t, func(_ *sipd.Config, d *sipd.Deps) { d.Desk.(*desk).fresh = make(chan phone.Binding, 256) })
	stranger := udpSocket(t, "127.0.0.66")
	phones := make([]*peer, 120)
	asked := make([]request, len(phones))
	for i := range phones {
		phones[i] = newPeer(t, fmt.Sprintf("127.0.5.%d", 1+i), l.addr)
		phones[i].mac = phone.MAC{0, 0x15, 0x65, 5, 5, byte(i)}
	}
	ask := func(i int, login ...string) {
		asked[i] = phones[i].request(request{method: "REGISTER", uri: "sip:box", id: asked[i].id, from: asked[i].from, seq: asked[i].seq + 1, extra: login})
		_, _ = stranger.WriteTo(plainRequest("REGISTER", "sip:box", unique()), net.UDPAddrFromAddrPort(l.addr))
	}
	for i := range phones {
		ask(i)
	}
	begin, in := time.Now(), 0
	for i, p := range phones { // as a phone does: what is not answered is asked again
		for again := time.After(0); ; {
			var m message
			select {
			case m = <-p.in:
			case <-again:
				again = time.After(500 * time.Millisecond)
				if time.Since(begin) > patience {
					t.Fatalf("after %d, phone %d is not in", in, i)
				}
				if len(p.in) == 0 {
					ask(i)
				}
				continue
			}
			if strings.Contains(m.start, "401") {
				ask(i, p.authorized(m, "REGISTER", "sip:box", p.mac.Hex(), passwordOf(p.mac)))
				continue
			}
			if strings.Contains(m.start, "200") {
				in++
				break
			}
		}
	}
	for _, p := range phones {
		if !l.Registered(p.mac) {
			t.Errorf("%s is not registered", p.mac)
		}
	}
}
