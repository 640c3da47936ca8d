package admin_test

import (
	"bytes"
	"net/http"
	"strings"
	"testing"

	"github.com/lineside/lineside/admin"
	"github.com/lineside/lineside/phone"
	"github.com/lineside/lineside/provision"
)

const plainWeb = "plantedweb1"

func TestUserCalls(t *testing.T) {
	const users = "/api/v1/users"
	for name, tc := range map[string]struct {
		method, path, body string
		header             []string
		status             int
		want               string
	}{
		"add":                   {"POST", users, `{"id":"bert","extension":"711"}`, nil, 201, `"has_web_password":false`},
		"add with faults":       {"POST", users, `{"id":"Bert","extension":"x","portal_pin":"1"}`, nil, 422, `"portal_pin: must be 4 to 10 digits"`},
		"add twice":             {"POST", users, `{"id":"anna","extension":"712"}`, nil, 409, "lineside user edit"},
		"add with a secret":     {"POST", users, `{"id":"c","extension":"712","web_password":"short"}`, nil, 422, "web_password: "},
		"change":                {"PATCH", users + "/anna", `{"last_name":"Meier"}`, nil, 200, `"last_name":"Meier"`},
		"null clears":           {"PATCH", users + "/anna", `{"web_password":null}`, nil, 200, `"has_web_password":false`},
		"a new PIN unlocks":     {"PATCH", users + "/anna", `{"portal_pin":"24680"}`, nil, 200, `"portal_locked":false`},
		"stale":                 {"PATCH", users + "/anna", `{"last_name":"x"}`, []string{"If-Match", `"9"`}, 412, "again"},
		"change the ID":         {"PATCH", users + "/anna", `{"id":"bert"}`, nil, 422, "cannot be changed"},
		"change nobody":         {"PATCH", users + "/nobody", `{}`, nil, 404, "lineside user add"},
		"show":                  {"GET", users + "/anna", "", nil, 200, `"portal_locked":true`},
		"search":                {"GET", users + "?q=MÜL", "", nil, 200, `"id":"anna"`},
		"search for nobody":     {"GET", users + "?q=zzz", "", nil, 200, `{"users":[],"total":0,"offset":0}`},
		"a page of them":        {"GET", users + "?offset=1&limit=1", "", nil, 200, `{"users":[],"total":1,"offset":1}`},
		"remove":                {"DELETE", users + "/anna", "", nil, 204, ""},
		"import":                {"POST", users + "/import", "id;extension\r\nanna;720\r\nbert;721\r\n", []string{"Content-Type", "text/csv"}, 200, `"added":1,"changed":1`},
		"import with faults":    {"POST", users + "/import", "id,extension\nanna,720\nB,x\n", []string{"Content-Type", "text/csv"}, 422, `"line 3: extension: `},
		"import a taken number": {"POST", users + "/import", "id,extension\nbert,721\ncarl,721\n", []string{"Content-Type", "text/csv"}, 422, `"line 3: extension: 721 is bert's`},
		"import one twice":      {"POST", users + "/import", "id,extension\na,720\na,721\n", []string{"Content-Type", "text/csv"}, 422, "line 2 already"},
		"import without an ID":  {"POST", users + "/import", "extension\n720\n", []string{"Content-Type", "text/csv"}, 422, "no column id"},
		"import no such":        {"POST", users + "/import", "id,shoe\nanna,42\n", []string{"Content-Type", "text/csv"}, 422, "no column"},
		"import nothing":        {"POST", users + "/import", "", []string{"Content-Type", "text/csv"}, 422, "no header row"},
	} {
		t.Run(name, func(t *testing.T) {
			b := newBox(t, nil)
			b.putUser(phone.User{
				ID: "anna", Extension: "710", Last: "Müller", WebPassword: phone.NewSecret(plainWeb), PortalPIN: phone.NewSecret("13579"), Fails: phone.MaxPortalTries,
			})
			res := b.call(t, tc.method, tc.path, tc.body, tc.header...)
			if res.status != tc.status || !strings.Contains(res.body, tc.want) {
				t.Errorf("got %d %s, want %d and %q", res.status, res.body, tc.status, tc.want)
			}
			if strings.Contains(res.body, plainWeb) || strings.Contains(res.body, "13579") {
				t.Errorf("a password of the user is in the answer: %s", res.body)
			}
		})
	}
}

// TestUsersGoOutAndComeBack: an export imports again as it was.
func TestUsersGoOutAndComeBack(t *testing.T) {
	b := newBox(t, nil)
	u := phone.User{ID: "anna", Extension: "710", First: "=cmd()", Last: `M"ü;l,ler`, WebPassword: phone.NewSecret(plainWeb)}
	b.putUser(u)
	var out bytes.Buffer
	if err := b.client.ExportUsers(t.Context(), &out); err != nil {
		t.Fatal(err)
	}
	if strings.Contains(out.String(), plainWeb) || strings.Contains(out.String(), ",=cmd") {
		t.Errorf("the export holds a password or a formula:\n%s", out.String())
	}
	if _, err := b.client.ImportUsers(t.Context(), out.Bytes()); err != nil {
		t.Fatal(err)
	}
	if got, _ := b.User("anna"); got.First != u.First || got.Last != u.Last || got.WebPassword != u.WebPassword {
		t.Errorf("got %+v, want %+v", got, u)
	}
}

func TestFileCalls(t *testing.T) {
	b := newBox(t, nil)
	c, ctx := b.client, t.Context()
	if _, err := c.AddFile(ctx, "yealink", "t46.rom", strings.NewReader("firmware")); err != nil {
		t.Fatal(err)
	}
	if _, err := c.SetFirmware(ctx, "yealink", "T46G", "t46.rom", ""); err != nil {
		t.Fatal(err)
	}
	list, err := c.Files(ctx)
	if err != nil || len(list.Files) != 1 || list.Files[0].Size != 8 || len(list.Firmware) != 1 {
		t.Errorf("got %+v and %v", list, err)
	}
	if list.Room.File != 100 {
		t.Errorf("got the room %+v, want the desk's", list.Room)
	}
	for name, tt := range map[string]struct {
		in     admin.FileCheckInput
		status int
		there  bool
	}{
		"another":   {admin.FileCheckInput{Vendor: "yealink", Name: "t48.rom", Bytes: 100}, 0, false},
		"the same":  {admin.FileCheckInput{Vendor: " Yealink", Name: "t46.rom"}, 0, true},
		"too large": {admin.FileCheckInput{Vendor: "yealink", Name: "t48.rom", Bytes: 101}, http.StatusRequestEntityTooLarge, false},
	} {
		out, err := c.CheckFile(ctx, tt.in)
		if tt.status != 0 {
			if e := refusal(t, err); e.Status != tt.status {
				t.Errorf("%s: got %d, want %d", name, e.Status, tt.status)
			}
		} else if err != nil || (out.Replaces != nil) != tt.there {
			t.Errorf("%s: got %+v and %v, want one in its place: %v", name, out, err, tt.there)
		}
	}
	if err := c.RemoveFile(ctx, "yealink", "t46.rom"); err != nil {
		t.Error(err)
	}
	if e := refusal(t, c.RemoveFile(ctx, "yealink", "t46.rom")); e.Status != http.StatusNotFound || !strings.Contains(e.Hint, "file list") {
		t.Errorf("again: got %d %q", e.Status, e.Hint)
	}
	if res := b.call(t, "PUT", "/api/v1/files/yealink/x", "x", "Content-Type", "text/plain"); res.status != 415 {
		t.Errorf("another type: got %d, want 415", res.status)
	}
}

func TestUploadCalls(t *testing.T) {
	b := newBox(t, nil)
	b.town.uploads = map[string]string{"x.log": "what the phone wrote"}
	list, err := b.client.Uploads(t.Context(), macA)
	if err != nil || len(list) != 1 || list[0].What != "log" {
		t.Fatalf("got %+v and %v", list, err)
	}
	var out bytes.Buffer
	if err := b.client.Upload(t.Context(), macA, "X.log", &out); err != nil || out.String() != "what the phone wrote" {
		t.Errorf("got %q and %v", out.String(), err)
	}
	if kinds := b.books.kinds(); kinds[len(kinds)-1] != "upload-shown" {
		t.Errorf("got %v, want that it was shown on record", kinds)
	}
	if e := refusal(t, b.client.Upload(t.Context(), macA, "none", &out)); e.Status != http.StatusNotFound {
		t.Errorf("got %d, want 404", e.Status)
	}
}

func TestTemplateAndSheetCalls(t *testing.T) {
	b := newBox(t, nil)
	b.town.faults = []provision.TemplateFault{{File: "yealink.conf", Line: 3, Text: "nonsense"}}
	for name, call := range map[string]func() (provision.Templates, error){
		"check":  func() (provision.Templates, error) { return b.client.CheckTemplates(t.Context()) },
		"reload": func() (provision.Templates, error) { return b.client.LoadTemplates(t.Context()) },
	} {
		if out, err := call(); err != nil || len(out.Faults) != 1 || out.Faults[0].Line != 3 {
			t.Errorf("%s: got %+v and %v", name, out, err)
		}
	}
	if b.town.loads != 1 {
		t.Errorf("loaded %d times, want once", b.town.loads)
	}
	var out bytes.Buffer
	if err := b.client.Sheet(t.Context(), "acme-rps", &out); err != nil || out.String() != "MAC,URL\r\n001565000001,'=http://box/\r\n" {
		t.Errorf("got %q and %v", out.String(), err)
	}
	if e := refusal(t, b.client.Sheet(t.Context(), "other", &out)); e.Status != http.StatusUnprocessableEntity || !strings.Contains(strings.Join(e.Fields, " "), "acme-rps") {
		t.Errorf("got %d %v, want the sheets there are", e.Status, e.Fields)
	}
}

// FuzzUserCSV: a file of users is refused, or every user in it is valid.
func FuzzUserCSV(f *testing.F) {
	b := newBox(f, nil)
	for _, s := range []string{"id,extension\nanna,710\n", "\ufeffid;extension\n\"a\";7", "id\n=a\n", "id,web_password\na, b1 \n"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		b.town.mu.Lock()
		b.town.users = nil
		b.town.mu.Unlock()
		if _, err := b.client.ImportUsers(t.Context(), []byte(text)); err != nil {
			if len(b.Users()) != 0 {
				t.Errorf("%q was refused and left %v", text, b.Users())
			}
			return
		}
		for _, u := range b.Users() {
			if err := u.Validate(); err != nil {
				t.Errorf("%q: %v", text, err)
			}
		}
	})
}
