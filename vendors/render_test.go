package vendors_test

import (
	"bytes"
	"net/netip"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/lineside/lineside/internal/golden"
	"github.com/lineside/lineside/phone"
	"github.com/lineside/lineside/vendors"
)

var (
	testMACs   = map[phone.Vendor]string{"yealink": "0015654aa937", "snom": "000413a1b2c3", "poly": "0004f2aabbcc"}
	testModels = map[phone.Vendor]string{"yealink": "T46G", "snom": "D385", "poly": "VVX410"}
	configName = map[phone.Vendor]string{
		"yealink": "0015654aa937.cfg", "snom": "snomD385-000413A1B2C3.htm", "poly": "0004f2aabbcc-lineside.cfg",
	}
	testLines = []phone.Line{
		{
			Registrar: "sip.example.net", User: "4930123456710", AuthID: "auth-710",
			Password: phone.NewSecret("fake-line-password-1"), DisplayName: "Anna Müller", Label: "710 Anna",
		},
		{
			Registrar: "sip.example.net", Port: 5071, Transport: phone.TLS, OutboundProxy: "edge.example.net:5062",
			User: "4930123456711", Password: phone.NewSecret("fake-line-password-2"),
		},
	}
)

func file(t testing.TB, name string, hint phone.Vendor) vendors.File {
	t.Helper()
	f, ok := vendors.All().File(name, hint)
	if !ok {
		t.Fatalf("%s is not understood", name)
	}
	return f
}

// input is the phone of a vendor in one stage.
func input(t testing.TB, v phone.Vendor, stage vendors.Stage) vendors.Input {
	t.Helper()
	return vendors.Input{
		File:  file(t, configName[v], v),
		Stage: stage,
		Device: phone.Device{
			MAC: mac(t, testMACs[v]), Vendor: v, Model: testModels[v], Label: "Reception",
			Lines: testLines, AdminPassword: phone.NewSecret("fake-admin-password"),
			Overrides: map[string]string{},
		},
		Site: phone.Site{
			Name: "Branch <Nord>", Zone: "Europe/Berlin", Language: "de",
			Emergency: []string{"110", "112", "911"}, SBC: "sbc.example.net:5080", NTP: "10.20.0.1",
		},
		Box: vendors.Box{
			URL: "http://10.20.0.1/cfg/", CAURL: "http://10.20.0.1/cfg/lineside-ca.pem",
			Addr: netip.MustParseAddr("10.20.0.1"), SIPPort: 5060,
		},
		Login: vendors.Login{User: "fake-login", Password: phone.NewSecret("fake-login-password")},
		Hold: vendors.Hold{
			Text: "Authentication needed", User: "hold-fake", Password: phone.NewSecret("fake-hold-password"), Hotline: "*89",
		},
		Year: 2026,
	}
}

func render(t testing.TB, in vendors.Input) []byte {
	t.Helper()
	body, err := vendors.All().Render(in)
	if err != nil {
		t.Fatal(err)
	}
	return body
}

// values renders and reads again.
func values(t testing.TB, in vendors.Input) map[string]string {
	t.Helper()
	got, err := readConfig(in.File.Vendor, render(t, in))
	if err != nil {
		t.Fatalf("%s: %v", in.File.Name, err)
	}
	return got
}

func TestGolden(t *testing.T) {
	tests := []struct {
		vendor       phone.Vendor
		name, golden string
		stage        vendors.Stage
	}{
		{"yealink", "y000000000028.cfg", "yealink-common.cfg", 0},
		{"yealink", "", "yealink-holding.cfg", vendors.Holding},
		{"yealink", "", "yealink-full.cfg", vendors.Full},
		{"snom", "snomD385.htm", "snom-common.xml", 0},
		{"snom", "", "snom-holding.xml", vendors.Holding},
		{"snom", "", "snom-full.xml", vendors.Full},
		{"poly", "0004f2aabbcc.cfg", "poly-boot.xml", 0},
		{"poly", "000000000000.cfg", "poly-boot-any.xml", 0},
		{"poly", "lineside-poly.cfg", "poly-common.xml", 0},
		{"poly", "", "poly-holding.xml", vendors.Holding},
		{"poly", "", "poly-full.xml", vendors.Full},
	}
	overrides := map[phone.Vendor]map[string]string{
		"yealink": {"features.dnd_mode": "1", "lang.gui": "French"},
		"snom":    {"user_srtp.1": "on", "contrast": "12"},
		"poly":    {"device.net.vlanId": "20", "lcl.ml.lang": "French_France"},
	}
	for _, tt := range tests {
		t.Run(tt.golden, func(t *testing.T) {
			in := input(t, tt.vendor, tt.stage)
			in.Device.Overrides = overrides[tt.vendor]
			if tt.name != "" {
				in.File = file(t, tt.name, tt.vendor)
			}
			golden.Check(t, filepath.Join("testdata", tt.golden), render(t, in))
		})
	}
}

// TestNoSecretBeforeFull fills every secret there is with a mark and looks for
// it in everything but a full config.
func TestNoSecretBeforeFull(t *testing.T) {
	const mark = "S3CRET"
	names := map[phone.Vendor][]string{
		"yealink": {"y000000000028.cfg"}, "snom": {"snomD385.htm"},
		"poly": {"0004f2aabbcc.cfg", "000000000000.cfg", "lineside-poly.cfg"},
	}
	for v := range configName {
		in := input(t, v, vendors.Holding)
		in.Device.AdminPassword = phone.NewSecret(mark)
		in.Device.Lines = []phone.Line{{Registrar: mark, User: mark, AuthID: mark, Password: phone.NewSecret(mark), DisplayName: mark, Label: mark, OutboundProxy: mark}}
		in.Device.Overrides = map[string]string{"secret_thing": mark, "device.secret": mark}
		in.Device.Label, in.Device.Owner = mark, mark
		if body := render(t, in); bytes.Contains(body, []byte(mark)) {
			t.Errorf("%s holding config has what only a full one may have:\n%s", v, body)
		}
		in.Login = vendors.Login{User: mark, Password: phone.NewSecret(mark)}
		in.Hold = vendors.Hold{Text: mark, User: mark, Password: phone.NewSecret(mark), Hotline: mark}
		for _, name := range names[v] {
			in.File = file(t, name, v)
			if body := render(t, in); bytes.Contains(body, []byte(mark)) {
				t.Errorf("%s has a secret or something of one phone:\n%s", name, body)
			}
		}
	}
}

// TestVisitorLooksKnown: from what it is given, a phone cannot tell whether the
// box knows it.
func TestVisitorLooksKnown(t *testing.T) {
	for v := range configName {
		known := input(t, v, vendors.Holding)
		visitor := input(t, v, vendors.Holding)
		visitor.Device = phone.Device{MAC: known.Device.MAC, Vendor: v, Model: "claimed"}
		if d := cmp.Diff(string(render(t, known)), string(render(t, visitor))); d != "" {
			t.Errorf("%s (-known +visitor)\n%s", v, d)
		}
	}
}

// TestNothingLingers: a phone keeps what the next file leaves out, so a full
// config says everything that the holding config said. Poly phones fall back
// to their defaults instead.
func TestNothingLingers(t *testing.T) {
	for _, v := range []phone.Vendor{"yealink", "snom"} {
		full := values(t, input(t, v, vendors.Full))
		for k := range values(t, input(t, v, vendors.Holding)) {
			if _, ok := full[k]; !ok {
				t.Errorf("%s: %s of the holding config stays on the enrolled phone", v, k)
			}
		}
		one := input(t, v, vendors.Full)
		one.Device.Lines = testLines[:1]
		for k, value := range values(t, one) {
			if strings.Contains(value, "fake-line-password-2") {
				t.Errorf("%s: %s has the password of a line that is gone", v, k)
			}
		}
	}
}

// TestFilesAgree: which of two files wins differs by firmware, so they say the
// same wherever they say the same thing.
func TestFilesAgree(t *testing.T) {
	common := map[phone.Vendor]string{"yealink": "y000000000028.cfg", "snom": "snomD385.htm", "poly": "lineside-poly.cfg"}
	for v, name := range common {
		in := input(t, v, vendors.Full)
		in.File = file(t, name, v)
		shared := values(t, in)
		if len(shared) < 4 {
			t.Errorf("%s: only %d parameters in the common file", v, len(shared))
		}
		for _, stage := range []vendors.Stage{vendors.Holding, vendors.Full} {
			own := values(t, input(t, v, stage))
			for k, want := range shared {
				// The one exception, and of no harm whoever wins: it shows a key.
				if k == "prov.quickSetup.enabled" {
					continue
				}
				if got, ok := own[k]; !ok || got != want {
					t.Errorf("%s: %s is %q in the phone's own file, %q in the common one", v, k, got, want)
				}
			}
		}
	}
}

func TestFullCarriesTheLines(t *testing.T) {
	want := map[phone.Vendor]map[string]string{
		"yealink": {
			"account.1.user_name": "4930123456710", "account.1.auth_name": "auth-710", "account.1.password": "fake-line-password-1",
			"account.1.label": "710 Anna", "account.1.display_name": "Anna Müller", "account.1.sip_server.1.address": "sip.example.net",
			"account.1.sip_server.1.port": "5060", "account.1.sip_server.1.transport_type": "0", "account.1.outbound_proxy_enable": "0",
			"account.2.sip_server.1.port": "5071", "account.2.sip_server.1.transport_type": "2", "account.2.outbound_proxy.1.address": "edge.example.net",
			"account.2.outbound_proxy.1.port": "5062", "account.2.auth_name": "4930123456711", "account.3.enable": "0", "account.16.enable": "0",
			"static.auto_provision.server.username": "fake-login", "auto_provision.server.password": "fake-login-password",
			"static.security.user_password": "admin:fake-admin-password", "features.hotline_number": "", "dialplan.emergency.enable": "0",
			"local_time.start_time": "3/5/7/2", "local_time.end_time": "10/5/7/3", "local_time.time_zone": "+1",
		},
		"snom": {
			"user_name.1": "4930123456710", "user_pname.1": "auth-710", "user_pass.1": "fake-line-password-1", "user_idle_text.1": "710 Anna",
			"user_realname.1": "Anna Müller", "user_host.1": "sip.example.net", "user_outbound.1": "", "user_host.2": "sip.example.net:5071",
			"user_outbound.2": "edge.example.net:5062;transport=tls", "user_active.3": "off", "user_active.12": "off",
			"http_client_user": "fake-login", "http_client_pass": "fake-login-password", "setting_server": "http://10.20.0.1/cfg/",
			"admin_mode_password": "fake-admin-password", "auto_dial": "off", "dst": "3600 03.05.07 02:00:00 10.05.07 03:00:00", "utc_offset": "+3600",
		},
		"poly": {
			"reg.1.address": "4930123456710", "reg.1.auth.userId": "auth-710", "reg.1.auth.password": "fake-line-password-1", "reg.1.label": "710 Anna",
			"reg.1.displayName": "Anna Müller", "reg.1.server.1.address": "sip.example.net", "reg.1.server.1.transport": "UDPOnly",
			"reg.2.server.1.port": "5071", "reg.2.server.1.transport": "TLS", "reg.2.outboundProxy.address": "edge.example.net",
			"reg.2.outboundProxy.port": "5062", "reg.3.address": "", "reg.12.address": "", "device.set": "1",
			"device.prov.serverName": "10.20.0.1/cfg/", "device.prov.serverName.set": "1", "device.prov.serverType": "HTTP",
			"device.prov.user": "fake-login", "device.prov.user.set": "1", "device.prov.password": "fake-login-password", "device.prov.password.set": "1",
			"device.auth.localAdminPassword": "fake-admin-password", "device.auth.localAdminPassword.set": "1",
			"tcpIpApp.sntp.gmtOffset": "3600", "tcpIpApp.sntp.daylightSavings.start.dayOfWeek": "1",
			"tcpIpApp.sntp.daylightSavings.start.dayOfWeek.lastInMonth": "1", "tcpIpApp.sntp.daylightSavings.stop.time": "3",
		},
	}
	for v, params := range want {
		got := values(t, input(t, v, vendors.Full))
		for k, w := range params {
			if g, ok := got[k]; !ok || g != w {
				t.Errorf("%s: %s is %q (there: %v), want %q", v, k, g, ok, w)
			}
		}
	}
}

func TestHoldingLeavesEmergencyCallsFree(t *testing.T) {
	want := map[phone.Vendor]map[string]string{
		"yealink": {
			"account.1.sip_server.1.address": "10.20.0.1", "account.1.user_name": "hold-fake", "account.1.label": "Authentication needed",
			"features.hotline_number": "*89", "features.hotline_delay": "5", "account.1.auto_dial_enable": "0",
			"dialplan.emergency.enable": "1", "dialplan.emergency.2.value": "112", "dialplan.emergency.2.server_priority": "1,2",
			"dialplan.emergency.server.1.address": "10.20.0.1", "dialplan.emergency.server.2.address": "sbc.example.net", "dialplan.emergency.server.2.port": "5080",
			"static.auto_provision.repeat.minutes": "5", "account.2.enable": "0", "account.2.password": "",
		},
		"snom": {
			"user_host.1": "10.20.0.1:5060", "user_idle_text.1": "Authentication needed", "user_idle_number.1": "000413A1B2C3",
			"auto_dial": "5", "auto_dial_target": "*89", "keyboard_lock_emergency": "110 112 911", "settings_refresh_timer": "300",
		},
		"poly": {
			"reg.1.server.1.address": "10.20.0.1", "reg.1.label": "Authentication needed", "call.autoOffHook.1.enabled": "0",
			"softkey.1.action": "*89$Tinvite$", "dialplan.digitmap": "110|112|911|*xx|x.T",
			"dialplan.routing.server.1.address": "10.20.0.1", "dialplan.routing.server.2.address": "sbc.example.net",
			"dialplan.routing.emergency.2.value": "112", "prov.quickSetup.enabled": "1", "prov.polling.period": "3601",
		},
	}
	for v, params := range want {
		got := values(t, input(t, v, vendors.Holding))
		for k, w := range params {
			if g, ok := got[k]; !ok || g != w {
				t.Errorf("%s: %s is %q (there: %v), want %q", v, k, g, ok, w)
			}
		}
	}
}

func TestOverrideReplaces(t *testing.T) {
	extra := map[phone.Vendor]map[string]string{
		"yealink": {"account.1.label": "Desk", "features.dnd_mode": "1"},
		"snom":    {"user_idle_text.1": "Desk", "user_savp.2": "mandatory", "contrast": "12"},
		"poly":    {"reg.1.label": "Desk", "device.net.vlanId": "20", "up.oneTouchVoiceMail": "1"},
	}
	for v, overrides := range extra {
		in := input(t, v, vendors.Full)
		in.Device.Overrides = overrides
		got := values(t, in)
		for k, want := range overrides {
			if got[k] != want {
				t.Errorf("%s: %s is %q, want %q", v, k, got[k], want)
			}
		}
	}
	in := input(t, "poly", vendors.Full)
	in.Device.Overrides = extra["poly"]
	if got := values(t, in)["device.net.vlanId.set"]; got != "1" {
		t.Errorf("override of device.net.vlanId: its .set is %q, want 1", got)
	}
	for name, v := range map[string]phone.Vendor{"1abc": "poly", "user_srtp.x": "snom", "user_srtp.0": "snom", "user_srtp.01": "snom", "a.b.c": "snom"} {
		in := input(t, v, vendors.Full)
		in.Device.Overrides = map[string]string{name: "1"}
		if _, err := vendors.All().Render(in); err == nil {
			t.Errorf("%s: override %s was taken", v, name)
		}
	}
}

func TestResyncSpreads(t *testing.T) {
	seen := map[int]bool{}
	for i := range 64 {
		in := input(t, "yealink", vendors.Full)
		in.File.MAC[5], in.Device.MAC[5] = byte(i), byte(i)
		minutes, err := strconv.Atoi(values(t, in)["static.auto_provision.repeat.minutes"])
		if err != nil || minutes < 240 || minutes >= 360 {
			t.Fatalf("got %d minutes (%v), want four to six hours", minutes, err)
		}
		seen[minutes] = true
	}
	if len(seen) < 20 {
		t.Errorf("64 phones share %d moments", len(seen))
	}
}

func TestRenderRefuses(t *testing.T) {
	tests := []struct {
		name   string
		vendor phone.Vendor
		stage  vendors.Stage
		spoil  func(*vendors.Input)
	}{
		{"config of another phone", "yealink", vendors.Full, func(in *vendors.Input) { in.Device.MAC[5]++ }},
		{"no device", "snom", vendors.Holding, func(in *vendors.Input) { in.Device = phone.Device{} }},
		{"no stage", "poly", 0, func(*vendors.Input) {}},
		{"absent file", "yealink", vendors.Full, func(in *vendors.Input) { in.File.Kind = vendors.Absent }},
		{"boot file of snom", "snom", vendors.Full, func(in *vendors.Input) { in.File.Kind = vendors.Boot }},
		{"vendor not served", "snom", vendors.Full, func(in *vendors.Input) { in.File.Vendor = "acme" }},
		{"invalid line", "poly", vendors.Full, func(in *vendors.Input) { in.Device.Lines = []phone.Line{{User: "a b"}} }},
		{"no zone", "snom", vendors.Full, func(in *vendors.Input) { in.Site.Zone = "Nowhere/Land" }},
		{"no address of the box", "yealink", vendors.Holding, func(in *vendors.Input) { in.Box.Addr = netip.Addr{} }},
		{"URL without a scheme", "poly", vendors.Full, func(in *vendors.Input) { in.Box.URL = "10.20.0.1/cfg/" }},
		{"line break in the state's text", "yealink", vendors.Holding, func(in *vendors.Input) { in.Hold.Text = "a\naccount.1.enable = 0" }},
		{"line break in the login", "snom", vendors.Holding, func(in *vendors.Input) { in.Login.User = "a\rb" }},
		{"word that clears", "yealink", vendors.Full, func(in *vendors.Input) {
			in.Device.Lines = []phone.Line{{Registrar: "a.example", User: "1", Password: phone.NewSecret("%null%")}}
		}},
		{"password with a blank at its end", "yealink", vendors.Full, func(in *vendors.Input) {
			in.Device.Lines = []phone.Line{{Registrar: "a.example", User: "1", Password: phone.NewSecret("secret ")}}
		}},
		{"admin password with a blank at its end", "yealink", vendors.Full, func(in *vendors.Input) { in.Device.AdminPassword = phone.NewSecret("secret ") }},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			in := input(t, tt.vendor, tt.stage)
			tt.spoil(&in)
			body, err := vendors.All().Render(in)
			if err == nil || body != nil {
				t.Fatalf("got %d bytes and error %v, want a refusal", len(body), err)
			}
			if strings.Contains(err.Error(), "secret ") {
				t.Errorf("the error tells a password: %v", err)
			}
		})
	}
}

func TestMakersAreComplete(t *testing.T) {
	for _, m := range vendors.All() {
		if m.Class == nil || m.Agent == nil || m.File == nil || m.Options == nil || m.Render == nil || m.Sequence == nil ||
			m.ContentType == "" || m.ResyncEvent == "" || m.Name == "" || len(m.OUIs) == 0 || len(m.Unverified) == 0 {
			t.Errorf("%s: something is missing in its row", m.Vendor)
		}
	}
}

func BenchmarkRender(b *testing.B) {
	for _, m := range vendors.All() {
		b.Run(string(m.Vendor), func(b *testing.B) {
			in := input(b, m.Vendor, vendors.Full)
			b.ReportAllocs()
			for b.Loop() {
				if _, err := m.Render(in); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
