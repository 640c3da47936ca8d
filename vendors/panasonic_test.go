package vendors_test

import (
	"errors"
	"strings"

	"github.com/lineside/lineside/vendors"
)

func panasonicSamples() samples {
	return samples{
		vendor: "panasonic", mac: "0080f0c571eb", model: "KX-HDV230", config: "Config0080F0C571EB.cfg", ext: "cfg",
		others: []otherFile{{"KX-HDV230.cfg", "init"}},
		read: func(body []byte) (map[string]string, error) {
			return readPanasonic(body, "# Panasonic SIP Phone Standard Format File #\r\n")
		},
		keys:    lineKeys{user: "PHONE_NUMBER_@", auth: "SIP_AUTHID_@", password: "SIP_PASS_@", name: "DISPLAY_NAME_@"},
		classes: []identSample{{"Panasonic", vendors.Ident{Vendor: "panasonic"}}, {"Panasonic TV", vendors.Ident{}}},
		agents: []identSample{
			{"Panasonic_KX-UT113/01.133 (0080f0c8c381)", vendors.Ident{Vendor: "panasonic", Model: "KX-UT113", Firmware: "01.133", MAC: mustMAC("0080f0c8c381")}},
			{"Panasonic_KX-HDV130/01.000 (0080F0C571EB)", vendors.Ident{Vendor: "panasonic", Model: "KX-HDV130", Firmware: "01.000", MAC: mustMAC("0080f0c571eb")}},
			{"Panasonic_KX-HDV130/01.000", vendors.Ident{}},
			{"Panasonic_Viera/1.0 (0080f0c571eb)", vendors.Ident{}},
		},
		sipAgents: []identSample{
			{"Panasonic_KX-HDV230/07.009 (0080f0c571eb)", vendors.Ident{Vendor: "panasonic", Model: "KX-HDV230", Firmware: "07.009", MAC: mustMAC("0080f0c571eb")}},
		},
		names: []nameSample{
			{name: "KX-HDV230.cfg", kind: vendors.Common, model: "KX-HDV230"},
			{name: "KX-UT113.cfg", kind: vendors.Common, model: "KX-UT113"},
			{name: "kx-hdv999.cfg", kind: vendors.Common, model: "KX-HDV999"},
			{name: "Config0080F0C571EB.cfg", kind: vendors.Config, mac: "0080f0c571eb"},
			{name: "config0080f0c571eb.cfg", kind: vendors.Config, mac: "0080f0c571eb"},
		},
		holding: map[string]string{
			"SIP_PRXY_ADDR_1": "10.20.0.1", "DISPLAY_NAME_1": "Authentication needed", "DIAL_PLAN_1": "110|112|911", "EMERGENCY_CALL2": "112",
			"SIP_2NDPROXY_ADDR_1": "sbc.example.net", "SIP_2NDPROXY_PORT_1": "5080", "HOT_LINE_ENABLE": "Y", "HOT_LINE_NUMBER": "*89",
			"HOT_LINE_DELAY_TIME": "5", "CFG_CYCLIC_INTVL": "5", "LINE_ENABLE_2": "Disabled", "SIP_PASS_2": "", "SIPPNP_PROV_ENABLE": "N",
			"CFG_STANDARD_FILE_PATH": "http://fake-login:fake-login-password@10.20.0.1/cfg/Config0080F0C571EB.cfg", "CFG_PRODUCT_FILE_PATH": "",
		},
		full: map[string]string{
			"PHONE_NUMBER_1": "4930123456710", "SIP_URI_1": "sip:4930123456710@sip.example.net", "SIP_AUTHID_1": "auth-710", "SIP_PASS_1": "fake-line-password-1",
			"DISPLAY_NAME_1": "Anna Müller", "SIP_SRC_PORT_1": "5060", "SIP_SRC_PORT_2": "5070", "SIP_RGSTR_PORT_2": "5071", "SIP_TRANSPORT_2": "2",
			"SIP_OUTPROXY_ADDR_2": "edge.example.net", "SIP_OUTPROXY_PORT_2": "5062", "SIP_OUTPROXY_ADDR_1": "", "LINE_ENABLE_3": "Disabled",
			"TIME_ZONE": "60", "DST_ENABLE": "Y", "DST_START_MONTH": "3", "DST_START_ORDINAL_DAY": "5", "DST_START_DAY_OF_WEEK": "0", "DST_START_TIME": "120",
			"DST_STOP_TIME": "180", "ADMIN_PASS": "fake-admin-password", "HOT_LINE_ENABLE": "N", "SIP_2NDPROXY_ADDR_1": "", "DIAL_PLAN_2": "110|112|911",
			"DEFAULT_LANGUAGE": "de", "NTP_ADDR": "10.20.0.1", "HTTP_SSL_VERIFY": "1",
		},
		overrides: map[string]string{"VM_NUMBER_1": "*97", "DEFAULT_LANGUAGE": "fr"},
		replaces:  map[string]string{"DISPLAY_NAME_1": "Desk", "VM_NUMBER_1": "*97"},
		badNames:  []string{"1ABC", "A B", "A.B", "A=B"},
		refuses:   `"`,
	}
}

func panasonicTGPSamples() samples {
	s := panasonicSamples()
	s.vendor, s.model, s.config = "panasonic-tgp", "KX-TGP550T04", "ConfigTGP0080F0C571EB.cfg"
	s.others = []otherFile{{"KX-TGP550T04.cfg", "init"}}
	s.read = func(body []byte) (map[string]string, error) {
		return readPanasonic(body, "# PCC Standard Format File # DO NOT CHANGE THIS LINE!\r\n")
	}
	s.classes = nil
	s.agents = []identSample{
		{"Panasonic_KX-TGP550T04/12.81 (0080f0c8c381)", vendors.Ident{Vendor: "panasonic-tgp", Model: "KX-TGP550T04", Firmware: "12.81", MAC: mustMAC("0080f0c8c381")}},
	}
	s.sipAgents = s.agents
	s.classes = []identSample{{"Panasonic", vendors.Ident{Vendor: "panasonic"}}}
	s.names = []nameSample{
		{name: "KX-TGP500B04.cfg", kind: vendors.Common, model: "KX-TGP500B04"},
		{name: "KX-TGP550T04.cfg", kind: vendors.Common, model: "KX-TGP550T04"},
		{name: "KX-TGP550T04.cfg", hint: "panasonic", kind: vendors.Common, model: "KX-TGP550T04"},
		{name: "ConfigTGP0080F0C571EB.cfg", kind: vendors.Config, mac: "0080f0c571eb"},
	}
	s.holding = map[string]string{
		"SIP_PRXY_ADDR_1": "10.20.0.1", "DISPLAY_NAME_1": "Authentication needed", "EMERGENCY_CALL1": "110", "EMERGENCY_CALL3": "911", "EMERGENCY_CALL4": "",
		"INCOMING_CALL_GROUP_1": "1,1,1,1,1,1,1", "DEFAULT_LINE_SELECT_HS6": "1,0,0,0,0,0,0,0", "OPTION66_REBOOT": "Y",
	}
	s.full = map[string]string{
		"PHONE_NUMBER_1": "4930123456710", "SIP_PASS_2": "fake-line-password-2", "INCOMING_CALL_GROUP_2": "0,1,0,0,0,0,0",
		"OUTGOING_CALL_LINE_HS2": "0,1,0,0,0,0,0,0", "DEFAULT_LINE_SELECT_HS3": "1,0,0,0,0,0,0,0", "SDP_CODEC0_1": "G722", "SDP_PTYPE1_2": "8",
		"LINE_ENABLE_8": "Disabled",
	}
	return s
}

func panasonicUTGSamples() samples {
	s := panasonicSamples()
	s.vendor, s.model, s.config, s.ext = "panasonic-utg", "KX-UTG200B", "ConfigUTG0080F0C571EB.cfg", "xml"
	s.others = []otherFile{{"KX-UTG200B.cfg", "init"}}
	s.read = readTree
	sip := "Device/Lines/Line[idx=@]/Sip/"
	s.keys = lineKeys{user: sip + "PHONE_NUMBER", auth: sip + "SIP_AUTHID", password: sip + "SIP_PASS", name: "Device/Lines/Line[idx=@]/CallCtrl/DISPLAY_NAME"}
	s.classes = []identSample{{"Panasonic", vendors.Ident{Vendor: "panasonic"}}}
	s.agents = []identSample{
		{"Panasonic_KX-UTG300B/03.210 (0080f0c8c381)", vendors.Ident{Vendor: "panasonic-utg", Model: "KX-UTG300B", Firmware: "03.210", MAC: mustMAC("0080f0c8c381")}},
	}
	s.sipAgents = s.agents
	s.names = []nameSample{
		{name: "KX-UTG200B.cfg", kind: vendors.Common, model: "KX-UTG200B"},
		{name: "KX-UTG300B.cfg", kind: vendors.Common, model: "KX-UTG300B"},
		{name: "ConfigUTG0080F0C571EB.cfg", kind: vendors.Config, mac: "0080f0c571eb"},
		{name: "configutg0080f0c571eb.cfg", kind: vendors.Config, mac: "0080f0c571eb"},
	}
	line := "Device/Lines/Line[idx=1]/"
	s.holding = map[string]string{
		line + "Sip/SIP_PRXY_ADDR": "10.20.0.1", line + "CallCtrl/DISPLAY_NAME": "Authentication needed", line + "CallCtrl/DIAL_PLAN": "110|112|911",
		"Device/Phone/HotLine/HOT_LINE_ENABLE": "Y", "Device/Phone/HotLine/HOT_LINE_NUMBER": "*89", "Device/Phone/HotLine/HOT_LINE_DELAY_TIME": "5",
		"Device/System/Prov/CFG_CYCLIC_INTVL": "5", "Device/System/Prov/SIPPNP_ENABLE": "N",
	}
	s.full = map[string]string{
		line + "Sip/PHONE_NUMBER": "4930123456710", line + "Sip/SIP_PASS": "fake-line-password-1", "Device/Lines/Line[idx=2]/Sip/SIP_TRANSPORT": "2",
		"Device/Lines/Line[idx=2]/Sip/SIP_SRC_PORT": "5070", "Device/Lines/Line[idx=3]/Sip/LINE_ENABLE": "No", "Device/System/SysTime/DST_STOP_MONTH": "10",
		"Device/Phone/HotLine/HOT_LINE_ENABLE": "N", "Device/System/LoginAcc/ADMIN_PASS": "fake-admin-password",
		"Device/System/Prov/USR_PROV_SVR_URL": "http://10.20.0.1/cfg/ConfigUTG{MAC}.cfg",
	}
	s.overrides = map[string]string{"Extra": "1"}
	s.replaces = map[string]string{"Extra": "1", line + "CallCtrl/DISPLAY_NAME": "Desk"}
	s.badNames = []string{"1ABC", "A B", "A=B"}
	s.refuses = ""
	return s
}

// readPanasonic wants the last line empty, as the phones do.
func readPanasonic(body []byte, head string) (map[string]string, error) {
	text, ok := strings.CutSuffix(string(body), "\r\n\r\n")
	if !ok || strings.Contains(strings.ReplaceAll(text, "\r\n", ""), "\n") {
		return nil, errors.New("no empty line at the end, or line ends without CR")
	}
	return lineSyntax{head: head, end: "\r\n", between: "=", value: unquote}.read(text + "\r\n")
}
