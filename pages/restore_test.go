package pages_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/lineside/lineside/admin"
)

// staged has a backup wait that was made yesterday.
func (s *site) staged() admin.StagedRestore {
	b := admin.StagedRestore{ID: "one", Bytes: 3 << 20, By: hostile, Staged: s.now, Made: s.now.Add(-24 * time.Hour), Devices: 48, Users: 1, Own: true, Entries: 7, Gone: 2}
	s.api.set("GET /api/v1/restore", admin.StagedRestores{Staged: &b})
	return b
}

// TestRestorePage: what putting a backup back does is said in the page's words
// before it is asked for, and only the backup that was looked at is put back.
func TestRestorePage(t *testing.T) {
	s := newSite(t)
	s.staged()
	s.api.set("POST /api/v1/restore/one/apply", admin.Restored{})
	ada := s.visitor(t)
	ada.signIn("ada")
	_, _, body := ada.get("/backup")
	for _, want := range []string{"1 Mar 2026, 13:00", "48 phones, 1 user", "7 entries written", "2 phones set up now are not in the backup", "No template is in the backup", inert} {
		if !strings.Contains(body, want) {
			t.Errorf("got no %q", want)
		}
	}
	if strings.Contains(body, "set up again") || strings.Contains(body, "<script>alert") {
		t.Error("got what it does not do, or a name as HTML")
	}
	if _, _, body := ada.post("/backup/restore/apply", "id", "one"); !strings.Contains(body, "Put back the backup of 1 Mar 2026, 13:00?") || !strings.Contains(body, `name="sure"`) {
		t.Error("got no question that names the backup")
	}
	if _, at, _ := ada.post("/backup/restore/apply", "id", "another", "sure", "yes"); at != "/backup" {
		t.Errorf("another backup: got %s, want to look again", at)
	}
	if n := s.api.calls("/api/v1/restore/one/apply"); n != 0 {
		t.Fatalf("got it put back %d times before anybody said so", n)
	}
	if _, _, body := ada.post("/backup/restore/apply", "id", "one", "sure", "yes"); !strings.Contains(body, `data-back="/"`) {
		t.Error("got no page that waits for the box")
	}
	if n := s.api.calls("/api/v1/restore/one/apply"); n != 1 {
		t.Errorf("got it put back %d times, want once", n)
	}
	s.api.set("DELETE /api/v1/restore/one", &admin.Error{Status: http.StatusNotFound, What: "gone"})
	if _, _, body := ada.post("/backup/restore/drop", "id", "one"); !strings.Contains(body, "was discarded") {
		t.Error("one that is gone already: got an error")
	}
}

// TestRestoreUpload: a backup goes on as it is; what is none is said above its
// field; a box that has to be stopped for it says how.
func TestRestoreUpload(t *testing.T) {
	s := newSite(t)
	s.api.set("GET /api/v1/restore", admin.StagedRestores{})
	ada := s.visitor(t)
	ada.signIn("ada")
	ada.get("/backup")
	form, kind := formOf(t, "", "", "csrf", ada.csrf)
	if status, body := ada.send("/backup/restore", strings.NewReader(form), kind); status != 422 || !strings.Contains(body, `id="f-file-wrong"`) {
		t.Errorf("no file: got %d, want 422 and it said at the field", status)
	}
	s.api.set("POST /api/v1/restore", &admin.Error{Status: 422, What: "this is no backup", Hint: "choose another"})
	form, kind = formOf(t, "x.tar", "nonsense", "csrf", ada.csrf)
	if status, body := ada.send("/backup/restore", strings.NewReader(form), kind); status != 422 || !strings.Contains(body, "This is no backup.") {
		t.Errorf("no backup: got %d, want 422 and the box's words", status)
	}
	s.api.set("POST /api/v1/restore", admin.StagedRestore{ID: "one"})
	if status, body := ada.send("/backup/restore", strings.NewReader(form), kind); status != 200 || !strings.Contains(body, "The backup is whole") {
		t.Errorf("a backup: got %d, want the page that says what it does", status)
	}
	if got := s.api.last("POST"); got != "nonsense" {
		t.Errorf("the API got %q, want the file as it was", got)
	}
	s.api.set("GET /api/v1/restore", &admin.Error{Status: 409, What: "not while it runs"})
	if _, _, body := ada.get("/backup"); !strings.Contains(body, "systemctl stop lineside") || strings.Contains(body, "/backup/restore") {
		t.Error("a box that has to be stopped: got a form, want how it is done there")
	}
}
