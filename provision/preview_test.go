package provision_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/lineside/lineside/auth"
	"github.com/lineside/lineside/phone"
	"github.com/lineside/lineside/provision"
	"github.com/lineside/lineside/vendors"
)

// TestOverridesInAPreview: of the overrides a preview that hides secrets shows
// switches and short numbers, and no value that may be a secret: by the name, by
// a name that says nothing, by its length, or because it is one of the device's.
func TestOverridesInAPreview(t *testing.T) {
	l := newTown(t, auth.FactorPIN, wholeTable)
	tests := []struct {
		vendor      phone.Vendor
		name, value string
		shown       bool
	}{
		{"yealink", "phone_setting.backlight_time", "30", true},
		{"yealink", "voice.vad", "0", true},
		{"yealink", "features.dnd.enable", "Enabled", true},
		{"yealink", "features.dnd.allow", "", true},
		{"yealink", "sip.listen_port", "5062", false}, // as short as a password is
		{"yealink", "phone_setting.lock_pin", "123", false},
		{"yealink", "security.user_password", "abc", false},
		{"yealink", "sntp.server", "planted-secret", false},
		{"yealink", "lang.gui", "xyz", false}, // the admin password of the device
		{"yealink", "lang.wui", "uvw", false}, // the password of its line
		{"grandstream", "P2", "123", false},   // the admin password of the phone
		{"grandstream", "P34", "12", false},
		{"gigaset-n510", "BS_IP_Data1.ucSomeCode", "0x1f2b", false}, // where a phone takes numbers alone
	}
	for i, tt := range tests {
		m := phone.MAC{0x02, 0, 0, 0, 4, byte(i)}
		_, err := l.Add(t.Context(), operator, phone.Device{
			MAC: m, Vendor: tt.vendor, Overrides: map[string]string{tt.name: tt.value}, AdminPassword: phone.NewSecret("xyz"),
			Lines: []phone.Line{{Registrar: "sip.example.net", User: "710", Password: phone.NewSecret("uvw")}},
		})
		if err != nil {
			t.Fatal(err)
		}
		pages, err := l.Preview(m, "", false)
		if err != nil {
			t.Fatal(err)
		}
		got, ok := settingOf(pages, tt.name)
		if want := map[bool]string{true: tt.value, false: "hidden-secret"}[tt.shown]; !ok || got.Value != want || got.From != "override" {
			t.Errorf("%s = %s: got %+v, want it as %q of an override", tt.name, tt.value, got, want)
		}
		if body := pages[len(pages)-1].Body; !tt.shown && len(tt.value) > 3 && strings.Contains(body, tt.value) && tt.value != "5062" {
			t.Errorf("%s = %s: the value is in the config shown", tt.name, tt.value)
		}
	}
}

// settingOf finds a parameter that an override of the device sets.
func settingOf(pages []provision.Preview, name string) (provision.Setting, bool) {
	for _, p := range pages {
		for _, s := range p.Settings {
			if s.Name == name {
				return s, true
			}
		}
	}
	return provision.Setting{}, false
}

// TestNoSecretOfATemplateInAPreview: in no maker's format a preview shows what a
// template writes out where the box itself would put a secret, whatever that is
// called, nor a secret of the device or the site wherever it was written.
func TestNoSecretOfATemplateInAPreview(t *testing.T) {
	const line, text, brand = "plantedLine9", "Shown By Nobody", "plantedBrand9"
	placed, moved := 0, 0
	for i, maker := range vendors.All().Makers() {
		t.Run(string(maker.Vendor), func(t *testing.T) {
			dir := t.TempDir()
			l := newTown(t, auth.FactorPIN, wholeTable, func(c *provision.Config) { c.Templates = rootOf(t, dir) })
			m := phone.MAC{0x02, 0, 0, 0, 5, byte(i)}
			if _, err := l.Add(t.Context(), operator, phone.Device{
				MAC: m, Vendor: maker.Vendor, AdminPassword: phone.NewSecret("482916"), PlainTFTP: true,
				Lines: []phone.Line{{Registrar: "sip.example.net", User: "710", Password: phone.NewSecret(line), DisplayName: text, Label: text}},
			}); err != nil {
				t.Fatal(err)
			}
			if _, err := l.SetBrand(t.Context(), operator, maker.Vendor, "brand", phone.NewSecret(brand)); err != nil {
				t.Fatal(err)
			}
			own, err := l.Preview(m, "", true)
			if err != nil {
				t.Fatal(err)
			}
			conf := ""
			for _, s := range own[len(own)-1].Settings {
				switch {
				case strings.Contains(s.Name, "{}/"), strings.Count(s.Name, "{}") > 1: // a template gives one value
				case s.Value == line:
					conf, placed = conf+s.Name+" = written-out-9\n", placed+1
				case s.Value == text && !strings.Contains(conf, brand):
					conf, moved = conf+s.Name+" = a "+line+" and "+brand+"\n", moved+1
				}
			}
			writeFile(t, dir, string(maker.Vendor)+".conf", conf)
			if out, err := l.LoadTemplates(t.Context(), operator); err != nil || len(out.Faults) > 0 {
				t.Fatalf("got %v, %v, want the template loaded:\n%s", out.Faults, err, conf)
			}
			for _, reveal := range []bool{true, false} {
				pages, err := l.Preview(m, "", reveal)
				if err != nil {
					t.Fatal(err)
				}
				shown := fmt.Sprint(pages)
				for _, secret := range []string{"written-out-9", line, brand} {
					if strings.Contains(shown, secret) != (reveal && strings.Contains(conf, secret)) && (!reveal || secret != line) {
						t.Errorf("reveal %v: %s is shown: %v; the template is\n%s", reveal, secret, !reveal, conf)
					}
				}
			}
		})
	}
	if placed < 20 || moved < 15 {
		t.Errorf("%d literals in the place of a secret and %d beside others were tried, of %d makers", placed, moved, len(vendors.All().Names()))
	}
}

// TestPValuesInAPreview: a Grandstream parameter says by its number alone what it is.
func TestPValuesInAPreview(t *testing.T) {
	dir := t.TempDir()
	l := newTown(t, auth.FactorPIN, wholeTable, func(c *provision.Config) { c.Templates = rootOf(t, dir) })
	m := phone.MAC{0x00, 0x0b, 0x82, 0, 5, 1}
	if _, err := l.Add(t.Context(), operator, phone.Device{MAC: m, Vendor: "grandstream", Model: "GXP2170"}); err != nil {
		t.Fatal(err)
	}
	// The admin's and a user's password, the server's name, and a number the box
	// never writes.
	writeFile(t, dir, "grandstream.conf", "P2 = written-a\nP196 = written-b\nP237 = shown.example\nP4567 = written-c\n")
	if out, err := l.LoadTemplates(t.Context(), operator); err != nil || len(out.Faults) > 0 {
		t.Fatal(out.Faults, err)
	}
	pages, err := l.Preview(m, "", false)
	if shown := fmt.Sprint(pages); err != nil || strings.Contains(shown, "written-") || !strings.Contains(shown, "shown.example") {
		t.Errorf("got %v and\n%s\nwant P237 shown and no other", err, shown)
	}
}

// TestTemplatesHideWhatLooksLikeALogin: short names of passwords, and a query of a
// URL, also one that stands behind a placeholder.
func TestTemplatesHideWhatLooksLikeALogin(t *testing.T) {
	for _, tt := range []struct {
		line, value string
		shown       bool
	}{
		{"static.wifi.1.wep_value = abcdefgh", "abcdefgh", false},
		{"local.admin_pw = abcdefgh", "abcdefgh", false},
		{"static.wifi.1.wpa = abcdefgh", "abcdefgh", false},
		{"wallpaper.url = http://pictures.example.net/get?u=admin&p=abcdefgh", "abcdefgh", false},
		{"wallpaper.url = {box.url}get?u=x&p=abcdefgh", "abcdefgh", false},
		{"wallpaper.url = http://pictures.example.net/abcdefgh.png", "abcdefgh", true},
		{"lang.gui = abcdefgh", "abcdefgh", true},
	} {
		t.Run(tt.line, func(t *testing.T) {
			s := newStudio(t)
			s.write(t, "yealink.conf", tt.line+"\n")
			if out := s.load(t); len(out.Faults) > 0 {
				t.Fatalf("got %v, want it in force", out.Faults)
			}
			pages, err := s.Preview(t46, "", false)
			if err != nil {
				t.Fatal(err)
			}
			if shown := strings.Contains(fmt.Sprint(pages), tt.value); shown != tt.shown {
				t.Errorf("shown: got %v, want %v", shown, tt.shown)
			}
		})
	}
}
