package pages_test

import (
	"net/http"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/lineside/lineside/admin"
	"github.com/lineside/lineside/internal/browser"
	"github.com/lineside/lineside/phone"
)

var (
	yealinkMAC = phone.MAC{0, 0x15, 0x65, 0x4a, 0xa9, 0x37}
	snomMAC    = phone.MAC{0, 4, 0x13, 0x92, 0x2d, 0x24}
)

// putTickets gives a site tickets; a phone that waits for approval says of itself
// what it likes.
func (s *site) putTickets() {
	waiting := admin.Ticket{
		MAC: snomMAC, Vendor: "snom", Label: "Werkstatt", State: "awaiting approval", Made: s.now.Add(-2 * time.Hour), Expires: s.now.Add(6 * time.Hour),
		Requested: s.now.Add(-time.Minute), From: "lease", Address: netip.MustParseAddr("10.20.0.61"), Model: `<img src=x onerror=alert(1)>`, Firmware: "10.1.33\u202e",
	}
	done := admin.Ticket{MAC: yealinkMAC, Vendor: "yealink", State: "rejected", Reason: "not our phone", Made: s.now.Add(-26 * time.Hour), Expires: s.now.Add(-time.Hour)}
	s.api.set("/api/v1/tickets", admin.Tickets{
		Tickets: []admin.Ticket{waiting, done}, States: map[string]int{"awaiting approval": 1, "rejected": 1}, Reasons: admin.RejectReasons(), Presets: admin.TicketHours(),
	})
	s.api.set("/api/v1/devices", admin.Page{Total: 2, Devices: []admin.Device{{MAC: yealinkMAC}, {MAC: snomMAC}}})
	s.api.set("POST /api/v1/tickets", admin.TicketsMade{Made: 1, Failed: 1, Hours: 8, Lines: []admin.TicketLine{
		{MAC: yealinkMAC, Label: `"><script>alert(2)</script>`, Owner: "Erika Größe", Ready: true, Warning: "it is authenticated: whoever shows the ticket first takes the phone's place"},
		{MAC: snomMAC, Label: "Werkstatt", Error: "the platform keeps this device's tickets", Hint: "make it there"},
	}})
	s.api.set("/api/v1/policy", admin.Policy{TicketHours: 8})
	s.api.set("/api/v1/otps", admin.OTPs{OTPs: []admin.OTP{{Vendor: "snom"}, {Vendor: "yealink", User: "yealink", HasPassword: true, Since: s.now}}})
}

// made is the answer to a call that makes one ticket.
func (s *site) made() admin.TicketsMade {
	return admin.TicketsMade{Made: 1, Hours: 8, Lines: []admin.TicketLine{{
		MAC: yealinkMAC, Ready: true, Ticket: &admin.Ticket{MAC: yealinkMAC, Vendor: "yealink", User: "u-1", Password: "=PLUM-4711", Expires: s.now.Add(8 * time.Hour)},
	}}}
}

// TestTickets: what phones say of themselves is text, and a rejection has a
// reason.
func TestTickets(t *testing.T) {
	s := newSite(t)
	s.putTickets()
	ada := s.visitor(t)
	ada.signIn("ada")
	if _, _, body := ada.get("/tickets"); strings.Contains(body, "<img src=x") || !strings.Contains(body, "&lt;img src=x") || !strings.Contains(body, "10.20.0.61") {
		t.Error("got the model as HTML, or not the address, want it as text")
	}
	s.api.set("POST /api/v1/devices/bulk", admin.BulkDone{Done: 1})
	s.api.set("PATCH /api/v1/policy", &admin.Error{Status: http.StatusUnprocessableEntity, What: "a ticket lasts from 1 to 336 hours"})
	s.api.set("PUT /api/v1/otps/snom", admin.OTP{Vendor: "snom", User: "snom", HasPassword: true, Password: "PEAR-0815"})
	s.api.set("DELETE /api/v1/devices/"+snomMAC.String()+"/ticket", admin.Ticket{})
	for _, c := range []struct {
		name, path, want string
		status           int
		form             []string
	}{
		{"approve nobody", "/tickets/approvals", "Tick at least one phone", 422, []string{"do", "approve"}},
		{"reject without a reason", "/tickets/approvals", "Choose a reason, or write one", 422, []string{"do", "reject", "mac", snomMAC.String()}},
		{"reject", "/tickets/approvals", "Rejected: 1", 200, []string{"do", "reject", "mac", snomMAC.String(), "other", "stolen"}},
		{"approve", "/tickets/approvals", "Approved: 1", 200, []string{"do", "approve", "mac", snomMAC.String()}},
		{"remove asks", "/tickets/revoke", "Remove the one-time password of " + snomMAC.String(), 200, []string{"mac", snomMAC.String()}},
		{"remove", "/tickets/revoke", "has been removed", 200, []string{"mac", snomMAC.String(), "sure", "yes"}},
		{"no hours", "/tickets/preferences", "Write a number of hours", 422, []string{"hours", "a day"}},
		{"too many hours", "/tickets/preferences", "A ticket lasts from 1 to 336 hours", 422, []string{"hours", "337"}},
		{"a brand's, made up", "/tickets/brands/snom", "PEAR-0815", 200, []string{"user", ""}},
		{"no such brand", "/tickets/brands/acme", "no such page", 404, []string{"user", ""}},
	} {
		t.Run(c.name, func(t *testing.T) {
			status, _, body := ada.post(c.path, c.form...)
			if status != c.status || !strings.Contains(body, c.want) {
				t.Errorf("got %d\n%s\nwant %d and %q", status, body, c.status, c.want)
			}
		})
	}
}

// TestWizard: what is chosen is looked through before it is made, what is made is
// taken along with passwords or without.
func TestWizard(t *testing.T) {
	s := newSite(t)
	s.putTickets()
	ada := s.visitor(t)
	ada.signIn("ada")
	if _, _, body := ada.get("/tickets/new"); strings.Contains(body, "<script>alert") || !strings.Contains(body, `value="`+snomMAC.String()+`" disabled`) {
		t.Error("got a label as HTML, or a phone to choose that is not ready")
	}
	if status, _, _ := ada.post("/tickets/new", "do", "review"); status != http.StatusUnprocessableEntity {
		t.Errorf("nothing chosen: got %d, want 422", status)
	}
	if _, _, body := ada.post("/tickets/new", "do", "search", "q", "x", "mac", yealinkMAC.String()); !strings.Contains(body, `value="`+yealinkMAC.String()+`" checked`) {
		t.Error("a search forgot what was chosen")
	}
	if _, _, body := ada.post("/tickets/new", "do", "review", "mac", yealinkMAC.String()); !strings.Contains(body, `name="hours" value="8"`) {
		t.Errorf("got\n%s\nwant the hours of the policy", body)
	}
	if status, _, body := ada.post("/tickets/new", "do", "make", "mac", yealinkMAC.String(), "hours", "8", "user-"+yealinkMAC.String(), "mine"); status != 422 || !strings.Contains(body, "Untick what") {
		t.Errorf("one that is not ready: got %d, want it told and nothing made", status)
	}
	s.api.set("POST /api/v1/tickets", s.made())
	if _, _, body := ada.post("/tickets/new", "do", "make", "mac", yealinkMAC.String(), "hours", "8"); !strings.Contains(body, "PLUM-4711") {
		t.Errorf("got\n%s\nwant the password, this once", body)
	}
	row := []string{"mac", yealinkMAC.String(), "user-" + yealinkMAC.String(), "u-1", "password-" + yealinkMAC.String(), "=PLUM-4711", "expires-" + yealinkMAC.String(), "2026-03-02T20:00:00Z"}
	if _, _, file := ada.post("/tickets/file", append(row, "do", "passwords")...); !strings.Contains(file, "'=PLUM-4711") {
		t.Errorf("got\n%s\nwant the password, and not as a formula", file)
	}
	if _, _, file := ada.post("/tickets/file", append(row, "do", "plain")...); strings.Contains(file, "PLUM") || !strings.Contains(file, "u-1") {
		t.Errorf("got\n%s\nwant it without the password", file)
	}
}

// TestTicketsComeByThePage: the API is asked for what is shown and no more, and
// the numbers are of all there are.
func TestTicketsComeByThePage(t *testing.T) {
	s := newSite(t)
	s.putTickets()
	s.api.set("/api/v1/tickets", admin.Tickets{
		Tickets: []admin.Ticket{{MAC: snomMAC, Vendor: "snom", State: "awaiting approval"}}, States: map[string]int{"awaiting approval": 300, "rejected": 9700},
	})
	ada := s.visitor(t)
	ada.signIn("ada")
	_, _, body := ada.get("/tickets?from=50")
	for _, want := range []string{"300 phones wait", "The first 1 of 300", "51–51 of 10000", "<b>9700</b>"} {
		if !strings.Contains(body, want) {
			t.Errorf("got no %q in\n%s", want, body)
		}
	}
	if got := s.api.query("/api/v1/tickets"); !strings.Contains(got, "limit=50") || !strings.Contains(got, "awaiting+approval") {
		t.Errorf("those that wait: asked for %q, want a page of them", got)
	}
	if _, _, body := ada.get("/tickets?state=rejected&from=50"); !strings.Contains(body, "51–51 of 9700") {
		t.Errorf("got\n%s\nwant those of the state counted", body)
	}
}

// TestTicketsInABrowser looks at the pages.
func TestTicketsInABrowser(t *testing.T) {
	s := newSite(t)
	s.putTickets()
	b := browser.New(t, s.URL)
	b.Open("/tickets")
	b.Fill("#f-name", "ada")
	b.Fill("#f-password", rightPassword)
	b.Click("main button.primary")
	b.At("/tickets")
	for _, page := range []string{"", "/new", "/brands", "/brands/yealink", "/preferences"} {
		b.Open("/tickets" + page)
		b.Audit("tickets" + page)
		b.Shot("tickets" + strings.ReplaceAll(page, "/", "-"))
	}
	b.Open("/tickets/new")
	b.Click("#m-" + strings.ReplaceAll(yealinkMAC.String(), ":", `\:`))
	b.Click("button[value=review]")
	b.See("Untick what you want to leave out")
	b.Audit("review")
	b.Shot("tickets-review")
	s.api.set("POST /api/v1/tickets", s.made())
	b.Click("button[value=make]")
	b.See("1 one-time password has been made")
	b.Audit("made")
	b.Shot("tickets-made")
}
