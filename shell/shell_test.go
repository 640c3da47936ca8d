package shell_test

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/lineside/lineside/shell"
)

func TestPrintableKeepsStrangersOffTheTerminal(t *testing.T) {
	if got, want := shell.Printable("a\x1b[2Jb\nc\u202ed é"), "a·[2Jb·c·d é"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

// TestWriteWhole: what cannot be written whole leaves what was there.
func TestWriteWhole(t *testing.T) {
	path := filepath.Join(t.TempDir(), "file")
	write := func(text string, err error) error {
		return shell.WriteWhole(path, func(w io.Writer) error {
			_, _ = io.WriteString(w, text)
			return err
		})
	}
	if err := write("first", nil); err != nil {
		t.Fatal(err)
	}
	broken := errors.New("broken")
	if err := write("half", broken); !errors.Is(err, broken) {
		t.Errorf("got %v, want %v", err, broken)
	}
	text, err := os.ReadFile(path)
	if err != nil || string(text) != "first" {
		t.Errorf("got %q, %v, want what was there", text, err)
	}
	if st, err := os.Stat(path); err != nil || st.Mode().Perm() != 0o600 {
		t.Errorf("got %v, %v, want mode 0600", st.Mode(), err)
	}
	left, err := os.ReadDir(filepath.Dir(path))
	if err != nil || len(left) != 1 {
		t.Errorf("got %v, %v, want no file left behind", left, err)
	}
}

// TestTable: columns stand below each other, and no cell breaks its line.
func TestTable(t *testing.T) {
	var out strings.Builder
	table := shell.NewTable("MAC", "LABEL")
	table.Add("00:15:65:00:00:01", "two\nlines")
	table.Add("é", "")
	table.Print(&out)
	if want := "MAC                LABEL\n00:15:65:00:00:01  two·lines\né                  -\n"; out.String() != want {
		t.Errorf("got %q, want %q", out.String(), want)
	}
}
