package sipd_test

import (
	"bytes"
	"fmt"
	"net"
	"strings"
	"testing"

	"github.com/lineside/lineside/sipd"
)

const streamed = "OPTIONS sip:box SIP/2.0\r\nVia: SIP/2.0/TCP 127.0.0.2:5060;branch=z9hG4bK1\r\nFrom: <sip:a@b>;tag=1\r\nTo: <sip:a@b>\r\n" +
	"Call-ID: x\r\nCSeq: 1 OPTIONS\r\nContent-Length: %d\r\n\r\n%s"

func TestAStreamIsCutIntoMessages(t *testing.T) {
	one, two := fmt.Sprintf(streamed, 0, ""), fmt.Sprintf(streamed, 5, "a\r\nb\n")
	for _, tt := range []struct {
		name, stream string
		want         []string
		bad          bool
	}{
		{"two at once", one + two, []string{one, two}, false},
		{"a ping between", one + "\r\n\r\n" + two, []string{one, "\r\n\r\n", two}, false},
		{"compact length", strings.Replace(two, "Content-Length", "l", 1), []string{strings.Replace(two, "Content-Length", "l", 1)}, false},
		{"not whole yet", two[:len(two)-1], nil, false},
		{"no length", strings.Replace(one, "Content-Length", "X", 1), nil, true},
		{"two lengths", strings.Replace(two, "Call-ID", "Content-Length: 0\r\nCall-ID", 1), nil, true},
		{"a length below nothing", strings.Replace(one, ": 0", ": -1", 1), nil, true},
		{"too long", fmt.Sprintf(streamed, 60000, ""), nil, true},
		{"no end of header", strings.Repeat("a", 20<<10), nil, true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			for _, size := range []int{1, 7, 64 << 10} {
				got, err := sipd.Frames([]byte(tt.stream), size)
				if (err != nil) != tt.bad {
					t.Errorf("in pieces of %d: got error %v, want one %v", size, err, tt.bad)
				}
				var text []string
				for _, m := range got {
					text = append(text, string(m))
				}
				if size > 1 && strings.Join(text, "|") != strings.Join(tt.want, "|") || size == 1 && strings.Join(text, "") != strings.Join(tt.want, "") {
					t.Errorf("in pieces of %d: got %q, want %q", size, text, tt.want)
				}
			}
		})
	}
}

// FuzzStream: however a stream is cut up on its way, the same messages come out,
// they are parts of it in order, and each is within bounds.
func FuzzStream(f *testing.F) {
	f.Add([]byte(fmt.Sprintf(streamed, 0, "")+"\r\n\r\n"+fmt.Sprintf(streamed, 3, "abc")), 5)
	f.Add([]byte("\x00\x00l:1\r\n\r\nx"), 1)
	f.Add([]byte("Content-Length: 99999\r\n\r\n"), 3)
	f.Fuzz(func(t *testing.T, stream []byte, size int) {
		if size < 1 || size > 4096 {
			t.Skip()
		}
		whole, errWhole := sipd.Frames(stream, max(1, len(stream)))
		parts, errParts := sipd.Frames(stream, size)
		if a, b := bytes.Join(whole, nil), bytes.Join(parts, nil); errWhole == nil && errParts == nil && !bytes.Equal(a, b) {
			t.Errorf("in pieces of %d: got %q, want %q", size, b, a)
		}
		rest := stream
		for _, m := range parts {
			i := bytes.Index(rest, m)
			if i < 0 || len(m) > 16<<10 && len(bytes.Trim(m, "\r\n")) > 0 {
				t.Fatalf("message %q of %d bytes is not the next part of the stream", m, len(m))
			}
			rest = rest[i+len(m):]
		}
	})
}

// What the library's parser cannot read ends its connection and nothing else.
func TestAStreamThatIsNoSIPEndsItsConnectionOnly(t *testing.T) {
	l := newLab(t)
	good, err := net.Dial("tcp4", l.tcp)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = good.Close() }()
	for _, bad := range []string{
		"GET / HTTP/1.1\r\nContent-Length: 0\r\n\r\n", strings.Replace(fmt.Sprintf(streamed, 0, ""), "Via: SIP/2.0/TCP", "Via: ", 1),
		strings.Replace(fmt.Sprintf(streamed, 0, ""), "CSeq: 1 OPTIONS", "CSeq: 1 INVITE", 1), fmt.Sprintf(streamed, 70000, ""),
	} {
		c, err := net.Dial("tcp4", l.tcp)
		if err != nil {
			t.Fatal(err)
		}
		_, _ = c.Write([]byte(bad))
		if n, err := c.Read(make([]byte, 1)); err == nil {
			t.Errorf("%.40q: got %d bytes, want the connection closed", bad, n)
		}
		_ = c.Close()
	}
	if _, err := good.Write([]byte("\r\n\r\n" + fmt.Sprintf(streamed, 0, ""))); err != nil {
		t.Fatal(err)
	}
	b, got := make([]byte, 4096), ""
	for !strings.Contains(got, "SIP/2.0 200") {
		n, err := good.Read(b)
		if err != nil {
			t.Fatalf("got %q, then %v, want an empty line and a 200", got, err)
		}
		got += string(b[:n])
	}
	if !strings.HasPrefix(got, "\r\n") {
		t.Errorf("got %q, want the ping answered first", got)
	}
}
