package provision

import (
	"testing"

	"github.com/lineside/lineside/audit"
	"github.com/lineside/lineside/auth"
	"github.com/lineside/lineside/phone"
)

// TestAmend: another maker's phone is another phone, so what the old one proved
// is void; any other change leaves the proof alone.
func TestAmend(t *testing.T) {
	old := auth.Record{Rev: 4, Device: phone.Device{MAC: storied, Vendor: "snom", Model: "D385"}, Enrolment: auth.NewEnrolment(phone.NewSecret("271828"))}
	old.Enrolment.State = auth.Successful
	old.Enrolment.Current = auth.Credential{User: "own-abcdefghij", Password: phone.NewSecret("fake-own")}
	for name, tc := range map[string]struct {
		change func(*phone.Device)
		kinds  []audit.Event
		void   bool
	}{
		"nothing": {func(*phone.Device) {}, nil, false},
		"label":   {func(d *phone.Device) { d.Label = "Attic" }, []audit.Event{audit.DeviceChanged{}}, false},
		"model":   {func(d *phone.Device) { d.Model = "D785" }, []audit.Event{audit.DeviceChanged{}}, false},
		"vendor":  {func(d *phone.Device) { d.Vendor = "yealink" }, []audit.Event{audit.DeviceChanged{}, audit.Reset{}}, true},
	} {
		t.Run(name, func(t *testing.T) {
			dev := old.Device.Clone()
			tc.change(&dev)
			next, events := amend(audit.Actor{}, old, dev)
			if len(events) != len(tc.kinds) {
				t.Fatalf("got %d events, want %d", len(events), len(tc.kinds))
			}
			for i, want := range tc.kinds {
				if got := events[i].Event.Kind(); got != want.Kind() {
					t.Errorf("event %d: got %s, want %s", i, got, want.Kind())
				}
			}
			e := next.Enrolment
			if void := e.Current.IsZero() && e.State == auth.Needed && e.Epoch == old.Enrolment.Epoch+1; void != tc.void || !tc.void && e != old.Enrolment {
				t.Errorf("got %s, epoch %d, login %q; want all that was proved void %t", e.State, e.Epoch, e.Current.User, tc.void)
			}
		})
	}
}
