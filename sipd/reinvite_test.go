package sipd_test

import (
	"fmt"
	"strings"
	"testing"
)

// stands makes an emergency call that was answered and confirmed.
func stands(p, sbc *peer) (r request, ok, in message) {
	r = p.call("sip:112@box")
	in = sbc.want("INVITE")
	sbc.answer(in, "200 OK", "s", "answer", "Content-Type: application/sdp")
	ok = p.want("200")
	p.request(within(r, ok, "ACK", 1))
	sbc.want("ACK")
	return r, ok, in
}

// cancels sends the CANCEL of an INVITE within a call.
func (p *peer) cancels(r request) {
	p.send(p.to, "", "CANCEL "+r.uri+" SIP/2.0", "Via: SIP/2.0/UDP "+p.at()+";branch="+r.branch+";rport", "From: "+r.from, "To: "+r.to,
		"Call-ID: "+r.id, fmt.Sprintf("CSeq: %d CANCEL", r.seq), "Max-Forwards: 70")
}

// Who changes its mind about a change of its call keeps the call, whichever of
// CANCEL and answer is first (RFC 3261 section 14.1).
func TestACancelledReINVITEEndsNoCall(t *testing.T) {
	sbc := newPeer(t, "127.0.0.7", nowhere)
	l := newLab(t, sbcs(sbc))
	p := newPeer(t, "127.0.0.2", l.addr)
	r, ok, _ := stands(p, sbc)
	hold := p.request(within(r, ok, "INVITE", 2))
	again := sbc.want("INVITE")
	sbc.answer(again, "180 Ringing", "s", "")
	p.want("180")
	p.cancels(hold)
	cancel := sbc.want("CANCEL")
	sbc.answer(again, "200 OK", "s", "answer") // they cross
	sbc.answer(cancel, "200 OK", "s", "")
	if ack := sbc.want("ACK"); ack.get("CSeq") != "2 ACK" {
		t.Errorf("got ACK with CSeq %q, want that of the change", ack.get("CSeq"))
	}
	p.request(within(r, ok, "INFO", 3))
	for {
		m := sbc.want(" ")
		if strings.HasPrefix(m.start, "BYE") {
			t.Fatal("the emergency centre was hung up on")
		}
		if strings.HasPrefix(m.start, "INFO") {
			sbc.answer(m, "200 OK", "s", "")
			break
		}
	}
	if n, _ := l.InCalls(); n != 1 {
		t.Errorf("got %d calls, want the one that stands", n)
	}
}

// A CANCEL that comes after the answer to a change has no effect (section 9.2).
func TestACancelAfterTheAnswerEndsNoCall(t *testing.T) {
	sbc := newPeer(t, "127.0.0.7", nowhere)
	l := newLab(t, sbcs(sbc))
	p := newPeer(t, "127.0.0.2", l.addr)
	r, ok, _ := stands(p, sbc)
	hold := p.request(within(r, ok, "INVITE", 2))
	sbc.answer(sbc.want("INVITE"), "200 OK", "s", "answer")
	p.want("200")
	p.cancels(hold)
	p.want("SIP/2.0 ") // whatever it is answered
	p.request(within(r, ok, "ACK", 2))
	if m := sbc.want(" "); !strings.HasPrefix(m.start, "ACK") && !strings.HasPrefix(m.start, "OPTIONS") {
		t.Errorf("got %q, want the ACK", m.start)
	}
	p.request(within(r, ok, "BYE", 3))
	sbc.want("BYE")
}

// Before the call has an answer nothing of it can be changed, least of all at an
// SBC that was passed over (section 14.2).
func TestAReINVITEBeforeTheAnswerIsForLater(t *testing.T) {
	bad, sbc := newPeer(t, "127.0.0.6", nowhere), newPeer(t, "127.0.0.7", nowhere)
	l := newLab(t, sbcs(bad, sbc))
	p := newPeer(t, "127.0.0.2", l.addr)
	r := p.call("sip:112@box")
	first := bad.want("INVITE")
	bad.answer(first, "183 Session Progress", "b", "x")
	early := p.want("183")
	change := func(seq int) {
		p.request(within(r, early, "INVITE", seq))
		if m := p.want("500"); m.get("Retry-After") == "" {
			t.Errorf("%q without Retry-After, want when to try again", m.start)
		}
	}
	change(2)
	bad.answer(first, "503 Service Unavailable", "b", "")
	in := sbc.want("INVITE")
	change(3)
	sbc.answer(in, "200 OK", "s", "x")
	p.want("200")
	p.request(within(r, early, "ACK", 1))
	sbc.want("ACK")
	if invited(bad) {
		t.Error("the SBC that was passed over was asked again")
	}
}
