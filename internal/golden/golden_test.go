package golden

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestCheck(t *testing.T) {
	path := filepath.Join(t.TempDir(), "folder", "file.golden")
	if err := check(path, []byte("a\nb\n"), false); err == nil || !strings.Contains(err.Error(), "-update") {
		t.Errorf("missing file: got %v, want an error that names -update", err)
	}
	if err := check(path, []byte("a\nb\n"), true); err != nil {
		t.Fatal(err)
	}
	if err := check(path, []byte("a\nb\n"), false); err != nil {
		t.Errorf("same bytes: %v", err)
	}
	if err := check(path, []byte("a\nc\n"), false); err == nil || !strings.Contains(err.Error(), `line 2: got "c\n", want "b\n"`) {
		t.Errorf("changed bytes: got %v, want the second line named", err)
	}
	if err := check(path, []byte("a\n"), false); err == nil {
		t.Error("shorter bytes: got no error")
	}
}

func TestCheckRewritesOnlyWhatChanged(t *testing.T) {
	path := filepath.Join(t.TempDir(), "file.golden")
	if err := check(path, []byte("a"), true); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(path, 0o444); err != nil {
		t.Fatal(err)
	}
	before, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := check(path, []byte("a"), true); err != nil {
		t.Fatal(err)
	}
	after, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	if !before.ModTime().Equal(after.ModTime()) {
		t.Error("a file that did not change was written again")
	}
}
