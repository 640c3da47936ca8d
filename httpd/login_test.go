package httpd

import (
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os/exec"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/icholy/digest"

	"github.com/lineside/lineside/phone"
)

var nonceOf = regexp.MustCompile(`nonce="([^"]+)"`)

// challenged gives a nonce and the opaque of the door.
func challenged(t testing.TB, addr string) (nonce, opaque string) {
	t.Helper()
	resp, _ := say(t, addr, get("/"+testFile))
	line := resp.Header.Get("WWW-Authenticate")
	n := nonceOf.FindStringSubmatch(line)
	o := regexp.MustCompile(`opaque="([^"]+)"`).FindStringSubmatch(line)
	if n == nil || o == nil {
		t.Fatalf("challenge %q has no nonce or opaque", line)
	}
	return n[1], o[1]
}

// signed makes an Authorization header by another implementation of RFC 7616.
func signed(t testing.TB, nonce, opaque, alg, uri, password string, nc int) string {
	t.Helper()
	cred, err := digest.Digest(
		&digest.Challenge{Realm: "lineside", Nonce: nonce, Opaque: opaque, Algorithm: alg, QOP: []string{"auth"}},
		digest.Options{Method: "GET", URI: uri, Username: testUser, Password: password, Count: nc})
	if err != nil {
		t.Fatal(err)
	}
	return "Authorization: " + cred.String()
}

func TestDigest(t *testing.T) {
	desk := &fakeDesk{}
	addr, _ := open(t, Config{}, desk, nil)
	other, _ := open(t, Config{}, &fakeDesk{}, nil)
	target := "/cfg/" + testFile + "?a=1&b=%20"
	foreign, _ := challenged(t, other)
	swap := func(old, with string) func(string) string {
		return func(s string) string {
			if !strings.Contains(s, old) {
				t.Fatalf("%q has no %q", s, old)
			}
			return strings.Replace(s, old, with, 1)
		}
	}
	for _, tt := range []struct {
		name           string
		alg, uri       string
		nonce          string // instead of a good one
		edit           func(string) string
		attempt, stale bool
	}{
		{name: "MD5", alg: "MD5", attempt: true},
		{name: "SHA-256", alg: "SHA-256", attempt: true},
		{name: "no algorithm means MD5", alg: "", attempt: true},
		{name: "absolute uri", uri: "http://box" + target, attempt: true},
		{name: "everything quoted", edit: func(s string) string {
			s = strings.Replace(s, "qop=auth", `qop="auth"`, 1)
			s = strings.Replace(s, "nc=00000001", `nc="00000001"`, 1)
			return strings.Replace(s, "algorithm=MD5", `algorithm="MD5"`, 1)
		}, attempt: true},
		{name: "algorithm in small letters", edit: swap("algorithm=MD5", "algorithm=md5"), attempt: true},
		{name: "no opaque", edit: func(s string) string { return regexp.MustCompile(`, opaque="[^"]*"`).ReplaceAllString(s, "") }, attempt: true},
		{name: "scheme in small letters", edit: swap("Digest", "digest"), attempt: true},
		{name: "unknown parameter", edit: func(s string) string { return s + ", colour=blue" }, attempt: true},

		{name: "other file", uri: "/cfg/805ec0000002.cfg"},
		{name: "query left out", uri: "/cfg/" + testFile},
		{name: "uri of another path with our name", uri: "http://box/x" + target},
		{name: "other realm", edit: swap(`realm="lineside"`, `realm="elsewhere"`)},
		{name: "other opaque", edit: swap(`opaque="`, `opaque="x`)},
		{name: "session algorithm", edit: swap("algorithm=MD5", "algorithm=MD5-sess")},
		{name: "algorithm and response do not fit", edit: swap("algorithm=MD5", "algorithm=SHA-256")},
		{name: "without qop", edit: swap("qop=auth,", "")},
		{name: "auth-int", edit: swap("qop=auth,", "qop=auth-int,")},
		{name: "without nc", edit: swap("nc=00000001,", "")},
		{name: "nc of zero", edit: swap("nc=00000001", "nc=00000000")},
		{name: "short nc", edit: swap("nc=00000001", "nc=1")},
		{name: "signed nc", edit: swap("nc=00000001", "nc=+0000001")},
		{name: "user hash", edit: func(s string) string { return s + ", userhash=true" }},
		{name: "extended user", edit: func(s string) string { return s + ", username*=UTF-8''a" }},
		{name: "realm twice", edit: func(s string) string { return s + `, realm="lineside"` }},
		{name: "open quote", edit: func(s string) string { return s + `, x="` }},
		{name: "two headers", edit: func(s string) string { return s + "\r\nAuthorization: Basic eDp5" }},

		{name: "nonce of another box", nonce: foreign, stale: true},
		{name: "nonce made up", nonce: "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", stale: true},
		{name: "nonce no base64", nonce: "!!", stale: true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			nonce, opaque := challenged(t, addr)
			if tt.nonce != "" {
				nonce = tt.nonce
			}
			if tt.uri == "" {
				tt.uri = target
			}
			if tt.alg == "" && tt.edit != nil {
				tt.alg = "MD5"
			}
			header := signed(t, nonce, opaque, tt.alg, tt.uri, testPassword, 1)
			if tt.edit != nil {
				header = tt.edit(header)
			}
			resp, _ := say(t, addr, get(target, header))
			if got := desk.last(t).Attempt != nil; got != tt.attempt {
				t.Fatalf("attempt reached the desk = %v, want %v (%s)", got, tt.attempt, header)
			}
			if want := map[bool]int{true: 200, false: 401}[tt.attempt]; resp.StatusCode != want {
				t.Errorf("status = %d, want %d", resp.StatusCode, want)
			}
			for _, line := range resp.Header.Values("WWW-Authenticate") {
				if got := strings.Contains(line, "stale=true"); got != tt.stale {
					t.Errorf("challenge %q: stale = %v, want %v", line, got, tt.stale)
				}
			}
		})
	}
}

func TestReplayedNCIsNoAttempt(t *testing.T) {
	desk := &fakeDesk{}
	addr, _ := open(t, Config{}, desk, nil)
	nonce, opaque := challenged(t, addr)
	for _, tt := range []struct {
		nc   int
		good bool
	}{{1, true}, {1, false}, {5, true}, {3, true}, {3, false}, {4, true}, {200, true}, {136, false}, {137, true}, {200, false}} {
		resp, _ := say(t, addr, get("/"+testFile, signed(t, nonce, opaque, "MD5", "/"+testFile, testPassword, tt.nc)))
		if got := desk.last(t).Attempt != nil; got != tt.good || (resp.StatusCode == 200) != tt.good {
			t.Errorf("nc %d: attempt %v, status %d; want attempt %v", tt.nc, got, resp.StatusCode, tt.good)
		}
		if !tt.good && !strings.Contains(resp.Header.Get("WWW-Authenticate"), "stale=true") {
			t.Errorf("nc %d: challenge %q, want stale", tt.nc, resp.Header.Get("WWW-Authenticate"))
		}
	}
}

func TestOldNonceIsStale(t *testing.T) {
	var age time.Duration
	start := time.Now()
	n := newNonces(16, 5*time.Minute, func() time.Time { return start.Add(age) })
	nonce := n.mint()
	age = 5 * time.Minute
	if !n.use(nonce, 1) {
		t.Error("a nonce of 5 min is refused, want it used")
	}
	age += time.Second
	if n.use(nonce, 2) {
		t.Error("a nonce of over 5 min is used, want it refused")
	}
}

func TestForgottenNonceIsNotReplayed(t *testing.T) {
	n := newNonces(4, time.Minute, time.Now)
	nonce := n.mint()
	if !n.use(nonce, 1) {
		t.Fatal("a fresh nonce is refused")
	}
	for range 3 {
		n.mint()
	}
	if !n.use(nonce, 2) {
		t.Error("the oldest nonce still in the ring is refused, want it used")
	}
	younger := n.mint() // takes the place of the first
	if n.use(nonce, 1) || n.use(nonce, 3) {
		t.Error("a nonce that left the ring is used, want it refused")
	}
	if !n.use(younger, 1) {
		t.Error("the nonce that took its place is refused")
	}
}

func TestWrongPasswordIsAnAttempt(t *testing.T) {
	desk := &fakeDesk{}
	addr, _ := open(t, Config{}, desk, nil)
	nonce, opaque := challenged(t, addr)
	resp, _ := say(t, addr, get("/"+testFile, signed(t, nonce, opaque, "SHA-256", "/"+testFile, "battery-staple", 1)))
	attempt := desk.last(t).Attempt
	if resp.StatusCode != 401 || attempt == nil || attempt.User != testUser {
		t.Fatalf("got %d, attempt %v; want 401 and an attempt of %s", resp.StatusCode, attempt, testUser)
	}
	if !attempt.Proves(phone.NewSecret("battery-staple")) || attempt.Proves(phone.NewSecret(testPassword)) || attempt.Proves(phone.Secret{}) {
		t.Error("the attempt proves another password than the one it was made from")
	}
	if attempt.Print != [16]byte{} {
		t.Error("Print of a Digest is set, want none")
	}
}

func TestBasicOverTLSOnly(t *testing.T) {
	desk := &fakeDesk{}
	ca, client := authority(t)
	conf, err := ca.TLS(Names{Hosts: []string{"lineside.local"}})
	if err != nil {
		t.Fatal(err)
	}
	secure, _ := open(t, Config{}, desk, conf)
	plain, _ := open(t, Config{}, desk, nil)
	ask := func(base, password string) *http.Response {
		u, _ := url.Parse(base + "/" + testFile)
		u.User = url.UserPassword(testUser, password)
		resp, err := client.Get(u.String())
		if err != nil {
			t.Fatal(err)
		}
		_ = resp.Body.Close()
		return resp
	}
	if resp := ask("http://"+plain, testPassword); resp.StatusCode != 401 || desk.last(t).Attempt != nil || len(resp.Header.Values("WWW-Authenticate")) != 2 {
		t.Errorf("plain HTTP: %d, attempt %v; want 401, none, and no Basic offered", resp.StatusCode, desk.last(t).Attempt)
	}
	if resp := ask("https://"+secure, testPassword); resp.StatusCode != 200 {
		t.Errorf("TLS: got %d, want 200", resp.StatusCode)
	}
	right := desk.last(t).Attempt.Print
	if resp := ask("https://"+secure, "wrong"); resp.StatusCode != 401 || len(resp.Header.Values("WWW-Authenticate")) != 3 {
		t.Errorf("TLS, wrong password: %d with challenges %q, want 401 and three", resp.StatusCode, resp.Header.Values("WWW-Authenticate"))
	}
	wrong := desk.last(t).Attempt.Print
	ask("https://"+secure, "wrong")
	if wrong != desk.last(t).Attempt.Print || wrong == right || wrong == [16]byte{} {
		t.Errorf("prints: right %x, wrong %x, wrong again %x; want the last two alike", right, wrong, desk.last(t).Attempt.Print)
	}
}

func TestRealClients(t *testing.T) {
	addr, _ := open(t, Config{}, &fakeDesk{}, nil)
	t.Run("icholy/digest keeps its nonce", func(t *testing.T) {
		client := &http.Client{Transport: &digest.Transport{Username: testUser, Password: testPassword}}
		for i := range 5 {
			resp, err := client.Get("http://" + addr + "/cfg/" + testFile)
			if err != nil {
				t.Fatal(err)
			}
			body, _ := io.ReadAll(resp.Body)
			_ = resp.Body.Close()
			if string(body) != testBody {
				t.Errorf("request %d: %d %q, want the config", i, resp.StatusCode, body)
			}
		}
	})
	curl, err := exec.LookPath("curl")
	need(t, "curl", err)
	for _, tt := range []struct{ name, agent, user, want string }{
		{"curl with SHA-256", "curl", testUser + ":" + testPassword, "200"},
		{"curl with MD5", "Yealink SIP-T46S", testUser + ":" + testPassword, "200"},
		{"curl with a wrong password", "curl", testUser + ":nope", "401"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			out, err := exec.Command(curl, "-sv", "--digest", "-A", tt.agent, "-u", tt.user, "-w", "%{http_code}", "-o", "/dev/null",
				fmt.Sprintf("http://%s/cfg/%s?x=1", addr, testFile)).CombinedOutput()
			if err != nil {
				t.Fatalf("curl: %v\n%s", err, out)
			}
			if !strings.HasSuffix(string(out), tt.want) {
				t.Errorf("curl said %s\nwant status %s", out, tt.want)
			}
			alg := regexp.MustCompile(`Authorization: Digest .*algorithm=([A-Z0-9-]+)`).FindSubmatch(out)
			if want := map[bool]string{true: "MD5", false: "SHA-256"}[tt.agent != "curl"]; alg == nil || string(alg[1]) != want {
				t.Errorf("curl used algorithm %q, want %s", alg, want)
			}
		})
	}
}
