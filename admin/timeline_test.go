package admin_test

import (
	"net/http"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/lineside/lineside/phone"
	"github.com/lineside/lineside/provision"
)

// TestActionsAreRoutes sends the calls that findings carry, as they are.
func TestActionsAreRoutes(t *testing.T) {
	b := newBox(t, nil)
	got, err := b.client.Timeline(t.Context(), macA)
	if err != nil {
		t.Fatal(err)
	}
	sent := 0
	for _, f := range got.Findings {
		if f.Action == nil {
			continue
		}
		sent++
		if f.Action.Method != http.MethodPost || !strings.HasPrefix(f.Action.Path, "/api/v1/devices/"+macA.String()+"/") {
			t.Errorf("%s: got the action %s %s, want a POST to the device", f.Code, f.Action.Method, f.Action.Path)
		}
		if a := b.call(t, f.Action.Method, f.Action.Path, string(f.Action.Body)); a.status != http.StatusOK {
			t.Errorf("%s: %s %s %s: got %d %s, want 200", f.Code, f.Action.Method, f.Action.Path, f.Action.Body, a.status, a.body)
		}
	}
	if sent != 3 || len(got.Events) != 1 || got.Events[0].Times != 3 {
		t.Errorf("got %d actions and the events %+v, want 3 actions and one event of three times", sent, got.Events)
	}
}

// TestTimelineHasFilesAndLeases of the real desk: each file once, as it went the
// last time, and no token of a path.
func TestTimelineHasFilesAndLeases(t *testing.T) {
	s := newSite(t, 2, 0)
	mac, addr := s.macs[1], netip.MustParseAddr("10.20.0.99")
	err := s.store.SaveLeases(t.Context(), []phone.Lease{{Addr: addr, MAC: mac, State: phone.Bound, Start: time.Now(), Expires: time.Now().Add(time.Hour)}})
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range []string{"snomD385.htm", "snomD385-" + strings.ToUpper(mac.Hex()) + ".htm", "snomD385-" + strings.ToUpper(mac.Hex()) + ".htm"} {
		_, err := s.desk.Fetch(t.Context(), provision.Ask{
			Front: provision.HTTP, Remote: netip.AddrPortFrom(addr, 40000), File: file, Agent: "Mozilla/4.0 (compatible; snomD385-SIP 10.1.54.13)",
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	got, err := s.client.Timeline(t.Context(), mac)
	if err != nil || len(got.Leases) != 1 || got.Leases[0].Address != addr || !got.Leases[0].Live {
		t.Fatalf("leases: got %+v, %v; want the one", got.Leases, err)
	}
	seen := map[string]int{}
	for _, f := range got.Files {
		seen[f.Name]++
		if f.Kind == "" || f.At.IsZero() || f.Times < 1 || f.Address != addr {
			t.Errorf("got %+v", f)
		}
	}
	for name, times := range seen {
		if times != 1 {
			t.Errorf("%s is listed %d times", name, times)
		}
	}
	if len(got.Files) == 0 || !strings.Contains(got.Files[0].Name, ".htm") {
		t.Errorf("got %+v, want the files asked for", got.Files)
	}
}
