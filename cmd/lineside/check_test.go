package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/lineside/lineside/dhcpopt"
	"github.com/lineside/lineside/httpd"
)

func prefixes(texts ...string) []netip.Prefix {
	var out []netip.Prefix
	for _, s := range texts {
		out = append(out, netip.MustParsePrefix(s))
	}
	return out
}

func TestFindLAN(t *testing.T) {
	lo := nic{"lo", true, true, prefixes("127.0.0.1/8")}
	eth := nic{"eth0", true, false, prefixes("10.20.0.1/24", "10.20.9.1/24")}
	wan := nic{"eth1", true, false, prefixes("192.0.2.7/28")}
	down := nic{"eth2", false, false, prefixes("10.1.0.1/24")}
	bare := nic{"eth3", true, false, nil}
	for _, tc := range []struct {
		name   string
		listen listenSettings
		nics   []nic
		want   lan
		err    string
	}{
		{"the only one", listenSettings{}, []nic{lo, eth, down, bare}, lan{"eth0", prefixes("10.20.0.1/24")[0]}, ""},
		{"two could be", listenSettings{}, []nic{lo, eth, wan}, lan{}, "eth0 10.20.0.1/24 10.20.9.1/24, eth1 192.0.2.7/28; write one of them into listen.interface"},
		{"none", listenSettings{}, []nic{lo, down}, lan{}, "no interface has an IPv4 address"},
		{"named", listenSettings{Interface: "eth1"}, []nic{lo, eth, wan}, lan{"eth1", prefixes("192.0.2.7/28")[0]}, ""},
		{"named with address", listenSettings{Interface: "eth0", Address: prefixes("10.20.9.1/24")[0]}, []nic{eth}, lan{"eth0", prefixes("10.20.9.1/24")[0]}, ""},
		{"named and down", listenSettings{Interface: "eth2"}, []nic{eth, down}, lan{}, "ip link set eth2 up"},
		{"named without address", listenSettings{Interface: "eth3"}, []nic{eth, bare}, lan{}, "eth3 has no IPv4 address"},
		{"named and absent", listenSettings{Interface: "wlan0"}, []nic{eth}, lan{}, "there is no interface wlan0"},
		{"named otherwise now, known by its address", listenSettings{Interface: "wlan0", Address: prefixes("10.20.0.1/24")[0]}, []nic{lo, eth, wan}, lan{"eth0", prefixes("10.20.0.1/24")[0]}, ""},
		{"named otherwise, and two have the address", listenSettings{Interface: "wlan0", Address: prefixes("10.20.0.1/24")[0]}, []nic{eth, {"eth9", true, false, prefixes("10.20.0.1/24")}}, lan{}, "there is no interface wlan0"},
		{"named otherwise, the address in another network", listenSettings{Interface: "wlan0", Address: prefixes("10.20.0.1/16")[0]}, []nic{eth}, lan{}, "there is no interface wlan0"},
		{"address", listenSettings{Address: prefixes("10.20.9.1/24")[0]}, []nic{lo, eth, wan}, lan{"eth0", prefixes("10.20.9.1/24")[0]}, ""},
		{"address on loopback", listenSettings{Address: prefixes("127.20.0.1/24")[0]}, []nic{lo, eth}, lan{"", prefixes("127.20.0.1/24")[0]}, ""},
		{"address of nobody", listenSettings{Address: prefixes("10.9.9.9/24")[0]}, []nic{lo, eth}, lan{}, "this box does not have the address 10.9.9.9"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			got, err := findLAN(tc.listen, tc.nics)
			if tc.err == "" && (err != nil || got != tc.want) {
				t.Errorf("got %v %v, want %v", got, err, tc.want)
			}
			if tc.err != "" && (err == nil || !strings.Contains(err.Error(), tc.err)) {
				t.Errorf("got %v %v, want an error with %q", got, err, tc.err)
			}
		})
	}
}

// taken opens a port that the box then cannot have.
func taken(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	return l.Addr().String()
}

func writeSettings(t *testing.T, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "lineside.toml")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestCheckSaysAllThatIsWrong(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	port := taken(t)
	path := writeSettings(t, `
state = "`+file+`/state"
[listen]
http = "`+port+`"
https = "127.0.0.1:1"
tftp = "192.0.2.1:69"
admin = "off"
address = "127.20.0.1/24"
socket = "`+file+`.sock"
[dhcp]
pool = "127.21.0.50-127.21.0.60"
listen = "127.20.0.1:8999"
[dhcp.reservations]
"00:15:65:4a:a9:37" = "127.20.0.1"
`)
	for _, form := range []string{"text", "json"} {
		args := []string{"check", "--config", path}
		if form == "json" {
			args = append(args, "--json")
		}
		code, out, errs := lineside(t, args...)
		if code != exitWrong || errs != "" {
			t.Errorf("%s: got exit %d and %q, want 1 and nothing", form, code, errs)
		}
		for _, want := range []string{
			"tcp " + port + " is taken: another web server runs here, phones get no config; stop it or set listen.http to another port",
			"udp 192.0.2.1:69 is on no interface of this box: phones that fetch by TFTP get no config; correct listen.tftp",
			"127.21.0.50-127.21.0.60 does not lie within 127.20.0.0/24",
			"127.20.0.1 of 00:15:65:4a:a9:37 is the box or the router",
			"state",
		} {
			if !strings.Contains(out, want) {
				t.Errorf("%s: want %q in\n%s", form, want, out)
			}
		}
		if form == "json" {
			var v verdict
			if err := json.Unmarshal([]byte(out), &v); err != nil || v.OK || len(v.Problems) < 5 {
				t.Errorf("got %v and %d problems, want JSON with 5 or more", err, len(v.Problems))
			}
		}
	}
}

func TestDoorsPhonesCannotReach(t *testing.T) {
	self := lan{"eth0", prefixes("10.20.0.1/24")[0]}
	good := listenSettings{HTTP: ":80", HTTPS: "0.0.0.0:443", TFTP: "10.20.0.1:69", Admin: "127.0.0.1:8443"}
	for name, tc := range map[string]struct {
		change func(*listenSettings, *dhcpSettings, *lan)
		want   []string
	}{
		"all where phones are sent": {func(*listenSettings, *dhcpSettings, *lan) {}, nil},
		"HTTP on loopback":          {func(l *listenSettings, _ *dhcpSettings, _ *lan) { l.HTTP = "127.0.0.1:80" }, []string{`listen.http: HTTP listens at 127.0.0.1, and phones are sent to 10.20.0.1: phones get no config; write listen.http = ":80"`}},
		"TFTP elsewhere":            {func(l *listenSettings, _ *dhcpSettings, _ *lan) { l.TFTP = "192.0.2.7:69" }, []string{"listen.tftp: TFTP listens at 192.0.2.7"}},
		"HTTPS on the second address": {func(l *listenSettings, _ *dhcpSettings, _ *lan) { l.HTTPS = "10.20.9.1:443" },
			[]string{"listen.https: HTTPS listens at 10.20.9.1"}},
		"HTTP elsewhere, and phones told so": {func(l *listenSettings, _ *dhcpSettings, _ *lan) {
			l.HTTP, l.URL = "192.0.2.7:80", "http://192.0.2.7/cfg/"
		}, nil},
		"DHCP on one address": {func(_ *listenSettings, d *dhcpSettings, _ *lan) { d.Listen = "10.20.0.1:67" },
			[]string{`dhcp.listen: DHCP at 10.20.0.1 alone hears no broadcast, and a phone without an address sends no other: phones will not get options; write dhcp.listen = ":67"`}},
		"a site on loopback": {func(l *listenSettings, d *dhcpSettings, w *lan) {
			*w = lan{Self: prefixes("127.20.0.1/24")[0]}
			l.TFTP, d.Listen = "127.20.0.1:69", "127.20.0.1:67"
		}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			l, d, where := good, dhcpSettings{Mode: dhcpopt.ModeServer, Listen: ":67"}, self
			tc.change(&l, &d, &where)
			got := checkReach(settings{Listen: l, DHCP: d}, where)
			if len(got) != len(tc.want) {
				t.Fatalf("got %v, want %v", got, tc.want)
			}
			for i, want := range tc.want {
				if !strings.HasPrefix(got[i].Error(), want) {
					t.Errorf("got  %s\nwant %s", got[i].Error(), want)
				}
			}
		})
	}
}

func TestCheckOfGoodSettings(t *testing.T) {
	dir := t.TempDir()
	path := writeSettings(t, `
state = "`+dir+`/not/yet/there"
`+freeDoors(t, dir))
	code, out, errs := lineside(t, "check", "--config", path)
	if code != exitOK || !strings.Contains(out, "nothing is wrong") {
		t.Errorf("got exit %d, %s%s, want 0 and that nothing is wrong", code, out, errs)
	}
	if _, err := os.Stat(dir + "/not"); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the check left something behind: %v", err)
	}
}

func TestCheckOfFactoryCAs(t *testing.T) {
	state := t.TempDir()
	folder := filepath.Join(state, "factory-ca")
	for name, text := range map[string]string{
		"yealink/root.pem": makeCA(t), "poly/root.pem": "no certificate", "acme/root.pem": makeCA(t),
	} {
		path := filepath.Join(folder, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	rest := freeDoors(t, state)
	code, out, _ := lineside(t, "check", "--config", writeSettings(t, "state = \""+state+"\"\n"+rest))
	if code != exitWrong {
		t.Errorf("got exit %d, want %d", code, exitWrong)
	}
	for _, want := range []string{
		filepath.Join(folder, "poly/root.pem") + ": holds no certificate in PEM",
		filepath.Join(folder, "acme") + ": is no vendor this build serves; name the folder one of yealink, snom, poly",
		"these makers' CAs signed them: yealink (1)\n",
	} {
		if !strings.Contains(out, want) {
			t.Errorf("want %q in\n%s", want, out)
		}
	}
	code, out, _ = lineside(t, "check", "--config", writeSettings(t, "state = \""+state+"\"\ntrust.factory_certificates = false\n"+rest))
	if code != exitOK || strings.Contains(out, "factory") {
		t.Errorf("switched off: got exit %d and\n%s", code, out)
	}
}

// freeDoors are settings of doors nobody else has, also where a demo runs.
func freeDoors(t *testing.T, dir string) string {
	t.Helper()
	web, err := freePort(demoSelf.Addr(), "tcp", 0)
	sip, err2 := freePort(demoSelf.Addr(), "udp", 0)
	if err := errors.Join(err, err2); err != nil {
		t.Fatal(err)
	}
	return fmt.Sprintf(`
[listen]
http = "%[1]s:%[2]d"
https = "off"
tftp = "off"
sip = "%[1]s:%[3]d"
admin = "off"
address = %[4]q
socket = "%[5]s/sock"
[dhcp]
mode = "off"
`, demoSelf.Addr(), web, sip, demoSelf.String(), dir)
}

// makeCA is a CA certificate in PEM, any will do.
func makeCA(t *testing.T) string {
	t.Helper()
	ca, err := httpd.LoadCA(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	return string(ca.PEM())
}

func TestBindErrorsHaveThreeParts(t *testing.T) {
	s := settings{Listen: listenSettings{HTTP: ":80", HTTPS: ":443", TFTP: ":69", Admin: ":8443"}, DHCP: dhcpSettings{Mode: dhcpopt.ModeServer, Listen: ":67"}}
	want := `udp :67 is taken: another DHCP server runs here, phones will not get options; stop it or set dhcp.mode = "off"`
	doors := s.doors()
	if len(doors) != 5 {
		t.Fatalf("got %d doors, want 5", len(doors))
	}
	if got := doors[0].explain(inUse(t)).Error(); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	for _, d := range doors {
		for _, err := range []error{inUse(t), os.ErrPermission, errors.New("moon is full")} {
			text := d.explain(err).Error()
			if !strings.Contains(text, d.addr) || !strings.Contains(text, d.lost) || !strings.Contains(text, ";") {
				t.Errorf("%s: %q lacks the place, what is noticed, or what to do", d.name, text)
			}
		}
	}
}

// inUse is the system's own error for a port somebody has.
func inUse(t *testing.T) error {
	t.Helper()
	l, err := net.Listen("tcp", taken(t))
	if err == nil {
		_ = l.Close()
		t.Fatal("a taken port was opened")
	}
	return err
}

func TestNearest(t *testing.T) {
	known := []string{"listen.http", "listen.https", "dhcp.pool", "site.name"}
	for key, want := range map[string]string{
		"listen.htp": "listen.http", "site.nam": "site.name", "pool": "dhcp.pool", "quux": "", strings.Repeat("x", 5000): "",
	} {
		if got := nearest(key, known); got != want {
			t.Errorf("nearest(%.20q) = %q, want %q", key, got, want)
		}
	}
}

// TestTwoDoorsOnOnePort: each opens alone, and the box with both would not start.
func TestTwoDoorsOnOnePort(t *testing.T) {
	where := lan{"eth0", prefixes("10.20.0.1/24")[0]}
	for name, tc := range map[string]struct {
		http, admin string
		want        int
	}{
		"the same": {":8443", ":8443", 1}, "one on all addresses": {"0.0.0.0:8443", ":8443", 1},
		"other ports": {":80", ":8443", 0}, "other addresses": {"10.20.9.1:8443", ":8443", 0}, "any free port": {":0", ":0", 0}, "off": {":8443", "", 0},
	} {
		got := checkClash(settings{Listen: listenSettings{HTTP: tc.http, Admin: tc.admin}}, where)
		if len(got) != tc.want {
			t.Errorf("%s: got %v, want %d problems", name, got, tc.want)
		}
		if tc.want > 0 && (got[0].Key != "listen.admin" || !strings.Contains(got[0].Text, "listen.http and listen.admin are both :8443")) {
			t.Errorf("%s: got %v, want both keys named", name, got)
		}
	}
}
