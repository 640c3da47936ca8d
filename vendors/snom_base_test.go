package vendors_test

import (
	"github.com/lineside/lineside/vendors"
)

func snomBaseSamples() samples {
	return samples{
		vendor: "snom-dect", mac: "000413b60680", model: "M900", config: "snomM900-000413B60680.htm", ext: "xml",
		others: []otherFile{{"snomM900.htm", "common"}},
		read:   func(body []byte) (map[string]string, error) { return readSnom(body) },
		keys:   lineKeys{user: "user_name.@", auth: "user_pname.@", password: "user_pass.@", name: "user_realname.@", label: "subscr_sip_line_name.@"},
		classes: []identSample{
			{"snomM900", vendors.Ident{Vendor: "snom-dect", Model: "M900"}},
			{"snomM300 and more", vendors.Ident{Vendor: "snom-dect", Model: "M300"}},
			{"snomM3", vendors.Ident{Vendor: "snom", Model: "M3"}},
		},
		agents: []identSample{
			{snomHead + "Snom M900 05.20.0001 000413b60680)", vendors.Ident{Vendor: "snom-dect", Model: "M900", Firmware: "05.20.0001", MAC: mustMAC("000413b60680")}},
		},
		sipAgents: []identSample{
			{"snomM700/03.23.0005 (MAC=0004136A0B0C; SER=00000; HW=255)", vendors.Ident{Vendor: "snom-dect", Model: "M700", Firmware: "03.23.0005", MAC: mustMAC("0004136a0b0c")}},
		},
		names: []nameSample{
			{name: "snomM900.htm", kind: vendors.Common, model: "M900"},
			{name: "snomM900.htm", hint: "snom", kind: vendors.Common, model: "M900"},
			{name: "snomM900-000413B60680.htm", kind: vendors.Config, mac: "000413b60680", model: "M900"},
			{name: "snomM700-firmware.htm", kind: vendors.Absent, model: "M700"},
			{name: "000413B60680.xml", hint: "snom-dect", kind: vendors.Config, mac: "000413b60680"},
		},
		holding: map[string]string{
			"user_host.1": "10.20.0.1:5060", "user_name.1": "hold-fake", "user_active.2": "off", "user_pass.2": "", "user_active.16": "off",
			"subscr_sip_line_name.1": "Authentication needed", "auto_resync_period": "5", "keyboard_lock_emergency": "110 112 911",
		},
		full: map[string]string{
			"user_name.1": "4930123456710", "user_pname.1": "auth-710", "user_pass.2": "fake-line-password-2", "subscr_sip_hs_idx.2": "2",
			"subscr_sip_ua_data_server_id.1": "1", "subscr_sip_ua_data_server_id.2": "2", "user_host.1": "sip.example.net", "user_host.2": "sip.example.net:5071",
			"user_outbound.2": "edge.example.net:5062", "srv_sip_transport.2": "tls", "user_active.3": "off", "user_pass.3": "", "timezone": "GER+1", "dst_enable": "auto",
			"http_client_user": "fake-login", "http_client_password": "fake-login-password", "setting_server": "http://10.20.0.1/cfg/", "http_pass": "fake-admin-password",
			"language": "Deutsch", "tone_scheme": "GER",
		},
		overrides: map[string]string{"user_mailbox.1": "*97", "ac_code": "4711"},
		replaces:  map[string]string{"user_dtmf_info.1": "sip_info_only", "ac_code": "4711"},
		badNames:  []string{"user_srtp.x", "a.b.c", "a b"},
	}
}
