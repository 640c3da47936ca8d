package provision_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/lineside/lineside/phone"
	"github.com/lineside/lineside/provision"
)

// TestXSIUserOfAPhone: a user's login that a phone of theirs would put something of
// its own into is refused where it is typed, and where such a user is given a phone.
func TestXSIUserOfAPhone(t *testing.T) {
	s := newStudio(t)
	s.people(t, anna())
	own := func(id string) error {
		_, err := s.Edit(t.Context(), operator, t46, 0, func(d *phone.Device) error { d.Owner = id; return nil })
		return err
	}
	login := func(user string) error {
		_, err := s.EditUser(t.Context(), operator, "anna", 0, func(u *phone.User) error {
			u.XSIUser, u.XSIPassword = user, phone.NewSecret("fake-xsi")
			return nil
		})
		return err
	}
	if err := login("anna$MAC"); err != nil {
		t.Errorf("a user without a phone: got %v", err)
	}
	if err := own("anna"); !errors.Is(err, provision.ErrInvalid) || !strings.Contains(err.Error(), "xsi_user") {
		t.Errorf("the phone given to such a user: got %v, want ErrInvalid with xsi_user", err)
	}
	if err := errors.Join(login("anna@example.net"), own("anna")); err != nil {
		t.Fatal(err)
	}
	if err := login("anna$MAC"); !errors.Is(err, provision.ErrInvalid) || !strings.Contains(err.Error(), "xsi_user") || !strings.Contains(err.Error(), t46.String()) {
		t.Errorf("the login of a phone's owner: got %v, want ErrInvalid with xsi_user and the phone", err)
	}
}
