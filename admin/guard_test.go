package admin_test

import (
	"errors"
	"net/http"
	"os"
	"os/user"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/lineside/lineside/admin"
	"github.com/lineside/lineside/phone"
)

func TestWithoutTokenEverythingIsOneRefusal(t *testing.T) {
	b := newBox(t, nil)
	paths := [][3]string{{"GET", "/nothing"}, {"GET", "//"}, {"GET", "/api/v1/../v1/devices"}, {"HEAD", "/api/v1/devices"}, {"TRACE", "/"}, {"POST", "/"}}
	paths = append(paths, admin.Routes()...)
	want := b.ask(t, "GET", "/api/v1/status", "")
	for _, p := range paths {
		t.Run(p[0]+p[1], func(t *testing.T) {
			if p[0] == "GET" && (p[1] == "/{$}" || p[1] == "/api/v1/openapi.json") {
				if got := b.ask(t, "GET", example(p[1]), ""); got.status != http.StatusOK {
					t.Errorf("open path: got %d, want 200", got.status)
				}
				return
			}
			for name, header := range map[string][]string{
				"no token": nil, "empty token": {"Authorization", "Bearer "}, "other scheme": {"Authorization", "Basic " + plainToken},
			} {
				got := b.ask(t, p[0], example(p[1]), "", header...)
				if got.status != http.StatusUnauthorized || p[0] != "HEAD" && got.body != want.body {
					t.Errorf("%s: got %d %q, want 401 %q", name, got.status, got.body, want.body)
				}
			}
		})
	}
	if len(b.by) > 0 || len(b.books.kinds()) > 0 {
		t.Errorf("a stranger reached the desk: %v %v", b.by, b.books.kinds())
	}
}

func TestWrongTokenOnEveryRoute(t *testing.T) {
	for _, p := range admin.Routes() {
		t.Run(p[0]+p[1], func(t *testing.T) {
			b := newBox(t, nil)
			want := http.StatusUnauthorized
			if p[0] == "GET" && (p[1] == "/{$}" || p[1] == "/api/v1/openapi.json") {
				want = http.StatusOK
			}
			for _, token := range []string{"wrong", plainToken + "x", plainToken[1:], strings.ToUpper(plainToken)} {
				if got := b.ask(t, p[0], example(p[1]), "", "Authorization", "Bearer "+token); got.status != want {
					t.Errorf("token %q: got %d, want %d", token, got.status, want)
				}
			}
		})
	}
}

func TestRightTokenOnEveryRoute(t *testing.T) {
	for _, p := range admin.Routes() {
		t.Run(p[0]+p[1], func(t *testing.T) {
			b := newBox(t, nil)
			got := b.call(t, p[0], example(p[1]), "")
			if got.status == http.StatusUnauthorized || got.status >= 500 {
				t.Errorf("got %d %s", got.status, got.body)
			}
			for _, name := range []string{"Content-Security-Policy", "X-Content-Type-Options", "Referrer-Policy", "X-Frame-Options"} {
				if got.header.Get(name) == "" {
					t.Errorf("header %s is missing", name)
				}
			}
			if got.header.Get("Set-Cookie") != "" {
				t.Error("a cookie was set")
			}
			if got.status >= 400 {
				f := got.fields(t)
				if f["error"] == "" || f["hint"] == "" {
					t.Errorf("an error does not say what to do: %s", got.body)
				}
			}
		})
	}
}

func TestWrongTokensNeverLockOutTheRightOne(t *testing.T) {
	b := newBox(t, nil)
	statuses := make(map[int]int)
	var last reply
	for range 30 {
		last = b.ask(t, "GET", "/api/v1/status", "", "Authorization", "Bearer wrong")
		statuses[last.status]++
	}
	if statuses[http.StatusUnauthorized] != 10 || statuses[http.StatusTooManyRequests] != 20 {
		t.Errorf("got %v, want ten 401 and then 429", statuses)
	}
	if last.header.Get("Retry-After") == "" {
		t.Error("429 does not say when to try again")
	}
	if got := b.call(t, "GET", "/api/v1/status", ""); got.status != http.StatusOK {
		t.Errorf("right token after wrong ones: got %d, want 200", got.status)
	}
	if n := strings.Count(b.log.String(), "level=WARN"); n != 1 {
		t.Errorf("a stranger wrote %d warnings, want 1", n)
	}
	if log := b.log.String(); strings.Contains(log, plainToken) {
		t.Error("the token is in the log")
	}
}

func TestOtherWebSitesMayNotCall(t *testing.T) {
	b := newBox(t, nil)
	for name, header := range map[string][]string{
		"by fetch metadata": {"Sec-Fetch-Site", "cross-site"}, "by origin": {"Origin", "https://evil.example"},
	} {
		got := b.call(t, "POST", "/api/v1/devices/"+macB.String()+"/suspend", "", header...)
		if got.status != http.StatusForbidden {
			t.Errorf("%s: got %d, want 403", name, got.status)
		}
	}
	for _, media := range []string{"text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", ""} {
		got := b.call(t, "PATCH", "/api/v1/policy", `{"first_contact":"none"}`, "Content-Type", media)
		if got.status != http.StatusUnsupportedMediaType {
			t.Errorf("%q: got %d, want 415", media, got.status)
		}
	}
	if len(b.by) > 0 {
		t.Errorf("the desk was asked by %v", b.by)
	}
}

func TestActorIsWhoTheKernelSays(t *testing.T) {
	b := newBox(t, nil)
	if _, err := b.client.Suspend(t.Context(), macB); err != nil {
		t.Fatal(err)
	}
	me, err := user.Current()
	if err != nil {
		t.Fatal(err)
	}
	if got := b.lastBy(); got.Front != "cli" || got.Name != me.Username {
		t.Errorf("on the socket: got %+v, want cli %s", got, me.Username)
	}
	b.call(t, "POST", "/api/v1/devices/"+macB.String()+"/suspend", "")
	if got := b.lastBy(); got.Front != "api" || got.Name != "token" || got.Remote.String() != "127.0.0.1" {
		t.Errorf("by token: got %+v, want api token 127.0.0.1", got)
	}
}

func TestLoadToken(t *testing.T) {
	path := filepath.Join(t.TempDir(), "admin.token")
	first, err := admin.LoadToken(path)
	if err != nil {
		t.Fatal(err)
	}
	again, err := admin.LoadToken(path)
	if err != nil || !first.Equal(again) {
		t.Errorf("second start: got another token or %v", err)
	}
	st, err := os.Stat(path)
	if err != nil || st.Mode().Perm() != 0o600 {
		t.Errorf("mode: got %v %v, want 0600", st.Mode(), err)
	}
	if n := len(first.Reveal()); n != 43 {
		t.Errorf("token: got %d characters, want 43 (32 bytes)", n)
	}
	left, _ := os.ReadDir(filepath.Dir(path))
	if len(left) != 1 {
		t.Errorf("files left behind: %v", left)
	}
}

func TestLoadTokenRefuses(t *testing.T) {
	for name, c := range map[string]struct {
		text string
		mode os.FileMode
		want string
	}{
		"a file others can read": {plainToken, 0o640, "chmod 600"},
		"an empty file":          {"", 0o600, "delete it"},
		"a short token":          {"secret", 0o600, "delete it"},
		"two words":              {plainToken + " " + plainToken, 0o600, "delete it"},
	} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "admin.token")
			if err := os.WriteFile(path, []byte(c.text), 0o600); err != nil {
				t.Fatal(err)
			}
			if err := os.Chmod(path, c.mode); err != nil {
				t.Fatal(err)
			}
			_, err := admin.LoadToken(path)
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got %v, want %q", err, c.want)
			}
			if err != nil && strings.Contains(err.Error(), plainToken) {
				t.Error("the error shows the token")
			}
		})
	}
}

func TestPanicCostsItsRequestOnly(t *testing.T) {
	b := newBox(t, nil)
	b.panics = true
	got := b.call(t, "GET", "/api/v1/devices", "")
	if got.status != http.StatusInternalServerError || strings.Contains(got.body, "planted") {
		t.Errorf("got %d %s, want a plain 500", got.status, got.body)
	}
	b.panics = false
	if !strings.Contains(b.call(t, "GET", "/metrics", "").body, `lineside_panics_total{front="api"} 1`) {
		t.Error("the panic was not counted")
	}
	if !strings.Contains(b.log.String(), "stack=") {
		t.Error("the panic was logged without its stack")
	}
}

func TestInternalCauseGoesToTheLogOnly(t *testing.T) {
	b := newBox(t, nil)
	b.fail = errors.New("page 7 of the database is damaged")
	got := b.call(t, "GET", "/api/v1/devices/export", "")
	if got.status != http.StatusInternalServerError || strings.Contains(got.body, "page 7") {
		t.Errorf("got %d %s, want a plain 500", got.status, got.body)
	}
	if !strings.Contains(b.log.String(), "page 7") {
		t.Error("the cause is not in the log")
	}
}

func TestSecretsShownAreOnRecordFirst(t *testing.T) {
	b := newBox(t, nil)
	path := "/api/v1/devices/" + macB.String()
	for _, p := range []string{path + "/pin", path + "/render?reveal=true", "/api/v1/devices/export"} {
		if got := b.call(t, "GET", p, ""); got.status != http.StatusOK {
			t.Errorf("%s: got %d %s", p, got.status, got.body)
		}
	}
	if got, want := b.books.kinds(), []string{"pin-shown", "secrets-shown", "devices-exported"}; !slices.Equal(got, want) {
		t.Errorf("events: got %v, want %v", got, want)
	}
	b.books.fail = errors.New("disk is full")
	for _, p := range []string{path + "/pin", path + "/render?reveal=true", "/api/v1/devices/export"} {
		got := b.call(t, "GET", p, "")
		if got.status != http.StatusInternalServerError || strings.Contains(got.body, plainPIN) || strings.Contains(got.body, plainLine) {
			t.Errorf("%s without a record: got %d %s", p, got.status, got.body)
		}
	}
}

func TestServeTLSNeedsAToken(t *testing.T) {
	b := newBox(t, nil)
	b.stop()
	srv, err := admin.New(admin.Config{Vendors: []phone.Vendor{"snom"}}, admin.Deps{
		Desk: b.desk, Audit: b.books, Recorder: b.books, Backup: b.books, Health: b.board, Metrics: b.metrics, Log: discard(), Status: func() admin.Status { return admin.Status{} },
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := srv.ServeTLS(t.Context(), nil, nil); err == nil {
		t.Error("an admin listener without a token was served")
	}
}
