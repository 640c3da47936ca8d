package vendors_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/lineside/lineside/vendors"
)

func mitelSamples() samples {
	ident := func(model, firmware, mac string) vendors.Ident {
		id := vendors.Ident{Vendor: "mitel", Model: model, Firmware: firmware}
		if mac != "" {
			id.MAC = mustMAC(mac)
		}
		return id
	}
	return samples{
		vendor: "mitel", mac: "00085d40905f", model: "6873i", config: "00085D40905F.cfg", ext: "cfg",
		others: []otherFile{{"startup.cfg", "common"}},
		read:   func(body []byte) (map[string]string, error) { return readMitel(string(body)) },
		keys: lineKeys{
			user: "sip line@ user name", auth: "sip line@ auth name", password: "sip line@ password", name: "sip line@ display name", label: "sip line@ screen name",
		},
		classes: []identSample{
			{"AastraIPPhone53i", ident("6753i", "", "")},
			{"AastraIPPhone57iCT", ident("6757iCT", "", "")},
			{"AastraIPPhone6753i", ident("6753i", "", "")},
			{"AastraIPPhone6873i", ident("6873i", "", "")},
			{"AastraIPPhone9143i", ident("9143i", "", "")},
			{"MitelIPPhone6920", ident("6920", "", "")},
			{"Aamadeus IP phone", vendors.Ident{}},
			{"OpenMobility", vendors.Ident{}},
		},
		agents: []identSample{
			{"Aastra6731i MAC:00-08-5D-23-74-29 V:3.2.0.70-SIP", ident("6731i", "3.2.0.70", "00085d237429")},
			{"Aastra6863i MAC:00-08-5D-40-90-5F V:4.1.0.128-SIP", ident("6863i", "4.1.0.128", "00085d40905f")},
			{"Aastra53i MAC:00-08-5D-23-74-29 V:3.2.0.70-SIP", ident("6753i", "3.2.0.70", "00085d237429")},
			{"Mitel6920 MAC:14-00-E9-1F-03-EA V:6.4.0.140-SIP", ident("6920", "6.4.0.140", "1400e91f03ea")},
			{"Mitel6920 MAC:14-00-E9 V:6.4.0.140-SIP", vendors.Ident{}},
		},
		sipAgents: []identSample{{"Aastra 6757i/2.5.3.18", ident("6757i", "2.5.3.18", "")}},
		names: []nameSample{
			{name: "6867i.st", kind: vendors.Absent, model: "6867i"},
			{name: "53i.st", kind: vendors.Absent, model: "6753i"},
			{name: "57iCT.st", kind: vendors.Absent, model: "6757iCT"},
			{name: "startup.cfg", kind: vendors.Common},
			{name: "aastra.cfg", kind: vendors.Common},
			{name: "aastra.tuz", kind: vendors.Absent},
			{name: "6867i.cfg", kind: vendors.Common, model: "6867i"},
			{name: "53i.cfg", kind: vendors.Common, model: "6753i"},
			{name: "6867i.tuz", kind: vendors.Absent, model: "6867i"},
			{name: "00085D40905F.cfg", hint: "mitel", kind: vendors.Config, mac: "00085d40905f"},
			{name: "00085d40905f.cfg", kind: vendors.Config, mac: "00085d40905f"},
			{name: "00085D40905F.tuz", kind: vendors.Absent, mac: "00085d40905f"},
			{name: "lang_de.txt", kind: vendors.Absent},
			{name: "MN_Generic.cfg", kind: vendors.Absent},
		},
		holding: map[string]string{
			"sip line1 registrar ip": "10.20.0.1", "sip line1 user name": "hold-fake", "sip line1 screen name": "Authentication needed",
			"sip autodial number": "*89", "sip autodial timeout": "5", "emergency dial plan": "110|112|911", "sip dial plan": "110|112|911|x+#|xx+*",
			"sip line1 backup proxy ip": "sbc.example.net", "sip line1 backup proxy port": "5080",
			"sip line2 user name": "", "sip line2 password": "", "sip line16 user name": "", "http digest force login": "0",
		},
		full: map[string]string{
			"sip line1 user name": "4930123456710", "sip line1 auth name": "auth-710", "sip line1 password": "fake-line-password-1", "sip line1 screen name": "710 Anna",
			"sip line2 registrar port": "5071", "sip line2 outbound proxy": "edge.example.net", "sip line2 outbound proxy port": "5062", "sip line2 transport protocol": "4",
			"sip autodial number": "", "download protocol": "HTTP", "http server": "10.20.0.1", "http port": "80", "http path": "cfg", "contact rcs": "0",
			"time zone minutes": "-60", "dst start month": "3", "dst start week": "-1", "dst start day": "1", "dst start hour": "2", "dst end month": "10", "dst end hour": "3",
			"admin password": "fake-admin-password", "auto resync mode": "1", "sip line1 backup proxy ip": "0.0.0.0", "sip line2 backup proxy ip": "0.0.0.0",
		},
		overrides: map[string]string{"language": "2", "lldp": "0"},
		replaces:  map[string]string{"language": "2", "sip line1 screen name": "Desk", "dst [start|end] relative date": "1"},
		badNames:  []string{"sip line1 user name:", "#x", "^sip", "a\nb", " x", "x "},
	}
}

// readMitel wants the comment a file begins with and no other. A name after a ^
// is said once more, with the same value.
func readMitel(body string) (map[string]string, error) {
	got, err := mitelSyntax.read(body)
	if err != nil {
		return nil, err
	}
	for name, value := range got {
		plain, forced := strings.CutPrefix(name, "^")
		if !forced {
			continue
		}
		if before, ok := got[plain]; !ok || before != value {
			return nil, fmt.Errorf("%s: got %q, and %q without the mark", name, value, before)
		}
		delete(got, name)
	}
	return got, nil
}

var mitelSyntax = lineSyntax{head: "# Lineside\n", end: "\n", between: ": ", value: func(s string) (string, error) {
	if strings.HasPrefix(s, `"`) {
		return unquote(s)
	}
	if strings.Contains(s, "#") {
		return "", fmt.Errorf("a comment in %q", s)
	}
	return strings.TrimSpace(s), nil
}}

// TestMitelForced: what somebody typed into the phone would outrank server, login
// and accounts, and nothing else is taken from people.
func TestMitelForced(t *testing.T) {
	body := string(render(t, input(t, "mitel", vendors.Full)))
	got, err := mitelSyntax.read(body)
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]bool{
		"http server": true, "http digest username": true, "http digest password": true,
		"sip line1 user name": true, "sip line2 password": true, "sip line16 password": true, "sip line1 registrar ip": true,
		"sip line1 screen name": false, "language": false, "admin password": false, "time zone minutes": false,
	} {
		value, forced := got["^"+name]
		if forced != want || want && value != got[name] {
			t.Errorf("^%s: got %v with %q, want %v", name, forced, value, want)
		}
	}
}
