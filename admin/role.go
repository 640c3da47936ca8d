package admin

import (
	"fmt"
	"net/http"

	"github.com/lineside/lineside/auth"
)

// Role is how much an operator may do.
type Role = auth.Role

// The roles, see auth.Role.
const (
	Anyone    = auth.Anyone
	Personal  = auth.Personal
	Viewer    = auth.Viewer
	Installer = auth.Installer
	Admin     = auth.Admin
)

// allowed refuses a call that asks for more than the caller's role. It comes
// before anything of the call is looked at: the answer is the same whether what
// the path names is there or not.
func (c *call) allowed(least Role) error {
	if c.role.May(least) {
		return nil
	}
	if c.by.Front == pageFront {
		return fail(http.StatusForbidden, fmt.Sprintf("this needs the role %s, and you have signed in as %s", least, c.role),
			"ask an admin of this box to do it, or for another role")
	}
	return fail(http.StatusForbidden, fmt.Sprintf("this needs the role %s, and the token shown is of role %s", least, c.role),
		"use a token of that role; an admin makes one with: lineside token add NAME --role "+least.String())
}
