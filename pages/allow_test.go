package pages_test

import (
	"net/http"
	"net/netip"
	"strings"
	"testing"

	"github.com/lineside/lineside/admin"
)

// TestAllowList: a note that is a script is text, what the platform entered has
// no button, and who may only look is offered nothing.
func TestAllowList(t *testing.T) {
	s := newSite(t)
	s.api.set("/api/v1/allow", admin.Allowed{Allow: []admin.Allow{
		{Network: netip.MustParsePrefix("10.20.0.0/24"), Note: "<script>alert(1)</script>"},
		{Network: netip.MustParsePrefix("203.0.113.7/32"), Platform: true},
	}})
	ada := s.visitor(t)
	ada.signIn("ada")
	_, _, body := ada.get("/allow")
	if strings.Contains(body, "<script>alert") || !strings.Contains(body, "&lt;script&gt;alert(1)") {
		t.Error("got the note as HTML, want it as text")
	}
	if got := strings.Count(body, `action="/allow/remove"`); got != 1 {
		t.Errorf("got %d buttons to remove, want that of the box's own entry", got)
	}
	if status, _, body := ada.post("/allow", "network", " ", "note", "kept"); status != http.StatusUnprocessableEntity || !strings.Contains(body, `value="kept"`) {
		t.Errorf("without a network: got %d, want 422 and the note kept", status)
	}
	if _, _, body := ada.post("/allow/remove", "network", "10.20.0.0/24"); !strings.Contains(body, `name="sure"`) {
		t.Error("got no question before the entry goes, want one")
	}
	vic := s.visitor(t)
	vic.signIn("vic")
	if _, _, body := vic.get("/allow"); strings.Contains(body, `action="/allow`) {
		t.Error("a viewer is offered what only an admin may")
	}
}
