package sipd_test

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/lineside/lineside/phone"
	"github.com/lineside/lineside/sipd"
)

func TestFailOver(t *testing.T) {
	dead := newPeer(t, "127.0.0.6", netip.MustParseAddrPort("127.0.0.1:1"))
	busy := newPeer(t, "127.0.0.8", netip.MustParseAddrPort("127.0.0.1:1"))
	sbc := newPeer(t, "127.0.0.7", netip.MustParseAddrPort("127.0.0.1:1"))
	l := newLab(t, sbcs(dead, busy, sbc))
	p := newPeer(t, "127.0.0.2", l.addr)
	p.call("urn:service:sos.police")
	if got := dead.want("INVITE").start; !strings.Contains(got, "sip:110@") {
		t.Errorf("got %q, want 110 for the police", got)
	}
	in := busy.want("INVITE")
	busy.answer(in, "503 Service Unavailable", "b", "")
	busy.want("ACK")
	sbc.answer(sbc.want("INVITE"), "486 Busy Here", "s", "")
	if got := p.want("SIP/2.0 4").start; !strings.Contains(got, "486") {
		t.Errorf("got %q, want the callee's own 486", got)
	}
	if e := outcome(t, l); e.Outcome != "failed" || len(e.Tried) != 3 || e.Status != 486 {
		t.Errorf("recorded %+v, want failed with 486 after three", e)
	}
}

// That a call is on its way is no ringing: what says no more is passed over.
func TestOnlyRingingStopsTheFailOverClock(t *testing.T) {
	for _, tt := range []struct {
		status string
		sound  bool
		stays  bool
	}{
		{"183 Session Progress", false, false}, {"181 Call Is Being Forwarded", false, false}, {"182 Queued", false, false},
		{"199 Early Dialog Terminated", false, false}, {"180 Ringing", false, true}, {"183 Session Progress", true, true},
	} {
		t.Run(fmt.Sprintf("%s, sound %v", tt.status, tt.sound), func(t *testing.T) {
			t.Parallel()
			stuck, next := newPeer(t, "127.0.0.6", nowhere), newPeer(t, "127.0.0.7", nowhere)
			l := newLab(t, sbcs(stuck, next), func(c *sipd.Config, _ *sipd.Deps) { c.FailOver = 200 * time.Millisecond })
			p := newPeer(t, "127.0.0.2", l.addr)
			p.call("sip:112@box")
			in := stuck.want("INVITE")
			body, extra := "", []string(nil)
			if tt.sound {
				body, extra = sdp, []string{"Content-Type: application/sdp"}
			}
			stuck.answer(in, tt.status, "s", body, extra...)
			p.want(tt.status)
			if !tt.stays {
				in = next.want("INVITE")
				next.answer(in, "486 Busy Here", "n", "")
				p.want("486")
				return
			}
			select {
			case m := <-next.in:
				if strings.HasPrefix(m.start, "INVITE") {
					t.Error("the next SBC was called while the first rang")
				}
			case <-time.After(600 * time.Millisecond):
			}
			stuck.answer(in, "486 Busy Here", "s", "")
			p.want("486")
		})
	}
}

// An answer that brings no sound helps nobody: it is hung up, and the next SBC is
// called.
func TestAnAnswerWithoutSoundIsPassedOver(t *testing.T) {
	mute, next := newPeer(t, "127.0.0.6", nowhere), newPeer(t, "127.0.0.7", nowhere)
	l := newLab(t, sbcs(mute, next))
	p := newPeer(t, "127.0.0.2", l.addr)
	r := p.call("sip:112@box")
	mute.answer(mute.want("INVITE"), "200 OK", "m", "")
	mute.want("ACK")
	mute.answer(mute.want("BYE"), "200 OK", "", "")
	in := next.want("INVITE")
	next.answer(in, "183 Session Progress", "n", "early", "Content-Type: application/sdp")
	if got := p.want("183"); got.body != "early" {
		t.Errorf("early media: got %q, want the second SBC's", got.body)
	}
	next.answer(in, "200 OK", "n", "") // its sound was described before
	p.request(within(r, p.want("200"), "ACK", 1))
	next.want("ACK")
	e := outcome(t, l)
	if e.Outcome != "answered" || e.SBC != next.at() || !slices.Equal(e.Tried, []string{mute.at()}) || !slices.Equal(e.Said, []string{"answered without sound"}) {
		t.Errorf("recorded %+v, want answered by the second", e)
	}
}

func TestALateAnswerOfAnSBCPassedOverIsHungUp(t *testing.T) {
	slow := newPeer(t, "127.0.0.6", netip.MustParseAddrPort("127.0.0.1:1"))
	sbc := newPeer(t, "127.0.0.7", netip.MustParseAddrPort("127.0.0.1:1"))
	l := newLab(t, sbcs(slow, sbc))
	p := newPeer(t, "127.0.0.2", l.addr)
	r := p.call("sip:112@box")
	late := slow.want("INVITE")
	in := sbc.want("INVITE")
	slow.answer(late, "180 Ringing", "late", "")
	cancel := slow.want("CANCEL")
	slow.answer(cancel, "200 OK", "late", "")
	slow.answer(late, "200 OK", "late", "sdp")
	slow.want("ACK")
	slow.answer(slow.want("BYE"), "200 OK", "", "")
	sbc.answer(in, "200 OK", "s", "x")
	p.request(within(r, p.want("200"), "ACK", 1))
	sbc.want("ACK")
}

func TestNobodyTakesTheCall(t *testing.T) {
	dead := newPeer(t, "127.0.0.6", netip.MustParseAddrPort("127.0.0.1:1"))
	for _, tt := range []struct {
		name, outcome, code string
		change              []func(*sipd.Config, *sipd.Deps)
	}{
		{"every SBC is dead", "failed", "emergency-sbc-unreachable", []func(*sipd.Config, *sipd.Deps){sbcs(dead)}},
		{"there is no SBC", "failed", "emergency-no-sbc", nil},
		{"the site makes none", "refused", "", []func(*sipd.Config, *sipd.Deps){func(c *sipd.Config, _ *sipd.Deps) { c.Mode = sipd.NoCalls }}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			l := newLab(t, append(tt.change, func(c *sipd.Config, _ *sipd.Deps) { c.Probe, c.FailOver = 200*time.Millisecond, 200*time.Millisecond })...)
			p := newPeer(t, "127.0.0.2", l.addr)
			p.call("sip:112@box")
			m := p.want("503")
			if !strings.Contains(m.get("Warning"), "use a mobile phone") {
				t.Errorf("Warning %q, want what to do", m.get("Warning"))
			}
			if e := outcome(t, l); e.Outcome != tt.outcome {
				t.Errorf("recorded %+v, want %s", e, tt.outcome)
			}
			if tt.code != "" {
				waitFor(t, "condition "+tt.code, func() bool { return has(l.board, tt.code) })
			}
		})
	}
}

func TestTheSBCAsksForALogin(t *testing.T) {
	sbc := newPeer(t, "127.0.0.7", netip.MustParseAddrPort("127.0.0.1:1"))
	l := newLab(t, sbcs(sbc), func(c *sipd.Config, _ *sipd.Deps) { c.User, c.Password = "site", phone.NewSecret("fake-upstream") })
	p := newPeer(t, "127.0.0.2", l.addr)
	r := p.call("sip:110@box")
	in := sbc.want("INVITE")
	sbc.answer(in, "407 Proxy Authentication Required", "a", "", `Proxy-Authenticate: Digest realm="sbc", nonce="n", algorithm=MD5, qop="auth,auth-int"`)
	sbc.want("ACK")
	second := sbc.want("INVITE")
	if !digestRight(second.get("Proxy-Authorization"), "INVITE", "site", "fake-upstream") || second.body != sdp {
		t.Errorf("login: got %q", second.get("Proxy-Authorization"))
	}
	sbc.answer(second, "200 OK", "s", "x")
	p.request(within(r, p.want("200"), "ACK", 1))
	if ack := sbc.want("ACK"); ack.get("CSeq") != "2 ACK" {
		t.Errorf("ACK: got CSeq %q, want the second INVITE's", ack.get("CSeq"))
	}
}

func TestRedirect(t *testing.T) {
	l := newLab(t, func(c *sipd.Config, _ *sipd.Deps) {
		c.Mode, c.SBCs = sipd.Redirect, []sipd.SBC{{Host: "192.0.2.1"}, {Host: "sbc2.example.net", Port: 5061, Transport: phone.TLS}}
	})
	p := newPeer(t, "127.0.0.2", l.addr)
	p.call("sip:112@box")
	m := p.want("302")
	want := []string{"<sip:112@192.0.2.1;user=phone>;q=1.0", "<sip:112@sbc2.example.net:5061;user=phone;transport=tls>;q=0.9"}
	if got := m.all("Contact"); strings.Join(got, " ") != strings.Join(want, " ") {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestTestedSBCIsKept(t *testing.T) {
	sbc := newPeer(t, "127.0.0.7", netip.MustParseAddrPort("127.0.0.1:1"))
	l := newLab(t, sbcs(sbc))
	sbc.answer(sbc.want("OPTIONS"), "405 Method Not Allowed", "s", "")
	select {
	case <-l.records.saved:
	case <-time.After(patience):
		t.Error("that the SBC answered was not kept")
	}
}

// Whatever is wrong on the way to it, the next SBC is tried; what the caller is
// told asks for no login of its own, sends it nowhere, and says what to do.
func TestWhatAnSBCRefusesTheNextOneGets(t *testing.T) {
	for status, told := range map[string]string{
		"302 Moved Temporarily": "503", "401 Unauthorized": "503", "403 Forbidden": "403", "404 Not Found": "404", "407 Proxy Authentication Required": "503",
		"408 Request Timeout": "408", "488 Not Acceptable Here": "488", "500 Server Internal Error": "500", "503 Service Unavailable": "503", "603 Decline": "603",
	} {
		t.Run(status, func(t *testing.T) {
			t.Parallel()
			bad, worse := newPeer(t, "127.0.0.6", nowhere), newPeer(t, "127.0.0.7", nowhere)
			l := newLab(t, sbcs(bad, worse))
			p := newPeer(t, "127.0.0.2", l.addr)
			p.call("sip:112@box")
			for _, sbc := range []*peer{bad, worse} {
				challenge := `WWW-Authenticate: Digest realm="sbc", nonce="n", algorithm=MD5`
				sbc.answer(sbc.want("INVITE"), status, "s", "", challenge)
			}
			m := p.want("SIP/2.0 ")
			for strings.Contains(m.start, " 100 ") {
				m = p.want("SIP/2.0 ")
			}
			if !strings.HasPrefix(m.start, "SIP/2.0 "+told) || !strings.Contains(m.get("Warning"), "use a mobile phone") ||
				m.get("WWW-Authenticate") != "" || m.get("Contact") != "" {
				t.Errorf("got %q\n%s\nwant %s with a Warning alone", m.start, strings.Join(m.header, "\n"), told)
			}
			e := outcome(t, l)
			want := []string{"answered " + status, "answered " + status}
			if e.Outcome != "failed" || !slices.Equal(e.Tried, []string{bad.at(), worse.at()}) || !slices.Equal(e.Said, want) {
				t.Errorf("recorded %+v, want both and what they said", e)
			}
		})
	}
}

// A redirection changes the order of the site's SBCs and adds none.
func TestARedirectionStaysAmongTheSitesSBCs(t *testing.T) {
	first, second, third := newPeer(t, "127.0.0.6", nowhere), newPeer(t, "127.0.0.7", nowhere), newPeer(t, "127.0.0.8", nowhere)
	stranger := newPeer(t, "127.0.0.9", nowhere)
	l := newLab(t, sbcs(first, second, third))
	p := newPeer(t, "127.0.0.2", l.addr)
	p.call("sip:112@box")
	in := first.want("INVITE")
	first.redirects(in, third)
	third.redirects(third.want("INVITE"), stranger)
	second.answer(second.want("INVITE"), "486 Busy Here", "s", "")
	p.want("486")
	if len(stranger.in) > 0 {
		t.Errorf("somebody else was asked: %q", (<-stranger.in).start)
	}
	if e := outcome(t, l); !slices.Equal(e.Tried, []string{first.at(), third.at(), second.at()}) {
		t.Errorf("tried %q, want the one named second", e.Tried)
	}
}

// redirects answers that another is to be asked.
func (p *peer) redirects(m message, to *peer) {
	p.t.Helper()
	p.send(m.from, "", "SIP/2.0 302 Moved Temporarily", "Via: "+m.get("Via"), "From: "+m.get("From"), "To: "+m.get("To")+";tag=s",
		"Call-ID: "+m.get("Call-ID"), "CSeq: "+m.get("CSeq"), "Contact: <sip:112@"+to.at()+">")
}
