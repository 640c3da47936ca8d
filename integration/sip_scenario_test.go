package integration

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// sippCall writes a sipp scenario: a call to number with the account given on the
// command line, what steps do in it, and its end by the other side where the
// steps do not end it.
func sippCall(t *testing.T, number, steps string) string {
	t.Helper()
	head := func(cseq, extra string) string {
		return fmt.Sprintf(`  <send retrans="500"><![CDATA[
    INVITE sip:%[1]s@[remote_ip] SIP/2.0
    Via: SIP/2.0/[transport] [local_ip]:[local_port];branch=[branch];rport
    Max-Forwards: 70
    From: <sip:[service]@[remote_ip]>;tag=[call_number]
    To: <sip:%[1]s@[remote_ip]>
    Call-ID: [call_id]
    CSeq: %[2]s INVITE
    Contact: <sip:[service]@[local_ip]:[local_port]>
%[3]s    User-Agent: Yealink SIP-T46G 28.83.0.50
    Content-Type: application/sdp
    Content-Length: [len]

    v=0
    o=- 1 1 IN IP4 [local_ip]
    s=-
    c=IN IP4 [media_ip]
    t=0 0
    m=audio [media_port] RTP/AVP 0 8 [$events]
    a=rtpmap:[$events] telephone-event/8000
    a=fmtp:[$events] 0-15

  ]]></send>
`, number, cseq, extra)
	}
	text := `<?xml version="1.0" encoding="ISO-8859-1" ?>
<scenario name="call">
  <Global variables="events"/>
` + head("1", "") + `  <recv response="100" optional="true"/>
  <recv response="401" auth="true"/>
  <send><![CDATA[
    ACK sip:` + number + `@[remote_ip] SIP/2.0
    Via: SIP/2.0/[transport] [local_ip]:[local_port];branch=[branch-3];rport
    Max-Forwards: 70
    From: <sip:[service]@[remote_ip]>;tag=[call_number]
    To: <sip:` + number + `@[remote_ip]>[peer_tag_param]
    Call-ID: [call_id]
    CSeq: 1 ACK
    Content-Length: 0

  ]]></send>
` + head("2", "    [authentication]\n") + `  <recv response="100" optional="true"/>
  <recv response="200" rtd="true"/>
` + within("ACK", 2, "", "") + steps + answeredBYE + "</scenario>\n"
	return scenario(t, text)
}

// answeredBYE is the end of a call by the other side.
const answeredBYE = `  <recv request="BYE"/>
  <send><![CDATA[
    SIP/2.0 200 OK
    [last_Via:]
    [last_From:]
    [last_To:]
    [last_Call-ID:]
    [last_CSeq:]
    Content-Length: 0

  ]]></send>
`

// hangingUp is sippCall with the caller's own BYE at the end.
func hangingUp(t *testing.T, number, steps string, cseq int) string {
	t.Helper()
	text, err := os.ReadFile(sippCall(t, number, steps))
	if err != nil {
		t.Fatal(err)
	}
	head, _, _ := strings.Cut(string(text), answeredBYE)
	return scenario(t, head+within("BYE", cseq, "", "")+"  <recv response=\"200\"/>\n</scenario>\n")
}

// scenario puts a sipp scenario into a file.
func scenario(t *testing.T, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "scenario.xml")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// within is a step: a request in the call.
func within(method string, cseq int, kind, body string) string {
	content := ""
	if kind != "" {
		content = "    Content-Type: " + kind + "\n"
	}
	retrans := ` retrans="500"`
	if method == "ACK" {
		retrans = ""
	}
	return fmt.Sprintf(`  <send%[1]s><![CDATA[
    %[2]s sip:[service]@[remote_ip] SIP/2.0
    Via: SIP/2.0/[transport] [local_ip]:[local_port];branch=[branch];rport
    Max-Forwards: 70
    From: <sip:[service]@[remote_ip]>;tag=[call_number]
    To: <sip:x@[remote_ip]>[peer_tag_param]
    Call-ID: [call_id]
    CSeq: %[3]d %[2]s
    Contact: <sip:[service]@[local_ip]:[local_port]>
%[4]s    Content-Length: [len]

%[5]s
  ]]></send>
`, retrans, method, cseq, content, indent(body))
}

func indent(body string) string {
	if body == "" {
		return ""
	}
	return "    " + strings.ReplaceAll(body, "\n", "\n    ") + "\n"
}

func pause(d time.Duration) string {
	return fmt.Sprintf("  <pause milliseconds=\"%d\"/>\n", d.Milliseconds())
}

// infos are keys by INFO, each waiting for its answer.
func infos(first int, kind, format, keys string) string {
	var b strings.Builder
	for i, key := range keys {
		b.WriteString(within("INFO", first+i, kind, fmt.Sprintf(format, string(key))))
		b.WriteString("  <recv response=\"200\"/>\n")
	}
	return b.String()
}

// played is keys by sipp's own means, which is payload type 96.
func played(keys string) string {
	return fmt.Sprintf("  <nop><action><exec play_dtmf=\"%s\"/></action></nop>\n", keys)
}

// recorded plays packets of a file made by the test.
func recorded(file string) string {
	return fmt.Sprintf("  <nop><action><exec play_pcap_audio=\"%s\"/></action></nop>\n", file)
}

// Ports of the phone's that sipp uses: registration and calls.
const (
	registeredPort = 5060
	callPort       = 5070
)

// sipp runs a scenario from the phone with its account. By itself it would make
// its login for the box's address alone; phones make it for whom they call.
func (l *sipLab) sipp(file string, events int, extra ...string) (string, error) {
	args := append([]string{
		boxAt + ":5060", "-sf", file, "-s", l.user, "-au", l.user, "-ap", l.password, "-auth_uri", "*89@" + boxAt,
		"-i", l.at, "-mi", l.at, "-p", fmt.Sprint(callPort),
		"-set", "events", fmt.Sprint(events), "-m", "1", "-nostdin", "-timeout", "60",
	}, extra...)
	return l.phone.Try(90*time.Second, "sipp", args...)
}

// registers signs the phone's account on.
func (l *sipLab) registers(t *testing.T) {
	t.Helper()
	out, err := l.phone.Try(sipWait, "sipp", boxAt+":5060", "-sf", "testdata/sip_register.xml", "-s", l.user, "-au", l.user, "-ap", l.password,
		"-i", l.at, "-p", fmt.Sprint(registeredPort), "-m", "1", "-nostdin", "-timeout", "20")
	if err != nil {
		t.Fatalf("register: %v\n%s", err, tail(out))
	}
}
