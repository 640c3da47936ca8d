package main

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

func TestBackupIntoAFolder(t *testing.T) {
	s := newStoppable(t)
	dir := t.TempDir()
	// Two of before, one from a clock that ran ahead, and what is nobody's backup.
	others := []string{"lineside-20250101T000000Z.tar", "lineside-20250102T000000Z.tar", "lineside-20990101T000000Z.tar", "lineside-notes.tar", "other.tar"}
	for _, name := range others {
		if err := os.WriteFile(filepath.Join(dir, name), nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	s.does("", 0, "older backups removed: lineside-20250101T000000Z.tar, lineside-20250102T000000Z.tar\n.*the backup is in "+dir+"/lineside-", "backup", "--into", dir, "--keep", "2")
	today := time.Now().UTC().Format("lineside-2006")
	var left []string
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		if !strings.HasPrefix(e.Name(), today) {
			left = append(left, e.Name())
		}
	}
	if want := others[2:]; !slices.Equal(left, want) || len(entries) != len(want)+1 {
		t.Errorf("beside the new one got %q of %d, want %q", left, len(entries), want)
	}
	s.does("", 2, "both say where", "backup", "file", "--into", dir)
	s.does("", 2, "--keep 0 is not", "backup", "--into", dir, "--keep", "0")
	s.does("", 2, "--keep belongs to --into", "backup", "file", "--keep", "3")
	s.does("", 2, "FILE", "backup")
}
