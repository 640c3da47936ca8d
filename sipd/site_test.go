package sipd_test

import (
	"fmt"
	"net/netip"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/lineside/lineside/sipd"
)

func sbcOf(p *peer) sipd.SBC {
	at := netip.MustParseAddrPort(p.at())
	return sipd.SBC{Host: at.Addr().String(), Port: int(at.Port())}
}

// answered has an SBC take a call and the phone acknowledge it.
func answered(p, sbc *peer, r request) (ok, in message) {
	p.t.Helper()
	in = sbc.want("INVITE")
	sbc.answer(in, "200 OK", "s", "answer", "Content-Type: application/sdp")
	ok = p.want("200")
	p.request(within(r, ok, "ACK", 1))
	sbc.want("ACK")
	return ok, in
}

// TestTheSiteChangesInMidCall: other numbers and another SBC count from the next
// call on; the one that runs goes on at the SBC that took it, and a number that
// was the site's is still answered.
func TestTheSiteChangesInMidCall(t *testing.T) {
	nowhere := netip.MustParseAddrPort("127.0.0.1:1")
	one, two := newPeer(t, "127.0.0.7", nowhere), newPeer(t, "127.0.0.8", nowhere)
	l := newLab(t, sbcs(one))
	p := newPeer(t, "127.0.0.2", l.addr)
	p.call("sip:999@box")
	p.want("SIP/2.0 4") // no emergency: a login is asked for
	r := p.call("sip:112@box")
	ok, in := answered(p, one, r)
	outcome(t, l)

	l.SetSite([]string{"999"}, []sipd.SBC{sbcOf(two)})
	exchange(t, p, one, r, ok, in)

	for _, number := range []string{"999", "112"} {
		r := p.call("sip:" + number + "@box")
		answered(p, two, r)
		if e := outcome(t, l); e.Outcome != "answered" || e.Number != number || e.SBC != sbcOf(two).String() {
			t.Errorf("%s after the change: got %+v, want it answered by the new SBC", number, e)
		}
	}
	// What is known of the SBC stays where it comes back.
	l.SetSite([]string{"112", "999"}, []sipd.SBC{sbcOf(one), sbcOf(two)})
	again := p.call("sip:112@box")
	answered(p, one, again)
	if e := outcome(t, l); e.SBC != sbcOf(one).String() {
		t.Errorf("after it came back: got %+v, want the first SBC", e)
	}
}

// TestAnOfferedCallKeepsItsSBC: a change while the SBC rings takes the call away
// from nobody.
func TestAnOfferedCallKeepsItsSBC(t *testing.T) {
	nowhere := netip.MustParseAddrPort("127.0.0.1:1")
	one, two := newPeer(t, "127.0.0.7", nowhere), newPeer(t, "127.0.0.8", nowhere)
	l := newLab(t, sbcs(one))
	p := newPeer(t, "127.0.0.2", l.addr)
	r := p.call("sip:112@box")
	in := one.want("INVITE")
	one.answer(in, "180 Ringing", "s", "")
	p.want("180")
	l.SetSite(nil, []sipd.SBC{sbcOf(two)})
	one.answer(in, "200 OK", "s", "answer", "Content-Type: application/sdp")
	ok := p.want("200")
	p.request(within(r, ok, "ACK", 1))
	one.want("ACK")
	exchange(t, p, one, r, ok, in)
	if e := outcome(t, l); e.Outcome != "answered" || e.SBC != sbcOf(one).String() {
		t.Errorf("got %+v, want it answered by the SBC it was offered to", e)
	}
}

// TestTheSiteChangesUnderLoad: calls meet a whole site, whichever it is.
func TestTheSiteChangesUnderLoad(t *testing.T) {
	nowhere := netip.MustParseAddrPort("127.0.0.1:1")
	one, two := newPeer(t, "127.0.0.7", nowhere), newPeer(t, "127.0.0.8", nowhere)
	l := newLab(t, sbcs(one))
	var changes sync.WaitGroup
	for n := range 4 {
		changes.Go(func() {
			for i := range 50 {
				l.SetSite([]string{"112", fmt.Sprint(200 + 50*n + i)}, []sipd.SBC{[]sipd.SBC{sbcOf(one), sbcOf(two)}[i%2]})
			}
		})
	}
	for _, sbc := range []*peer{one, two} {
		sbc.alive.Store("200 OK")
	}
	p := newPeer(t, "127.0.0.2", l.addr)
	for range 6 {
		p.call("sip:112@box")
		if e := taken(t, l, one, two); e != "112" {
			t.Errorf("got %q, want 112 taken by one of the SBCs", e)
		}
	}
	changes.Wait()
}

// taken has whichever SBC is called refuse as the one who is called would, and
// gives the number.
func taken(t *testing.T, l *lab, sbcs ...*peer) string {
	t.Helper()
	for {
		sbc, in := sbcs[0], message{}
		select {
		case in = <-sbcs[0].in:
		case in = <-sbcs[1].in:
			sbc = sbcs[1]
		case <-time.After(patience):
			t.Fatal("no SBC was called")
		}
		if strings.HasPrefix(in.start, "INVITE") {
			sbc.answer(in, "486 Busy Here", "s", "")
			return outcome(t, l).Number
		}
	}
}
