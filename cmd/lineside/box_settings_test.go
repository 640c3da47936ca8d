package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/lineside/lineside/admin"
	"github.com/lineside/lineside/health"
	"github.com/lineside/lineside/phone"
)

// liveBox is a box that runs on loopback, and the operator's client.
type liveBox struct {
	*admin.Client
	sd                *systemd
	dir, path, socket string
	stop              func()
	wait              func() (int, string)
}

func newLiveBox(t *testing.T) *liveBox {
	t.Helper()
	dir := t.TempDir()
	d := &liveBox{dir: dir, path: settingsOnLoopback(t, dir), socket: filepath.Join(dir, "lineside.sock"), sd: newSystemd(t)}
	d.Client = admin.NewClient(d.socket)
	t.Cleanup(d.Close)
	t.Cleanup(func() { // after the box has ended
		if t.Failed() {
			_, log := d.wait()
			t.Log(log)
		}
	})
	d.start(t)
	return d
}

func (d *liveBox) start(t *testing.T) {
	t.Helper()
	d.stop, d.wait = background(t, io.Discard, "run", "--config", d.path)
	d.sd.hears(t, "READY=1")
}

// end stops it and gives its log.
func (d *liveBox) end(t *testing.T) string {
	t.Helper()
	d.stop()
	d.sd.hears(t, "STOPPING=1")
	code, log := d.wait()
	if code != exitOK {
		t.Fatalf("got exit %d and\n%s", code, log)
	}
	return log
}

// set changes settings, written as JSON.
func (d *liveBox) set(t *testing.T, rev uint64, text string) (admin.Settings, error) {
	t.Helper()
	var in admin.SettingsInput
	if err := json.Unmarshal([]byte(text), &in); err != nil {
		t.Fatal(err)
	}
	return d.SetSettings(t.Context(), rev, in)
}

// mustSet changes settings that are right.
func (d *liveBox) mustSet(t *testing.T, text string) admin.Settings {
	t.Helper()
	got, err := d.set(t, 0, text)
	if err != nil {
		t.Fatal(said(err))
	}
	return got
}

// said is an error of the API with all that it says.
func said(err error) string {
	var e *admin.Error
	if !errors.As(err, &e) {
		return fmt.Sprint(err)
	}
	return fmt.Sprintf("%d %s: %s (%s)", e.Status, e.What, strings.Join(e.Fields, "; "), e.Hint)
}

func (d *liveBox) key(t *testing.T, key string) admin.SettingKey {
	t.Helper()
	all, err := d.Settings(t.Context())
	if err != nil {
		t.Fatal(said(err))
	}
	for _, s := range all.Settings {
		if s.Key == key {
			return s
		}
	}
	t.Fatalf("there is no %s", key)
	return admin.SettingKey{}
}

// restarted has the box start anew, and gives how long nobody was there.
func (d *liveBox) restarted(t *testing.T) time.Duration {
	t.Helper()
	begin := time.Now()
	if _, err := d.Restart(t.Context()); err != nil {
		t.Fatal(said(err))
	}
	if got := d.sd.next(t); !strings.HasPrefix(got, "RELOADING=1\nMONOTONIC_USEC=") {
		t.Fatalf("systemd got %q, want that the box is reloading, and when", got)
	}
	d.sd.hears(t, "READY=1")
	return time.Since(begin)
}

func conditions(t *testing.T, d *liveBox) map[string]string {
	t.Helper()
	h, err := d.Health(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	all := make(map[string]string)
	for _, c := range h.Conditions {
		all[c.Code] = c.Detail
	}
	return all
}

// TestSettingsFromThePage changes settings of a running daemon: what it can take
// over counts at once, the rest from the restart on, and the operator's file stays
// as it is.
func TestSettingsFromThePage(t *testing.T) {
	d := newLiveBox(t)
	file, err := os.ReadFile(d.path)
	if err != nil {
		t.Fatal(err)
	}
	if s := d.key(t, "site.name"); s.Value != "Lineside" || s.From != fromDefault || s.Change != changeRestart || s.Text == "" {
		t.Errorf("before any change: got %+v", s)
	}
	got := d.mustSet(t, `{"site.name": "Branch 7", "dhcp.pool": "127.20.0.60-127.20.0.70", "emergency.password": "fake-upstream",
		"dhcp.reservations": {"00:15:65:01:00:02": "127.20.0.200"}}`)
	if want := []string{"emergency.password", "site.name"}; got.Rev != 2 || !slices.Equal(slices.Sorted(slices.Values(got.Waiting)), want) {
		t.Errorf("got revision %d and %v waiting, want 2 and %v", got.Rev, got.Waiting, want)
	}
	if s := d.key(t, "site.name"); s.Value != "Branch 7" || s.InForce != "Lineside" || !s.Waiting || s.From != fromPage || s.By == "" || s.At.IsZero() {
		t.Errorf("while it waits: got %+v", s)
	}
	if s := d.key(t, "emergency.password"); s.Kind != "secret" || s.Value != nil || !s.HasValue {
		t.Errorf("the secret: got %+v", s)
	}
	_, out, _ := lineside(t, "status", "--settings", "--socket", d.socket)
	if !strings.Contains(out, "127.20.0.60-127.20.0.70") || !strings.Contains(out, "set on the page by") || !strings.Contains(out, "Some changed settings wait") {
		t.Errorf("status says\n%s", out)
	}
	if code, out, _ := lineside(t, "status", "--page", "--socket", d.socket); code != exitOK ||
		!regexp.MustCompile(`^admin page: +https://127\.\S+:\d+/\nset-up code: +\S+\n$`).MatchString(out) {
		t.Errorf("status --page: got exit %d and\n%s\nwant the page and the code, whatever else there is to say", code, out)
	}
	gone := d.restarted(t)
	t.Logf("the restart took %s", gone)
	if gone > 5*time.Second { // a second on an idle machine
		t.Errorf("the restart took %s", gone)
	}
	if s := d.key(t, "site.name"); s.Value != "Branch 7" || s.Waiting || s.InForce != "" {
		t.Errorf("after the restart: got %+v", s)
	}
	if c := conditions(t, d); c[codeWaiting] != "" || c[codeFellBack] != "" {
		t.Errorf("after the restart: got %v", c)
	}
	got = d.mustSet(t, `{"site.name": null, "emergency.password": "[redacted]"}`)
	if s := d.key(t, "site.name"); s.Value != "Lineside" || s.From != fromDefault || got.Rev != 3 {
		t.Errorf("taken out again: got %+v at revision %d", s, got.Rev)
	}
	if s := d.key(t, "emergency.password"); !s.HasValue || s.Waiting {
		t.Errorf("sent back as it was shown: got %+v, want it as it was", s)
	}
	if now, err := os.ReadFile(d.path); err != nil || string(now) != string(file) {
		t.Errorf("the operator's file was changed: %v\n%s", err, now)
	}
	over := filepath.Join(d.dir, "state", overlayName)
	if info, err := os.Stat(over); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the overlay: %v %v, want mode 0600", info.Mode(), err)
	}
	entries, err := d.AuditTail(t.Context(), phone.MAC{}, 50)
	if err != nil {
		t.Fatal(err)
	}
	var log strings.Builder
	for _, e := range entries {
		fmt.Fprintln(&log, e.Kind, string(e.What))
	}
	for _, want := range []string{
		`setting-changed {"key":"site.name","from":"Lineside","to":"Branch 7"}`, `"key":"dhcp.reservations","from":"","to":"1 entries"`,
		`"key":"emergency.password","from":"","to":"[redacted]"`, `restart-asked`, `"to":"Lineside","unset":true`,
	} {
		if !strings.Contains(log.String(), want) {
			t.Errorf("the audit log lacks %s:\n%s", want, log.String())
		}
	}
	if all := log.String() + d.end(t); strings.Contains(all, "fake-upstream") {
		t.Errorf("the password is in the log:\n%s", all)
	}
}

// TestWrongSettingsAreRefusedWhole: with one fault nothing is changed, and every
// fault is told by its key with what to write.
func TestWrongSettingsAreRefusedWhole(t *testing.T) {
	d := newLiveBox(t)
	busy := taken(t)
	for _, tc := range []struct{ name, in, want string }{
		{"unknown", `{"dhcp.mood": "off"}`, "dhcp.mood: is no setting; did you mean dhcp.mode?"},
		{"wrong type", `{"site.name": 7}`, "site.name: is a number; write text in quotes"},
		{"a fraction", `{"sip.calls": 1.5}`, "sip.calls: is a number; write a whole number"},
		{"out of range", `{"dhcp.lease": "1s"}`, "dhcp.lease: 1s is out of range"},
		{"a path", `{"state": "/tmp/x"}`, "state: is not set from here"},
		{"the socket", `{"listen.socket": "/tmp/x"}`, "edit listen.socket in " + d.path},
		{"the page itself", `{"listen.admin": "off"}`, "whoever sets it wrong has no page left"},
		{"a rule", `{"site.first_contact": "none"}`, "lineside policy set first-contact"},
		{"the pool elsewhere", `{"dhcp.pool": "10.9.9.1-10.9.9.9"}`, "does not lie within 127.20.0.0/24"},
		{"a port taken", `{"listen.https": "` + busy + `"}`, busy + " is taken"},
		{"a mode without its servers", `{"dhcp.mode": "relay"}`, "dhcp.upstream: missing"},
		{"null within", `{"dhcp.dns": [null]}`, "dhcp.dns: holds null"},
		{"a section", `{"dhcp": {"mode": "off"}}`, "dhcp: is no setting"},
		{"notes of the overlay", `{"revision": 1, "changed": {}}`, "revision: is no setting"},
		{"a table that is none", `{"dhcp.reservations": 7}`, "dhcp.reservations"},
		{"a hostile name", `{"dhcp.reservations": {"x\"]\n[site]\nname=\"y": "z"}}`, "is not a MAC address"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			// A right one comes along, and must not stay.
			_, err := d.set(t, 0, `{"site.ntp": "ntp.example", `+tc.in[1:])
			if got := said(err); !strings.HasPrefix(got, "422") || !strings.Contains(got, tc.want) {
				t.Errorf("got %s, want 422 and %q", got, tc.want)
			}
		})
	}
	all, err := d.Settings(t.Context())
	if err != nil || all.Rev != 1 || len(all.Waiting) > 0 {
		t.Errorf("got revision %d, %v waiting, %v, want nothing changed", all.Rev, all.Waiting, err)
	}
	if _, err := os.Stat(filepath.Join(d.dir, "state", overlayName)); err == nil {
		t.Error("an overlay was written")
	}
}

// TestTwoAdminsChangeSettings: the second, who saw what the first has changed
// since, is told by whom and what.
func TestTwoAdminsChangeSettings(t *testing.T) {
	d := newLiveBox(t)
	if _, err := d.set(t, 1, `{"site.name": "First"}`); err != nil {
		t.Fatal(said(err))
	}
	_, err := d.set(t, 1, `{"site.name": "Second"}`)
	if got := said(err); !strings.HasPrefix(got, "412") || !strings.Contains(got, "changed meanwhile by ") || !strings.Contains(got, "site.name") {
		t.Errorf("got %s, want 412 with who and what", got)
	}
	if s := d.key(t, "site.name"); s.Value != "First" {
		t.Errorf("got %v, want what the first wrote", s.Value)
	}
	if _, err := d.set(t, 2, `{"site.name": "Second"}`); err != nil {
		t.Error(said(err))
	}
}

// TestRestartFallsBack has a port taken between the change and the restart, which
// nobody could see before: the box comes up as it was and says why; a start of the
// program finds the same, and once the port is free the settings count.
func TestRestartFallsBack(t *testing.T) {
	d := newLiveBox(t)
	before := d.key(t, "listen.https").Value
	l := listenLoopback(t)
	to := l.Addr().String()
	_ = l.Close()
	d.mustSet(t, fmt.Sprintf(`{"listen.https": %q}`, to))
	if _, err := os.Stat(filepath.Join(d.dir, "state", goodName)); err == nil {
		t.Error("what never was up is noted as good")
	}
	// Taken where the check before the restart sees it: nothing is done.
	l = relisten(t, to)
	if _, err := d.Restart(t.Context()); !strings.Contains(said(err), to+" is taken") {
		t.Errorf("a restart that cannot work: got %s", said(err))
	}
	look := func(when string) {
		t.Helper()
		c := conditions(t, d)
		if !strings.Contains(c[codeFellBack], to+" is taken") {
			t.Errorf("%s: got %v, want why the settings did not start", when, c)
		}
		if s := d.key(t, "listen.https"); s.Value != to || s.InForce != before || !s.Waiting {
			t.Errorf("%s: got %+v, want %s in force", when, s, before)
		}
	}
	// A start of the program: the check is not asked.
	d.end(t)
	d.start(t)
	look("started")
	_ = l.Close()
	d.restarted(t)
	if s := d.key(t, "listen.https"); s.Value != to || s.Waiting {
		t.Errorf("with the port free: got %+v", s)
	}
	if c := conditions(t, d); c[codeFellBack] != "" {
		t.Errorf("with the port free: got %v", c)
	}
	good, err := os.ReadFile(filepath.Join(d.dir, "state", goodName))
	if err != nil || !strings.Contains(string(good), to) {
		t.Errorf("what is up is not noted as good: %v\n%s", err, good)
	}
}

// TestRestartTakesBackWhatFails starts anew on settings that only opening the
// ports finds wrong.
func TestRestartTakesBackWhatFails(t *testing.T) {
	d := newLiveBox(t)
	p := &program{err: io.Discard}
	d.end(t)
	a, err := attemptWith(d.path, overlayName)
	if err != nil {
		t.Fatal(err)
	}
	over := filepath.Join(d.dir, "state", overlayName)
	if err := os.WriteFile(over, []byte("[listen]\nhttps = \""+taken(t)+"\"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	b, used, err := p.start(t.Context(), d.path, &a)
	if err != nil || b == nil || used.settings.Listen.HTTPS != a.settings.Listen.HTTPS {
		t.Fatalf("got %v, want a box on the settings of before", err)
	}
	if list := b.health.List(); !slices.ContainsFunc(list, func(c health.Condition) bool { return c.Code == codeFellBack }) {
		t.Errorf("got %v, want it told", list)
	}
	if err := b.close(); err != nil {
		t.Error(err)
	}
}

// TestRestartOutlastsATakenPort has the ports of both the newest settings and those
// of before taken, until the log says that it is tried again.
func TestRestartOutlastsATakenPort(t *testing.T) {
	d := newLiveBox(t)
	d.end(t)
	a, err := attemptWith(d.path, overlayName)
	if err != nil {
		t.Fatal(err)
	}
	rival := relisten(t, a.settings.Listen.HTTPS)
	p := &program{err: writerFunc(func(b []byte) {
		if strings.Contains(string(b), "tries again") {
			_ = rival.Close()
		}
	})}
	b, _, err := p.startAgain(t.Context(), d.path, &a)
	if err != nil {
		t.Fatalf("got %v, want a box once the port is free", err)
	}
	if err := b.close(); err != nil {
		t.Error(err)
	}
}

// writerFunc is told what is written.
type writerFunc func([]byte)

func (f writerFunc) Write(b []byte) (int, error) {
	f(b)
	return len(b), nil
}

// TestDamagedOverlayCostsNoStart: a file that is no settings at all is passed over
// for the one of before, and told.
func TestDamagedOverlayCostsNoStart(t *testing.T) {
	d := newLiveBox(t)
	d.mustSet(t, `{"site.name": "Good"}`)
	d.restarted(t)
	over := filepath.Join(d.dir, "state", overlayName)
	for _, text := range []string{"[site\n", "[site]\nname = 7\n", "[site]\nnam = \"x\"\n", "revision = -1\n"} {
		d.end(t)
		if err := os.WriteFile(over, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		d.start(t)
		st, err := d.Status(t.Context())
		if c := conditions(t, d); err != nil || st.Site != "Good" || !strings.Contains(c[codeFellBack], over) {
			t.Errorf("%q: got site %q, %v, %v, want the overlay of before, and this one named", text, st.Site, err, c)
		}
	}
	// The page is the way out of it.
	if got, err := d.set(t, 0, `{"site.name": "Mended"}`); err == nil {
		t.Logf("mended at revision %d", got.Rev)
	} else if !strings.Contains(said(err), over) {
		t.Errorf("got %s, want the file named", said(err))
	}
}

// TestRestartCutsNoAnswer: requests that are on their way when the box starts anew
// are answered whole or refused, never half.
func TestRestartCutsNoAnswer(t *testing.T) {
	d := newLiveBox(t)
	url := "http://" + fmt.Sprint(d.key(t, "listen.http").Value) + "/cfg/y000000000028.cfg"
	stop, done := make(chan struct{}), make(chan [3]int)
	go func() {
		var whole, refused, half int
		c := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
		for {
			select {
			case <-stop:
				done <- [3]int{whole, refused, half}
				return
			default:
			}
			resp, err := c.Get(url)
			if err != nil {
				refused++
				continue
			}
			if _, err := io.Copy(io.Discard, resp.Body); err != nil {
				half++
			}
			_ = resp.Body.Close()
			whole++
		}
	}()
	for range 3 {
		d.restarted(t)
	}
	close(stop)
	got := <-done
	t.Logf("%d answered, %d refused", got[0], got[1])
	if got[0] == 0 || got[2] > 0 {
		t.Errorf("got %d whole, %d refused, %d half answers, want none half", got[0], got[1], got[2])
	}
}

// next is the next message, whatever it is.
func (s *systemd) next(t *testing.T) string {
	t.Helper()
	if err := s.conn.SetReadDeadline(time.Now().Add(20 * time.Second)); err != nil {
		t.Fatal(err)
	}
	b := make([]byte, 256)
	n, err := s.conn.Read(b)
	if err != nil {
		t.Fatal(err)
	}
	return string(b[:n])
}

func listenLoopback(t *testing.T) net.Listener { return relisten(t, "127.20.0.1:0") }

func relisten(t *testing.T, at string) net.Listener {
	t.Helper()
	l, err := net.Listen("tcp4", at)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	return l
}
