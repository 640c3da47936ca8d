package sipd_test

import (
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/lineside/lineside/phone"
	"github.com/lineside/lineside/sipd"
)

// An SBC by TLS is found with DNS dead, its certificate compared with its name
// all the same, also when the connection has to be made anew for the call.
func TestACallByTLSFindsTheSBCWithDNSDead(t *testing.T) {
	conn, trusts := secureSocket(t, "127.0.0.7:0", "sbc.test")
	sbc := newPeerOn(t, conn, nowhere)
	z := &zone{ip: map[string][]netip.Addr{"sbc.test": {netip.MustParseAddr("127.0.0.7")}}}
	sbc.says("200 OK")
	l := newLab(t, named(z, sipd.SBC{Host: "sbc.test", Port: portOf(sbc), Transport: phone.TLS}), func(c *sipd.Config, _ *sipd.Deps) { c.TLS = trusts })
	l.isKept(t)
	z.die()
	for _, name := range []string{"by the connection there is", "by a new one"} {
		t.Run(name, func(t *testing.T) {
			p := newPeer(t, "127.0.0.2", l.addr)
			r := p.call("sip:112@box")
			in := sbc.want("INVITE")
			if !strings.Contains(in.get("Via"), "SIP/2.0/TLS") || in.body != sdp {
				t.Errorf("got Via %q and %q", in.get("Via"), in.body)
			}
			sbc.answer(in, "200 OK", "s", "answer", "Content-Type: application/sdp")
			p.request(within(r, p.want("200"), "ACK", 1))
			sbc.want("ACK")
			p.request(within(r, message{header: []string{"To: <sip:112@box>;tag=" + param(in.get("From"), "tag")}}, "BYE", 2))
		})
		conn.hangUp()
	}
}

// Who shows another certificate is no SBC, and the operator reads why.
func TestACertificateOfAnotherNameIsNone(t *testing.T) {
	conn, trusts := secureSocket(t, "127.0.0.7:0", "sbc.test")
	conn2 := newPeerOn(t, conn, nowhere)
	z := &zone{ip: map[string][]netip.Addr{"other.test": {netip.MustParseAddr("127.0.0.7")}}}
	l := newLab(t, named(z, sipd.SBC{Host: "other.test", Port: portOf(conn2), Transport: phone.TLS}), func(c *sipd.Config, _ *sipd.Deps) { c.TLS = trusts })
	waitFor(t, "the condition", func() bool { return has(l.board, "emergency-sbc-unreachable") })
	if c, _ := condition(l.board, "emergency-sbc-unreachable"); !strings.Contains(c.Detail, "other.test") || !strings.Contains(c.Detail, "no connection: ") {
		t.Errorf("got %q, want the SBC and that there is no connection", c.Detail)
	}
}

// A connection that stood before and is dead costs the call no SBC: it is called by
// another one, at once where the box hears that it broke.
func TestADeadConnectionCostsNoSBC(t *testing.T) {
	for name, die := range map[string]func(*streams){"it broke": (*streams).hangUp, "a router forgot it": (*streams).forget} {
		t.Run(name, func(t *testing.T) {
			conn := streamSocket(t, tcpSocket(t))
			sbc := newPeerOn(t, conn, nowhere)
			sbc.says("200 OK")
			l := newLab(t, func(c *sipd.Config, _ *sipd.Deps) {
				c.SBCs = []sipd.SBC{{Host: "127.0.0.1", Port: portOf(sbc), Transport: phone.TCP}}
			})
			l.isKept(t)
			die(conn)
			p := newPeer(t, "127.0.0.2", l.addr)
			p.call("sip:112@box")
			sbc.answer(sbc.want("INVITE"), "486 Busy Here", "s", "")
			p.want("486")
		})
	}
}

// A ringing call whose connection breaks does not ring for ever.
func TestARingingCallWhoseConnectionBreaksIsMadeAgain(t *testing.T) {
	conn := streamSocket(t, tcpSocket(t))
	sbc := newPeerOn(t, conn, nowhere)
	sbc.says("200 OK")
	l := newLab(t, func(c *sipd.Config, _ *sipd.Deps) {
		c.SBCs = []sipd.SBC{{Host: "127.0.0.1", Port: portOf(sbc), Transport: phone.TCP}}
	})
	l.isKept(t)
	p := newPeer(t, "127.0.0.2", l.addr)
	p.call("sip:112@box")
	sbc.answer(sbc.want("INVITE"), "180 Ringing", "s", "")
	p.want("180")
	conn.hangUp()
	sbc.answer(sbc.want("INVITE"), "486 Busy Here", "s", "")
	p.want("486")
	if e := outcome(t, l); len(e.Said) != 2 || e.Said[0] != "the connection broke" {
		t.Errorf("recorded %q, want that the connection broke", e.Said)
	}
}

// The dates of an SBC's certificate stop no call for help, and are told of.
func TestTheDatesOfAnSBCsCertificateStopNoCall(t *testing.T) {
	now, day := time.Now(), 24*time.Hour
	for _, tt := range []struct {
		name        string
		begin, over time.Time
		told        string
	}{
		{"it ended", now.Add(-90 * day), now.Add(-day), "its certificate ended on "},
		{"a clock that is years behind", now.Add(400 * day), now.Add(800 * day), "its certificate is valid from "},
		{"it ends soon", now.Add(-60 * day), now.Add(20 * day), "its certificate ends on "},
		{"it is good", now.Add(-day), now.Add(31 * day), ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			conn, trusts := secureSocketOf(t, "127.0.0.7:0", "sbc.test", tt.begin, tt.over)
			sbc := newPeerOn(t, conn, nowhere)
			z := &zone{ip: map[string][]netip.Addr{"sbc.test": {netip.MustParseAddr("127.0.0.7")}}}
			sbc.says("200 OK")
			l := newLab(t, named(z, sipd.SBC{Host: "sbc.test", Port: portOf(sbc), Transport: phone.TLS}), func(c *sipd.Config, _ *sipd.Deps) { c.TLS, c.Probe = trusts, 200*time.Millisecond })
			l.isKept(t)
			p := newPeer(t, "127.0.0.2", l.addr)
			p.call("sip:112@box")
			sbc.answer(sbc.want("INVITE"), "486 Busy Here", "s", "")
			p.want("486")
			if tt.told == "" {
				if c, is := condition(l.board, "emergency-sbc-certificate"); is {
					t.Errorf("told %q, want nothing", c.Detail)
				}
				return
			}
			waitFor(t, "the condition", func() bool { return has(l.board, "emergency-sbc-certificate") })
			if c, _ := condition(l.board, "emergency-sbc-certificate"); !strings.Contains(c.Detail, "sbc.test:") || !strings.Contains(c.Detail, tt.told) {
				t.Errorf("told %q, want the SBC and %q", c.Detail, tt.told)
			}
		})
	}
}

// A certificate nobody trusts is none, whatever its dates.
func TestACertificateOfNoTrustedIssuerIsNone(t *testing.T) {
	conn, _ := secureSocketOf(t, "127.0.0.7:0", "sbc.test", time.Now().Add(-48*time.Hour), time.Now().Add(-24*time.Hour))
	sbc := newPeerOn(t, conn, nowhere)
	_, others := secureSocket(t, "127.0.0.8:0", "sbc.test")
	z := &zone{ip: map[string][]netip.Addr{"sbc.test": {netip.MustParseAddr("127.0.0.7")}}}
	l := newLab(t, named(z, sipd.SBC{Host: "sbc.test", Port: portOf(sbc), Transport: phone.TLS}), func(c *sipd.Config, _ *sipd.Deps) { c.TLS = others })
	waitFor(t, "the condition", func() bool { return has(l.board, "emergency-sbc-unreachable") })
	if c, _ := condition(l.board, "emergency-sbc-unreachable"); !strings.Contains(c.Detail, "unknown authority") {
		t.Errorf("told %q, want that nobody vouches for it", c.Detail)
	}
}
