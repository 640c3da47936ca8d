package archtest

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// Edited writes an overlay in which a source file has one place changed, and
// gives the name of the list the go tool's -overlay reads. It ends the test if
// from does not stand in the file exactly once: the source has moved on then.
func Edited(t testing.TB, file, from, to string) string {
	t.Helper()
	path, err := filepath.Abs(file)
	if err != nil {
		t.Fatal(err)
	}
	source, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if n := strings.Count(string(source), from); n != 1 {
		t.Fatalf("%s holds %q %d times, want once: the source has moved on, and this variant must follow", file, from, n)
	}
	edited := filepath.Join(t.TempDir(), filepath.Base(file))
	if err := os.WriteFile(edited, []byte(strings.Replace(string(source), from, to, 1)), 0o600); err != nil {
		t.Fatal(err)
	}
	list, err := Overlay{path: edited}.Write()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.Remove(list) })
	return list
}
