package vendors_test

import (
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/lineside/lineside/phone"
	"github.com/lineside/lineside/vendors"
)

// checkIdent holds what every recognition promises, whatever a stranger sent.
func checkIdent(t *testing.T, id vendors.Ident, ok bool) {
	t.Helper()
	if !ok {
		if id != (vendors.Ident{}) {
			t.Errorf("not recognised, but says %+v", id)
		}
		return
	}
	if _, served := vendors.All().Of(id.Vendor); !served {
		t.Errorf("vendor %q is not in the table", id.Vendor)
	}
	checkMAC(t, id.MAC)
	for _, s := range []string{id.Model, id.Firmware} {
		if len(s) > 64 || !utf8.ValidString(s) || strings.ContainsFunc(s, func(r rune) bool { return r < ' ' || r > '~' }) {
			t.Errorf("%q is no short plain word", s)
		}
	}
}

func checkMAC(t *testing.T, m phone.MAC) {
	t.Helper()
	if m.IsZero() {
		return
	}
	if again, err := phone.ParseMAC(m.String()); err != nil || again != m {
		t.Errorf("MAC %s does not parse again: %v", m, err)
	}
}

func FuzzClass(f *testing.F) {
	for _, s := range []string{"yealink", "yealink SIP-T46G", "snomD385", "Polycom", "PolycomVVX-VVX_410", "\x00\x00\x36\x3d\x05\x01\x01x\xff", "MSFT 5.0", "\x00"} {
		f.Add([]byte(s))
	}
	for _, v := range allSamples() {
		for _, s := range v.classes {
			f.Add([]byte(s.text))
		}
	}
	f.Fuzz(func(t *testing.T, class []byte) {
		id, ok := vendors.All().ByClass(class)
		checkIdent(t, id, ok)
	})
}

func FuzzAgent(f *testing.F) {
	for _, s := range []string{
		"Yealink SIP-T46G 28.83.0.120 00:15:65:4a:a9:37",
		"Mozilla/4.0 (compatible; snomD785-SIP 10.1.33.33 2010.12 000413922D24 SXM:0)",
		"FileTransport PolyCCX-CCX_500-UA/9.4.1.0508 (SN:64167f9f4c90) Type/Application",
		"curl/8.5.0",
	} {
		f.Add(s)
	}
	for _, v := range allSamples() {
		for _, s := range slices.Concat(v.agents, v.sipAgents) {
			f.Add(s.text)
		}
	}
	f.Fuzz(func(t *testing.T, agent string) {
		sip, ok := vendors.All().BySIPAgent(agent)
		checkIdent(t, sip, ok)
		id, ok := vendors.All().ByAgent(agent)
		checkIdent(t, id, ok)
		if h := id.MAC.Hex(); !id.MAC.IsZero() && !strings.Contains(strings.NewReplacer(":", "", "-", "").Replace(strings.ToLower(agent)), h) {
			t.Errorf("MAC %s is not in %q", h, agent)
		}
	})
}

func FuzzFile(f *testing.F) {
	for _, s := range []string{
		"0015654aa937.cfg", "0015654aa937.boot", "y000000000028.cfg", "snomD385.htm", "snomD385-000413A1B2C3.htm",
		"000413A1B2C3.xml", "000000000000.cfg", "0004f2aabbcc-lineside.cfg", "0004f2aabbcc-now-app.log",
		"2345-12600-001.sip.ld", "lineside-poly.cfg", "ffffffffffff.cfg",
	} {
		for _, hint := range []string{"", "yealink", "snom", "poly"} {
			f.Add(s, hint)
		}
	}
	for _, v := range allSamples() {
		for _, s := range v.names {
			f.Add(s.name, string(v.vendor))
		}
	}
	f.Fuzz(func(t *testing.T, name, hint string) {
		file, ok := vendors.All().File(name, phone.Vendor(hint))
		if !ok {
			if file != (vendors.File{}) {
				t.Errorf("not understood, but says %+v", file)
			}
			return
		}
		if _, served := vendors.All().Of(file.Vendor); !served {
			t.Errorf("vendor %q is not in the table", file.Vendor)
		}
		if file.Kind < vendors.Common || file.Kind > vendors.Absent {
			t.Errorf("kind %d is none", file.Kind)
		}
		if file.Name != name {
			t.Errorf("name %q became %q", name, file.Name)
		}
		checkMAC(t, file.MAC)
		if !file.MAC.IsZero() && !strings.Contains(strings.ToLower(name), file.MAC.Hex()) {
			t.Errorf("MAC %s is not in %q", file.MAC, name)
		}
		if own := file.Kind == vendors.Config || file.Kind == vendors.Boot; own && file.MAC.IsZero() {
			t.Errorf("%q is of one phone and names none", name)
		}
		if file.Kind == vendors.Common && !file.MAC.IsZero() {
			t.Errorf("%q is for all phones and names one", name)
		}
		if len(file.Model) > 16 || strings.ContainsAny(file.Model, "/\\. <>&\"'") {
			t.Errorf("model %q", file.Model)
		}
	})
}

// FuzzFirmwareText: a firmware text names an image in one word of one line, or
// none.
func FuzzFirmwareText(f *testing.F) {
	f.Add("Version=2.12.1\r\nFirmware=x210-2.12.1.z\r\nBuildTime=2024.01.01\r\n")
	f.Add("Firmware=\n")
	f.Add(" Firmware= a \nFirmware=b")
	m, _ := vendors.All().Of("fanvil")
	f.Fuzz(func(t *testing.T, text string) {
		name, ok := m.Image([]byte(text))
		if ok == (name == "") || strings.Contains(name, "\n") || strings.TrimSpace(name) != name || !strings.Contains(text, name) {
			t.Errorf("got %q and %v of %q", name, ok, text)
		}
	})
}
