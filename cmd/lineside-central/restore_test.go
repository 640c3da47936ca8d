package main

import (
	"bytes"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// TestRestoreTellsOfOtherMachines: what a restore cannot reach is told, with a
// cluster alone.
func TestRestoreTellsOfOtherMachines(t *testing.T) {
	for _, cluster := range []bool{false, true} {
		var out bytes.Buffer
		if err := (&program{out: &out}).tellRestored("copy", restored{Cluster: cluster}); err != nil {
			t.Fatal(err)
		}
		if got := strings.Contains(out.String(), "remove "+fileToken+" from its directory there"); got != cluster {
			t.Errorf("cluster %v: got\n%s", cluster, out.String())
		}
	}
}

// TestRestore: what a backup holds comes back, in a new epoch.
func TestRestore(t *testing.T) {
	l := newLab(t)
	l.start()
	a := l.site("A")
	l.cli(0, "device", "add", "001565000001", "--site", a.Site, "--vendor", "yealink")
	file := filepath.Join(t.TempDir(), "backup")
	token, err := os.ReadFile(filepath.Join(l.dir, fileToken))
	if err != nil {
		t.Fatal(err)
	}
	l.cli(0, "token", "add", "anna", "--role", "operator")
	l.cli(0, "backup", file)
	l.cli(0, "token", "remove", "anna")
	l.cli(0, "device", "add", "001565000002", "--site", a.Site, "--vendor", "yealink")
	if got := l.cli(1, "restore", file); !strings.Contains(got, "systemctl stop") {
		t.Errorf("while it runs: got %s, want to be told to stop it", got)
	}
	l.stop()
	if got := l.cli(1, "restore", file+"-not"); strings.Contains(got, "put it back") {
		t.Errorf("without a backup: got %s", got)
	}
	said := l.cli(0, "restore", file)
	for _, want := range []string{"one-time passwords", "tokens are void: anna (operator)", "join tokens of these sites are void: " + a.Site, "boxes let in again, 0: none"} {
		if !strings.Contains(said, want) {
			t.Errorf("got %s, want %q in it", said, want)
		}
	}
	l.start()
	if now, err := os.ReadFile(filepath.Join(l.dir, fileToken)); err != nil || string(now) == string(token) || !strings.Contains(l.said.String(), strings.TrimSpace(string(now))) {
		t.Errorf("got the admin's token of before, or %v; want a new one, shown", err)
	}
	if got := l.cli(0, "token", "list"); strings.Contains(got, "anna") {
		t.Errorf("got %s, want no token back that was removed", got)
	}
	got := l.cli(0, "device", "list")
	if !regexp.MustCompile(`00:15:65:00:00:01.* used`).MatchString(got) || strings.Contains(got, "00:15:65:00:00:02") {
		t.Errorf("got %s, want the first device alone, its one-time password void", got)
	}
	if err := os.Remove(filepath.Join(l.dir, fileKeys)); err != nil {
		t.Fatal(err)
	}
	l.stop()
	if got := l.cli(1, "run"); !strings.Contains(got, "is gone") {
		t.Errorf("without its keys: got %s, want to be told", got)
	}
}
