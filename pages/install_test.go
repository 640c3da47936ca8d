package pages_test

import (
	"context"
	"net/http"
	"net/netip"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"

	"github.com/lineside/lineside/admin"
	"github.com/lineside/lineside/internal/browser"
	"github.com/lineside/lineside/phone"
)

// saysItIs is what a phone, or whoever says to be one, may call itself.
const saysItIs = `"><script>alert(1)</script>` + "\u202egpj.exe"

func mustMAC(t testing.TB, s string) phone.MAC {
	t.Helper()
	mac, err := phone.ParseMAC(s)
	if err != nil {
		t.Fatal(err)
	}
	return mac
}

// heardOf is what the API says of phones on the way.
func (s *site) heardOf(t testing.TB) []admin.Phone {
	list := []admin.Phone{
		{MAC: mustMAC(t, "00:15:65:4a:a9:37"), Vendor: "yealink", Model: saysItIs, State: "visitor", Step: "claim", Firmware: saysItIs, Agent: saysItIs, Address: netip.MustParseAddr("10.20.0.60")},
		{MAC: mustMAC(t, "00:04:13:0a:0b:0c"), Vendor: "snom", Model: "D785", Label: "Empfang", State: "needed", Step: "pin"},
		{MAC: mustMAC(t, "64:16:7f:01:02:03"), Vendor: "poly", Model: "VVX 410", Label: strings.Repeat("Lagerhalle ", 9), State: "failed", Step: "unblock"},
		{MAC: mustMAC(t, "00:0b:82:01:02:03"), Vendor: "grandstream", Model: "GRP2614", Owner: "Zoë O'Brien", State: "blocked", Step: "reset"},
		{MAC: mustMAC(t, "00:08:5d:01:02:03"), Vendor: "mitel", Model: "6869i", Label: "Werkstatt", State: "needed", Step: "wait-login", Enrolling: true},
		{MAC: mustMAC(t, "7c:2f:80:01:02:03"), Vendor: "gigaset", Model: "N870", Label: "Keller", State: "successful", Step: "nothing"},
	}
	for i := range list {
		list[i].Heard = s.now.Add(-time.Duration(i*i*40) * time.Second)
	}
	return list
}

// alone has the API know of one phone.
func (s *site) alone(p admin.Phone) string {
	s.api.set("/api/v1/phones", admin.Phones{Total: 1, Phones: []admin.Phone{p}, Maker: p.Vendor})
	s.api.set("/api/v1/devices", admin.Page{Devices: []admin.Device{{MAC: p.MAC, Lines: []admin.Line{{Registrar: "sip.example.net", User: "7"}}}}, States: map[string]int{"needed": 2}})
	return "/install/" + p.MAC.String()
}

// TestInstallerSeesWhatIsToDo: what phones say of themselves is text, and each
// role is offered what it may.
func TestInstallerSeesWhatIsToDo(t *testing.T) {
	s := newSite(t)
	list := s.heardOf(t)
	s.api.set("/api/v1/phones", admin.Phones{Total: 60, Phones: list})
	ada, ines, vic := s.visitor(t), s.visitor(t), s.visitor(t)
	ada.signIn("ada")
	ines.signIn("ines")
	vic.signIn("vic")
	_, _, body := ines.get("/install")
	if strings.Contains(body, "<script>alert") || !strings.Contains(body, "&lt;script&gt;") {
		t.Error("got what a phone calls itself as HTML, want it as text")
	}
	if !strings.Contains(body, "Zoë O&#39;Brien") || !strings.Contains(body, `href="/install?most=1"`) {
		t.Error("want the user's name, and a way to the phones that are not shown")
	}
	for _, tc := range []struct {
		who         *person
		name        string
		phone       admin.Phone
		want, never []string
	}{
		{ines, "installer, visitor", list[0], []string{"/claim", `value="sip.example.net"`}, []string{"/pin", "/suspend", "/resync"}},
		{ines, "installer, needed", list[1], []string{"/pin", "/show-pin", "/resync"}, []string{"/claim", "/suspend", "/unblock"}},
		{ines, "installer, failed", list[2], []string{"/unblock", "/pin"}, []string{"/suspend"}},
		{ada, "admin, needed", list[1], []string{"/pin", "/suspend"}, []string{"/claim"}},
		{ada, "admin, ready", list[5], []string{"/resync"}, []string{"/pin", "/suspend", "/show"}},
		{vic, "viewer, visitor", list[0], nil, []string{"/claim"}},
		{vic, "viewer, needed", list[1], nil, []string{"/pin", "/resync", "/show"}},
	} {
		path := s.alone(tc.phone)
		status, _, body := tc.who.get(path)
		if status != http.StatusOK || strings.Contains(body, "<script>alert") {
			t.Errorf("%s: got %d, or what it calls itself as HTML", tc.name, status)
		}
		for _, part := range tc.want {
			if !strings.Contains(body, part) {
				t.Errorf("%s: got no %s, want it offered", tc.name, part)
			}
		}
		for _, part := range tc.never {
			if strings.Contains(body, `action="`+path+part) || strings.Contains(body, `action="/devices/`+tc.phone.MAC.String()+part) {
				t.Errorf("%s: got %s offered, want it left out", tc.name, part)
			}
		}
	}
	if status, _, _ := vic.post("/install/0004130a0b0c/pin", "pin", "123456"); status != http.StatusForbidden {
		t.Errorf("a viewer enters a PIN: got %d, want 403", status)
	}
	if status, _, _ := vic.get("/install/sheet"); status != http.StatusForbidden {
		t.Errorf("a viewer's PIN sheet: got %d, want 403", status)
	}
}

// TestPINAtThePage: a wrong PIN is said at its field and never drawn again, and
// where the network proves nothing the page asks for the phone's address.
func TestPINAtThePage(t *testing.T) {
	s := newSite(t)
	needed := s.heardOf(t)[1]
	path := s.alone(needed)
	ines := s.visitor(t)
	ines.signIn("ines")
	pin := "/api/v1/devices/" + needed.MAC.String() + "/pin"
	for _, tc := range []struct {
		name   string
		answer any
		status int
		says   string
	}{
		{"wrong", admin.PINResult{Looked: true, State: "needed", Left: 2}, 422, "2 tries are left."},
		{"locks out", admin.PINResult{Looked: true, State: "failed", Until: s.now.Add(time.Hour)}, 422, "none is taken until"},
		{"five digits", refusal(422, "a PIN is six digits", ""), 422, "costs no try"},
		{"nothing proves the caller", refusal(409, "which phone it is for is not proven", "", "from: is needed"), 409, `name="from"`},
		{"right", admin.PINResult{Accepted: true, State: "needed"}, 200, "The PIN is right."},
	} {
		s.api.set(pin, tc.answer)
		status, _, body := ines.post(path+"/pin", "pin", "271828")
		if status != tc.status || !strings.Contains(body, tc.says) || strings.Contains(body, "271828") {
			t.Errorf("%s: got %d, want %d, %q, and not the PIN", tc.name, status, tc.status, tc.says)
		}
	}
	if status, _, body := ines.post(path+"/pin", "pin", "271828", "from", "nowhere"); status != 422 || !strings.Contains(body, `value="nowhere"`) {
		t.Errorf("an address that is none: got %d, want 422 and what was typed", status)
	}
}

// TestClaimKeepsWhatWasTyped where the API refuses it, but for the password.
func TestClaimKeepsWhatWasTyped(t *testing.T) {
	s := newSite(t)
	visitor := s.heardOf(t)[0]
	path := s.alone(visitor)
	ines := s.visitor(t)
	ines.signIn("ines")
	s.api.set("/api/v1/visitors/"+visitor.MAC.String()+"/claim", refusal(422, "the device cannot be set up like this", "", "line 1: registrar: is no host"))
	status, _, body := ines.post(path+"/claim", "label", "Raum 7", "user", "1007", "password", "swordfish", "registrar", "no host")
	for _, part := range []string{`value="Raum 7"`, `value="no host"`, "Is no host.", `id="f-registrar-wrong"`} {
		if !strings.Contains(body, part) {
			t.Errorf("got no %s, want it", part)
		}
	}
	if status != 422 || strings.Contains(body, "swordfish") {
		t.Errorf("got %d, want 422 and no password", status)
	}
}

// TestPINSheetSaysWhatIsMissing: all that wait are counted as they are listed, a
// search is passed on, and where there are more than there is room for the sheet
// says so, on paper too.
func TestPINSheetSaysWhatIsMissing(t *testing.T) {
	s := newSite(t)
	row := admin.PINRow{MAC: snomMAC, Vendor: "snom", PIN: "314159"}
	s.api.set("/api/v1/pins", admin.PINs{Total: 10_001})
	ines := s.visitor(t)
	ines.signIn("ines")
	if _, _, body := ines.get("/install/sheet"); !strings.Contains(body, "10001 phones wait") || s.api.query("/api/v1/pins") != "limit=0" {
		t.Errorf("got %q asked and\n%s\nwant them counted", s.api.query("/api/v1/pins"), body)
	}
	for _, c := range []struct {
		name  string
		total int
		cut   bool
	}{{"all", 1, false}, {"more than there is room for", 10_001, true}} {
		s.api.set("/api/v1/pins", admin.PINs{Total: c.total, PINs: []admin.PINRow{row}})
		_, _, body := ines.post("/install/sheet", "q", "attic")
		if got := strings.Count(body, "<strong>1 of 10001</strong>"); (got == 2) != c.cut {
			t.Errorf("%s: got it said %d times that there are more, want %v", c.name, got, c.cut)
		}
		if strings.Contains(body, "1 phone ·") == c.cut || s.api.query("/api/v1/pins") != "q=attic" {
			t.Errorf("%s: got %q asked, or the foot\n%s", c.name, s.api.query("/api/v1/pins"), body)
		}
	}
}

// TestInstallerInABrowser walks the installer's pages, and looks at how they are
// for a phone's screen.
func TestInstallerInABrowser(t *testing.T) {
	s := newSite(t)
	list := s.heardOf(t)
	b := browser.New(t, s.URL)
	b.Open("/sign-in")
	b.Fill("#f-name", "ada")
	b.Fill("#f-password", rightPassword)
	b.Click("main button.primary")
	b.See("Overview")
	s.api.set("/api/v1/phones", admin.Phones{Phones: []admin.Phone{}})
	b.Open("/install")
	b.Audit("no phones")
	b.Shot("install-empty")
	s.api.set("/api/v1/phones", admin.Phones{Total: 60, Phones: list})
	b.Open("/install")
	b.Audit("phones")
	b.Shot("install-list")
	s.api.set("/api/v1/phones", admin.Phones{Phones: []admin.Phone{}, Maker: "yealink"})
	b.Fill("#q", "00:15:65:00:00:01")
	b.See("A MAC like this is a phone of")
	b.See("Not heard of yet")
	b.Shot("install-unheard")
	b.Width(390)
	var small string
	b.Evaluate(`[...document.querySelectorAll(".installer :is(a, button, input)")].filter(e => e.offsetParent && e.getBoundingClientRect().height < 44).map(e => e.outerHTML).join("\n")`, &small)
	if small != "" {
		t.Errorf("smaller than 44 pixels:\n%s", small)
	}
	b.Open(s.alone(list[0]))
	b.Audit("a visitor")
	b.Shot("install-visitor")
	path := s.alone(list[1])
	s.api.set("/api/v1/devices/"+list[1].MAC.String()+"/pin", admin.PINResult{Looked: true, State: "needed", Left: 2})
	b.Open(path)
	b.Expect("422")
	b.Fill("#f-pin", "000000")
	b.Click("#i-pin ~ form button.primary")
	b.See("2 tries are left")
	b.Audit("a wrong PIN")
	b.Shot("install-pin")
	var pins admin.PINs
	for i := range 30 {
		p := list[1+i%5]
		pins.PINs = append(pins.PINs, admin.PINRow{MAC: p.MAC, Vendor: p.Vendor, Model: p.Model, Label: p.Label, Owner: p.Owner, PIN: "314159"})
	}
	pins.Total = len(pins.PINs)
	s.api.set("/api/v1/pins", pins)
	b.Open("/install/sheet")
	b.Audit("before the PIN sheet")
	b.Click("main button.primary")
	b.See("314159")
	b.Audit("the PIN sheet")
	b.Shot("install-sheet")
	var pdf []byte
	b.Do("print the sheet", chromedp.ActionFunc(func(ctx context.Context) (err error) {
		pdf, _, err = page.PrintToPDF().WithPaperWidth(8.27).WithPaperHeight(11.69).WithPreferCSSPageSize(true).Do(ctx)
		return err
	}))
	if got := len(regexp.MustCompile(`/Type\s*/Page\b`).FindAll(pdf, -1)); got != 1 {
		t.Errorf("30 phones take %d pages of paper, want one", got)
	}
	if dir := os.Getenv("SCREENSHOTS"); dir != "" {
		if err := os.WriteFile(filepath.Join(dir, "install-sheet.pdf"), pdf, 0o644); err != nil {
			t.Fatal(err)
		}
	}
}
