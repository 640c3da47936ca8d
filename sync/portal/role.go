package portal

import (
	"fmt"
	"slices"
)

// Role is how much a token may do; each includes those before it. The zero Role
// may do nothing.
type Role uint8

// The roles.
const (
	// Anyone has shown nothing.
	Anyone Role = iota + 1
	// Edge asks whether an address is whitelisted, and follows that list: for the
	// proxies and firewalls that phones meet first.
	Edge
	// Viewer reads, and sees no secret.
	Viewer
	// Operator works with sites, devices and people.
	Operator
	// Reseller also opens brands' passwords and sets what counts for all sites.
	Reseller
	// Admin may do everything.
	Admin
)

func roleNames() []string {
	return []string{"nobody", "anyone", "edge", "viewer", "operator", "reseller", "admin"}
}

// Roles are the roles a token can have, least first.
func Roles() []string { return roleNames()[Edge:] }

// ParseRole reads a role a token can have.
func ParseRole(name string) (Role, error) {
	i := slices.Index(roleNames(), name)
	if i < int(Edge) {
		return 0, fmt.Errorf("%.20q is no role: write edge, viewer, operator, reseller or admin", name)
	}
	return Role(i), nil
}

// String is the role's name.
func (r Role) String() string { return roleNames()[min(int(r), int(Admin))] }

// May reports that r is at least the role asked for. What asks for none is
// nobody's.
func (r Role) May(least Role) bool { return least != 0 && r >= least && r <= Admin }
