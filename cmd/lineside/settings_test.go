package main

import (
	"errors"
	"fmt"
	"log/slog"
	netmail "net/mail"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/lineside/lineside/auth"
	"github.com/lineside/lineside/dhcpopt"
	"github.com/lineside/lineside/mail"
	"github.com/lineside/lineside/phone"
	"github.com/lineside/lineside/provision"
	"github.com/lineside/lineside/shell"
	"github.com/lineside/lineside/sipd"
)

func TestSampleIsTheDefaults(t *testing.T) {
	sample, err := parseSettings("sample", sampleSettings)
	if err != nil {
		t.Fatalf("the shipped sample is refused:\n%v", err)
	}
	bare, err := parseSettings("bare", []byte("dhcp.pool = \"10.20.0.50-10.20.0.250\"\n"))
	if err != nil {
		t.Fatalf("a file with the pool alone is refused:\n%v", err)
	}
	for i, want := range bare.Origin {
		got := sample.Origin[i]
		if got.Key != want.Key || got.Value != want.Value {
			t.Errorf("the sample says %s = %q, the default is %s = %q", got.Key, got.Value, want.Key, want.Value)
		}
		if !strings.Contains(string(sampleSettings), "\n"+want.Key[strings.LastIndexByte(want.Key, '.')+1:]+" = ") {
			t.Errorf("the sample does not show %s", want.Key)
		}
	}
}

func TestSettingsAreTyped(t *testing.T) {
	got, err := parseSettings("x", []byte(`
state = "/srv/lineside/"
[site]
name = "Branch 7"
timezone = "Europe/Berlin"
language = "de"
emergency = ["112"]
first_contact = "OTP"
[listen]
http = "10.20.0.1:8080"
https = "off"
sip = ":5070"
address = "10.20.0.1/24"
url = "http://box.example/cfg"
[dhcp]
pool = "10.20.0.50-10.20.0.99, 10.20.0.150-10.20.0.250"
lease = "90m"
router = "10.20.0.254"
dns = ["10.20.0.53"]
[dhcp.reservations]
"0015.654a.a937" = "10.20.0.60"
[trust]
factory_certificates = false
claimed = true
window = "90m"
[emergency]
sbcs = ["sbc.example.net:5061;transport=tls"]
user = "branch7"
password = "fake-upstream"
[sip]
calls = 20
media_ports = "16384-16463"
[mail]
smtp = "mail.example.net"
from = "Zweigstelle 7 <box@example.net>"
user = "branch7"
password = "fake-smtp"
tls = "tls"
[log]
level = "debug"
`))
	if err != nil {
		t.Fatal(err)
	}
	want := settings{
		Path: "x", State: "/srv/lineside",
		Site:         phone.Site{Name: "Branch 7", Zone: "Europe/Berlin", Language: "de", Emergency: []string{"112"}},
		FirstContact: auth.FactorOTP,
		BlockAfter:   auth.LockOutsToBlock,
		WrongPINs:    provision.DefaultWrongPINs,
		Listen: listenSettings{
			HTTP: "10.20.0.1:8080", TFTP: ":69", Admin: ":8443", SIP: ":5070", SIPPort: 5070, PnP: true, MDNS: true, IPv6: true, Socket: defaultSocket,
			Address: netip.MustParsePrefix("10.20.0.1/24"), URL: "http://box.example/cfg/",
		},
		DHCP: dhcpSettings{
			Mode: dhcpopt.ModeServer, Listen: ":67", IPv6: true, Lease: 90 * time.Minute,
			Pool: []dhcpopt.Range{
				{First: netip.MustParseAddr("10.20.0.50"), Last: netip.MustParseAddr("10.20.0.99")},
				{First: netip.MustParseAddr("10.20.0.150"), Last: netip.MustParseAddr("10.20.0.250")},
			},
			Router:       netip.MustParseAddr("10.20.0.254"),
			DNS:          []netip.Addr{netip.MustParseAddr("10.20.0.53")},
			Reservations: map[phone.MAC]netip.Addr{{0, 0x15, 0x65, 0x4a, 0xa9, 0x37}: netip.MustParseAddr("10.20.0.60")},
		},
		Trust: trustSettings{Claimed: true, Window: 90 * time.Minute},
		Emergency: emergencySettings{
			Mode: sipd.Bridge, User: "branch7", Password: phone.NewSecret("fake-upstream"),
			SBCs: []sipd.SBC{{Host: "sbc.example.net", Port: 5061, Transport: phone.TLS}},
		},
		SIP:     sipSettings{PINCalls: true, Calls: 20, CallsPerAddress: 2, First: 16384, Last: 16463},
		Central: centralSettings{Transport: transportAuto, Poll: 10 * time.Minute},
		Mail: mailSettings{
			Host: "mail.example.net", Port: 465, From: netmail.Address{Name: "Zweigstelle 7", Address: "box@example.net"},
			User: "branch7", Password: phone.NewSecret("fake-smtp"), TLS: mail.ImplicitTLS,
		},
		Level: slog.LevelDebug,
	}
	got.Origin = nil
	if diff := cmp.Diff(want, got, cmp.Comparer(func(a, b netip.Addr) bool { return a == b }), cmp.Comparer(func(a, b netip.Prefix) bool { return a == b })); diff != "" {
		t.Errorf("settings (-want +got):\n%s", diff)
	}
}

func TestSettingsErrorsSayWhereAndWhat(t *testing.T) {
	for _, tc := range []struct {
		name, text string
		want       []string // lines, each a part of one problem, in order
	}{
		{"unknown key with a near one", "[dhcp]\nmode = \"off\"\nleese = \"8h\"\n",
			[]string{`f:3: dhcp.leese: is no setting; did you mean dhcp.lease?`}},
		{"key in the wrong section", "[listen]\npool = \"10.0.0.1\"\n[dhcp]\nmode = \"off\"\n",
			[]string{`f:2: listen.pool: is no setting; did you mean dhcp.pool?`}},
		{"unknown section", "[colour]\nfront = \"red\"\n[dhcp]\nmode = \"off\"\n",
			[]string{`f:1: colour: is no setting; "lineside check --sample" shows every one`}},
		{"wrong types", "[site]\nname = 7\nemergency = \"112\"\n[dhcp]\nmode = false\nlease = 8\n",
			[]string{`f:2: site.name: is a number; write text in quotes`, `f:3: site.emergency: is text; write a list`,
				`f:5: dhcp.mode: is true or false`, `f:6: dhcp.lease: is a number`}},
		{"syntax", "[site\n", []string{`f:1: `}},
		{"no pool", "", []string{`f: dhcp.pool: missing; write the first and last address`}},
		{"pool backwards", "[dhcp]\npool = \"10.0.0.9-10.0.0.2\"\n",
			[]string{`f:2: dhcp.pool: "10.0.0.9-10.0.0.2" is not an address range: it ends before it begins; write 10.0.0.2-10.0.0.9`}},
		{"a mode nobody knows", "[dhcp]\nmode = \"proxy\"\n", []string{`f:2: dhcp.mode: "proxy" is not known; write "server", "relay", "inform" or "off"`}},
		{"a relay to nowhere", "[dhcp]\nmode = \"relay\"\n", []string{`f: dhcp.upstream: missing`}},
		{"servers behind no relay", "[dhcp]\nmode = \"inform\"\nupstream = [\"10.0.0.5\"]\nvoice_vlan = 4095\n",
			[]string{`f:3: dhcp.upstream: belongs to dhcp.mode = "relay"`, `f:4: dhcp.voice_vlan: is no VLAN`}},
		{"networks behind relays", "[dhcp]\nmode = \"server\"\npool = \"10.0.0.2-10.0.0.9\"\n[dhcp.scopes]\n\"10.30.0.7/24\" = { pool = \"x\" }\n",
			[]string{`f: dhcp.scopes.10.30.0.7/24.pool: "x" is not an address range`, `f: dhcp.scopes.10.30.0.7/24: "10.30.0.7/24" is no network`}},
		{"mail", "[mail]\nsmtp = \"mail.example.net:0\"\nfrom = \"me\"\ntls = \"ssl\"\nca = \"x.pem\"\n[dhcp]\nmode = \"off\"\n",
			[]string{`f:2: mail.smtp: "mail.example.net:0" is no mail server`, `f:3: mail.from: "me" is no sender`, `f:4: mail.tls: "ssl" is not known`, `f:5: mail.ca: "x.pem" is no absolute path`}},
		{"mail that would show its password", "[mail]\nsmtp = \"mail.example.net\"\nfrom = \"a@example.net\"\nuser = \"u\"\npassword = \"p\"\ntls = \"none\"\n[dhcp]\nmode = \"off\"\n",
			[]string{`f:6: mail.tls: with "none" the password would cross the network in the clear`}},
		{"mail from nobody, with two passwords", "[mail]\nsmtp = \"mail.example.net\"\nuser = \"u\"\npassword = \"p\"\npassword_file = \"/p\"\n[dhcp]\nmode = \"off\"\n",
			[]string{`f:5: mail.password_file: is one of two passwords`, `f: mail.from: is no sender`}},
		{"what is kept elsewhere", "[trust]\nallow = []\n[dhcp]\nmode = \"off\"\n",
			[]string{
				`f:2: trust.allow: the allow-list is kept by the box, not by this file; take the line out and type: lineside allow add`}},
		{"the platform", "[central]\nurl = \"x\"\nproxy = \"proxy:3128\"\ntransport = \"carrier pigeon\"\npoll = \"1s\"\notp_offline = true\n[dhcp]\nmode = \"off\"\n",
			[]string{`f:2: central.url: is no setting`, `f:3: central.proxy: is no proxy; write one such as`, `f:4: central.transport: "carrier pigeon" is not known`,
				`f:5: central.poll: 1s is out of range`, `f:6: central.otp_offline: is true or false; write text in quotes`}},
		{"trust", "[trust]\nfactory_certificates = \"true\"\nclaimed = 1\nwindow = \"1y\"\n[dhcp]\nmode = \"off\"\n",
			[]string{`f:2: trust.factory_certificates: is text; write true or false, without quotes`,
				`f:3: trust.claimed: is a number; write true or false`, `f:4: trust.window: "1y" is no length of time`}},
		{"lock-outs", "[site]\nblock_after = 0\n[trust]\nauto_approve = \"no\"\n[dhcp]\nmode = \"off\"\n",
			[]string{`f:2: site.block_after: 0 is out of range; write 1 to 100`, `f:4: trust.auto_approve: is text; write true or false`}},
		{"the PIN on the screen", "[site]\npin_on_screen = \"no\"\n[dhcp]\nmode = \"off\"\n", []string{`f:2: site.pin_on_screen: is text; write true or false`}},
		{"wrong PINs", "[site]\nwrong_pins = 0\n[dhcp]\nmode = \"off\"\n", []string{`f:2: site.wrong_pins: 0 is out of range; write 1 to 1000`}},
		{"lock-outs in words", "[site]\nblock_after = \"three\"\n[dhcp]\nmode = \"off\"\n", []string{`f:2: site.block_after: is text; write a whole number`}},
		{"lock-outs beyond counting", "[site]\nblock_after = 4294967299\n[dhcp]\nmode = \"off\"\n", []string{`f:2: site.block_after: 2147483647 is out of range`}},
		{"window too short", "[trust]\nwindow = \"1s\"\n[dhcp]\nmode = \"off\"\n", []string{`f:2: trust.window: 1s is out of range; write 10m to`}},
		{"window below nothing", "[trust]\nwindow = \"-8h\"\n[dhcp]\nmode = \"off\"\n", []string{`f:2: trust.window: -8h is out of range`}},
		{"site", "[site]\ntimezone = \"Mars/Olympus\"\nlanguage = \"fr\"\nemergency = []\nsbc = \"a b\"\nfirst_contact = \"faith\"\n[dhcp]\nmode = \"off\"\n",
			[]string{`f:2: site.timezone: "Mars/Olympus" is no IANA time zone`, `f:3: site.language: "fr"`,
				`f:4: site.emergency: missing`, `f:5: site.sbc: "a b"`, `f:6: site.first_contact: "faith" is not known; write "pin"`}},
		{"listeners", "state = \"here\"\n[listen]\nhttp = \"80\"\nhttps = \":99999\"\ntftp = \"host:69\"\nsip = \"off\"\naddress = \"10.0.0.1\"\nurl = \"gopher://x/\"\n[dhcp]\nmode = \"off\"\nlisten = \"off\"\nlease = \"1s\"\nntp = [\"::1\"]\n",
			[]string{`f:1: state: "here" is no absolute path`, `f:3: listen.http: "80" is nothing to listen on`, `f:4: listen.https: ":99999"`,
				`f:5: listen.tftp: "host:69"`, `f:6: listen.sip: cannot be off`, `f:7: listen.address: "10.0.0.1" is not this box's IPv4 address`,
				`f:8: listen.url: "gopher://x/" is no place`, `f:11: dhcp.listen: cannot be off`, `f:12: dhcp.lease: 1s is out of range; write 2m to`,
				`f:13: dhcp.ntp: "::1" is no IPv4 address`}},
		{"emergency", "[listen]\nphones = [\"all\"]\n[emergency]\nmode = \"maybe\"\nsbcs = [\"sbc\", \"a b\", \"x;transport=sctp\"]\npassword = 7\nidentity = \"112\"\n[dhcp]\nmode = \"off\"\n",
			[]string{`f:2: listen.phones: "all" is no network`, `f:4: emergency.mode: "maybe" is not known`, `f:5: emergency.sbcs: "a b" is no SBC`, `f:5: emergency.sbcs: "x;transport=sctp" is no SBC`, `f:6: emergency.password: is a number`, `f:7: emergency.identity: "112" is no SIP address`}},
		{"calls", "[sip]\npin_calls = 1\ncalls = 0\ncalls_per_address = 1001\nmedia_ports = \"80-90\"\n[dhcp]\nmode = \"off\"\n",
			[]string{`f:2: sip.pin_calls: is a number`, `f:3: sip.calls: 0 is out of range`, `f:4: sip.calls_per_address: 1001 is out of range`, `f:5: sip.media_ports: "80-90" is no range of ports`}},
		{"too few ports", "[sip]\nmedia_ports = \"16384-16400\"\n[dhcp]\nmode = \"off\"\n", []string{`f:2: sip.media_ports: "16384-16400" is too small: 100 calls need 400 ports`}},
		{"nowhere to fetch from", "listen.http = \"off\"\ndhcp.mode = \"off\"\n", []string{`f:1: listen.http: is off, so phones must be told another place`}},
		{"reservations", "[dhcp]\nmode = \"off\"\n[dhcp.reservations]\n\"00:15:65:4a:a9\" = \"10.0.0.9\"\n\"00:15:65:4a:a9:37\" = 9\n\"00:15:65:4a:a9:38\" = \"ten\"\n",
			[]string{`f:4: dhcp.reservations.00:15:65:4a:a9: "00:15:65:4a:a9" is not a MAC address`,
				`f:5: dhcp.reservations.00:15:65:4a:a9:37: is not an address in quotes`,
				`f:6: dhcp.reservations.00:15:65:4a:a9:38: "ten" is no IPv4 address`}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			_, err := parseSettings("f", []byte(tc.text))
			var got problems
			if !errors.As(err, &got) {
				t.Fatalf("got %v, want problems", err)
			}
			if len(got) != len(tc.want) {
				t.Fatalf("got %d problems:\n%v\nwant %d:\n%s", len(got), got, len(tc.want), strings.Join(tc.want, "\n"))
			}
			for i, want := range tc.want {
				if !strings.HasPrefix(got[i].Error(), want) {
					t.Errorf("problem %d\n got %s\nwant %s", i+1, got[i].Error(), want)
				}
			}
		})
	}
}

func TestTrustIsReadAsWritten(t *testing.T) {
	usual := trustSettings{FactoryCertificates: true, Window: 8 * time.Hour}
	for text, want := range map[string]trustSettings{
		"":                             usual,
		`window = "8h"`:                usual,
		`window = "168h"`:              {FactoryCertificates: true, Window: 168 * time.Hour},
		`window = "off"`:               {FactoryCertificates: true},
		`window = "0"`:                 {FactoryCertificates: true},
		`window = 0`:                   {FactoryCertificates: true},
		`claimed = true`:               {FactoryCertificates: true, Claimed: true, Window: 8 * time.Hour},
		`claimed = false`:              usual,
		`auto_approve = true`:          {FactoryCertificates: true, Window: 8 * time.Hour, AutoApprove: true},
		`factory_certificates = false`: {Window: 8 * time.Hour},
	} {
		s, err := parseSettings("f", []byte("dhcp.mode = \"off\"\n[trust]\n"+text+"\n"))
		if err != nil || s.Trust != want {
			t.Errorf("%q: got %+v, %v; want %+v", text, s.Trust, err, want)
		}
		shown := map[string]string{}
		for _, o := range s.Origin {
			shown[o.Key] = o.Value
		}
		if w := shown["trust.window"]; (w == off) != (want.Window == 0) || shown["trust.claimed"] != fmt.Sprint(want.Claimed) {
			t.Errorf("%q: shown as window %q, claimed %q", text, w, shown["trust.claimed"])
		}
	}
}

func TestSettingsFileIsBounded(t *testing.T) {
	path := filepath.Join(t.TempDir(), "big.toml")
	if err := os.WriteFile(path, make([]byte, maxSettings+1), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := loadSettings(path); err == nil || !strings.Contains(err.Error(), "larger than") {
		t.Errorf("got %v, want a refusal for size", err)
	}
	_, err := loadSettings(path + ".none")
	var h *shell.HintError
	if !errors.As(err, &h) || !strings.Contains(h.Hint(), "check --sample") {
		t.Errorf("a missing file got %v, want a hint at the sample", err)
	}
}

// FuzzSettings: whatever the file holds, it is read to the end without a
// panic; and what is refused is refused with the place or the key.
func FuzzSettings(f *testing.F) {
	f.Add(string(sampleSettings))
	f.Add("site = 3")
	f.Add("[dhcp]\nreservations = []\n")
	f.Add("[dhcp.reservations]\n\"\" = {a = 1}\n")
	f.Add("site.name = 1979-05-27\nsite.name = 2")
	f.Add("[[site]]\nname='x'\n[[site]]\n")
	f.Fuzz(func(t *testing.T, text string) {
		s, err := parseSettings("f", []byte(text))
		if err == nil {
			if s.Site.Validate() != nil || s.State == "" || s.DHCP.Mode == dhcpopt.ModeServer && len(s.DHCP.Pool) == 0 ||
				s.Trust.Window != 0 && (s.Trust.Window < auth.MinWindow || s.Trust.Window > auth.MaxWindow) {
				t.Fatalf("settings that break their own rules were accepted: %+v", s)
			}
			return
		}
		var wrong problems
		if !errors.As(err, &wrong) || len(wrong) == 0 {
			t.Fatalf("got %T %v, want problems", err, err)
		}
		for _, p := range wrong {
			if p.Key == "" && p.Line == 0 || p.Text == "" {
				t.Errorf("%#v names neither key nor line", p)
			}
		}
	})
}
