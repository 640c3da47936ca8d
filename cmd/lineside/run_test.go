package main

import (
	"fmt"
	"io"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// systemd is the other end of sd_notify(3).
type systemd struct {
	conn *net.UnixConn
}

func newSystemd(t *testing.T) *systemd {
	t.Helper()
	path := filepath.Join(t.TempDir(), "notify")
	conn, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: path, Net: "unixgram"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	t.Setenv("NOTIFY_SOCKET", path)
	return &systemd{conn}
}

// hears waits for one message.
func (s *systemd) hears(t *testing.T, want string) {
	t.Helper()
	if err := s.conn.SetReadDeadline(time.Now().Add(20 * time.Second)); err != nil {
		t.Fatal(err)
	}
	b := make([]byte, 256)
	n, err := s.conn.Read(b)
	if err != nil || string(b[:n]) != want {
		t.Fatalf("systemd got %q, %v, want %q", b[:n], err, want)
	}
}

// settingsOnLoopback is a daemon's file that needs no privilege.
func settingsOnLoopback(t *testing.T, dir string) string {
	t.Helper()
	p, err := freePorts(netip.MustParseAddr("127.20.0.1"))
	if err != nil {
		t.Fatal(err)
	}
	return writeSettings(t, fmt.Sprintf(`
state = "%s/state"
[site]
timezone = "Europe/Berlin"
[listen]
address = "127.20.0.1/24"
http = "127.20.0.1:%d"
https = "127.20.0.1:%d"
tftp = "127.20.0.1:%d"
admin = "127.20.0.1:%d"
sip = "127.20.0.1:%d"
socket = "%s/lineside.sock"
[emergency]
mode = "none"
[dhcp]
listen = "127.20.0.1:%d"
pool = "127.20.0.50-127.20.0.250"
`, dir, p.http, p.https, p.tftp, p.admin, p.sip, dir, p.dhcp))
}

func TestDaemon(t *testing.T) {
	dir := t.TempDir()
	path := settingsOnLoopback(t, dir)
	socket := filepath.Join(dir, "lineside.sock")
	// A socket left behind by a daemon that was killed is taken over.
	stale, err := net.ListenUnix("unix", &net.UnixAddr{Name: socket, Net: "unix"})
	if err != nil {
		t.Fatal(err)
	}
	stale.SetUnlinkOnClose(false)
	_ = stale.Close()

	sd := newSystemd(t)
	stop, wait := background(t, io.Discard, "run", "--config", path)
	sd.hears(t, "READY=1")
	if info, err := os.Stat(socket); err != nil || info.Mode().Perm() != 0o660 {
		t.Errorf("the operator's socket: %v %v, want mode 0660", info.Mode(), err)
	}
	code, out, errs := lineside(t, "status", "--settings", "--socket", socket)
	if code != exitOK || !strings.Contains(out, "dhcp 127.20.0.1:") || !strings.Contains(out, "site.first_contact") {
		t.Errorf("status: got exit %d\n%s%s", code, out, errs)
	}
	code, out, _ = lineside(t, "check", "--config", path)
	if code != exitOK || !strings.Contains(out, "lineside runs here already") {
		t.Errorf("check beside the daemon: got exit %d\n%s", code, out)
	}
	code, _, errs = lineside(t, "run", "--config", path)
	if code != exitWrong || !strings.Contains(errs, "another lineside answers at "+socket) {
		t.Errorf("a second daemon: got exit %d and %q, want 1 and why", code, errs)
	}
	stop()
	sd.hears(t, "STOPPING=1")
	if code, errs := wait(); code != exitOK || !strings.Contains(errs, "lineside stops") {
		t.Errorf("got exit %d and the log\n%s\nwant 0", code, errs)
	}
	if code, _, errs := lineside(t, "status", "--socket", socket); code != exitWrong || !strings.Contains(errs, "not running") {
		t.Errorf("status after the end: got exit %d and %q", code, errs)
	}
}

func TestDaemonDoesNotStartHalf(t *testing.T) {
	dir := t.TempDir()
	text, err := os.ReadFile(settingsOnLoopback(t, dir))
	if err != nil {
		t.Fatal(err)
	}
	http, tftp := taken(t), "192.0.2.1:69"
	path := writeSettings(t, replaceKey(replaceKey(string(text), "http", http), "tftp", tftp))
	code, _, errs := lineside(t, "run", "--config", path)
	if code != exitWrong || !strings.Contains(errs, "tcp "+http+" is taken") || !strings.Contains(errs, "udp "+tftp+" is on no interface") {
		t.Errorf("got exit %d and\n%s\nwant 1 and both listeners named", code, errs)
	}
	// Nothing was made that a later start on another directory would miss.
	if left, err := os.ReadDir(filepath.Join(dir, "state")); err == nil {
		t.Errorf("it left %v in the state directory", left)
	}
	// Everything was given back: with the settings corrected it starts.
	stop, wait := func() (func(), func() (int, string)) {
		sd := newSystemd(t)
		stop, wait := background(t, io.Discard, "run", "--config", writeSettings(t, string(text)))
		sd.hears(t, "READY=1")
		return stop, wait
	}()
	stop()
	if code, errs := wait(); code != exitOK {
		t.Errorf("got exit %d and\n%s\nwant 0", code, errs)
	}
}

// replaceKey gives a key of the settings another text.
func replaceKey(text, key, value string) string {
	var b strings.Builder
	for line := range strings.Lines(text) {
		if strings.HasPrefix(line, key+" = ") {
			line = fmt.Sprintf("%s = %q\n", key, value)
		}
		b.WriteString(line)
	}
	return b.String()
}

func TestSiteKeyPlace(t *testing.T) {
	state, given := t.TempDir(), t.TempDir()
	if got, want := keyPath(state, ""), filepath.Join(state, "site.key"); got != want {
		t.Errorf("without systemd got %s, want %s", got, want)
	}
	if got, want := keyPath(state, given), filepath.Join(state, "site.key"); got != want {
		t.Errorf("with credentials of others only got %s, want %s", got, want)
	}
	want := filepath.Join(given, "lineside.key")
	if err := os.WriteFile(want, nil, 0o400); err != nil {
		t.Fatal(err)
	}
	if got := keyPath(state, given); got != want {
		t.Errorf("with a credential got %s, want %s", got, want)
	}
}

func TestLogUnderJournal(t *testing.T) {
	f, err := os.Create(filepath.Join(t.TempDir(), "stream"))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = f.Close() }()
	if underJournal(f, "") || underJournal(f, "1:2") || underJournal(io.Discard, "1:2") {
		t.Error("what is not journald's stream was taken for it")
	}
	for _, journal := range []bool{true, false} {
		var b strings.Builder
		newLogger(&b, 0, journal).Info("hello")
		if got := strings.Contains(b.String(), "time="); got == journal {
			t.Errorf("under journald %v: time in the line is %v", journal, got)
		}
	}
}

func TestDamagedDatabaseIsTold(t *testing.T) {
	dir := t.TempDir()
	path := settingsOnLoopback(t, dir)
	sd := newSystemd(t)
	cycle := func(see func()) {
		stop, wait := background(t, io.Discard, "run", "--config", path)
		sd.hears(t, "READY=1")
		see()
		stop()
		sd.hears(t, "STOPPING=1")
		if code, errs := wait(); code != exitOK {
			t.Fatalf("got exit %d and\n%s\nwant 0", code, errs)
		}
	}
	cycle(func() {})
	database := filepath.Join(dir, "state", "lineside.db")
	if err := os.WriteFile(database, []byte(strings.Repeat("damage ", 4096)), 0o600); err != nil {
		t.Fatal(err)
	}
	cycle(func() {
		code, out, errs := lineside(t, "status", "--socket", filepath.Join(dir, "lineside.sock"))
		if code != exitWrong || !strings.Contains(out, "the database was damaged and set aside") || !strings.Contains(out, "→") {
			t.Errorf("status: got exit %d\n%s%s\nwant 1 and the damage", code, out, errs)
		}
	})
	if aside, _ := filepath.Glob(database + ".*"); len(aside) == 0 {
		t.Error("the damaged file is gone")
	}
}
