package integration

import (
	"bytes"
	"fmt"
	"net"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/lineside/lineside/admin"
	"github.com/lineside/lineside/phone"
)

// helpURIs are the ways a phone may call for help.
func helpURIs() []string {
	return []string{"sip:112@" + boxAt, "sip:110@" + boxAt, "tel:112", "urn:service:sos.police"}
}

// emergencyCalls: whatever the phone has proved, and whatever else goes on.
func emergencyCalls(t *testing.T, c *callTable) {
	l := newSIPLab(t)
	first := l.answers(l.first, firstAt)
	l.answers(l.second, secondAt)
	l.start(t)
	shows := make(map[string]func(string, ...any))
	states := []string{"not registered", "registered, needed", "failed", "blocked", "flood of 1,000 messages/s", "first SBC dead"}
	for _, s := range states {
		shows[s] = c.row("112, 110, tel:112, urn:service:sos.police: "+s, "sipp")
	}
	for i, state := range states {
		own := l
		if i > 0 {
			own = l.another(t, i)
		}
		t.Run(state, func(t *testing.T) {
			sbc := firstAt
			switch state {
			case "registered, needed":
				own.account(t)
				own.registers(t)
			case "failed", "blocked":
				own.lockOut(t, state)
			case "flood of 1,000 messages/s":
				defer own.flood(t)()
			case "first SBC dead":
				first.Stop()
				sbc = secondAt
			}
			took := own.callsForHelp(t, sbc)
			if !t.Failed() {
				shows[state]("all answered by %s, %s", map[string]string{firstAt: "the first SBC", secondAt: "the second"}[sbc], took)
			}
		})
	}
}

// callsForHelp calls every URI and wants the SBC to have taken it, by the audit
// log; it says how long that took.
func (l *sipLab) callsForHelp(t *testing.T, sbc string) string {
	t.Helper()
	begun := len(l.emergencies(t))
	var took []string
	for i, uri := range helpURIs() {
		start := time.Now()
		if out, err := l.dials(t, uri, "200", ""); err != nil {
			t.Errorf("%s: %v\n%s", uri, err, tail(out))
			continue
		}
		took = append(took, fmt.Sprintf("%.1f", time.Since(start).Seconds()))
		want := "112"
		if strings.Contains(uri, "110") || strings.Contains(uri, "police") {
			want = "110"
		}
		if call := l.audited(t, begun+i); call.Outcome != "answered" || call.SBC != sbc || call.Number != want {
			t.Errorf("%s: audit %+v, want %s answered by %s", uri, call, want, sbc)
		}
	}
	return strings.Join(took, ", ") + " s each, the program's own start with it"
}

// lockOut types wrong PINs for the device until it is in a state.
func (l *sipLab) lockOut(t *testing.T, state string) {
	t.Helper()
	if state == "blocked" {
		if _, err := l.client.SetPolicy(t.Context(), admin.PolicyInput{BlockAfter: admin.Set(1)}); err != nil {
			t.Fatal(err)
		}
	}
	pin := l.pin(t)
	for i := range 3 {
		if _, err := l.client.EnterPIN(t.Context(), l.mac, phone.NewSecret(other(pin, i+1)), netip.MustParseAddr(l.at)); err != nil {
			t.Fatal(err)
		}
	}
	if got := l.state(t); got != state {
		t.Fatalf("got state %q, want %s", got, state)
	}
}

// flood sends a thousand messages a second from the phone's own address until
// stopped.
func (l *sipLab) flood(t *testing.T) (stop func()) {
	t.Helper()
	conn := l.open(t, 0)
	to := &net.UDPAddr{IP: net.ParseIP(boxAt), Port: sipPort}
	done, ended := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(ended)
		tick := time.NewTicker(time.Millisecond)
		defer tick.Stop()
		for i := 0; ; i++ {
			select {
			case <-tick.C:
				_, _ = fmt.Fprintf(udpWriter{conn, to}, "INVITE sip:*89@10.77.0.1 SIP/2.0\r\nVia: SIP/2.0/UDP %[2]s:5099;branch=z9hG4bKf%[1]d\r\n"+
					"From: <sip:x@y>;tag=%[1]d\r\nTo: <sip:x@y>\r\nCall-ID: f%[1]d\r\nCSeq: 1 INVITE\r\nContent-Length: 0\r\n\r\n", i, l.at)
			case <-done:
				return
			}
		}
	}()
	return func() {
		close(done)
		<-ended
	}
}

type udpWriter struct {
	conn net.PacketConn
	to   net.Addr
}

func (w udpWriter) Write(b []byte) (int, error) { return w.conn.WriteTo(b, w.to) }

// noSBCLeft: the SBC that answered once has gone, and the box was restarted.
func noSBCLeft(t *testing.T, c *callTable) {
	hears, typed, told := c.row("both SBCs dead: what the caller is told", "sipp"),
		c.row("both SBCs dead: 112 typed in the PIN call", "sipp, own recorder"), c.row("both SBCs dead: what the operator sees", "API")
	l := newSIPLab(t)
	sbc := l.answers(l.second, secondAt)
	l.start(t)
	l.tested(t)
	own := l.another(t, 1)
	sbc.Stop()
	l.kill()
	l.start(t)
	t.Run("112", func(t *testing.T) {
		const text = "Emergency calls cannot be connected here now: use a mobile phone"
		n := len(l.emergencies(t))
		if out, err := l.dials(t, "sip:112@"+boxAt, "503", text); err != nil {
			t.Fatalf("%v\n%s", err, tail(out))
		}
		if call := l.audited(t, n); call.Outcome != "failed" || len(call.Tried) != 2 {
			t.Errorf("audit: got %+v, want it failed after two", call)
		}
		hears("503, Warning %q", text)
	})
	t.Run("112 in the PIN call", func(t *testing.T) {
		own.account(t)
		e, want := own.listens(t, nil), prompt(t, "emergency-failed")
		own.calls(t, hangingUp(t, "*89", relayed(3, "112#")+pause(20*time.Second), 7), e)
		if got := e.heard(); !bytes.Contains(got, want) {
			t.Errorf("heard %d bytes without the %d of emergency-failed.ulaw", len(got), len(want))
		}
		typed("all %d bytes of emergency-failed.ulaw", len(want))
	})
	t.Run("the operator", func(t *testing.T) {
		one := l.sees(t, "emergency-sbc-unreachable")
		if !strings.Contains(one.Do, "site.sbc") {
			t.Errorf("the operator is told %q, want what to look at", one.Do)
		}
		told("%s: %s; and emergency-called, failed, in the audit log", one.Title, one.Detail)
	})
}

// dials calls a URI without a login, and hangs up where it was answered. warning
// is what a refusal has to say, empty for anything.
func (l *sipLab) dials(t *testing.T, uri, want, warning string, extra ...string) (string, error) {
	t.Helper()
	end := within("ACK", 1, "", "") + pause(200*time.Millisecond) + within("BYE", 2, "", "") + "  <recv response=\"200\"/>\n"
	if want != "200" {
		end = ""
	}
	final := `  <recv response="` + want + `"/>`
	if warning != "" {
		final = `  <recv response="` + want + `"><action><ereg regexp="` + warning + `" search_in="hdr" header="Warning:" check_it="true" assign_to="said"/></action></recv>
  <Reference variables="said"/>`
	}
	text := fmt.Sprintf(`<?xml version="1.0" encoding="ISO-8859-1" ?>
<scenario name="emergency">
  <Global variables="events"/>
  <send retrans="500"><![CDATA[
    INVITE %[1]s SIP/2.0
    Via: SIP/2.0/[transport] [local_ip]:[local_port];branch=[branch];rport
    Max-Forwards: 70
    From: <sip:nobody@[local_ip]>;tag=[call_number]
    To: <%[1]s>
    Call-ID: [call_id]
    CSeq: 1 INVITE
    Contact: <sip:nobody@[local_ip]:[local_port]>
    Content-Type: application/sdp
    Content-Length: [len]

    v=0
    o=- 1 1 IN IP4 [local_ip]
    s=-
    c=IN IP4 [media_ip]
    t=0 0
    m=audio [media_port] RTP/AVP 0 [$events]

  ]]></send>
  <recv response="100" optional="true"/>
  <recv response="180" optional="true"/>
  <recv response="183" optional="true"/>
%[2]s
%[3]s</scenario>
`, uri, final, end)
	stranger := *l
	stranger.user, stranger.password = "nobody", "x"
	return stranger.sipp(scenario(t, text), 101, extra...)
}
