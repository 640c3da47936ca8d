package vendors_test

import (
	"bytes"
	"net/netip"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/lineside/lineside/internal/golden"
	"github.com/lineside/lineside/phone"
	"github.com/lineside/lineside/vendors"
)

// berlin is the zone of input, read as the desk reads it.
func berlin(t testing.TB) *time.Location {
	t.Helper()
	zone, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		t.Fatal(err)
	}
	return zone
}

// each runs a test for every vendor.
func each(t *testing.T, test func(t *testing.T, m vendors.Maker, s samples)) {
	t.Helper()
	for _, m := range vendors.All().Makers() {
		t.Run(string(m.Vendor), func(t *testing.T) { test(t, m, samplesOf(t, m.Vendor)) })
	}
}

// TestSamplesAreComplete: a vendor without samples is tested by nothing here.
func TestSamplesAreComplete(t *testing.T) {
	if got, want := len(allSamples()), len(vendors.All().Makers()); got != want {
		t.Errorf("%d rows of samples, want %d", got, want)
	}
	each(t, func(t *testing.T, m vendors.Maker, s samples) {
		if s.mac == "" || s.config == "" || s.ext == "" || s.read == nil || len(s.names) < 4 || len(s.full) < 5 || len(s.holding) < 3 || len(s.replaces) == 0 || s.keys.user == "" || s.keys.password == "" {
			t.Error("samples are missing: mac, config, ext, read, four names, five parameters of full, three of holding, replaces, keys")
		}
		if m.Class != nil && len(s.classes) == 0 || m.Agent != nil && len(s.agents) == 0 || m.SIPAgent != nil && len(s.sipAgents) == 0 {
			t.Error("it recognises what no sample shows: classes, agents, sipAgents")
		}
		if m.Agent == nil && m.Class == nil && len(m.OUIs) == 0 {
			t.Error("nothing recognises its phones")
		}
	})
}

func TestMakersAreComplete(t *testing.T) {
	each(t, func(t *testing.T, m vendors.Maker, s samples) {
		if m.File == nil || m.Options == nil || m.Sequence == nil || m.ContentType == "" || m.Name == "" || len(m.Unverified) == 0 || m.Models.Len() == 0 {
			t.Error("something is missing in its row")
		}
		// Phones without a login may have no parameter for a server either: they
		// ask whom DHCP names, at every boot.
		if len(m.Fetch.By) == 0 || len(m.Rehome.URL) == 0 && m.Fetch.Auth != vendors.NoAuth {
			t.Error("it does not say how its phones fetch, or how a config sends them elsewhere")
		}
		if m.Fetch.Auth != vendors.NoAuth && (len(m.Rehome.User) == 0 || len(m.Rehome.Password) == 0) {
			t.Error("its phones show a login that no parameter sets")
		}
		if m.Resync.Event == "" && m.Resync.Reboot == "" && m.Resync.Once {
			t.Error("nothing makes its phones fetch again, and they do not by themselves")
		}
		if strings.ToLower(string(m.Vendor)) != string(m.Vendor) || strings.ContainsAny(string(m.Vendor), " _./") {
			t.Errorf("short name %q", m.Vendor)
		}
	})
}

func TestGolden(t *testing.T) {
	each(t, func(t *testing.T, m vendors.Maker, s samples) {
		check := func(in vendors.Input, middle string) {
			golden.Check(t, filepath.Join("testdata", string(m.Vendor)+"-"+middle+"."+s.ext), render(t, in))
		}
		for _, o := range s.others {
			in := input(t, m.Vendor, 0)
			in.File = file(t, o.name, m.Vendor)
			check(in, o.golden)
		}
		check(input(t, m.Vendor, vendors.Holding), "holding")
		in := input(t, m.Vendor, vendors.Full)
		in.Device.Overrides = s.overrides
		check(in, "full")
	})
}

// TestValues holds parameters of the two configs whose meaning matters most.
func TestValues(t *testing.T) {
	each(t, func(t *testing.T, m vendors.Maker, s samples) {
		for stage, want := range map[vendors.Stage]map[string]string{vendors.Holding: s.holding, vendors.Full: s.full} {
			got := values(t, input(t, m.Vendor, stage))
			for k, w := range want {
				if g, ok := got[k]; !ok || g != w {
					t.Errorf("stage %d: %s is %q (there: %v), want %q", stage, k, g, ok, w)
				}
			}
		}
	})
}

// TestOverridesNameEverything: whatever parameter this box writes a device's
// override can name.
func TestOverridesNameEverything(t *testing.T) {
	each(t, func(t *testing.T, m vendors.Maker, _ samples) {
		in := input(t, m.Vendor, vendors.Full)
		list, err := vendors.All().Explain(in)
		if err != nil || len(list) < 5 {
			t.Fatalf("got %d parameters, %v", len(list), err)
		}
		for _, s := range list {
			in.Device.Overrides = map[string]string{s.Name: "1"}
			if err := in.Device.Validate(); err != nil {
				t.Errorf("got %v, want it taken", err)
			}
			if !m.HoldsName(s.Name) {
				t.Errorf("%q: the format refuses it as an override, and writes it", s.Name)
			}
		}
	})
}

// TestNoSecretBeforeFull fills every secret there is with a mark and looks for
// it in everything but a full config.
func TestNoSecretBeforeFull(t *testing.T) {
	const mark = "S3CRET"
	each(t, func(t *testing.T, m vendors.Maker, s samples) {
		in := input(t, m.Vendor, vendors.Holding)
		in.Device.AdminPassword = phone.NewSecret(mark)
		in.Device.Lines = []phone.Line{{Registrar: mark, User: mark, AuthID: mark, Password: phone.NewSecret(mark), DisplayName: mark, Label: mark, OutboundProxy: mark}}
		in.Device.Overrides = map[string]string{"secret_thing": mark, "device.secret": mark}
		in.Device.Label, in.Device.Owner = mark, mark
		in.Book = vendors.BookSource{Name: mark, URL: mark, Login: vendors.Login{User: mark, Password: phone.NewSecret(mark)}}
		in.Layers = layers(t, string(m.Vendor)+".conf", s.replaceLayer("{line.1.password}"))
		if body := render(t, in); bytes.Contains(body, []byte(mark)) {
			t.Errorf("the holding config has what only a full one may have:\n%s", body)
		}
		in.Login = vendors.Login{User: mark, Password: phone.NewSecret(mark)}
		in.Token = phone.Secret{}
		in.Hold = vendors.Hold{Text: mark, User: mark, Password: phone.NewSecret(mark), Hotline: mark}
		for _, o := range s.others {
			in.File = file(t, o.name, m.Vendor)
			if body := render(t, in); bytes.Contains(body, []byte(mark)) {
				t.Errorf("%s has a secret or something of one phone:\n%s", o.name, body)
			}
		}
	})
}

// TestVisitorLooksKnown: from what it is given, a phone cannot tell whether the
// box knows it.
func TestVisitorLooksKnown(t *testing.T) {
	each(t, func(t *testing.T, m vendors.Maker, _ samples) {
		known := input(t, m.Vendor, vendors.Holding)
		visitor := input(t, m.Vendor, vendors.Holding)
		visitor.Device = phone.Device{MAC: known.Device.MAC, Vendor: m.Vendor, Model: "claimed"}
		if d := cmp.Diff(string(render(t, known)), string(render(t, visitor))); d != "" {
			t.Errorf("(-known +visitor)\n%s", d)
		}
	})
}

// TestNothingLingers: a phone keeps what the next file leaves out, so a full
// config says everything that the holding config said, except where phones fall
// back to their defaults.
func TestNothingLingers(t *testing.T) {
	each(t, func(t *testing.T, m vendors.Maker, _ samples) {
		if m.Forgets {
			t.Skip("its phones forget what a config leaves out")
		}
		full := values(t, input(t, m.Vendor, vendors.Full))
		for k := range values(t, input(t, m.Vendor, vendors.Holding)) {
			if _, ok := full[k]; !ok {
				t.Errorf("%s of the holding config stays on the enrolled phone", k)
			}
		}
		one := input(t, m.Vendor, vendors.Full)
		one.Device.Lines = testLines[:1]
		fewer := values(t, one)
		for k, value := range full {
			if !strings.Contains(value, "fake-line-password-2") {
				continue
			}
			if left, ok := fewer[k]; !ok || left != "" {
				t.Errorf("%s is %q (there: %v) when its line is gone, want it emptied", k, left, ok)
			}
		}
	})
}

// TestFilesAgree: which of two files wins differs by firmware, so they say the
// same wherever they say the same thing.
func TestFilesAgree(t *testing.T) {
	each(t, func(t *testing.T, m vendors.Maker, s samples) {
		for _, o := range s.others {
			if o.golden != "common" {
				continue
			}
			in := input(t, m.Vendor, vendors.Full)
			in.File = file(t, o.name, m.Vendor)
			shared, err := s.read(render(t, in))
			if err != nil || len(shared) < 3 {
				t.Fatalf("%s: %d parameters, %v", o.name, len(shared), err)
			}
			for _, stage := range []vendors.Stage{vendors.Holding, vendors.Full} {
				own := values(t, input(t, m.Vendor, stage))
				for k, want := range shared {
					// The one exception, and of no harm whoever wins: it shows a key.
					if got, ok := own[k]; k != "prov.quickSetup.enabled" && k != "http digest force login" && (!ok || got != want) {
						t.Errorf("%s is %q in the phone's own file, %q in %s", k, got, want, o.name)
					}
				}
			}
		}
	})
}

// TestStable: the same facts are the same bytes, however often and from however
// many goroutines.
func TestStable(t *testing.T) {
	each(t, func(t *testing.T, m vendors.Maker, s samples) {
		for _, stage := range []vendors.Stage{vendors.Holding, vendors.Full} {
			in := input(t, m.Vendor, stage)
			in.Device.Overrides = s.replaces
			want := render(t, in)
			bodies := make(chan []byte, 8)
			for range cap(bodies) {
				go func() { body, _ := vendors.All().Render(in); bodies <- body }()
			}
			for range cap(bodies) {
				if got := <-bodies; !bytes.Equal(got, want) {
					t.Errorf("stage %d: a second time got other bytes", stage)
				}
			}
		}
	})
}

// TestRehome: a config sends the phone where the box is, with its login.
func TestRehome(t *testing.T) {
	each(t, func(t *testing.T, m vendors.Maker, _ samples) {
		for _, stage := range []vendors.Stage{vendors.Holding, vendors.Full} {
			in := input(t, m.Vendor, stage)
			in.Box.URL = "http://10.99.1.2:8080/where/"
			if m.Fetch.Auth == vendors.NoAuth {
				in.Token = phone.NewSecret("fake-token")
			}
			got := values(t, in)
			want := map[string][]string{"10.99.1.2": m.Rehome.URL, "fake-login": m.Rehome.User, "fake-login-password": m.Rehome.Password}
			if m.Fetch.Auth == vendors.NoAuth {
				want = map[string][]string{"t/fake-token": m.Rehome.URL}
			}
			for w, names := range want {
				for _, name := range names {
					if v, ok := got[name]; !ok || !strings.Contains(v, w) {
						t.Errorf("stage %d: %s is %q (there: %v), want %q in it", stage, name, v, ok, w)
					}
				}
			}
		}
	})
}

// TestCA: a vendor that can be given the box's CA is given it, and only then.
func TestCA(t *testing.T) {
	each(t, func(t *testing.T, m vendors.Maker, s samples) {
		in := input(t, m.Vendor, vendors.Full)
		in.Box.CAURL = "http://10.20.0.1/the-ca.pem"
		in.Box.CA = "-----BEGIN CERTIFICATE-----\nZmFrZQ==\nZmFrZQ==\n-----END CERTIFICATE-----\n"
		got := slices.Sorted(mapsValues(values(t, in)))
		url := slices.Contains(got, in.Box.CAURL)
		text := slices.ContainsFunc(got, func(v string) bool { return strings.Contains(v, "ZmFrZQ==") })
		if url != (m.CA == vendors.CAByURL) || text != (m.CA == vendors.CAInConfig) {
			t.Errorf("got URL %v and text %v, its row says %d", url, text, m.CA)
		}
	})
}

// TestOptionsFit: a DHCP option holds 255 bytes, and phones do not join two.
func TestOptionsFit(t *testing.T) {
	boxes := []vendors.Box{
		{},
		{URL: "no url"},
		{URL: "http://10.20.0.1/"},
		{URL: "http://10.20.0.1/cfg/", Addr: netip.MustParseAddr("10.20.0.1")},
		{URL: "http://[2001:db8::1]/cfg/", Addr: netip.MustParseAddr("2001:db8::1")},
		{URL: "http://10.20.0.1/" + strings.Repeat("a", 240) + "/"},
		{URL: "http://" + strings.Repeat("a", 300) + "/cfg/"},
	}
	each(t, func(t *testing.T, m vendors.Maker, _ samples) {
		for i, box := range boxes {
			options := m.Options(box)
			if i == 3 && len(options) == 0 {
				t.Error("no option leads its phones here")
			}
			for _, o := range options {
				if len(o.Value) == 0 || len(o.Value) > 255 {
					t.Errorf("%.40s: option %d has %d bytes", box.URL, o.Code, len(o.Value))
				}
			}
		}
	})
}

// BenchmarkRender writes the full config of each vendor's sample with two lines,
// and of its model that takes the most accounts with every one of them in use:
// the promise of 100 µs from cold is for both.
func BenchmarkRender(b *testing.B) {
	for _, s := range allSamples() {
		b.Run(string(s.vendor), func(b *testing.B) { benchRender(b, input(b, s.vendor, vendors.Full)) })
		b.Run(string(s.vendor)+"/filled", func(b *testing.B) { benchRender(b, filled(b, s)) })
		b.Run(string(s.vendor)+"/full", func(b *testing.B) { benchRender(b, full(b, s)) })
	}
}

func benchRender(b *testing.B, in vendors.Input) {
	table := vendors.All()
	in.Zone = berlin(b)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := table.Render(in); err != nil {
			b.Fatal(err)
		}
	}
}

// filled is a vendor's largest device with all its lines.
func filled(t testing.TB, s samples) vendors.Input {
	in, n := input(t, s.vendor, vendors.Full), len(testLines)
	maker, _ := vendors.All().Of(s.vendor)
	for _, m := range maker.Models.List() {
		if m.Lines > n {
			in.Device.Model, n = m.Name, m.Lines
		}
	}
	n = min(n, phone.MaxLines)
	if most := fits(in); most > 0 {
		n = min(n, most)
	}
	in.Device.Lines = nil
	for i := range n {
		l := testLines[i%len(testLines)]
		l.User += strconv.Itoa(i)
		in.Device.Lines = append(in.Device.Lines, l)
	}
	return in
}

// full is filled with all that operators add: labels to escape, a phone
// book, a template for twenty parameters in names of the box's own,
// and an override.
func full(t testing.TB, s samples) vendors.Input {
	in := filled(t, s)
	for i := range in.Device.Lines {
		in.Device.Lines[i].Label = "Front's <&> desk"
	}
	in.Book = vendors.BookSource{Name: "Book & more", URL: "http://10.20.0.1/dir/x", Login: vendors.Login{User: "anna", Password: phone.NewSecret("fake-book-password")}}
	list, err := vendors.All().Explain(in)
	if err != nil {
		t.Fatal(err)
	}
	text, lines := "", 0
	for _, p := range list {
		if lines == 20 {
			break
		}
		if !strings.Contains(p.Name, "{}") && p.Value != "" && p.Value == strings.TrimSpace(p.Value) && !strings.ContainsAny(p.Value, "{}") {
			text, lines = text+p.Name+" = "+p.Value+"\n", lines+1
			in.Device.Overrides = map[string]string{p.Name: p.Value}
		}
	}
	in.Layers = layers(t, string(s.vendor)+".conf", text)
	return in
}
