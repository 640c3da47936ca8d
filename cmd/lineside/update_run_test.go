package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/lineside/lineside/update"
)

// unit is a service of one box as systemd would run it: the package's program,
// which hands over to the slot that counts.
type unit struct {
	unitBox
	program  string
	args     []string
	notify   string
	patience time.Duration
	running  *exec.Cmd
	ended    chan struct{} // closed when it has
	log      spoken
}

// spoken is what several say, in the order they said it.
type spoken struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (s *spoken) Write(b []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.text.Write(b)
}

func (s *spoken) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.text.String()
}

// Restart ends what runs and starts the program, until it is READY.
func (u *unit) Restart(ctx context.Context) error {
	u.stop()
	_ = os.Remove(u.notify)
	conn, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: u.notify, Net: "unixgram"})
	if err != nil {
		return err
	}
	defer func() { _ = conn.Close() }()
	u.running = exec.CommandContext(ctx, u.program, u.args...)
	u.running.Env = append(os.Environ(), "NOTIFY_SOCKET="+u.notify)
	u.running.Stderr = &u.log
	u.running.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	if err := u.running.Start(); err != nil {
		return err
	}
	_ = conn.SetReadDeadline(time.Now().Add(u.patience))
	u.ended = make(chan struct{})
	go func() { // a program that ends will never be READY
		_ = u.running.Wait()
		close(u.ended)
		_ = conn.SetReadDeadline(time.Now())
	}()
	for b := make([]byte, 256); ; {
		n, err := conn.Read(b)
		if err != nil {
			return fmt.Errorf("wait for READY: %w", err)
		}
		if strings.Contains(string(b[:n]), "READY=1") {
			return nil
		}
	}
}

func (u *unit) stop() {
	if u.running == nil {
		return
	}
	_ = u.running.Process.Signal(syscall.SIGTERM)
	late := time.AfterFunc(5*time.Second, func() { _ = u.running.Process.Kill() })
	<-u.ended
	late.Stop()
	u.running = nil
}

// phones ask for their config over and over until the test ends, as a building
// does.
func phones(ctx context.Context, url string) {
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for {
		q, err := http.NewRequestWithContext(ctx, http.MethodGet, url+"/snom300-000413A1B2C3.htm", nil)
		if err != nil {
			return
		}
		q.Header.Set("User-Agent", "Mozilla/4.0 (compatible; snom300-SIP 8.7.3.25)")
		if resp, err := http.DefaultClient.Do(q); err == nil {
			_, _ = io.Copy(io.Discard, resp.Body)
			_ = resp.Body.Close()
		}
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}

// TestUpdatesOfTheRealProgram builds the program and makes it into versions: one
// that works, one that is never READY, one that ends at once, and one that is READY
// and refuses every phone. The last three are turned back from without anybody
// doing anything, and what the box knows is kept each time.
func TestUpdatesOfTheRealProgram(t *testing.T) {
	if testing.Short() {
		t.Skip("it builds the program")
	}
	dir := t.TempDir()
	built := filepath.Join(dir, "lineside")
	if out, err := exec.Command("go", "build", "-trimpath", "-ldflags=-s -w -X github.com/lineside/lineside/shell.release="+labBefore, "-o", built, ".").CombinedOutput(); err != nil {
		t.Fatalf("build the program: %v\n%s", err, out)
	}
	before, err := os.ReadFile(built)
	if err != nil {
		t.Fatal(err)
	}
	after := bytes.ReplaceAll(before, []byte(labBefore), []byte(labAfter))
	good := filepath.Join(dir, "after")
	if err := os.WriteFile(good, after, 0o755); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name    string
		program func(settings string) []byte
		phase   update.Phase
		why     string
	}{
		{"it works", func(string) []byte { return after }, update.Kept, ""},
		{"it is never READY", func(string) []byte { return []byte("#!/bin/sh\nexec sleep 60\n") }, update.Back, "it did not become READY"},
		{"it ends at once", func(string) []byte { return []byte("#!/bin/sh\nexit 1\n") }, update.Back, "it did not become READY"},
		{"it is READY and refuses phones", func(settings string) []byte {
			return []byte("#!/bin/sh\nexec " + good + " run --slots /nonexistent --config " + settings + "\n")
		}, update.Back, "phones of snom asked"},
	} {
		t.Run(c.name, func(t *testing.T) { updateFor(t, built, c.program, c.phase, c.why) })
	}
}

func updateFor(t *testing.T, built string, made func(string) []byte, phase update.Phase, why string) {
	l := newReleaseLab(t)
	settings := settingsOnLoopback(t, l.dir)
	text, err := os.ReadFile(settings)
	if err != nil {
		t.Fatal(err)
	}
	// The same box, with other ideas of who may have a config.
	strict := writeSettings(t, strings.Replace(strings.Replace(string(text), `/state"`, `/other"`, 1), "[site]", "[site]\nfirst_contact = \"otp\"", 1))
	p := &program{socket: filepath.Join(l.dir, "lineside.sock"), slots: l.path("slots")}
	u := &unit{unitBox: unitBox{p: p}, program: built, notify: filepath.Join(l.dir, "notify"), patience: 2 * time.Second,
		args: []string{"run", "--config", settings, "--slots", l.path("slots")}}
	if err := u.Restart(t.Context()); err != nil {
		t.Fatalf("%v\n%s", err, u.log.String())
	}
	defer u.stop()
	code, _, errs := lineside(t, "device", "add", "00:04:13:77:88:99", "--vendor", "snom", "--model", "300", "--socket", p.socket)
	if code != exitOK {
		t.Fatalf("add a phone: %s", errs)
	}
	asking, stop := context.WithCancel(t.Context())
	ended := make(chan struct{})
	go func() { defer close(ended); phones(asking, "http://"+httpOf(t, string(text))) }()
	defer func() { stop(); <-ended }()
	awaitServed(t, u)

	l.stage(t, l.release(t, labAfter, made(strict)))
	c := l.carrier()
	c.box, c.window, c.look = u, 1500*time.Millisecond, 50*time.Millisecond
	c.safe, c.log = stateSafe{box: unitBox{p: p}, slots: l.slots(), state: l.path("state")}, slog.New(slog.NewTextHandler(&u.log, nil))
	if err := c.run(t.Context()); err != nil {
		t.Fatalf("%v\n%s", err, u.log.String())
	}
	got := l.ledger(t).Trial
	want := map[update.Phase]string{update.Kept: labAfter, update.Back: labBefore}[phase]
	v, err := u.Vitals(t.Context())
	if err != nil || got.Phase != phase || v.Version != want || !strings.HasPrefix(got.Why, why) {
		t.Errorf("got %s running, %v, phase %s because %q; want %s, %s because %q\n%s", v.Version, err, got.Phase, got.Why, want, phase, why, u.log.String())
	}
	t.Logf("%s: %s runs (%s)", got.Phase, v.Version, got.Why)
	if code, out, errs := lineside(t, "device", "show", "00:04:13:77:88:99", "--socket", p.socket); code != exitOK {
		t.Errorf("the phone that was set up before: got %s%s", out, errs)
	}
	if info, err := os.Stat(l.path("slots", "before.backup")); err != nil || info.Size() == 0 {
		t.Errorf("the backup of before: got %v, %v", info, err)
	}
}

// httpOf is the address phones fetch from.
func httpOf(t *testing.T, settings string) string {
	t.Helper()
	for line := range strings.Lines(settings) {
		if addr, ok := strings.CutPrefix(strings.TrimSpace(line), "http = "); ok {
			return strings.Trim(addr, `"`)
		}
	}
	t.Fatal("the settings name no HTTP")
	return ""
}

// awaitServed waits until the box has given configs.
func awaitServed(t *testing.T, u *unit) {
	t.Helper()
	for end := time.Now().Add(10 * time.Second); ; {
		v, err := u.Vitals(t.Context())
		if err == nil && v.Given["snom"].Served >= 3 {
			return
		}
		if time.Now().After(end) {
			t.Fatalf("no phone was served: %+v, %v\n%s", v, err, u.log.String())
		}
	}
}
