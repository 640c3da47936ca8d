package httpd

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httputil"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/icholy/digest"

	"github.com/lineside/lineside/phone"
	"github.com/lineside/lineside/provision"
)

// Upload knows one name, "kept.log", and takes it from the one user. "full.log" has
// no disk left.
func (d *fakeDesk) Upload(_ context.Context, ask provision.Ask, read func(int64) ([]byte, error)) (provision.Answer, error) {
	switch {
	case ask.File == "full.log":
		return provision.Answer{}, errors.New("disk full")
	case ask.File != "kept.log":
		return provision.Answer{}, nil
	case ask.Attempt == nil || ask.Attempt.User != testUser || !ask.Attempt.Proves(phone.NewSecret(testPassword)):
		return provision.Answer{Status: provision.Challenge}, nil
	}
	body, err := read(1 << 10)
	if err != nil {
		return provision.Answer{}, err
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	d.body = body
	return provision.Answer{Status: provision.Kept}, nil
}

func (silentDesk) Upload(context.Context, provision.Ask, func(int64) ([]byte, error)) (provision.Answer, error) {
	return provision.Answer{}, nil
}

func (p penalised) Upload(context.Context, provision.Ask, func(int64) ([]byte, error)) (provision.Answer, error) {
	return provision.Answer{Status: provision.Challenge}, nil
}

// loginFor is a Digest login of the right user with a fresh nonce, for one request.
func loginFor(t testing.TB, addr, method, path, password string) string {
	t.Helper()
	nonce, opaque := challenged(t, addr)
	cred, err := digest.Digest(
		&digest.Challenge{Realm: "lineside", Nonce: nonce, Opaque: opaque, Algorithm: "MD5", QOP: []string{"auth"}},
		digest.Options{Method: method, URI: path, Username: testUser, Password: password, Count: 1})
	if err != nil {
		t.Fatal(err)
	}
	return "Authorization: " + cred.String()
}

// put sends a file with a Digest login.
func put(t testing.TB, addr, method, path, password, body string) *http.Response {
	t.Helper()
	resp, _ := say(t, addr, fmt.Sprintf("%s %s HTTP/1.1\r\nHost: box\r\n%s\r\nContent-Length: %d\r\n\r\n%s",
		method, path, loginFor(t, addr, method, path, password), len(body), body))
	return resp
}

func TestUpload(t *testing.T) {
	tests := []struct {
		name, method, path, password, body string
		want                               int
	}{
		{"kept", "PUT", "/cfg/kept.log", testPassword, "hello", 200},
		{"kept by POST", "POST", "/kept.log", testPassword, "hello", 200},
		{"an empty one", "PUT", "/kept.log", testPassword, "", 200},
		{"of a stranger", "PUT", "/kept.log", "wrong", "hello", 401},
		{"too large", "PUT", "/kept.log", testPassword, strings.Repeat("x", 1025), 413},
		{"no disk", "PUT", "/full.log", testPassword, "hello", 401},
		{"what nobody uploads", "PUT", "/y.log", testPassword, "hello", 405},
		{"no name", "PUT", "/..kept.log", testPassword, "hello", 404},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			desk := &fakeDesk{}
			addr, _ := open(t, Config{}, desk, nil)
			resp := put(t, addr, tt.method, tt.path, tt.password, tt.body)
			if resp.StatusCode != tt.want {
				t.Errorf("got %d, want %d", resp.StatusCode, tt.want)
			}
			if got := string(desk.body); tt.want == 200 && got != tt.body || tt.want != 200 && desk.body != nil {
				t.Errorf("kept %q of %q", got, tt.body)
			}
		})
	}
}

func TestRealClientUploads(t *testing.T) {
	curl, err := exec.LookPath("curl")
	need(t, "curl", err)
	desk := &fakeDesk{}
	addr, _ := open(t, Config{}, desk, nil)
	path := filepath.Join(t.TempDir(), "kept.log")
	if err := os.WriteFile(path, []byte("a phone's log\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for user, want := range map[string]string{testUser + ":" + testPassword: "200", testUser + ":nope": "401"} {
		out, err := exec.Command(curl, "-s", "--digest", "-u", user, "-T", path, "-w", "%{http_code}", "-o", "/dev/null", "http://"+addr+"/cfg/kept.log").CombinedOutput()
		if err != nil || string(out) != want {
			t.Errorf("curl as %s: got %s and %v, want %s", user, out, err, want)
		}
	}
	if string(desk.body) != "a phone's log\n" {
		t.Errorf("kept %q", desk.body)
	}
}

// TestUploadsAreRefusedAlike: but for the nonce, a refused upload is answered as
// a refused fetch.
func TestUploadsAreRefusedAlike(t *testing.T) {
	addr, _ := open(t, Config{}, &fakeDesk{}, nil)
	dump := func(resp *http.Response) string {
		resp.Header.Del("Date")
		resp.Header.Del("Connection")
		for i, line := range resp.Header["Www-Authenticate"] {
			before, rest, _ := strings.Cut(line, `nonce="`)
			_, after, _ := strings.Cut(rest, `"`)
			resp.Header["Www-Authenticate"][i] = before + after
		}
		resp.Close = false
		b, err := httputil.DumpResponse(resp, false)
		if err != nil {
			t.Fatal(err)
		}
		return string(b)
	}
	fetch, _ := say(t, addr, get("/"+testFile))
	upload, _ := say(t, addr, "PUT /kept.log HTTP/1.1\r\nHost: box\r\nContent-Length: 5\r\n\r\nhello")
	if a, b := dump(fetch), dump(upload); a != b {
		t.Errorf("got\n%s\nwant\n%s", b, a)
	}
}

// TestUploadsHoldTheirOwnSlots: one that does not arrive keeps nobody from the
// desk, and an address has two at most.
func TestUploadsHoldTheirOwnSlots(t *testing.T) {
	desk := &fakeDesk{}
	addr, _ := open(t, Config{MaxRequests: 1, PerAddress: 1}, desk, nil)
	for range maxUploadsEach {
		header := loginFor(t, addr, "PUT", "/kept.log", testPassword)
		c, err := net.Dial("tcp", addr)
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		// 100 Continue comes when the body is read, which is once there is a slot.
		if _, err := fmt.Fprintf(c, "PUT /kept.log HTTP/1.1\r\nHost: box\r\n%s\r\nExpect: 100-continue\r\nContent-Length: 9\r\n\r\n", header); err != nil {
			t.Fatal(err)
		}
		line := make([]byte, len("HTTP/1.1 100"))
		if _, err := io.ReadFull(c, line); err != nil || string(line) != "HTTP/1.1 100" {
			t.Fatalf("got %q and %v, want to be asked for the file", line, err)
		}
	}
	if resp := put(t, addr, "PUT", "/kept.log", testPassword, "hello"); resp.StatusCode != 503 {
		t.Errorf("one more: got %d, want 503", resp.StatusCode)
	}
	if resp, _ := say(t, addr, get("/open.cfg")); resp.StatusCode != 200 {
		t.Errorf("a fetch meanwhile: got %d, want 200", resp.StatusCode)
	}
}

// shelfDesk serves one file from the disk.
type shelfDesk struct {
	silentDesk
	path string
}

func (d shelfDesk) Fetch(context.Context, provision.Ask) (provision.Answer, error) {
	f, err := os.Open(d.path)
	return provision.Answer{Status: provision.Content, File: f, Type: "application/octet-stream", Tag: "abc"}, err
}

func TestLocalFileInParts(t *testing.T) {
	path := filepath.Join(t.TempDir(), "x.rom")
	if err := os.WriteFile(path, []byte("0123456789"), 0o600); err != nil {
		t.Fatal(err)
	}
	addr, _ := open(t, Config{}, shelfDesk{path: path}, nil)
	for name, tt := range map[string]struct {
		header, body string
		status       int
	}{
		"whole":            {"", "0123456789", 200},
		"a part":           {"Range: bytes=2-4\r\n", "234", 206},
		"the end":          {"Range: bytes=-2\r\n", "89", 206},
		"past the end":     {"Range: bytes=20-\r\n", "", 416},
		"the same again":   {"If-None-Match: \"abc\"\r\n", "", 304},
		"a part of it":     {"If-Range: \"abc\"\r\nRange: bytes=8-\r\n", "89", 206},
		"a part of others": {"If-Range: \"abd\"\r\nRange: bytes=8-\r\n", "0123456789", 200},
	} {
		resp, body := say(t, addr, "GET /files/x/x.rom HTTP/1.1\r\nHost: box\r\n"+tt.header+"\r\n")
		if resp.StatusCode != tt.status || tt.status < 300 && body != tt.body {
			t.Errorf("%s: got %d %q, want %d %q", name, resp.StatusCode, body, tt.status, tt.body)
		}
	}
}

func TestQueryReachesTheDesk(t *testing.T) {
	desk := &fakeDesk{}
	addr, _ := open(t, Config{}, desk, nil)
	for path, want := range map[string]string{
		"/open.cfg": "", "/open.cfg?search=a%20b": "search=a%20b", "/open.cfg?" + strings.Repeat("x", maxQuery+1): "",
	} {
		say(t, addr, get(path))
		if got := desk.last(t).Query; got != want {
			t.Errorf("%.40s: got %q, want %q", path, got, want)
		}
	}
}
