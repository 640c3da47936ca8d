package pages_test

import (
	"html"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/lineside/lineside/admin"
	"github.com/lineside/lineside/phone"
)

var (
	confirmForm  = regexp.MustCompile(`(?s)<form method="post" action="([^"]+)">(<input type="hidden" name="csrf".*?)</form>`)
	hiddenFields = regexp.MustCompile(`<input type="hidden" name="([^"]+)" value="([^"]*)">`)
)

// answer sends the form of a page that asks, as it stands there.
func (b *person) answer(page string) (int, string, string) {
	b.t.Helper()
	m := confirmForm.FindStringSubmatch(page[strings.Index(page, "<main"):])
	if m == nil {
		b.t.Fatalf("no question in\n%s", page)
	}
	form := url.Values{}
	for _, f := range hiddenFields.FindAllStringSubmatch(m[2], -1) {
		form.Add(f[1], html.UnescapeString(f[2]))
	}
	return b.do(http.MethodPost, html.UnescapeString(m[1]), form)
}

// TestQuestionsKnowWhatTheyAreAbout: without a script, the page that asks sends
// along what it asked about.
func TestQuestionsKnowWhatTheyAreAbout(t *testing.T) {
	s := newSite(t)
	s.api.set("DELETE /api/v1/files/yealink/T46S.rom", map[string]any{})
	s.api.set("/api/v1/files", admin.Files{})
	s.api.set("/api/v1/firmware", []any{})
	ada := s.visitor(t)
	ada.signIn("ada")
	_, _, page := ada.post("/files/remove", "vendor", "yealink", "name", "T46S.rom")
	if status, at, body := ada.answer(page); s.api.calls("/api/v1/files/yealink/T46S.rom") != 1 {
		t.Errorf("a file: got %d at %s, want it deleted\n%.600s", status, at, body)
	}
	_, _, page = ada.post("/files/firmware/remove", "vendor", "yealink", "model", "T46S")
	if ada.answer(page); s.api.calls("/api/v1/firmware/yealink/T46S") != 1 {
		t.Error("a firmware rule: got it kept, want it taken back")
	}
}

// TestBehindTheLastPage: where a list has become shorter, its last page is shown,
// and nobody is told that there is nothing.
func TestBehindTheLastPage(t *testing.T) {
	s := newSite(t)
	s.api.set("/api/v1/devices", admin.Page{Total: 120})
	s.api.set("/api/v1/users", admin.Users{Total: 120})
	b := s.visitor(t)
	b.signIn("ada")
	for _, path := range []string{"/devices", "/users"} {
		if _, at, _ := b.get(path + "?q=x&from=950"); at != path+"?from=100&q=x" {
			t.Errorf("%s: got to %s, want its last page", path, at)
		}
	}
}

// TestLookAfterAForm: light and dark and the language lead back to the page the
// form stood on, and loading its answer again to the page above.
func TestLookAfterAForm(t *testing.T) {
	s := newSite(t)
	mac := "00:15:65:00:00:01"
	s.api.set("/api/v1/devices/"+mac, admin.Device{MAC: phone.MAC{0, 0x15, 0x65, 0, 0, 1}})
	b := s.visitor(t)
	b.signIn("ada")
	_, _, body := b.do(http.MethodPost, "/devices/"+mac+"/pin", url.Values{"csrf": {b.csrf}, "pin": {"12"}}, "Referer", s.URL+"/devices/"+mac)
	if !strings.Contains(body, `name="to" value="/devices/`+mac+`"`) {
		t.Errorf("got no way back to the phone in\n%s", body)
	}
	if _, at, _ := b.get("/devices/" + mac + "/pin"); at != "/devices/"+mac {
		t.Errorf("loaded again: got to %s, want the phone", at)
	}
}

// TestNothingTypedIsLost: every form somebody types into is sent by the script,
// which keeps the page where the answer is that the session has ended.
func TestNothingTypedIsLost(t *testing.T) {
	form := regexp.MustCompile(`(?s)<form[^>]*method="post"[^>]*>.*?</form>`)
	typed := regexp.MustCompile(`<textarea|type="(text|password|file|number|email)"|template "(field|area|secret)`)
	// Who is not signed in has no session that could end; what is downloaded is
	// no page.
	aside := regexp.MustCompile(`action="/(sign-in|forgot|setup|look|tickets/file)"`)
	files, err := filepath.Glob("templates/*.html")
	if err != nil || len(files) == 0 {
		t.Fatalf("got %d templates, %v", len(files), err)
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range form.FindAllString(string(text), -1) {
			head, _, _ := strings.Cut(strings.ReplaceAll(f, "}}>", "}}"), ">")
			if typed.MatchString(strings.ReplaceAll(f, "(hidden ", "")) && !aside.MatchString(head) && !strings.Contains(head, "hx-boost") && !strings.Contains(head, "hx-post") {
				t.Errorf("%s: %s is not sent by the script", file, head)
			}
		}
	}
}
