package vendors_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/lineside/lineside/vendors"
)

func audiocodesSamples() samples {
	return samples{
		vendor: "audiocodes", mac: "00908f9d8992", model: "440HD", config: "00908f9d8992.cfg", ext: "cfg", refuses: ";",
		read: func(body []byte) (map[string]string, error) {
			return lineSyntax{end: "\n", between: "=", value: func(s string) (string, error) {
				if strings.Contains(s, ";") {
					return "", errors.New("a comment")
				}
				return s, nil
			}}.read(string(body))
		},
		keys: lineKeys{user: "voip/line/#/id", auth: "voip/line/#/auth_name", password: "voip/line/#/auth_password", label: "voip/line/#/description"},
		classes: []identSample{
			{"440HD", vendors.Ident{Vendor: "audiocodes", Model: "440HD"}},
			{"c450hd", vendors.Ident{Vendor: "audiocodes", Model: "C450HD"}},
			{"440 HD", vendors.Ident{}},
			{"460HD", vendors.Ident{}},
		},
		agents: []identSample{
			{"AUDC/3.4.6.604 AUDC-IPPhone-C450HD_UC_3.4.6.604/1", vendors.Ident{Vendor: "audiocodes", Model: "C450HD", Firmware: "3.4.6.604"}},
			{"AUDC/3.4.6.604 curl", vendors.Ident{}},
		},
		sipAgents: []identSample{
			{"AUDC-IPPhone/1.2.1_build_6", vendors.Ident{Vendor: "audiocodes", Firmware: "1.2.1"}},
			{"AUDC-IPPhone/2.2.2", vendors.Ident{Vendor: "audiocodes", Firmware: "2.2.2"}},
			{"AUDC-IPPhone", vendors.Ident{}},
		},
		names: []nameSample{
			{name: "00908f9d8992.cfg", kind: vendors.Config, mac: "00908f9d8992"},
			{name: "00908F9D8992.cfg", kind: vendors.Config, mac: "00908f9d8992"},
			{name: "440HD_001122334455_conf.cfg", kind: vendors.Config, mac: "001122334455", model: "440HD"},
			{name: "440HD.img", kind: vendors.Absent, model: "440HD"},
			{name: "c450hd.img", kind: vendors.Absent, model: "C450HD"},
		},
		holding: map[string]string{
			"voip/signalling/sip/proxy_address": "10.20.0.1", "voip/signalling/sip/proxy_port": "5060", "voip/line/0/id": "hold-fake",
			"voip/line/0/auth_password": "fake-hold-password", "voip/line/0/description": "Authentication needed 00908F9D8992", "voip/line/1/enabled": "0",
			"voip/signalling/sip/digit_map": "110|112|911", "provisioning/period/type": "EVERY5MINUTES", "provisioning/random_provisioning_time": "0",
		},
		full: map[string]string{
			"provisioning/method": "STATIC", "provisioning/configuration/url": "http://10.20.0.1/cfg/00908f9d8992.cfg", "provisioning/period/type": "HOURLY",
			"provisioning/period/hourly/hours_interval": "4", "provisioning/random_provisioning_time": "120",
			"voip/line/0/id": "4930123456710", "voip/line/0/auth_name": "auth-710", "voip/line/0/auth_password": "fake-line-password-1",
			"voip/line/0/description": "710 Anna", "voip/line/1/enabled": "1", "voip/line/2/enabled": "0", "voip/line/2/auth_password": "",
			"voip/signalling/sip/proxy_address": "sip.example.net", "voip/signalling/sip/transport_protocol": "UDP", "voip/signalling/sip/sip_outbound_proxy/enabled": "0",
			"system/ntp/gmt_offset": "+01:00", "system/daylight_saving/start_date/month": "3", "system/daylight_saving/start_date/week": "5",
			"system/daylight_saving/end_date/hour": "3", "system/daylight_saving/start_date/day_of_week": "Sunday", "personal_settings/language": "GERMAN",
			"system/password": "fake-admin-password", "management/telnet/enabled": "0", "voip/codec/codec_info/0/name": "G722_8000",
		},
		replaces: map[string]string{"voip/line/0/description": "Desk", "voip/auto_answer/enabled": "1"},
		badNames: []string{"a b", "a=b", ";a", ""},
	}
}

// TestAudioCodesOverrides: a template names paths as a device's overrides do.
func TestAudioCodesOverrides(t *testing.T) {
	in := input(t, "audiocodes", vendors.Full)
	in.Layers = layers(t, "audiocodes.conf", "voip/line/0/description = Desk {line.1.user}\nvoip/auto_answer/enabled = 1\n")
	got := values(t, in)
	for k, want := range map[string]string{"voip/line/0/description": "Desk 4930123456710", "voip/auto_answer/enabled": "1"} {
		if got[k] != want {
			t.Errorf("%s is %q, want %q", k, got[k], want)
		}
	}
	in.Device.Lines = lineOf(nil)
	in.Device.Lines[0].User = "10;admin"
	if body, err := vendors.All().Render(in); err == nil {
		t.Errorf("a comment was written:\n%s", body)
	}
}
