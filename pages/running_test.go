package pages_test

import (
	"encoding/json"
	"net/http"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/lineside/lineside/admin"
	"github.com/lineside/lineside/audit"
	"github.com/lineside/lineside/mail"
	"github.com/lineside/lineside/phone"
)

// hostile is what somebody on the LAN may call themselves, and inert as the page
// has to write it.
const (
	hostile = "<script>alert('x')</script>\u202e\"&"
	inert   = "&lt;script&gt;alert("
)

// TestAuditPage: facts a phone made up are text, the newest stand first, and the
// filters stay in every link.
func TestAuditPage(t *testing.T) {
	s := newSite(t)
	mac, _ := phone.ParseMAC("00:15:65:4a:a9:37")
	what, _ := json.Marshal(map[string]any{"reason": hostile, "until": s.now, "devices": map[string]int{hostile: 2}})
	s.api.set("/api/v1/audit", admin.Audit{Older: 7, Entries: []audit.Entry{
		{Seq: 7, At: s.now.Add(-time.Hour), Kind: "refused", MAC: mac, By: audit.Actor{Front: hostile, Remote: netip.MustParseAddr("10.20.0.9")}, What: what},
		{Seq: 8, At: s.now, Kind: "of-tomorrow", By: audit.Actor{Front: "page", Name: hostile}, What: []byte(`{}`)},
	}})
	s.api.set("/api/v1/audit/verify", audit.Check{Entries: 2, First: 7, Last: 8, BrokenAt: 8, Why: hostile})
	vic := s.visitor(t)
	vic.signIn("vic")
	_, _, body := vic.get("/audit?name=anna&to=2026-03-01")
	if strings.Contains(body, "<script>alert") || strings.Count(body, inert) < 4 {
		t.Errorf("got %d facts as text, want each of 4", strings.Count(body, inert))
	}
	if strings.Index(body, "No. 8") > strings.Index(body, "No. 7") || !strings.Contains(body, "of-tomorrow") {
		t.Error("got the older entry first, or a kind nobody knows left out")
	}
	if !strings.Contains(body, `href="/audit?before=7&amp;name=anna&amp;to=2026-03-01"`) || !strings.Contains(body, `href="/audit/export?name=anna&amp;to=2026-03-01"`) {
		t.Error("the way to older entries or to the file loses the filters")
	}
	if _, _, body := vic.post("/audit/verify"); !strings.Contains(body, "changed at entry 8") || strings.Contains(body, "<script>alert") {
		t.Error("got a broken log told as whole, or its reason as HTML")
	}
	for query, want := range map[string]string{"mac=x": "twelve hex digits", "from=x": "Write a day", "from=2026-03-02&to=2026-03-01": "before the first"} {
		if status, _, body := vic.get("/audit?" + query); status != http.StatusUnprocessableEntity || !strings.Contains(body, want) {
			t.Errorf("%s: got %d, want 422 and %q", query, status, want)
		}
	}
}

// TestAccountsPage: what is shown once is in the answer to what made it and in no
// other, and only an admin has the page.
func TestAccountsPage(t *testing.T) {
	s := newSite(t)
	s.api.set("/api/v1/tokens", admin.Token{Name: "monitoring", Role: admin.Viewer, Token: "once-and-never-again"})
	s.api.set("/api/v1/accounts", admin.AccountAdded{Account: admin.Account{Name: "ben", Role: admin.Viewer}, Temporary: admin.PasswordReset{Name: "ben", Password: "Temp-Pass-123", Why: hostile}})
	s.api.set("/api/v1/accounts/ben", admin.Account{Name: "ben", Role: admin.Viewer, Email: hostile, Rev: 4, Held: true})
	ada := s.visitor(t)
	ada.signIn("ada")
	_, _, body := ada.get("/accounts")
	if strings.Contains(body, "Temp-Pass-123") || strings.Contains(body, "once-and-never-again") {
		t.Error("got a secret on a page nobody made one on")
	}
	if _, _, body := ada.post("/accounts", "name", "ben", "role", "viewer"); !strings.Contains(body, "Temp-Pass-123") || !strings.Contains(body, inert) {
		t.Error("got no temporary password to hand over, or its reason as HTML")
	}
	if _, _, body := ada.post("/tokens", "name", "monitoring", "role", "viewer"); !strings.Contains(body, "once-and-never-again") {
		t.Error("got no token")
	}
	_, _, body = ada.get("/accounts/ben")
	if strings.Contains(body, "<script>alert") || !strings.Contains(body, `name="rev" value="4"`) || !strings.Contains(body, "/accounts/ben/unlock") {
		t.Error("got an address as HTML, no revision, or no way to unlock")
	}
	if _, _, body := ada.post("/accounts/ben/remove"); !strings.Contains(body, `name="sure"`) || !strings.Contains(body, "Remove the account ben?") {
		t.Error("got no question that names the account")
	}
	s.api.set("/api/v1/accounts/ben", &admin.Error{Status: http.StatusPreconditionFailed, What: "the account was changed meanwhile"})
	vic := s.visitor(t)
	vic.signIn("vic")
	for _, page := range []string{"/accounts", "/accounts/ben", "/mail"} {
		if status, _, _ := vic.get(page); status != http.StatusForbidden {
			t.Errorf("%s as a viewer: got %d, want 403", page, status)
		}
	}
}

// TestMailPage: what a mail server said is text.
func TestMailPage(t *testing.T) {
	s := newSite(t)
	s.api.set("/api/v1/mail", admin.Mail{Server: "mail.example.net:587", Letters: []mail.Letter{
		{ID: "a", Kind: "test", To: "\"" + hostile + "\"@example.net", Since: s.now.Add(-time.Hour), Tries: 3, LastError: hostile, Next: s.now.Add(time.Minute)},
		{ID: "b", Kind: "temporary-password", To: "b@example.net", Since: s.now, Tries: 1, Refused: true},
	}})
	ada := s.visitor(t)
	ada.signIn("ada")
	_, _, body := ada.get("/mail")
	if strings.Contains(body, "<script>alert") || !strings.Contains(body, inert) {
		t.Error("got what the server said as HTML, want it as text")
	}
	for _, want := range []string{"3 tries", "1 min", "Refused by the mail server", `name="id" value="b"`} {
		if !strings.Contains(body, want) {
			t.Errorf("got no %q", want)
		}
	}
	if _, _, body := ada.post("/mail/remove", "id", "b"); !strings.Contains(body, `name="sure"`) {
		t.Error("got no question before a letter goes")
	}
}

// TestLeasesPage: a name a client gave itself is text, what is searched for is the
// API's to find, and only a phone's own present address can be kept for it.
func TestLeasesPage(t *testing.T) {
	s := newSite(t)
	lease := func(addr, mac, host string, live, reserved bool) admin.Lease {
		m, err := phone.ParseMAC(mac)
		if err != nil {
			t.Fatal(err)
		}
		return admin.Lease{Address: netip.MustParseAddr(addr), MAC: m, Host: host, Live: live, Reserved: reserved, Expires: s.now}
	}
	s.api.set("/api/v1/dhcp/leases", admin.Leases{Leases: []admin.Lease{
		lease("10.20.0.9", "00:15:65:00:00:01", hostile, true, false),
		lease("10.20.0.10", "00:15:65:00:00:02", "two", false, true),
		lease("10.20.0.11", "00:15:65:00:00:03", "three", false, false),
	}})
	ada := s.visitor(t)
	ada.signIn("ada")
	_, _, body := ada.get("/leases")
	if strings.Contains(body, "<script>alert") || !strings.Contains(body, inert) {
		t.Error("got a host name as HTML, want it as text")
	}
	if got := strings.Count(body, `action="/leases/reserve"`); got != 1 {
		t.Errorf("got %d addresses that can be reserved, want the one in use", got)
	}
	for query, want := range map[string]string{
		"q=0015.6500.0002&state=over": "limit=50&q=0015.6500.0002&state=over", "sort=host&down=1&from=50": "limit=50&offset=50&sort=-host", "down=1": "limit=50&sort=-address",
	} {
		if _, _, body := ada.get("/leases?" + query); s.api.query("/api/v1/dhcp/leases") != want || strings.Count(body, "<tr>\n    <td") != 3 {
			t.Errorf("%s: the API was asked for %s, want %s", query, s.api.query("/api/v1/dhcp/leases"), want)
		}
	}
	s.api.set("/api/v1/dhcp/leases", &admin.Error{Status: http.StatusBadRequest, What: "the query's sort is not known"})
	if status, _, body := ada.get("/leases?sort=x&q=kept"); status != http.StatusOK || !strings.Contains(body, `value="kept"`) || !strings.Contains(body, "sort is not known") {
		t.Errorf("a column there is not: got %d, want it said, and the search still there", status)
	}
	s.api.set("/api/v1/dhcp/leases", admin.Leases{Leases: []admin.Lease{lease("10.20.0.9", "00:15:65:00:00:01", hostile, true, false)}})
	s.api.set("/api/v1/dhcp/snippet", admin.DHCPSnippet{Servers: []string{"dnsmasq", "of-tomorrow"}, For: "of-tomorrow", Text: hostile})
	if _, _, body := ada.get("/leases/snippet?for=of-tomorrow"); strings.Contains(body, "<script>alert") || !strings.Contains(body, inert) || s.api.query("/api/v1/dhcp/snippet") != "for=of-tomorrow" {
		t.Error("got a snippet as HTML, or not that of the server asked for")
	}
	if _, _, body := ada.get("/leases/snippet/file?for=of-tomorrow"); body != hostile {
		t.Errorf("got the file %q, want the text as it is", body)
	}
	vic := s.visitor(t)
	vic.signIn("vic")
	if _, _, body := vic.get("/leases"); strings.Contains(body, "/leases/reserve") {
		t.Error("a viewer is offered what only an admin may")
	}
}
