package vendors_test

import (
	"crypto/x509/pkix"
	"fmt"
	"net/netip"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/lineside/lineside/phone"
	"github.com/lineside/lineside/vendors"
)

// readProfile reads a flat profile whose elements have no sections.
func readProfile(body []byte) (map[string]string, error) {
	root, err := parseXML(body)
	if err == nil && root.XMLName.Local != "flat-profile" {
		err = fmt.Errorf("root %s", root.XMLName.Local)
	}
	if err != nil {
		return nil, err
	}
	return readElements(root, "")
}

// readRooted reads a document with sections, by their paths.
func readRooted(root string) func([]byte) (map[string]string, error) {
	return func(body []byte) (map[string]string, error) {
		e, err := parseXML(body)
		if err == nil && e.XMLName.Local != root {
			err = fmt.Errorf("root %s, want %s", e.XMLName.Local, root)
		}
		if err != nil {
			return nil, err
		}
		return readTree(body)
	}
}

// profiles are the vendors whose phones are led by Profile_Rule.
var profiles = []phone.Vendor{"cisco-spa", "cisco-ata", "cisco-mpp", "linksys"}

// TestProfileRule: the rule names a file that this vendor alone understands,
// with the phone's macro for its MAC, in the first file and in the phone's own.
func TestProfileRule(t *testing.T) {
	for _, v := range profiles {
		s := samplesOf(t, v)
		in := input(t, v, vendors.Full)
		login, rule, ok := strings.Cut(values(t, in)["Profile_Rule"], "]")
		if want := "[--uid fake-login --pwd fake-login-password"; !ok || login != want {
			t.Errorf("%s: got %q before the URL, want %q", v, login, want)
		}
		in.File = file(t, s.others[0].name, v)
		first, err := s.read(render(t, in))
		if err != nil {
			t.Fatal(err)
		}
		if first["Profile_Rule"] != rule || first["Profile_Rule_B"] != rule {
			t.Errorf("%s: the first file says %q, want %q twice", v, first, rule)
		}
		name := strings.ReplaceAll(strings.TrimPrefix(rule, in.Box.URL), "$MA", s.mac)
		f, ok := vendors.All().File(name)
		want := vendors.File{Name: name, Kind: vendors.Config, Vendor: v, MAC: mac(t, s.mac)}
		if d := cmp.Diff(want, f); d != "" || !ok {
			t.Errorf("%s: %q: ok %v (-want +got)\n%s", v, name, ok, d)
		}
	}
}

// TestProfileRuleRefuses: a rule is a language of its own, and nothing that means
// something in it may come out of a login or a URL.
func TestProfileRuleRefuses(t *testing.T) {
	plain := phone.NewSecret("x")
	tests := []struct {
		name  string
		spoil func(*vendors.Input)
	}{
		{"password with a blank", func(in *vendors.Input) { in.Login.Password = phone.NewSecret("a --key b") }},
		{"password with a bracket", func(in *vendors.Input) { in.Login.Password = phone.NewSecret("a]http://10.0.0.9/") }},
		{"password with a macro", func(in *vendors.Input) { in.Login.Password = phone.NewSecret("$SA") }},
		{"no password", func(in *vendors.Input) { in.Login.Password = phone.Secret{} }},
		{"user with a bar", func(in *vendors.Input) { in.Login = vendors.Login{User: "a|b", Password: plain} }},
		{"URL with a macro", func(in *vendors.Input) { in.Box.URL = "http://10.20.0.1/$A/" }},
		{"URL with a choice", func(in *vendors.Input) { in.Box.URL = "http://10.20.0.1/(1)?a|b/" }},
		{"URL of a protocol the box has no door for", func(in *vendors.Input) { in.Box.URL = "ftp://10.20.0.1/" }},
	}
	for _, v := range profiles {
		for _, tt := range tests {
			in := input(t, v, vendors.Full)
			tt.spoil(&in)
			if body, err := vendors.All().Render(in); err == nil {
				t.Errorf("%s, %s: was written:\n%s", v, tt.name, body)
			} else if strings.Contains(err.Error(), in.Login.Password.Reveal()) && len(in.Login.Password.Reveal()) > 1 {
				t.Errorf("%s, %s: the error tells the password: %v", v, tt.name, err)
			}
		}
	}
}

// TestProfileHTTPS: only multiplatform phones can be given the box's CA, so only
// they are sent to it by HTTPS.
func TestProfileHTTPS(t *testing.T) {
	for _, v := range profiles {
		in := input(t, v, vendors.Holding)
		in.Box.URL = "https://10.20.0.1/cfg/"
		_, err := vendors.All().Render(in)
		if want := v == "cisco-mpp"; (err == nil) != want {
			t.Errorf("%s: got error %v, want one: %v", v, err, !want)
		}
		if err != nil && !strings.Contains(err.Error(), "listen.url") {
			t.Errorf("%s: %q does not say what to set", v, err)
		}
	}
}

// TestDialPlan: emergency numbers go out at once in every stage, and the hotline
// waits, and only on hold.
func TestDialPlan(t *testing.T) {
	want := map[vendors.Stage]string{
		vendors.Holding: "(P5<:*89>|110S0|112S0|911S0|*xx.|xx.)",
		vendors.Full:    "(110S0|112S0|911S0|*xx.|xx.)",
	}
	for _, v := range profiles {
		for stage, plan := range want {
			in := input(t, v, stage)
			if got := values(t, in)["Dial_Plan_1_"]; got != plan {
				t.Errorf("%s, stage %d: got %q, want %q", v, stage, got, plan)
			}
			in.Hold.Hotline = "1>|<:0900"
			if got := values(t, in)["Dial_Plan_1_"]; got != want[vendors.Full] {
				t.Errorf("%s, stage %d: a hotline that is no number gives %q", v, stage, got)
			}
		}
	}
}

// TestProfileClock has zones east, west, without summer time, at Greenwich and
// south of the equator.
func TestProfileClock(t *testing.T) {
	tests := []struct{ zone, offset, rule, router string }{
		{"Europe/Berlin", "GMT+01:00", "start=3/-1/7/2:0:0;end=10/-1/7/3:0:0;save=1", "+01 2 2"},
		{"Europe/London", "GMT", "start=3/-1/7/1:0:0;end=10/-1/7/2:0:0;save=1", "+00 2 2"},
		{"America/New_York", "GMT-05:00", "start=3/8/7/2:0:0;end=11/1/7/2:0:0;save=1", "-05 2 1"},
		{"America/Phoenix", "GMT-07:00", "", "-07 1 0"},
		{"Asia/Kolkata", "GMT+05:30", "", "+05 1 0"},
		{"Australia/Sydney", "GMT+10:00", "start=10/1/7/2:0:0;end=4/1/7/3:0:0;save=1", "+10 2 4"},
		{"Australia/Lord_Howe", "GMT+10:30", "start=10/1/7/2:0:0;end=4/1/7/2:0:0;save=0:30:0", "+10 2 4"},
	}
	for _, tt := range tests {
		in := input(t, "cisco-spa", vendors.Full)
		in.Site.Zone = tt.zone
		got := values(t, in)
		if got["Time_Zone"] != tt.offset || got["Daylight_Saving_Time_Rule"] != tt.rule {
			t.Errorf("%s: got %q and %q, want %q and %q", tt.zone, got["Time_Zone"], got["Daylight_Saving_Time_Rule"], tt.offset, tt.rule)
		}
		in = input(t, "cisco-ata", vendors.Full)
		in.Site.Zone = tt.zone
		got = values(t, in)
		const setup = "router-configuration/Time_Setup/"
		if got[setup+"Time_Zone"] != tt.router || got[setup+"Daylight_Saving_Time_Rule"] != tt.rule {
			t.Errorf("%s: got %q and %q of an adapter, want %q and %q", tt.zone, got[setup+"Time_Zone"], got[setup+"Daylight_Saving_Time_Rule"], tt.router, tt.rule)
		}
	}
}

// TestCiscoOptions: each family reads another form, and none gets another's.
func TestCiscoOptions(t *testing.T) {
	box := vendors.Box{URL: "http://10.20.0.1:8080/cfg/", Addr: netip.MustParseAddr("10.20.0.1")}
	product := []byte("http://10.20.0.1:8080/cfg/spa$PSN.cfg")
	folder := []byte("http://10.20.0.1:8080/cfg")
	want := map[phone.Vendor][]vendors.Option{
		"cisco-spa": {{Code: 66, Value: product, Always: true}, {Code: 160, Value: product, Always: true}},
		"cisco-ata": {{Code: 66, Value: product, Always: true}, {Code: 160, Value: product, Always: true}},
		"cisco-mpp": {{Code: 66, Value: folder, Always: true}, {Code: 160, Value: folder, Always: true}},
		"linksys":   {{Code: 66, Value: []byte("10.20.0.1"), Always: true}},
		"cisco-sep": {{Code: 66, Value: []byte("10.20.0.1"), Always: true}, {Code: 150, Value: []byte{10, 20, 0, 1}}},
	}
	for v, w := range want {
		if d := cmp.Diff(w, options(t, v, box)); d != "" {
			t.Errorf("%s (-want +got)\n%s", v, d)
		}
	}
	box.Addr = netip.MustParseAddr("2001:db8::1")
	if got := options(t, "linksys", box); len(got) != 1 || string(got[0].Value) != "10.20.0.1" {
		t.Errorf("linksys, box on IPv6 with a URL on IPv4: got %+v", got)
	}
}

// TestCiscoCertificates: the families may share a CA, so each reads its own
// products' certificates only.
func TestCiscoCertificates(t *testing.T) {
	tests := map[string]phone.Vendor{
		"SPA-962": "linksys", "PAP2T": "linksys", "SPA504G": "cisco-spa", "SPA112": "cisco-ata",
		"ATA191-MPP": "cisco-ata", "CP-8851-3PCC": "cisco-mpp",
	}
	for product, owner := range tests {
		seq := named(is(oidOU, product), is(oidState, "000e08abcdef"))
		var subject pkix.Name
		subject.FillFromRDNSequence(&seq)
		for _, v := range profiles {
			m, _ := vendors.All().Of(v)
			got, ok := m.CertMAC(subject)
			if want := v == owner; ok != want || ok && got != mac(t, "000e08abcdef") {
				t.Errorf("%s read by %s: got %s %v, want %v", product, v, got, ok, want)
			}
		}
	}
}
