package store

import (
	"bytes"
	"encoding/hex"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestLoadKeyMintsOnceAndReadsAgain(t *testing.T) {
	dir := t.TempDir()
	path, database := filepath.Join(dir, "site.key"), filepath.Join(dir, "db")
	minted, err := LoadKey(path, database)
	if err != nil || minted.IsZero() {
		t.Fatalf("mint: %v, zero %v", err, minted.IsZero())
	}
	info, err := os.Stat(path)
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("mode %v, %v, want 0600", info.Mode(), err)
	}
	openTest(t, database, Config{})
	again, err := LoadKey(path, database)
	if err != nil || again != minted {
		t.Errorf("second load differs, %v", err)
	}
	if left, _ := filepath.Glob(path + ".*"); len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
}

func TestLoadKeyRefusesToMintForADatabase(t *testing.T) {
	for _, name := range []string{"db", "db.good"} {
		dir := t.TempDir()
		if err := os.WriteFile(filepath.Join(dir, name), []byte("x"), 0o600); err != nil {
			t.Fatal(err)
		}
		_, err := LoadKey(filepath.Join(dir, "site.key"), filepath.Join(dir, "db"))
		if !errors.Is(err, ErrKeyMissing) || !strings.Contains(err.Error(), filepath.Join(dir, name)) {
			t.Errorf("with %s: got %v, want ErrKeyMissing naming it", name, err)
		}
		if _, err := os.Stat(filepath.Join(dir, "site.key")); err == nil {
			t.Errorf("with %s: a key was minted", name)
		}
	}
}

func TestLoadKeyRefusals(t *testing.T) {
	good := strings.Repeat("0a", 32)
	for _, tt := range []struct {
		name, text string
		mode       os.FileMode
		ok         bool
		says       string
	}{
		{"its owner's alone", good + "\n", 0o600, true, ""},
		{"read-only", good, 0o400, true, ""},
		{"a systemd credential", good, 0o440, true, ""},
		{"readable by everybody", good, 0o644, false, "chmod 600"},
		{"readable by the group", good, 0o640, false, "chmod 600"},
		{"writable by the group", good, 0o620, false, "chmod 600"},
		{"too short", good[:62], 0o600, false, "31 bytes"},
		{"too long", good + "0a", 0o600, false, "33 bytes"},
		{"no hex", strings.Repeat("zz", 32), 0o600, false, "64 hex digits"},
		{"empty", "", 0o600, false, "0 bytes"},
		{"all zero", strings.Repeat("00", 32), 0o600, false, "all zero"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "site.key")
			if err := os.WriteFile(path, []byte(tt.text), 0o600); err != nil {
				t.Fatal(err)
			}
			if err := os.Chmod(path, tt.mode); err != nil {
				t.Fatal(err)
			}
			_, err := LoadKey(path, path+".db")
			if (err == nil) != tt.ok || err != nil && !strings.Contains(err.Error(), tt.says) {
				t.Errorf("got %v, want it to be taken: %v, saying %q", err, tt.ok, tt.says)
			}
			if err != nil && tt.text != "" && strings.Contains(err.Error(), tt.text[:8]) {
				t.Errorf("error shows the key: %v", err)
			}
		})
	}
}

// FuzzParseKey: a key that is taken is exactly the digits that were written.
func FuzzParseKey(f *testing.F) {
	f.Add([]byte(strings.Repeat("0a", 32) + "\n"))
	f.Add([]byte(" " + strings.Repeat("FF", 32) + "\r\n"))
	f.Add([]byte(strings.Repeat("0", 65)))
	f.Add([]byte{})
	f.Fuzz(func(t *testing.T, text []byte) {
		k, err := parseKey(text)
		if err != nil {
			if !k.IsZero() {
				t.Error("a key beside an error")
			}
			return
		}
		if want := bytes.ToLower(bytes.TrimSpace(text)); hex.EncodeToString(k.bytes[:]) != string(want) {
			t.Errorf("%q was read as another key", text)
		}
	})
}
