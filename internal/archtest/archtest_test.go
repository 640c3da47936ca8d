package archtest_test

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/lineside/lineside/internal/archtest"
)

// root is the module's folder, seen from this package's.
const root = "../.."

func TestTree(t *testing.T) {
	list, err := archtest.List(root, nil)
	if err != nil {
		t.Fatal(err)
	}
	if len(list) < 5 {
		t.Fatalf("the go tool lists %d packages; this test looks at the wrong place", len(list))
	}
	for _, fault := range archtest.Check(list, archtest.Rows(), archtest.Owners()) {
		t.Error(fault)
	}
	faults, err := archtest.Comments(list, nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, fault := range faults {
		t.Error(fault)
	}
}

// TestForbidden adds a file to the real tree, in the go tool's eyes only, and
// expects the check to find exactly what that file did.
func TestForbidden(t *testing.T) {
	tests := []struct {
		name, pkg, source string
		want              []string // package and start of the fault
	}{
		{"law imports the wire", "auth", "package auth\n\nimport _ \"" + archtest.Module + "/vendors\"\n",
			[]string{"auth: imports vendors"}},
		{"nouns import the law", "phone", "package phone\n\nimport _ \"" + archtest.Module + "/auth\"\n",
			[]string{"phone: imports auth"}},
		{"vendors import the database", "vendors", "package vendors\n\nimport _ \"go.etcd.io/bbolt\"\n",
			[]string{"vendors: imports go.etcd.io/bbolt"}},
		{"desk imports test code", "provision", "package provision\n\nimport _ \"pgregory.net/rapid\"\n",
			[]string{"provision: imports pgregory.net/rapid"}},
		{"package of its own", "common", "package common\n", []string{"common: not in the table"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			overlay := added(t, filepath.Join(tt.pkg, "zz_forbidden.go"), tt.source)
			list, err := archtest.List(root, overlay)
			if err != nil {
				t.Fatal(err)
			}
			got := archtest.Check(list, archtest.Rows(), archtest.Owners())
			if before := faults(t); len(got) != len(before)+len(tt.want) {
				t.Errorf("got %d faults, want %d more than the %d of the tree itself:\n%s",
					len(got), len(tt.want), len(before), strings.Join(got, "\n"))
			}
			for _, want := range tt.want {
				if !slices.ContainsFunc(got, func(f string) bool { return strings.HasPrefix(f, want) }) {
					t.Errorf("no fault starts with %q in:\n%s", want, strings.Join(got, "\n"))
				}
			}
		})
	}
}

// TestSecondComment adds a second package comment.
func TestSecondComment(t *testing.T) {
	overlay := added(t, filepath.Join("auth", "zz_forbidden.go"), "// Package auth is described twice.\npackage auth\n")
	list, err := archtest.List(root, overlay)
	if err != nil {
		t.Fatal(err)
	}
	got, err := archtest.Comments(list, overlay)
	if err != nil {
		t.Fatal(err)
	}
	if !slices.ContainsFunc(got, func(f string) bool { return strings.HasPrefix(f, "auth: package comments in") }) {
		t.Errorf("got %q, want the second comment of auth named", got)
	}
}

func TestCheck(t *testing.T) {
	rows := []archtest.Row{
		{Package: "low"},
		{Package: "mid", May: []string{"low"}},
		{Package: "side", May: []string{"low"}},
		{Package: "cmd/top", All: true},
		{Package: "internal/lab", TestOnly: true},
	}
	owners := []archtest.Owner{{Module: "example.org/db", Packages: []string{"mid"}, Why: "one owner"}}
	tests := []struct {
		name, pkg, imports string
		want               []string
	}{
		{"named row is open", "mid", archtest.Module + "/low", nil},
		{"upwards is closed", "low", archtest.Module + "/mid", []string{"low: imports mid, which stands below it in the table"}},
		{"sideways is closed", "side", archtest.Module + "/mid", []string{"side: imports mid, which its row does not name (side: )"}},
		{"wiring may import all", "cmd/top", archtest.Module + "/side", nil},
		{"wiring may not import test code", "cmd/top", archtest.Module + "/internal/lab",
			[]string{"cmd/top: imports internal/lab, which is test code"}},
		{"standard library is open", "low", "net/http", nil},
		{"owner may import its module", "mid", "example.org/db/v2/part", nil},
		{"others may not", "low", "example.org/db", []string{"low: imports example.org/db, which belongs to mid: one owner"}},
		{"module without an owner", "mid", "example.org/else",
			[]string{"mid: imports example.org/else, which no package owns; tests alone may import it"}},
		{"unknown package", "new", "fmt", []string{"new: not in the table; give it a row in internal/archtest"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			list := []archtest.Package{{ImportPath: archtest.Module + "/" + tt.pkg, Imports: []string{tt.imports}}}
			if diff := cmp.Diff(tt.want, archtest.Check(list, rows, owners)); diff != "" {
				t.Errorf("faults (-want +got):\n%s", diff)
			}
		})
	}
}

// TestRows checks the table itself: each name once, and only names above.
func TestRows(t *testing.T) {
	above := map[string]bool{"health": true, "metrics": true}
	for _, r := range archtest.Rows() {
		for _, may := range r.May {
			if !above[may] {
				t.Errorf("%s may import %s, which does not stand above it", r.Package, may)
			}
		}
		if r.Why == "" {
			t.Errorf("%s: no reason given", r.Package)
		}
		above[r.Package] = true
	}
	for _, o := range archtest.Owners() {
		for _, p := range o.Packages {
			if !above[p] {
				t.Errorf("%s is owned by %s, which is not in the table", o.Module, p)
			}
		}
	}
}

// added is an overlay with one more file.
func added(t *testing.T, name, source string) archtest.Overlay {
	t.Helper()
	from := filepath.Join(t.TempDir(), "added.go")
	if err := os.WriteFile(from, []byte(source), 0o600); err != nil {
		t.Fatal(err)
	}
	to, err := filepath.Abs(filepath.Join(root, name))
	if err != nil {
		t.Fatal(err)
	}
	return archtest.Overlay{to: from}
}

// faults are those of the tree as it is, which is TestTree's matter.
func faults(t *testing.T) []string {
	t.Helper()
	list, err := archtest.List(root, nil)
	if err != nil {
		t.Fatal(err)
	}
	return archtest.Check(list, archtest.Rows(), archtest.Owners())
}
