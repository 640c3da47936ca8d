package main

import (
	"bytes"
	"context"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	_ "time/tzdata"
)

// lineside runs the program once, to its end.
func lineside(t *testing.T, args ...string) (code int, out, errs string) {
	t.Helper()
	return linesideIn(t, "", args...)
}

func linesideIn(t *testing.T, in string, args ...string) (code int, out, errs string) {
	t.Helper()
	var o, e bytes.Buffer
	code = run(t.Context(), args, strings.NewReader(in), &o, &e)
	return code, o.String(), e.String()
}

func TestWrongCommandLines(t *testing.T) {
	for _, tc := range []struct{ line, want string }{
		{"devce", `lineside has no verb "devce"; did you mean device?`},
		{"device", "lineside device needs to know what to do: add"},
		{"device lst", `lineside device has no verb "lst"; did you mean list?`},
		{"device show", "MAC is missing"},
		{"device show 12", `"12" is not a MAC address: write twelve hex digits`},
		{"device show 00:15:65:4a:a9:37 more", `"more" is one word too many`},
		{"device reset", "MAC is missing: write the twelve hex digits on the phone's label"},
		{"device add 00:15:65:4a:a9:37 --vendor nokia", "write one of yealink, snom, poly"},
		{"device add 00:15:65:4a:a9:37 --line alice", "line: no @; write user[:password]@registrar"},
		{"device add 00:15:65:4a:a9:37 --override x", `override "x" is not NAME=VALUE`},
		{"device add 00:15:65:4a:a9:37 --password-file -", "--password-file belongs to --line"},
		{"device edit 00:15:65:4a:a9:37", "nothing to change is named"},
		{"otp set yealink --generate --password x", "[generate password] were all set"},
		{"token add x", "--role: \"\" is no role: write viewer, installer or admin"},
		{"token add", "NAME is missing"},
		{"key rotate --state x --config y", "--config and --state both name the state directory"},
		{"device list --colour", "unknown flag: --colour"},
		{"otp set yealink", "no password is given: write --generate, or --password-file FILE"},
		{"otp set nokia --generate", "write one of yealink, snom, poly"},
		{"policy set claimed maybe", `"maybe" is neither; write: policy set claimed yes`},
		{"policy set colour red", `"colour" is no rule; write: policy set first-contact pin`},
		{"allow remove here", "allow: \"here\" is no address"},
		{"audit --limit 0", "--limit must be from 1 to 1000; read on with --since"},
		{"audit --limit 1001", "read on with --since"},
		{"backup", "FILE is missing"},
		{"restore", "FILE is missing"},
		{"restore a --state b --config c", "write one of them"},
		{"run --quick", "--state, --quick and --central belong to --demo"},
		{"check now", `lineside check takes nothing more, but "now" was given`},
	} {
		t.Run(tc.line, func(t *testing.T) {
			code, out, errs := lineside(t, strings.Fields(tc.line)...)
			if code != exitUsage || out != "" || !strings.Contains(errs, tc.want) {
				t.Errorf("got exit %d, output %q, errors %q; want 2, none and %q", code, out, errs, tc.want)
			}
			if !strings.Contains(errs, "  → ") || strings.Contains(errs, "Usage:") {
				t.Errorf("got %q, want one hint and no page of usage", errs)
			}
		})
	}
}

func TestWithoutDaemon(t *testing.T) {
	gone := filepath.Join(t.TempDir(), "none.sock")
	for _, verb := range []string{"status", "device list", "otp list", "visitors list", "allow list", "leases", "dhcp leases", "policy show", "audit", "backup none.db", "watch", "pin show 00:15:65:4a:a9:37"} {
		code, _, errs := lineside(t, append(strings.Fields(verb), "--socket", gone)...)
		if want := "lineside is not running here (no socket at " + gone + ")"; code != exitWrong || !strings.Contains(errs, want) || !strings.Contains(errs, "name another with --socket") {
			t.Errorf("%s: got exit %d and %q, want 1 and %q", verb, code, errs, want)
		}
	}
	code, _, errs := lineside(t, "status", "--json", "--socket", gone)
	if code != exitWrong || !strings.HasPrefix(errs, `{"error":"lineside is not running here`) {
		t.Errorf("got exit %d and %q, want 1 and an error in JSON", code, errs)
	}
}

func TestVerbsWithoutDaemon(t *testing.T) {
	dir := t.TempDir()
	for _, tc := range []struct {
		args []string
		want string
	}{
		{[]string{"version"}, "lineside "},
		{[]string{"version", "--json"}, `"go": "go1.`},
		{[]string{"check", "--sample"}, "[dhcp.reservations]"},
		{[]string{"--help"}, "lineside [command]"},
		{[]string{"completion", "bash"}, "lineside"},
		{[]string{"man", dir}, "manual pages are in " + dir},
		{[]string{"__complete", "otp", "set", ""}, "yealink"},
	} {
		code, out, errs := lineside(t, tc.args...)
		if code != exitOK || !strings.Contains(out, tc.want) {
			t.Errorf("%v: got exit %d, %.200q %.200q, want 0 and %q", tc.args, code, out, errs, tc.want)
		}
	}
	page, err := os.ReadFile(filepath.Join(dir, "lineside-device-add.8"))
	if err != nil || !bytes.Contains(page, []byte("password")) {
		t.Errorf("the manual page of device add: %v, %d bytes", err, len(page))
	}
}

// background runs the program until its context ends; wait gives its exit code.
func background(t *testing.T, out io.Writer, args ...string) (stop context.CancelFunc, wait func() (code int, errs string)) {
	t.Helper()
	ctx, stop := context.WithCancel(t.Context())
	var errs bytes.Buffer
	code := 0
	done := make(chan struct{})
	go func() {
		defer close(done)
		code = run(ctx, args, strings.NewReader(""), out, &errs)
	}()
	wait = func() (int, string) {
		<-done
		return code, errs.String()
	}
	t.Cleanup(func() { stop(); <-done })
	return stop, wait
}
