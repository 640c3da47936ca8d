package vendors_test

import "github.com/lineside/lineside/vendors"

func ciscoATASamples() samples {
	const setup = "router-configuration/Time_Setup/"
	return samples{
		vendor: "cisco-ata", mac: "503de5a1b2c3", model: "SPA112", config: "cisco-ata-503de5a1b2c3.xml", ext: "xml",
		others:    []otherFile{{"spa112.cfg", "init"}},
		certField: oidState,
		read:      readRooted("flat-profile"),
		keys:      lineKeys{user: "User_ID_@_", auth: "Auth_ID_@_", password: "Password_@_", name: "Display_Name_@_"},
		classes: []identSample{
			{"CISCO SPA112", vendors.Ident{Vendor: "cisco-ata", Model: "SPA112"}},
			{"CISCO SPA122", vendors.Ident{Vendor: "cisco-ata", Model: "SPA122"}},
			{"CISCO ATA191-MPP", vendors.Ident{Vendor: "cisco-ata", Model: "ATA191"}},
			{"CISCO ATA192-MPP", vendors.Ident{Vendor: "cisco-ata", Model: "ATA192"}},
			{"CISCO ATA190", vendors.Ident{}}, // asks for call-manager files
		},
		agents: []identSample{
			{"Cisco/ATA191-MPP-11-1-0-MSR4 (FCH2443D9R4)", vendors.Ident{Vendor: "cisco-ata", Model: "ATA191", Firmware: "11-1-0-MSR4", Serial: "FCH2443D9R4"}},
			{"Cisco/SPA112-1.3.5(004p) (503DE5A1B2C3)(CCQ17000000)", vendors.Ident{Vendor: "cisco-ata", Model: "SPA112", Firmware: "1.3.5(004p)", MAC: mustMAC("503de5a1b2c3"), Serial: "CCQ17000000"}},
			{"Cisco/ATA190-1.2.2 (FCH2443D9R4)", vendors.Ident{}},
		},
		sipAgents: []identSample{
			{"Cisco/SPA112-1.3.5(004p)", vendors.Ident{Vendor: "cisco-ata", Model: "SPA112", Firmware: "1.3.5(004p)"}},
		},
		names: []nameSample{
			{name: "spa112.cfg", kind: vendors.Common, model: "SPA112"},
			{name: "spa122.cfg", kind: vendors.Common, model: "SPA122"},
			{name: "ata191.cfg", kind: vendors.Common, model: "ATA191"},
			{name: "ata192.cfg", kind: vendors.Common, model: "ATA192"},
			{name: "spa192.cfg", kind: vendors.Common},
			{name: "spa232D.cfg", kind: vendors.Common, model: "SPA232D"},
			{name: "cisco-ata-503de5a1b2c3.xml", kind: vendors.Config, mac: "503de5a1b2c3"},
			{name: "503de5a1b2c3.xml", hint: "cisco-ata", kind: vendors.Config, mac: "503de5a1b2c3"},
		},
		holding: map[string]string{
			"Proxy_1_": "10.20.0.1:5060", "User_ID_1_": "hold-fake", "Line_Enable_1_": "Yes", "Line_Enable_2_": "No", "Password_2_": "",
			"Resync_Periodic": "300", "Make_Call_Without_Reg_1_": "Yes", "Emergency_Number_1_": "110,112,911", "Transport_Protocol": "none",
			"Profile_Rule": "[--uid fake-login --pwd fake-login-password]http://10.20.0.1/cfg/cisco-ata-$MA.xml", setup + "Time_Zone": "+01 2 2",
		},
		full: map[string]string{
			"User_ID_1_": "4930123456710", "Auth_ID_1_": "auth-710", "Use_Auth_ID_1_": "Yes", "Password_1_": "fake-line-password-1",
			"User_ID_2_": "4930123456711", "Proxy_2_": "sip.example.net:5071", "SIP_Transport_2_": "TLS", "Outbound_Proxy_2_": "edge.example.net:5062",
			"Preferred_Codec_1_": "G711a", "Second_Preferred_Codec_1_": "G711u", "Third_Preferred_Codec_1_": "Unspecified", "DTMF_Tx_Method_2_": "AVT",
			setup + "Time_Server": "10.20.0.1", setup + "Time_Server_Mode": "manual", setup + "Auto_Adjust_Clock": "1",
			"router-configuration/Web_Login_Admin_Name": "admin", "router-configuration/Web_Login_Admin_Password": "fake-admin-password",
			"router-configuration/TR-069/TR_069_Status": "0", "router-configuration/Log_Configuration/Syslog_Server_IP": "",
		},
		overrides: map[string]string{"FXS_Port_Impedance": "270+750||150nF", "Transport_Protocol": "http"},
		replaces:  map[string]string{"Display_Name_1_": "Fax", "router-configuration/Web_Login_Admin_Password": "x", "FAX_Enable_T38_1_": "Yes"},
		badNames:  []string{"1abc", "a b", "a<b"},
	}
}
