package pages_test

import (
	"crypto/tls"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"github.com/lineside/lineside/admin"
	"github.com/lineside/lineside/health"
)

// person is somebody whose browser runs no script: it keeps cookies and sends forms.
type person struct {
	t    testing.TB
	base string
	http *http.Client
	csrf string
}

func (s *site) visitor(t testing.TB) *person {
	t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	tr := &http.Transport{TLSClientConfig: &tls.Config{InsecureSkipVerify: true}} // the box's certificate is its own
	t.Cleanup(tr.CloseIdleConnections)
	return &person{t: t, base: s.URL, http: &http.Client{Transport: tr, Jar: jar}}
}

var csrfIn = regexp.MustCompile(`name="csrf" (?:value|content)="([^"]+)"`)

// do sends a request and follows where it leads; it gives the last page.
func (b *person) do(method, path string, form url.Values, header ...string) (status int, at, body string) {
	b.t.Helper()
	var in io.Reader
	if form != nil {
		in = strings.NewReader(form.Encode())
	}
	r, err := http.NewRequestWithContext(b.t.Context(), method, b.base+path, in)
	if err != nil {
		b.t.Fatal(err)
	}
	if form != nil {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	for i := 0; i+1 < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	resp, err := b.http.Do(r)
	if err != nil {
		b.t.Fatal(err)
	}
	defer resp.Body.Close()
	all, err := io.ReadAll(resp.Body)
	if err != nil {
		b.t.Fatal(err)
	}
	if m := csrfIn.FindSubmatch(all); m != nil {
		b.csrf = string(m[1])
	}
	return resp.StatusCode, resp.Request.URL.RequestURI(), string(all)
}

func (b *person) get(path string) (int, string, string) {
	b.t.Helper()
	return b.do(http.MethodGet, path, nil)
}

// post sends a form with the token of the last page.
func (b *person) post(path string, pairs ...string) (int, string, string) {
	b.t.Helper()
	form := url.Values{"csrf": {b.csrf}}
	for i := 0; i+1 < len(pairs); i += 2 {
		form.Set(pairs[i], pairs[i+1])
	}
	return b.do(http.MethodPost, path, form)
}

func (b *person) signIn(name string) (int, string, string) {
	b.t.Helper()
	b.get("/sign-in")
	return b.post("/sign-in", "name", name, "password", rightPassword)
}

func TestStrangersAreSentToSignIn(t *testing.T) {
	s := newSite(t)
	for _, path := range []string{"/", "/devices", "/no/such/page", "/events?x"} {
		status, at, body := s.visitor(t).get(path)
		if path == "/events?x" {
			if status != http.StatusUnauthorized || body != "" {
				t.Errorf("%s: got %d %q, want 401 and nothing", path, status, body)
			}
			continue
		}
		if want := "/sign-in"; status != 200 || !strings.HasPrefix(at, want) {
			t.Errorf("%s: got %d at %s, want %s", path, status, at, want)
		}
	}
}

func TestSignInLeadsWhereOneWanted(t *testing.T) {
	s := newSite(t)
	b := s.visitor(t)
	b.get("/password?x=1")
	if status, at, _ := b.post("/sign-in", "name", "ada", "password", rightPassword, "to", "/password?x=1"); status != 200 || at != "/password?x=1" {
		t.Errorf("got %d at %s, want the page asked for", status, at)
	}
	if _, at, _ := b.post("/sign-out"); at != "/sign-in" {
		t.Errorf("after signing out: got %s, want the sign-in page", at)
	}
	if _, at, _ := b.get("/"); at != "/sign-in" {
		t.Errorf("after signing out: got %s, want no page but the sign-in page", at)
	}
}

func TestWrongSignInsLookAlike(t *testing.T) {
	s := newSite(t)
	answer := func(name string) string {
		b := s.visitor(t)
		b.get("/sign-in")
		status, _, body := b.post("/sign-in", "name", name, "password", "wrong")
		if status != http.StatusUnprocessableEntity {
			t.Errorf("%s: got %d, want 422", name, status)
		}
		return strings.ReplaceAll(strings.ReplaceAll(body, b.csrf, ""), name, "")
	}
	if a, b := answer("ada"), answer("bob"); a != b {
		t.Errorf("who exists can be told from who does not:\n%s\n%s", a, b)
	}
}

func TestForgedForms(t *testing.T) {
	s := newSite(t)
	b := s.visitor(t)
	b.signIn("ada")
	stale := b.csrf // of the page after signing in
	for name, c := range map[string]struct {
		csrf   string
		header []string
	}{
		"no token":         {"", nil},
		"another's token":  {"bm90IHlvdXJz", nil},
		"another web site": {stale, []string{"Sec-Fetch-Site", "cross-site"}},
		"another origin":   {stale, []string{"Origin", "https://evil.example"}},
	} {
		form := url.Values{"csrf": {c.csrf}, "old": {rightPassword}, "new": {"Another-Pass-2"}, "again": {"Another-Pass-2"}}
		if status, _, _ := b.do(http.MethodPost, "/password", form, c.header...); status != http.StatusForbidden {
			t.Errorf("%s: got %d, want 403", name, status)
		}
	}
	form := url.Values{"csrf": {stale}, "old": {rightPassword}, "new": {"Another-Pass-2"}, "again": {"Another-Pass-2"}}
	if status, at, _ := b.do(http.MethodPost, "/password", form); status != 200 || at != "/" {
		t.Errorf("a genuine one: got %d at %s, want 200 at /", status, at)
	}
	// The session is another one now, so the same form is void.
	if status, _, _ := b.do(http.MethodPost, "/password", form); status != http.StatusForbidden {
		t.Errorf("replayed: got %d, want 403", status)
	}
}

func TestWhatMustBeChangedComesFirst(t *testing.T) {
	s := newSite(t)
	b := s.visitor(t)
	if _, at, _ := b.signIn("old"); at != "/password" {
		t.Errorf("got %s, want /password", at)
	}
	if _, at, _ := b.get("/"); at != "/password" {
		t.Errorf("another page: got %s, want /password", at)
	}
	status, _, body := b.post("/password", "old", "no", "new", "Another-Pass-2", "again", "Another-Pass-2")
	if status != 422 || !strings.Contains(body, `aria-describedby="f-old-wrong`) || strings.Contains(body, "Another-Pass-2") {
		t.Errorf("wrong old one: got %d, want the form again, its error at the field and no password on it", status)
	}
	if _, at, _ := b.post("/password", "old", rightPassword, "new", "Another-Pass-2", "again", "Another-Pass-2"); at != "/" {
		t.Errorf("changed: got %s, want /", at)
	}
}

func TestRolesSeeTheirPages(t *testing.T) {
	s := newSite(t)
	for name, want := range map[string]string{"ada": "/", "ines": "/", "vic": "/", "101": "/me"} {
		b := s.visitor(t)
		if _, at, _ := b.signIn(name); at != want {
			t.Errorf("%s: got %s, want %s", name, at, want)
		}
	}
	s.api.mu.Lock()
	defer s.api.mu.Unlock()
	roles := make(map[string]admin.Role)
	for _, c := range s.api.callers {
		if c.Name != "" {
			roles[c.Name] = c.Role
		}
	}
	if roles["ines"] != admin.Installer || roles["vic"] != admin.Viewer || roles["101"] != admin.Personal {
		t.Errorf("the API is asked as %v, want each as who they are", roles)
	}
}

// TestSessionEndsUnderAForm: a script is told with 401 and keeps its page; who
// signs in over it gets a new token for the same form.
func TestSessionEndsUnderAForm(t *testing.T) {
	s := newSite(t)
	b := s.visitor(t)
	b.signIn("ada")
	s.people.end()
	status, _, body := b.do(http.MethodPost, "/password", url.Values{"new": {"x"}}, "HX-Request", "true", "X-CSRF", b.csrf)
	if status != http.StatusUnauthorized || body != "" {
		t.Errorf("got %d %q, want 401 and nothing", status, body)
	}
	form := url.Values{"csrf": {b.csrf}, "name": {"ada"}, "password": {rightPassword}}
	if status, _, body = b.do(http.MethodPost, "/sign-in", form, "X-Over", "1"); status != http.StatusNoContent || body != "" {
		t.Errorf("signing in over it: got %d %q, want 204", status, body)
	}
	if status, at, _ := b.get("/"); status != 200 || at != "/" {
		t.Errorf("after it: got %d at %s, want the page", status, at)
	}
}

func TestLookingDoesNotKeepASessionAlive(t *testing.T) {
	s := newSite(t)
	b := s.visitor(t)
	b.signIn("ada")
	s.people.mu.Lock()
	before := s.people.touched
	s.people.mu.Unlock()
	b.do(http.MethodGet, "/", nil, "HX-Request", "true", "X-Live", "1")
	s.people.mu.Lock()
	defer s.people.mu.Unlock()
	if s.people.touched != before {
		t.Errorf("got %d signs of life, want %d: the page asked by itself", s.people.touched, before)
	}
}

// TestHostileWordsAreInert: whatever the API passes on of a LAN's clients stands
// on the page as text.
func TestHostileWordsAreInert(t *testing.T) {
	const evil = `<script>alert(1)</script>"'><img src=x onerror=alert(1)>` + "\u202egnp"
	s := newSite(t)
	s.api.set("/api/v1/overview", admin.Overview{
		States: map[string]int{"total": 1, "needed": 1}, FirstContact: evil, Window: evil,
		Platform:   &admin.PlatformLink{Joined: true, State: evil, Address: evil, Reason: evil, Whitelisted: evil, Heard: s.now},
		Conditions: []health.Condition{{Code: evil, Title: evil, Meaning: evil, Do: evil, Detail: evil}},
		DHCP:       admin.DHCP{Mode: evil},
	})
	b := s.visitor(t)
	_, _, body := b.signIn("ada")
	if !strings.Contains(body, "&lt;script&gt;") || strings.Contains(body, "<script>alert") || strings.Contains(body, "<img src=x") {
		t.Errorf("it does not stand there as text:\n%s", body)
	}
}

func TestGermanIsWhole(t *testing.T) {
	s := newSite(t)
	b := s.visitor(t)
	_, _, body := b.do(http.MethodGet, "/sign-in", nil, "Accept-Language", "de-AT,de;q=0.9,en;q=0.5")
	if !strings.Contains(body, `lang="de"`) || !strings.Contains(body, "Anmelden") {
		t.Errorf("got %.200s, want German", body)
	}
	_, _, body = b.post("/look", "lang", "de", "theme", "dark", "to", "/sign-in")
	if !strings.Contains(body, `data-theme="dark"`) || !strings.Contains(body, "Passwort") {
		t.Errorf("got %.200s, want German in the dark", body)
	}
}

// TestTheBoxsWordsInGerman: what the box says itself stands on a German page in
// German, at its field where it is about one; what nobody has put into German
// says that it is English, and is text all the same.
func TestTheBoxsWordsInGerman(t *testing.T) {
	s := newSite(t)
	s.api.set("/api/v1/overview", admin.Overview{
		States: map[string]int{"total": 1, "needed": 1}, DHCP: admin.DHCP{Mode: "server"},
		Conditions: []health.Condition{
			{Code: "dhcp-two", Title: "Two machines use one address", Meaning: "both work badly: calls break off, configs fail now and then", Detail: "10.0.0.7 is used by <b> and by 00:15:65:00:00:02"},
			{Code: "of-tomorrow", Title: "Something nobody knows yet"},
		},
	})
	b := s.visitor(t)
	b.get("/sign-in")
	b.post("/look", "lang", "de", "to", "/sign-in")
	_, _, body := b.signIn("ada")
	for _, want := range []string{
		"<bdi>Zwei Geräte benutzen eine Adresse.</bdi>", "brechen ab", "10.0.0.7 wird von &lt;b&gt; und von 00:15:65:00:00:02 benutzt<",
		`<bdi lang="en">Something nobody knows yet.</bdi>`,
	} {
		if !strings.Contains(body, want) {
			t.Errorf("got no %q in\n%s", want, body)
		}
	}
	s.api.set("PATCH /api/v1/policy", &admin.Error{Status: http.StatusUnprocessableEntity, What: "the policy cannot be changed like this", Hint: "correct the fields named and send it again",
		Fields: []string{"hours: 337h is out of range; write 1 to 336 hours"}})
	_, _, body = b.post("/tickets/preferences", "hours", "337")
	if !strings.Contains(body, "337h ist außerhalb des Möglichen; schreiben Sie 1 bis 336 Stunden.") || !strings.Contains(body, `id="f-hours-wrong"`) {
		t.Errorf("got no German word at the field:\n%s", body)
	}
}

func TestFirstPaintIsSmall(t *testing.T) {
	s := newSite(t)
	b := s.visitor(t)
	_, _, page := b.signIn("ada")
	total := len(page)
	for _, m := range regexp.MustCompile(`(?:src|href)="(/assets/[^"]+)"`).FindAllStringSubmatch(page, -1) {
		r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, s.URL+m[1], nil)
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Accept-Encoding", "gzip")
		resp, err := b.http.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		n, _ := io.Copy(io.Discard, resp.Body)
		_ = resp.Body.Close()
		if !strings.Contains(resp.Header.Get("Cache-Control"), "immutable") || resp.StatusCode != 200 {
			t.Errorf("%s: got %d %q, want it kept for good", m[1], resp.StatusCode, resp.Header.Get("Cache-Control"))
		}
		total += int(n)
	}
	t.Logf("the overview and its files: %d bytes", total)
	if total > 100<<10 {
		t.Errorf("got %d bytes, want 100 KiB at most", total)
	}
}

// TestSetUpBlamesTheField: what the box finds wrong with the first account
// stands at the field it is about.
func TestSetUpBlamesTheField(t *testing.T) {
	s := newSite(t)
	s.people.fresh = true
	b := s.visitor(t)
	b.get("/setup")
	_, _, body := b.post("/setup", "step", "2", "code", rightCode, "name", "ada", "email", "nonsense", "password", rightPassword, "again", rightPassword)
	if !strings.Contains(body, `id="f-email-wrong"`) {
		t.Errorf("got no word at the e-mail address:\n%s", body)
	}
}
