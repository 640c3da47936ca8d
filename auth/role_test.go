package auth_test

import (
	"errors"
	"testing"
	"testing/quick"

	"github.com/lineside/lineside/auth"
)

// TestNoRoleMeansNo: the zero Role opens nothing, and a route that names none
// is nobody's.
func TestNoRoleMeansNo(t *testing.T) {
	for r := range 256 {
		if auth.Role(0).May(auth.Role(r)) || auth.Role(r).May(0) {
			t.Errorf("role %d: the zero role counts for something", r)
		}
	}
	ranks := func(a, b uint8) bool {
		x, y := auth.Role(a), auth.Role(b)
		return x.May(y) == (y != 0 && x >= y && x <= auth.Admin)
	}
	if err := quick.Check(ranks, nil); err != nil {
		t.Error(err)
	}
	for _, name := range []string{"", "anyone", "nobody", "Admin", "root", "admin ", "user"} {
		if r, err := auth.ParseRole(name); err == nil || !errors.Is(err, auth.ErrRole) || r != 0 {
			t.Errorf("%q: got %v, %v, want no role", name, r, err)
		}
	}
	for _, r := range []auth.Role{auth.Viewer, auth.Installer, auth.Admin} {
		if got, err := auth.ParseRole(r.String()); got != r || err != nil {
			t.Errorf("%v: got %v, %v", r, got, err)
		}
	}
}
