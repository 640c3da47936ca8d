package vendors_test

import (
	"strings"

	"github.com/lineside/lineside/vendors"
)

func fanvilSamples() samples {
	ident := func(model, firmware, mac string) vendors.Ident {
		id := vendors.Ident{Vendor: "fanvil", Model: model, Firmware: firmware}
		if mac != "" {
			id.MAC = mustMAC(mac)
		}
		return id
	}
	return samples{
		vendor: "fanvil", mac: "0c383e07e16c", model: "X210", config: "0c383e07e16c.cfg", ext: "xml",
		others: []otherFile{{"F0V00X200000.cfg", "common"}},
		read:   readFanvil,
		keys:   lineKeys{user: "sip.line.@.PhoneNumber", auth: "sip.line.@.RegisterUser", password: "sip.line.@.RegisterPswd", name: "sip.line.@.DisplayName"},
		classes: []identSample{
			{"Fanvil X6U", ident("X6U", "", "")},
			{"Fanvil X6U Pro", ident("X6U-Pro", "", "")},
			{"Fanvil", ident("", "", "")},
			{"Fanvil <b>", vendors.Ident{}},
		},
		agents: []identSample{
			{"Fanvil X4 2.10.2.6887 0c383e07e16c", ident("X4", "2.10.2.6887", "0c383e07e16c")},
			{"Fanvil X6U Pro 0.0.10 0c383e2cd782", ident("X6U-Pro", "0.0.10", "0c383e2cd782")},
			{"Fanvil V67 2.6.6.187 0c383e112233", ident("V67", "2.6.6.187", "0c383e112233")},
			{"Fanvil i10SV 2.12.10.1 0c383e112233", ident("i10SV", "2.12.10.1", "0c383e112233")},
			{"Fanvil H2U-V2 2.12.0 0c383e112233", ident("H2U-V2", "2.12.0", "0c383e112233")},
			{"Fanvil W620W 2.16.10 0c383e112233", ident("W620W", "2.16.10", "0c383e112233")},
			{"Fanvil X5U-V2 2.12.16.17 0c383e112233", ident("X5U-V2", "2.12.16.17", "0c383e112233")},
			{"Fanvil X4 2.10.2.6887", vendors.Ident{}},
		},
		sipAgents: []identSample{{"Fanvil X4 2.10.2.6887 0c383e07e16c", ident("X4", "2.10.2.6887", "0c383e07e16c")}},
		names: []nameSample{
			{name: "F0V00X200000.cfg", kind: vendors.Common, model: "X210"},
			{name: "f0C00620000.cfg", kind: vendors.Common, model: "C62"},
			{name: "f0C00580000.cfg", kind: vendors.Common, model: "C58"},
			{name: "F0VV61G00000.cfg", kind: vendors.Common, model: "V61G"},
			{name: "F0V2UV200000.cfg", kind: vendors.Common, model: "H2U-V2"},
			{name: "f0X2hw1.100.cfg", kind: vendors.Common, model: "X2"},
			{name: "f0X9hw2.0.cfg", kind: vendors.Common},
			{name: "0c383e07e16c.cfg", kind: vendors.Config, mac: "0c383e07e16c"},
			{name: "f0c006200001.cfg", hint: "fanvil", kind: vendors.Config, mac: "f0c006200001"},
			{name: "fanvil_x210_v2_hwv2_0.txt", kind: vendors.Absent},
		},
		holding: map[string]string{
			"sip.line.1.RegisterAddr": "10.20.0.1", "sip.line.1.RegisterUser": "hold-fake", "sip.line.1.EnableHotline": "1", "sip.line.1.HotlineNum": "*89",
			"sip.line.1.WarmLineTime": "5", "phone.display.LCDTitle": "Authentication needed", "phone.EmergencyCall": "110,112,911",
			"ap.FlashInterval": "1", "sip.line.2.EnableReg": "0", "sip.line.2.RegisterPswd": "", "sip.line.16.EnableReg": "0",
		},
		full: map[string]string{
			"sip.line.1.PhoneNumber": "4930123456710", "sip.line.1.RegisterUser": "auth-710", "sip.line.1.RegisterPort": "5060", "sip.line.1.EnableHotline": "0",
			"sip.line.2.Transport": "3", "sip.line.2.RegisterPort": "5071", "sip.line.2.ProxyAddr": "edge.example.net", "sip.line.2.ProxyPort": "5062",
			"sip.line.2.ProxyPswd": "fake-line-password-2", "sip.line.3.EnableReg": "0", "ap.DefaultPassword": "fake-login-password", "ap.FlashServerIP": "http://10.20.0.1/cfg",
			"ap.FlashFileName": "$mac.cfg", "ap.FlashProtocol": "4", "ap.opt.DHCPOption": "66", "ap.pnp.PNPEnable": "0", "phone.date.TimeZone": "4", "phone.date.TimeZoneName": "UTC+1",
			"phone.date.DSTStartMon": "3", "phone.date.DSTStartWeek": "5", "phone.date.DSTStartWday": "0", "phone.date.DSTStartHour": "2", "phone.date.DSTEndHour": "3",
			"web.account.1.Password": "fake-admin-password", "phone.display.DefaultLanguage": "de", "phone.display.LCDTitle": "710 Anna",
		},
		overrides: map[string]string{"phone.display.DefaultLanguage": "fr", "call.port.1.CallWaiting": "0"},
		replaces:  map[string]string{"phone.display.DefaultLanguage": "fr", "sip.line.1.MWINum": "*97"},
		badNames:  []string{"sip/line", "sip.line.0.X", "sip..x", "1.sip", "sip.1.2.x", "sip.line.1", "sip.line[index=1]"},
	}
}

// readFanvil reads the tree and names its leaves with dots.
func readFanvil(body []byte) (map[string]string, error) {
	tree, err := readTree(body)
	if err != nil {
		return nil, err
	}
	got := map[string]string{}
	for path, value := range tree {
		got[strings.NewReplacer("/", ".", "[index=", ".", "]", "").Replace(path)] = value
	}
	return got, nil
}
