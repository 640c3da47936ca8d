package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestReleases makes keys and a release, looks at it, and refuses one that was
// changed or is another's.
func TestReleases(t *testing.T) {
	dir := t.TempDir()
	at := func(name string) string { return filepath.Join(dir, name) }
	if err := os.WriteFile(at("program"), []byte("the program"), 0o755); err != nil {
		t.Fatal(err)
	}
	do := func(want int, words string, args ...string) {
		t.Helper()
		var out bytes.Buffer
		if code := run(t.Context(), append([]string{"release"}, args...), strings.NewReader(""), &out, &out); code != want || !strings.Contains(out.String(), words) {
			t.Errorf("%v: got exit %d and\n%s\nwant %d and %q", args, code, out.String(), want, words)
		}
	}
	do(exitWrong, "password is missing", "key", at("makers"))
	do(exitOK, "/etc/lineside/release.pub.d", "key", at("makers"), "--no-password")
	do(exitWrong, "there already", "key", at("makers"), "--no-password")
	do(exitOK, "", "key", at("others"), "--no-password")
	if info, err := os.Stat(at("makers.key")); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the secret key: got %v, %v, want it for its owner alone", info.Mode(), err)
	}
	sign := []string{"--key", at("makers.key"), "--no-password", "--out", dir, "--program"}
	do(exitWrong, "v1.4.0 or v1.5.0-rc.1", append([]string{"sign", "1.4"}, append(sign, "linux/amd64="+at("program"))...)...)
	do(exitWrong, "names no system", append([]string{"sign", "v1.4.0"}, append(sign, at("program"))...)...)
	do(exitOK, "lineside-v1.4.0.release", append([]string{"sign", "v1.4.0"}, append(sign, "linux/amd64="+at("program"))...)...)
	release := at("lineside-v1.4.0.release")
	do(exitOK, "program for linux/amd64, 11 bytes", "show", release, "--key", at("makers.pub"))
	do(exitWrong, "not trusted", "show", release, "--key", at("others.pub"))
	text, err := os.ReadFile(release)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(release, bytes.Replace(text, []byte("the program"), []byte("a pr0gram!!"), 1), 0o600); err != nil {
		t.Fatal(err)
	}
	do(exitWrong, "SHA-256", "show", release, "--key", at("makers.pub"))
}
