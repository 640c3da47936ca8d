package admin_test

import (
	"log/slog"
	"net/http"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/lineside/lineside/accounts"
	"github.com/lineside/lineside/admin"
	"github.com/lineside/lineside/phone"
	"github.com/lineside/lineside/store"
)

const plainOperator = "Planted-0ne"

// newBoxWithPeople is a box where anna is an admin and the user erika can sign in.
func newBoxWithPeople(t testing.TB) (*box, *accounts.Desk) {
	t.Helper()
	key, err := store.NewKey([]byte(strings.Repeat("k", 32)))
	if err != nil {
		t.Fatal(err)
	}
	kept, err := store.Open(filepath.Join(t.TempDir(), "db"), key, store.Config{Now: func() time.Time { return start }}, store.Tools{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = kept.Close() })
	var people *accounts.Desk
	b := newBoxOf(t, nil, func(d *admin.Deps) {
		people, err = accounts.New(accounts.Config{Now: func() time.Time { return start }},
			accounts.Deps{Store: kept, People: d.Desk, Log: slog.New(slog.DiscardHandler)})
		d.Accounts = people
	})
	if err != nil {
		t.Fatal(err)
	}
	b.putUser(phone.User{ID: "erika", Extension: "710", Email: "erika@example.net", Created: start, WebPassword: phone.NewSecret(plainWeb), PortalPIN: phone.NewSecret("13579"), Fails: phone.MaxPortalTries})
	code, _ := people.SetUpCode()
	if _, err := people.SetUp(t.Context(), browser, code, accounts.NewAdmin{Name: "anna", Password: phone.NewSecret(plainOperator)}); err != nil {
		t.Fatal(err)
	}
	if _, err := people.ResetUser(t.Context(), b.lastBy(), "erika"); err != nil {
		t.Fatal(err)
	}
	return b, people
}

func TestAccountCalls(t *testing.T) {
	const path = "/api/v1/accounts"
	for name, tc := range map[string]struct {
		method, path, body string
		header             []string
		status             int
		want               string
	}{
		"list":                 {"GET", path, "", nil, 200, `"name":"anna","role":"admin"`},
		"show":                 {"GET", path + "/anna", "", nil, 200, `"has_password":true`},
		"show a user's":        {"GET", path + "/erika", "", nil, 404, "lineside account list"},
		"add":                  {"POST", path, `{"name":"bert","role":"viewer","language":"de"}`, nil, 201, `"password":"`},
		"add with faults":      {"POST", path, `{"name":"Ä","role":"viewer","email":"x","language":"xx"}`, nil, 422, `"language: write one of en, de`},
		"add without a role":   {"POST", path, `{"name":"bert"}`, nil, 422, "role: "},
		"add a user's role":    {"POST", path, `{"name":"bert","role":"user"}`, nil, 422, "is no role"},
		"add one there is":     {"POST", path, `{"name":"anna","role":"viewer"}`, nil, 409, "already"},
		"add a user's name":    {"POST", path, `{"name":"erika","role":"viewer"}`, nil, 409, "a user of the site"},
		"change":               {"PATCH", path + "/anna", `{"email":"anna@example.net"}`, nil, 200, `"email":"anna@example.net"`},
		"stale":                {"PATCH", path + "/anna", `{"email":null}`, []string{"If-Match", `"9"`}, 412, "again"},
		"rename":               {"PATCH", path + "/anna", `{"name":"x"}`, nil, 422, "cannot be changed"},
		"demote the last":      {"PATCH", path + "/anna", `{"role":"viewer"}`, nil, 409, "last admin"},
		"remove the last":      {"DELETE", path + "/anna", "", nil, 409, "last admin"},
		"remove nobody":        {"DELETE", path + "/nobody", "", nil, 404, ""},
		"reset":                {"POST", path + "/anna/reset-password", "", nil, 200, `"why":"no mail server is set"`},
		"reset nobody":         {"POST", path + "/nobody/reset-password", "", nil, 404, ""},
		"unlock":               {"POST", path + "/anna/unlock", "", nil, 200, `"held":false`},
		"reset a user":         {"POST", "/api/v1/users/erika/reset-password", "", nil, 200, `"password":"`},
		"reset no user":        {"POST", "/api/v1/users/nobody/reset-password", "", nil, 404, ""},
		"unlock a user":        {"POST", "/api/v1/users/erika/unlock", "", nil, 200, `"portal_locked":false`},
		"the code, once used":  {"GET", "/api/v1/setup-code", "", nil, 409, "set up already"},
		"me by a token":        {"GET", "/api/v1/me", "", nil, 409, "nobody's account"},
		"password by a token":  {"POST", "/api/v1/me/password", `{"new":"x"}`, nil, 409, "nobody's account"},
		"change me by a token": {"PATCH", "/api/v1/me", `{}`, nil, 409, "nobody's account"},
	} {
		t.Run(name, func(t *testing.T) {
			b, _ := newBoxWithPeople(t)
			res := b.call(t, tc.method, tc.path, tc.body, tc.header...)
			if res.status != tc.status || !strings.Contains(res.body, tc.want) {
				t.Errorf("got %d %s, want %d and %q", res.status, res.body, tc.status, tc.want)
			}
			if strings.Contains(res.body, plainOperator) || strings.Contains(res.body, "argon2") || strings.Contains(b.log.String(), plainOperator) {
				t.Errorf("a password or its hash is in the answer or the log: %s", res.body)
			}
		})
	}
}

func TestMe(t *testing.T) {
	b, people := newBoxWithPeople(t)
	ctx := t.Context()
	erika := b.server.For(admin.Caller{Name: "erika", Role: admin.Personal, Remote: browser})
	if err := people.ChooseOwn(ctx, b.lastBy(), "erika", "temporary", phone.Secret{}, phone.NewSecret(plainOperator)); err != nil {
		t.Fatal(err)
	}
	if _, err := erika.EditMe(ctx, admin.MeInput{Email: admin.Set("thief@example.net")}); err == nil || len(refusal(t, err).Fields) != 1 {
		t.Fatalf("another address without the password: got %v, want it asked for", err)
	}
	me, err := erika.EditMe(ctx, admin.MeInput{
		Password: plainOperator, WebPassword: admin.Set("another12"), PortalPIN: admin.Set("24680"), Email: admin.Set("e@example.net"), Language: admin.Set("de"),
	})
	if err != nil || me.User == nil || me.User.Locked || me.Email != "e@example.net" || me.Language != "de" || me.Role != admin.Personal {
		t.Fatalf("got %+v, %v", me, err)
	}
	if u, _ := b.User("erika"); u.WebPassword.Reveal() != "another12" || u.Extension != "710" {
		t.Errorf("the desk has %+v", u)
	}
	for name, in := range map[string]admin.MeInput{
		"a short password": {WebPassword: admin.Set("x")}, "her extension": {PortalPIN: admin.Set("710")},
		"no address": {Email: admin.Set("x"), Password: plainOperator}, "a wrong password": {Email: admin.Set("x@example.net"), Password: "Wrong-Pass-1"}, "no language": {Language: admin.Set("xx")},
	} {
		_, err := erika.EditMe(ctx, in)
		if e := refusal(t, err); e.Status != http.StatusUnprocessableEntity || len(e.Fields) != 1 {
			t.Errorf("%s: got %d %v", name, e.Status, e.Fields)
		}
	}
	anna := b.server.For(admin.Caller{Name: "anna", Role: admin.Admin, Remote: browser})
	seen, err := anna.Me(ctx)
	if err != nil {
		t.Fatal(err)
	}
	if me, err := anna.EditMe(ctx, admin.MeInput{Email: admin.Set("anna@example.net"), Password: plainOperator, Rev: seen.Rev}); err != nil || me.User != nil || me.Email != "anna@example.net" || me.PasswordUntil.IsZero() {
		t.Errorf("got %+v, %v", me, err)
	}
	_, err = anna.EditMe(ctx, admin.MeInput{Language: admin.Set("de"), Rev: seen.Rev}) // in another window
	if e := refusal(t, err); e.Status != http.StatusPreconditionFailed {
		t.Errorf("a change of what was seen before another one: got %d, want 412", e.Status)
	}
	_, err = anna.EditMe(ctx, admin.MeInput{WebPassword: admin.Set("another12")})
	if e := refusal(t, err); e.Status != http.StatusUnprocessableEntity {
		t.Errorf("an operator's phone password: got %d", e.Status)
	}
}

// TestPasswordFirst: who has to change the password changes nothing else.
func TestPasswordFirst(t *testing.T) {
	b, people := newBoxWithPeople(t)
	ctx := t.Context()
	erika := b.server.For(admin.Caller{Name: "erika", Role: admin.Personal, Must: "temporary", Remote: browser})
	_, err := erika.EditMe(ctx, admin.MeInput{WebPassword: admin.Set("another12")})
	if e := refusal(t, err); e.Status != http.StatusForbidden {
		t.Errorf("got %d, want 403", e.Status)
	}
	if me, err := erika.Me(ctx); err != nil || me.Must != "temporary" {
		t.Errorf("got %+v, %v", me, err)
	}
	if err := erika.ChangePassword(ctx, admin.PasswordInput{New: plainOperator}); err != nil {
		t.Error(err)
	}
	if _, err := people.SignIn(ctx, browser, "erika", phone.NewSecret(plainOperator)); err != nil {
		t.Error(err)
	}
	gone := b.server.For(admin.Caller{Name: "nobody", Role: admin.Admin})
	if e := refusal(t, func() error { _, err := gone.Me(ctx); return err }()); e.Status != http.StatusUnauthorized {
		t.Errorf("an account removed meanwhile: got %d, want 401", e.Status)
	}
}

// TestUsersCannotFillTheAuditLog: what one changes on their own page is bounded,
// and costs nobody else.
func TestUsersCannotFillTheAuditLog(t *testing.T) {
	b, _ := newBoxWithPeople(t)
	erika := b.server.For(admin.Caller{Name: "erika", Role: admin.Personal})
	var last error
	for range 51 {
		_, last = erika.EditMe(t.Context(), admin.MeInput{})
	}
	if e := refusal(t, last); e.Status != http.StatusTooManyRequests {
		t.Errorf("got %d, want 429", e.Status)
	}
	if _, err := b.server.For(admin.Caller{Name: "anna", Role: admin.Admin}).EditMe(t.Context(), admin.MeInput{}); err != nil {
		t.Error(err)
	}
}

// TestSetUpCodeIsForTheOwner: status shows it on the socket alone.
func TestSetUpCodeIsForTheOwner(t *testing.T) {
	b := newBoxOf(t, nil, func(d *admin.Deps) { d.Accounts = &codeOnly{} })
	st, err := b.client.Status(t.Context())
	if err != nil || st.SetUpCode != "PLANTED" {
		t.Errorf("on the socket: got %q, %v", st.SetUpCode, err)
	}
	if got := b.call(t, "GET", "/api/v1/status", ""); strings.Contains(got.body, "PLANTED") {
		t.Errorf("by a token: got %s", got.body)
	}
	if got, err := b.client.SetUpCode(t.Context()); err != nil || got.Code != "PLANTED" {
		t.Errorf("asked for: got %+v, %v", got, err)
	}
	if got := b.ask(t, "GET", "/api/v1/setup-code", "", "Authorization", "Bearer "+b.tokenFor(t, "installer")); got.status != http.StatusForbidden {
		t.Errorf("an installer: got %d", got.status)
	}
	if kinds := b.books.kinds(); !slices.Equal(kinds, []string{"token-added"}) {
		t.Errorf("events: got %v", kinds)
	}
}

// codeOnly are accounts of which there is none yet.
type codeOnly struct {
	admin.Operators
	admin.Oneself
}

func (*codeOnly) SetUpCode() (phone.Secret, bool) { return phone.NewSecret("PLANTED"), true }
