package vendors_test

import (
	"testing"

	"github.com/lineside/lineside/vendors"
)

func algoSamples() samples {
	return samples{
		vendor: "algo", mac: "0022ee0a0b0c", model: "8186", config: "algom0022EE0A0B0C.conf", ext: "conf",
		others: []otherFile{{"algop8186.conf", "common"}},
		read: func(body []byte) (map[string]string, error) {
			return lineSyntax{end: "\n", between: " = "}.read(string(body))
		},
		keys: lineKeys{user: "sip.u@.user", auth: "sip.u@.auth", password: "sip.u@.pwd"},
		names: []nameSample{
			{name: "algom0022EE0A0B0C.conf", kind: vendors.Config, mac: "0022ee0a0b0c"},
			{name: "algom0022ee0a0b0c.conf", kind: vendors.Config, mac: "0022ee0a0b0c"},
			{name: "algo0022ee0a0b0c.conf", kind: vendors.Config, mac: "0022ee0a0b0c"},
			{name: "algop8301.conf", kind: vendors.Common, model: "8301"},
			{name: "algop8301.conf.md5", kind: vendors.Absent, model: "8301"},
			{name: "algom0022EE0A0B0C.md5", kind: vendors.Absent, mac: "0022ee0a0b0c"},
			{name: "algom0022EE0A0B0C.conf.md5", kind: vendors.Absent, mac: "0022ee0a0b0c"},
		},
		holding: map[string]string{
			"sip.proxy": "10.20.0.1:5060", "sip.u1.user": "hold-fake", "sip.u1.pwd": "fake-hold-password", "sip.u2.pwd": "", "sip.outbound": "0",
			"prov.auth.user": "fake-login", "prov.server.static": "10.20.0.1", "prov.download.cfgpath": "cfg", "prov.ztp.use": "0",
		},
		full: map[string]string{
			"sip.proxy": "sip.example.net", "sip.transp": "udp", "sip.obproxy": "", "sip.u1.user": "4930123456710", "sip.u1.auth": "auth-710",
			"sip.u1.pwd": "fake-line-password-1", "sip.u3.pwd": "", "admin.pwd": "fake-admin-password", "admin.timezone": "Europe/Berlin",
			"net.time1": "10.20.0.1", "prov.download.method": "http", "prov.auth.pwd": "fake-login-password", "log.server": "", "phone.dtmf.src": "rtp-telev",
		},
		overrides: map[string]string{"audio.page.vol": "5"},
		replaces:  map[string]string{"sip.transp": "tcp", "admin.devname": "horn"},
		badNames:  []string{"1abc", "a b", "a=b", "#a"},
	}
}

// TestAlgoMarks: a # ends no value here, unlike in most files of lines.
func TestAlgoMarks(t *testing.T) {
	in := input(t, "algo", vendors.Full)
	in.Device.Overrides = map[string]string{"admin.devname": "a # b"}
	if got := values(t, in)["admin.devname"]; got != "a # b" {
		t.Errorf("got %q, want it whole", got)
	}
}

// TestAlgoNames: what is no device's file is not taken for one.
func TestAlgoNames(t *testing.T) {
	for _, name := range []string{"algo.conf", "algom.conf", "algop.conf", "algopx.conf", "algop1234567.conf", "algom0022ee0a0b0cf.conf", "algom0022ee0a0b0c", "algomm0022ee0a0b0c.conf", "xalgom0022ee0a0b0c.conf"} {
		if f, ok := vendors.All().File(name, "algo"); ok && f.Vendor == "algo" {
			t.Errorf("%q: got %+v, want none", name, f)
		}
	}
}
