package main

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/lineside/lineside/admin"
	"github.com/lineside/lineside/dhcpopt"
)

// overlaid is a settings file, and beside its state an overlay.
func overlaid(t *testing.T, file, over string) (path string) {
	t.Helper()
	state := t.TempDir()
	if err := os.WriteFile(filepath.Join(state, overlayName), []byte(over), 0o600); err != nil {
		t.Fatal(err)
	}
	return writeSettings(t, "state = \""+state+"\"\n"+file)
}

func TestOverlayWinsOverTheFile(t *testing.T) {
	path := overlaid(t, `
[site]
name = "File"
emergency = ["112"]
[dhcp]
mode = "off"
pool = "10.20.0.50-10.20.0.60"
[dhcp.reservations]
"00:15:65:4a:a9:37" = "10.20.0.60"
`, `
revision = 7
[changed."site.name"]
by = "anna"
at = 2026-11-22T19:00:00Z
[site]
name = "Page"
[dhcp]
mode = "server"
[dhcp.reservations]
"00:15:65:4a:a9:38" = "10.20.0.61"
`)
	s, err := loadSettings(path)
	if err != nil {
		t.Fatal(err)
	}
	if s.Site.Name != "Page" || s.DHCP.Mode != dhcpopt.ModeServer || len(s.DHCP.Pool) != 1 || s.Site.Emergency[0] != "112" {
		t.Errorf("got %q, %q, pool %v, %v, want the page's name and mode, the file's pool and numbers", s.Site.Name, s.DHCP.Mode, s.DHCP.Pool, s.Site.Emergency)
	}
	if len(s.DHCP.Reservations) != 1 || s.DHCP.Reservations[[6]byte{0, 0x15, 0x65, 0x4a, 0xa9, 0x38}].String() != "10.20.0.61" {
		t.Errorf("got reservations %v, want the page's table in the place of the file's", s.DHCP.Reservations)
	}
	at := time.Date(2026, 11, 22, 19, 0, 0, 0, time.UTC)
	for _, want := range []admin.Setting{
		{Key: "site.name", Value: "Page", From: fromPage, By: "anna", At: at}, {Key: "dhcp.mode", Value: "server", From: fromPage},
		{Key: "dhcp.pool", Value: "10.20.0.50-10.20.0.60", From: fromFile}, {Key: "dhcp.lease", Value: "8h", From: fromDefault},
	} {
		for _, got := range s.Origin {
			if got.Key == want.Key {
				if diff := cmp.Diff(want, got); diff != "" {
					t.Errorf("%s (-want +got):\n%s", want.Key, diff)
				}
			}
		}
	}
}

// TestOverlayFaultsAreNamed: what is wrong in the overlay is told by its key and
// the overlay's path, and what its notes say is no setting.
func TestOverlayFaultsAreNamed(t *testing.T) {
	for _, tc := range []struct{ name, over, want string }{
		{"an unknown key", "[dhcp]\nmood = \"x\"\n", "settings.toml:2: dhcp.mood: is no setting; did you mean dhcp.mode?"},
		{"a wrong value", "[dhcp]\nlease = \"1s\"\n", "settings.toml: dhcp.lease: 1s is out of range"},
		{"a wrong type", "[site]\nname = 7\n", "settings.toml: site.name: is a number"},
		{"half a file", "[site\n", "settings.toml:1: "},
		{"notes of a wrong type", "revision = \"x\"\n", "settings.toml:1: "},
		{"only notes", "revision = 3\n[changed.\"site.name\"]\nby = \"x\"\nat = 2026-11-22T19:00:00Z\n", ""},
	} {
		t.Run(tc.name, func(t *testing.T) {
			_, err := loadSettings(overlaid(t, "dhcp.mode = \"off\"\n", tc.over))
			if tc.want == "" {
				if err != nil {
					t.Errorf("got %v, want no error", err)
				}
				return
			}
			var wrong problems
			if !errors.As(err, &wrong) || len(wrong) != 1 || !strings.Contains(wrong[0].Error(), tc.want) {
				t.Errorf("got %v, want one problem with %q", err, tc.want)
			}
		})
	}
}

// TestEveryKeyIsDocumented holds table, sample and defaults together: each key has
// its words, its kind and a way to be changed, and none is a secret by chance.
func TestEveryKeyIsDocumented(t *testing.T) {
	bare, texts := layers{noFile: true}.read(), settingTexts()
	seen := 0
	for _, k := range settingKeys() {
		s := bare.key(k, bare)
		if s.Kind == "" {
			continue
		}
		seen++
		if len(texts[k.key]) < 10 {
			t.Errorf("%s: the sample says %q of it", k.key, texts[k.key])
		}
		if strings.Contains(k.key, "password") && !strings.HasSuffix(k.key, "_file") && (s.Kind != "secret" || s.Value != nil) {
			t.Errorf("%s is shown as %s %v", k.key, s.Kind, s.Value)
		}
		if s.Change == "" || (s.Change == changeFile || s.Change == changePolicy) != (s.Why != "") {
			t.Errorf("%s: changed by %q, why %q", k.key, s.Change, s.Why)
		}
	}
	if want := len(bare.origin) + 2; seen != want { // and two tables
		t.Errorf("got %d keys, want %d", seen, want)
	}
	for key := range fileKeys() {
		if _, ok := bare.typed[key]; !ok {
			t.Errorf("%s is no key", key)
		}
	}
}

// TestHowKeysAreChanged: what would cost who sets it wrong the page, and every
// path, is the file's.
func TestHowKeysAreChanged(t *testing.T) {
	bare := layers{noFile: true}.read()
	for how, keys := range map[string]string{
		changeFile:    "state listen.socket listen.admin listen.interface listen.address central.otp_offline",
		changePolicy:  "site.first_contact site.block_after site.pin_on_screen trust.claimed trust.window trust.auto_approve",
		changeNow:     "dhcp.pool dhcp.lease dhcp.router dhcp.reservations dhcp.scopes dhcp.upstream dhcp.phones_only",
		changeRestart: "site.name site.timezone site.emergency listen.http listen.url dhcp.mode dhcp.voice_vlan emergency.password sip.calls log.level",
	} {
		for key := range strings.FieldsSeq(keys) {
			if got, _ := bare.changes(key); got != how {
				t.Errorf("%s: changed by %s, want %s", key, got, how)
			}
		}
	}
}

func TestNoFileIsABoxNotSetUp(t *testing.T) {
	s, err := layers{path: defaultSettings, noFile: true}.settings()
	if err != nil || !s.NoFile || s.DHCP.Mode != dhcpopt.ModeOff || s.Listen.Admin != ":8443" {
		t.Errorf("got %v, mode %q, admin %q, want DHCP off and the page open", err, s.DHCP.Mode, s.Listen.Admin)
	}
	over, err := parseOverlay("o", []byte("[dhcp]\nmode = \"server\"\npool = \"10.20.0.50-10.20.0.60\"\n"))
	if err != nil {
		t.Fatal(err)
	}
	if s, err = (layers{path: defaultSettings, noFile: true, over: over}).settings(); err != nil || s.DHCP.Mode != dhcpopt.ModeServer {
		t.Errorf("with the mode set on the page: got %q, %v", s.DHCP.Mode, err)
	}
}

// FuzzOverlay: what an overlay sets comes back from what it is written as, and a
// change of one key leaves the others.
func FuzzOverlay(f *testing.F) {
	f.Add([]byte("revision = 2\n[site]\nname = \"x\"\n[dhcp.reservations]\n\"00:15:65:4a:a9:38\" = \"10.20.0.61\"\n"), "y")
	f.Add([]byte("[changed.\"a.b\"]\nby = \"x\"\n[dhcp]\ndns = [\"1.2.3.4\"]\nscopes = {}\n"), "\"\n[site]")
	f.Add([]byte("state = 3\nsite = 1\n"), "")
	f.Fuzz(func(t *testing.T, text []byte, name string) {
		o, err := parseOverlay("o", bytes.ToValidUTF8(text, nil))
		if err != nil {
			return
		}
		if _, plain := o.values["site"]; plain { // no section: the next line would make it one
			return
		}
		name = strings.ToValidUTF8(name, "")
		next, err := o.with(map[string]any{"site.name": name}, change{By: "fuzz", At: time.Unix(1, 0).UTC()})
		if err != nil {
			t.Fatalf("what was read cannot be written: %v", err)
		}
		if next.rev != o.rev+1 && next.rev != 1 || next.values["site.name"] != name || next.change("site.name").By != "fuzz" {
			t.Fatalf("got revision %d and %q, want %d and %q", next.rev, next.values["site.name"], o.rev+1, name)
		}
		for key, v := range o.values {
			if key != "site.name" && !reflect.DeepEqual(next.values[key], v) && !bytes.Contains(text, []byte("nan")) { // which no value equals
				t.Errorf("%s was %#v and is %#v", key, v, next.values[key])
			}
		}
	})
}
