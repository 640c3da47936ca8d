package main

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// stoppable is a daemon that a test ends and starts again on the same state.
type stoppable struct {
	*operator
	dir, config string
	systemd     *systemd
	end         func()
}

func newStoppable(t *testing.T) *stoppable {
	t.Helper()
	dir := t.TempDir()
	s := &stoppable{dir: dir, config: settingsOnLoopback(t, dir), systemd: newSystemd(t)}
	s.operator = &operator{t: t, socket: filepath.Join(dir, "lineside.sock")}
	s.start()
	return s
}

func (s *stoppable) start() {
	s.t.Helper()
	stop, wait := background(s.t, io.Discard, "run", "--config", s.config)
	s.systemd.hears(s.t, "READY=1")
	s.end = func() {
		s.t.Helper()
		stop()
		s.systemd.hears(s.t, "STOPPING=1")
		if code, errs := wait(); code != exitOK {
			s.t.Fatalf("got exit %d and\n%s\nwant 0", code, errs)
		}
	}
}

func (s *stoppable) state() string { return filepath.Join(s.dir, "state") }

// otpUsed asks whether the device's one-time password is still good.
func (s *stoppable) otpUsed(mac string) bool {
	s.t.Helper()
	var d struct {
		Enrolment struct {
			Used bool `json:"otp_used"`
		} `json:"enrolment"`
	}
	if err := json.Unmarshal([]byte(s.does("", 0, "otp_used", "device", "show", mac, "--json")), &d); err != nil {
		s.t.Fatal(err)
	}
	return d.Enrolment.Used
}

func TestBackupAndRestore(t *testing.T) {
	s := newStoppable(t)
	const kept, later = "00:15:65:4a:a9:37", "00:15:65:4a:a9:38"
	s.does("", 0, "", "device", "add", kept, "--model", "T46G")
	if s.otpUsed(kept) {
		t.Fatal("a new device's one-time password is void already")
	}
	out := t.TempDir()
	file := filepath.Join(out, "branch.db")
	s.does("", 0, "in the backup: lineside.db, .*not in the backup: uploads: .*the backup is in "+file+", [0-9]+ bytes.*→ keep a copy of the site key beside it", "backup", file)
	s.does("", 1, "is there already.*--force", "backup", file)
	s.does("", 0, `"bytes": [1-9]`, "backup", file, "--force", "--json")
	s.does("", 0, "backup-taken.*backup-taken", "audit")
	if info, err := os.Stat(file); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the backup: %v, %v, want mode 0600", info, err)
	}
	if left, _ := os.ReadDir(out); len(left) != 1 {
		t.Errorf("files beside the backup: %v", left)
	}
	s.does("", 0, "", "device", "add", later, "--model", "T46G")

	s.does("", 1, "another lineside runs.*→ .*systemctl stop lineside", "restore", file, "--config", s.config)
	s.does("", 1, "another lineside runs.*→ .*systemctl stop lineside", "restore", file, "--state", s.state())
	s.end()
	said := s.does("", 0, "is now the database .*lineside.db\n.* is now .*lineside.db.replaced-.*one-time passwords not yet used are void.*lineside device allow-otp MAC",
		"restore", file, "--config", s.config)
	_, aside, _ := strings.Cut(said, "that was there is now ")
	aside, _, _ = strings.Cut(aside, "\n")
	if _, err := os.Stat(aside); err != nil {
		t.Errorf("the database set aside: %v", err)
	}

	s.start()
	s.does("", 1, "the database is an older copy", "status")
	s.does("", 0, "T46G", "device", "show", kept)
	s.does("", 1, "unknown device", "device", "show", later)
	if !s.otpUsed(kept) {
		t.Error("restoring left a one-time password usable that may have been used since")
	}
	s.does("", 1, "no one-time password is set for yealink.*otp set yealink", "device", "allow-otp", kept)
	s.does("", 0, "", "otp", "set", "yealink", "--generate")
	s.does("", 0, "", "device", "allow-otp", kept)
	if s.otpUsed(kept) {
		t.Error("it could not be allowed again")
	}
	s.end()
	s.does("", 0, `"set_aside": ".*replaced-`, "restore", file, "--state", s.state(), "--json")
}

// TestRestoreOnANewBox: the key comes first, by hand; a backup without it is
// refused, and none is minted.
func TestRestoreOnANewBox(t *testing.T) {
	s := newStoppable(t)
	s.does("", 0, "", "device", "add", "00:15:65:4a:a9:37", "--model", "T46G")
	file := filepath.Join(t.TempDir(), "branch.db")
	s.does("", 0, "", "backup", file)
	s.end()
	state := t.TempDir()
	s.does("", 1, "the site key is missing.*→ put that key there, or name it with --key", "restore", file, "--state", state)
	if left, _ := os.ReadDir(state); len(left) != 0 {
		t.Errorf("the refusal left %v", left)
	}
	const owner = 12345
	if os.Geteuid() == 0 {
		if err := os.Chown(state, owner, owner); err != nil {
			t.Fatal(err)
		}
	}
	s.does("", 0, "there was no database before", "restore", file, "--state", state, "--key", filepath.Join(s.state(), "site.key"))
	info, err := os.Stat(filepath.Join(state, "lineside.db"))
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Fatalf("the database: %v, %v, want mode 0600", info, err)
	}
	if uid := info.Sys().(*syscall.Stat_t).Uid; os.Geteuid() == 0 && uid != owner {
		t.Errorf("root's restore left the database to %d, want the state directory's owner %d", uid, owner)
	}
}

func TestRestoreRefuses(t *testing.T) {
	s := newStoppable(t)
	s.does("", 0, "", "device", "add", "00:15:65:4a:a9:37", "--model", "T46G")
	dir := t.TempDir()
	whole := filepath.Join(dir, "whole")
	s.does("", 0, "", "backup", whole)
	s.end()
	text, err := os.ReadFile(whole)
	if err != nil {
		t.Fatal(err)
	}
	write := func(name string, b []byte) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, b, 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	database := filepath.Join(s.state(), "lineside.db")
	before, err := os.ReadFile(database)
	if err != nil {
		t.Fatal(err)
	}
	foreign := write("key", []byte(strings.Repeat("07", 32)+"\n"))
	for name, tc := range map[string]struct {
		args []string
		want string
	}{
		"nothing":            {[]string{filepath.Join(dir, "none")}, "no such file"},
		"half a backup":      {[]string{write("half", text[:len(text)/2])}, "damaged"},
		"something else":     {[]string{write("text", []byte("no database"))}, "restore "},
		"another site's key": {[]string{whole, "--key", foreign}, "the site key does not open this database.*→ the key tried is " + foreign},
	} {
		t.Run(name, func(t *testing.T) {
			s.does("", 1, tc.want, append([]string{"restore", "--state", s.state()}, tc.args...)...)
			if after, err := os.ReadFile(database); err != nil || !bytes.Equal(after, before) {
				t.Errorf("the database changed, %v", err)
			}
			if left, _ := filepath.Glob(database + ".replaced-*"); len(left) > 0 {
				t.Errorf("it was set aside: %v", left)
			}
		})
	}
	s.does("", 1, "no settings file.*→ .*--state", "restore", whole, "--config", filepath.Join(dir, "none.toml"))
}

// TestBackupThatBreaksOffLeavesNothing plays a box whose line is cut, and one
// whose operator was quicker to make a file of that name.
func TestBackupThatBreaksOffLeavesNothing(t *testing.T) {
	dir := t.TempDir()
	socket, file := filepath.Join(dir, "s"), filepath.Join(dir, "out", "branch.db")
	if err := os.Mkdir(filepath.Dir(file), 0o700); err != nil {
		t.Fatal(err)
	}
	l, err := net.Listen("unix", socket)
	if err != nil {
		t.Fatal(err)
	}
	answer := func(w http.ResponseWriter) { _, _ = io.WriteString(w, "half of it") }
	srv := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { answer(w) })}
	served := make(chan error, 1)
	go func() { served <- srv.Serve(l) }()
	t.Cleanup(func() { _ = srv.Close(); <-served })

	o := &operator{t: t, socket: socket}
	o.does("", 1, "not whole.*→ nothing was kept", "backup", file)
	if left, _ := os.ReadDir(filepath.Dir(file)); len(left) != 0 {
		t.Errorf("it left %v", left)
	}
	answer = func(w http.ResponseWriter) {
		if err := os.WriteFile(file, []byte("the last one"), 0o600); err != nil {
			t.Error(err)
		}
		w.Header().Set("Trailer", "Content-Digest")
		_, _ = io.WriteString(w, "foo")
		w.Header().Set("Content-Digest", "sha-256=:LCa0a2j/xo/5m0U8HTBBNBNCLXBkg7+g+YpeiGJm564=:")
	}
	o.does("", 1, "is there already", "backup", file)
	answer = func(w http.ResponseWriter) { _, _ = io.WriteString(w, "half of it") }
	o.does("", 1, "not whole", "backup", file, "--force")
	answer = func(w http.ResponseWriter) {
		old, err := os.ReadFile("testdata/plain-backup.db")
		if err != nil {
			t.Error(err)
		}
		sum := sha256.Sum256(old)
		w.Header().Set("Trailer", "Content-Digest")
		_, _ = w.Write(old)
		w.Header().Set("Content-Digest", "sha-256=:"+base64.StdEncoding.EncodeToString(sum[:])+":")
	}
	o.does("", 1, "daemon is of an older version: the templates are not in it.*→ restart the daemon", "backup", file+".old")
	if text, err := os.ReadFile(file); err != nil || string(text) != "the last one" {
		t.Errorf("the file before it: %q, %v", text, err)
	}
}
