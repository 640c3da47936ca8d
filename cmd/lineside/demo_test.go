package main

import (
	"bufio"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// play runs the demo with a platform to the end of its story, then what see
// does beside the box, then stops it. It returns what was told.
func play(t *testing.T, platform, dir string, see func(socket string)) string {
	t.Helper()
	r, w := io.Pipe()
	stop, wait := background(t, w, "run", "--demo", "--quick", "--state", dir, "--central", platform)
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
	dir, platform := t.TempDir(), buildCentral(t)
	told := play(t, platform, dir, func(socket string) {
		code, out, errs := lineside(t, "device", "list", "--socket", socket)
		if code != exitOK || strings.Count(out, "successful") != 3 || !strings.Contains(out, theirs().String()) {
			t.Errorf("device list: got exit %d\n%s%s\nwant three devices, successful, and the platform's", code, out, errs)
		}
		if _, out, errs := lineside(t, "status", "--socket", socket); !strings.Contains(out, "platform:      Demo branch, ") {
			t.Errorf("status: got\n%s%s\nwant the site by the platform's name for it", out, errs)
		}
		centralHas(t, platform, dir, 1)
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
		`this box is the site "Demo branch"`, "the box has it, with its PIN and SIP password",
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
	// The same site is played again on what the first play left, platform and all.
	again := play(t, platform, dir, func(string) { centralHas(t, platform, dir, 1) })
	if strings.Contains(again, "broke off") || !strings.Contains(again, "joined in an earlier play") {
		t.Errorf("the second play broke off, or joined again:\n%s", again)
	}
}

// buildCentral makes the platform's program, as `make run` does.
func buildCentral(t *testing.T) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "lineside-central")
	cmd := exec.Command("go", "build", "-trimpath", "-o", path, "../lineside-central")
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("build the platform: %v\n%s", err, out)
	}
	return path
}

// centralHas asks the platform itself for the sites that are joined and for the
// phone the story sets up there.
func centralHas(t *testing.T, platform, dir string, sites int) {
	t.Helper()
	says := func(args ...string) string {
		out, err := exec.CommandContext(t.Context(), platform, append(args, "--config", filepath.Join(dir, "central.toml"))...).CombinedOutput()
		if err != nil {
			t.Errorf("lineside-central %v: %v\n%s", args, err, out)
		}
		return string(out)
	}
	if out := says("site", "list"); strings.Count(out, "Demo branch") != sites || !strings.Contains(out, "joined") {
		t.Errorf("the platform's sites: got\n%s\nwant %d, joined", out, sites)
	}
	if out := says("device", "list"); strings.Count(out, theirs().String()) != 1 {
		t.Errorf("the platform's devices: got\n%s\nwant %s once", out, theirs())
	}
}

func TestDemoPlatformThatDoesNotStart(t *testing.T) {
	c, err := startCentral("/bin/false", t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	defer c.stop()
	if err := c.answers(t.Context()); err == nil || !strings.Contains(err.Error(), "the platform ended: exit status 1; its log is ") {
		t.Errorf("got %v, want that it ended, and where its log is", err)
	}
}
