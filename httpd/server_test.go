package httpd

import (
	"bufio"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/lineside/lineside/metrics"
	"github.com/lineside/lineside/phone"
	"github.com/lineside/lineside/provision"
)

const (
	testUser     = "phone-000001"
	testPassword = "correct-horse"
	testFile     = "805ec0000001.cfg"
	testBody     = "#!version:1.0.0.1\naccount.1.enable = 1\n"
)

// fakeDesk knows one file, one user and one password. Names that end in .cfg are
// configs; "open.cfg" asks for nothing; "fault.cfg" and "panic.cfg" do what they
// say.
type fakeDesk struct {
	mu   sync.Mutex
	asks []provision.Ask
	// hold, if set, is received from before an answer is given.
	hold chan struct{}
	body []byte
}

func (d *fakeDesk) Fetch(ctx context.Context, ask provision.Ask) (provision.Answer, error) {
	d.mu.Lock()
	d.asks = append(d.asks, ask)
	d.mu.Unlock()
	if d.hold != nil {
		select {
		case <-d.hold:
		case <-ctx.Done():
			return provision.Answer{}, ctx.Err()
		}
	}
	body := d.body
	if body == nil {
		body = []byte(testBody)
	}
	content := provision.Answer{Status: provision.Content, Body: body, Type: "text/plain", Tag: "abc"}
	isPhone := strings.HasPrefix(ask.Agent, "Yealink")
	switch {
	case ask.File == "open.cfg":
		return content, nil
	case ask.File == "fault.cfg":
		return provision.Answer{Phone: isPhone}, errors.New("disk on fire")
	case ask.File == "panic.cfg":
		panic("desk on fire")
	case !strings.HasSuffix(ask.File, ".cfg"):
		return provision.Answer{}, nil
	case ask.File == testFile && ask.Attempt != nil && ask.Attempt.User == testUser && ask.Attempt.Proves(phone.NewSecret(testPassword)):
		return content, nil
	}
	return provision.Answer{Status: provision.Challenge, Phone: isPhone}, nil
}

// last gives the latest ask.
func (d *fakeDesk) last(t testing.TB) provision.Ask {
	t.Helper()
	d.mu.Lock()
	defer d.mu.Unlock()
	if len(d.asks) == 0 {
		t.Fatal("the desk was not asked")
	}
	return d.asks[len(d.asks)-1]
}

func (d *fakeDesk) count() int {
	d.mu.Lock()
	defer d.mu.Unlock()
	return len(d.asks)
}

func quiet() *slog.Logger { return slog.New(slog.DiscardHandler) }

// open starts a door on loopback and gives its address; the door is stopped, and
// must stop well, when the test ends.
func open(t testing.TB, cfg Config, desk Desk, conf *tls.Config) (addr string, s *Server) {
	t.Helper()
	s, err := New(cfg, desk, quiet(), metrics.New())
	if err != nil {
		t.Fatal(err)
	}
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() {
		if conf != nil {
			done <- s.ServeTLS(ctx, ln, conf)
			return
		}
		done <- s.Serve(ctx, ln)
	}()
	t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			t.Errorf("Serve = %v, want nil", err)
		}
	})
	return ln.Addr().String(), s
}

// say sends one raw request on a connection of its own and reads the answer.
func say(t testing.TB, addr, request string) (*http.Response, string) {
	t.Helper()
	c, err := net.Dial("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	return exchange(t, c, request)
}

func exchange(t testing.TB, c net.Conn, request string) (*http.Response, string) {
	t.Helper()
	if err := c.SetDeadline(time.Now().Add(10 * time.Second)); err != nil {
		t.Fatal(err)
	}
	if _, err := io.WriteString(c, request); err != nil {
		t.Fatal(err)
	}
	method, _, _ := strings.Cut(request, " ")
	resp, err := http.ReadResponse(bufio.NewReader(c), &http.Request{Method: method})
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp, string(body)
}

func get(path string, headers ...string) string {
	return "GET " + path + " HTTP/1.1\r\nHost: box\r\n" + strings.Join(append(headers, "", ""), "\r\n")
}

// scraped fails the test unless the metrics have this line.
func scraped(t testing.TB, set *metrics.Set, line string) {
	t.Helper()
	w := httptest.NewRecorder()
	set.Handler().ServeHTTP(w, httptest.NewRequest("GET", "/metrics", nil))
	if !strings.Contains(w.Body.String(), line+"\n") {
		t.Errorf("metrics lack %q", line)
	}
}

// need skips the test where a tool is missing, or fails it under REQUIRE=1.
func need(t testing.TB, path string, err error) {
	t.Helper()
	if err == nil {
		return
	}
	if os.Getenv("REQUIRE") == "1" {
		t.Fatalf("%s: %v", path, err)
	}
	t.Skipf("%s: %v", path, err)
}

func TestNewRefusesSettings(t *testing.T) {
	for name, cfg := range map[string]Config{
		"quote in realm":    {Realm: `a"b`},
		"colon in realm":    {Realm: "a:b"},
		"negative requests": {MaxRequests: -1},
		"negative time-out": {WriteTimeout: -1},
	} {
		if _, err := New(cfg, &fakeDesk{}, quiet(), metrics.New()); err == nil {
			t.Errorf("%s: New = nil, want an error", name)
		}
	}
}

func TestDeskIsTold(t *testing.T) {
	desk := &fakeDesk{}
	addr, _ := open(t, Config{}, desk, nil)
	for _, tt := range []struct{ path, file string }{
		{"/cfg/open.cfg", "open.cfg"},
		{"/open.cfg", "open.cfg"},
		{"//open.cfg", "open.cfg"},
		{"/cfg//open.cfg?mac=1", "open.cfg"},
		{"http://box/cfg/open.cfg", "open.cfg"},
		{"/cfg/t/abc/open.cfg", "t/abc/open.cfg"},
		{"/cfg/cfg/open.cfg", "cfg/open.cfg"},
		{"/a%20b.cfg", "a b.cfg"},
	} {
		say(t, addr, get(tt.path, "User-Agent: Yealink SIP-T46S "+strings.Repeat("x", 1000)))
		ask := desk.last(t)
		if ask.File != tt.file {
			t.Errorf("%s: file = %q, want %q", tt.path, ask.File, tt.file)
		}
		if ask.Front != provision.HTTP || ask.Remote.Addr() != netip.MustParseAddr("127.0.0.1") || ask.Attempt != nil {
			t.Errorf("%s: ask = %+v, want front http from 127.0.0.1 without attempt", tt.path, ask)
		}
		if len(ask.Agent) != maxAgent {
			t.Errorf("%s: agent of %d bytes, want it cut to %d", tt.path, len(ask.Agent), maxAgent)
		}
	}
}

// TestFolderIsAsked: the configs' folder is the desk's question too, in every form
// a phone makes of what option 66 says.
func TestFolderIsAsked(t *testing.T) {
	desk := &fakeDesk{}
	addr, _ := open(t, Config{}, desk, nil)
	for _, path := range []string{"/", "/cfg", "/cfg/", "//cfg//"} {
		asked := desk.count()
		if res, _ := say(t, addr, get(path)); res.StatusCode != 404 {
			t.Errorf("%s: got %d, want 404 from a desk that has nothing there", path, res.StatusCode)
		}
		if desk.count() != asked+1 || desk.last(t).File != "" {
			t.Errorf("%s: the desk was asked %d times for %q, want once for the folder", path, desk.count()-asked, desk.last(t).File)
		}
	}
}

func TestContent(t *testing.T) {
	addr, _ := open(t, Config{}, &fakeDesk{}, nil)
	for _, tt := range []struct {
		name, request string
		status        int
		body          string
		headers       map[string]string
	}{
		{"whole", get("/open.cfg"), 200, testBody, map[string]string{"Etag": `"abc"`, "Content-Type": "text/plain", "Content-Length": fmt.Sprint(len(testBody))}},
		{"head", strings.Replace(get("/open.cfg"), "GET", "HEAD", 1), 200, "", map[string]string{"Content-Length": fmt.Sprint(len(testBody))}},
		{"range", get("/open.cfg", "Range: bytes=2-8"), 206, testBody[2:9], map[string]string{"Content-Range": fmt.Sprintf("bytes 2-8/%d", len(testBody))}},
		{"suffix", get("/open.cfg", "Range: bytes=-3"), 206, testBody[len(testBody)-3:], nil},
		{"range of a body that has changed", get("/open.cfg", "Range: bytes=2-8", `If-Range: "old"`), 200, testBody, nil},
		{"same as before", get("/open.cfg", `If-None-Match: "abc"`), 304, "", map[string]string{"Etag": `"abc"`}},
		{"other than before", get("/open.cfg", `If-None-Match: "abd"`), 200, testBody, nil},
		{"gzip offered", get("/open.cfg", "Accept-Encoding: gzip"), 200, testBody, map[string]string{"Content-Encoding": ""}},
		{"old protocol", "GET /open.cfg HTTP/1.0\r\n\r\n", 200, testBody, nil},
		{"beyond the end", get("/open.cfg", "Range: bytes=900-"), 416, "invalid range: failed to overlap\n", nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			resp, body := say(t, addr, tt.request)
			if resp.StatusCode != tt.status || body != tt.body {
				t.Fatalf("got %d %q, want %d %q", resp.StatusCode, body, tt.status, tt.body)
			}
			if cache := resp.Header.Get("Cache-Control"); cache != "no-store" && tt.status != 416 {
				t.Errorf("Cache-Control = %q, want no-store", cache)
			}
			for k, want := range tt.headers {
				if got := resp.Header.Get(k); got != want {
					t.Errorf("%s = %q, want %q", k, got, want)
				}
			}
		})
	}
}

func TestMethods(t *testing.T) {
	desk := &fakeDesk{}
	addr, _ := open(t, Config{}, desk, nil)
	for _, request := range []string{
		"PUT /open.cfg HTTP/1.1\r\nHost: box\r\nContent-Length: 5\r\n\r\nhello",
		"POST /open.cfg HTTP/1.1\r\nHost: box\r\nContent-Length: 999999999\r\nExpect: 100-continue\r\n\r\n",
		"DELETE /open.cfg HTTP/1.1\r\nHost: box\r\n\r\n",
		"OPTIONS * HTTP/1.1\r\nHost: box\r\n\r\n",
		"CONNECT box:443 HTTP/1.1\r\nHost: box\r\n\r\n",
		"BREW /open.cfg HTTP/1.1\r\nHost: box\r\n\r\n",
	} {
		resp, _ := say(t, addr, request)
		if resp.StatusCode != 405 || resp.Header.Get("Allow") != "GET, HEAD" || !resp.Close {
			t.Errorf("%.30q: got %d, Allow %q, close %v; want 405, GET and HEAD, closed", request, resp.StatusCode, resp.Header.Get("Allow"), resp.Close)
		}
	}
	if n := desk.count(); n != 0 {
		t.Errorf("the desk was asked %d times, want 0", n)
	}
}

func TestUploadIsReadToABound(t *testing.T) {
	addr, _ := open(t, Config{}, &fakeDesk{}, nil)
	c, err := net.Dial("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	// Half a GiB is promised, a little over the bound is sent: the answer must
	// come without the rest.
	resp, _ := exchange(t, c, "PUT /x.log HTTP/1.1\r\nHost: box\r\nContent-Length: 500000000\r\n\r\n"+strings.Repeat("x", maxDrain+1024))
	if resp.StatusCode != 405 {
		t.Errorf("got %d, want 405", resp.StatusCode)
	}
}
