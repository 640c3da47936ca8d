package pages

import (
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/lineside/lineside/accounts"
	"github.com/lineside/lineside/admin"
	"github.com/lineside/lineside/metrics"
	"github.com/lineside/lineside/phone"
)

// nobody has signed in.
type nobody struct{ People }

func (nobody) NeedsSetUp() bool                               { return false }
func (nobody) Who(phone.Secret, bool) (accounts.Person, bool) { return accounts.Person{}, false }

// asked is a visit that sends a form, outside of any page.
func asked(t *testing.T, form string) (*visit, *httptest.ResponseRecorder) {
	t.Helper()
	s, err := New(Config{}, Deps{
		API: func(admin.Caller) *admin.Client { return nil }, People: nobody{},
		Site: func() phone.Site { return phone.Site{Name: "Branch"} }, Log: slog.New(slog.DiscardHandler), Metrics: metrics.New(),
	})
	if err != nil {
		t.Fatal(err)
	}
	r := httptest.NewRequest(http.MethodPost, "https://box/devices/x/remove", strings.NewReader(form))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.Header.Set("Referer", "https://box/devices?q=1")
	w := httptest.NewRecorder()
	return s.newVisit(w, r), w
}

func TestSureAsksOnce(t *testing.T) {
	v, w := asked(t, "note=%3Cb%3E&password=swordfish&csrf=old")
	if ok, err := v.sure("Remove 00:15:65:4a:a9:37?", "Remove", "note"); ok || err != nil {
		t.Fatalf("got %v %v, want the question", ok, err)
	}
	page := w.Body.String()
	for _, want := range []string{
		"Remove 00:15:65:4a:a9:37?", `action="/devices/x/remove"`, `name="sure" value="yes"`, `name="note" value="&lt;b&gt;"`, `href="/devices?q=1"`,
	} {
		if !strings.Contains(page, want) {
			t.Errorf("the question is without %q:\n%s", want, page)
		}
	}
	for _, other := range []string{`value="old"`, "swordfish"} {
		if strings.Contains(page, other) {
			t.Errorf("what was not named is sent again: %s", other)
		}
	}
	v, w = asked(t, "note=x&sure=yes")
	if ok, err := v.sure("Remove it?", "Remove"); !ok || err != nil || w.Body.Len() != 0 {
		t.Errorf("answered: got %v %v, want to go on", ok, err)
	}
}
