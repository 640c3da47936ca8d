package vendors_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/lineside/lineside/phone"
	"github.com/lineside/lineside/vendors"
)

// TestRecognised tries every vendor's samples on the whole table: what a phone
// says must not be taken for another vendor's.
func TestRecognised(t *testing.T) {
	table := vendors.All()
	each(t, func(t *testing.T, _ vendors.Maker, s samples) {
		kinds := []struct {
			name    string
			read    func(string) (vendors.Ident, bool)
			samples []identSample
		}{
			{"option 60", func(x string) (vendors.Ident, bool) { return table.ByClass([]byte(x)) }, s.classes},
			{"option 60 with NUL", func(x string) (vendors.Ident, bool) { return table.ByClass([]byte(x + "\x00")) }, s.classes},
			{"User-Agent", table.ByAgent, s.agents},
			{"SIP User-Agent", table.BySIPAgent, s.sipAgents},
		}
		for _, k := range kinds {
			for _, tt := range k.samples {
				got, ok := k.read(tt.text)
				if ok && got.Confidence == vendors.Unknown || !got.MAC.IsZero() && got.Confidence != vendors.FromAgentMAC {
					t.Errorf("%s %q: confidence %s", k.name, tt.text, got.Confidence)
				}
				got.Confidence = tt.want.Confidence
				if d := cmp.Diff(tt.want, got); d != "" || ok != (tt.want.Vendor != "") {
					t.Errorf("%s %q: ok %v (-want +got)\n%s", k.name, tt.text, ok, d)
				}
			}
		}
	})
}

// TestFileNames tries every vendor's file names, by themselves or with the hint
// its phones give.
func TestFileNames(t *testing.T) {
	each(t, func(t *testing.T, m vendors.Maker, s samples) {
		for _, tt := range s.names {
			want := vendors.File{Name: tt.name, Vendor: m.Vendor, Kind: tt.kind, Model: tt.model}
			if tt.mac != "" {
				want.MAC = mac(t, tt.mac)
			}
			got, ok := vendors.All().File(tt.name, tt.hint)
			if d := cmp.Diff(want, got); d != "" || !ok {
				t.Errorf("%q with hint %q: ok %v (-want +got)\n%s", tt.name, tt.hint, ok, d)
			}
		}
	})
}

// TestHints: the surest hint decides, and one of a vendor without such a name
// does no harm.
func TestHints(t *testing.T) {
	tests := []struct {
		name  string
		hints []phone.Vendor
		want  phone.Vendor
	}{
		{"0004f2aabbcc.cfg", nil, "poly"},
		{"0004f2aabbcc.cfg", []phone.Vendor{"yealink", "poly"}, "yealink"},
		{"0004f2aabbcc.cfg", []phone.Vendor{"", "snom", "yealink"}, "yealink"},
		{"0a0000000001.cfg", []phone.Vendor{"snom", "", "poly"}, "poly"},
		{"0a0000000001.cfg", []phone.Vendor{"acme"}, "yealink"},
	}
	for _, tt := range tests {
		if got, ok := vendors.All().File(tt.name, tt.hints...); !ok || got.Vendor != tt.want {
			t.Errorf("%s with %q: got %q, want %q", tt.name, tt.hints, got.Vendor, tt.want)
		}
	}
}

// TestSharedOUI: a block two vendors share belongs to both.
func TestSharedOUI(t *testing.T) {
	shared := [][3]byte{{0x0a, 1, 2}}
	named := func(v phone.Vendor) vendors.Maker {
		return vendors.Maker{Vendor: v, OUIs: shared, File: func(name string) (vendors.File, bool) {
			return vendors.File{Name: name, Kind: vendors.Config, Vendor: v, MAC: mustMAC("0a0102030405")}, strings.HasPrefix(name, string(v))
		}}
	}
	table := vendors.NewTable(named("one"), named("two"))
	if f, _ := table.File("two-0a0102030405"); f.Vendor != "two" {
		t.Errorf("got %q, want two", f.Vendor)
	}
	if v, _ := table.ByOUI(mustMAC("0a0102030405")); v != "one" {
		t.Errorf("got %q, want the first, one", v)
	}
}

func TestNotRecognised(t *testing.T) {
	for _, text := range []string{
		"",
		"\x00\x00",
		"\x00\x00\x36\x3d",
		"MSFT 5.0",
		"PXEClient:Arch:00000",
		"Polyphonic",
		"snom D385; rm",
		"snom" + strings.Repeat("9", 200),
		"Cisco Systems, Inc. IP Phone CP-7960G\x00",
	} {
		if got, ok := vendors.All().ByClass([]byte(text)); ok || got != (vendors.Ident{}) {
			t.Errorf("option 60 %q: got %+v", text, got)
		}
	}
	for _, text := range []string{
		"",
		"curl/8.5.0",
		"curl 8.5.0",
		"Wget 1.2.3 00:15:65:4a:a9:37",
		"Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0",
		"Mozilla/4.0 (compatible; MSIE 6.0; Windows NT 5.1)",
		"FileTransport Polyphony-X-UA",
		strings.Repeat("Yealink ", 100),
	} {
		for kind, read := range map[string]func(string) (vendors.Ident, bool){"User-Agent": vendors.All().ByAgent, "SIP User-Agent": vendors.All().BySIPAgent} {
			if got, ok := read(text); ok || got != (vendors.Ident{}) {
				t.Errorf("%s %q: got %+v", kind, text, got)
			}
		}
	}
	for _, name := range []string{
		"",
		"ffffffffffff.cfg",
		"010000000001.cfg",
		"000000000000.xml",
		"snomD385-000000000000.htm",
		"snomD385-0004131.htm",
		"snom.htm",
		"snom../../etc-000413A1B2C3.htm",
		"y00000000002.cfg",
		"y00000000002a.cfg",
		"0015654aa937.cfg.bak",
		"00:15:65:4a:a9:37.cfg",
		"cfg/0015654aa937.cfg",
		"0004f2aabbcc-lineside.cfg\x00",
		strings.Repeat("a", 129),
	} {
		if got, ok := vendors.All().File(name); ok || got != (vendors.File{}) {
			t.Errorf("file %q: got %+v", name, got)
		}
	}
}

// TestSequence walks what a phone asks for at power-on: every name is
// understood, as a file of that vendor, and the first config is the sample's,
// of the phone it is asked for.
func TestSequence(t *testing.T) {
	each(t, func(t *testing.T, m vendors.Maker, s samples) {
		config := ""
		for _, name := range m.Sequence(mac(t, s.mac), s.model) {
			f, ok := vendors.All().File(name, m.Vendor)
			if !ok || f.Vendor != m.Vendor {
				t.Errorf("%s is not understood", name)
			}
			if f.Kind == vendors.Config && config == "" {
				config = name
			}
		}
		if config != s.config {
			t.Errorf("got config %q, want %q", config, s.config)
		}
		if names := m.Sequence(mac(t, s.mac), "no such model"); len(names) == 0 {
			t.Error("an unknown model asks for nothing")
		}
	})
}

func TestModels(t *testing.T) {
	each(t, func(t *testing.T, maker vendors.Maker, _ samples) {
		for _, m := range maker.Models.List() {
			for _, spelling := range []string{m.Name, strings.ToLower(m.Name), "SIP-" + m.Name} {
				if got, ok := maker.Models.Of(spelling); !ok || got != m {
					t.Errorf("%s: got %+v, want %+v; is it listed twice?", spelling, got, m)
				}
			}
			if len(m.Name) > 24 || m.Lines < 0 || m.Keys < 0 {
				t.Errorf("model %+v", m)
			}
		}
	})
	if m, _ := vendors.All().Model("poly", "VVX_410"); m.Name != "VVX410" || m.Lines != 12 {
		t.Errorf("VVX_410 of poly: got %+v, want VVX410 with 12 lines", m)
	}
	if m, ok := vendors.All().Model("yealink", "VVX_410"); ok {
		t.Errorf("VVX_410 of yealink: got %+v, want none", m)
	}
}

func TestByOUI(t *testing.T) {
	each(t, func(t *testing.T, m vendors.Maker, _ samples) {
		for _, o := range m.OUIs {
			if got, ok := vendors.All().ByOUI(phone.MAC{o[0], o[1], o[2], 1, 2, 3}); !ok {
				t.Errorf("%x: got %q, want one", o, got)
			}
		}
	})
	for s, want := range map[string]phone.Vendor{
		"0015654aa937": "yealink", "805e0c000001": "yealink", "000413a1b2c3": "snom",
		"0004f2aabbcc": "poly", "482567000001": "poly", "0a0000000001": "",
	} {
		if got, _ := vendors.All().ByOUI(mac(t, s)); got != want {
			t.Errorf("%s: got %q, want %q", s, got, want)
		}
	}
}

func TestBest(t *testing.T) {
	agent := vendors.Ident{Vendor: "yealink", Firmware: "96.86", Confidence: vendors.FromAgent}
	oui := vendors.Ident{Vendor: "snom", Model: "D385", Confidence: vendors.FromOUI}
	name := vendors.Ident{Vendor: "yealink", MAC: mustMAC("0015654aa937"), Confidence: vendors.FromFile}
	class := vendors.Ident{Vendor: "yealink", Model: "T46G", Confidence: vendors.FromClass}
	want := vendors.Ident{Vendor: "yealink", Model: "T46G", Firmware: "96.86", MAC: name.MAC, Confidence: vendors.FromFile}
	if d := cmp.Diff(want, vendors.Best(oui, class, agent, vendors.Ident{}, name)); d != "" {
		t.Errorf("(-want +got)\n%s", d)
	}
	if got := vendors.Best(); got != (vendors.Ident{}) {
		t.Errorf("of nothing: got %+v", got)
	}
}

func TestUploads(t *testing.T) {
	each(t, func(t *testing.T, m vendors.Maker, s samples) {
		for _, u := range m.Uploads {
			name := strings.ReplaceAll(u.Name, "{mac}", s.mac)
			f, got, ok := vendors.All().Upload(name, m.Vendor)
			if !ok || got != u || f.Vendor != m.Vendor || f.Kind != vendors.Absent || f.Name != name {
				t.Errorf("%s: got %+v as %+v, want %+v", name, f, got, u)
			}
		}
	})
	for _, name := range []string{"", "../0004f2aabbcc-app.log", "0004f2aabbcc-app.log.sh", "zz04f2aabbcc-app.log", "app.log"} {
		if f, u, ok := vendors.All().Upload(name); ok {
			t.Errorf("%q: got %+v as %+v", name, f, u)
		}
	}
}

// BenchmarkLookup asks the table what the last vendor alone knows.
func BenchmarkLookup(b *testing.B) {
	table, all := vendors.All(), allSamples()
	last := all[len(all)-1]
	b.Run("agent", func(b *testing.B) {
		for b.Loop() {
			table.ByAgent(last.agents[0].text)
		}
	})
	b.Run("file", func(b *testing.B) {
		for b.Loop() {
			table.File(last.config)
		}
	})
	b.Run("stranger", func(b *testing.B) {
		for b.Loop() {
			table.ByAgent("Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0")
		}
	})
}
