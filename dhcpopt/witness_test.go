package dhcpopt

import (
	"net/netip"
	"slices"
	"testing"
	"time"

	"github.com/insomniacslk/dhcp/dhcpv4"

	"github.com/lineside/lineside/phone"
)

// given77 is what the test servers give.
var given77 = ip("10.20.0.77")

// newWitnessLAN is a relay with a witness, whose socket knows the sides.
func newWitnessLAN(t *testing.T) (*relayLAN, *Witness) {
	l := newRelayLAN(t, nil)
	w := &Witness{Now: func() time.Time { return l.now }}
	l.r.deps.Witness = w
	return l, w
}

// gets has a client ask by REQUEST and the first server acknowledge; then the
// ACK is changed by mods.
func (l *relayLAN) gets(mac phone.MAC, asks []dhcpv4.Modifier, mods ...dhcpv4.Modifier) {
	l.t.Helper()
	m := message(mac, request, append(asks, server(first.Addr()))...)
	l.fromUplink(answered(l.t, l.ask(m)[0].data, ack, mods...), first)
}

func (l *relayLAN) fromUplink(m *dhcpv4.DHCPv4, from netip.AddrPort) {
	l.r.receive(datagram{data: m.ToBytes(), from: from, side: sideUplink})
	l.conn.taken()
}

func gives(a netip.Addr) dhcpv4.Modifier {
	return func(m *dhcpv4.DHCPv4) { m.YourIPAddr = a.AsSlice() }
}

func holder(w *Witness, a netip.Addr) phone.MAC {
	l, ok := w.LeaseOf(a)
	if !ok || !l.Live(w.Now()) {
		return phone.MAC{}
	}
	return l.MAC
}

func TestWitnessBelievesNoForgedACK(t *testing.T) {
	asks := func(l *relayLAN, m *dhcpv4.DHCPv4) []byte { return l.ask(m)[0].data }
	for name, tt := range map[string]struct {
		play func(l *relayLAN)
		want phone.MAC
	}{
		"what a server answers": {func(l *relayLAN) { l.gets(yealink1, nil) }, yealink1},
		"of the laptop, from the LAN": {func(l *relayLAN) {
			m := answered(l.t, asks(l, message(yealink1, request)), ack)
			l.r.receive(datagram{data: m.ToBytes(), from: first, side: sideLAN})
		}, phone.MAC{}},
		"from a side nobody knows": {func(l *relayLAN) {
			l.deliver(answered(l.t, asks(l, message(yealink1, request)), ack).ToBytes(), first)
		}, phone.MAC{}},
		"of a server the REQUEST was not sent to": {func(l *relayLAN) {
			l.fromUplink(answered(l.t, asks(l, message(yealink1, request)), ack), second)
		}, phone.MAC{}},
		"of a server settings do not name": {func(l *relayLAN) {
			l.fromUplink(answered(l.t, asks(l, message(yealink1, request)), ack), netip.MustParseAddrPort("10.0.0.7:67"))
		}, phone.MAC{}},
		"by another number": {func(l *relayLAN) {
			l.gets(yealink1, nil, func(m *dhcpv4.DHCPv4) { m.TransactionID[0]++ })
		}, phone.MAC{}},
		"for another machine": {func(l *relayLAN) {
			l.gets(yealink1, nil, func(m *dhcpv4.DHCPv4) { m.ClientHWAddr = laptop1[:] })
		}, phone.MAC{}},
		"to a DISCOVER": {func(l *relayLAN) {
			l.fromUplink(answered(l.t, asks(l, message(yealink1, discover)), ack), first)
		}, phone.MAC{}},
		"too late": {func(l *relayLAN) {
			m := answered(l.t, asks(l, message(yealink1, request)), ack)
			l.now = l.now.Add(answerWithin + time.Second)
			l.fromUplink(m, first)
		}, phone.MAC{}},
		"an OFFER":           {func(l *relayLAN) { l.gets(yealink1, nil, opt(53, byte(offer))) }, phone.MAC{}},
		"without an end":     {func(l *relayLAN) { l.gets(yealink1, nil, func(m *dhcpv4.DHCPv4) { delete(m.Options, 51) }) }, phone.MAC{}},
		"the box's address":  {func(l *relayLAN) { l.gets(yealink1, nil, gives(boxAddr)) }, phone.MAC{}},
		"of another network": {func(l *relayLAN) { l.gets(yealink1, nil, gives(ip("10.21.0.77"))) }, phone.MAC{}},
		"a DISCOVER of the laptop's in between": {func(l *relayLAN) {
			m := answered(l.t, asks(l, message(yealink1, request)), ack)
			l.ask(message(yealink1, discover))
			l.fromUplink(m, first)
		}, yealink1},
	} {
		t.Run(name, func(t *testing.T) {
			l, w := newWitnessLAN(t)
			tt.play(l)
			all, _ := w.Leases()
			if got := holder(w, given77); got != tt.want || len(all) != len(w.LeasesTo(tt.want)) {
				t.Errorf("10.20.0.77 is given to %s and there are leases %v, want %s", got, all, tt.want)
			}
		})
	}
}

func TestWitnessEnds(t *testing.T) {
	const lease = time.Hour // of the test servers
	own := id("\x00own")
	other := ip("10.20.0.78")
	for name, tt := range map[string]struct {
		play func(l *relayLAN)
		want phone.MAC // who has 10.20.0.77
		also int       // leases of the phone
	}{
		"past half of it, when it was renewed unseen": {func(l *relayLAN) { l.now = l.now.Add(lease - time.Second) }, yealink1, 1},
		"with the lease": {func(l *relayLAN) { l.now = l.now.Add(lease) }, phone.MAC{}, 0},
		"not when asked for again": {func(l *relayLAN) {
			l.now = l.now.Add(lease - time.Minute)
			l.gets(yealink1, nil)
			l.now = l.now.Add(2 * time.Minute)
		}, yealink1, 1},
		"with another address": {func(l *relayLAN) { l.gets(yealink1, nil, gives(other)) }, phone.MAC{}, 1},
		"given back": {func(l *relayLAN) {
			l.deliver(message(yealink1, dhcpv4.MessageTypeRelease, uses(given77)).ToBytes(), netip.AddrPortFrom(given77, 68))
		}, phone.MAC{}, 0},
		"not by who has another address": {func(l *relayLAN) {
			l.deliver(message(yealink1, dhcpv4.MessageTypeRelease, uses(given77)).ToBytes(), netip.MustParseAddrPort("10.20.0.99:68"))
		}, yealink1, 1},
		"not by another machine": {func(l *relayLAN) {
			l.deliver(message(laptop1, dhcpv4.MessageTypeRelease, uses(given77)).ToBytes(), netip.AddrPortFrom(given77, 68))
		}, yealink1, 1},
		"declined": {func(l *relayLAN) {
			l.ask(message(yealink1, dhcpv4.MessageTypeDecline, wants(given77), server(first.Addr())))
		}, phone.MAC{}, 0},
		"not declined in use": {func(l *relayLAN) {
			l.now = l.now.Add(declineWithin + 2*time.Second)
			l.ask(message(yealink1, dhcpv4.MessageTypeDecline, wants(given77), server(first.Addr())))
		}, yealink1, 1},
		"given to another machine: nobody's": {func(l *relayLAN) { l.gets(laptop1, nil) }, phone.MAC{}, 0},
		"and that machine's at its next ACK": {func(l *relayLAN) {
			l.gets(laptop1, nil)
			l.now = l.now.Add(lease)
			l.gets(laptop1, nil)
		}, laptop1, 0},
		"beside another identifier's": {func(l *relayLAN) { l.gets(yealink1, mods(own), gives(other)) }, yealink1, 2},
		"out of sight, and so its others": {func(l *relayLAN) {
			l.now = l.now.Add(lease / 2)
			l.gets(yealink1, mods(own), gives(other))
			l.now = l.now.Add(lease / 2)
		}, phone.MAC{}, 0},
		"ended for certain": {func(l *relayLAN) {
			l.now = l.now.Add(lease / 2)
			l.gets(yealink1, mods(own), gives(other), opt(51, 0, 1, 0, 0))
			l.now = l.now.Add(2 * lease)
		}, phone.MAC{}, 1},
	} {
		t.Run(name, func(t *testing.T) {
			l, w := newWitnessLAN(t)
			l.gets(yealink1, nil)
			tt.play(l)
			live := slices.DeleteFunc(w.LeasesTo(yealink1), func(x phone.Lease) bool { return !x.Live(l.now) })
			for _, a := range []netip.Addr{given77, other} {
				if ofPhone := slices.ContainsFunc(live, func(x phone.Lease) bool { return x.Addr == a }); ofPhone != (holder(w, a) == yealink1) {
					t.Errorf("%s is given to %s, and the phone has %v", a, holder(w, a), live)
				}
			}
			if got := holder(w, given77); got != tt.want || len(live) != tt.also {
				t.Errorf("10.20.0.77 is given to %s, the phone has %v; want %s and %d leases", got, live, tt.want, tt.also)
			}
		})
	}
}

// TestWitnessIsBounded: identifiers made up in a phone's name are remembered a
// few times, and leave the phone its place.
func TestWitnessIsBounded(t *testing.T) {
	l, w := newWitnessLAN(t)
	for i := range byte(20) {
		l.gets(yealink1, mods(opt(61, 0, 'x', i)), gives(netip.AddrFrom4([4]byte{10, 20, 0, 110 + i})))
		l.now = l.now.Add(time.Second)
	}
	if n := len(w.LeasesTo(yealink1)); n > maxMadeUp {
		t.Errorf("got %d leases under made-up identifiers, want at most %d", n, maxMadeUp)
	}
	l.gets(yealink1, nil)
	if got := holder(w, given77); got != yealink1 {
		t.Errorf("the phone's own lease is %s's, want its own", got)
	}
	for i := range 3 * maxGiven {
		start := l.now.Add(time.Duration(i) * time.Second)
		w.gave(phone.Lease{
			Addr: fromNumber(uint32(i)), MAC: phone.MAC{2, 0, 0, byte(i >> 16), byte(i >> 8), byte(i)}, State: phone.Bound,
			Start: start, Expires: start.Add(time.Hour),
		})
		if len(w.byAddr) > maxGiven || len(w.byMAC) > maxGiven {
			t.Fatalf("got %d addresses of %d machines, want at most %d", len(w.byAddr), len(w.byMAC), maxGiven)
		}
		if i == 2*maxGiven {
			l.now = l.now.Add(24 * time.Hour * 365)
		}
	}
	if _, ok := w.byAddr[fromNumber(3*maxGiven-1)]; !ok {
		t.Error("what has ended keeps its place")
	}
}

// TestWitnessIsBlind: a relay whose answers all come by the LAN proves nobody,
// and one whose other arm was heard is not made to look like it by a laptop.
func TestWitnessIsBlind(t *testing.T) {
	l, w := newWitnessLAN(t)
	byLAN := func() {
		m := answered(t, l.ask(message(yealink1, request))[0].data, ack)
		l.r.receive(datagram{data: m.ToBytes(), from: first, side: sideLAN})
		l.conn.taken()
	}
	for _, step := range []struct {
		what string
		do   func()
		want bool
	}{
		{"before any answer", func() {}, false},
		{"after one on the LAN", byLAN, true},
		{"after one by the other arm", func() { l.gets(yealink2, nil) }, false},
		{"after one more on the LAN", byLAN, false},
	} {
		if step.do(); w.Blind() != step.want {
			t.Errorf("%s: got blind %v, want %v", step.what, w.Blind(), step.want)
		}
	}
}
