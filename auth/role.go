package auth

import (
	"errors"
	"fmt"
)

// Role is how much a person, or a token, may do. Each includes those before it;
// the zero Role may do nothing, so that what was left out denies.
type Role uint8

// The roles. An installer stands at the branch with a phone in one hand, and is
// never shown a SIP secret. Nor may an installer undo the authentication of a
// phone that has one (suspend, reset, allow OTP): whoever could, and had a phone
// of their own that passes for that one, would be given it.
const (
	// Anyone has shown nothing: the front page and the API's description.
	Anyone Role = iota + 1
	// Personal is a user of the site: their own page and nothing else. Nobody is
	// given it; whoever signs in as a user has it.
	Personal
	// Viewer reads what holds no secret and no PIN.
	Viewer
	// Installer also sets up visitors, ends lock-outs, and reads and enters the
	// PINs of phones not yet authenticated.
	Installer
	// Admin may do everything.
	Admin
)

// ErrRole is returned by ParseRole for a word that is no role to be given.
var ErrRole = errors.New("is no role: write viewer, installer or admin")

// roleNames are the roles somebody can have, by name.
var roleNames = [...]string{Personal: "user", Viewer: "viewer", Installer: "installer", Admin: "admin"}

// ParseRole reads a role that can be given to somebody.
func ParseRole(name string) (Role, error) {
	if r := roleOf(name); r >= Viewer {
		return r, nil
	}
	return 0, fmt.Errorf("%.20q %w", name, ErrRole)
}

// roleOf is the role of a name, the zero one if there is none.
func roleOf(name string) Role {
	for r, n := range roleNames {
		if n != "" && n == name {
			return Role(r)
		}
	}
	return 0
}

// String is the role's name.
func (r Role) String() string {
	switch {
	case r == Anyone:
		return "anyone"
	case int(r) < len(roleNames) && roleNames[r] != "":
		return roleNames[r]
	}
	return "nobody"
}

// May reports that r is at least the role asked for. What asks for none is
// nobody's.
func (r Role) May(least Role) bool { return least != 0 && r >= least && r <= Admin }

// MarshalText gives the role's name.
func (r Role) MarshalText() ([]byte, error) { return []byte(r.String()), nil }

// UnmarshalText reads a role that somebody can have.
func (r *Role) UnmarshalText(text []byte) error {
	*r = roleOf(string(text))
	if *r == 0 {
		return fmt.Errorf("%.20q %w", text, ErrRole)
	}
	return nil
}
