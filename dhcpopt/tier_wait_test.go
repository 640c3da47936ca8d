package dhcpopt

import (
	"fmt"
	"net/netip"
	"slices"
	"testing"
	"time"

	"github.com/insomniacslk/dhcp/dhcpv4"

	"github.com/lineside/lineside/phone"
)

// starter is a new phone that powers up, with the retries of RFC 2131 section
// 4.1: after 4, 8, 16, 32 and then every 64 seconds, for the answer it waits for.
type starter struct {
	mac   phone.MAC
	addr  netip.Addr // offered, or its own once it is up
	next  time.Time
	delay time.Duration
	upAt  time.Time
}

// step has the phone say what it has to say now.
func (p *starter) step(l *lan) {
	if !p.upAt.IsZero() || l.now.Before(p.next) {
		return
	}
	p.delay = min(max(4*time.Second, 2*p.delay), 64*time.Second)
	p.next = l.now.Add(p.delay)
	if !p.addr.IsValid() {
		if r := answerTo(l.ask(message(p.mac, discover, class("yealink")))); r != nil {
			p.addr, p.delay, p.next = address(r.YourIPAddr), 0, l.now.Add(50*time.Millisecond)
		}
		return
	}
	switch r := answerTo(l.ask(message(p.mac, request, class("yealink"), server(boxAddr), wants(p.addr)))); {
	case r == nil && p.delay > 16*time.Second:
		p.addr, p.delay = netip.Addr{}, 0 // it starts over
	case r == nil:
	case r.MessageType() == ack:
		p.upAt = l.now
	default:
		p.addr, p.delay, p.next = netip.Addr{}, 0, l.now.Add(3*time.Second)
	}
}

// answerTo reads the one answer there is, nil where there is none.
func answerTo(out []sent) *dhcpv4.DHCPv4 {
	if len(out) == 0 {
		return nil
	}
	r, err := dhcpv4.FromBytes(out[0].data)
	if err != nil {
		panic(err)
	}
	return r
}

// manyForged is one of more made-up phones than forgedPhone has.
func manyForged(n int) phone.MAC {
	return phone.MAC{0, 0x15, 0x65, byte(n>>16) | 0x80, byte(n >> 8), byte(n)}
}

// TestNewPhonesStartUnderAFlood powers twenty phones up that are not set up,
// while a laptop sends a thousand messages a second under made-up hardware
// addresses of their kind: its pool half empty, all have an address in a bounded
// time, and the operator is told.
func TestNewPhonesStartUnderAFlood(t *testing.T) {
	askFor := func(l *lan, mac phone.MAC) netip.Addr {
		if r := answerTo(l.ask(message(mac, discover, class("yealink")))); r != nil {
			return address(r.YourIPAddr)
		}
		return netip.Addr{}
	}
	take := func(l *lan, mac phone.MAC) {
		if a := askFor(l, mac); a.IsValid() {
			l.ask(message(mac, request, class("yealink"), server(boxAddr), wants(a)))
		}
	}
	for _, tt := range []struct {
		name   string
		names  int // hardware addresses the laptop has
		flood  func(l *lan, mac phone.MAC)
		within time.Duration
		told   string
	}{
		{"DISCOVERs that come once", 1 << 20, func(l *lan, mac phone.MAC) { askFor(l, mac) }, 90 * time.Second, codeUntaken},
		{"DISCOVERs that come back", 9000, func(l *lan, mac phone.MAC) { askFor(l, mac) }, 90 * time.Second, codeUntaken},
		{"whole exchanges that come once", 1 << 20, take, 3 * time.Minute, codeWait},
	} {
		t.Run(tt.name, func(t *testing.T) {
			l := newLAN(t, testConfig("10.20.0.50-10.20.0.249"))
			n := 0
			flood := func(d time.Duration) {
				for end := l.now.Add(d); l.now.Before(end); n++ {
					tt.flood(l, manyForged(n%tt.names))
					l.wait(time.Millisecond)
				}
			}
			flood(20 * time.Second)
			began := l.now
			phones := make([]*starter, 20)
			for i := range phones {
				phones[i] = &starter{mac: phone.MAC{0, 0x15, 0x65, 0, 1, byte(i)}, next: l.now.Add(time.Duration(i) * 37 * time.Millisecond)}
			}
			up := func(p *starter) bool { return !p.upAt.IsZero() }
			for !allOf(phones, up) && l.now.Sub(began) < tt.within {
				flood(10 * time.Millisecond)
				for _, p := range phones {
					p.step(l)
				}
			}
			last := time.Duration(0)
			for _, p := range phones {
				if !up(p) {
					t.Fatalf("%d of 20 phones have an address after %s, want all", countOf(phones, up), tt.within)
				}
				last = max(last, p.upAt.Sub(began))
			}
			t.Logf("the last of 20 phones had its address after %s", last.Round(time.Millisecond))
			if !slices.Contains(l.raised(), tt.told) {
				t.Errorf("the operator is told %q, want %q", l.raised(), tt.told)
			}
			l.wait(2 * waitGap)
			l.lease(yealink1, class("yealink")) // the flood is over, as far as anybody asks
			l.ask(message(laptop1, discover))
			if got := l.raised(); slices.Contains(got, codeWait) || slices.Contains(got, codeUntaken) {
				t.Errorf("after the flood the operator is told %q still", got)
			}
		})
	}
}

func allOf[T any](list []T, is func(T) bool) bool { return countOf(list, is) == len(list) }

func countOf[T any](list []T, is func(T) bool) (n int) {
	for _, x := range list {
		if is(x) {
			n++
		}
	}
	return n
}

// TestReturns: who was put off long enough ago comes back, who was just now or
// too long ago does not, and a full table forgets nobody it has.
func TestReturns(t *testing.T) {
	start := time.Date(2026, 3, 1, 8, 0, 0, 0, time.UTC)
	var r returns
	at := func(after time.Duration, mac phone.MAC, want bool) {
		t.Helper()
		if got := r.note(mac, start.Add(after)); got != want {
			t.Errorf("%s after %s: got %t, want %t", mac, after, got, want)
		}
	}
	at(0, yealink1, false)
	at(4*time.Second, yealink1, false)
	for n := range backMost {
		r.note(manyForged(n), start.Add(5*time.Second))
	}
	if len(r.young) != backMost {
		t.Errorf("%d are noted, want %d at most", len(r.young), backMost)
	}
	at(6*time.Second, yealink2, false)
	at(12*time.Second, yealink1, true)
	at(20*time.Second, yealink2, false) // the table was full
	at(70*time.Second, yealink1, true)  // of the older half
	at(75*time.Second, yealink2, false)
	at(130*time.Second, yealink1, true)
	r.serve(yealink1)
	at(132*time.Second, yealink1, false)
	at(-time.Hour, yealink2, false) // the clock was set back
	at(-time.Hour+backAfter, yealink2, true)
	at(time.Hour, yealink2, false)
}

// TestReleasedNamesAreInNoHurry has made-up phones take addresses and give them
// back until the whole pool remembers one of them, and then all come back at once:
// they get no more than as many new ones.
func TestReleasedNamesAreInNoHurry(t *testing.T) {
	for _, remembers := range []bool{false, true} {
		t.Run(fmt.Sprintf("by REQUEST alone %t", remembers), func(t *testing.T) { releasedNames(t, remembers) })
	}
}

func releasedNames(t *testing.T, remembers bool) {
	had := make(map[int]netip.Addr)
	l := newLAN(t, testConfig("10.20.0.50-10.20.0.249"))
	take := func(n int) (a netip.Addr) {
		if r := answerTo(l.ask(message(manyForged(n), discover, class("yealink")))); r != nil {
			if r = answerTo(l.ask(message(manyForged(n), request, class("yealink"), server(boxAddr), wants(address(r.YourIPAddr))))); r != nil && r.MessageType() == ack {
				return address(r.YourIPAddr)
			}
		}
		return netip.Addr{}
	}
	for n := range 200 {
		if a := take(n); a.IsValid() {
			had[n] = a
			l.ask(message(manyForged(n), dhcpv4.MessageTypeRelease, uses(a)))
		}
		l.wait(10 * time.Millisecond)
	}
	for n := range 200 {
		if remembers {
			l.ask(message(manyForged(n), request, class("yealink"), wants(had[n])))
		} else {
			take(n)
		}
		l.wait(10 * time.Millisecond)
	}
	if got := l.s.pool.fill().used; got > 100+200/drainBurst+1 {
		t.Errorf("%d of 200 addresses are taken in two seconds, want little more than half", got)
	}
}
