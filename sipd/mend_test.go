package sipd_test

import (
	"bytes"
	"net/netip"
	"strings"
	"testing"

	"github.com/lineside/lineside/sipd"
)

// A call for help that cannot be read as it is goes out with what can be.
func TestAnEmergencyCallThatCannotBeReadGoesOut(t *testing.T) {
	whole := []string{
		"INVITE sip:112@box SIP/2.0", "Via: SIP/2.0/UDP VIA;branch=z9hG4bKm1;rport", "From: <sip:a@box>;tag=1", "To: <sip:112@box>",
		"Call-ID: mend", "CSeq: 1 INVITE", "Contact: <sip:a@VIA>", "Content-Type: application/sdp", "Content-Length: LEN",
	}
	for _, tt := range []struct{ name, line, with string }{
		{"compact headers", "", ""},
		{"a From nobody can read", "From: ", "From: \"the boss <sip:a"},
		{"no From", "From: ", ""},
		{"a To nobody can read", "To: ", "To: <<>>"},
		{"a CSeq of another method", "CSeq: ", "CSeq: 1 REGISTER"},
		{"a CSeq that is no number", "CSeq: ", "CSeq: x INVITE"},
		{"no Call-ID", "Call-ID: ", ""},
		{"a Contact nobody can read", "Contact: ", "Contact: <sip:"},
		{"a length beyond the end", "Content-Length: ", "Content-Length: 9999"},
		{"a length that is none", "Content-Length: ", "Content-Length: -"},
		{"no Via", "Via: ", ""},
		{"a line that is no header", "Contact: ", "?"},
		{"a method in small letters", "INVITE ", "invite sip:112@box SIP/2.0"},
		{"no version", "INVITE ", "INVITE sip:112@box"},
		{"another version", "INVITE ", "INVITE sip:112@box sip/1.0"},
		{"two blanks", "INVITE ", "INVITE  sip:112@box  SIP/2.0 "},
		{"a URI in brackets", "INVITE ", "INVITE <sip:112@box> SIP/2.0"},
		{"a number alone", "INVITE ", "INVITE 112 SIP/2.0"},
		{"more than 16 KiB", "Contact: ", "X-Map: " + strings.Repeat("x", 17000)},
		{"a URI beyond all bounds", "INVITE ", "INVITE sip:112@box;x=" + strings.Repeat("y", 400) + " SIP/2.0"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			sbc := newPeer(t, "127.0.0.7", nowhere)
			l := newLab(t, sbcs(sbc))
			p := newPeer(t, "127.0.0.2", l.addr)
			var lines []string
			for _, line := range whole {
				if tt.line != "" && strings.HasPrefix(line, tt.line) {
					line = tt.with
				}
				if line != "" {
					lines = append(lines, line)
				}
			}
			text := strings.Join(lines, "\r\n") + "\r\n\r\n" + sdp
			text = strings.NewReplacer("VIA", p.at(), "LEN", "999").Replace(text)
			if tt.name == "compact headers" {
				text = strings.NewReplacer("Via:", "v:", "From:", "f:", "To:", "t:", "Call-ID:", "i:", "Contact:", "m:",
					"Content-Type:", "c:", "Content-Length: 999", "l: "+lengthOf(sdp)).Replace(text)
			} else {
				text = strings.Replace(text, "Content-Length: 999\r", "Content-Length: "+lengthOf(sdp)+"\r", 1)
			}
			if _, err := p.conn.WriteTo([]byte(text), p.to); err != nil {
				t.Fatal(err)
			}
			in := sbc.want("INVITE")
			if !strings.HasPrefix(in.start, "INVITE sip:112@127.0.0.7") || in.body != sdp {
				t.Errorf("got %q with %q, want 112 and the phone's SDP", in.start, in.body)
			}
			sbc.answer(in, "486 Busy Here", "s", "")
			p.want("486")
		})
	}
}

// The SDP among other parts is found, and nothing else is taken for it.
func TestTheSDPOfACallForHelpIsFoundAmongOtherParts(t *testing.T) {
	s := newBare(t)
	body := "--b\r\nContent-Type: application/pidf+xml\r\n\r\n<here/>" + strings.Repeat(" ", 17000) + "\r\n--b\r\nContent-Type: application/sdp\r\n\r\n" + sdp + "--b--\r\n"
	out, ok := s.Mended(netip.MustParseAddrPort("127.0.0.2:4711"), []byte("INVITE sip:112@box SIP/2.0\r\nContent-Type: multipart/mixed;boundary=b\r\n\r\n"+body))
	if _, got, _ := bytes.Cut(out, []byte("\r\n\r\n")); !ok || string(got) != sdp {
		t.Errorf("got %q, readable %v, want the SDP alone", got, ok)
	}
}

func lengthOf(s string) string {
	n := len(s)
	return string([]byte{byte('0' + n/100), byte('0' + n/10%10), byte('0' + n%10)})
}

// FuzzMended: what is mended is a call to a number of the site's that can be read.
func FuzzMended(f *testing.F) {
	f.Add([]byte("INVITE sip:112@box SIP/2.0\r\nFrom: <\r\n x\r\nv=0\r\n"))
	f.Add([]byte("INVITE urn:service:sos SIP/2.0\r\nv: SIP/2.0/UDP x\r\nVia: y\r\nCSeq: 4294967296 INVITE\r\n\r\nxv=0"))
	f.Add([]byte("INVITE tel:+49112 SIP/2.0\nm: <sip:a@b>\nCall-ID: \nf:sip:a;tag=\n\n"))
	s := newBare(f)
	from := netip.MustParseAddrPort("127.0.0.2:4711")
	f.Fuzz(func(t *testing.T, data []byte) {
		out, ok := s.Mended(from, data)
		_, _, emergent, peeked := sipd.Peek([]string{"110", "112"}, data)
		if (out != nil) != (emergent && peeked && len(data) <= 64<<10) {
			t.Fatalf("%q: got %q, want one for calls for help alone", data, out)
		}
		if out == nil {
			return
		}
		again, _, emergent, _ := sipd.Peek([]string{"110", "112"}, out)
		if !ok || again != "INVITE" || !emergent {
			t.Fatalf("%q: got %q, readable %v, want a call for help that is", data, out, ok)
		}
		if head, _, _ := bytes.Cut(out, []byte("\r\n\r\n")); bytes.Count(head, []byte("\n")) > 10 {
			t.Fatalf("%q: got headers of another's making in %q", data, out)
		}
	})
}

// What is no call for help is not taken for one, however it is written.
func TestAnOddRequestLineIsNoCallForHelpByItself(t *testing.T) {
	for _, line := range []string{
		"invite sip:4711@box SIP/2.0", "INVITE sip:1123@box", "invite 4711", "register sip:112@box SIP/2.0", "INVITE", "112", "INVITE sip:a112@box SIP/1.0",
	} {
		if method, uri, emergent, ok := sipd.Peek([]string{"110", "112"}, []byte(line+"\r\n\r\n")); ok {
			t.Errorf("%s: got %q %q, emergent %v, want nothing", line, method, uri, emergent)
		}
	}
}
