package dhcpopt

import (
	"errors"
	"maps"
	"net/netip"
	"slices"
	"testing"
	"time"

	"github.com/insomniacslk/dhcp/dhcpv4"
	"pgregory.net/rapid"

	"github.com/lineside/lineside/phone"
)

// belief is what a client of the model has been told.
type belief struct {
	addr netip.Addr
	ends time.Time
}

// world is a LAN of clients that do as they please, and what each believes.
type world struct {
	*lan
	cfg      Config
	clients  []phone.MAC
	believes map[phone.MAC]belief
}

func (w *world) pick(t *rapid.T) phone.MAC { return rapid.SampledFrom(w.clients).Draw(t, "client") }

func (w *world) address(t *rapid.T) netip.Addr {
	return fromNumber(number(ip("10.20.0.48")) + uint32(rapid.IntRange(0, 9).Draw(t, "address")))
}

// hear checks every answer against the model: an ACK is of a stored lease, and
// no two clients believe in one address.
func (w *world) hear(t *rapid.T, out []sent) {
	for _, s := range out {
		r, err := dhcpv4.FromBytes(s.data)
		if err != nil {
			t.Fatalf("answer does not parse: %v", err)
		}
		mac, a := phone.MAC(r.ClientHWAddr), address(r.YourIPAddr)
		switch r.MessageType() {
		case offer:
			for _, other := range w.clients {
				if b := w.believes[other]; other != mac && b.addr == a && w.now.Before(b.ends) {
					t.Fatalf("%s was offered %s, which %s has", mac, a, other)
				}
			}
		case nak:
			delete(w.believes, mac)
		case ack:
			kept := w.store.of(a)
			ends := w.now.Add(r.IPAddressLeaseTime(0))
			if kept.MAC != mac || kept.State != phone.Bound || kept.Expires.Before(ends.Add(-time.Second)) {
				t.Fatalf("%s was acknowledged %s until %s, the store has %v", mac, a, ends, kept)
			}
			w.believes[mac] = belief{a, ends}
		}
	}
	taken := make(map[netip.Addr]phone.MAC)
	for _, mac := range w.clients { // not by the map: a replay is to say the same
		b, has := w.believes[mac]
		if !has || !w.now.Before(b.ends) {
			delete(w.believes, mac)
			continue
		}
		if other, ok := taken[b.addr]; ok {
			t.Fatalf("%s and %s both have %s", mac, other, b.addr)
		}
		taken[b.addr] = mac
	}
}

func (w *world) tell(t *rapid.T, m *dhcpv4.DHCPv4) {
	w.hear(t, w.ask(m))
}

// books checks that the pool's lists and counts agree with its slots.
func (w *world) books(t *rapid.T) {
	p := w.s.pool
	idle, used, unknown := 0, 0, 0
	count := make(map[phone.MAC]int)
	for i := range p.slots {
		s := &p.slots[i]
		if h, ok := s.holder(); ok {
			count[h.mac]++
			if s.state == bound && p.holds[h] != int32(i) {
				t.Fatalf("%s is bound to %s, the index says slot %d", s.addr, h.mac, p.holds[h])
			}
			if s.state == offered && p.offers[h] != int32(i) {
				t.Fatalf("%s is offered to %s, the index says slot %d", s.addr, h.mac, p.offers[h])
			}
			if !s.reserved.IsZero() && s.reserved != h.mac && s.state != bound {
				t.Fatalf("%s, reserved for %s, is offered to %s", s.addr, s.reserved, h.mac)
			}
		}
		if s.unknown {
			unknown++
		}
		if s.unknown && (s.state != bound || p.vouched(s.lease.MAC)) {
			t.Fatalf("%s counts as held by an unknown device", s.addr)
		}
		if s.reserved.IsZero() {
			switch s.state {
			case free:
				idle++
			case bound, resting:
				used++
			}
		}
	}
	open := p.open[stranger].n + p.open[claimed].n + p.open[setUp].n
	if idle != p.idle.n || used != p.used || len(p.offers) != open || unknown != p.unknown {
		t.Fatalf("books say %d idle, %d used, %d unknown, %d offers; slots say %d, %d, %d, %d",
			p.idle.n, p.used, p.unknown, open, idle, used, unknown, len(p.offers))
	}
	if len(count) != len(p.count) {
		t.Fatalf("%d hardware addresses hold something, the books say %d", len(count), len(p.count))
	}
	for mac, n := range count {
		if p.count[mac] != n {
			t.Fatalf("%s holds %d addresses, the books say %d", mac, n, p.count[mac])
		}
	}
}

func (w *world) actions() map[string]func(*rapid.T) {
	dora := func(t *rapid.T) {
		mac := w.pick(t)
		out := w.ask(message(mac, discover, class("yealink")))
		w.hear(t, out)
		if len(out) == 1 {
			r, _ := dhcpv4.FromBytes(out[0].data)
			w.tell(t, message(mac, request, class("yealink"), server(boxAddr), wants(address(r.YourIPAddr))))
		}
	}
	return map[string]func(*rapid.T){
		"dora": dora,
		"discover": func(t *rapid.T) {
			w.tell(t, message(w.pick(t), discover, wants(w.address(t))))
		},
		"select": func(t *rapid.T) {
			w.tell(t, message(w.pick(t), request, server(boxAddr), wants(w.address(t))))
		},
		"select another": func(t *rapid.T) {
			mac := w.pick(t)
			w.tell(t, message(mac, request, server(ip("10.20.0.2")), wants(w.address(t))))
		},
		"reboot": func(t *rapid.T) { w.tell(t, message(w.pick(t), request, wants(w.address(t)))) },
		"renew":  func(t *rapid.T) { w.tell(t, message(w.pick(t), request, uses(w.address(t)))) },
		"release": func(t *rapid.T) {
			mac := w.pick(t)
			a := w.address(t)
			if w.believes[mac].addr == a {
				delete(w.believes, mac)
			}
			w.tell(t, message(mac, dhcpv4.MessageTypeRelease, uses(a)))
		},
		"decline": func(t *rapid.T) {
			mac := w.pick(t)
			a := w.address(t)
			if w.believes[mac].addr == a {
				delete(w.believes, mac)
			}
			w.tell(t, message(mac, dhcpv4.MessageTypeDecline, server(boxAddr), wants(a)))
		},
		"wait": func(t *rapid.T) {
			w.wait(time.Duration(rapid.IntRange(1, 6*3600).Draw(t, "seconds")) * time.Second)
		},
		"reserve": func(t *rapid.T) {
			of := make(map[phone.MAC]netip.Addr)
			for range rapid.IntRange(0, 2).Draw(t, "records") {
				mac, a := w.pick(t), w.address(t)
				if !slices.Contains(slices.Collect(maps.Values(of)), a) { // a desk refuses one for two
					of[mac] = a
				}
			}
			w.onRecord(of)
		},
		"disk breaks":  func(*rapid.T) { w.store.fail = errors.New("disk full") },
		"disk returns": func(*rapid.T) { w.store.fail = nil },
		"restart": func(t *rapid.T) {
			if w.store.fail == nil {
				w.restart(w.cfg)
			}
		},
		"": w.books,
	}
}

// TestNoTwoClientsShareAnAddress lets clients, clock, disk and restarts do
// anything in any order.
func TestNoTwoClientsShareAnAddress(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		cfg := testConfig("10.20.0.50-10.20.0.54")
		cfg.Reservations = map[phone.MAC]netip.Addr{laptop2: ip("10.20.0.49"), yealink2: ip("10.20.0.52")}
		w := &world{
			lan: newLAN(t, cfg), cfg: cfg, believes: make(map[phone.MAC]belief),
			clients: []phone.MAC{yealink1, yealink2, laptop1, laptop2, {2, 0, 0, 0, 0, 1}, {2, 0, 0, 0, 0, 2}, {2, 0, 0, 0, 0, 3}},
		}
		w.setUp(yealink1, laptop2)
		rt.Repeat(w.actions())
	})
}
