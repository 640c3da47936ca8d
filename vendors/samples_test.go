package vendors_test

import (
	"encoding/asn1"
	"net/netip"
	"testing"

	"github.com/lineside/lineside/phone"
	"github.com/lineside/lineside/vendors"
)

// samples are what a vendor brings to the harness, whose tests run over all of
// them. They are facts of the field where there are any: real option 60 values,
// User-Agents and file names.
type samples struct {
	vendor     phone.Vendor
	mac, model string
	config     string // the Config file that mac and model ask for
	refuses    string // characters a value in its format cannot have
	ext        string // of the golden files
	others     []otherFile
	// read is an independent reader of a Common or Config file.
	read func(body []byte) (map[string]string, error)
	keys lineKeys
	// certField holds the MAC in its factory certificates; nil is the CN.
	certField asn1.ObjectIdentifier

	classes, agents, sipAgents []identSample
	names                      []nameSample

	holding, full map[string]string // parameters that must read so
	overrides     map[string]string // of the golden full config
	replaces      map[string]string // overrides that must come out as they are
	badNames      []string          // names of overrides that must be refused
}

// otherFile is a Common or Boot file with the middle of its golden file's name.
type otherFile struct{ name, golden string }

// lineKeys are where a vendor keeps a line's texts; @ is its number from 1, # from
// 0. Empty: it has none.
type lineKeys struct{ user, auth, password, name, label string }

// identSample is a text of a phone and what it says; a zero want with a vendor's
// text is one that must not be recognised.
type identSample struct {
	text string
	want vendors.Ident
}

// nameSample is a file name a phone asks for. hint is the vendor by
// User-Agent, empty where the name alone must do.
type nameSample struct {
	name       string
	hint       phone.Vendor
	kind       vendors.Kind
	mac, model string
}

// allSamples has a row for each vendor of vendors.All.
func allSamples() []samples {
	return []samples{
		yealinkSamples(),
		snomSamples(),
		polySamples(),
		grandstreamSamples(),
		grandstreamHTSamples(),
		grandstreamGWSamples(),
		grandstreamDPSamples(),
		fanvilSamples(),
		mitelSamples(),
		snomBaseSamples(),
		ciscoMPPSamples(),
		ciscoSPASamples(),
		ciscoATASamples(),
		ciscoSEPSamples(),
		linksysSamples(),
		avayaSamples(),
		panasonicSamples(),
		panasonicTGPSamples(),
		panasonicUTGSamples(),
		gigasetSamples(),
		gigasetMaxwellSamples(),
		gigasetN510Samples(),
		gigasetN720Samples(),
		gigasetPSamples(),
		pattonSamples(),
		pattonTrinitySamples(),
		spectralinkSamples(),
		htekSamples(),
		algoSamples(),
		audiocodesSamples(),
		audiocodesMPSamples(),
		obihaiSamples(),
	}
}

var testLines = []phone.Line{
	{
		Registrar: "sip.example.net", User: "4930123456710", AuthID: "auth-710",
		Password: phone.NewSecret("fake-line-password-1"), DisplayName: "Anna Müller", Label: "710 Anna",
	},
	{
		Registrar: "sip.example.net", Port: 5071, Transport: phone.TLS, OutboundProxy: "edge.example.net:5062",
		User: "4930123456711", Password: phone.NewSecret("fake-line-password-2"),
	},
}

// samplesOf finds a vendor's row.
func samplesOf(t testing.TB, v phone.Vendor) samples {
	t.Helper()
	for _, s := range allSamples() {
		if s.vendor == v {
			return s
		}
	}
	t.Fatalf("no samples of %s", v)
	return samples{}
}

func mustMAC(s string) phone.MAC {
	m, err := phone.ParseMAC(s)
	if err != nil {
		panic(err)
	}
	return m
}

func mac(t testing.TB, s string) phone.MAC {
	t.Helper()
	m, err := phone.ParseMAC(s)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

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
	s := samplesOf(t, v)
	return vendors.Input{
		File:  file(t, s.config, v),
		Stage: stage,
		Device: phone.Device{
			MAC: mac(t, s.mac), Vendor: v, Model: s.model, Label: "Reception",
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
	got, err := samplesOf(t, in.File.Vendor).read(render(t, in))
	if err != nil {
		t.Fatalf("%s: %v", in.File.Name, err)
	}
	return got
}
