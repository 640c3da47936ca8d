package vendors_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/lineside/lineside/phone"
	"github.com/lineside/lineside/vendors"
)

func mac(t testing.TB, s string) phone.MAC {
	t.Helper()
	m, err := phone.ParseMAC(s)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func TestByClass(t *testing.T) {
	tests := []struct {
		class string
		want  vendors.Ident
	}{
		{"yealink", vendors.Ident{Vendor: "yealink"}},
		{"Yealink\x00", vendors.Ident{Vendor: "yealink"}},
		{"yealink SIP-T46G", vendors.Ident{Vendor: "yealink", Model: "T46G"}},
		{"snom320", vendors.Ident{Vendor: "snom", Model: "320"}},
		{"snomD385", vendors.Ident{Vendor: "snom", Model: "D385"}},
		{"snomPA1", vendors.Ident{Vendor: "snom", Model: "PA1"}},
		{"snomM900", vendors.Ident{Vendor: "snom", Model: "M900"}},
		{"\x00\x00\x36\x3d\x1a\x01\x0d3111-46157-002\x02\x096.3.0.144\xff", vendors.Ident{Vendor: "poly"}},
		{"Polycom", vendors.Ident{Vendor: "poly"}},
		{"PolycomVVX-VVX_410", vendors.Ident{Vendor: "poly", Model: "VVX410"}},
		{"Polycom-VVX410", vendors.Ident{Vendor: "poly", Model: "VVX410"}},
		{"PolyEdge-Edge_E450", vendors.Ident{Vendor: "poly", Model: "EdgeE450"}},
		{"PolycomSoundPointIP", vendors.Ident{Vendor: "poly"}},

		{"", vendors.Ident{}},
		{"\x00\x00", vendors.Ident{}},
		{"\x00\x00\x36\x3d", vendors.Ident{}},
		{"MSFT 5.0", vendors.Ident{}},
		{"PXEClient:Arch:00000", vendors.Ident{}},
		{"Polyphonic", vendors.Ident{}},
		{"snom D385; rm", vendors.Ident{}},
		{"snom" + strings.Repeat("9", 200), vendors.Ident{}},
		{"Cisco Systems, Inc. IP Phone CP-7970G\x00", vendors.Ident{}},
	}
	for _, tt := range tests {
		got, ok := vendors.All().ByClass([]byte(tt.class))
		if d := cmp.Diff(tt.want, got); d != "" || ok != (tt.want.Vendor != "") {
			t.Errorf("%q: ok %v (-want +got)\n%s", tt.class, ok, d)
		}
	}
}

func TestByAgent(t *testing.T) {
	m := func(s string) phone.MAC { return mac(t, s) }
	const snomHead = "Mozilla/4.0 (compatible; "
	tests := []struct {
		agent string
		want  vendors.Ident
	}{
		{"Yealink SIP-T46G 28.83.0.120 00:15:65:4a:a9:37", vendors.Ident{Vendor: "yealink", Model: "T46G", Firmware: "28.83.0.120", MAC: m("0015654aa937")}},
		{"Yealink SIP-T77U 185.87.0.10 44:db:d2:bd:b5:69", vendors.Ident{Vendor: "yealink", Model: "T77U", Firmware: "185.87.0.10", MAC: m("44dbd2bdb569")}},
		{"Yealink SIP-T34W 124.86.0.75 24:9a:d8:88:d0:f4", vendors.Ident{Vendor: "yealink", Model: "T34W", Firmware: "124.86.0.75", MAC: m("249ad888d0f4")}},
		{"Yealink SIP-T38G  38.70.0.125 00:15:65:2f:c3:5e", vendors.Ident{Vendor: "yealink", Model: "T38G", Firmware: "38.70.0.125", MAC: m("0015652fc35e")}},
		{"yealink SIP-T28P 2.70.0.140 00:15:65:11:22:33", vendors.Ident{Vendor: "yealink", Model: "T28P", Firmware: "2.70.0.140", MAC: m("001565112233")}},
		{"Yealink SIP VP-T49G 51.80.0.10 00:15:65:11:22:33", vendors.Ident{Vendor: "yealink", Model: "VP-T49G", Firmware: "51.80.0.10", MAC: m("001565112233")}},
		{"Yealink CP860 37.72.0.5 00:15:65:11:22:33", vendors.Ident{Vendor: "yealink", Model: "CP860", Firmware: "37.72.0.5", MAC: m("001565112233")}},
		{"Yealink SIP-CP920 78.85.0.5 00:15:65:11:22:33", vendors.Ident{Vendor: "yealink", Model: "CP920", Firmware: "78.85.0.5", MAC: m("001565112233")}},
		{"Yealink W60B 77.81.0.35 80:5e:c0:09:ab:dc", vendors.Ident{Vendor: "yealink", Model: "W60B", Firmware: "77.81.0.35", MAC: m("805ec009abdc")}},
		{"Yealink W90DM 130.85.0.15 80:5e:c0:d9:c7:44", vendors.Ident{Vendor: "yealink", Model: "W90DM", Firmware: "130.85.0.15", MAC: m("805ec0d9c744")}},
		{"Yealink SIP-W52P 25.30.0.2 00:15:65:11:22:33", vendors.Ident{Vendor: "yealink", Model: "W52P", Firmware: "25.30.0.2", MAC: m("001565112233")}},
		{"W52P 25.30.0.2 00:15:65:11:22:33", vendors.Ident{Vendor: "yealink", Model: "W52P", Firmware: "25.30.0.2", MAC: m("001565112233")}},
		{"VP530P 23.70.0.40 00:15:65:11:22:33", vendors.Ident{Vendor: "yealink", Model: "VP530P", Firmware: "23.70.0.40", MAC: m("001565112233")}},
		{"Yealink SIP-T56A  58.80.0.25 001565f429a4", vendors.Ident{Vendor: "yealink", Model: "T56A", Firmware: "58.80.0.25", MAC: m("001565f429a4")}},
		{"Yealink-T46G 28.71.0.81 28.1.0.128.0.0.0", vendors.Ident{Vendor: "yealink", Model: "T46G", Firmware: "28.71.0.81"}},
		{"Yealink SIP-T54W 96.86.0.45", vendors.Ident{Vendor: "yealink", Model: "T54W", Firmware: "96.86.0.45"}},
		{"Yealink SIP-T99Z 199.90.0.1 00:00:00:00:00:00", vendors.Ident{Vendor: "yealink", Model: "T99Z", Firmware: "199.90.0.1"}},

		{snomHead + "snomD785-SIP 10.1.33.33 2010.12-00004-g9ba52f5 000413922D24 SXM:0 UXM:0)", vendors.Ident{Vendor: "snom", Model: "D785", Firmware: "10.1.33.33", MAC: m("000413922d24")}},
		{snomHead + "snomD785-SIP 10.1.169.16 2010.12-00001-gd311851f1 (Feb 25 2019 - 14:19:43) 00041396D9B4 SXM:0 UXM:0 UXMC:0)", vendors.Ident{Vendor: "snom", Model: "D785", Firmware: "10.1.169.16", MAC: m("00041396d9b4")}},
		{snomHead + "snomD385-SIP 10.1.175.16 2010.12-00001-gd311851f1 000413A1B2C3 SXM:0 UXM:0 UXMC:0)", vendors.Ident{Vendor: "snom", Model: "D385", Firmware: "10.1.175.16", MAC: m("000413a1b2c3")}},
		{snomHead + "snom710-SIP 8.7.5.35 1.1.5-IFX-05.01.12 000413741767)", vendors.Ident{Vendor: "snom", Model: "710", Firmware: "8.7.5.35", MAC: m("000413741767")}},
		{snomHead + "snom710-SIP 8.7.3.19 1.1.5-IFX-05.01.12)", vendors.Ident{Vendor: "snom", Model: "710", Firmware: "8.7.3.19"}},
		{snomHead + "snom320-SIP 8.4.18 1.1.3-s)", vendors.Ident{Vendor: "snom", Model: "320", Firmware: "8.4.18"}},
		{snomHead + "snom870-SIP 8.4.35 SPEAr300 SNOM 1.4)", vendors.Ident{Vendor: "snom", Model: "870", Firmware: "8.4.35"}},
		{snomHead + "snom320-SIP 6.5.20; snom320 jffs2 v3.36; snom320 linux 3.38)", vendors.Ident{Vendor: "snom", Model: "320", Firmware: "6.5.20"}},
		{snomHead + "snom lid 3605)", vendors.Ident{Vendor: "snom"}},
		{snomHead + "Snom M900 05.20.0001 000413b60680)", vendors.Ident{Vendor: "snom", Model: "M900", Firmware: "05.20.0001", MAC: m("000413b60680")}},

		{"FileTransport PolycomSoundPointIP-SPIP_335-UA/3.2.1.0078", vendors.Ident{Vendor: "poly", Model: "SPIP335"}},
		{"FileTransport PolycomSoundPointIP-SPIP_335-UA/4.2.1.0275", vendors.Ident{Vendor: "poly", Model: "SPIP335"}},
		{"FileTransport PolycomSoundStationIP-SSIP_6000-UA/4.0.4.2906 Type/Application", vendors.Ident{Vendor: "poly", Model: "SSIP6000", Firmware: "4.0.4.2906"}},
		{"FileTransport PolycomSoundStationIP-SSIP_6000-UA/5.0.3.1667 Type/Updater", vendors.Ident{Vendor: "poly", Model: "SSIP6000"}},
		{"FileTransport PolycomSoundStationIP-SSIP_5000-UA/4.0.3.7562 (SN:0004f2e765da) Type/Application", vendors.Ident{Vendor: "poly", Model: "SSIP5000", Firmware: "4.0.3.7562", MAC: m("0004f2e765da")}},
		{"FileTransport PolycomVVX-VVX_400-UA/4.1.4.7430 Type/Application", vendors.Ident{Vendor: "poly", Model: "VVX400", Firmware: "4.1.4.7430"}},
		{"FileTransport PolycomVVX-VVX_101-UA/5.4.3.1014 Type/Application", vendors.Ident{Vendor: "poly", Model: "VVX101", Firmware: "5.4.3.1014"}},
		{"FileTransport PolyCCX-CCX_500-UA/9.4.1.0508 (SN:64167f9f4c90) Type/Application", vendors.Ident{Vendor: "poly", Model: "CCX500", Firmware: "9.4.1.0508", MAC: m("64167f9f4c90")}},
		{"FileTransport PolyEdge-Edge_E450-UA/8.0.0.15602 Type/Application", vendors.Ident{Vendor: "poly", Model: "EdgeE450", Firmware: "8.0.0.15602"}},

		{"", vendors.Ident{}},
		{"curl/8.5.0", vendors.Ident{}},
		{"curl 8.5.0", vendors.Ident{}},
		{"Wget 1.2.3 00:15:65:4a:a9:37", vendors.Ident{}},
		{"Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0", vendors.Ident{}},
		{"Mozilla/4.0 (compatible; MSIE 6.0; Windows NT 5.1)", vendors.Ident{}},
		{"FileTransport Polyphony-X-UA", vendors.Ident{}},
		{strings.Repeat("Yealink ", 100), vendors.Ident{}},
	}
	for _, tt := range tests {
		got, ok := vendors.All().ByAgent(tt.agent)
		if d := cmp.Diff(tt.want, got); d != "" || ok != (tt.want.Vendor != "") {
			t.Errorf("%q: ok %v (-want +got)\n%s", tt.agent, ok, d)
		}
	}
}

func TestFile(t *testing.T) {
	const none = vendors.Kind(0)
	tests := []struct {
		name, hint string
		vendor     phone.Vendor
		kind       vendors.Kind
		mac, model string
	}{
		{"0015654aa937.boot", "", "yealink", vendors.Absent, "0015654aa937", ""},
		{"y000000000000.boot", "", "yealink", vendors.Absent, "", ""},
		{"y000000000028.cfg", "", "yealink", vendors.Common, "", "T46G"},
		{"y000000000123.cfg", "", "yealink", vendors.Common, "", ""},
		{"y000000000000.cfg", "", "yealink", vendors.Common, "", "T28P"},
		{"y999999999999.cfg", "", "yealink", vendors.Common, "", ""},
		{"0015654aa937.cfg", "", "yealink", vendors.Config, "0015654aa937", ""},
		{"0015654AA937.cfg", "", "yealink", vendors.Config, "0015654aa937", ""},
		{"0015654aa937-local.cfg", "", "yealink", vendors.Absent, "0015654aa937", ""},
		{"0015654aa937-contact.xml", "", "yealink", vendors.Absent, "0015654aa937", ""},

		{"snomD385.htm", "", "snom", vendors.Common, "", "D385"},
		{"snomd385.xml", "", "snom", vendors.Common, "", "D385"},
		{"snomD385-000413A1B2C3.htm", "", "snom", vendors.Config, "000413a1b2c3", "D385"},
		{"snom320-000413a1b2c3.xml", "", "snom", vendors.Config, "000413a1b2c3", "320"},
		{"000413A1B2C3.xml", "", "snom", vendors.Config, "000413a1b2c3", ""},
		{"000413A1B2C3.htm", "", "snom", vendors.Config, "000413a1b2c3", ""},
		{"snomD385-firmware.xml", "", "snom", vendors.Absent, "", "D385"},
		{"snomM900-000413B60680.htm", "", "snom", vendors.Absent, "000413b60680", "M900"},
		{"snomM900.htm", "", "snom", vendors.Absent, "", "M900"},

		{"0004f2aabbcc.cfg", "", "poly", vendors.Boot, "0004f2aabbcc", ""},
		{"0004f2aabbcc.cfg", "poly", "poly", vendors.Boot, "0004f2aabbcc", ""},
		{"0004f2aabbcc.cfg", "yealink", "yealink", vendors.Config, "0004f2aabbcc", ""},
		{"0004f2aabbcc.cfg", "snom", "poly", vendors.Boot, "0004f2aabbcc", ""},
		{"0015654aa937.cfg", "snom", "yealink", vendors.Config, "0015654aa937", ""},
		{"0a0000000001.cfg", "", "yealink", vendors.Config, "0a0000000001", ""},
		{"0a0000000001.cfg", "poly", "poly", vendors.Boot, "0a0000000001", ""},
		{"0004f2aabbcc-lineside.cfg", "", "poly", vendors.Config, "0004f2aabbcc", ""},
		{"000000000000.cfg", "", "poly", vendors.Common, "", ""},
		{"000000000000.cfg", "yealink", "poly", vendors.Common, "", ""},
		{"lineside-poly.cfg", "", "poly", vendors.Common, "", ""},
		{"0004f2aabbcc-phone.cfg", "", "poly", vendors.Absent, "0004f2aabbcc", ""},
		{"0004f2aabbcc-web.cfg", "", "poly", vendors.Absent, "0004f2aabbcc", ""},
		{"0004f2aabbcc-license.cfg", "", "poly", vendors.Absent, "0004f2aabbcc", ""},
		{"0004f2aabbcc-directory.xml", "", "poly", vendors.Absent, "0004f2aabbcc", ""},
		{"0004f2aabbcc-calls.xml", "", "poly", vendors.Absent, "0004f2aabbcc", ""},
		{"0004f2aabbcc-app.log", "", "poly", vendors.Absent, "0004f2aabbcc", ""},
		{"0004f2aabbcc-now-boot.log", "", "poly", vendors.Absent, "0004f2aabbcc", ""},
		{"000000000000-directory.xml", "", "poly", vendors.Absent, "", ""},
		{"000000000000-license.cfg", "", "poly", vendors.Absent, "", ""},
		{"2345-12600-001.sip.ld", "", "poly", vendors.Absent, "", ""},
		{"sip.ld", "", "poly", vendors.Absent, "", ""},

		{"", "", "", none, "", ""},
		{"ffffffffffff.cfg", "", "", none, "", ""},
		{"010000000001.cfg", "", "", none, "", ""},
		{"000000000000.xml", "", "", none, "", ""},
		{"snomD385-000000000000.htm", "", "", none, "", ""},
		{"snomD385-0004131.htm", "", "", none, "", ""},
		{"snom.htm", "", "", none, "", ""},
		{"snom../../etc-000413A1B2C3.htm", "", "", none, "", ""},
		{"y00000000002.cfg", "", "", none, "", ""},
		{"y00000000002a.cfg", "", "", none, "", ""},
		{"0015654aa937.cfg.bak", "", "", none, "", ""},
		{"00:15:65:4a:a9:37.cfg", "", "", none, "", ""},
		{"cfg/0015654aa937.cfg", "", "", none, "", ""},
		{"0004f2aabbcc-lineside.cfg\x00", "", "", none, "", ""},
		{strings.Repeat("a", 129), "", "", none, "", ""},
	}
	for _, tt := range tests {
		want := vendors.File{Vendor: tt.vendor, Kind: tt.kind, Model: tt.model}
		if tt.mac != "" {
			want.MAC = mac(t, tt.mac)
		}
		if tt.kind != none {
			want.Name = tt.name
		}
		got, ok := vendors.All().File(tt.name, phone.Vendor(tt.hint))
		if d := cmp.Diff(want, got); d != "" || ok != (tt.kind != none) {
			t.Errorf("%q with hint %q: ok %v (-want +got)\n%s", tt.name, tt.hint, ok, d)
		}
	}
}

// TestSequence walks what a phone asks for at power-on: every name is
// understood, as a file of that vendor, and the config is of that phone.
func TestSequence(t *testing.T) {
	first := map[phone.Vendor]string{
		"yealink": "0015654aa937.cfg", "snom": "snomD385-0015654AA937.htm", "poly": "0015654aa937-lineside.cfg",
	}
	models := map[phone.Vendor]string{"yealink": "T46G", "snom": "D385", "poly": "VVX410"}
	m := mac(t, "0015654aa937")
	for _, maker := range vendors.All() {
		config := ""
		for _, name := range maker.Sequence(m, models[maker.Vendor]) {
			f, ok := vendors.All().File(name, maker.Vendor)
			if !ok || f.Vendor != maker.Vendor {
				t.Errorf("%s: %s is not understood", maker.Name, name)
			}
			if f.Kind == vendors.Config && config == "" {
				config = name
			}
		}
		if config != first[maker.Vendor] {
			t.Errorf("%s: got config %q, want %q", maker.Name, config, first[maker.Vendor])
		}
	}
}

func TestModels(t *testing.T) {
	for _, maker := range vendors.All() {
		seen := map[string]bool{}
		for _, m := range vendors.Models(maker.Vendor) {
			if seen[m.Name] {
				t.Errorf("%s %s is listed twice", maker.Name, m.Name)
			}
			seen[m.Name] = true
			got, ok := vendors.ModelOf(maker.Vendor, strings.ToLower(m.Name))
			if !ok || got != m {
				t.Errorf("%s %s: ModelOf got %+v, want %+v", maker.Name, m.Name, got, m)
			}
		}
		if len(seen) == 0 {
			t.Errorf("%s has no models", maker.Name)
		}
	}
	for name, want := range map[string]string{"SIP-T46G": "T46G", "VVX_410": "", "T21P_E2": "T21P_E2"} {
		if m, _ := vendors.ModelOf("yealink", name); m.Name != want {
			t.Errorf("ModelOf(yealink, %q): got %q, want %q", name, m.Name, want)
		}
	}
	if m, _ := vendors.ModelOf("poly", "VVX_410"); m.Name != "VVX410" || m.Lines != 12 {
		t.Errorf("ModelOf(poly, VVX_410): got %+v, want VVX410 with 12 lines", m)
	}
}

func TestByOUI(t *testing.T) {
	for s, want := range map[string]phone.Vendor{
		"0015654aa937": "yealink", "805e0c000001": "yealink", "000413a1b2c3": "snom",
		"0004f2aabbcc": "poly", "482567000001": "poly", "0a0000000001": "",
	} {
		if got, _ := vendors.All().ByOUI(mac(t, s)); got != want {
			t.Errorf("%s: got %q, want %q", s, got, want)
		}
	}
}
