package vendors_test

import "github.com/lineside/lineside/vendors"

func ciscoSPASamples() samples {
	return samples{
		vendor: "cisco-spa", mac: "8843e157ddcc", model: "SPA509G", config: "cisco-spa-8843e157ddcc.xml", ext: "xml",
		others:    []otherFile{{"spa509G.cfg", "init"}},
		certField: oidState,
		read:      readProfile,
		keys:      lineKeys{user: "User_ID_@_", auth: "Auth_ID_@_", password: "Password_@_", name: "Display_Name_@_", label: "Short_Name_@_"},
		classes: []identSample{
			{"Cisco SPA504G", vendors.Ident{Vendor: "cisco-spa", Model: "SPA504G"}},
			{"Cisco SPA525g", vendors.Ident{Vendor: "cisco-spa", Model: "SPA525G"}},
			{"Cisco SPA525G2", vendors.Ident{Vendor: "cisco-spa", Model: "SPA525G2"}},
			{"Cisco Systems, Inc. IP Phone SPA501G", vendors.Ident{Vendor: "cisco-spa", Model: "SPA501G"}},
			{"Cisco SPA599X", vendors.Ident{Vendor: "cisco-spa", Model: "SPA599X"}},
			{"Cisco SPA504G; rm", vendors.Ident{}},
			{"cisco", vendors.Ident{}},
		},
		agents: []identSample{
			{"Cisco/SPA501G-7.4.4 (8843E157DDCC)(CBT141100HR)", vendors.Ident{Vendor: "cisco-spa", Model: "SPA501G", Firmware: "7.4.4", MAC: mustMAC("8843e157ddcc"), Serial: "CBT141100HR"}},
			{"Cisco/SPA508G-7.4.8a (0002FDFF2103)(CBT141400UK)", vendors.Ident{Vendor: "cisco-spa", Model: "SPA508G", Firmware: "7.4.8a", MAC: mustMAC("0002fdff2103"), Serial: "CBT141400UK"}},
			{"Cisco/SPA525G-7.4.4 (CBT141900G7)", vendors.Ident{Vendor: "cisco-spa", Model: "SPA525G", Firmware: "7.4.4", Serial: "CBT141900G7"}},
			{"Cisco/SPA525G-7.4.4 (8843E157DDCC)", vendors.Ident{Vendor: "cisco-spa", Model: "SPA525G", Firmware: "7.4.4", Serial: "8843E157DDCC"}}, // a serial number
			{"Cisco/SPA501G-7.4.4 (8843E157DDCC)(CBT141100HR) x", vendors.Ident{}},
			{"Cisco/", vendors.Ident{}},
		},
		sipAgents: []identSample{
			{"Cisco/SPA504G-7.4.7", vendors.Ident{Vendor: "cisco-spa", Model: "SPA504G", Firmware: "7.4.7"}},
		},
		names: []nameSample{
			{name: "spa504G.cfg", kind: vendors.Common, model: "SPA504G"},
			{name: "spa525G2.cfg", kind: vendors.Common, model: "SPA525G2"},
			{name: "spa301.cfg", kind: vendors.Common, model: "SPA301"},
			{name: "spa599X.cfg", kind: vendors.Common},
			{name: "cisco-spa-8843e157ddcc.xml", kind: vendors.Config, mac: "8843e157ddcc"},
			{name: "8843e157ddcc.xml", hint: "cisco-spa", kind: vendors.Config, mac: "8843e157ddcc"},
			{name: "8843E157DDCC.cfg", hint: "cisco-spa", kind: vendors.Config, mac: "8843e157ddcc"},
		},
		holding: map[string]string{
			"Proxy_1_": "10.20.0.1:5060", "User_ID_1_": "hold-fake", "Password_1_": "fake-hold-password", "Short_Name_1_": "Authentication needed",
			"Station_Name": "8843E157DDCC", "Resync_Periodic": "300", "Make_Call_Without_Reg_1_": "Yes", "Emergency_Number_1_": "110,112,911",
			"Line_Enable_2_": "No", "Password_12_": "", "Extension_2_": "Disabled", "SPCP_Auto-detect": "No",
			"Profile_Rule": "[--uid fake-login --pwd fake-login-password]http://10.20.0.1/cfg/cisco-spa-$MA.xml", "Profile_Rule_B": "",
		},
		full: map[string]string{
			"User_ID_1_": "4930123456710", "Auth_ID_1_": "auth-710", "Use_Auth_ID_1_": "Yes", "Password_1_": "fake-line-password-1",
			"Display_Name_1_": "Anna Müller", "Short_Name_1_": "710 Anna", "Station_Name": "710 Anna", "Proxy_1_": "sip.example.net:5060",
			"SIP_Transport_1_": "UDP", "Outbound_Proxy_1_": "", "Use_Outbound_Proxy_1_": "No", "Proxy_2_": "sip.example.net:5071",
			"SIP_Transport_2_": "TLS", "Outbound_Proxy_2_": "edge.example.net:5062", "Use_Outbound_Proxy_2_": "Yes", "Auth_ID_2_": "4930123456711",
			"Extension_2_": "2", "Line_Enable_3_": "No", "Line_Enable_12_": "No", "Admin_Passwd": "fake-admin-password",
			"Preferred_Codec_1_": "G722", "Second_Preferred_Codec_1_": "G711a", "Third_Preferred_Codec_1_": "G711u", "DTMF_Tx_Method_1_": "AVT", "AVT_Dynamic_Payload": "101",
			"Time_Zone": "GMT+01:00", "Daylight_Saving_Time_Enable": "Yes", "Primary_NTP_Server": "10.20.0.1", "Language_Selection": "German",
			"Resync_At__HHmm_": "", "Syslog_Server": "", "Report_Rule": "", "Auth_Resync-Reboot_1_": "Yes",
		},
		overrides: map[string]string{"Enable_VLAN": "Yes", "Locale": "fr-FR"},
		replaces:  map[string]string{"Short_Name_1_": "Desk", "DND_Serv": "No"},
		badNames:  []string{"1abc", "a b", "a<b"},
	}
}
