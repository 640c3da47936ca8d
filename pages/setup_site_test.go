package pages_test

import (
	"net/http"
	"net/netip"
	"strings"
	"testing"

	"github.com/lineside/lineside/admin"
	"github.com/lineside/lineside/internal/browser"
)

// newBranch is what the API says of a box that nobody has set up, beside another
// server.
func (s *site) newBranch(waiting ...string) {
	text := func(key string, value any, from string) admin.SettingKey {
		kind := "text"
		if _, ok := value.([]string); ok {
			kind = "list"
		}
		return admin.SettingKey{Key: key, Kind: kind, Value: value, From: from, Change: "restart"}
	}
	s.api.set("/api/v1/settings", admin.Settings{Rev: 3, Waiting: waiting, Settings: []admin.SettingKey{
		text("site.name", "Lineside", "default"), text("site.timezone", "UTC", "default"), text("site.language", "en", "default"),
		text("site.emergency", []string{"110", "112", "911"}, "default"),
		text("dhcp.mode", "off", "default"), text("dhcp.pool", "", "default"), text("dhcp.router", "", "default"), text("dhcp.upstream", []string{}, "default"),
	}})
	s.api.set("/api/v1/platform", admin.PlatformLink{})
	s.api.set("/api/v1/dhcp/advice", admin.DHCPAdvice{
		Interface: "eth0", Address: netip.MustParsePrefix("10.20.0.1/24"), Mode: "off", Asked: s.now, Pool: "10.20.0.50-10.20.0.250",
		Servers:   []admin.DHCPServer{{Address: netip.MustParseAddr("10.20.0.254"), Heard: s.now, Leads: `66="<script>alert(1)</script>"`}},
		Suggested: "inform", Why: "the server at 10.20.0.254 gives the addresses",
		Modes: []admin.DHCPMode{{Mode: "server"}, {Mode: "inform"}, {Mode: "relay"}, {Mode: "off"}},
	})
}

// walkSetUp goes on from the first account to the end.
func walkSetUp(b *browser.Browser) {
	b.Audit("set-up site")
	b.Shot("setup-3-site")
	b.Click("main button.primary")
	b.At("/setup/platform")
	b.Audit("set-up platform")
	b.Shot("setup-4-platform")
	b.Click(`main a.button[href="/setup/dhcp"]`)
	b.At("/setup/dhcp")
	b.Wait("the mode that fits", `document.querySelector("#mode-inform").checked`)
	b.Click("label[for=mode-server]")
	b.Wait("the pool's field", `document.querySelector("input[name='dhcp.pool']").offsetParent`)
	b.Audit("set-up DHCP")
	b.Shot("setup-5-dhcp")
	b.Click("main form.modes button.primary")
	b.At("/setup/done")
	b.Audit("set-up done")
	b.Shot("setup-6-done")
}

// TestSetUpSteps: each step shows what is set, keeps what was typed where
// something is wrong, and is an admin's alone.
func TestSetUpSteps(t *testing.T) {
	s := newSite(t)
	s.newBranch()
	ada, ines := s.visitor(t), s.visitor(t)
	ada.signIn("ada")
	ines.signIn("ines")
	for _, path := range []string{"/setup/site", "/setup/platform", "/setup/dhcp", "/setup/done"} {
		if status, _, _ := ada.get(path); status != http.StatusOK {
			t.Errorf("%s: got %d, want the step", path, status)
		}
		if status, _, _ := ines.get(path); status != http.StatusForbidden {
			t.Errorf("%s: an installer got %d, want 403", path, status)
		}
	}
	if _, _, body := ada.get("/setup/site"); !strings.Contains(body, `value="110, 112, 911"`) {
		t.Error("got the emergency numbers otherwise than people write them")
	}
	if _, _, body := ada.get("/setup/dhcp"); strings.Contains(body, "<script>alert") || !strings.Contains(body, `value="inform" checked`) {
		t.Error("want what a server says as text, and the mode that fits chosen")
	}
	status, _, body := ada.post("/setup/site", "rev", "3", "site.name", " ", "site.timezone", "Mars/Olympus", "site.emergency", "112")
	if status != http.StatusUnprocessableEntity || !strings.Contains(body, "Mars/Olympus") || !strings.Contains(body, "Give the site a name") {
		t.Errorf("without a name: got %d, want 422, what was typed, and why", status)
	}
	s.api.set("/api/v1/settings", refusal(http.StatusUnprocessableEntity, "the settings have faults", "", "site.timezone: is no zone"))
	if status, _, _ := ada.post("/setup/site", "rev", "3", "site.name", "Köln", "site.emergency", "112"); status == http.StatusSeeOther {
		t.Error("the step went on with settings that were refused")
	}
	s.newBranch("dhcp.mode")
	if _, _, body := ada.get("/setup/done"); !strings.Contains(body, "Start anew now") || !strings.Contains(body, "dhcp.mode") {
		t.Error("got no restart, want one offered with the keys that wait")
	}
}
