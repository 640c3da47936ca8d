package admin_test

import (
	"net/http"
	"strings"
	"testing"
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
