package pages_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/lineside/lineside/admin"
	"github.com/lineside/lineside/internal/browser"
)

// putUsers gives a site some people, the first of whom has a script for a name.
func (s *site) putUsers() {
	list := admin.Users{Users: []admin.User{*erika().User}, Total: 3}
	for i, name := range [][2]string{{"Ada", "Lovelace"}, {"Konrad", "Zuse-" + strings.Repeat("lang", 20)}} {
		list.Users = append(list.Users, admin.User{
			ID: fmt.Sprint(102 + i), Extension: fmt.Sprint(102 + i), First: name[0], Last: name[1], Email: name[0] + "@example.net",
			HasWebPassword: true, HasPortalPIN: i == 0, Devices: []string{},
		})
	}
	s.api.set("/api/v1/users", list)
	u := *erika().User
	u.Rev = 7
	s.api.set("/api/v1/users/101", u)
	s.api.set("/api/v1/users/102", list.Users[1])
}

// TestUsers walks what an admin does with a user, as a browser without a script.
func TestUsers(t *testing.T) {
	s := newSite(t)
	s.putUsers()
	ada := s.visitor(t)
	ada.signIn("ada")
	for _, page := range []string{"/users", "/users/101"} {
		if _, _, body := ada.get(page); strings.Contains(body, "<script>alert") || !strings.Contains(body, "&lt;script&gt;alert") {
			t.Errorf("%s: got the name as HTML, want it as text", page)
		}
	}
	s.api.set("POST /api/v1/users/101/reset-password", admin.PasswordReset{Name: "101", Password: "KXPW-1234-QRST-9876", Why: "no mail server is set"})
	s.api.set("POST /api/v1/users/102/reset-password", admin.PasswordReset{Name: "102", Mailed: "Ada@example.net"})
	s.api.set("POST /api/v1/users/101/unlock", *erika().User)
	s.api.set("PATCH /api/v1/users/102", &admin.Error{
		Status: http.StatusPreconditionFailed, What: "user 102 was changed meanwhile: by vic at 12:00, email", Hint: "fetch it again",
	})
	s.api.set("DELETE /api/v1/users/102", struct{}{})
	s.api.set("POST /api/v1/users", &admin.Error{Status: http.StatusConflict, What: "another user has this extension", Fields: []string{"extension: 101 is taken"}})
	for _, c := range []struct {
		name, path, want string
		status           int
		form             []string
	}{
		{"a password that goes to phones", "/users/101/web-password", "These fetch it by themselves, within hours: 00:04:13:92:2d:24.", 200, []string{"web_password", "Abcdefg1", "web_again", "Abcdefg1"}},
		{"a PIN that differs", "/users/101/portal-pin", "The two are not the same", 422, []string{"portal_pin", "1234", "pin_again", "1235"}},
		{"without an extension", "/users/101", "Write the extension", 422, []string{"extension", "", "first_name", "Kept", "rev", "7"}},
		{"what was typed stays", "/users/101", `value="Kept"`, 422, []string{"extension", "", "first_name", "Kept", "rev", "7"}},
		{"somebody was faster", "/users/102", "by vic at 12:00", 412, []string{"extension", "102", "first_name", "Mine", "rev", "6"}},
		{"and it is still there", "/users/102", `value="Mine"`, 412, []string{"extension", "102", "first_name", "Mine", "rev", "6"}},
		{"reset asks", "/users/101/reset", `name="sure"`, 200, nil},
		{"reset, handed over", "/users/101/reset", "KXPW-1234-QRST-9876", 200, []string{"sure", "yes"}},
		{"reset, mailed", "/users/102/reset", "on its way to Ada@example.net", 200, []string{"sure", "yes"}},
		{"unlock", "/users/101/unlock", "can sign in again", 200, nil},
		{"remove asks by name", "/users/102/remove", "Remove Ada Lovelace, extension 102?", 200, nil},
		{"remove", "/users/102/remove", "Ada Lovelace has been removed", 200, []string{"sure", "yes"}},
		{"add without an ID", "/users", "Choose an ID", 422, []string{"extension", "105", "first_name", "Neu"}},
		{"add with an extension that is taken", "/users", `id="f-extension-wrong"`, 409, []string{"id", "105", "extension", "101"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			status, _, body := ada.post(c.path, c.form...)
			if status != c.status || !strings.Contains(body, c.want) {
				t.Errorf("got %d\n%s\nwant %d and %q", status, body, c.status, c.want)
			}
			if strings.Contains(body, "Abcdefg") {
				t.Error("a secret that was written is on the page")
			}
		})
	}
	vic := s.visitor(t)
	vic.signIn("vic")
	if _, _, body := vic.get("/users/101"); strings.Contains(body, `action="/users`) {
		t.Error("a viewer is offered what only an admin may")
	}
}

// TestUserImport: previewed first, mended in place, and imported only as it was
// previewed.
func TestUserImport(t *testing.T) {
	s := newSite(t)
	s.putUsers()
	ada := s.visitor(t)
	ada.signIn("ada")
	ada.get("/users/import")
	if _, _, body := ada.post("/users/import", "csv", " ", "do", "preview"); !strings.Contains(body, "Choose a file") {
		t.Errorf("without a file: got\n%s", body)
	}
	s.api.set("/api/v1/users/import", admin.ImportPreview{FaultCount: 1, Faults: []admin.ImportFault{{Line: 2, Text: `id: "<b>" is none`}}, Tag: "t1"})
	_, _, body := ada.post("/users/import", "csv", "id,extension\r\n<b>,1", "do", "preview")
	if !strings.Contains(body, "Line 2:") || !strings.Contains(body, "&lt;b&gt;,1") || strings.Contains(body, `value="import"`) {
		t.Errorf("a wrong line: got\n%s\nwant it named, kept, and no way to import it", body)
	}
	s.api.set("/api/v1/users/import", admin.ImportPreview{Rows: 2, Added: 1, Changed: 1, Tag: "t2", Lines: []admin.ImportLine{
		{Line: 2, Key: "105", What: "add", Name: "<i>Neu</i>"}, {Line: 3, Key: "101", What: "change", Fields: []string{"email"}},
	}})
	_, _, body = ada.post("/users/import", "csv", "id,extension\n105,105", "do", "preview")
	if !strings.Contains(body, "&lt;i&gt;Neu") || !strings.Contains(body, `name="tag" value="t2"`) || !strings.Contains(body, `value="import"`) {
		t.Errorf("got\n%s\nwant the plan, with a way to carry it out", body)
	}
	s.api.set("/api/v1/users/import", admin.Imported{Rows: 2, Added: 1, Changed: 1})
	if _, at, body := ada.post("/users/import", "csv", "id,extension\n105,105", "tag", "t2", "do", "import"); at != "/users" || !strings.Contains(body, "Imported: 1 new, 1 changed") {
		t.Errorf("got %s, want it imported", at)
	}
}

// TestUsersInABrowser looks at the pages.
func TestUsersInABrowser(t *testing.T) {
	s := newSite(t)
	s.putUsers()
	b := browser.New(t, s.URL)
	b.Open("/users")
	b.Fill("#f-name", "ada")
	b.Fill("#f-password", rightPassword)
	b.Click("main button.primary")
	b.At("/users")
	b.Audit("users")
	b.Shot("users")
	b.Open("/users/101")
	b.Audit("user")
	b.Shot("user")
	b.Open("/users/new")
	b.Audit("a new user")
	b.Shot("user-new")
	s.api.set("/api/v1/users/import", admin.ImportPreview{Rows: 2, Added: 1, Changed: 1, Tag: "t2", Lines: []admin.ImportLine{
		{Line: 2, Key: "105", What: "add", Name: "<i>Neu</i>"}, {Line: 3, Key: "101", What: "change", Fields: []string{"email"}},
	}})
	b.Open("/users/import")
	b.Fill("#f-csv", "id,extension")
	b.Click("main button.primary")
	b.See("New: 1, changed: 1")
	b.Audit("import")
	b.Shot("user-import")
	s.api.set("POST /api/v1/users/101/reset-password", admin.PasswordReset{Name: "101", Password: "KXPW-1234-QRST-9876", Why: "no mail server is set"})
	b.Open("/users/101")
	b.Click("form[action='/users/101/reset'] button")
	b.Click("#confirm-do")
	b.See("KXPW-1234-QRST-9876")
	b.Audit("handed over")
	b.Shot("handover")
}
