package fleet

import (
	"strings"
	"testing"
)

// FuzzSIP: whatever comes in, what is read of it was in it, and the answer to it
// is one message without lines of its own making.
func FuzzSIP(f *testing.F) {
	f.Add([]byte("NOTIFY sip:a@b SIP/2.0\r\nVia: SIP/2.0/UDP x;branch=1\r\nEvent: check-sync\r\n\r\n"))
	f.Add([]byte("SIP/2.0 401 Unauthorized\r\nCSeq: 1 REGISTER\r\nWWW-Authenticate: Digest realm=\"x\", nonce=\"y\"\r\n\r\nbody"))
	f.Add([]byte("SIP/2.0 99999999999999999999 X\r\n\r\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		m, err := parseSIP(data)
		if err != nil {
			return
		}
		for _, h := range []string{m.start, m.get("via"), m.get("cseq"), m.body} {
			if !strings.Contains(string(data), h) {
				t.Errorf("read %q, which is not in %q", h, data)
			}
		}
		if (m.status() == 0) != (m.method() != "" || !strings.Contains(m.start, " ")) && m.method() != "" {
			t.Errorf("%q is both an answer and a request", m.start)
		}
		if head, _, _ := strings.Cut(string(m.ok()), "\r\n\r\n"); strings.Count(head, "\r\n") > 64+len(data) {
			t.Errorf("the answer has more lines than what it answers")
		}
		_, _ = Account{User: "a"}.answerTo(m, "REGISTER", "sip:b")
	})
}

func TestSoundOf(t *testing.T) {
	for sdp, want := range map[string]string{
		"v=0\r\nc=IN IP4 10.20.0.1\r\nm=audio 4000 RTP/AVP 0\r\n":  "10.20.0.1:4000",
		"v=0\r\nm=audio 4000 RTP/AVP 0\r\n":                        "",
		"v=0\r\nc=IN IP4 10.20.0.1\r\nm=audio 99999 RTP/AVP 0\r\n": "",
	} {
		got := ""
		if to, err := soundOf(sdp); err == nil {
			got = to.String()
		}
		if got != want {
			t.Errorf("%q: got %q, want %q", sdp, got, want)
		}
	}
}
