package sipd_test

import (
	"net"
	"strings"
	"testing"

	"github.com/lineside/lineside/sipd"
)

// A phone on a connection is helped however it counts the bytes of its INVITE, and
// its call stands: its ACK and BYE are read as well.
func TestAnEmergencyCallByAConnectionThatMiscountsGoesOut(t *testing.T) {
	length := "Content-Length: " + lengthOf(sdp) + "\r\n"
	for name, change := range map[string]*strings.Replacer{
		"as it should be":             strings.NewReplacer(),
		"no length":                   strings.NewReplacer(length, "", "Content-Length: 0\r\n", ""),
		"two lengths":                 strings.NewReplacer(length, length+"Content-Length: 0\r\n"),
		"a length below nothing":      strings.NewReplacer(length, "Content-Length: -1\r\n", "Content-Length: 0", "Content-Length: -1"),
		"LF alone, no length":         strings.NewReplacer(length, "", "Content-Length: 0\r\n", "", "\r\n", "\n"),
		"LF alone":                    strings.NewReplacer("\r\n", "\n"),
		"a length beyond the end":     strings.NewReplacer(length, "Content-Length: 9999\r\n"),
		"no length, more than 16 KiB": strings.NewReplacer(length, "X: "+strings.Repeat("x", 17000)+"\r\n"),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			sbc := newPeer(t, "127.0.0.7", nowhere)
			l := newLab(t, sbcs(sbc))
			c := dialTCP(t, l)
			id := unique()
			write := func(method, to, headers, body string) {
				t.Helper()
				text := method + " sip:112@box SIP/2.0\r\nVia: SIP/2.0/TCP " + c.LocalAddr().String() + ";branch=z9hG4bK" + unique() +
					"\r\nFrom: <sip:a@box>;tag=1\r\nTo: " + to + "\r\nCall-ID: " + id + "\r\nCSeq: 1 " + method + "\r\nContact: <sip:a@" +
					c.LocalAddr().String() + ";transport=tcp>\r\n" + headers + "\r\n" + body
				if _, err := c.Write([]byte(change.Replace(text))); err != nil {
					t.Fatal(err)
				}
			}
			write("INVITE", "<sip:112@box>", "Content-Type: application/sdp\r\n"+length, sdp)
			in := sbc.want("INVITE")
			if want := strings.ReplaceAll(in.body, "\r", ""); !strings.HasPrefix(in.start, "INVITE sip:112@127.0.0.7") || want != strings.ReplaceAll(sdp, "\r", "") {
				t.Errorf("got %q with %q, want 112 and the phone's SDP", in.start, in.body)
			}
			sbc.answer(in, "200 OK", "s", sdp, "Content-Type: application/sdp")
			to := readUntil(t, c, "SIP/2.0 200").get("To")
			write("ACK", to, "Content-Length: 0\r\n", "")
			sbc.want("ACK")
			write("BYE", to, "Content-Length: 0\r\n", "")
			sbc.want("BYE")
		})
	}
}

// readUntil reads a connection up to a message that begins with text.
func readUntil(t *testing.T, c net.Conn, text string) message {
	t.Helper()
	got, b := "", make([]byte, 4096)
	for {
		if i := strings.Index(got, text); i >= 0 && strings.Contains(got[i:], "\r\n\r\n") {
			return readMessage([]byte(got[i:]), nil)
		}
		n, err := c.Read(b)
		if err != nil {
			t.Fatalf("got %q, then %v, want %s", got, err, text)
		}
		got += string(b[:n])
	}
}

// FuzzRough: what is cut by guess is the beginning of what came, never more than a
// call for help may be, and counted right afterwards.
func FuzzRough(f *testing.F) {
	f.Add([]byte("INVITE sip:112@box SIP/2.0\nTo: x\n\nv=0\n"), true)
	f.Add([]byte("INVITE sip:112@box SIP/2.0\r\nl: -1\r\nContent-Length: 9\r\n\r\nv=0"), true)
	f.Add([]byte("ACK sip:112@box SIP/2.0\r\n\r\nBYE"), false)
	f.Fuzz(func(t *testing.T, data []byte, over bool) {
		msg, left := sipd.Roughly(data, over)
		if string(msg)+string(left) != string(data) || len(msg) > 64<<10 {
			t.Fatalf("got %q and %q of %q", msg, left, data)
		}
		if out := sipd.Recounted(msg); sipd.HasEmptyLine(msg) {
			whole, err := sipd.Frames(out, max(1, len(out)))
			if err == nil && len(whole) > 0 && len(out) < 16<<10 && out[0] > ' ' && string(whole[0]) != string(out) {
				t.Fatalf("%q: got %q first of %q, want it whole", msg, whole[0], out)
			}
		}
	})
}
