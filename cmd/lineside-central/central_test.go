package main

import (
	"bytes"
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/lineside/lineside/sync/portal"
	"github.com/lineside/lineside/sync/wire"
)

// lab is a platform in a directory of its own, and its command line.
type lab struct {
	t    *testing.T
	dir  string
	conf string
	said bytes.Buffer // by run
	stop func()
}

func newLab(t *testing.T) *lab {
	t.Helper()
	l := &lab{t: t, dir: filepath.Join(t.TempDir(), "state")}
	l.conf = filepath.Join(t.TempDir(), "central.toml")
	text := "directory = \"" + l.dir + "\"\n[listen]\nsites = \"127.0.0.1:0\"\napi = \"127.0.0.1:0\"\nnats = \"127.0.0.1:0\"\n[log]\nlevel = \"error\"\n"
	if err := os.WriteFile(l.conf, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return l
}

// start runs the platform until stop or the test's end.
func (l *lab) start() {
	l.t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	ready, ended := make(chan struct{}), make(chan int, 1)
	l.said.Reset()
	var errs bytes.Buffer
	p := &program{in: strings.NewReader(""), out: &l.said, err: &errs, now: time.Now, ready: func(*platform) { close(ready) }}
	go func() { ended <- p.run(ctx, []string{"run", "--config", l.conf}) }()
	select {
	case <-ready:
	case code := <-ended:
		cancel()
		l.t.Fatalf("the platform ended with %d: %s%s", code, l.said.String(), errs.String())
	}
	stopped := false
	l.stop = func() {
		if stopped {
			return
		}
		stopped = true
		cancel()
		if code := <-ended; code != exitOK {
			l.t.Errorf("the platform ended with %d: %s", code, errs.String())
		}
	}
	l.t.Cleanup(l.stop)
}

// cli runs a verb and gives what it said.
func (l *lab) cli(want int, args ...string) string { return l.pipe(want, "", args...) }

func (l *lab) pipe(want int, in string, args ...string) string {
	l.t.Helper()
	var out, errs bytes.Buffer
	code := run(context.Background(), append([]string{"--config", l.conf}, args...), strings.NewReader(in), &out, &errs)
	if code != want {
		l.t.Fatalf("lineside-central %s: got %d, want %d\n%s%s", strings.Join(args, " "), code, want, out.String(), errs.String())
	}
	return out.String() + errs.String()
}

func (l *lab) site(name string) portal.Invitation {
	l.t.Helper()
	var i portal.Invitation
	if err := json.Unmarshal([]byte(l.cli(0, "site", "add", name, "--json")), &i); err != nil {
		l.t.Fatal(err)
	}
	return i
}

// TestFirstStart: on an empty directory, with no more than where to listen.
func TestFirstStart(t *testing.T) {
	l := newLab(t)
	l.start()
	said := l.said.String()
	token, err := os.ReadFile(filepath.Join(l.dir, fileToken))
	if err != nil || !strings.Contains(said, strings.TrimSpace(string(token))) || !strings.Contains(said, "site add") {
		t.Errorf("got %s, %v, want the token and what to do next", said, err)
	}
	for _, name := range []string{fileKeys, fileToken, fileReach, "ca.pem", fileDatabase} {
		if info, err := os.Stat(filepath.Join(l.dir, name)); err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("%s: got %v, %v, want mode 0600", name, info, err)
		}
	}
	if got := l.cli(0, "site", "list"); !strings.Contains(got, "no sites") {
		t.Errorf("got %q, want none and what to type", got)
	}
	i := l.site("Berlin")
	tok, err := wire.ParseToken(strings.TrimPrefix(i.Join, "lineside join "))
	if err != nil || len(tok.Pin) != 32 || !strings.HasPrefix(tok.URL, "https://127.0.0.1:") {
		t.Errorf("got %v (%v), want a token that leads to the platform", tok, err)
	}
	if got := l.cli(0, "site", "list"); !regexp.MustCompile(i.Site + ` +Berlin +invited`).MatchString(got) {
		t.Errorf("got %s, want the site", got)
	}
	l.stop()
	if got := l.cli(1, "status"); !strings.Contains(got, "→ see whether it runs") {
		t.Errorf("while it does not run: got %s, want what to do", got)
	}
	l.start()
	if said := l.said.String(); strings.Contains(said, strings.TrimSpace(string(token))) || strings.Contains(said, "no site yet") {
		t.Errorf("at the second start: got %s, want no token and no first steps", said)
	}
	if got := l.cli(0, "status"); !regexp.MustCompile(`sites invited +1`).MatchString(got) {
		t.Errorf("got %s, want one site invited", got)
	}
}

// TestVerbs walks through what an operator does in a day.
func TestVerbs(t *testing.T) {
	l := newLab(t)
	l.start()
	a, b := l.site("A"), l.site("B")
	made := l.cli(0, "device", "add", "001565000001", "--site", a.Site, "--vendor", "yealink", "--line", "201@sip.example.net")
	if !regexp.MustCompile(`pin +\d{6}\n`).MatchString(made) || !strings.Contains(made, "sip.0") {
		t.Errorf("got %s, want a PIN and a SIP password", made)
	}
	moved := l.cli(0, "device", "move", "001565000001", b.Site)
	if moved == made || !strings.Contains(moved, "at site "+b.Site) {
		t.Errorf("got %s, want other secrets at B", moved)
	}
	l.cli(1, "otp", "allow-once", "001565000001") // no such password yet
	l.pipe(0, "fake-password-of-all\n", "otp", "set", "yealink", "setup")
	l.cli(0, "otp", "allow-once", "001565000001")
	if got := l.cli(0, "otp", "tickets"); !strings.Contains(got, "none waits") {
		t.Errorf("got %s, want no ticket", got)
	}
	l.cli(0, "otp", "ticket", "001565000001", "--hours", "24", "--approval")
	for _, verb := range [][]string{{"otp", "tickets"}, {"device", "list"}, {"device", "show", "001565000001"}} {
		if got := l.cli(0, verb...); !strings.Contains(got, "waits for a yes") {
			t.Errorf("%v: got %s, want the ticket that waits", verb, got)
		}
	}
	l.cli(0, "otp", "approve", "001565000001")
	if got := l.cli(0, "otp", "tickets", "--site", b.Site); !strings.Contains(got, "until 20") {
		t.Errorf("got %s, want the ticket's end", got)
	}
	l.cli(0, "device", "edit", "001565000001", "--label", "Lobby", "--model", "T999X")
	if got := l.cli(0, "device", "show", "001565000001"); !regexp.MustCompile(`label +Lobby\n(?s:.*)line 1 +201@sip\.example\.net`).MatchString(got) {
		t.Errorf("got %s, want the label, and the line as it was", got)
	}
	l.cli(1, "device", "edit", "001565000001", "--vendor", "yealnik")
	if got := l.cli(0, "site", "show", b.Site); !regexp.MustCompile(`name +B\n`).MatchString(got) {
		t.Errorf("got %s, want the site", got)
	}
	l.cli(0, "device", "block", "001565000001")
	if got := l.cli(0, "device", "list"); !strings.Contains(got, "blocked") {
		t.Errorf("got %s, want it blocked", got)
	}
	l.cli(0, "device", "unblock", "001565000001")
	l.cli(0, "user", "add", b.Site, "201", "--first", "Anna", "--email", "anna@example.net")
	if got := l.cli(0, "policy", "set", "--site", b.Site, "--otp-offline", "allow"); !regexp.MustCompile(`otp-offline +allow`).MatchString(got) {
		t.Errorf("got %s, want the rule set", got)
	}
	l.cli(0, "event", b.Site)
	audit := l.cli(0, "audit")
	for _, secret := range append(regexp.MustCompile(`(?m)(?:pin|sip\.0) +(\S+)$`).FindAllString(made+moved, -1), "fake-password-of-all") {
		if f := strings.Fields(secret); strings.Contains(audit, f[len(f)-1]) {
			t.Errorf("the audit holds the secret %s:\n%s", secret, audit)
		}
	}
	if !strings.Contains(audit, "device moved") || !strings.Contains(audit, "admin.token") {
		t.Errorf("got %s, want who moved the device", audit)
	}
	l.cli(0, "site", "remove", b.Site)
	if got := l.cli(0, "user", "list") + l.cli(0, "device", "list"); strings.Contains(got, "201") || strings.Contains(got, "00:15:65") {
		t.Errorf("got %s, want nobody and nothing left of site B", got)
	}
	if got := l.cli(1, "device", "move", "001565000001", a.Site); !strings.Contains(got, "→") {
		t.Errorf("got %s, want what to do", got)
	}
	l.cli(2, "device", "move", "001565000001")
	l.cli(2, "site")
	l.cli(2, "nothing")
}

func TestImport(t *testing.T) {
	l := newLab(t)
	l.start()
	a := l.site("A")
	file := "mac;site;vendor;label;registrar;user;password\n" +
		"001565000001;" + a.Site + ";yealink;=1+1;sip.example.net;201;fake-sip-password\n" +
		"not a mac;" + a.Site + ";yealink;;;;\n" +
		"001565000003;nowhere;yealink;;;;\n" +
		"001565000004;" + a.Site + ";snom;;;;\n"
	l.pipe(1, file, "device", "import", "-") // secrets would be made that nobody sees
	made := filepath.Join(t.TempDir(), "made.csv")
	got := l.pipe(1, file, "device", "import", "-", "--made", made)
	for _, want := range []string{"line 3: ", "line 4: ", "2 rows done, 2 not", made} {
		if !strings.Contains(got, want) {
			t.Errorf("got %s, want %q in it", got, want)
		}
	}
	text, err := os.ReadFile(made)
	if info, _ := os.Stat(made); err != nil || info.Mode().Perm() != 0o600 ||
		!regexp.MustCompile(`^mac,kind,secret\n00:15:65:00:00:01,pin,\d{6}\n00:15:65:00:00:04,pin,\d{6}\n$`).Match(text) {
		t.Errorf("got %s, %v, want both devices' PINs, for the owner alone", text, err)
	}
	if got := l.cli(0, "device", "password", "001565000001"); !regexp.MustCompile(`sip\.0 +\S{26}\n`).MatchString(got) {
		t.Errorf("got %s, want a new SIP password", got)
	}
	l.cli(1, "device", "password", "001565000001", "--line", "2")
	out := l.cli(0, "device", "export")
	if !strings.Contains(out, ",'=1+1,") || strings.Contains(out, "fake-sip-password") || !strings.Contains(out, "00:15:65:00:00:04") {
		t.Errorf("got %s, want both devices, no formula, no password", out)
	}
	again := filepath.Join(t.TempDir(), "made.csv")
	if got := l.pipe(0, out, "device", "import", "-", "--made", again); !strings.Contains(got, "2 rows done, 0 not") {
		t.Errorf("its own export: got %s", got)
	}
	if _, err := os.Stat(again); err == nil {
		t.Error("got a file of secrets, and none was made")
	}
	if again := l.cli(0, "device", "export"); again != out {
		t.Errorf("after its own import: got %s, want %s", again, out)
	}
}

func TestSample(t *testing.T) {
	s, err := parseSettings(sampleSettings)
	want := defaults()
	if err != nil || s.Directory != want.Directory || s.Listen != want.Listen || s.NATS.Replicas != want.NATS.Replicas || s.Log != want.Log {
		t.Errorf("got %+v, %v, want the defaults", s, err)
	}
	for text, says := range map[string]string{
		"directorry = \"x\"":               "directorry",
		"[listen]\nsites = \"\"":           "listen.sites",
		"[listen]\napi = \"8444\"":         "listen.api",
		"url = \"http://x\"":               "url",
		"[tls]\nkey = \"k\"":               "tls",
		"[balancer]\nnats = \":1\"":        "balancer.trusted",
		"[nats]\nservers = [\"tls://x\"]":  "nats.boxes",
		"[proxies]\ntrusted = [\"no ip\"]": "",
	} {
		if _, err := parseSettings([]byte(text)); err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("%s: got %v, want an error about %s", text, err, says)
		}
	}
}
