package sipd_test

import (
	"crypto/md5"
	"encoding/hex"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/lineside/lineside/health"
	"github.com/lineside/lineside/phone"
	"github.com/lineside/lineside/provision"
	"github.com/lineside/lineside/sipd"
)

// sbcs gives the service its SBCs, which answer nothing until told.
func sbcs(peers ...*peer) func(*sipd.Config, *sipd.Deps) {
	return func(c *sipd.Config, _ *sipd.Deps) {
		for _, p := range peers {
			at := netip.MustParseAddrPort(p.at())
			c.SBCs = append(c.SBCs, sipd.SBC{Host: at.Addr().String(), Port: int(at.Port())})
		}
	}
}

// digestRight works out a Digest login by itself and compares.
func digestRight(line, method, user, password string) bool {
	h := func(s string) string { sum := md5.Sum([]byte(s)); return hex.EncodeToString(sum[:]) }
	p := func(name string) string {
		_, rest, _ := strings.Cut(line, " "+name+"=")
		value, _, _ := strings.Cut(rest, ",")
		return strings.Trim(value, `"`)
	}
	want := h(h(user+":"+p("realm")+":"+password) + ":" + p("nonce") + ":" + p("nc") + ":" + p("cnonce") + ":auth:" + h(method+":"+p("uri")))
	return p("response") == want
}

const sdp = "v=0\r\no=- 1 1 IN IP4 127.0.0.2\r\ns=-\r\nc=IN IP4 127.0.0.2\r\nt=0 0\r\nm=audio 4000 RTP/AVP 8\r\n"

// call dials number from a phone that is registered nowhere.
func (p *peer) call(uri string, extra ...string) request {
	return p.request(request{method: "INVITE", uri: uri, to: "<sip:112@box>", body: sdp, extra: append(extra, "Content-Type: application/sdp")})
}

// within is a request of the phone in the dialog an answer made.
func within(r request, m message, method string, seq int) request {
	return request{method: method, uri: "sip:x@box", id: r.id, from: r.from, to: m.get("To"), seq: seq}
}

func outcome(t *testing.T, l *lab) provision.EmergencyCall {
	t.Helper()
	select {
	case e := <-l.desk.calls:
		return e
	case <-time.After(patience):
		t.Fatal("no emergency call was recorded")
	}
	return provision.EmergencyCall{}
}

func TestAnEmergencyCallOfAnUnregisteredPhoneGoesOut(t *testing.T) {
	for _, uri := range []string{"sip:112@box", "tel:112;phone-context=+49", "sip:%31%31%32@box;user=phone", "sip:112;phone-context=+49@box"} {
		t.Run(uri, func(t *testing.T) {
			sbc := newPeer(t, "127.0.0.7", netip.MustParseAddrPort("127.0.0.1:1"))
			l := newLab(t, sbcs(sbc), func(c *sipd.Config, _ *sipd.Deps) { c.Identity = "sip:+49301234@example.net" })
			p := newPeer(t, "127.0.0.2", l.addr)
			r := p.call(uri, "Geolocation: <cid:here@box>", "Subject: "+strings.Repeat("x", 3000))
			in := sbc.want("INVITE")
			if !strings.Contains(in.start, "sip:112@127.0.0.7") || in.body != sdp || in.get("Geolocation") != "<cid:here@box>" ||
				!strings.Contains(in.get("From"), "+49301234@example.net") || in.get("P-Asserted-Identity") != "<sip:+49301234@example.net>" {
				t.Errorf("got %q\n%s\n%q", in.start, strings.Join(in.header, "\n"), in.body)
			}
			sbc.answer(in, "183 Session Progress", "s", "early", "Content-Type: application/sdp")
			if early := p.want("183"); early.body != "early" {
				t.Errorf("early media: got %q, want %q", early.body, "early")
			}
			sbc.answer(in, "200 OK", "s", "answer", "Content-Type: application/sdp", "Record-Route: <sip:rr@127.0.0.7;lr>")
			ok := p.want("200")
			if ok.body != "answer" || strings.Contains(ok.get("Contact"), "127.0.0.7") {
				t.Errorf("answer: got %q, Contact %q, want the SBC's SDP and the box's Contact", ok.body, ok.get("Contact"))
			}
			ack := within(r, ok, "ACK", 1)
			p.request(ack)
			if got := sbc.want("ACK"); got.get("Route") != "<sip:rr@127.0.0.7;lr>" {
				t.Errorf("ACK: Route %q, want the SBC's Record-Route", got.get("Route"))
			}
			exchange(t, p, sbc, r, ok, in)
			if e := outcome(t, l); e.Outcome != "answered" || e.Number != "112" || e.Status != 200 || e.Remote.String() != "127.0.0.2" {
				t.Errorf("recorded %+v", e)
			}
		})
	}
}

// exchange talks in both directions within the call and ends it from the SBC.
func exchange(t *testing.T, p, sbc *peer, r request, ok, in message) {
	t.Helper()
	info := within(r, ok, "INFO", 2)
	info.body, info.extra = "Signal=1", []string{"Content-Type: application/dtmf-relay"}
	p.request(info)
	got := sbc.want("INFO")
	if got.body != "Signal=1" || got.get("Content-Type") != "application/dtmf-relay" {
		t.Errorf("INFO: got %q %q", got.get("Content-Type"), got.body)
	}
	sbc.answer(got, "200 OK", "s", "")
	p.want("200")
	hold := within(r, ok, "INVITE", 3)
	hold.body, hold.extra = "hold", []string{"Content-Type: application/sdp"}
	p.request(hold)
	again := sbc.want("INVITE")
	for again.body != "hold" { // a retransmission of the first
		again = sbc.want("INVITE")
	}
	sbc.answer(again, "200 OK", "s", "held", "Content-Type: application/sdp")
	held := p.want("200")
	if held.body != "held" {
		t.Errorf("re-INVITE: got %q, want held", held.body)
	}
	p.request(within(r, held, "ACK", 3))
	sbc.want("ACK")
	// The SBC hangs up: from its side the dialog's ends are the other way round.
	sbc.to = in.from
	sbc.request(request{method: "BYE", uri: "sip:x@box", id: in.get("Call-ID"), from: in.get("To") + ";tag=s", to: in.get("From"), seq: 9})
	bye := p.want("BYE")
	p.answer(bye, "200 OK", "", "")
	sbc.want("200")
	p.request(within(r, ok, "BYE", 4))
	p.want("481")
}

func has(b *health.Board, code string) bool {
	for _, c := range b.List() {
		if c.Code == code {
			return c.Title != "" && c.Meaning != "" && c.Do != ""
		}
	}
	return false
}

// waitFor polls for what happens by itself soon.
func waitFor(t testing.TB, what string, is func() bool) {
	t.Helper()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	end := time.After(patience)
	for !is() {
		select {
		case <-tick.C:
		case <-end:
			t.Fatalf("%s did not come", what)
		}
	}
}

func TestACancelReachesTheSBC(t *testing.T) {
	sbc := newPeer(t, "127.0.0.7", netip.MustParseAddrPort("127.0.0.1:1"))
	l := newLab(t, sbcs(sbc))
	p := newPeer(t, "127.0.0.2", l.addr)
	r := p.call("sip:112@box")
	in := sbc.want("INVITE")
	sbc.answer(in, "180 Ringing", "s", "")
	p.want("180")
	c := r
	c.method, c.body, c.extra = "CANCEL", "", nil
	p.request(c)
	cancel := sbc.want("CANCEL")
	if param(cancel.get("Via"), "branch") != param(in.get("Via"), "branch") {
		t.Errorf("CANCEL has branch %q, want the INVITE's %q", cancel.get("Via"), in.get("Via"))
	}
	sbc.answer(cancel, "200 OK", "s", "")
	sbc.answer(in, "487 Request Terminated", "s", "")
	sbc.want("ACK")
	p.want("487")
	if e := outcome(t, l); e.Outcome != "cancelled" {
		t.Errorf("recorded %+v, want cancelled", e)
	}
}

// A phone that asks for a login is not shown the SBC's: its 401 goes to who sent
// the request.
func TestAPhoneThatAsksForALoginIsNotShownTheSBCs(t *testing.T) {
	sbc := newPeer(t, "127.0.0.7", nowhere)
	l := newLab(t, sbcs(sbc), func(c *sipd.Config, _ *sipd.Deps) { c.User, c.Password = "site", phone.NewSecret("fake-upstream") })
	p := newPeer(t, "127.0.0.2", l.addr)
	r := p.call("sip:112@box")
	in := sbc.want("INVITE")
	sbc.answer(in, "200 OK", "s", "answer", "Content-Type: application/sdp")
	p.request(within(r, p.want("200"), "ACK", 1))
	sbc.want("ACK")
	sbc.to = in.from
	sbc.request(request{
		method: "INVITE", uri: "sip:x@box", id: in.get("Call-ID"), from: in.get("To") + ";tag=s", to: in.get("From"), seq: 9,
		body: sdp, extra: []string{"Content-Type: application/sdp"},
	})
	again := p.want("INVITE")
	p.answer(again, "401 Unauthorized", "", "", `WWW-Authenticate: Digest realm="sbc", nonce="of the phone", algorithm=MD5`)
	if got := sbc.want("SIP/2.0 4").start; !strings.Contains(got, " 401 ") {
		t.Errorf("the SBC got %q, want the phone's 401", got)
	}
	p.want("ACK")
	for len(p.in) > 0 {
		if m := <-p.in; m.get("Authorization") != "" || m.get("Proxy-Authorization") != "" {
			t.Errorf("the phone got %q with %q, want no login", m.start, m.get("Authorization"))
		}
	}
}

// Odd spellings of a call for help go out all the same.
func TestAnOddlySpelledEmergencyCallGoesOut(t *testing.T) {
	for _, tt := range []struct{ name, uri, from string }{
		{"the key that ends dialling", "sip:112#@box", ""}, {"the key, escaped", "sip:112%23@box", ""},
		{"no From tag", "sip:112@box", "<sip:a@box>"}, {"no host", "sip:112", ""}, {"no host, with parameters", "sip:112;user=phone", ""},
		{"a scheme of its own", "dial:112", ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			sbc := newPeer(t, "127.0.0.7", nowhere)
			l := newLab(t, sbcs(sbc))
			p := newPeer(t, "127.0.0.2", l.addr)
			p.request(request{method: "INVITE", uri: tt.uri, from: tt.from})
			in := sbc.want("INVITE")
			if !strings.HasPrefix(in.start, "INVITE sip:112@127.0.0.7") {
				t.Errorf("got %q, want 112 at the SBC", in.start)
			}
			sbc.answer(in, "486 Busy Here", "s", "")
			p.want("486")
		})
	}
}

// Who saw a call's headers and sends from another address ends nothing of it.
func TestAThirdAddressEndsNoCall(t *testing.T) {
	sbc := newPeer(t, "127.0.0.7", nowhere)
	l := newLab(t, sbcs(sbc))
	p, thief := newPeer(t, "127.0.0.2", l.addr), newPeer(t, "127.0.0.66", l.addr)
	r := p.call("sip:112@box")
	in := sbc.want("INVITE")
	sbc.answer(in, "180 Ringing", "s", "")
	p.want("180")
	cancel := func(p, as *peer) {
		p.send(p.to, "", "CANCEL sip:112@box SIP/2.0", "Via: SIP/2.0/UDP "+as.at()+";branch="+r.branch+";rport", "From: "+r.from, "To: "+r.to,
			"Call-ID: "+r.id, "CSeq: 1 CANCEL", "Max-Forwards: 70")
	}
	cancel(thief, p)
	thief.want("481")
	sbc.answer(in, "200 OK", "s", "answer", "Content-Type: application/sdp")
	ok := p.want("200")
	p.request(within(r, ok, "ACK", 1))
	sbc.want("ACK")
	for _, method := range []string{"BYE", "INFO"} {
		thief.request(within(r, ok, method, 2))
		thief.want("481")
		sbc.to = in.from // its own side of the call is another dialog
		sbc.request(request{method: method, uri: "sip:x@box", id: r.id, from: r.from, to: ok.get("To"), seq: 3})
		sbc.want("481")
	}
	p.request(within(r, ok, "BYE", 4))
	if got := sbc.want("BYE"); got.get("CSeq") == "" {
		t.Errorf("got %v", got)
	}
	p.want("200")
}

// The SBC sees the line of the device that is at the caller's address, else the
// site's number; what the caller says of itself is nobody's.
func TestWhoAnEmergencyCallComesFrom(t *testing.T) {
	site := func(c *sipd.Config, _ *sipd.Deps) { c.Identity = "sip:+4930100@example.net" }
	line := func(user string) func(*sipd.Config, *sipd.Deps) {
		return func(_ *sipd.Config, d *sipd.Deps) {
			d.Desk.(*desk).lines = map[netip.Addr]phone.Line{netip.MustParseAddr("127.0.0.2"): {User: user, Registrar: "pbx.example.net"}}
		}
	}
	for _, tt := range []struct {
		name, want, asserted string
		change               []func(*sipd.Config, *sipd.Deps)
	}{
		{"its own line", "<sip:4711@pbx.example.net>", "<sip:4711@pbx.example.net>", []func(*sipd.Config, *sipd.Deps){site, line("4711")}},
		{"a line that is no user part", "<sip:+4930100@example.net>", "<sip:+4930100@example.net>", []func(*sipd.Config, *sipd.Deps){site, line("a@b")}},
		{"the site's", "<sip:+4930100@example.net>", "<sip:+4930100@example.net>", []func(*sipd.Config, *sipd.Deps){site}},
		{"nobody's", "<sip:phone@", "", nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			sbc := newPeer(t, "127.0.0.7", nowhere)
			l := newLab(t, append(tt.change, sbcs(sbc))...)
			p := newPeer(t, "127.0.0.2", l.addr)
			p.request(request{method: "INVITE", uri: "sip:112@box", from: `"the boss" <sip:4700@pbx.example.net>;tag=f`, extra: []string{"P-Asserted-Identity: <sip:4700@pbx.example.net>"}})
			in := sbc.want("INVITE")
			if !strings.HasPrefix(in.get("From"), tt.want) || in.get("P-Asserted-Identity") != tt.asserted {
				t.Errorf("got From %q, P-Asserted-Identity %q, want %q, %q", in.get("From"), in.get("P-Asserted-Identity"), tt.want, tt.asserted)
			}
			sbc.answer(in, "486 Busy Here", "s", "")
			p.want("486")
		})
	}
}
