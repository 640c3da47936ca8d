package dhcpopt

import (
	"context"
	"net/netip"
	"testing"
	"testing/synctest"
	"time"

	"github.com/insomniacslk/dhcp/dhcpv4"
)

func informConfig() Config {
	return Config{Mode: ModeInform, Interface: "eth0", Self: netip.PrefixFrom(boxAddr, 24)}
}

func TestInformMode(t *testing.T) {
	other := ip("10.20.0.2")
	t.Run("tells a phone that asks", func(t *testing.T) {
		l := newLAN(t, informConfig())
		r := l.one(message(yealink1, dhcpv4.MessageTypeInform, uses(ip("10.20.0.77")), class("yealink")), ack)
		if string(r.Options[66]) != "http://10.20.0.1/cfg/" || r.Options[1] != nil || r.Options[3] != nil || r.Options[51] != nil {
			t.Errorf("got options %v, want where the configs are and nothing of the network", r.Options)
		}
		if !address(r.YourIPAddr).IsUnspecified() {
			t.Errorf("gave %s, want no address", r.YourIPAddr)
		}
	})
	t.Run("is silent to a laptop", func(t *testing.T) {
		l := newLAN(t, informConfig())
		for _, kind := range []dhcpv4.MessageType{discover, request, dhcpv4.MessageTypeInform, dhcpv4.MessageTypeRelease, dhcpv4.MessageTypeDecline} {
			l.none(message(laptop1, kind, uses(ip("10.20.0.78")), server(other)))
		}
	})
	t.Run("makes no offer to phones that read the first only", func(t *testing.T) {
		l := newLAN(t, informConfig())
		l.none(message(yealink1, discover, class("yealink")))
	})
	t.Run("makes a second offer without an address", func(t *testing.T) {
		l := newLAN(t, informConfig())
		l.desk.second = true
		r := l.second(message(yealink1, discover, class("yealink")))
		if !address(r.YourIPAddr).IsUnspecified() || string(r.Options[66]) != "http://10.20.0.1/cfg/" || r.Options[51] != nil {
			t.Errorf("got %s with %v, want no address and where the configs are", r.YourIPAddr, r.Options)
		}
		l.none(message(yealink1, request, server(other), wants(ip("10.20.0.77"))))
	})
	t.Run("lets go of a phone that took the second offer", func(t *testing.T) {
		l := newLAN(t, informConfig())
		l.desk.second = true
		l.second(message(yealink1, discover, class("yealink")))
		l.one(message(yealink1, request, server(boxAddr), wants(ip("0.0.0.0")), class("yealink")), nak)
		l.none(message(yealink1, discover, class("yealink")))
		if n := len(l.s.later); n != 0 {
			t.Errorf("%d second offers wait for a phone that took one, want none", n)
		}
		l.wait(spurnedFor)
		l.second(message(yealink1, discover, class("yealink")))
	})
}

// second is the second offer that a DISCOVER leads to; nothing is sent at once.
func (l *lan) second(m *dhcpv4.DHCPv4) *dhcpv4.DHCPv4 {
	l.t.Helper()
	l.none(m)
	select {
	case w := <-l.s.later:
		r, err := dhcpv4.FromBytes(w.reply.data)
		if err != nil || r.MessageType() != offer {
			l.t.Fatalf("got %v, %v, want an OFFER", r, err)
		}
		return r
	default:
		l.t.Fatal("no second offer waits to be sent")
		return nil
	}
}

// TestSecondOffersComeLate: each leaves a second after it was asked for, and a
// flood of questions makes no more wait than there is room for.
func TestSecondOffersComeLate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		q := newLater()
		ctx, cancel := context.WithCancel(t.Context())
		sent := make(chan reply, 2*maxLater)
		done := make(chan struct{})
		go func() { defer close(done); q.sendAll(ctx, func(r reply) { sent <- r }) }()
		begin := time.Now()
		q.put(reply{data: []byte{1}})
		time.Sleep(secondAfter / 2)
		q.put(reply{data: []byte{2}})
		for i, want := range []time.Duration{secondAfter, secondAfter * 3 / 2} {
			if r := <-sent; r.data[0] != byte(i+1) || time.Since(begin) != want {
				t.Errorf("reply %d left after %s, want reply %d after %s", r.data[0], time.Since(begin), i+1, want)
			}
		}
		n := 0
		for q.put(reply{}) && n <= 2*maxLater {
			n++
		}
		if n < maxLater || n > maxLater+1 {
			t.Errorf("%d second offers wait, want %d", n, maxLater)
		}
		cancel()
		<-done // though many still wait
	})
}

func TestPhonesOnly(t *testing.T) {
	cfg := testConfig("10.20.0.50-10.20.0.59")
	cfg.PhonesOnly = true
	l := newLAN(t, cfg)
	l.none(message(laptop1, discover))
	l.none(message(laptop1, request, server(boxAddr), wants(ip("10.20.0.50"))))
	l.none(message(laptop1, dhcpv4.MessageTypeInform, uses(ip("10.20.0.77"))))
	l.lease(yealink1, class("yealink"))
	l.setUp(laptop2)
	l.lease(laptop2) // set up here, whatever it says of itself
}

func TestScopes(t *testing.T) {
	cfg := testConfig("10.20.0.50-10.20.0.59")
	cfg.Scopes = []Scope{{Net: netip.MustParsePrefix("10.30.0.0/24"), Pool: testConfig("10.30.0.50-10.30.0.51").Pool, Router: ip("10.30.0.1")}}
	l := newLAN(t, cfg)
	agent := ip("10.30.0.1")
	got := l.lease(yealink1, class("yealink"), relay(agent))
	if got != ip("10.30.0.50") {
		t.Errorf("behind the relay: got %s, want an address of its network", got)
	}
	r := l.one(message(yealink1, request, uses(got), class("yealink")), ack) // past the relay
	if router := r.Options[3]; string(router) != string(agent.AsSlice()) {
		t.Errorf("router: got %v, want %s", router, agent)
	}
	if got := l.lease(yealink2, class("yealink")); got != ip("10.20.0.50") {
		t.Errorf("on the LAN: got %s, want an address of the LAN", got)
	}
	l.none(message(laptop1, discover, relay(ip("10.40.0.1"))))
	l.none(message(laptop1, discover, uses(ip("10.30.0.77"))))
	// A renewal in another's name goes nowhere: its answer would.
	if out := l.deliver(message(yealink1, request, uses(got), class("yealink")).ToBytes(), netip.MustParseAddrPort("10.20.0.66:68")); len(out) != 1 || out[0].to.Addr() == got {
		t.Errorf("got %v, want the LAN's refusal and nothing for %s", out, got)
	}
	l.lease(laptop1, relay(agent))
	l.none(message(laptop2, discover, relay(agent)))
}
