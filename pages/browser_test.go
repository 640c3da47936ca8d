package pages_test

import (
	"testing"

	"github.com/lineside/lineside/internal/browser"
)

// TestPagesInABrowser walks the pages there are before a phone is: the first
// start, the overview, and the ways in and out.
func TestPagesInABrowser(t *testing.T) {
	s := newSite(t)
	s.people.fresh = true
	s.newBranch()
	b := browser.New(t, s.URL)
	b.Open("/devices")
	b.At("/setup")
	b.Audit("set-up code")
	b.Shot("setup-1")
	b.Fill("#f-code", rightCode)
	b.Click("main button.primary")
	b.See("Your account")
	b.Fill("#f-name", "ada")
	b.Fill("#f-password", "short")
	b.Fill("#f-again", "other")
	b.Click("main button.primary")
	b.Expect("422")
	b.See("The two are not the same")
	b.Audit("set-up account")
	b.Shot("setup-2")
	b.Fill("#f-password", rightPassword)
	b.Fill("#f-again", rightPassword)
	b.Click("main button.primary")
	b.See("Welcome, ada")
	b.At("/setup/site")
	walkSetUp(b)
	b.Open("/")
	b.Audit("overview")
	b.Shot("overview")
	b.Open("/password")
	b.Audit("password")
	b.Shot("password")
	b.Open("/nowhere")
	b.Expect("404")
	b.Audit("no such page")
	b.Shot("problem")
}
