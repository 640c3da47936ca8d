package main

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"
)

// TestRollout gives the platform releases, good ones and others, and rolls one
// out, as an operator does; a restart changes nothing.
func TestRollout(t *testing.T) {
	l := newLab(t)
	dir := t.TempDir()
	at := func(name string) string { return filepath.Join(dir, name) }
	keys := at("release.pub.d")
	conf, err := os.ReadFile(l.conf)
	if err == nil {
		err = os.WriteFile(l.conf, append(conf, "[releases]\nkeys = \""+keys+"\"\n"...), 0o600)
	}
	if err == nil {
		err = os.WriteFile(at("program"), []byte("the program"), 0o755)
	}
	if err != nil {
		t.Fatal(err)
	}
	l.start()
	sign := func(version, key string) string {
		l.cli(exitOK, "release", "sign", version, "--key", at(key+".key"), "--no-password", "--out", dir, "--program", "linux/amd64="+at("program"))
		return at("lineside-" + version + ".release")
	}
	says := func(want int, words string, args ...string) {
		t.Helper()
		if out := l.cli(want, append([]string{"release"}, args...)...); !bytes.Contains([]byte(out), []byte(words)) {
			t.Errorf("release %v: got\n%s\nwant %q", args, out, words)
		}
	}
	for _, key := range []string{"makers", "others"} {
		says(exitOK, "", "key", at(key), "--no-password")
	}
	one := sign("v1.4.0", "makers")
	says(exitWrong, "put the makers' public key into "+keys, "add", one)
	if err := os.Mkdir(keys, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(at("makers.pub"), filepath.Join(keys, "makers.pub")); err != nil {
		t.Fatal(err)
	}
	says(exitWrong, "no such thing", "rollout", "v1.4.0", "--percent", "10")
	says(exitOK, "v1.4.0 is checked and kept", "add", one)
	says(exitOK, "v1.4.0 is checked and kept", "add", one) // as for another node
	says(exitWrong, "not trusted here", "add", sign("v1.5.0", "others"))
	text, err := os.ReadFile(one)
	if err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string][]byte{"cut": text[:len(text)/2], "changed": bytes.Replace(text, []byte("the program"), []byte("a pr0gram!!"), 1), "long": append(bytes.Clone(text), "more"...)} {
		if err := os.WriteFile(at(name), text, 0o600); err != nil {
			t.Fatal(err)
		}
		says(exitWrong, "no whole release", "add", at(name))
	}
	if err := os.WriteFile(at("program"), []byte("another program"), 0o755); err != nil {
		t.Fatal(err)
	}
	says(exitWrong, "there is one already", "add", sign("v1.4.0", "makers"))
	if kept, err := os.ReadFile(filepath.Join(l.dir, folderReleases, "lineside-v1.4.0.release")); err != nil || !bytes.Equal(kept, text) {
		t.Errorf("the shelf: got %d bytes, %v, want the first release", len(kept), err)
	}
	if files, err := os.ReadDir(filepath.Join(l.dir, folderReleases)); err != nil || len(files) != 1 {
		t.Errorf("the shelf: got %v, %v, want the one release", files, err)
	}
	says(exitWrong, "percent: write 1 to 100", "rollout", "v1.4.0", "--percent", "101", "--window", "1-4")
	says(exitOK, "v1.4.0 is rolled out to 10 % of the sites, 01:00-04:00", "rollout", "v1.4.0", "--percent", "10", "--window", "01:00-04:00")
	says(exitWrong, "halt that first", "remove", "v1.4.0")
	l.stop()
	l.start()
	says(exitOK, "v1.4.0 is rolled out to 10 %", "list")
	says(exitOK, "halted by admin.token", "halt")
	says(exitWrong, "no such thing", "halt")
	says(exitOK, "it is gone", "remove", "v1.4.0")
	if files, err := os.ReadDir(filepath.Join(l.dir, folderReleases)); err != nil || len(files) != 0 {
		t.Errorf("the shelf: got %v, %v, want none", files, err)
	}
}
