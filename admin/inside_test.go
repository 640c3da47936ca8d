package admin_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/netip"
	"strings"
	"testing"

	"github.com/lineside/lineside/admin"
	"github.com/lineside/lineside/auth"
	"github.com/lineside/lineside/phone"
)

// browser is where the person sits who uses the pages.
var browser = netip.MustParseAddr("10.20.0.9")

// TestPagesCallAsWhoSignedIn: a page may what the person's role may, and the
// audit log has the person's name.
func TestPagesCallAsWhoSignedIn(t *testing.T) {
	b := newBox(t, nil)
	for role, want := range map[admin.Role]int{0: 403, admin.Anyone: 403, auth.Personal: 403, admin.Viewer: 403, admin.Installer: 403, admin.Admin: 200} {
		_, err := b.server.For(admin.Caller{Name: "anna", Role: role, Remote: browser}).Suspend(t.Context(), macB)
		if want == 200 {
			if err != nil {
				t.Errorf("%s: got %v, want it done", role, err)
			}
			continue
		}
		if e := refusal(t, err); e.Status != want || strings.Contains(e.What+e.Hint, "token") {
			t.Errorf("%s: got %d %s (%s), want %d and no word of tokens", role, e.Status, e.What, e.Hint, want)
		}
	}
	if got := b.lastBy(); got.Front != "page" || got.Name != "anna" || got.Remote != browser || len(b.by) != 1 {
		t.Errorf("actor: got %+v of %d, want page anna at %s, once", got, len(b.by), browser)
	}
}

// TestPagesFollowWhatHappens: a stream reaches the page as it runs, ends with
// the page's request, and ends when the box stops.
func TestPagesFollowWhatHappens(t *testing.T) {
	b := newBox(t, nil)
	c := b.server.For(admin.Caller{Name: "anna", Role: admin.Viewer})
	ctx, leave := context.WithCancel(t.Context())
	defer leave()
	b.live <- step(macA, "first")
	for got, err := range c.Watch(ctx, phone.MAC{}, true) {
		if err != nil || got.Text != "first" {
			t.Fatalf("got %+v and %v, want the first step", got, err)
		}
		break
	}
	ended := make(chan int, 1)
	go func() {
		n := 0
		for range c.Watch(t.Context(), phone.MAC{}, true) {
			if n++; n == 1 {
				go b.stop()
			}
		}
		ended <- n
	}()
	for { // the stream that was left may take one on its way out
		select {
		case b.live <- step(macA, "second"):
			continue
		case n := <-ended:
			if n == 0 {
				t.Error("got no step before the box stopped, want one")
			}
		}
		break
	}
}

// TestPagesArePutBesideTheAPI: what is not the API's is the pages', without a
// token, on the HTTPS listener alone; and what breaks in a page breaks its
// request only.
func TestPagesArePutBesideTheAPI(t *testing.T) {
	b := newBoxOf(t, nil, func(d *admin.Deps) {
		d.Pages = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Path == "/broken" {
				panic("planted")
			}
			_, _ = w.Write([]byte("page " + r.URL.Path))
		})
	})
	for path, want := range map[string]int{"/": 200, "/devices/x": 200, "/apis": 200, "/broken": 500, "/api/v1/status": 401, "/api": 401, "/metrics": 401, "/api/v1/openapi.json": 200} {
		got := b.ask(t, "GET", path, "")
		if got.status != want || want == 200 != strings.Contains(got.body, "page "+path) && path != "/api/v1/openapi.json" {
			t.Errorf("%s: got %d %.60q, want %d", path, got.status, got.body, want)
		}
	}
	if !strings.Contains(b.call(t, "GET", "/metrics", "").body, `lineside_panics_total{front="page"} 1`) {
		t.Error("the panic of a page was not counted")
	}
}

// TestPagesAreToldOfHalfAnAnswer: one that breaks off is an error, not a short
// one; and a whole one is known to be whole.
func TestPagesAreToldOfHalfAnAnswer(t *testing.T) {
	b := newBox(t, nil)
	b.books.copied = pieces()
	c := b.server.For(admin.Caller{Name: "anna", Role: admin.Admin})
	if err := c.Backup(t.Context(), io.Discard); err != nil {
		t.Errorf("a whole backup: got %v", err)
	}
	b.books.breaksOff = "planted"
	if err := c.Backup(t.Context(), io.Discard); !errors.Is(err, admin.ErrNotWhole) {
		t.Errorf("a backup that broke off: got %v, want %v", err, admin.ErrNotWhole)
	}
}
