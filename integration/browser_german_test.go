package integration

import (
	"strings"
	"testing"

	"github.com/lineside/lineside/admin"
)

// german opens every page as somebody does whose browser speaks German: nothing on
// it is English, neither the page's words nor the box's, and nothing is wider than
// a phone's screen, which German words are the first to be.
func (w *webBox) german(t *testing.T) {
	all, err := w.client.AllDevices(t.Context(), admin.Query{})
	if err != nil || len(all) == 0 {
		t.Fatalf("got %d devices, %v, want some to look at", len(all), err)
	}
	w.Open("/")
	w.Click(`.side button[name="lang"][value="de"]`)
	w.See("Überblick")
	phone := "/devices/" + all[0].MAC.String()
	for _, path := range []string{
		"/", "/install", "/install/" + all[0].MAC.String(), "/install/sheet", "/devices", phone, phone + "/edit", phone + "/config", "/devices/import",
		"/tickets", "/tickets/new", "/tickets/brands", "/tickets/brands/yealink", "/tickets/preferences", "/users", "/users/new", "/users/import",
		"/allow", "/leases", "/files", "/audit", "/mail", "/accounts", "/accounts/" + bossName, "/backup", "/me", "/password",
		"/settings", "/settings?section=listen", "/settings?section=dhcp", "/settings?section=trust", "/settings?section=pin_call",
		"/settings?section=emergency", "/settings?section=central", "/settings?section=mail", "/settings?section=log", "/setup/site", "/setup/platform", "/setup/dhcp",
	} {
		w.Width(390)
		w.Open(path)
		for _, line := range w.foreign() {
			t.Errorf("%s: %s", path, line)
		}
		w.Shot("de" + strings.NewReplacer("/", "-", ":", "", "?section=", "-").Replace(path))
	}
	w.Width(1440)
	w.Click(`.side button[name="lang"][value="en"]`)
	w.See("Overview")
}

// foreign is what is not German on the page, and how much wider it is than its
// screen. What people and phones named, what is typed, and what a phone shows on its
// own display is in no language.
func (w *webBox) foreign() []string {
	const script = `(() => {
		const page = document.querySelector("main").cloneNode(true), all = [];
		if (document.documentElement.lang !== "de") all.push("the page says that it is in " + document.documentElement.lang);
		if (document.documentElement.scrollWidth > 390) all.push("it is " + document.documentElement.scrollWidth + " pixels wide");
		page.querySelectorAll("[lang=en]").forEach(e => { if (!["BUTTON", "DD"].includes(e.tagName)) all.push("in English: " + e.textContent.trim().slice(0, 160)); e.remove() });
		page.querySelectorAll("code, pre, kbd, script, option, textarea").forEach(e => e.remove());
		const walk = document.createTreeWalker(page, NodeFilter.SHOW_TEXT);
		for (let n; n = walk.nextNode();) if (/\b(the|and|is|are|with|which|this|from|yes|your)\b/i.test(n.data)) all.push("looks English: " + n.data.trim().slice(0, 160));
		return all;
	})()`
	var all []string
	w.Evaluate(script, &all)
	return all
}
