package provision_test

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/lineside/lineside/auth"
	"github.com/lineside/lineside/phone"
	"github.com/lineside/lineside/provision"
	"github.com/lineside/lineside/vendors"
)

// realTable is the town's table with the makers whose configs can be changed by
// templates.
func realTable(l *lab) vendors.Table {
	makers := townTable(l).Makers()
	for _, m := range vendors.All().Makers() {
		if slices.Contains([]phone.Vendor{"yealink", "snom", "poly"}, m.Vendor) {
			makers = append(makers, m)
		}
	}
	return vendors.NewTable(makers...)
}

// studio is a town with templates: two Yealink phones of two models and a snom.
type studio struct {
	*lab
	dir string
}

var (
	t46  = phone.MAC{0, 0x15, 0x65, 1, 0, 1}
	t48  = phone.MAC{0, 0x15, 0x65, 1, 0, 2}
	d385 = phone.MAC{0, 0x04, 0x13, 1, 0, 3}
)

func newStudio(t testing.TB) studio {
	t.Helper()
	return openStudio(t, t.TempDir(), "112")
}

// openStudio is one whose box starts with what is in dir.
func openStudio(t testing.TB, dir string, emergency ...string) studio {
	t.Helper()
	l := newTown(t, auth.FactorOTP, realTable, func(c *provision.Config) {
		c.Templates, c.Site.Emergency = rootOf(t, dir), emergency
	})
	for _, dev := range []phone.Device{
		{MAC: t46, Vendor: "yealink", Model: "T46G"}, {MAC: t48, Vendor: "yealink", Model: "T48G"}, {MAC: d385, Vendor: "snom", Model: "D385"},
	} {
		dev.Lines = []phone.Line{{Registrar: "sip.example.net", User: "1001", Password: phone.NewSecret("fake-sip-password")}}
		if _, err := l.Add(t.Context(), operator, dev); err != nil {
			t.Fatal(err)
		}
		if _, err := l.Suspend(t.Context(), operator, dev.MAC); err != nil {
			t.Fatal(err)
		}
	}
	l.lease("10.20.0.46", t46)
	l.lease("10.20.0.48", t48)
	l.lease("10.20.0.85", d385)
	if err := l.OpenTemplates(); err != nil {
		t.Fatal(err)
	}
	return studio{l, dir}
}

func (s studio) write(t testing.TB, file, text string) {
	t.Helper()
	writeFile(t, s.dir, file, text)
}

func writeFile(t testing.TB, dir, file, text string) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(dir, file), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

func (s studio) load(t testing.TB) provision.Templates {
	t.Helper()
	out, err := s.LoadTemplates(t.Context(), operator)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// configs are what the three phones are given.
func (s studio) configs(t testing.TB) (a46, a48, a385 string) {
	t.Helper()
	return string(s.fetch(t, t46.Hex()+".cfg", "10.20.0.46").Body), string(s.fetch(t, t48.Hex()+".cfg", "10.20.0.48").Body),
		string(s.fetch(t, "snomD385-"+strings.ToUpper(d385.Hex())+".htm", "10.20.0.85").Body)
}

// TestTemplatesTouchWhatTheySay: a template of a model changes that model's
// configs, one of a vendor all of the vendor's, and nothing else is rendered anew.
func TestTemplatesTouchWhatTheySay(t *testing.T) {
	s := newStudio(t)
	b46, b48, b385 := s.configs(t)
	if !strings.Contains(b46, "fake-sip-password") || !strings.Contains(b48, "fake-sip-password") || !strings.Contains(b385, "fake-sip-password") {
		t.Fatalf("not all three are full configs:\n%s\n%s\n%s", b46, b48, b385)
	}
	before := s.misses()
	s.write(t, "yealink-T46G.conf", "lang.gui = Klingon\n")
	if out := s.load(t); !out.Changed || len(out.Faults) != 0 || !slices.Equal(out.Files, []string{"yealink-T46G.conf"}) {
		t.Errorf("got %+v", out)
	}
	wantKinds(t, s.store, "templates-loaded")
	a46, a48, a385 := s.configs(t)
	if !strings.Contains(a46, "lang.gui = Klingon") || a48 != b48 || a385 != b385 {
		t.Errorf("got\n%s\nand others changed: %v %v", a46, a48 != b48, a385 != b385)
	}
	if got := s.misses(); before != "3" || got != "4" {
		t.Errorf("%s configs were rendered before and %s after, want 3 and one more", before, got)
	}
	s.write(t, "yealink.conf", "lang.gui = Elvish\n")
	s.load(t)
	if a46, a48, a385 = s.configs(t); !strings.Contains(a46, "Klingon") || !strings.Contains(a48, "Elvish") || a385 != b385 {
		t.Errorf("the vendor's template: %v %v %v", strings.Contains(a46, "Klingon"), strings.Contains(a48, "Elvish"), a385 == b385)
	}
	if out := s.load(t); out.Changed {
		t.Error("the same again is said to be a change")
	}
	for _, f := range []string{"yealink.conf", "yealink-T46G.conf"} {
		if err := os.Remove(filepath.Join(s.dir, f)); err != nil {
			t.Fatal(err)
		}
	}
	s.load(t)
	if a46, a48, a385 = s.configs(t); a46 != b46 || a48 != b48 || a385 != b385 {
		t.Error("without templates the configs are not what they were")
	}
}

func TestBrokenTemplatesAreRefused(t *testing.T) {
	s := newStudio(t)
	s.write(t, "yealink.conf", "lang.gui = Klingon\n")
	s.load(t)
	for name, tt := range map[string]struct {
		text string
		line int
		says string
	}{
		"nonsense":            {"lang.gui = Elvish\nnonsense\n", 2, "parameter = value"},
		"no such placeholder": {"lang.gui = {secret}\n", 1, "no placeholder"},
		// What only a device shows: the word that clears a parameter.
		"cannot be written": {"lang.gui = Elvish\nwallpaper = %NULL%\n", 2, "cannot be written"},
	} {
		t.Run(name, func(t *testing.T) {
			s.write(t, "yealink.conf", tt.text)
			checked, err := s.CheckTemplates()
			if err != nil {
				t.Fatal(err)
			}
			if len(s.board.List()) != 0 {
				t.Error("a check alone raised a condition")
			}
			out := s.load(t)
			for _, got := range []provision.Templates{checked, out} {
				if len(got.Faults) != 1 || got.Faults[0].File != "yealink.conf" || got.Faults[0].Line != tt.line || !strings.Contains(got.Faults[0].Text, tt.says) || got.Changed {
					t.Errorf("got %+v, want line %d and %q", got, tt.line, tt.says)
				}
			}
			if a46, _, _ := s.configs(t); !strings.Contains(a46, "lang.gui = Klingon") || strings.Contains(a46, "Elvish") {
				t.Error("the last good template is not in force")
			}
			if list := s.board.List(); len(list) != 1 || list[0].Code != provision.CodeTemplates || !strings.Contains(list[0].Detail, "yealink.conf") {
				t.Errorf("got %+v, want a condition that names the file", list)
			}
			s.write(t, "yealink.conf", "lang.gui = Klingon\n")
			s.load(t)
			if list := s.board.List(); len(list) != 0 {
				t.Errorf("corrected: got %+v, want no condition", list)
			}
		})
	}
}

// TestNobodyTakesTheEmergencyNumbersOut: by no template and no override, and what
// an operator adds to them stays allowed.
func TestNobodyTakesTheEmergencyNumbersOut(t *testing.T) {
	const number = "phone_setting.emergency.number"
	s := newStudio(t)
	for name, text := range map[string]string{"dropped": "- " + number + "\n", "another": number + " = 999\n", "emptied": number + " =\n", "longer": number + " = 1120\n"} {
		s.write(t, "yealink.conf", text)
		checked, err := s.CheckTemplates()
		if err != nil {
			t.Fatal(err)
		}
		for _, got := range []provision.Templates{checked, s.load(t)} {
			if len(got.Faults) != 1 || got.Changed || got.Faults[0].File != "yealink.conf" || !strings.Contains(got.Faults[0].Text, number) || !strings.Contains(got.Faults[0].Text, "yealink.conf:1") || !strings.Contains(got.Faults[0].Text, "number 112") {
				t.Errorf("%s: got %+v, want one fault with the parameter, the line and the number", name, got)
			}
		}
	}
	s.write(t, "yealink.conf", number+" = {site.emergency},999\n")
	if got := s.load(t); len(got.Faults) != 0 || !got.Changed {
		t.Errorf("one number more: got %+v, want it in force", got)
	}
	edit := func(value string) error {
		_, err := s.Edit(t.Context(), operator, t46, 0, func(d *phone.Device) error {
			d.Overrides = map[string]string{number: value}
			return nil
		})
		return err
	}
	if err := edit("999"); !errors.Is(err, provision.ErrInvalid) || !strings.Contains(err.Error(), number) || !strings.Contains(err.Error(), "112") {
		t.Errorf("an override: got %v, want ErrInvalid with the parameter and the number", err)
	}
	if err := edit("112,999"); err != nil {
		t.Errorf("an override with the number: got %v", err)
	}
	row := phone.Device{MAC: phone.MAC{0, 0x15, 0x65, 1, 0, 9}, Vendor: "yealink", Overrides: map[string]string{number: "999"}}
	if _, _, err := s.Import(t.Context(), operator, []phone.Device{row}); !errors.Is(err, provision.ErrInvalid) || !strings.Contains(err.Error(), number) {
		t.Errorf("an import: got %v, want ErrInvalid with the parameter", err)
	}
	if _, err := s.Add(t.Context(), operator, row); !errors.Is(err, provision.ErrInvalid) {
		t.Errorf("a new device: got %v, want ErrInvalid", err)
	}
	a46, a48, _ := s.configs(t)
	if !strings.Contains(a46, number+" = 112,999") || !strings.Contains(a48, number+" = 112,999") {
		t.Error("what was accepted is not what phones get")
	}
}

// TestNobodyTakesTheNumbersOutOfAModelUnheardOf: a device without a model on
// record is given the templates of the one its phone names, so these are tried for
// it too, when they are put in force and when it is set up.
func TestNobodyTakesTheNumbersOutOfAModelUnheardOf(t *testing.T) {
	const number = "phone_setting.emergency.number"
	s := newStudio(t)
	bare := phone.Device{MAC: phone.MAC{0, 0x15, 0x65, 1, 0, 7}, Vendor: "yealink", Lines: []phone.Line{{Registrar: "sip.example.net", User: "1", Password: phone.NewSecret("fake")}}}
	s.write(t, "yealink-T27G.conf", "- "+number+"\n")
	if got := s.load(t); len(got.Faults) != 0 {
		t.Fatalf("a model nobody has: got %+v, want it taken", got)
	}
	if _, err := s.Add(t.Context(), operator, bare); !errors.Is(err, provision.ErrInvalid) || !strings.Contains(err.Error(), "yealink-T27G.conf:1") {
		t.Errorf("a device that may be one: got %v, want ErrInvalid with the template's line", err)
	}
	s.write(t, "yealink-T27G.conf", "")
	s.load(t)
	if _, err := s.Add(t.Context(), operator, bare); err != nil {
		t.Fatal(err)
	}
	s.write(t, "yealink-T27G.conf", "- "+number+"\n")
	if got := s.load(t); len(got.Faults) != 1 || got.Changed || got.Faults[0].File != "yealink-T27G.conf" || got.Faults[0].Line != 1 {
		t.Errorf("with such a device: got %+v, want one fault with the file and the line", got)
	}
}

// TestPreviewSaysWhoSaid: ours, a template's line or the device; and no secret an
// operator wrote out is shown.
func TestPreviewSaysWhoSaid(t *testing.T) {
	s := newStudio(t)
	s.write(t, "yealink.conf", "# ours\nlang.gui = Klingon\nfeatures.remote_phonebook.password = fake-literal-1\n"+
		"static.firmware.url = http://u:fake-literal-2@host/x\naccount.1.label = {line.1.user} {line.1.password}\n- sip.notify_reboot_enable\n")
	s.load(t)
	if _, err := s.Edit(t.Context(), operator, t46, 0, func(d *phone.Device) error {
		d.Overrides = map[string]string{"phone_setting.backlight_time": "30", "account.1.xsi.password": "fake-literal-3"}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	files, err := s.Preview(t46, t46.Hex()+".cfg", false)
	if err != nil || len(files) != 1 {
		t.Fatalf("got %d files and %v", len(files), err)
	}
	if shown := fmt.Sprint(files); strings.Contains(shown, "fake-") {
		t.Errorf("a secret is shown:\n%s", shown)
	}
	got := map[string]provision.Setting{}
	for _, x := range files[0].Settings {
		got[x.Name] = x
	}
	for name, want := range map[string]provision.Setting{
		"lang.gui":                     {Name: "lang.gui", Value: "Klingon", Was: got["lang.gui"].Was, From: "yealink.conf:2"},
		"sip.notify_reboot_enable":     {Name: "sip.notify_reboot_enable", Was: "0", From: "yealink.conf:6", Dropped: true},
		"phone_setting.backlight_time": {Name: "phone_setting.backlight_time", Value: "30", From: "override", Added: true},
		"account.1.enable":             {Name: "account.1.enable", Value: "1", From: "ours"},
	} {
		if got[name] != want {
			t.Errorf("got %+v, want %+v", got[name], want)
		}
	}
	files, err = s.Preview(t46, t46.Hex()+".cfg", true)
	if shown := fmt.Sprint(files); err != nil || !strings.Contains(shown, "fake-literal-1") || !strings.Contains(shown, "1001 fake-sip-password") {
		t.Errorf("revealed: got %v and\n%s", err, shown)
	}
}

// TestTemplateOfNoModel: it is in force for a phone that calls itself so, and
// whoever mistyped a name hears of it wherever they look.
func TestTemplateOfNoModel(t *testing.T) {
	s := newStudio(t)
	writeFile(t, s.dir, "yealink-T46GX.conf", "lang.gui = German\n")
	writeFile(t, s.dir, "yealink-T48G.conf", "lang.gui = German\n")
	out := s.load(t)
	if len(out.Faults) != 0 || len(out.Files) != 2 || len(out.Notes) != 1 {
		t.Fatalf("got %+v, want both in force and a note of one", out)
	}
	if note := out.Notes[0].String(); !strings.Contains(note, "yealink-T46GX.conf") || !strings.Contains(note, "nearest it knows is T46G,") {
		t.Errorf("got note %q, want the file and the model T46G", note)
	}
	list, err := s.Preview(t46, "", false)
	if err != nil || !strings.Contains(list[len(list)-1].Why, "yealink-T46GX.conf") {
		t.Errorf("preview: got %+v and %v, want the template among the reasons", list, err)
	}
}
