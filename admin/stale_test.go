package admin_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/lineside/lineside/admin"
)

// TestSecondEditorIsTold who was faster, when and in which fields, with the real
// desk, store and audit log.
func TestSecondEditorIsTold(t *testing.T) {
	s := newSite(t, 2, 0)
	seen, err := s.client.Device(t.Context(), s.macs[0])
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.client.EditDevice(t.Context(), s.macs[0], seen.Rev, admin.DeviceInput{Label: admin.Set("Front"), Model: admin.Set("T48S")}); err != nil {
		t.Fatal(err)
	}
	if _, err := s.client.EditDevice(t.Context(), s.macs[1], 0, admin.DeviceInput{Owner: admin.Set("")}); err != nil {
		t.Fatal(err)
	}
	_, err = s.client.EditDevice(t.Context(), s.macs[0], seen.Rev, admin.DeviceInput{Label: admin.Set("Back")})
	wantChanged(t, err, "model label")
	u, err := s.client.User(t.Context(), "user00001")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.client.EditUser(t.Context(), u.ID, admin.UserInput{Rev: u.Rev, Last: admin.Set("Meier")}); err != nil {
		t.Fatal(err)
	}
	if _, err := s.client.EditUser(t.Context(), "user00000", admin.UserInput{First: admin.Set("Ada")}); err != nil {
		t.Fatal(err)
	}
	_, err = s.client.EditUser(t.Context(), u.ID, admin.UserInput{Rev: u.Rev, Last: admin.Set("Mayer")})
	wantChanged(t, err, "last_name")
	if d, err := s.client.Device(t.Context(), s.macs[0]); err != nil || d.Label != "Front" {
		t.Errorf("got %+v, %v; want the first editor's label", d, err)
	}
}

func wantChanged(t *testing.T, err error, fields string) {
	t.Helper()
	e, ok := err.(*admin.Error)
	if !ok || e.Status != 412 || e.Changed == nil {
		text, _ := json.Marshal(e)
		t.Fatalf("got %v %s, want who was faster", err, text)
	}
	if got := strings.Join(e.Changed.Fields, " "); got != fields || e.Changed.Front != "cli" || e.Changed.By == "" || e.Changed.At.IsZero() {
		t.Errorf("got %+v, want %s", e.Changed, fields)
	}
	if !strings.Contains(e.What, "changed by somebody else in the meantime: by "+e.Changed.By) {
		t.Errorf("got %q, want it in words too", e.What)
	}
}
