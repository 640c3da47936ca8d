package main

import (
	"context"
	"encoding/json"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// operator runs verbs against a daemon of its own and keeps all they said.
type operator struct {
	t      *testing.T
	socket string
	said   strings.Builder
}

func newOperator(t *testing.T) *operator {
	t.Helper()
	dir := t.TempDir()
	path := settingsOnLoopback(t, dir)
	sd := newSystemd(t)
	background(t, io.Discard, "run", "--config", path)
	sd.hears(t, "READY=1")
	return &operator{t: t, socket: filepath.Join(dir, "lineside.sock")}
}

// does runs a verb, with in on its standard input, and wants its exit code and
// a pattern in what it says.
func (o *operator) does(in string, code int, want string, args ...string) string {
	o.t.Helper()
	got, out, errs := linesideIn(o.t, in, append(args, "--socket", o.socket)...)
	o.said.WriteString(out + errs)
	if got != code || !regexp.MustCompile("(?s)"+want).MatchString(out+errs) {
		o.t.Errorf("lineside %s: got exit %d and\n%s%s\nwant %d and %s", strings.Join(args, " "), got, out, errs, code, want)
	}
	return out
}

func TestOperator(t *testing.T) {
	o := newOperator(t)
	const mac, spelt = "00:15:65:4a:a9:37", "0015.654A.A937"
	const password, override = "planted-Secret-4711", "planted-Override-4711"

	o.does("", 0, "no devices; set one up with: lineside device add", "device", "list")
	o.does(password+"\n", 0, `yealink T46G.*label +Reception.*state +needed.*alice@sip\.example\.net;transport=tls;display=Alice`,
		"device", "add", spelt, "--model", "T46G", "--label", "Reception", "--line", "alice@sip.example.net;transport=tls;display=Alice", "--password-file", "-")
	o.does("", 1, "exists.*→", "device", "add", mac, "--model", "T46G")
	o.does("", 0, mac+` +yealink +T46G +needed +never .*alice@sip\.example\.net +Reception`, "device", "list", "recep")
	o.does("", 0, "no devices", "device", "list", "nobody")
	o.does("", 0, "label +Front desk", "device", "edit", mac, "--label", "Front desk", "--override", "features.dnd_mode="+override)
	if _, out, _ := lineside(t, "device", "show", mac, "--reveal", "--socket", o.socket); !strings.Contains(out, "features.dnd_mode = "+override) {
		t.Errorf("--reveal: got\n%s\nwant the override's value", out)
	}
	o.does("", 0, `override +features\.dnd_mode = \[redacted\]`, "device", "show", mac)
	for _, args := range [][]string{
		{"device", "list"}, {"device", "show", mac}, {"device", "edit", mac, "--label", "Front desk"}, {"device", "suspend", mac}, {"device", "reset", mac},
		{"otp", "demand", mac, "yes"}, {"otp", "demand", mac, "no"},
	} {
		o.does("", 0, `"features.dnd_mode": "\[redacted\]"`, append(args, "--json")...)
	}
	o.does("", 0, "overrides-shown", "audit", "--mac", mac)
	o.does("", 1, "→", "device", "edit", mac, "--label", "Late", "--rev", "1")
	o.does("", 1, "unknown device.*lineside device list", "device", "show", "00:15:65:00:00:01")
	o.does("", 0, "=== 0015654aa937.cfg .*Authentication needed", "device", "render", mac)

	o.does("", 0, "BRAND", "otp", "list")
	o.does("", 0, `user install, password \S+ \(shown this once\)`, "otp", "set", "yealink", "--user", "install", "--generate")
	o.does("another-planted-1\n", 0, "poly: user poly|poly: user", "otp", "set", "poly", "--password-file", "-")
	o.does("", 0, "poly +.*set", "otp", "list")
	o.does("", 0, "no one-time password", "otp", "remove", "poly")

	o.does("", 0, "first-contact: otp", "policy", "set", "first-contact", "otp")
	o.does("", 1, "write .*pin", "policy", "set", "first-contact", "faith")
	o.does("", 0, "first-contact: pin", "policy", "set", "first-contact", "pin")

	pin := strings.Fields(o.does("", 0, `^\d{6}\n`, "pin", "show", mac))[0]
	o.does("", 1, "wrong PIN, 2 tries left", "pin", "enter", mac, wrong(pin))
	o.does(pin+"\n", 0, "PIN accepted", "pin", "enter", mac, "-")
	o.does("", 0, "needed", "device", "reset", mac)
	pin = strings.Fields(o.does("", 0, `^\d{6}\n`, "pin", "show", mac))[0]
	o.does("", 1, "wrong PIN, 2 tries left", "pin", "enter", mac, wrong(pin))
	o.does("", 1, "wrong PIN, 1 try left", "pin", "enter", mac, wrong(pin))
	o.does("", 1, "wrong PIN, the device is failed.*until", "pin", "enter", mac, wrong(pin))
	o.does("", 1, "no PIN is accepted now, the device is failed", "pin", "enter", mac, pin)
	o.does("", 0, "failed +until", "device", "show", mac)
	o.does("", 0, mac+".* failed", "device", "list", "--state", "failed")
	o.does("", 0, "is now needed", "device", "unblock", mac)

	o.does("", 0, "suspended", "device", "suspend", mac)
	o.does("", 1, "^lineside: "+mac+" is not locked out, and no wrong PIN is counted against it\n.*→ nothing to do", "device", "unblock", mac)
	o.does("", 0, "is now", "device", "allow-otp", mac, "--clear")

	o.does("", 0, "the allow-list is empty", "allow", "list")
	o.does("", 0, `10\.20\.0\.0/24 .*phones' LAN`, "allow", "add", "10.20.0.0/255.255.255.0", "--note", "the phones' LAN")
	o.does("", 1, "covers the whole address space.*→", "allow", "add", "0.0.0.0/0")
	o.does("", 0, "the allow-list is empty", "allow", "remove", "10.20.0.0/24")

	o.does("", 0, "no visitors", "visitors", "list")
	o.does("", 1, "→", "visitors", "claim", "00:15:65:00:00:09")
	o.does("", 0, "ADDRESS +MAC", "dhcp", "leases")
	o.does("", 0, "device-added.*pin-entered.*until=.*\\d\\d:\\d\\d:\\d\\d", "audit", "--mac", mac)
	o.does("", 0, "site.timezone +Europe/Berlin +file", "status", "--settings")

	_, offers, _ := lineside(t, "__complete", "--socket", o.socket, "device", "show", "")
	if want := mac + "\tyealink T46G Front desk\n"; !strings.Contains(offers, want) {
		t.Errorf("completion offers %q, want %q", offers, want)
	}
	exportAndImport(o, mac)
	o.does("", 0, "is removed", "device", "remove", mac)

	for _, secret := range []string{password, override, "another-planted"} {
		if strings.Contains(o.said.String(), secret) {
			t.Errorf("a verb told the secret %q", secret)
		}
	}
}

// exportAndImport takes the list out and puts it back.
func exportAndImport(o *operator, mac string) {
	o.t.Helper()
	file := filepath.Join(o.t.TempDir(), "devices.csv")
	o.does("", 0, "it holds PINs", "device", "export", file)
	info, err := os.Stat(file)
	if err != nil || info.Mode().Perm() != 0o600 {
		o.t.Errorf("the export: %v, %v, want mode 0600", info, err)
	}
	o.does("", 1, "is there already.*--force", "device", "export", file)
	o.does("", 0, "it holds PINs", "device", "export", file, "--force")
	text := o.does("", 0, mac, "device", "export")
	o.does("", 0, "1 row: would add 0 and change 0; 1 as they are; 0 faults; nothing was stored", "device", "import", file, "--preview")
	o.does(strings.ReplaceAll(text, mac, "not-a-mac"), 0, "2 .*FAULT mac", "device", "import", "-", "--preview")
	o.does("", 0, "1 row: 0 added", "device", "import", file)
	o.does(strings.ReplaceAll(text, mac, "not-a-mac"), 1, "line 2.*→", "device", "import", "-")
}

func TestResyncSaysWhatBecomesOfHowMany(t *testing.T) {
	o := newOperator(t)
	o.does("", 1, "there is no device to be told\n.*→ .*lineside device list", "device", "resync", "--all")
	o.does("", 0, "", "device", "add", "00:15:65:4a:a9:37", "--model", "T46G")
	o.does("", 0, "", "device", "add", "00:15:65:4a:a9:38", "--model", "T48S")
	o.does("", 1, `no device is of model "Nope", so none is told\n.*→ .*lineside device list`, "device", "resync", "--model", "Nope")
	o.does("", 0, "^2 phones asked for: 0 told to fetch, one after the other; 2 not registered with this box [^;]*; fetches by itself [^;]*; what comes of it: lineside watch", "device", "resync", "--all")
	o.does("", 0, `"asked": 1,\s+"told": 0,\s+"not_registered": 1,\s+"no_way": 0`, "device", "resync", "--model", "t46g", "--json")
	o.does("", 1, "unknown device", "device", "resync", "00:15:65:00:00:01")
}

func TestAddressOfADevice(t *testing.T) {
	o := newOperator(t)
	const mac = "00:15:65:4a:a9:37"
	o.does("", 2, `--address "ten" is no address`, "device", "add", mac, "--address", "ten")
	o.does("", 1, "10.20.0.9 is no host address of a network this box serves", "device", "add", mac, "--address", "10.20.0.9")
	o.does("", 0, `address +127\.20\.0\.9`, "device", "add", mac, "--address", "127.20.0.9")
	o.does("", 1, "127.20.0.9 is kept for "+mac+" already.*lineside device edit "+mac, "device", "add", "00:15:65:4a:a9:38", "--address", "127.20.0.9")
	o.does("", 0, `127\.20\.0\.9 +`+mac+` +reserved`, "dhcp", "leases")
	o.does("", 0, "127.20.0.9", "device", "export")
	o.does("mac,address\n"+mac+",127.20.0.10\n", 0, "1 changed", "device", "import", "-")
	o.does("mac,address\n"+mac+",nine\n", 1, `line 2: address: "nine" is no address`, "device", "import", "-")
	o.does("", 0, `127\.20\.0\.10 +`+mac, "dhcp", "leases")
	if out := o.does("", 0, "", "device", "edit", mac, "--address", ""); strings.Contains(out, "address ") {
		t.Errorf("after it was taken away: got\n%s\nwant no address", out)
	}
	o.does("", 0, "device-changed.*address", "audit", "--mac", mac)
}

func TestVerbsAnswerInJSON(t *testing.T) {
	o := newOperator(t)
	const mac = "00:15:65:4a:a9:37"
	for _, args := range [][]string{
		{"device", "add", mac, "--line", "a:b@h"}, {"device", "list"}, {"device", "show", mac}, {"device", "edit", mac, "--label", "x"},
		{"device", "render", mac}, {"device", "suspend", mac}, {"device", "reset", mac}, {"otp", "set", "yealink", "--generate"}, {"device", "allow-otp", mac},
		{"pin", "show", mac}, {"otp", "set", "snom", "--generate"}, {"otp", "list"}, {"otp", "remove", "snom"},
		{"policy", "show"}, {"policy", "set", "first-contact", "pin"}, {"policy", "set", "claimed", "yes"}, {"visitors", "list"}, {"allow", "add", "10.0.0.0/8"}, {"allow", "list"},
		{"allow", "remove", "10.0.0.0/8"}, {"leases"}, {"dhcp", "leases"}, {"audit"}, {"status"}, {"device", "remove", mac},
		{"token", "add", "x", "--role", "viewer"}, {"token", "list"}, {"token", "remove", "x"},
	} {
		out := o.does("", 0, "", append(args, "--json")...)
		if !json.Valid([]byte(out)) || strings.TrimSpace(out) == "null" {
			t.Errorf("lineside %s --json is no JSON:\n%s", strings.Join(args, " "), out)
		}
	}
}

// firstLine ends a context when something is written.
type firstLine struct {
	strings.Builder
	stop context.CancelFunc
}

func (f *firstLine) Write(p []byte) (int, error) {
	defer f.stop()
	return f.Builder.Write(p)
}

func TestWatchFollows(t *testing.T) {
	o := newOperator(t)
	const mac = "00:15:65:4a:a9:37"
	o.does("", 0, "", "device", "add", mac, "--model", "T46G")
	o.does("", 0, "", "device", "suspend", mac)
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	out := &firstLine{stop: stop}
	var errs strings.Builder
	if code := run(ctx, []string{"watch", mac, "--socket", o.socket}, strings.NewReader(""), out, &errs); code != exitOK || !strings.Contains(out.String(), mac) {
		t.Errorf("got exit %d, %q, %q, want 0 and a line about the device", code, out.String(), errs.String())
	}
}
