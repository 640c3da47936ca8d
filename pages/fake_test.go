package pages_test

import (
	"context"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"path/filepath"
	"strconv"
	"sync"
	"testing"
	"time"

	"log/slog"

	"github.com/lineside/lineside/accounts"
	"github.com/lineside/lineside/admin"
	"github.com/lineside/lineside/health"
	"github.com/lineside/lineside/metrics"
	"github.com/lineside/lineside/pages"
	"github.com/lineside/lineside/phone"
)

// site is a box as the pages see it: an API that says what a test wants, and
// people who can sign in.
type site struct {
	*httptest.Server
	pages  *pages.Server
	people *people
	api    *fakeAPI
	now    time.Time
}

// fakeAPI answers calls with what stands under their method and path, or under
// their path alone; a handler there answers itself.
type fakeAPI struct {
	mu      sync.Mutex
	answers map[string]any
	callers []admin.Caller
	sent    map[string]string // the last body, by method
	asked   map[string]int    // calls by path
	queries map[string]string // the last one, by path
}

func (f *fakeAPI) set(path string, v any) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.answers[path] = v
}

// last is the last body that was sent by a method.
func (f *fakeAPI) last(method string) string {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.sent[method]
}

// query is what a path was last asked for.
func (f *fakeAPI) query(path string) string {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.queries[path]
}

// calls is how often a path was asked for.
func (f *fakeAPI) calls(path string) int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.asked[path]
}

func (f *fakeAPI) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	f.mu.Lock()
	f.asked[r.URL.Path]++
	f.queries[r.URL.Path] = r.URL.RawQuery
	v, ok := f.answers[r.Method+" "+r.URL.Path]
	if !ok {
		v, ok = f.answers[r.URL.Path]
	}
	f.mu.Unlock()
	if h, does := v.(http.Handler); does {
		h.ServeHTTP(w, r)
		return
	}
	body, _ := io.ReadAll(r.Body) // what is cut off no test takes for the whole
	f.mu.Lock()
	f.sent[r.Method] = string(body)
	f.mu.Unlock()
	if e, bad := v.(*admin.Error); bad {
		w.WriteHeader(e.Status)
	} else if !ok {
		v = &admin.Error{What: "there is no such path", Hint: "mend the test"}
		w.WriteHeader(http.StatusNotFound)
	}
	_ = json.NewEncoder(w).Encode(v)
}

// people is who can sign in: two names, one password.
type people struct {
	mu       sync.Mutex
	fresh    bool // a set-up code is waited for
	sessions map[string]accounts.Person
	touched  int
	forgot   []string
	next     int
}

const (
	rightPassword = "Right-Pass-1"
	rightCode     = "ABCD-EFGH"
)

func refusal(status int, what, hint string, fields ...string) error {
	return &admin.Error{Status: status, What: what, Hint: hint, Fields: fields}
}

func (p *people) NeedsSetUp() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.fresh
}

func (p *people) begin(who accounts.Person) accounts.Person {
	p.next++
	who.Token = phone.NewSecret("session-" + strconv.Itoa(p.next))
	p.sessions[who.Token.Reveal()] = who
	return who
}

func (p *people) SetUp(_ context.Context, _ netip.Addr, code phone.Secret, in accounts.NewAdmin) (accounts.Person, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	switch {
	case code.Reveal() != rightCode:
		return accounts.Person{}, accounts.ErrSetUp
	case in.Password.Reveal() != rightPassword:
		return accounts.Person{}, refusal(422, "what was sent is not valid", "", "password: is too short")
	}
	if in.Mail == "nonsense" {
		return accounts.Person{}, refusal(422, "the account cannot be like this", "", "email: \"nonsense\" is no address")
	}
	p.fresh = false
	return p.begin(accounts.Person{Name: in.Name, Role: admin.Admin}), nil
}

func (p *people) SignIn(_ context.Context, _ netip.Addr, name string, password phone.Secret) (accounts.Person, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	roles := map[string]admin.Role{"ada": admin.Admin, "ines": admin.Installer, "vic": admin.Viewer, "101": admin.Personal, "old": admin.Admin}
	role, ok := roles[name]
	if !ok || password.Reveal() != rightPassword {
		return accounts.Person{}, accounts.ErrWrong
	}
	who := accounts.Person{Name: name, Role: role}
	if name == "old" {
		who.Must = "expired"
	}
	return p.begin(who), nil
}

func (p *people) Who(token phone.Secret, alive bool) (accounts.Person, bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	who, ok := p.sessions[token.Reveal()]
	if ok && alive {
		p.touched++
	}
	return who, ok
}

func (p *people) ChangePassword(_ context.Context, _ netip.Addr, token, old, _ phone.Secret) (accounts.Person, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	who := p.sessions[token.Reveal()]
	if old.Reveal() != rightPassword {
		return accounts.Person{}, refusal(422, "what was sent is not valid", "", "old: is not your password")
	}
	delete(p.sessions, token.Reveal())
	who.Must = ""
	return p.begin(who), nil
}

func (p *people) SignOut(_ context.Context, token phone.Secret) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.sessions, token.Reveal())
	return nil
}

// Forgot notes who has forgotten their password.
func (p *people) Forgot(_ context.Context, _ netip.Addr, name string) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.forgot = append(p.forgot, name)
	return nil
}

// end ends all sessions.
func (p *people) end() {
	p.mu.Lock()
	defer p.mu.Unlock()
	clear(p.sessions)
}

// newSite starts the pages over TLS on loopback.
func newSite(t testing.TB, edits ...func(*pages.Config)) *site {
	t.Helper()
	s := &site{
		now:    time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC),
		people: &people{sessions: make(map[string]accounts.Person)},
		api:    &fakeAPI{answers: make(map[string]any), sent: make(map[string]string), asked: make(map[string]int), queries: make(map[string]string)},
	}
	s.branch()
	socket := filepath.Join(t.TempDir(), "api")
	l, err := net.Listen("unix", socket)
	if err != nil {
		t.Fatal(err)
	}
	api := &http.Server{Handler: s.api}
	go func() { _ = api.Serve(l) }()
	t.Cleanup(func() { _ = api.Close() })
	client := admin.NewClient(socket)
	t.Cleanup(client.Close)
	cfg := pages.Config{Version: "test", Now: func() time.Time { return s.now }}
	for _, edit := range edits {
		edit(&cfg)
	}
	s.pages, err = pages.New(cfg, pages.Deps{
		API: func(who admin.Caller) *admin.Client {
			s.api.mu.Lock()
			defer s.api.mu.Unlock()
			s.api.callers = append(s.api.callers, who)
			return client
		},
		People: s.people, Site: func() phone.Site { return phone.Site{Name: "Köln & Söhne", Zone: "Europe/Berlin", Language: "en"} },
		Log: slog.New(slog.DiscardHandler), Metrics: metrics.New(),
	})
	if err != nil {
		t.Fatal(err)
	}
	s.Server = httptest.NewTLSServer(s.pages)
	t.Cleanup(s.Close)
	return s
}

// branch is what the API says of a site with some phones.
func (s *site) branch() {
	o := admin.Overview{
		Site: "Köln & Söhne", Zone: "Europe/Berlin", Now: s.now, Visitors: 3, Awaiting: 1, FirstContact: "pin",
		States: map[string]int{"total": 48, "successful": 40, "needed": 5, "failed": 2, "blocked": 1},
		Window: "8h0m0s", WindowOpen: s.now.Add(7*time.Hour + 12*time.Minute),
		Platform: &admin.PlatformLink{Joined: true, State: "linked", Address: "198.51.100.7", Whitelisted: "until 18:30", Heard: s.now.Add(-20 * time.Second)},
		DHCP: admin.DHCP{Mode: "server", Pools: []admin.Pool{{
			Ranges: []admin.AddrRange{{First: netip.MustParseAddr("10.20.0.50"), Last: netip.MustParseAddr("10.20.0.250")}},
			Size:   201, Used: 51, Reserved: 3, Free: 147,
		}}},
		Conditions: []health.Condition{{
			Code: "dhcp-second", Title: "another DHCP server answers phones", Meaning: "phones may be sent elsewhere",
			Do: "switch it off, or set dhcp.mode = \"inform\"", Detail: "10.20.0.254 offered to 00:15:65:4a:a9:37", Since: s.now.Add(-time.Hour),
		}},
	}
	for i := range 24 {
		o.Hours = append(o.Hours, phone.Hour{Start: s.now.Add(time.Duration(i-23) * time.Hour), Full: i * i % 37})
	}
	for i := range 30 {
		o.Days = append(o.Days, phone.Hour{Start: s.now.AddDate(0, 0, i-29), Enrolled: i * 7 % 11})
	}
	s.api.set("/api/v1/overview", o)
}
