package store_test

import (
	"bytes"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

// TestGiveBack: what was read of the file is no longer in the process's memory, and
// all of it can be read again.
func TestGiveBack(t *testing.T) {
	path := filepath.Join(t.TempDir(), "lineside.db")
	s := open(t, path)
	for n := range 50 {
		add(t, s, mac(n))
	}
	before := entries(t, s)
	if got := mapped(t, path); got == 0 {
		t.Fatal("got nothing of the file in memory, want what was read")
	}
	if err := s.GiveBack(); err != nil {
		t.Fatal(err)
	}
	if got := mapped(t, path); got != 0 {
		t.Errorf("got %d KiB of the file in memory, want none", got)
	}
	if after := entries(t, s); len(after) != len(before) || len(after) == 0 {
		t.Errorf("got %d entries, want the %d of before", len(after), len(before))
	}
	add(t, s, mac(50))
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if err := s.GiveBack(); err == nil {
		t.Error("got no error of a closed store")
	}
}

// mapped is how much of a file is in this process's memory, KiB (proc_pid_smaps(5)).
func mapped(t *testing.T, path string) (kib int) {
	t.Helper()
	text, err := os.ReadFile("/proc/self/smaps")
	if err != nil {
		t.Fatal(err)
	}
	ours := false
	for line := range bytes.Lines(text) {
		f := strings.Fields(string(line))
		switch {
		case strings.Contains(f[0], "-"):
			ours = f[len(f)-1] == path
		case ours && f[0] == "Rss:":
			n, _ := strconv.Atoi(f[1])
			kib += n
		}
	}
	return kib
}
