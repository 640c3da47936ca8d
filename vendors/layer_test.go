package vendors_test

import (
	"errors"
	"io/fs"
	"strconv"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"

	"github.com/lineside/lineside/phone"
	"github.com/lineside/lineside/vendors"
)

// layers loads templates that must be right: name, text, name, text.
func layers(t testing.TB, files ...string) vendors.Layers {
	t.Helper()
	l, wrong := vendors.All().LoadLayers(templates(files...), vendors.Layers{})
	for _, w := range wrong {
		t.Fatal(w)
	}
	return l
}

func templates(files ...string) fstest.MapFS {
	dir := fstest.MapFS{}
	for i := 0; i < len(files); i += 2 {
		dir[files[i]] = &fstest.MapFile{Data: []byte(files[i+1])}
	}
	return dir
}

// replaceLayer is a template that sets what the samples' overrides set.
func (s samples) replaceLayer(value string) string {
	text := ""
	for k := range s.replaces {
		text += k + " = " + value + "\n"
	}
	return text
}

func TestLayers(t *testing.T) {
	in := input(t, "yealink", vendors.Full)
	in.Layers = layers(t,
		"yealink.conf", "# ours\n\naccount.1.label = {line.1.user} {{{mac}}\naccount.2.label={line.2.user}"[:0]+
			"account.1.label = {line.1.user} {{{mac} {MAC} {device.label}\naccount.9.xsi.user = {line.9.user}\naccount.1.xsi.password = {line.1.password}\nlang.gui = Klingon\n- features.hotline_delay\n",
		"yealink-t46g.conf", "lang.gui = {site.name}\n- account.1.dtmf.type\n",
		"yealink-T48G.conf", "lang.gui = another model\n",
		"snom.conf", "contrast = 1\n")
	in.Device.Overrides = map[string]string{"account.1.dtmf.dtmf_payload": "96"}
	got := values(t, in)
	for k, want := range map[string]string{
		"account.1.label":        "4930123456710 {0015654aa937 0015654AA937 Reception",
		"account.1.xsi.password": "fake-line-password-1", "lang.gui": "Branch <Nord>", "account.1.dtmf.dtmf_payload": "96",
	} {
		if got[k] != want {
			t.Errorf("%s is %q, want %q", k, got[k], want)
		}
	}
	for _, k := range []string{"features.hotline_delay", "account.1.dtmf.type", "account.9.xsi.user", "contrast"} {
		if v, ok := got[k]; ok {
			t.Errorf("%s is %q, want it not there", k, v)
		}
	}
}

// TestLayersLeaveHoldingAlone: no template can take something out of the config
// of a phone that is not enrolled, nor put something into it.
func TestLayersLeaveHoldingAlone(t *testing.T) {
	each(t, func(t *testing.T, m vendors.Maker, s samples) {
		in := input(t, m.Vendor, vendors.Holding)
		want := string(render(t, in))
		in.Layers = layers(t, string(m.Vendor)+".conf", s.replaceLayer("{line.1.password}"))
		if d := cmp.Diff(want, string(render(t, in))); d != "" {
			t.Errorf("(-without +with a template)\n%s", d)
		}
		in.Stage = vendors.Full
		got := values(t, in)
		for k := range s.replaces {
			if got[k] != "fake-line-password-1" {
				t.Errorf("%s of the full config is %q, want the template's", k, got[k])
			}
		}
	})
}

// TestLayersInjectNothing: what a user entered stays a value when a template
// puts it elsewhere.
func TestLayersInjectNothing(t *testing.T) {
	each(t, func(t *testing.T, m vendors.Maker, s samples) {
		in := input(t, m.Vendor, vendors.Full)
		in.Layers = layers(t, string(m.Vendor)+".conf", s.replaceLayer("x{device.label}x"))
		plain := values(t, in)
		for _, label := range []string{`"><&'`, "a = b", "# c", "漢字", "{mac}", "%NULL%"} {
			in.Device.Label = label
			body, err := vendors.All().Render(in)
			if err != nil {
				continue
			}
			got, err := s.read(body)
			if err != nil || len(got) != len(plain) {
				t.Fatalf("%q: %d parameters, want %d: %v", label, len(got), len(plain), err)
			}
			for k := range s.replaces {
				if got[k] != "x"+label+"x" {
					t.Errorf("%s is %q, want %q", k, got[k], "x"+label+"x")
				}
			}
		}
	})
}

func TestLoadLayersSaysWhatIsWrong(t *testing.T) {
	tests := []struct {
		file, text string
		line       int
		says       string
	}{
		{"acme.conf", "a = b\n", 0, "is of no vendor"},
		{"yealink.txt", "a = b\n", 0, "is of no vendor"},
		{"yealink-.conf", "a = b\n", 0, "is of no vendor"},
		{"yealink.conf", "a = b\nnonsense\n", 2, "parameter = value"},
		{"yealink.conf", "a = b\n\na = c\n", 3, "line 1 already"},
		{"yealink.conf", "a = {secret}\n", 1, "no placeholder"},
		{"yealink.conf", "a = {line.1.pin}\n", 1, "no placeholder"},
		{"yealink.conf", "a = {line.17.user}\n", 1, "no placeholder"},
		{"yealink.conf", "a = {line.01.user}\n", 1, "no placeholder"},
		{"yealink.conf", "a = {mac\n", 1, "no placeholder"},
		{"yealink.conf", "1a = b\n", 1, "no parameter name"},
		{"yealink.conf", "- a b\n", 1, "no parameter name"},
		{"yealink.conf", "a = b\x00\n", 1, "control character"},
		{"yealink.conf", "a = b\xff\n", 1, "control character"},
		{"yealink.conf", "a = " + strings.Repeat("x", 2000), 1, "longer than"},
		{"yealink.conf", strings.Repeat("# x\n", 20000), 0, "larger than"},
	}
	last := layers(t, "yealink.conf", "good = 1\n", "snom.conf", "contrast = 1\n")
	for _, tt := range tests {
		got, wrong := vendors.All().LoadLayers(templates(tt.file, tt.text, "snom.conf", "contrast = 2\n"), last)
		if len(wrong) != 1 || wrong[0].File != tt.file || wrong[0].Line != tt.line || !strings.Contains(wrong[0].Error(), tt.says) {
			t.Errorf("%s %.30q: got %v, want line %d and %q", tt.file, tt.text, wrong, tt.line, tt.says)
			continue
		}
		in := input(t, "yealink", vendors.Full)
		in.Layers = got
		if v := values(t, in)["good"]; tt.file == "yealink.conf" && v != "1" {
			t.Errorf("%.30q: the last good template is gone", tt.text)
		}
		if got.Version() == last.Version() {
			t.Errorf("%.30q: snom.conf changed and the version did not", tt.text)
		}
	}
}

func TestLoadLayersOfNothing(t *testing.T) {
	last := layers(t, "snom.conf", "contrast = 1\n")
	got, wrong := vendors.All().LoadLayers(fstest.MapFS{".hidden": {Data: []byte("x")}, "folder/x.conf": {Data: []byte("x")}}, last)
	if len(wrong) != 0 || len(got.Files()) != 0 || got.Version() != "" {
		t.Errorf("got %v and %v, want nothing", got.Files(), wrong)
	}
	if got, wrong := vendors.All().LoadLayers(gone{fs.ErrNotExist}, last); len(wrong) != 0 || len(got.Files()) != 0 {
		t.Errorf("no folder: got %v and %v, want nothing", got.Files(), wrong)
	}
	if got, wrong := vendors.All().LoadLayers(gone{fs.ErrPermission}, last); len(wrong) != 1 || len(got.Files()) != 1 || !errors.Is(wrong[0], fs.ErrPermission) {
		t.Errorf("locked folder: got %v and %v, want the last and an error", got.Files(), wrong)
	}
}

// gone is a folder that cannot be opened.
type gone struct{ err error }

func (g gone) Open(string) (fs.File, error) { return nil, g.err }

func TestExplain(t *testing.T) {
	in := input(t, "poly", vendors.Full)
	in.Layers = layers(t, "poly.conf", "lcl.ml.lang = {site.language}\n# c\n- prov.polling.mode\nnew.one = 1\n")
	in.Device.Overrides = map[string]string{"tone.dtmf.viaRtp": "0", "device.net.vlanId": "20"}
	list, err := vendors.All().Explain(in)
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]vendors.Setting{}
	for _, s := range list {
		if s.From != "ours" {
			got[s.Name] = s
		}
	}
	want := map[string]vendors.Setting{
		"lcl.ml.lang":           {Name: "lcl.ml.lang", Value: "de", Was: "German_Germany", From: "poly.conf:1"},
		"prov.polling.mode":     {Name: "prov.polling.mode", Was: "rel", From: "poly.conf:3", Dropped: true},
		"new.one":               {Name: "new.one", Value: "1", From: "poly.conf:4", Added: true},
		"tone.dtmf.viaRtp":      {Name: "tone.dtmf.viaRtp", Value: "0", Was: "1", From: "override"},
		"device.net.vlanId":     {Name: "device.net.vlanId", Value: "20", From: "override", Added: true},
		"device.net.vlanId.set": {Name: "device.net.vlanId.set", Value: "1", From: "override", Added: true},
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("(-want +got)\n%s", d)
	}
	if rendered := values(t, in); len(list)-1 != len(rendered) {
		t.Errorf("explains %d parameters, the file has %d", len(list)-1, len(rendered))
	}
	in.File = file(t, "0004f2aabbcc.cfg", "poly")
	if list, err := vendors.All().Explain(in); err != nil || list != nil {
		t.Errorf("a master file: got %v and %v, want nothing", list, err)
	}
}

// FuzzLayers: a template is an error that names its file, or the configs
// rendered with it read back.
func FuzzLayers(f *testing.F) {
	for _, s := range []string{"a = b\n", "- features.hotline_delay\n", "a = {line.1.password}", "a = {{x}\n#\n", "a =\n", "x = {device.label}\r\n"} {
		f.Add(s, "label")
	}
	f.Fuzz(func(t *testing.T, text, label string) {
		got, wrong := vendors.All().LoadLayers(templates("yealink.conf", text), vendors.Layers{})
		if len(wrong) > 1 || len(wrong) == 1 && (wrong[0].File != "yealink.conf" || len(got.Files()) != 0) {
			t.Fatalf("got %v with %v in force", wrong, got.Files())
		}
		in := input(t, "yealink", vendors.Full)
		in.Layers, in.Device.Label = got, label
		in.Device.Lines = []phone.Line{{Registrar: "a.example", User: "1", Password: phone.NewSecret("p")}}
		if body, err := vendors.All().Render(in); err == nil {
			if _, err := samplesOf(t, "yealink").read(body); err != nil {
				t.Errorf("%v\n%s", err, body)
			}
		}
	})
}

// TestTooManyTemplatesOfOneVendor: where a vendor's files leave no room for
// another's, that one keeps what it had.
func TestTooManyTemplatesOfOneVendor(t *testing.T) {
	dir := fstest.MapFS{"yealink.conf": {Data: []byte("lang.gui = Klingon\n")}}
	last, wrong := vendors.All().LoadLayers(dir, vendors.Layers{})
	if len(wrong) > 0 {
		t.Fatal(wrong)
	}
	for i := range vendors.MaxTemplates {
		dir["algo-M"+strconv.Itoa(i)+".conf"] = &fstest.MapFile{Data: []byte("a.b = 1\n")}
	}
	now, wrong := vendors.All().LoadLayers(dir, last)
	if len(wrong) != 1 || wrong[0].File != "yealink.conf" || now.Texts()["yealink.conf"] != "lang.gui = Klingon\n" {
		t.Errorf("got %v and %d files, want yealink.conf told as one too many, and as it was", wrong, len(now.Files()))
	}
	if now, _ := vendors.All().LoadLayers(dir, vendors.Layers{}); len(now.Files()) != vendors.MaxTemplates {
		t.Errorf("got %d files in force, want %d", len(now.Files()), vendors.MaxTemplates)
	}
}
