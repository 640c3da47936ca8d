package phone

import (
	"errors"
	"fmt"
	"strings"
	"time"
)

// ErrUnknownUser is returned, wrapped with the ID, for a user the box has no
// record of.
var ErrUnknownUser = errors.New("unknown user")

// Bounds of what may be entered for one user.
const (
	MaxUserID      = 64  // bytes
	MaxExtension   = 15  // digits, ITU-T E.164
	MaxEmail       = 254 // bytes, RFC 5321 section 4.5.3.1.3 less its brackets
	MinWebPassword = 8   // characters
	MinPortalPIN   = 4   // digits
	MaxPortalPIN   = 10  // digits
)

// MaxPortalTries is how many wrong portal PINs in a row lock a user's portal.
const MaxPortalTries = 5

// User is a person of the site. A device names its owner by the user's ID.
type User struct {
	ID        string `json:"id"`
	Extension string `json:"extension"` // what colleagues dial, and the user name of the phone book
	First     string `json:"first_name,omitempty"`
	Last      string `json:"last_name,omitempty"`
	Email     string `json:"email,omitempty"`
	// AlternateID is what another system calls the user.
	AlternateID string `json:"alternate_id,omitempty"`
	// WebPassword opens the phone book and the user's own pages; empty opens
	// neither.
	WebPassword Secret `json:"web_password"`
	// PortalPIN lets the user sign in at a phone that is not theirs; empty lets
	// nobody.
	PortalPIN Secret `json:"portal_pin"`
	// XSIUser and XSIPassword sign the user's own phones in to the platform's
	// directory and call log; empty is without.
	XSIUser     string    `json:"xsi_user,omitempty"`
	XSIPassword Secret    `json:"xsi_password"`
	Created     time.Time `json:"created"`
	// Fails counts wrong portal PINs in a row.
	Fails int `json:"portal_fails,omitempty"`
	// Rev is raised by each change; the store sets it.
	Rev uint64 `json:"rev"`
	// Platform says that the central platform keeps the user.
	Platform bool `json:"platform,omitempty"`
}

// Name is the person's name as a phone book shows it, first name first; the
// extension where no name is known.
func (u User) Name() string {
	if name := strings.TrimSpace(u.First + " " + u.Last); name != "" {
		return name
	}
	return u.Extension
}

// Locked reports that no portal PIN is taken until a new one is set.
func (u User) Locked() bool { return u.Fails >= MaxPortalTries }

// TryPIN compares a portal PIN and gives the user with the try counted. A locked
// user's PIN is not looked at.
func (u User) TryPIN(pin Secret) (User, bool) {
	switch {
	case u.Locked():
		return u, false
	case u.PortalPIN.Equal(pin):
		u.Fails = 0
		return u, true
	}
	u.Fails++
	return u, false
}

// Validate says everything that is wrong with u, each line naming the field and
// what to write.
func (u User) Validate() error {
	errs := []error{
		checkUserID(u.ID), checkExtension(u.Extension), checkText("first_name", u.First), checkText("last_name", u.Last),
		checkEmail(u.Email), checkText("alternate_id", u.AlternateID),
		checkToken("xsi_user", u.XSIUser, !u.XSIPassword.IsZero()), checkSecret("xsi_password", u.XSIPassword),
	}
	if !u.WebPassword.IsZero() && !webPassword(u.WebPassword.plain) {
		errs = append(errs, fmt.Errorf("web_password: must be %d to %d letters and digits, with at least one of each: phones' keypads have nothing else", MinWebPassword, MaxPassword))
	}
	if !u.PortalPIN.IsZero() {
		errs = append(errs, u.checkPortalPIN())
	}
	return errors.Join(errs...)
}

func (u User) checkPortalPIN() error {
	pin := u.PortalPIN.plain
	switch {
	case len(pin) < MinPortalPIN, len(pin) > MaxPortalPIN, !digitsOnly(pin):
		return fmt.Errorf("portal_pin: must be %d to %d digits", MinPortalPIN, MaxPortalPIN)
	case pin == u.Extension:
		return errors.New("portal_pin: must not be the extension, which everybody knows")
	}
	return nil
}

// checkUserID holds what can stand in a path, a file and a command line as it is.
func checkUserID(id string) error {
	ok := id != "" && len(id) <= MaxUserID && id[0] != '-' && id[0] != '.'
	for _, r := range id {
		ok = ok && (r >= 'a' && r <= 'z' || r >= '0' && r <= '9' || strings.ContainsRune(".-_@", r))
	}
	if !ok {
		return fmt.Errorf("id: %.80q is no user ID; write up to %d small letters, digits, dots, dashes, underscores or @", id, MaxUserID)
	}
	return nil
}

func checkExtension(s string) error {
	if len(s) < 2 || len(s) > MaxExtension || !digitsOnly(s) {
		return fmt.Errorf("extension: %.40q is none; write 2 to %d digits", s, MaxExtension)
	}
	return nil
}

// checkEmail holds an address as mail programs write it; whether mail arrives
// there only sending tells.
func checkEmail(s string) error {
	if s == "" {
		return nil
	}
	local, domain, ok := strings.Cut(s, "@")
	if !ok || local == "" || len(s) > MaxEmail || !printable(s) || strings.ContainsAny(s, " <>\"(),:;\\") ||
		checkHost("email", domain, true) != nil {
		return fmt.Errorf("email: %.80q is no address; write one such as anna@example.net, or leave it out", s)
	}
	return nil
}

func webPassword(s string) bool {
	letters, digits := 0, 0
	for _, r := range s {
		switch {
		case r >= 'a' && r <= 'z', r >= 'A' && r <= 'Z':
			letters++
		case r >= '0' && r <= '9':
			digits++
		default:
			return false
		}
	}
	return letters > 0 && digits > 0 && len(s) >= MinWebPassword && len(s) <= MaxPassword
}

func digitsOnly(s string) bool { return s != "" && strings.Trim(s, "0123456789") == "" }
