package provision_test

import (
	"strings"
	"testing"

	"github.com/lineside/lineside/auth"
	"github.com/lineside/lineside/phone"
	"github.com/lineside/lineside/provision"
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
