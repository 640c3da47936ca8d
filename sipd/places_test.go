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

// proves makes an emergency call that was asked for its proof, and gives what it
// dialled then.
func proves(p, sbc *peer, l *lab) (request, message) {
	p.t.Helper()
	r := p.call("sip:112@box")
	r = p.request(request{method: "INVITE", uri: followed(p.t, p.want("302"), l), id: r.id, from: r.from, to: r.to, seq: 2, body: r.body, extra: r.extra})
	return r, sbc.want("INVITE")
}

// Four INVITEs forged in a phone's address do not keep it from calling, before its
// own or after.
func TestForgedCallsInAPhonesAddressAreNotItsOwn(t *testing.T) {
	for own := range 4 {
		t.Run(fmt.Sprintf("after %d of them", own), func(t *testing.T) {
			sbc := newPeer(t, "127.0.0.7", nowhere)
			l := newLab(t, sbcs(sbc))
			forger, p := newPeer(t, "127.0.0.2", l.addr), newPeer(t, "127.0.0.2", l.addr)
			for i := range 4 {
				if i == own {
					rings(p, sbc)
				} else {
					rings(forger, sbc)
				}
			}
			for range 4 {
				forger.call("sip:112@box")
				forger.want("302")
			}
			if n, _ := l.InCalls(); n != 4 || len(p.in) > 0 || invited(sbc) {
				t.Errorf("got %d places, %d more messages at the phone, want 4, none, and no other call at the SBC", n, len(p.in))
			}
		})
	}
}

// Who has shown that it is where it says has the place of who has not, the newest
// first.
func TestACallWithProofHasThePlaceOfOneWithout(t *testing.T) {
	sbc := newPeer(t, "127.0.0.7", nowhere)
	l := newLab(t, sbcs(sbc))
	forger, p := newPeer(t, "127.0.0.2", l.addr), newPeer(t, "127.0.0.2", l.addr)
	var last request
	for range 4 {
		last = rings(forger, sbc)
	}
	r, in := proves(p, sbc, l)
	sbc.answer(in, "200 OK", unique(), "x")
	p.request(within(r, p.want("200"), "ACK", 2))
	m := forger.want("SIP/2.0 5")
	if m.get("Call-ID") != last.id || !strings.Contains(m.get("Warning"), "use a mobile phone") {
		t.Errorf("ended: %q with %q, want the newest %q told what to do", m.get("Call-ID"), m.get("Warning"), last.id)
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
	for range 2 { // in place of the one that rings, then of the one that waits
		r, in := proves(p, sbc, l)
		sbc.answer(in, "200 OK", unique(), "x")
		p.request(within(r, p.want("200"), "ACK", 2))
		for sbc.want("ACK").get("Call-ID") != in.get("Call-ID") {
		}
	}
	for {
		if m := other.want(" "); strings.HasPrefix(m.start, "BYE") {
			break
		}
	}
	fifth := p.call("sip:112@box")
	uri := followed(t, p.want("302"), l)
	p.request(request{method: "INVITE", uri: uri, id: fifth.id, from: fifth.from, to: fifth.to, seq: 2})
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
		one := newPeer(t, fmt.Sprintf("127.0.1.%d", 1+i), l.addr)
		if i < 6 {
			rings(one, sbc)
		} else {
			proves(one, sbc, l)
		}
	}
	waitFor(t, "the strangers' six", func() bool { n, _ := l.InCalls(); return n == 6 })
	answers(p, sbc, false)
	answers(p, sbc, false)
	if n, _ := l.InCalls(); n != 8 {
		t.Errorf("got %d places taken, want 8", n)
	}
	r := p.call("sip:112@box") // full: a stranger goes, once the phone has shown its login
	m := p.want("401")
	r.branch, r.seq = "", 2
	r.extra = append(r.extra, p.authorized(m, "INVITE", r.uri, p.mac.Hex(), passwordOf(p.mac)))
	p.request(r)
	sbc.answer(sbc.want("INVITE"), "200 OK", unique(), "x")
	p.want("200")
	proves(newPeer(t, "127.0.1.99", l.addr), sbc, l)
	if n, _ := l.InCalls(); n != 8 {
		t.Errorf("got %d places taken, want 8", n)
	}
	for len(p.in) > 0 {
		if m := <-p.in; strings.HasPrefix(m.start, "BYE") {
			t.Errorf("a registered phone's call went for a stranger's")
		}
	}
}

// INVITEs that nobody waits for any more, and an SBC never ends, are bounded; who
// has proven its address is called for after others.
func TestCallsThatAreWoundUpAreBounded(t *testing.T) {
	sbc := newPeer(t, "127.0.0.7", nowhere)
	l := newLab(t, sbcs(sbc), room(2))
	for i := range 4 {
		p := newPeer(t, fmt.Sprintf("127.0.1.%d", 1+i), l.addr)
		r := rings(p, sbc)
		p.send(p.to, "", "CANCEL sip:112@box SIP/2.0", "Via: SIP/2.0/UDP "+p.at()+";branch="+r.branch+";rport", "From: "+r.from, "To: "+r.to,
			"Call-ID: "+r.id, "CSeq: 1 CANCEL", "Max-Forwards: 70")
		sbc.want("CANCEL")
		waitFor(t, "its place", func() bool { n, _ := l.InCalls(); return n == 0 })
	}
	proves(newPeer(t, "127.0.1.9", l.addr), sbc, l)
}
