package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestSettingsByCommandLine sets, shows and unsets settings of each kind, restarts,
// and is refused with what to type.
func TestSettingsByCommandLine(t *testing.T) {
	d := newLiveBox(t)
	file := filepath.Join(d.dir, "secret.txt")
	if err := os.WriteFile(file, []byte("fake-upstream\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, tc := range []struct {
		args []string
		code int
		want string
	}{
		{[]string{"settings", "show", "dhcp.lease"}, exitOK, "dhcp.lease = 8h\nfrom default; changed by: at once\nHow long an address is given for."},
		{[]string{"settings", "set", "dhcp.lease", "90m"}, exitOK, "dhcp.lease = 90m"},
		{[]string{"settings", "set", "dhcp.dns", "127.20.0.5", "127.20.0.6"}, exitOK, "dhcp.dns = 127.20.0.5 127.20.0.6"},
		{[]string{"settings", "set", "dhcp.phones_only", "true"}, exitOK, "dhcp.phones_only = true"},
		{[]string{"settings", "set", "dhcp.reservations", `{"00:15:65:4a:a9:37": "127.20.0.60"}`}, exitOK, "dhcp.reservations = 1 entries"},
		{[]string{"settings", "set", "sip.calls", "20"}, exitOK, "→ lineside restart takes over what waits"},
		{[]string{"settings", "set", "emergency.password", "--file", file}, exitOK, "emergency.password = (set, and not shown)"},
		{[]string{"settings", "show"}, exitOK, "restart, which it waits for"},
		{[]string{"settings", "show", "state"}, exitOK, "edit state in " + d.path},
		{[]string{"settings", "show", "site.first_contact"}, exitOK, "lineside policy set first-contact"},
		{[]string{"restart"}, exitOK, "devices: "},
		{[]string{"settings", "show", "sip.calls"}, exitOK, "sip.calls = 20\nfrom set on the page by "},
		{[]string{"settings", "unset", "sip.calls"}, exitOK, "sip.calls = 100"},
		{[]string{"settings", "set", "emergency.password", "fake"}, exitUsage, "which others could read here"},
		{[]string{"settings", "set", "dhcp.lesae", "1h"}, exitUsage, "did you mean dhcp.lease?"},
		{[]string{"settings", "set", "dhcp.lease", "1s"}, exitWrong, "dhcp.lease: 1s is out of range"},
		{[]string{"settings", "set", "sip.calls", "many"}, exitWrong, "sip.calls: is text; write a whole number"},
		{[]string{"settings", "set", "site.name", "Branch", "7"}, exitUsage, "put it in quotes"},
		{[]string{"settings", "set", "dhcp.scopes", "x"}, exitUsage, "write it in JSON"},
		{[]string{"settings", "set", "site.name"}, exitUsage, "KEY and VALUE are wanted"},
		{[]string{"settings", "unset", "state"}, exitWrong, "edit state in " + d.path},
	} {
		code, out, errs := lineside(t, append(tc.args, "--socket", d.socket)...)
		if code != tc.code || !strings.Contains(out+errs, tc.want) {
			t.Errorf("%q: got exit %d and\n%s%s\nwant %d and %q", tc.args, code, out, errs, tc.code, tc.want)
		}
		if strings.Contains(out+errs, "fake-upstream") {
			t.Errorf("%q shows the password:\n%s%s", tc.args, out, errs)
		}
	}
}

// TestAdviceOnLoopback: where no phones are nobody is asked, and nothing is
// suggested that would give addresses.
func TestAdviceOnLoopback(t *testing.T) {
	d := newLiveBox(t)
	got, err := d.DHCPAdvice(t.Context(), false)
	if err != nil || got.Suggested != "off" || got.Mode != "server" || len(got.Modes) != 4 || !strings.Contains(got.Why, "loopback") {
		t.Errorf("got %+v, %v, want off, and why", got, err)
	}
	if _, err := d.DHCPAdvice(t.Context(), true); !strings.HasPrefix(said(err), "409") {
		t.Errorf("asking: got %s, want 409", said(err))
	}
}
