package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestBackupHoldsSettings: the settings file and what was set on the page come back
// with a backup, at this box and at another that has the key; nothing in force is
// lost, and no password in them can be read in the file.
func TestBackupHoldsSettings(t *testing.T) {
	s := newStoppable(t)
	const secret = "fake-emergency-password"
	s.does("", 0, "", "settings", "set", "sip.calls", "20")
	s.does(secret, 0, "", "settings", "set", "emergency.password", "--file", "-")
	overlay := filepath.Join(s.state(), overlayName)
	then, operators := fileText(t, overlay), fileText(t, s.config)
	if !bytes.Contains(then, []byte(secret)) {
		t.Fatalf("the page's settings have no password to be kept secret:\n%s", then)
	}
	file := filepath.Join(t.TempDir(), "branch.tar")
	s.does("", 0, "in the backup: settings/lineside.toml, .*in the backup: settings/settings.toml, ", "backup", file)
	if bytes.Contains(fileText(t, file), []byte(secret)) {
		t.Error("the backup shows the password")
	}
	s.does("", 0, "", "settings", "set", "sip.calls", "30")
	s.end()
	now := fileText(t, overlay)
	s.does("", 0, "settings: the settings file of then is in .*from-backup.*settings: what was set on the page then counts .*replaced-", "restore", file, "--config", s.config)
	aside, _ := filepath.Glob(overlay + ".replaced-*")
	if len(aside) != 1 || !bytes.Equal(fileText(t, aside[0]), now) {
		t.Errorf("got %v set aside, want what was set since the backup", aside)
	}
	if got := fileText(t, overlay); !bytes.Equal(got, then) {
		t.Errorf("got\n%s\nwant what was set then:\n%s", got, then)
	}
	if got := fileText(t, s.config); !bytes.Equal(got, operators) {
		t.Error("the operator's file was changed")
	}
	s.start()
	s.does("", 0, "= 20", "settings", "show", "sip.calls")
	s.end()

	other := filepath.Join(t.TempDir(), "state")
	if err := os.Mkdir(other, 0o700); err != nil {
		t.Fatal(err)
	}
	key := filepath.Join(s.state(), "site.key")
	s.does("", 0, "", "restore", file, "--state", other, "--key", key)
	if got := fileText(t, filepath.Join(other, fromBackupName)); !bytes.Equal(got, operators) {
		t.Errorf("another box: got\n%s\nwant the settings file:\n%s", got, operators)
	}
	if got := fileText(t, filepath.Join(other, overlayName)); !bytes.Equal(got, then) {
		t.Errorf("another box: got\n%s\nwant what was set then:\n%s", got, then)
	}
	for _, name := range []string{fromBackupName, overlayName} {
		if st, err := os.Stat(filepath.Join(other, name)); err != nil || st.Mode().Perm() != 0o600 {
			t.Errorf("%s: got %v, %v; want mode 0600", name, st.Mode(), err)
		}
	}
	left, _ := filepath.Glob(filepath.Join(other, ".settings*"))
	if len(left) > 0 {
		t.Errorf("it left %s", strings.Join(left, ", "))
	}
}
