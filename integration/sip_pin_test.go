package integration

import (
	"bytes"
	"context"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"net"
	"net/netip"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/lineside/lineside/admin"
	"github.com/lineside/lineside/audit"
	"github.com/lineside/lineside/phone"
)

// newPINLab is a branch whose SBC answers, with a phone that is set up, has
// fetched its holding config and registered.
func newPINLab(t *testing.T) *sipLab {
	t.Helper()
	l := newSIPLab(t)
	sbc := l.sbc.Start("sipp", "-sn", "uas", "-i", "10.77.0.9", "-p", "5060", "-nostdin", "-aa", "-rtp_echo")
	t.Cleanup(sbc.Stop)
	l.start(t)
	l.setUp(t)
	l.user, l.password = l.account(t)
	l.registers(t)
	return l
}

func (l *sipLab) setUp(t *testing.T) {
	t.Helper()
	d := admin.DeviceInput{MAC: admin.Set(l.mac), Vendor: admin.Set("yealink"), Model: admin.Set("T46G"), Lines: admin.Set([]admin.LineInput{{
		Registrar: "sip.example.net", User: "4711", Password: admin.Set("fake-line-secret"),
	}})}
	if _, err := l.client.AddDevice(t.Context(), d); err != nil {
		t.Fatal(err)
	}
}

func (l *sipLab) registers(t *testing.T) {
	t.Helper()
	out, err := l.phone.Try(sipWait, "sipp", "10.77.0.1:5060", "-sf", "testdata/sip_register.xml", "-s", l.user, "-au", l.user, "-ap", l.password,
		"-i", "10.77.0.60", "-p", "5060", "-m", "1", "-nostdin", "-timeout", "20")
	if err != nil {
		t.Fatalf("register: %v\n%s", err, tail(out))
	}
}

// pin is the phone's PIN.
func (l *sipLab) pin(t *testing.T) string {
	t.Helper()
	r, err := l.client.ShowPIN(t.Context(), l.mac)
	if err != nil {
		t.Fatal(err)
	}
	return r.PIN
}

// other is a PIN that is not right; n keeps several apart.
func other(pin string, n int) string {
	b := []byte(pin)
	b[5] = '0' + (b[5]-'0'+byte(n))%10
	return string(b)
}

// anew makes the device as if it had never been seen.
func (l *sipLab) anew(t *testing.T) string {
	t.Helper()
	if _, err := l.client.Reset(t.Context(), l.mac); err != nil {
		t.Fatal(err)
	}
	l.user, l.password = l.account(t)
	return l.pin(t)
}

// notified answers the NOTIFY that comes after a call. sipp ends with the call, so
// it is this that hears it.
func (l *sipLab) notified(t *testing.T, port string) <-chan string {
	t.Helper()
	var conn net.PacketConn
	if err := l.phone.Do(func() (err error) {
		conn, err = net.ListenPacket("udp4", "10.77.0.60:"+port)
		return err
	}); err != nil {
		t.Fatal(err)
	}
	got := make(chan string, 1)
	go func() {
		defer close(got)
		defer func() { _ = conn.Close() }()
		_ = conn.SetReadDeadline(time.Now().Add(2 * sipWait))
		b := make([]byte, 4096)
		n, from, err := conn.ReadFrom(b)
		if err != nil {
			return
		}
		text := string(b[:n])
		reply := "SIP/2.0 200 OK\r\n"
		for line := range strings.SplitSeq(text, "\r\n") {
			name, _, _ := strings.Cut(line, ":")
			switch name {
			case "Via", "From", "To", "Call-ID", "CSeq":
				reply += line + "\r\n"
			}
		}
		_, _ = conn.WriteTo([]byte(reply+"Content-Length: 0\r\n\r\n"), from)
		got <- text
	}()
	return got
}

// TestPINByTelephone: sipp as the phone, by every way of typing; then NOTIFY, and
// the next fetch is the full config.
func TestPINByTelephone(t *testing.T) {
	l := newPINLab(t)
	t.Run("a NOTIFY that is challenged, and told again", l.resyncChallenged)
	for _, tt := range []struct {
		name   string
		events int
		steps  func(pin string) string
	}{
		{"RFC 4733, payload type 96", 96, func(pin string) string { return pause(time.Second) + played(pin+"#") }},
		{"RFC 4733, payload type 101", 101, func(pin string) string {
			return pause(time.Second) + recorded(events(t, 101, pin+"#", 100*time.Millisecond))
		}},
		{"RFC 4733, keys of 40 ms", 101, func(pin string) string {
			return pause(time.Second) + recorded(events(t, 101, pin+"#", 40*time.Millisecond))
		}},
		{"INFO, dtmf-relay", 101, func(pin string) string { return infos(3, "application/dtmf-relay", "Signal=%s\nDuration=160", pin+"#") }},
		{"INFO, dtmf", 101, func(pin string) string { return infos(3, "application/dtmf", "%s", pin+"#") }},
		{"in band", 101, func(pin string) string { return pause(time.Second) + recorded(tones(t, pin+"#")) }},
		{"wrong, wrong, right", 101, func(pin string) string {
			return infos(3, "application/dtmf-relay", "Signal=%s\nDuration=160", other(pin, 1)+"#") + pause(time.Second) +
				infos(10, "application/dtmf-relay", "Signal=%s\nDuration=160", other(pin, 2)+"#") + pause(time.Second) +
				infos(17, "application/dtmf-relay", "Signal=%s\nDuration=160", pin+"#")
		}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			pin := l.anew(t)
			told := l.notified(t, "5060")
			if out, err := l.sipp(sippCall(t, "*89", tt.steps(pin)), tt.events, "5070"); err != nil {
				t.Fatalf("%v\n%s", err, tail(out))
			}
			if text := <-told; !strings.HasPrefix(text, "NOTIFY ") || !strings.Contains(text, "\r\nEvent: check-sync;reboot=false\r\n") {
				t.Errorf("after the call: got %q, want a NOTIFY", text)
			}
			l.wantFull(t)
		})
	}
}

// wantFull fetches as the phone does: the holding config's login first.
func (l *sipLab) wantFull(t *testing.T) {
	t.Helper()
	body := l.phone.Run(sipWait, "curl", "-s", "--digest", "-u", "hold-"+l.mac.Hex()+":"+l.login, "-A", "Yealink SIP-T46G 28.83.0.50 "+l.mac.String(), l.url(l.mac.Hex()+".cfg"))
	if !strings.Contains(body, "account.1.user_name = 4711") {
		t.Errorf("after the PIN: got %.300s\nwant the full config", body)
	}
}

// TestThreeWrongPINsAndSilence: a call in which nothing is typed costs nothing;
// three wrong PINs lock the phone, which is told to fetch the text that says so.
func TestThreeWrongPINsAndSilence(t *testing.T) {
	l := newPINLab(t)
	pin := l.pin(t)
	if out, err := l.sipp(sippCall(t, "123", ""), 101, "5070"); err != nil {
		t.Errorf("silence: %v\n%s", err, tail(out))
	}
	if d, err := l.client.Device(t.Context(), l.mac); err != nil || d.Enrolment.State != "needed" {
		t.Errorf("after silence: got %q, %v, want needed", d.Enrolment.State, err)
	}
	told := l.notified(t, "5060")
	steps := ""
	for i := range 3 {
		steps += infos(3+7*i, "application/dtmf-relay", "Signal=%s\nDuration=160", other(pin, i+1)+"#") + pause(time.Second)
	}
	if out, err := l.sipp(sippCall(t, "*89", steps), 101, "5070"); err != nil {
		t.Errorf("three wrong: %v\n%s", err, tail(out))
	}
	if text := <-told; !strings.HasPrefix(text, "NOTIFY ") {
		t.Errorf("after three wrong: got %q, want a NOTIFY", text)
	}
	body := l.phone.Run(sipWait, "curl", "-s", "-A", "Yealink SIP-T46G 28.83.0.50 "+l.mac.String(), l.url(l.mac.Hex()+".cfg"))
	if !strings.Contains(body, "Authentication failed") {
		t.Errorf("the holding config says %.200s\nwant Authentication failed", body)
	}
}

// TestTheCallerHearsThePromptsBytes records a call on the phone's side.
func TestTheCallerHearsThePromptsBytes(t *testing.T) {
	l := newPINLab(t)
	want, err := os.ReadFile("../voice/prompts/en/ask.ulaw")
	if err != nil {
		t.Fatal(err)
	}
	var conn *net.UDPConn
	if err := l.phone.Do(func() (err error) {
		conn, err = net.ListenUDP("udp4", net.UDPAddrFromAddrPort(netip.MustParseAddrPort("10.77.0.60:30000")))
		return err
	}); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 2*sipWait)
	defer cancel()
	context.AfterFunc(ctx, func() { _ = conn.Close() })
	sound := make(chan []byte, 1)
	go func() {
		var all []byte
		b := make([]byte, 2048)
		next := uint16(0)
		for {
			n, _, err := conn.ReadFrom(b)
			if err != nil {
				sound <- all
				return
			}
			if number := binary.BigEndian.Uint16(b[2:]); len(all) == 0 || number == next {
				next = number + 1
				all = append(all, b[12:n]...)
			}
		}
	}()
	file := sippCall(t, "*89", pause(time.Duration(len(want)/8+500)*time.Millisecond)+infos(3, "application/dtmf-relay", "Signal=%s\nDuration=160", l.pin(t)+"#"))
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	file = scenario(t, strings.ReplaceAll(string(text), "m=audio [media_port]", "m=audio 30000"))
	if out, err := l.sipp(file, 101, "5070"); err != nil {
		t.Errorf("%v\n%s", err, tail(out))
	}
	_ = conn.Close()
	if got := <-sound; !bytes.HasPrefix(got, want) {
		t.Errorf("heard %d bytes that do not begin with the %d of the prompt", len(got), len(want))
	}
}

// TestEmergencyInEveryState: 112 goes out whatever the phone has proved.
func TestEmergencyInEveryState(t *testing.T) {
	l := newPINLab(t)
	for _, state := range []string{"needed", "failed", "blocked"} {
		if state != "needed" {
			l.lockOut(t, state)
		}
		for _, uri := range []string{"sip:112@10.77.0.1", "sip:110@10.77.0.1", "tel:112", "urn:service:sos.police"} {
			if out, err := l.dials(t, uri, "200"); err != nil {
				t.Errorf("%s, %s: %v\n%s", state, uri, err, tail(out))
			}
		}
	}
}

// TestAnEmergencyNumberTypedInThePINCall: the SBC takes the call the box makes.
func TestAnEmergencyNumberTypedInThePINCall(t *testing.T) {
	l := newPINLab(t)
	before := l.taken(t)
	steps := infos(3, "application/dtmf-relay", "Signal=%s\nDuration=160", "112#") + pause(5*time.Second) + within("BYE", 7, "", "") + "  <recv response=\"200\"/>\n"
	file := sippCall(t, "*89", steps)
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	head, _, _ := strings.Cut(string(text), "  <recv request=\"BYE\"/>")
	if out, err := l.sipp(scenario(t, head+"</scenario>\n"), 101, "5073"); err != nil {
		t.Errorf("%v\n%s", err, tail(out))
	}
	for end := time.Now().Add(sipWait); l.taken(t) == before; {
		if time.Now().After(end) {
			t.Fatalf("got %d calls the SBC took before and after, want one more", before)
		}
	}
}

// taken is how many calls to 112 the audit log says the living SBC took.
func (l *sipLab) taken(t *testing.T) (n int) {
	t.Helper()
	entries, err := l.client.AuditTail(t.Context(), phone.MAC{}, 200)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		var call audit.EmergencyCalled
		if e.Kind == "emergency-called" && json.Unmarshal(e.What, &call) == nil &&
			call.Number == "112" && call.Outcome == "answered" && call.SBC == "10.77.0.9" {
			n++
		}
	}
	return n
}

// lockOut types wrong PINs for the device until it is in a state.
func (l *sipLab) lockOut(t *testing.T, state string) {
	t.Helper()
	if state == "blocked" {
		if _, err := l.client.SetPolicy(t.Context(), admin.PolicyInput{BlockAfter: admin.Set(1)}); err != nil {
			t.Fatal(err)
		}
		if _, err := l.client.Unblock(t.Context(), l.mac); err != nil {
			t.Fatal(err)
		}
	}
	pin := l.pin(t)
	for i := range 3 {
		if _, err := l.client.EnterPIN(t.Context(), l.mac, phone.NewSecret(other(pin, i+1)), netip.MustParseAddr("10.77.0.60")); err != nil {
			t.Fatal(err)
		}
	}
	d, err := l.client.Device(t.Context(), l.mac)
	if err != nil || d.Enrolment.State != state {
		t.Fatalf("got state %q, %v, want %s", d.Enrolment.State, err, state)
	}
}

// dials calls a URI without a login, and hangs up where it was answered.
func (l *sipLab) dials(t *testing.T, uri, want string) (string, error) {
	t.Helper()
	end := within("ACK", 1, "", "") + pause(200*time.Millisecond) + within("BYE", 2, "", "") + "  <recv response=\"200\"/>\n"
	if want != "200" {
		end = ""
	}
	text := fmt.Sprintf(`<?xml version="1.0" encoding="ISO-8859-1" ?>
<scenario name="emergency">
  <Global variables="events"/>
  <send retrans="500"><![CDATA[
    INVITE %s SIP/2.0
    Via: SIP/2.0/[transport] [local_ip]:[local_port];branch=[branch];rport
    Max-Forwards: 70
    From: <sip:nobody@[local_ip]>;tag=[call_number]
    To: <%s>
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
  <recv response="%s"/>
%s</scenario>
`, uri, uri, want, end)
	return l.sipp(scenario(t, text), 101, "5072")
}

// TestEmergencyWithBothSBCsDead: the caller is told, and so is the operator.
func TestEmergencyWithBothSBCsDead(t *testing.T) {
	l := newSIPLab(t)
	l.start(t)
	l.user, l.password = "nobody", "x"
	if out, err := l.dials(t, "sip:112@10.77.0.1", "503"); err != nil {
		t.Errorf("%v\n%s", err, tail(out))
	}
	l.wantAudit(t, "emergency-called")
	found := ""
	for end := time.Now().Add(sipWait); time.Now().Before(end) && found == ""; {
		health, err := l.client.Health(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		for _, c := range health.Conditions {
			if c.Code == "emergency-sbc-unreachable" {
				found = c.Do
			}
		}
	}
	if !strings.Contains(found, "site.sbc") {
		t.Errorf("the operator is told %q, want what to look at", found)
	}
}
