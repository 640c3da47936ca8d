package integration

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"math"
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
` + within("ACK", 2, "", "") + steps + `  <recv request="BYE"/>
  <send><![CDATA[
    SIP/2.0 200 OK
    [last_Via:]
    [last_From:]
    [last_To:]
    [last_Call-ID:]
    [last_CSeq:]
    Content-Length: 0

  ]]></send>
</scenario>
`
	return scenario(t, text)
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

// capture is a file of RTP packets as sipp plays them.
type capture struct {
	bytes.Buffer
	at     time.Duration
	number uint16
	stamp  uint32
}

func newCapture() *capture {
	c := new(capture)
	for _, v := range []any{uint32(0xa1b2c3d4), uint16(2), uint16(4), int32(0), uint32(0), uint32(65535), uint32(1)} {
		_ = binary.Write(c, binary.LittleEndian, v)
	}
	return c
}

// packet adds one packet of Ethernet, IPv4, UDP and RTP.
func (c *capture) packet(pt byte, marker bool, stamp uint32, payload []byte) {
	if marker {
		pt |= 0x80
	}
	rtp := binary.BigEndian.AppendUint16([]byte{0x80, pt}, c.number)
	rtp = binary.BigEndian.AppendUint32(binary.BigEndian.AppendUint32(rtp, stamp), 77)
	rtp = append(rtp, payload...)
	udp := append(binary.BigEndian.AppendUint16([]byte{0x0f, 0xa0, 0x0f, 0xa0}, uint16(8+len(rtp))), 0, 0)
	udp = append(udp, rtp...)
	ip := append(binary.BigEndian.AppendUint16([]byte{0x45, 0}, uint16(20+len(udp))), 0, 0, 0, 0, 64, 17, 0, 0, 127, 0, 0, 1, 127, 0, 0, 1)
	frame := append(append([]byte{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 8, 0}, ip...), udp...)
	for _, v := range []uint32{uint32(c.at / time.Second), uint32(c.at % time.Second / time.Microsecond), uint32(len(frame)), uint32(len(frame))} {
		_ = binary.Write(c, binary.LittleEndian, v)
	}
	c.Write(frame)
	c.number++
}

// file writes the capture.
func (c *capture) file(t *testing.T) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "keys.pcap")
	if err := os.WriteFile(path, c.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// events are keys by RFC 4733 with a payload type, each held for length.
func events(t *testing.T, pt byte, keys string, length time.Duration) string {
	c := newCapture()
	for _, key := range []byte(keys) {
		event := byte(strings.IndexByte("0123456789*#", key))
		n := int(length / (20 * time.Millisecond))
		for i := range n + 2 {
			flags := byte(10)
			if i >= n-1 {
				flags |= 0x80
			}
			held := uint16(min(i+1, n)) * 160
			c.packet(pt, i == 0, c.stamp, []byte{event, flags, byte(held >> 8), byte(held)})
			c.at += 20 * time.Millisecond
		}
		c.at += 60 * time.Millisecond
		c.stamp += 160 * uint32(n+5)
	}
	return c.file(t)
}

// tones are keys as sound in µ-law (ITU-T Q.23).
func tones(t *testing.T, keys string) string {
	c := newCapture()
	rows, columns := []float64{697, 770, 852, 941}, []float64{1209, 1336, 1477}
	for _, key := range []byte(keys) {
		k := strings.IndexByte("123456789*0#", key)
		for i := range 10 { // 100 ms of tone, 100 ms of silence
			b := make([]byte, 160)
			for j := range b {
				at := 2 * math.Pi * float64(160*i+j) / 8000
				v := 0.0
				if i < 5 {
					v = 6000 * (math.Sin(at*rows[k/3]) + math.Sin(at*columns[k%3]))
				}
				b[j] = muLaw(int(v))
			}
			c.packet(0, false, c.stamp, b)
			c.stamp += 160
			c.at += 20 * time.Millisecond
		}
	}
	return c.file(t)
}

// muLaw is ITU-T G.711's law as the standard draws it: a sign, three bits of
// segment, four of step.
func muLaw(v int) byte {
	sign := byte(0x80)
	if v < 0 {
		v, sign = -v, 0
	}
	v = min(v, 32635) + 132
	segment := 0
	for s := v >> 8; s > 0; s >>= 1 {
		segment++
	}
	return ^(byte(segment)<<4|byte(v>>(segment+3))&0x0f)&0x7f | sign
}

// sipp runs a scenario from the phone with its account.
func (l *sipLab) sipp(file string, events int, port string, extra ...string) (string, error) {
	args := append([]string{
		"10.77.0.1:5060", "-sf", file, "-s", l.user, "-au", l.user, "-ap", l.password, "-i", "10.77.0.60", "-mi", "10.77.0.60", "-p", port,
		"-set", "events", fmt.Sprint(events), "-m", "1", "-nostdin", "-timeout", "60",
	}, extra...)
	return l.phone.Try(90*time.Second, "sipp", args...)
}
