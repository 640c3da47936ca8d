package accounts_test

import (
	"strings"
	"testing"
)

// TestAddressChanged: the address that was there hears of the change, and what
// waits for it is not replaced by the news of another change.
func TestAddressChanged(t *testing.T) {
	l := newLab(t)
	l.setUp(t)
	if err := l.Confirm(t.Context(), here, "anna", secret("Wrong-Pass-1")); err == nil {
		t.Error("a wrong password: got through, want it refused")
	}
	if err := l.Confirm(t.Context(), here, "anna", secret(good)); err != nil {
		t.Errorf("the password: got %v, want it taken", err)
	}
	l.AddressChanged(t.Context(), "anna", "anna@example.net", "anna@example.org")
	l.AddressChanged(t.Context(), "anna", "anna@example.org", "thief@example.com")
	first, second := <-l.letters, <-l.letters
	if first.To != "anna@example.net" || second.To != "anna@example.org" || first.About == second.About {
		t.Errorf("got letters to %s about %q and to %s about %q, want each to the old address, about things of their own", first.To, first.About, second.To, second.About)
	}
	const want = "wurde geändert in anna@example.org"
	if text := first.Text.Reveal(); !strings.Contains(text, want) || !strings.Contains(text, "Branch 7") || strings.Contains(text, "{") {
		t.Errorf("got the letter\n%s\nwant %q in her language", text, want)
	}
	l.off = true
	l.AddressChanged(t.Context(), "anna", "a@example.net", "") // says nothing, and fails nobody
}
