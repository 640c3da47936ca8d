package vendors_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/lineside/lineside/phone"
	"github.com/lineside/lineside/vendors"
)

func avayaSamples() samples {
	return samples{
		vendor: "avaya", mac: "c81fea83e85a", model: "J179", config: "c81fea83e85a.txt", ext: "txt",
		others: []otherFile{{"J100Supgrade.txt", "upgrade"}, {"46xxsettings.txt", "init"}},
		read: func(body []byte) (map[string]string, error) {
			return lineSyntax{end: "\n", before: "SET ", between: " ", value: unquoteSome}.read(string(body))
		},
		keys: lineKeys{user: "FORCE_SIP_USERNAME", auth: "FORCE_SIP_EXTENSION", password: "FORCE_SIP_PASSWORD", name: "DISPLAY_NAME", label: "PRIMARY_LINE_EXTENSION"},
		classes: []identSample{
			{"ccp.avaya.com", vendors.Ident{Vendor: "avaya"}},
			{"ccp.avaya.community", vendors.Ident{}},
			{"Nortel-SIP-Phone-A", vendors.Ident{}},
			{"Nortel-i2004-A", vendors.Ident{}},
		},
		agents: []identSample{
			{"Mozilla/4.0 (compatible; MSIE 6.0) AVAYA/J179-4.1.3.0.6 (MAC:c81fea83e85a)", vendors.Ident{Vendor: "avaya", Model: "J179", Firmware: "4.1.3.0.6", MAC: mustMAC("c81fea83e85a")}},
			{"AVAYA/SIP12x0\x14/04.00.04.00", vendors.Ident{}},
			{"Mozilla/4.0 AVAYA/J179-4.1.3.0.6 (MAC:c81fea83e85a) and more", vendors.Ident{}},
		},
		names: []nameSample{
			{name: "J100Supgrade.txt", kind: vendors.Common},
			{name: "46xxsettings.txt", kind: vendors.Common},
			{name: "c81fea83e85a.txt", kind: vendors.Config, mac: "c81fea83e85a"},
			{name: "C81FEA83E85A.txt", kind: vendors.Config, mac: "c81fea83e85a"},
			{name: "c81fea83e85a.cfg", kind: vendors.Config, mac: "c81fea83e85a"},
			{name: "96x1Supgrade.txt", kind: vendors.Absent},
			{name: "96xxupgrade.txt", kind: vendors.Absent},
			{name: "K1xxSupgrade.txt", kind: vendors.Absent},
			{name: "Mlf_J169_J179_German.xml", kind: vendors.Absent},
		},
		holding: map[string]string{
			"SIP_CONTROLLER_LIST": "10.20.0.1:5060;transport=udp", "FORCE_SIP_USERNAME": "hold-fake", "FORCE_SIP_PASSWORD": "fake-hold-password",
			"PRIMARY_LINE_EXTENSION": "Authentication needed C81FEA83E85A", "HOTLINE": "", "DIALPLAN": "110|112|911", "PHNEMERGNUM": "110", "PHNMOREEMERGNUMS": "112,911",
			"ENABLE_WEBSERVER": "0", "FORCE_HTTP_AUTH_USERNAME": "fake-login", "AUTOMATIC_UPDATE_WINDOW": "0,0", "TLSSRVR": "",
		},
		full: map[string]string{
			"HTTPSRVR": "10.20.0.1", "HTTPPORT": "80", "HTTPDIR": "/cfg", "SIPDOMAIN": "sip.example.net",
			"SIP_CONTROLLER_LIST": "sip.example.net:5060;transport=udp", "FORCE_SIP_EXTENSION": "auth-710", "FORCE_SIP_USERNAME": "4930123456710",
			"FORCE_SIP_PASSWORD": "fake-line-password-1", "PRIMARY_LINE_EXTENSION": "710 Anna", "GMTOFFSET": "1:00", "DSTOFFSET": "1",
			"DSTSTART": "LSunMar2L", "DSTSTOP": "LSunOct3L", "SYSTEM_LANGUAGE": "Mlf_J169_J179_German.xml", "ADMIN_PASSWORD": "fake-admin-password",
			"DES_STAT": "1", "ENABLE_OOD_RESET_NOTIFY": "1", "ENABLE_OOD_MSG_TLS_ONLY": "0", "HOTLINE": "", "SYSLOG_ENABLED": "0",
		},
		overrides: map[string]string{"INTER_DIGIT_TIMEOUT": "4"},
		replaces:  map[string]string{"DISPLAY_NAME": "Desk", "3PCC_SERVER_MODE": "1", "BACKGROUND_IMAGE": "logo.jpg"},
		badNames:  []string{"A B", "A-B", "A.B", "", "A=1"},
	}
}

// TestAvayaWebPassword: a password the web page would not take leaves the page
// shut, for it would keep the maker's own.
func TestAvayaWebPassword(t *testing.T) {
	for password, want := range map[string]string{
		"abcd123!": "1", "abcde123!": "0", "abcd1234": "0", "ab1!": "0", "a1!": "0", "": "0",
		"abc1!abc1!abc1!abc1!abc1!abc1!a": "1", "abc1!abc1!abc1!abc1!abc1!abc1!ab": "0", "aaaa!!!!1111": "1", "aaaa!!!!!1111": "0", "abc12345ä": "0", "ab c1 d2 e3!": "0",
	} {
		in := input(t, "avaya", vendors.Full)
		in.Device.AdminPassword = phone.NewSecret(password)
		got := values(t, in)
		if got["ENABLE_WEBSERVER"] != want {
			t.Errorf("%q: ENABLE_WEBSERVER is %q, want %q", password, got["ENABLE_WEBSERVER"], want)
		}
		if set := got["FORCE_WEB_ADMIN_PASSWORD"] != ""; set != (want == "1") {
			t.Errorf("%q: the page's password is set: %v", password, set)
		}
	}
}

// TestAvayaOptions has the layout of 242 and 43.
func TestAvayaOptions(t *testing.T) {
	tests := map[string][2]string{
		"http://10.20.0.1:8080/cfg/":  {"HTTPSRVR=10.20.0.1,HTTPPORT=8080,HTTPDIR=/cfg", "\x01\x046889\x02\x0910.20.0.1\x04\x048080\x03\x04/cfg"},
		"https://box.example.net/":    {"TLSSRVR=box.example.net,TLSPORT=443", "\x01\x046889\x05\x0fbox.example.net\x07\x03443"},
		"http://10.20.0.1/a,b=c/":     {},
		"http://[2001:db8::1]:80/cfg": {},
		"http://[2001:db8::1]/cfg":    {},
	}
	for url, want := range tests {
		got := [2]string{}
		for _, o := range options(t, "avaya", vendors.Box{URL: url}) {
			got[map[uint8]int{242: 0, 43: 1}[o.Code]] = string(o.Value)
		}
		if got != want {
			t.Errorf("%s: got %q, want %q", url, got, want)
		}
	}
}

// TestAvayaHost: the name an Avaya phone gives itself tells one whose address is
// of no list, and no other phone's; option 60 counts for more.
func TestAvayaHost(t *testing.T) {
	avaya := vendors.Ident{Vendor: "avaya", Confidence: vendors.FromHost}
	for name, tc := range map[string]struct {
		class, host, mac string
		want             vendors.Ident
	}{
		"no list has its address":   {"", "AVX3E85A1", "a0092e3e85a1", avaya},
		"small letters":             {"", "avx3e85a1", "a0092e3e85a1", avaya},
		"the maker's oldest":        {"", "AVA3E85A1", "00040d3e85a1", avaya},
		"a letter of another OUI":   {"", "AVB3E85A1", "a0092e3e85a1", vendors.Ident{}},
		"another's address":         {"", "AVX3E85A2", "a0092e3e85a1", vendors.Ident{}},
		"more behind it":            {"", "AVX3E85A1.lan", "a0092e3e85a1", vendors.Ident{}},
		"none":                      {"", "", "a0092e3e85a1", vendors.Ident{}},
		"none, a known address":     {"", "", "c81fea3e85a1", vendors.Ident{Vendor: "avaya", Confidence: vendors.FromOUI}},
		"an option 60 of another's": {"LINKSYS SPA-942", "AVX3E85A1", "a0092e3e85a1", vendors.Ident{Vendor: "linksys", Model: "SPA942", Confidence: vendors.FromClass}},
	} {
		got, ok := vendors.All().ByClient([]byte(tc.class), tc.host, mac(t, tc.mac))
		if got != tc.want || ok != (tc.want.Vendor != "") {
			t.Errorf("%s: got %+v (%v), want %+v", name, got, ok, tc.want)
		}
	}
}

// TestAvayaVLAN: the VLAN comes first in both, for the phone starts again in it.
func TestAvayaVLAN(t *testing.T) {
	got := options(t, "avaya", vendors.Box{URL: "http://10.20.0.1/cfg/", VLAN: 20})
	want := []vendors.Option{
		{Code: 242, Value: []byte("L2Q=1,L2QVLAN=20,HTTPSRVR=10.20.0.1,HTTPPORT=80,HTTPDIR=/cfg"), Always: true},
		{Code: 43, Value: []byte("\x01\x046889\x09\x011\x0a\x0220\x02\x0910.20.0.1\x04\x0280\x03\x04/cfg")},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("options differ (-want +got):\n%s", diff)
	}
}

// TestAvayaRefuses: what the phone would replace or cut off is no config.
func TestAvayaRefuses(t *testing.T) {
	for name, spoil := range map[string]func(*phone.Device){
		"a macro in a label": func(d *phone.Device) { d.Lines = lineOf(func(l *phone.Line) { l.Label = "x $macaddr" }) },
		"a quote in a label": func(d *phone.Device) { d.Lines = lineOf(func(l *phone.Line) { l.Label = `a "b"` }) },
		"a password of 32": func(d *phone.Device) {
			d.Lines = lineOf(func(l *phone.Line) { l.Password = phone.NewSecret(strings.Repeat("x", 32)) })
		},
		"a macro as a password": func(d *phone.Device) {
			d.Lines = lineOf(func(l *phone.Line) { l.Password = phone.NewSecret("$SERIALNO") })
		},
	} {
		in := input(t, "avaya", vendors.Full)
		spoil(&in.Device)
		if body, err := vendors.All().Render(in); err == nil {
			t.Errorf("%s was written:\n%s", name, body)
		}
	}
}

// lineOf is the first test line, with one thing changed.
func lineOf(change func(*phone.Line)) []phone.Line {
	l := testLines[0]
	if change != nil {
		change(&l)
	}
	return []phone.Line{l}
}
