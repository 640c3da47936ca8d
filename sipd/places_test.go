package sipd_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/lineside/lineside/sipd"
)

// rings makes an emergency call that rings and no more.
func rings(p, sbc *peer) request {
	r := p.call("sip:112@box")
	sbc.answer(sbc.want("INVITE"), "180 Ringing", unique(), "")
	p.want("180")
	return r
}

// answers makes an emergency call that was answered, and confirmed where it says.
func answers(p, sbc *peer, confirm bool) {
	r := p.call("sip:112@box")
	in := sbc.want("INVITE")
	sbc.answer(in, "200 OK", unique(), "x")
	ok := p.want("200")
	if confirm {
		p.request(within(r, ok, "ACK", 1))
		for sbc.want("ACK").get("Call-ID") != in.get("Call-ID") { // else of a call that was ended
		}
	}
}

func room(n int) func(*sipd.Config, *sipd.Deps) {
	return func(c *sipd.Config, _ *sipd.Deps) { c.EmergencyCalls = n }
}

// Four INVITEs forged in a phone's address do not keep it from calling.
func TestAForgersCallsInAPhonesAddressGoForThePhones(t *testing.T) {
	sbc := newPeer(t, "127.0.0.7", nowhere)
	l := newLab(t, sbcs(sbc))
	forger, p := newPeer(t, "127.0.0.2", l.addr), newPeer(t, "127.0.0.2", l.addr)
	first := rings(forger, sbc)
	for range 3 {
		rings(forger, sbc)
	}
	answers(p, sbc, true)
	m := forger.want("SIP/2.0 5")
	if m.get("Call-ID") != first.id || !strings.Contains(m.get("Warning"), "use a mobile phone") {
		t.Errorf("ended: %q with %q, want the oldest %q told what to do", m.get("Call-ID"), m.get("Warning"), first.id)
	}
	if got := outcome(t, l); got.Outcome != "answered" && got.Outcome != "failed" {
		t.Errorf("recorded %+v, want answered or failed", got)
	}
	if n, _ := l.InCalls(); n != 4 {
		t.Errorf("got %d places taken, want 4", n)
	}
}

// Who waits for an ACK goes after who was not answered, and who confirmed never.
func TestACallThatWasConfirmedIsNotDisplaced(t *testing.T) {
	sbc := newPeer(t, "127.0.0.7", nowhere)
	l := newLab(t, sbcs(sbc))
	p, other := newPeer(t, "127.0.0.2", l.addr), newPeer(t, "127.0.0.2", l.addr)
	answers(p, sbc, true)
	answers(p, sbc, true)
	answers(other, sbc, false)
	rings(p, sbc)
	answers(p, sbc, true) // in place of the one that rings
	answers(p, sbc, true) // in place of the one that waits
	for {
		if m := other.want(" "); strings.HasPrefix(m.start, "BYE") {
			break
		}
	}
	fifth := p.call("sip:112@box")
	for p.want("503").get("Call-ID") != fifth.id { // else it is the one that rang
	}
	for got := outcome(t, l); got.Outcome != "refused"; got = outcome(t, l) {
		if got.Status == 503 && len(got.Tried) == 0 {
			t.Errorf("recorded %+v, want the fifth refused", got)
		}
	}
	if n, _ := l.InCalls(); n != 4 {
		t.Errorf("got %d places taken, want the 4 that were confirmed", n)
	}
}

// Strangers cannot have the places of addresses phones are registered at.
func TestAShareOfThePlacesIsForRegisteredPhones(t *testing.T) {
	sbc := newPeer(t, "127.0.0.7", nowhere)
	l := newLab(t, sbcs(sbc), room(8))
	p := newPeer(t, "127.0.0.2", l.addr)
	p.register()
	for i := range 10 {
		rings(newPeer(t, fmt.Sprintf("127.0.1.%d", 1+i), l.addr), sbc)
	}
	waitFor(t, "the strangers' six", func() bool { n, _ := l.InCalls(); return n == 6 })
	answers(p, sbc, false)
	answers(p, sbc, false)
	if n, _ := l.InCalls(); n != 8 {
		t.Errorf("got %d places taken, want 8", n)
	}
	answers(p, sbc, false) // full: a stranger goes
	rings(newPeer(t, "127.0.1.99", l.addr), sbc)
	if n, _ := l.InCalls(); n != 8 {
		t.Errorf("got %d places taken, want 8", n)
	}
	for len(p.in) > 0 {
		if m := <-p.in; strings.HasPrefix(m.start, "BYE") {
			t.Errorf("a registered phone's call went for a stranger's")
		}
	}
}
