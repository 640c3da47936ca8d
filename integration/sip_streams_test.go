package integration

import (
	"bufio"
	"crypto/tls"
	"fmt"
	"net"
	"net/http"
	"net/textproto"
	"strings"
	"testing"
	"time"

	"github.com/icholy/digest"
)

// TestSIPOverTCPAndTLS: the same PIN call over the other two transports, and an
// emergency call that is cancelled while the SBC rings.
func TestSIPOverTCPAndTLS(t *testing.T) {
	l := newSIPLab(t)
	l.settings(t, "[listen]\n", "[listen]\nsips = \":5061\"\n")
	l.second.Start("sipp", "-sf", ringing(t), "-i", secondAt, "-p", "5060", "-nostdin", "-aa")
	l.start(t)
	l.setUp(t)
	l.sees(t, "emergency-sbc-partly")
	t.Run("the PIN call by TCP", func(t *testing.T) {
		l.account(t)
		if out, err := l.sipp(sippCall(t, "*89", relayed(3, l.pin(t)+"#")), 101, "-t", "t1"); err != nil {
			t.Fatalf("%v\n%s", err, tail(out))
		}
		l.wantFull(t)
	})
	t.Run("registration by TLS", func(t *testing.T) { // Debian's sipp speaks none
		if _, err := l.client.Reset(t.Context(), l.mac); err != nil {
			t.Fatal(err)
		}
		l.account(t)
		var conn net.Conn
		if err := l.phone.Do(func() (err error) {
			conn, err = net.DialTCP("tcp4", &net.TCPAddr{IP: net.ParseIP(l.at)}, &net.TCPAddr{IP: net.ParseIP(boxAt), Port: 5061})
			return err
		}); err != nil {
			t.Fatal(err)
		}
		c := tls.Client(conn, &tls.Config{InsecureSkipVerify: true}) // phones ship without the box's CA
		defer func() { _ = c.Close() }()
		_ = c.SetDeadline(time.Now().Add(sipWait))
		answers := bufio.NewReader(c)
		if status, head := l.registerBy(t, c, answers, 1, ""); status != "401" {
			t.Errorf("without a login: got %s, want 401", status)
		} else if status, _ := l.registerBy(t, c, answers, 2, l.digest(t, head)); status != "200" {
			t.Errorf("with the login: got %s, want 200", status)
		}
	})
	t.Run("an emergency call is cancelled", func(t *testing.T) {
		l.user, l.password = "nobody", "x"
		if out, err := l.sipp(cancelling(t), 101); err != nil {
			t.Errorf("%v\n%s", err, tail(out))
		}
	})
}

// registerBy sends a REGISTER on a connection and reads the answer.
func (l *sipLab) registerBy(t *testing.T, c net.Conn, answers *bufio.Reader, seq int, login string) (status string, head textproto.MIMEHeader) {
	t.Helper()
	if login != "" {
		login = "Authorization: " + login + "\r\n"
	}
	if _, err := fmt.Fprintf(c, "REGISTER sip:10.77.0.1 SIP/2.0\r\nVia: SIP/2.0/TLS %[1]s;branch=z9hG4bKt%[2]d;rport\r\nFrom: <sip:%[3]s@10.77.0.1>;tag=1\r\n"+
		"To: <sip:%[3]s@10.77.0.1>\r\nCall-ID: tls\r\nCSeq: %[2]d REGISTER\r\nContact: <sip:%[3]s@%[1]s;transport=tls>\r\n%[4]sContent-Length: 0\r\n\r\n",
		c.LocalAddr(), seq, l.user, login); err != nil {
		t.Fatal(err)
	}
	r := textproto.NewReader(answers)
	line, err := r.ReadLine()
	if err != nil {
		t.Fatal(err)
	}
	if head, err = r.ReadMIMEHeader(); err != nil {
		t.Fatal(err)
	}
	return strings.Fields(line)[1], head
}

// digest answers a challenge with the holding account.
func (l *sipLab) digest(t *testing.T, head textproto.MIMEHeader) string {
	t.Helper()
	c, err := digest.FindChallenge(http.Header(head))
	if err != nil {
		t.Fatal(err)
	}
	cred, err := digest.Digest(c, digest.Options{Method: "REGISTER", URI: "sip:10.77.0.1", Count: 1, Username: l.user, Password: l.password})
	if err != nil {
		t.Fatal(err)
	}
	return cred.String()
}

// sipReply is a step of an SBC: an answer to the last request.
func sipReply(status, tag string) string {
	return `  <send><![CDATA[
    SIP/2.0 ` + status + `
    [last_Via:]
    [last_From:]
    [last_To:]` + tag + `
    [last_Call-ID:]
    [last_CSeq:]
    Contact: <sip:sbc@[local_ip]:[local_port]>
    Content-Length: 0

  ]]></send>
`
}

// ringing is an SBC that rings until the caller gives up.
func ringing(t *testing.T) string {
	t.Helper()
	return scenario(t, `<?xml version="1.0" encoding="ISO-8859-1" ?>
<scenario name="ringing">
  <recv request="INVITE"/>
`+sipReply("180 Ringing", ";tag=s[call_number]")+`  <recv request="CANCEL"/>
`+sipReply("200 OK", ";tag=s[call_number]")+`  <send retrans="500"><![CDATA[
    SIP/2.0 487 Request Terminated
    [last_Via:]
    [last_From:]
    [last_To:];tag=s[call_number]
    [last_Call-ID:]
    CSeq: 1 INVITE
    Content-Length: 0

  ]]></send>
  <recv request="ACK"/>
</scenario>
`)
}

// cancelling is a caller of 112 that gives up while it rings.
func cancelling(t *testing.T) string {
	t.Helper()
	send := func(method, branch, to string, body string) string {
		return `  <send><![CDATA[
    ` + method + ` sip:112@[remote_ip] SIP/2.0
    Via: SIP/2.0/[transport] [local_ip]:[local_port];branch=` + branch + `
    Max-Forwards: 70
    From: <sip:nobody@[local_ip]>;tag=[call_number]
    To: <sip:112@[remote_ip]>` + to + `
    Call-ID: [call_id]
    CSeq: 1 ` + method + `
    Contact: <sip:nobody@[local_ip]:[local_port]>
` + body + `
  ]]></send>
`
	}
	return scenario(t, `<?xml version="1.0" encoding="ISO-8859-1" ?>
<scenario name="cancelling">
  <Global variables="events"/>
`+send("INVITE", "[branch]", "", `    Subject: [$events]
    Content-Type: application/sdp
    Content-Length: [len]

    v=0
    o=- 1 1 IN IP4 [local_ip]
    s=-
    c=IN IP4 [media_ip]
    t=0 0
    m=audio [media_port] RTP/AVP 0
`)+`  <recv response="100" optional="true"/>
  <recv response="180"/>
`+send("CANCEL", "[branch-3]", "", "    Content-Length: 0\n")+`  <recv response="200"/>
  <recv response="487"/>
`+send("ACK", "[branch-6]", "[peer_tag_param]", "    Content-Length: 0\n")+`</scenario>
`)
}
