package pages_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/lineside/lineside/admin"
	"github.com/lineside/lineside/internal/browser"
)

// erika is a user who gave herself a name that is a script.
func erika() admin.Me {
	return admin.Me{
		Name: "101", Role: admin.Personal, Email: "erika@example.net", Language: "en",
		User: &admin.User{
			ID: "101", Extension: "101", First: `<script>alert("1")</script>`, Last: "Größe\u202e", Email: "erika@example.net",
			HasWebPassword: true, Locked: true, Devices: []string{"00:15:65:4a:a9:37", "00:04:13:92:2d:24"},
			Told: []string{"00:15:65:4a:a9:37"}, Untold: []string{"00:04:13:92:2d:24"},
		},
	}
}

// TestMe: who may see nothing else has a page of their own, and what was typed
// into one of its forms stays while the others show what is.
func TestMe(t *testing.T) {
	s := newSite(t)
	s.api.set("/api/v1/me", erika())
	user := s.visitor(t)
	user.signIn("101")
	_, at, body := user.get("/")
	if at != "/me" || strings.Contains(body, "<script>alert") || !strings.Contains(body, "&lt;script&gt;alert") {
		t.Fatalf("got %s, want the user's own page and the name as text", at)
	}
	if strings.Contains(body, "data-events") || strings.Contains(body, `href="/users"`) {
		t.Error("a user's page listens to what happens at the site, or offers it")
	}
	for _, c := range []struct {
		name, path, want string
		status           int
		form             []string
	}{
		{"two that differ", "/me/web-password", "The two are not the same", http.StatusUnprocessableEntity, []string{"web_password", "Abcdefg1", "web_again", "Abcdefg2"}},
		{"nothing", "/me/portal-pin", "Write the new password", http.StatusUnprocessableEntity, []string{"pin_again", "1"}},
		{"a password", "/me/web-password", "Told to fetch it now: 00:15:65:4a:a9:37.", http.StatusOK, []string{"web_password", "Abcdefg1", "web_again", "Abcdefg1"}},
		{"a PIN", "/me/portal-pin", "portal PIN has been changed", http.StatusOK, []string{"portal_pin", "4711", "pin_again", "4711"}},
		{"German", "/me", "Gespeichert", http.StatusOK, []string{"email", "erika@example.net", "language", "de"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			status, _, body := user.post(c.path, c.form...)
			if status != c.status || !strings.Contains(body, c.want) {
				t.Errorf("got %d\n%s\nwant %d and %q", status, body, c.status, c.want)
			}
			if strings.Contains(body, "Abcdefg") || strings.Contains(body, "4711") {
				t.Error("a secret is on the page")
			}
		})
	}
}

// TestMeTellsWhatTheAPIRefuses: at the field it is about, with the rest as typed.
func TestMeTellsWhatTheAPIRefuses(t *testing.T) {
	s := newSite(t)
	s.api.set("/api/v1/me", erika())
	user := s.visitor(t)
	user.signIn("101")
	user.get("/me")
	s.api.set("PATCH /api/v1/me", &admin.Error{Status: http.StatusUnprocessableEntity, What: "the user cannot be changed like this", Fields: []string{"email: is no address"}})
	_, _, body := user.post("/me", "email", "erika at home", "language", "de")
	if !strings.Contains(body, `value="erika at home"`) || !strings.Contains(body, `id="f-email-wrong"`) || !strings.Contains(body, `value="de" selected`) {
		t.Errorf("got\n%s\nwant what was typed, and what is wrong at its field", body)
	}
}

// TestMeInTwoWindows: the second is told what is stored meanwhile, keeps what was
// typed but for the password, and counts from there.
func TestMeInTwoWindows(t *testing.T) {
	s := newSite(t)
	me := erika()
	me.Rev, me.Email, me.User.Email = 8, "first@example.net", "first@example.net"
	s.api.set("/api/v1/me", me)
	s.api.set("PATCH /api/v1/me", refusal(http.StatusPreconditionFailed, "the user was changed meanwhile", ""))
	user := s.visitor(t)
	user.signIn("101")
	user.get("/me")
	status, _, body := user.post("/me", "email", "second@example.net", "language", "de", "rev", "7", "password", "Swordfish-11")
	if sent := s.api.last(http.MethodPatch); !strings.Contains(sent, `"rev":7`) || !strings.Contains(sent, `"password":"Swordfish-11"`) {
		t.Errorf("got %s sent, want the revision that was seen and the password", sent)
	}
	for _, want := range []string{`value="second@example.net"`, "Stored meanwhile: first@example.net.", `name="rev" value="8"`} {
		if status != http.StatusPreconditionFailed || !strings.Contains(body, want) {
			t.Errorf("got %d, and no %s; want it", status, want)
		}
	}
	if strings.Contains(body, "Swordfish") {
		t.Error("the password is drawn again")
	}
}

// TestForgotAnswersAlike: nobody learns from the page which names there are.
func TestForgotAnswersAlike(t *testing.T) {
	s := newSite(t)
	s.people.fresh = false
	bodies := make(map[string]string)
	for _, name := range []string{"101", "nobody", `"><script>`} {
		guest := s.visitor(t)
		_, _, page := guest.get("/forgot")
		if !strings.Contains(page, `name="name"`) {
			t.Fatalf("got\n%s\nwant to be asked for a name", page)
		}
		_, _, body := guest.post("/forgot", "name", name)
		bodies[name] = csrfIn.ReplaceAllString(body, "")
	}
	for name, body := range bodies {
		if body != bodies["101"] || !strings.Contains(body, "Look into your mail") {
			t.Errorf("%s: got another answer than for a user:\n%s", name, body)
		}
	}
	if len(s.people.forgot) != 3 {
		t.Errorf("got %q passed on, want all three", s.people.forgot)
	}
	guest := s.visitor(t)
	guest.get("/forgot")
	if status, _, _ := guest.post("/forgot", "name", " "); status != http.StatusUnprocessableEntity {
		t.Errorf("without a name: got %d, want 422", status)
	}
}

// TestMeInABrowser looks at the pages of who has forgotten a password, and of a user.
func TestMeInABrowser(t *testing.T) {
	s := newSite(t)
	s.api.set("/api/v1/me", erika())
	b := browser.New(t, s.URL)
	b.Open("/sign-in")
	b.Click("a[href='/forgot']")
	b.At("/forgot")
	b.Audit("forgot")
	b.Shot("forgot")
	b.Fill("#f-name", "101")
	b.Click("main button.primary")
	b.See("Look into your mail")
	b.Audit("asked")
	b.Shot("forgot-asked")
	b.Open("/sign-in")
	b.Shot("sign-in")
	b.Fill("#f-name", "101")
	b.Fill("#f-password", rightPassword)
	b.Click("main button.primary")
	b.At("/me")
	b.Expect("422")
	b.Fill("#f-web_password", "Abcdefg1")
	b.Fill("#f-web_again", "Abcdefg2")
	b.Click("form[action='/me/web-password'] button")
	b.See("The two are not the same")
	b.Audit("me")
	b.Shot("me")
}
