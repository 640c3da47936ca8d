package vendors_test

import (
	"path/filepath"
	"testing"

	"github.com/lineside/lineside/internal/golden"
	"github.com/lineside/lineside/vendors"
)

func yealinkSamples() samples {
	return samples{
		vendor: "yealink", mac: "0015654aa937", model: "T46G", config: "0015654aa937.cfg", ext: "cfg",
		others: []otherFile{{"y000000000028.cfg", "common"}},
		read: func(body []byte) (map[string]string, error) {
			return lineSyntax{head: "#!version:1.0.0.1\n", end: "\n", between: " = ", empty: "%NULL%"}.read(string(body))
		},
		keys: lineKeys{user: "account.@.user_name", auth: "account.@.auth_name", password: "account.@.password", name: "account.@.display_name", label: "account.@.label"},
		classes: []identSample{
			{"yealink", vendors.Ident{Vendor: "yealink"}},
			{"Yealink\x00", vendors.Ident{Vendor: "yealink"}},
			{"yealink SIP-T46G", vendors.Ident{Vendor: "yealink", Model: "T46G"}},
		},
		agents: []identSample{
			{"Yealink SIP-T46G 28.83.0.120 00:15:65:4a:a9:37", vendors.Ident{Vendor: "yealink", Model: "T46G", Firmware: "28.83.0.120", MAC: mustMAC("0015654aa937")}},
			{"Yealink SIP-T77U 185.87.0.10 44:db:d2:bd:b5:69", vendors.Ident{Vendor: "yealink", Model: "T77U", Firmware: "185.87.0.10", MAC: mustMAC("44dbd2bdb569")}},
			{"Yealink SIP-T34W 124.86.0.75 24:9a:d8:88:d0:f4", vendors.Ident{Vendor: "yealink", Model: "T34W", Firmware: "124.86.0.75", MAC: mustMAC("249ad888d0f4")}},
			{"Yealink SIP-T38G  38.70.0.125 00:15:65:2f:c3:5e", vendors.Ident{Vendor: "yealink", Model: "T38G", Firmware: "38.70.0.125", MAC: mustMAC("0015652fc35e")}},
			{"yealink SIP-T28P 2.70.0.140 00:15:65:11:22:33", vendors.Ident{Vendor: "yealink", Model: "T28P", Firmware: "2.70.0.140", MAC: mustMAC("001565112233")}},
			{"Yealink SIP VP-T49G 51.80.0.10 00:15:65:11:22:33", vendors.Ident{Vendor: "yealink", Model: "VP-T49G", Firmware: "51.80.0.10", MAC: mustMAC("001565112233")}},
			{"Yealink CP860 37.72.0.5 00:15:65:11:22:33", vendors.Ident{Vendor: "yealink", Model: "CP860", Firmware: "37.72.0.5", MAC: mustMAC("001565112233")}},
			{"Yealink SIP-CP920 78.85.0.5 00:15:65:11:22:33", vendors.Ident{Vendor: "yealink", Model: "CP920", Firmware: "78.85.0.5", MAC: mustMAC("001565112233")}},
			{"Yealink W60B 77.81.0.35 80:5e:c0:09:ab:dc", vendors.Ident{Vendor: "yealink", Model: "W60B", Firmware: "77.81.0.35", MAC: mustMAC("805ec009abdc")}},
			{"Yealink W90DM 130.85.0.15 80:5e:c0:d9:c7:44", vendors.Ident{Vendor: "yealink", Model: "W90DM", Firmware: "130.85.0.15", MAC: mustMAC("805ec0d9c744")}},
			{"Yealink SIP-W52P 25.30.0.2 00:15:65:11:22:33", vendors.Ident{Vendor: "yealink", Model: "W52P", Firmware: "25.30.0.2", MAC: mustMAC("001565112233")}},
			{"W52P 25.30.0.2 00:15:65:11:22:33", vendors.Ident{Vendor: "yealink", Model: "W52P", Firmware: "25.30.0.2", MAC: mustMAC("001565112233")}},
			{"VP530P 23.70.0.40 00:15:65:11:22:33", vendors.Ident{Vendor: "yealink", Model: "VP530P", Firmware: "23.70.0.40", MAC: mustMAC("001565112233")}},
			{"Yealink SIP-T56A  58.80.0.25 001565f429a4", vendors.Ident{Vendor: "yealink", Model: "T56A", Firmware: "58.80.0.25", MAC: mustMAC("001565f429a4")}},
			{"Yealink-T46G 28.71.0.81 28.1.0.128.0.0.0", vendors.Ident{Vendor: "yealink", Model: "T46G", Firmware: "28.71.0.81"}},
			{"Yealink SIP-T54W 96.86.0.45", vendors.Ident{Vendor: "yealink", Model: "T54W", Firmware: "96.86.0.45"}},
			{"Yealink SIP-T99Z 199.90.0.1 00:00:00:00:00:00", vendors.Ident{Vendor: "yealink", Model: "T99Z", Firmware: "199.90.0.1"}},
		},
		sipAgents: []identSample{
			{"Yealink SIP-T54W 96.86.0.45", vendors.Ident{Vendor: "yealink", Model: "T54W", Firmware: "96.86.0.45"}},
		},
		names: []nameSample{
			{name: "0015654aa937.boot", kind: vendors.Absent, mac: "0015654aa937"},
			{name: "y000000000000.boot", kind: vendors.Absent},
			{name: "y000000000028.cfg", kind: vendors.Common, model: "T46G"},
			{name: "y000000000123.cfg", kind: vendors.Common},
			{name: "y000000000000.cfg", kind: vendors.Common, model: "T28P"},
			{name: "y999999999999.cfg", kind: vendors.Common},
			{name: "0015654aa937.cfg", kind: vendors.Config, mac: "0015654aa937"},
			{name: "0015654AA937.cfg", kind: vendors.Config, mac: "0015654aa937"},
			{name: "0015654aa937-local.cfg", kind: vendors.Absent, mac: "0015654aa937"},
			{name: "0015654aa937-contact.xml", kind: vendors.Absent, mac: "0015654aa937"},
			{name: "0004f2aabbcc.cfg", hint: "yealink", kind: vendors.Config, mac: "0004f2aabbcc"},
			{name: "0015654aa937.cfg", hint: "snom", kind: vendors.Config, mac: "0015654aa937"},
			{name: "0a0000000001.cfg", kind: vendors.Config, mac: "0a0000000001"},
		},
		holding: map[string]string{
			"account.1.sip_server.1.address": "10.20.0.1", "account.1.user_name": "hold-fake", "account.1.label": "Authentication needed 0015654AA937",
			"features.hotline_number": "*89", "features.hotline_delay": "5", "account.1.auto_dial_enable": "0",
			"dialplan.emergency.enable": "1", "dialplan.emergency.2.value": "112", "dialplan.emergency.2.server_priority": "1,2",
			"dialplan.emergency.server.1.address": "10.20.0.1", "dialplan.emergency.server.2.address": "sbc.example.net", "dialplan.emergency.server.2.port": "5080",
			"static.auto_provision.repeat.minutes": "5", "account.2.enable": "0", "account.2.password": "",
		},
		full: map[string]string{
			"account.1.user_name": "4930123456710", "account.1.auth_name": "auth-710", "account.1.password": "fake-line-password-1",
			"account.1.label": "710 Anna", "account.1.display_name": "Anna Müller", "account.1.sip_server.1.address": "sip.example.net",
			"account.1.sip_server.1.port": "5060", "account.1.sip_server.1.transport_type": "0", "account.1.outbound_proxy_enable": "0",
			"account.2.sip_server.1.port": "5071", "account.2.sip_server.1.transport_type": "2", "account.2.outbound_proxy.1.address": "edge.example.net",
			"account.2.outbound_proxy.1.port": "5062", "account.2.auth_name": "4930123456711", "account.3.enable": "0", "account.16.enable": "0",
			"static.auto_provision.server.username": "fake-login", "auto_provision.server.password": "fake-login-password",
			"static.security.user_password": "admin:fake-admin-password", "features.hotline_number": "", "dialplan.emergency.enable": "0",
			"local_time.start_time": "3/5/7/2", "local_time.end_time": "10/5/7/3", "local_time.time_zone": "+1",
			"static.trusted_certificates.url": "http://10.20.0.1/cfg/lineside-ca.pem", "trusted_certificates.url": "http://10.20.0.1/cfg/lineside-ca.pem", "security.ca_cert": "2", "static.syslog.enable": "0", "syslog.server": "",
		},
		overrides: map[string]string{"features.dnd_mode": "1", "lang.gui": "French"},
		replaces:  map[string]string{"account.1.label": "Desk", "features.dnd_mode": "1"},
		badNames:  []string{"1abc", "a b", "a=b"},
	}
}

// TestYealinkBase: line n of a DECT base belongs to handset n and to no other.
func TestYealinkBase(t *testing.T) {
	in := input(t, "yealink", vendors.Full)
	in.Device.Model = "W60B"
	golden.Check(t, filepath.Join("testdata", "yealink-base.cfg"), render(t, in))
	got := values(t, in)
	for k, want := range map[string]string{
		"handset.1.name": "710 Anna", "handset.1.incoming_lines": "1", "handset.2.dial_out_lines": "2", "handset.2.dial_out_default_line": "2",
		"handset.8.incoming_lines": "8", "custom.handset.language": "2", "account.8.enable": "0", "account.8.password": "",
	} {
		if got[k] != want {
			t.Errorf("%s is %q, want %q", k, got[k], want)
		}
	}
	for _, k := range []string{"handset.9.incoming_lines", "account.9.enable"} {
		if v, ok := got[k]; ok {
			t.Errorf("%s is %q, want it not there: a W60B takes eight", k, v)
		}
	}
	in.Device.Model = "T46G"
	if v, ok := values(t, in)["handset.1.incoming_lines"]; ok {
		t.Errorf("a desk phone has handset.1.incoming_lines %q", v)
	}
}

// TestYealinkAccounts holds what the reference tables say of a few of each
// family.
func TestYealinkAccounts(t *testing.T) {
	for model, want := range map[string]int{
		"T19P_E2": 1, "T21P_E2": 2, "T23G": 3, "T27G": 6, "T29G": 16, "T40P": 3, "T41S": 6, "T42U": 12, "T43U": 12, "T46U": 16, "T48S": 16,
		"T31P": 2, "T33G": 4, "T52S": 12, "T53W": 12, "T54W": 16, "T57W": 16, "T73U": 12, "T88W": 16,
		"CP860": 1, "CP925": 1, "CP965": 1, "W52P": 5, "W60B": 8, "W70B": 10, "W75DM": 20, "W80B": 30, "W90DM": 250, "AX83H": 4,
	} {
		if m, ok := vendors.All().Model("yealink", model); !ok || m.Lines != want {
			t.Errorf("%s: got %d accounts (known: %v), want %d", model, m.Lines, ok, want)
		}
	}
}
