package vendors_test

import (
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/lineside/lineside/phone"
	"github.com/lineside/lineside/vendors"
)

// macros are what the guides of each vendor write where a phone is to put
// something of its own. A vendor that is not here has none that is known.
var macros = map[phone.Vendor][]string{
	"yealink": {"$MAC", "$PN", "$ip", "$model", "$firmware"},
	"snom":    {"{mac}", "$(mac)", "$(firmware_version)"}, "snom-dect": {"{mac}"}, "gigaset-p": {"{mac}"},
	"poly": {"[PHONE_MAC_ADDRESS]"}, "spectralink": {"[PHONE_MAC_ADDRESS]"},
	"grandstream": {"$MAC", "<ipei>"}, "grandstream-ht": {"$MAC"}, "grandstream-gw": {"$PN"}, "grandstream-dp": {"<profile_name>", "<user_id>"},
	"fanvil":    {"$mac", "$input"},
	"cisco-mpp": {"$MA", "$PSN", "$PWD", "$SA", "$CCERT", "$(PWD)", "${MA}", "$$"}, "cisco-spa": {"$MA", "$PSN", "$PWD", "$A"},
	"cisco-ata": {"$MA", "$SD"}, "linksys": {"$MA", "$SN"}, "obihai": {"$MAC", "$DM", "${mac}"},
	"avaya":     {"$MACADDR", "$macaddr", "$MODEL4", "$SERIALNO"},
	"panasonic": {"{MAC}", "{mac}", "{MODEL}", "{fwver}"}, "panasonic-tgp": {"{MAC}", "{mac}"}, "panasonic-utg": {"{MODEL}"},
	"gigaset": {"%MACD", "%DURL"}, "gigaset-maxwell": {"%MACD"},
	"patton": {"$(system.mac)", "$(dhcp.66)"}, "patton-trinity": {"$(system.mac)"},
	"audiocodes": {"<MAC>", "<MODEL>"}, "audiocodes-mp": {"<MAC>"},
}

// expands reports that text has one of v's macros.
func expands(v phone.Vendor, text string) bool {
	for _, m := range macros[v] {
		if strings.Contains(text, m) {
			return true
		}
	}
	return false
}

// entered are the texts of a device a person types, by what they are called in
// an error.
func entered(d *phone.Device) map[string]string {
	texts := map[string]string{"label": d.Label, "owner": d.Owner, "model": d.Model}
	for _, l := range d.Lines {
		texts["user"] += " " + l.User
		texts["auth_id"] += " " + l.AuthID
		texts["display_name"] += " " + l.DisplayName
		texts["line label"] += " " + l.Label
	}
	return texts
}

// sprinkled puts one of the pieces behind what g draws, now and then.
func sprinkled(pieces []string, g *rapid.Generator[string]) *rapid.Generator[string] {
	if len(pieces) == 0 {
		return g
	}
	return rapid.Custom(func(t *rapid.T) string {
		s := g.Draw(t, "text")
		if rapid.IntRange(0, 29).Draw(t, "piece") == 17 {
			s += rapid.SampledFrom(pieces).Draw(t, "which")
		}
		return s
	})
}

// TestMacrosAreRefused: in each text of a device, with an error that names the
// field. A password is the platform's choice and stands where nobody reads it.
func TestMacrosAreRefused(t *testing.T) {
	spoil := map[string]func(d *phone.Device, text string){
		"label":         func(d *phone.Device, s string) { d.Label = "Desk " + s },
		"model":         func(d *phone.Device, s string) { d.Model = "T1" + s },
		"owner":         func(d *phone.Device, s string) { d.Owner = s },
		"user":          func(d *phone.Device, s string) { d.Lines[1].User = s },
		"auth_id":       func(d *phone.Device, s string) { d.Lines[0].AuthID = s },
		"display_name":  func(d *phone.Device, s string) { d.Lines[0].DisplayName = "Anna " + s },
		"line 1: label": func(d *phone.Device, s string) { d.Lines[0].Label = s },
	}
	each(t, func(t *testing.T, m vendors.Maker, _ samples) {
		for _, macro := range macros[m.Vendor] {
			xsi := input(t, m.Vendor, vendors.Full)
			xsi.XSI.User = "anna" + macro
			if _, err := vendors.All().Render(xsi); err == nil || !strings.Contains(err.Error(), "xsi_user") {
				t.Errorf("%s in xsi_user: got %v", macro, err)
			}
			if err := vendors.All().CheckXSIUser(m.Vendor, xsi.XSI.User); err == nil {
				t.Errorf("%s in xsi_user is no error at the user's entry", macro)
			}
			for field, set := range spoil {
				in := input(t, m.Vendor, vendors.Full)
				in.Device = in.Device.Clone()
				set(&in.Device, macro)
				if in.Device.Validate() != nil {
					continue // no device has that, whoever made it
				}
				_, err := vendors.All().Render(in)
				if err == nil {
					t.Errorf("%s in %s was written", macro, field)
					continue
				}
				if !strings.Contains(err.Error(), field) {
					t.Errorf("%s in %s: %v", macro, field, err)
				}
			}
		}
	})
}

// TestMacrosInPasswords: the password a platform chose is taken as it is.
func TestMacrosInPasswords(t *testing.T) {
	in := input(t, "cisco-mpp", vendors.Full)
	in.Device = in.Device.Clone()
	in.Device.Lines[0].Password = phone.NewSecret("ab$Cd{mac}")
	if got := values(t, in)["Password_1_"]; got != "ab$Cd{mac}" {
		t.Errorf("got %q, want the password as it is", got)
	}
}

// TestMacrosOfOperators: templates and overrides are in the phone's own words,
// macros among them.
func TestMacrosOfOperators(t *testing.T) {
	in := input(t, "cisco-mpp", vendors.Full)
	in.Device.Overrides = map[string]string{"Profile_Rule_D": "http://10.20.0.1/$PSN.xml"}
	if got := values(t, in)["Profile_Rule_D"]; got != "http://10.20.0.1/$PSN.xml" {
		t.Errorf("got %q, want the override as it is", got)
	}
}
