package admin_test

import (
	"bytes"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/lineside/lineside/admin"
	"github.com/lineside/lineside/auth"
	"github.com/lineside/lineside/internal/golden"
)

// TestRouteRoles calls each route as each role and writes down who was let in:
// testdata/routes.txt is the table, read in review. A route that is new, gone or
// another role's makes the table another.
func TestRouteRoles(t *testing.T) {
	b := newBox(t, nil)
	roles := []auth.Role{admin.Anyone, auth.Personal, admin.Viewer, admin.Installer, admin.Admin}
	var table bytes.Buffer
	fmt.Fprintf(&table, "%-7s%-44s%-7s%-7s%-7s%-10s%s\n", "", "", "none", "user", "viewer", "installer", "admin")
	for _, r := range admin.Routes() {
		fmt.Fprintf(&table, "%-7s%-44s", r[0], r[1])
		path := strings.NewReplacer("watch", "watch?follow=false", "{", "", "}", "").Replace(example(r[1]))
		for i, role := range roles {
			status, err := b.server.For(admin.Caller{Name: "anna", Role: role}).Try(t.Context(), r[0], path)
			if err != nil {
				t.Fatalf("%s %s as %s: %v", r[0], r[1], role, err)
			}
			word := "yes"
			if status == http.StatusForbidden {
				word = "-"
			}
			fmt.Fprintf(&table, "%-*s", []int{7, 7, 7, 10, 0}[i], word)
		}
		table.WriteByte('\n')
	}
	golden.Check(t, "testdata/routes.txt", table.Bytes())
	t.Logf("who may do what:\n%s", table.String())
}
