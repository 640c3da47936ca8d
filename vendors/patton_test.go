package vendors_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/lineside/lineside/phone"
	"github.com/lineside/lineside/vendors"
)

func pattonSamples() samples {
	return samples{
		vendor: "patton", mac: "00a0ba08933c", model: "SN4112", config: "00a0ba08933c.cfg", ext: "cfg",
		read: func(body []byte) (map[string]string, error) { return readPatton(body, "cli version 3.20\n") },
		keys: lineKeys{user: "location-service LOC#/identity", auth: "authentication-service AUTH#/username", password: "authentication-service AUTH#/password"},
		classes: []identSample{
			{"SN4112/JS/EUI", vendors.Ident{Vendor: "patton", Model: "SN4112"}},
			{"SN4332", vendors.Ident{Vendor: "patton", Model: "SN4332"}},
			{"SN411", vendors.Ident{}},
		},
		agents: []identSample{
			{"SmartNode (Model:SN4112/JS/EUI; Serial:00A0BA08933C; Software Version:R6.2 2012-09-11 H323 SIP FXS FXO; Hardware Version:4.4)", vendors.Ident{Vendor: "patton", Model: "SN4112", Firmware: "6.2", MAC: mustMAC("00a0ba08933c")}},
			{"SmartNode (Model:SN4316; Serial:00A0BA000001; Software Version:R6.11", vendors.Ident{Vendor: "patton", Model: "SN4316", Firmware: "6.11", MAC: mustMAC("00a0ba000001")}},
			{"SmartNode (Model:SN4112/JS/EUI; Serial:none)", vendors.Ident{}},
		},
		names: []nameSample{
			{name: "00a0ba08933c.cfg", kind: vendors.Config, mac: "00a0ba08933c"},
			{name: "00a0ba08933c", kind: vendors.Config, mac: "00a0ba08933c"},
			{name: "00A0BA08933C.cfg", hint: "patton", kind: vendors.Config, mac: "00a0ba08933c"},
			{name: "0a0000000001.cfg", hint: "patton", kind: vendors.Config, mac: "0a0000000001"},
			{name: "bw", hint: "patton", kind: vendors.Absent},
		},
		holding: map[string]string{
			"context cs switch/interface sip IF_SIP0/remote {} {}":                                        "10.20.0.1 5060",
			"context cs switch/interface sip IF_SBC/remote {} {}":                                         "sbc.example.net 5080",
			"context cs switch/routing-table called-e164 RT_FXS0/route 112 dest-service HG_SOS":           "",
			"context cs switch/routing-table called-e164 RT_FXS0/route .T dest-interface IF_SIP0":         "",
			"context cs switch/service hunt-group HG_SOS/route call dest-interface IF_SIP0":               "",
			"context cs switch/service hunt-group HG_SOS/route call dest-interface IF_SBC":                "",
			"timer LINESIDE now + 1 minute every 5 minutes {}":                                            "provisioning execute LINESIDE",
			"location-service LOC0/identity":                                                              "hold-fake",
			"context sip-gateway GW/notify check-sync accept":                                             "",
			"profile provisioning LINESIDE/location 1 {}":                                                 "http://10.20.0.1/cfg/00a0ba08933c.cfg",
			"authentication-service AUTH0/password":                                                       "fake-hold-password",
			"clock local dst-rule LINESIDE +02:00 from 02:00 mar last sunday until 03:00 oct last sunday": "",
		},
		full: map[string]string{
			"location-service LOC0/identity": "4930123456710", "authentication-service AUTH0/username": "auth-710",
			"authentication-service AUTH0/password": "fake-line-password-1", "location-service LOC0/registration outbound/registrar {} {}": "sip.example.net 5060",
			"location-service LOC1/registration outbound/registrar {} {}":                          "sip.example.net 5071",
			"location-service LOC1/registration outbound/proxy {} {}":                              "edge.example.net 5062",
			"location-service LOC1/registration outbound/preferred-transport-protocol {}":          "tls",
			"context cs switch/interface sip IF_SIP1/remote {} {}":                                 "edge.example.net 5062",
			"context cs switch/routing-table called-uri RT_IN/dest-interface IF_FXS1":              "sip:4930123456711@.%",
			"context cs switch/routing-table called-e164 RT_FXS1/route 112 dest-interface IF_SIP1": "",
			"administrator admin password {}":                                                      "fake-admin-password",
			"port fxs 0 1/no shutdown":                                                             "",
			"clock local default-offset {}":                                                        "+01:00",
		},
		refuses:  `"\?`,
		replaces: map[string]string{"clock local default-offset {}": "+02:00", "system hostname {}": "gate"},
		badNames: []string{"1abc", "a;b", "a{}"},
	}
}

func pattonTrinitySamples() samples {
	s := pattonSamples()
	s.vendor, s.model = "patton-trinity", "SN4120"
	s.read = func(body []byte) (map[string]string, error) { return readPatton(body, "cli version 4.00\n") }
	s.classes = []identSample{
		{"SN4120/2BIS2V/EUI", vendors.Ident{Vendor: "patton-trinity", Model: "SN4120"}},
		{"SN5490", vendors.Ident{Vendor: "patton-trinity", Model: "SN5490"}},
	}
	s.agents = []identSample{
		{"SmartNode (Model:SN4120/2BIS2V/EUI; Serial:00A0BA0A0B0C; Software Version:3.14.0-18072 2019-04-09; Hardware Version:2.1)", vendors.Ident{}},
		{"SmartNode (Model:SN4120/2BIS2V/EUI; Serial:00A0BA0A0B0C; Software Version:3.14.0 2019-04-09; Hardware Version:2.1)", vendors.Ident{Vendor: "patton-trinity", Model: "SN4120", Firmware: "3.14.0", MAC: mustMAC("00a0ba0a0b0c")}},
	}
	s.names = []nameSample{
		{name: "00a0ba08933c.cfg", hint: "patton-trinity", kind: vendors.Config, mac: "00a0ba08933c"},
		{name: "00a0ba08933c", hint: "patton-trinity", kind: vendors.Config, mac: "00a0ba08933c"},
		{name: "0a0000000001.cfg", hint: "patton-trinity", kind: vendors.Config, mac: "0a0000000001"},
		{name: "bw", hint: "patton-trinity", kind: vendors.Absent},
	}
	s.holding = map[string]string{
		"context cs SWITCH/interface sip IF_SIP0/remote {} {}":                                                  "10.20.0.1 5060",
		"context cs SWITCH/routing-table called-e164 RT_FXS0/route 112 dest-service HG_SOS":                     "",
		"location-service LOC0/domain 1 {} {}":                                                                  "10.20.0.1 5060",
		"cwmp-client/shutdown":                                                                                  "",
		"clock local dst-rule LINESIDE +01:00 from mar last sunday 02:00 2000 until oct last sunday 03:00 2036": "",
	}
	s.full = map[string]string{
		"location-service LOC0/identity": "4930123456710", "authentication-service AUTH0/password": "fake-line-password-1",
		"location-service LOC1/registration outbound/proxy 1 {} {}": "edge.example.net 5062", "ntp/server {}": "10.20.0.1",
		"context sip-gateway GW/interface WAN/transport-protocol tls 5061": "", "port fxs 0 1/bind interface IF_FXS1 SWITCH": "",
		"context cs SWITCH/routing-table called-e164 RT_FXS1/route .%T dest-interface IF_SIP1": "",
	}
	return s
}

// pattonHoles are the commands whose last words are values, with how many.
var pattonHoles = map[string]int{
	"administrator admin password": 1, "clock local default-offset": 1, "sntp-client server primary": 1, "server": 1,
	"location 1": 1, "action": 1, "domain": 1, "system hostname": 1, "domain 1": 2, "registrar": 2, "proxy": 2, "proxy 1": 2, "remote": 2,
	"preferred-transport-protocol": 1, "subscriber-number": 1, "timer LINESIDE now + 1 minute every 5 minutes": 1,
}

// readPatton replays a script. A value that names a mode, or stands amid a
// command, gets a reading of its own; other values are behind their command.
func readPatton(body []byte, head string) (map[string]string, error) {
	commands, err := readScript(string(body), head, "profile", "actions", "rule", "context", "interface", "routing-table", "service",
		"authentication-service", "location-service", "identity", "authentication", "call", "registration", "port", "ntp", "cwmp-client")
	if err != nil {
		return nil, err
	}
	got := reading{}
	for _, c := range commands {
		if err := readPattonCommand(got, c); err != nil {
			return nil, err
		}
	}
	return got, nil
}

func readPattonCommand(got reading, c []string) error {
	at := ""
	for len(c) > 0 && strings.Contains(c[0], " ") || len(c) > 0 && (c[0] == "actions" || c[0] == "ntp" || c[0] == "cwmp-client") {
		if user, ok := strings.CutPrefix(c[0], "identity "); ok {
			if was, there := got[at+"identity"]; there && was != user {
				return fmt.Errorf("%sidentity is %q and %q", at, was, user)
			}
			got[at+"identity"] = user
		} else {
			at += c[0] + "/"
		}
		c = c[1:]
	}
	line := strings.Join(c, " ")
	switch {
	case len(c) == 4 && c[0] == "username" && c[2] == "password":
		if err := got.add(at+"username", c[1]); err != nil {
			return err
		}
		return got.add(at+"password", c[3])
	case len(c) == 5 && c[0] == "authenticate", len(c) == 6 && c[0] == "authenticate":
		return got.add(at+strings.Join(c[:len(c)-1], " "), c[len(c)-1])
	case len(c) == 4 && c[0] == "route" && strings.Contains(at, "called-uri"):
		return got.add(at+strings.Join(c[2:], " "), c[1])
	case c[0] == "timer":
		return got.add(strings.Join(c[:len(c)-1], " ")+" {}", c[len(c)-1])
	}
	for n := 1; n <= 2 && n < len(c); n++ {
		if pattonHoles[strings.Join(c[:len(c)-n], " ")] == n {
			return got.add(at+strings.Join(c[:len(c)-n], " ")+strings.Repeat(" {}", n), strings.Join(c[len(c)-n:], " "))
		}
	}
	return got.add(at+line, "")
}

// TestOwnOptions: each of these devices joins an option and a file name in
// a way of its own.
func TestOwnOptions(t *testing.T) {
	tests := []struct {
		vendor phone.Vendor
		url    string
		want   map[uint8]string
	}{
		{"patton", "http://10.20.0.1:8667/cfg/", map[uint8]string{66: "http://10.20.0.1:8667/cfg"}},
		{"patton-trinity", "http://10.20.0.1/", map[uint8]string{66: "http://10.20.0.1"}},
		{"panasonic", "http://10.20.0.1/cfg/", map[uint8]string{66: "http://10.20.0.1/cfg/", 160: "http://10.20.0.1/cfg"}},
		{"panasonic-utg", "http://10.20.0.1/", map[uint8]string{66: "http://10.20.0.1/", 160: "http://10.20.0.1"}},
		{"gigaset", "http://10.20.0.1/cfg/", map[uint8]string{114: "http://10.20.0.1/cfg/%MACD.xml", 66: "http://10.20.0.1/cfg/%MACD.xml"}},
		{"gigaset", "http://" + strings.Repeat("a", 60) + "/cfg/", map[uint8]string{66: "http://" + strings.Repeat("a", 60) + "/cfg/%MACD.xml"}},
		{"gigaset-n510", "http://10.20.0.1/cfg/", map[uint8]string{114: "10.20.0.1/cfg", 66: "10.20.0.1/cfg"}},
		{"gigaset-n720", "https://10.20.0.1/cfg/", map[uint8]string{}},
		{"gigaset-p", "http://10.20.0.1/cfg/", map[uint8]string{114: "http://10.20.0.1/cfg/{mac}.xml", 66: "http://10.20.0.1/cfg/{mac}.xml"}},
		{"spectralink", "http://10.20.0.1/cfg/", map[uint8]string{66: "http://10.20.0.1/cfg/", 160: "http://10.20.0.1/cfg/"}},
	}
	for _, tt := range tests {
		m, ok := vendors.All().Of(tt.vendor)
		if !ok {
			t.Fatalf("%s is not served", tt.vendor)
		}
		got := map[uint8]string{}
		for _, o := range m.Options(vendors.Box{URL: tt.url}) {
			got[o.Code] = string(o.Value)
		}
		if d := cmp.Diff(tt.want, got); d != "" {
			t.Errorf("%s at %.40s: (-want +got)\n%s", tt.vendor, tt.url, d)
		}
	}
}
