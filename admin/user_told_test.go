package admin_test

import (
	"slices"
	"testing"

	"github.com/lineside/lineside/admin"
	"github.com/lineside/lineside/phone"
)

// TestUserSaysWhichPhonesAreTold: of a change of what is in their configs, and of
// no other.
func TestUserSaysWhichPhonesAreTold(t *testing.T) {
	b := newBox(t, nil)
	b.putUser(phone.User{ID: "alice", Extension: "207"})
	even, odd := phone.MAC{0, 0x15, 0x65, 1, 2, 4}, phone.MAC{0, 0x15, 0x65, 1, 2, 5}
	for _, mac := range []phone.MAC{even, odd} {
		b.putLocked(phone.Device{MAC: mac, Vendor: "yealink", Owner: "alice"})
	}
	for name, c := range map[string]struct {
		in   admin.UserInput
		tell bool
	}{
		"another name": {admin.UserInput{Last: admin.Set("Meier")}, false},
		"the password": {admin.UserInput{WebPassword: admin.Set("abcdefg1")}, true},
	} {
		got, err := b.client.EditUser(t.Context(), "alice", c.in)
		if err != nil {
			t.Fatal(err)
		}
		if told := slices.Contains(got.Told, even.String()); told != c.tell || slices.Contains(got.Told, odd.String()) {
			t.Errorf("%s: got told %q of %q, want that of an even MAC: %v", name, got.Told, got.Devices, c.tell)
		}
		if slices.Contains(got.Untold, odd.String()) != c.tell {
			t.Errorf("%s: got %q that cannot be told, want the odd one: %v", name, got.Untold, c.tell)
		}
	}
}
