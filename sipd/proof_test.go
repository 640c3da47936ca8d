package sipd_test

import (
	"fmt"
	"net"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/lineside/lineside/sipd"
)

// followed is the URI of a 302 to the box itself.
func followed(t testing.TB, m message, l *lab) string {
	t.Helper()
	uri := strings.Trim(m.get("Contact"), "<>")
	if !strings.HasPrefix(uri, "sip:112@"+l.addr.String()+";") {
		t.Fatalf("got %q with Contact %q, want the box itself at %s", m.start, m.get("Contact"), l.addr)
	}
	return uri
}

// help is an INVITE to 112 as it is on the wire.
func help(uri, at, branch, id string, extra ...string) []byte {
	lines := append([]string{
		"INVITE " + uri + " SIP/2.0", "Via: SIP/2.0/UDP " + at + ";branch=" + branch, "From: <sip:a@b>;tag=1", "To: <sip:112@b>",
		"Call-ID: " + id, "CSeq: 1 INVITE", "Content-Length: 0",
	}, extra...)
	return []byte(strings.Join(lines, "\r\n") + "\r\n\r\n")
}

// An INVITE of another transaction is another call, whatever its Call-ID.
func TestOneCallIDIsNotOneCall(t *testing.T) {
	now := time.Now()
	l := newLab(t, func(_ *sipd.Config, d *sipd.Deps) { d.Now = func() time.Time { return now } })
	from := netip.MustParseAddrPort("127.0.0.66:5060")
	passed := 0
	for i := range 100 {
		if l.Passes(l.addr, from, help("sip:112@box", from.String(), fmt.Sprint("z9hG4bK", i), "one")) {
			passed++
		}
	}
	if passed != 8 {
		t.Errorf("of 100 INVITEs of one Call-ID %d passed, want the 8 calls of one address", passed)
	}
}

// What is sent again is no new call, and what comes twice by different branches is
// none at all (RFC 3261 section 8.2.2.2).
func TestACallThatRunsIsNotBegunAgain(t *testing.T) {
	sbc := newPeer(t, "127.0.0.7", nowhere)
	l := newLab(t, sbcs(sbc))
	p := newPeer(t, "127.0.0.2", l.addr)
	r := rings(p, sbc)
	for range 20 {
		p.request(r)
		p.want("180")
	}
	other := r
	other.branch = "z9hG4bK-other"
	p.request(other)
	p.want("482")
	if n, _ := l.InCalls(); n != 1 || invited(sbc) {
		t.Errorf("got %d calls, want 1 and no other at the SBC", n)
	}
	rings(p, sbc) // what was sent again cost it nothing
}

// invited reports that an INVITE waits at a peer.
func invited(p *peer) bool {
	for range len(p.in) {
		if m := <-p.in; strings.HasPrefix(m.start, "INVITE") {
			return true
		}
	}
	return false
}

// What was forged in a phone's name costs the phone no call: it shows that it is
// where it says, and has a share of its own.
func TestForgedCallsCostAPhoneNone(t *testing.T) {
	now := time.Now()
	l := newLab(t, func(_ *sipd.Config, d *sipd.Deps) { d.Now = func() time.Time { return now } })
	from := netip.MustParseAddrPort("127.0.0.66:5060")
	for i := range 400 { // beyond all that packets a second in one name may be
		l.Passes(l.addr, from, help("sip:112@box", from.String(), fmt.Sprint("z9hG4bKf", i), fmt.Sprint(i)))
	}
	answer := readMessage([]byte(l.Answered(l.addr, from, help("sip:112@box", from.String(), "z9hG4bKp", "phone"))), nil)
	if !strings.HasPrefix(answer.start, "SIP/2.0 302 ") {
		t.Fatalf("got %q, want 302", answer.start)
	}
	uri := followed(t, answer, l)
	for i := range 2000 { // and at its rate
		l.Passes(l.addr, from, help("sip:112@box", from.String(), fmt.Sprint("z9hG4bKg", i), fmt.Sprint("g", i)))
	}
	for _, tt := range []struct {
		name, uri string
		from      netip.AddrPort
		want      bool
	}{
		{"the phone", uri, from, true},
		{"the same URI from elsewhere in a forged name", uri, netip.MustParseAddrPort("127.0.0.67:5060"), false},
		{"a URI that was made up", uri[:len(uri)-4] + "AAAA", from, false},
	} {
		for i := range 9 { // beyond what one address may begin without
			got := l.Passes(l.addr, tt.from, help(tt.uri, tt.from.String(), fmt.Sprint("z9hG4bKp", tt.name[:3], i), fmt.Sprint(tt.name, i)))
			if want := i < 8 && (tt.want || tt.from != from); got != want {
				t.Errorf("%s, call %d: got %v, want %v", tt.name, i, got, want)
			}
		}
	}
	over := readMessage([]byte(l.Answered(l.addr, from, help(uri, from.String(), "z9hG4bKo", "over"))), nil)
	if !strings.HasPrefix(over.start, "SIP/2.0 503 ") {
		t.Errorf("beyond its own share: got %q, want 503", over.start)
	}
}

// A phone by TCP has proven its address.
func TestForgedPacketsCostNoCallByTCP(t *testing.T) {
	sbc := newPeer(t, "127.0.0.7", nowhere)
	l := newLab(t, sbcs(sbc))
	forger := netip.MustParseAddrPort("127.0.0.1:5060")
	for i := range 20 {
		l.Passes(l.addr, forger, help("sip:112@box", forger.String(), fmt.Sprint("z9hG4bKf", i), fmt.Sprint(i)))
	}
	c, err := net.Dial("tcp4", l.tcp)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = c.Close() }()
	call := strings.ReplaceAll(string(help("sip:112@box", c.LocalAddr().String(), "z9hG4bKtcp", "tcp")), "SIP/2.0/UDP", "SIP/2.0/TCP")
	if _, err := c.Write([]byte(call)); err != nil {
		t.Fatal(err)
	}
	sbc.answer(sbc.want("INVITE"), "486 Busy Here", "s", "")
}

// A phone that is registered answers a challenge, as it does each time.
func TestARegisteredPhoneIsChallenged(t *testing.T) {
	sbc := newPeer(t, "127.0.0.7", nowhere)
	l := newLab(t, sbcs(sbc))
	p := newPeer(t, "127.0.0.2", l.addr)
	p.register()
	at := netip.MustParseAddrPort(p.at())
	for i := range 20 {
		l.Passes(l.addr, at, help("sip:112@box", at.String(), fmt.Sprint("z9hG4bKf", i), fmt.Sprint(i)))
	}
	r := p.call("sip:112@box")
	m := p.want("401")
	r.branch, r.seq = "", 2
	r.extra = append(r.extra, p.authorized(m, "INVITE", r.uri, p.mac.Hex(), passwordOf(p.mac)))
	p.request(r)
	sbc.answer(sbc.want("INVITE"), "486 Busy Here", "s", "")
	p.want("486")
}
