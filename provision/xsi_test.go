package provision_test

import (
	"strings"
	"testing"

	"github.com/lineside/lineside/auth"
	"github.com/lineside/lineside/phone"
)

// TestXSIReachesTheConfig of the user's own phone and of nobody else's; a preview
// shows the password only where it is asked to.
func TestXSIReachesTheConfig(t *testing.T) {
	l := newTown(t, auth.FactorPIN, wholeTable)
	l.people(t, anna(), phone.User{ID: "bert", Extension: "711"})
	mine, other := phone.MAC{0x00, 0x15, 0x65, 0, 0, 1}, phone.MAC{0x00, 0x15, 0x65, 0, 0, 2}
	for m, owner := range map[phone.MAC]string{mine: "anna", other: "bert"} {
		if _, err := l.Add(t.Context(), operator, phone.Device{MAC: m, Vendor: "yealink", Owner: owner}); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := l.EditUser(t.Context(), operator, "anna", 0, func(u *phone.User) error {
		u.XSIUser, u.XSIPassword = "anna@as.example.net", phone.NewSecret("fake-xsi-pass")
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	if _, err := l.EditUser(t.Context(), operator, "bert", 0, func(u *phone.User) error {
		u.XSIPassword = phone.NewSecret("fake-xsi-pass")
		return nil
	}); err == nil {
		t.Error("a password without a user name was taken")
	}
	for _, tt := range []struct {
		mac            phone.MAC
		reveal         bool
		user, password bool
	}{{mine, true, true, true}, {mine, false, true, false}, {other, true, false, false}} {
		pages, err := l.Preview(tt.mac, "", tt.reveal)
		if err != nil {
			t.Fatal(err)
		}
		body := pages[len(pages)-1].Body
		user, password := strings.Contains(body, "account.1.xsi.user = anna@as.example.net"), strings.Contains(body, "fake-xsi-pass")
		if user != tt.user || password != tt.password {
			t.Errorf("%s, revealed %v: got user %v and password %v, want %v and %v", tt.mac, tt.reveal, user, password, tt.user, tt.password)
		}
	}
}
