package vendors_test

import (
	"testing"

	"github.com/lineside/lineside/vendors"
)

func htekSamples() samples {
	return samples{
		vendor: "htek", mac: "001fc11c22a9", model: "UC903", config: "cfg001fc11c22a9.xml", ext: "xml",
		read: readGrandstream(map[string][3]string{
			"user": {"P35", "P735", "P504"}, "auth": {"P36", "P736", "P505"}, "password": {"P34", "P734", "P506"},
			"name": {"P3", "P703", "P507"}, "label": {"P20000", "P20001", "P20002"},
		}),
		keys: lineKeys{user: "user.@", auth: "auth.@", password: "password.@", name: "name.@", label: "label.@"},
		agents: []identSample{
			{"Htek UC903 2.0.4.2 00:1f:c1:1c:22:a9", vendors.Ident{Vendor: "htek", Model: "UC903", Firmware: "2.0.4.2", MAC: mustMAC("001fc11c22a9")}},
			{"Htek uc924u 2.42.6.5.31 00:1F:C1:1C:22:A9", vendors.Ident{Vendor: "htek", Model: "UC924U", Firmware: "2.42.6.5.31", MAC: mustMAC("001fc11c22a9")}},
			{"Htek UC903 2.0.4.2", vendors.Ident{}},
			{"Htek UC903 2.0.4.2 00:1f:c1:1c:22:a9:00", vendors.Ident{}},
		},
		names: []nameSample{
			{name: "cfg0012.xml", kind: vendors.Absent},
			{name: "cfg001fc11c22a9", kind: vendors.Absent, mac: "001fc11c22a9"},
			{name: "cfg001fc11c22a9.xml", kind: vendors.Config, mac: "001fc11c22a9"},
			{name: "cfg001FC11C22A9.xml", hint: "htek", kind: vendors.Config, mac: "001fc11c22a9"},
			{name: "001fc11c22a9.cfg", kind: vendors.Config, mac: "001fc11c22a9"},
			{name: "factory0001.bin", kind: vendors.Absent},
		},
		holding: map[string]string{
			"P271": "1", "P47": "10.20.0.1:5060", "P35": "hold-fake", "P34": "fake-hold-password", "P20000": "Authentication needed 001FC11C22A9",
			"P4210": "*89", "P8638": "5", "P5732": "110,112,911", "P4200": "{110|112|911|[x*]+}", "P193": "5", "P401": "0", "P734": "", "P967": "sbc.example.net:5080",
		},
		full: map[string]string{
			"P212": "1", "P237": "http://10.20.0.1/cfg", "P1360": "fake-login", "P1361": "fake-login-password", "P145": "1",
			"P35": "4930123456710", "P36": "auth-710", "P34": "fake-line-password-1", "P20000": "710 Anna", "P3": "Anna Müller",
			"P47": "sip.example.net:5060", "P48": "", "P130": "0", "P747": "sip.example.net:5071", "P748": "edge.example.net:5062", "P830": "2",
			"P501": "0", "P506": "", "P601": "0", "P606": "", "P4210": "", "P2": "fake-admin-password", "P64": "49", "P143": "0", "P75": "1",
			"P23118": "3", "P23119": "5", "P23120": "0", "P23121": "2", "P23122": "10", "P23125": "3", "P57": "9", "P79": "101", "P207": "", "P967": "",
		},
		overrides: map[string]string{"P8683": "1"},
		replaces:  map[string]string{"P24012": "0", "P8951": "Logo"},
		badNames:  []string{"p47", "P", "P47a", "P1234567", "Px"},
	}
}

// TestHtekZones: an offset whose code is not known is left to DHCP.
func TestHtekZones(t *testing.T) {
	for zone, want := range map[string][2]string{"Europe/London": {"0", "33"}, "Europe/Berlin": {"0", "49"}, "America/New_York": {"1", ""}} {
		in := input(t, "htek", vendors.Full)
		in.Site.Zone = zone
		got := values(t, in)
		if got := [2]string{got["P143"], got["P64"]}; got != want {
			t.Errorf("%s: got P143 and P64 %q, want %q", zone, got, want)
		}
	}
}
