package httpd

import (
	"io"
	"net"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/lineside/lineside/metrics"
)

// raw gives the bytes of an answer, with nonce and date masked.
func raw(t testing.TB, addr, request string) string {
	t.Helper()
	c, err := net.Dial("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	_ = c.SetDeadline(time.Now().Add(10 * time.Second))
	if _, err := io.WriteString(c, strings.Replace(request, "Host: box", "Host: box\r\nConnection: close", 1)); err != nil {
		t.Fatal(err)
	}
	b, err := io.ReadAll(c)
	if err != nil {
		t.Fatal(err)
	}
	s := nonceOf.ReplaceAllString(string(b), `nonce="N"`)
	return regexp.MustCompile(`Date: [^\r]+`).ReplaceAllString(s, "Date: D")
}

func TestRefusalsLookAlike(t *testing.T) {
	addr, s := open(t, Config{}, &fakeDesk{}, nil)
	nonce, opaque := challenged(t, addr)
	want := "HTTP/1.1 401 Unauthorized\r\n" +
		"Cache-Control: no-store\r\nConnection: close\r\nContent-Length: 22\r\nContent-Type: text/plain; charset=utf-8\r\nDate: D\r\n" +
		`WWW-Authenticate: Digest realm="lineside", nonce="N", opaque="` + opaque + `", algorithm=SHA-256, qop="auth"` + "\r\n" +
		`WWW-Authenticate: Digest realm="lineside", nonce="N", opaque="` + opaque + `", algorithm=MD5, qop="auth"` + "\r\n" +
		"\r\nauthentication needed\n"
	normal := func(s string) string { // the order of headers is net/http's own affair
		head, body, _ := strings.Cut(s, "\r\n\r\n")
		lines := strings.Split(head, "\r\n")
		return lines[0] + "\n" + strings.Join(sorted(lines[1:]), "\n") + "\n\n" + body
	}
	for name, request := range map[string]string{
		"known device, no login":       get("/" + testFile),
		"unknown device":               get("/805ec0ffffff.cfg"),
		"wrong password":               get("/"+testFile, signed(t, nonce, opaque, "MD5", "/"+testFile, "nope", 1)),
		"wrong password, unknown":      get("/805ec0ffffff.cfg", signed(t, nonce, opaque, "MD5", "/805ec0ffffff.cfg", "nope", 2)),
		"right password, other device": get("/805ec0000002.cfg", signed(t, nonce, opaque, "MD5", "/805ec0000002.cfg", testPassword, 3)),
		"garbage login":                get("/"+testFile, "Authorization: Digest ,,,=\"\\"),
		"basic on plain HTTP":          get("/"+testFile, "Authorization: Basic cGhvbmU6cGFzcw=="),
		"unknown scheme":               get("/"+testFile, "Authorization: Bearer abc"),
		"desk at fault":                get("/fault.cfg"),
		"desk in panic":                get("/panic.cfg"),
	} {
		if diff := cmp.Diff(normal(want), normal(raw(t, addr, request))); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
	scraped(t, s.metrics, metrics.NamePanics+`{front="http"} 1`)
	scraped(t, s.metrics, metrics.NameAnswers+`{front="http",outcome="fault"} 2`)
}

func TestAbsentLooksAlike(t *testing.T) {
	addr, _ := open(t, Config{}, &fakeDesk{}, nil)
	want := raw(t, addr, get("/no-such-file"))
	if !strings.HasPrefix(want, "HTTP/1.1 404 ") {
		t.Fatalf("got %q, want a 404", want)
	}
	for name, path := range map[string]string{
		"empty":          "/",
		"empty in cfg":   "/cfg/",
		"NUL":            "/a%00.cfg",
		"parent":         "/cfg/../open.cfg",
		"parent encoded": "/cfg/%2e%2e%2fopen.cfg",
		"backslash":      "/cfg/..%5copen.cfg",
		"not UTF-8":      "/%ff%fe.cfg",
		"too long":       "/" + strings.Repeat("a", 256),
		"other unknown":  "/phpmyadmin/index.php",
	} {
		if diff := cmp.Diff(want, raw(t, addr, get(path))); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}

func TestPhonesGetMD5First(t *testing.T) {
	addr, _ := open(t, Config{}, &fakeDesk{}, nil)
	for agent, want := range map[string]string{"Yealink SIP-T46S": "MD5", "curl/8": "SHA-256"} {
		resp, _ := say(t, addr, get("/"+testFile, "User-Agent: "+agent))
		lines := resp.Header.Values("WWW-Authenticate")
		if len(lines) != 2 || !strings.Contains(lines[0], "algorithm="+want+",") {
			t.Errorf("%s: challenges %q, want two, %s first", agent, lines, want)
		}
	}
}
