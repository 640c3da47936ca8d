package main

import (
	"bufio"
	"io"
	"path/filepath"
	"strings"
	"testing"
)

// play runs the demo to the end of its story, then what see does beside the
// box, then stops it. It returns what was told.
func play(t *testing.T, dir string, see func(socket string)) string {
	t.Helper()
	r, w := io.Pipe()
	stop, wait := background(t, w, "run", "--demo", "--quick", "--state", dir)
	var told strings.Builder
	lines := bufio.NewScanner(r)
	for lines.Scan() {
		told.WriteString(lines.Text() + "\n")
		if strings.Contains(lines.Text(), "An interrupt (Ctrl-C) ends the box") {
			see(filepath.Join(dir, "lineside.sock"))
			break
		}
	}
	stop()
	code, errs := wait()
	_ = w.Close()
	if code != exitOK {
		t.Errorf("the demo ended with exit %d: %s", code, errs)
	}
	return told.String()
}

func TestDemo(t *testing.T) {
	if testing.Short() {
		t.Skip("plays the whole story; left out with -short")
	}
	dir := t.TempDir()
	told := play(t, dir, func(socket string) {
		code, out, errs := lineside(t, "device", "list", "--socket", socket)
		if code != exitOK || strings.Count(out, "successful") != 3 {
			t.Errorf("device list: got exit %d\n%s%s\nwant three devices, successful", code, out, errs)
		}
		if code, out, _ := lineside(t, "visitors", "list", "--socket", socket); code != exitOK || !strings.Contains(out, stranger().mac.String()) {
			t.Errorf("visitors list: got exit %d\n%s\nwant the stranger", code, out)
		}
		if code, out, _ := lineside(t, "leases", "--socket", socket); code != exitOK || strings.Count(out, "127.20.0.") != 4 {
			t.Errorf("leases: got exit %d\n%s\nwant four", code, out)
		}
		if code, out, _ := lineside(t, "policy", "show", "--socket", socket); code != exitOK || !strings.Contains(out, "8h, open") {
			t.Errorf("policy show: got exit %d\n%s\nwant the site open after the right PIN", code, out)
		}
		if code, out, _ := lineside(t, "audit", "--socket", socket); code != exitOK || !strings.Contains(out, "otp-consumed") || !strings.Contains(out, "pin-entered") {
			t.Errorf("audit: got exit %d\n%s\nwant the OTP and the PIN", code, out)
		}
	})
	for _, want := range []string{
		"person types user install", "its own login is", "login not accepted", "the same 401 for both",
		"wrong PIN; 2 more tries", "accepted", "remembers it as a visitor", "Where it ends",
	} {
		if !strings.Contains(told, want) {
			t.Errorf("the story lacks %q", want)
		}
	}
	if strings.Contains(told, "broke off") {
		t.Errorf("the story broke off:\n%s", told)
	}
	for _, secret := range []string{demoOTP().Password.Reveal(), "demo-4930231252001"} {
		if strings.Contains(told, secret) {
			t.Errorf("the story tells the secret %q", secret)
		}
	}
	// The same site is played again on what the first play left.
	if again := play(t, dir, func(string) {}); strings.Contains(again, "broke off") {
		t.Errorf("the second play broke off:\n%s", again)
	}
}
