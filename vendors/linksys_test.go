package vendors_test

import "github.com/lineside/lineside/vendors"

func linksysSamples() samples {
	return samples{
		vendor: "linksys", mac: "000e08abcdef", model: "SPA8000", config: "linksys-000e08abcdef.xml", ext: "xml",
		others:    []otherFile{{"spa8000.cfg", "init"}},
		certField: oidState,
		read:      readProfile,
		keys:      lineKeys{user: "User_ID_@_", auth: "Auth_ID_@_", password: "Password_@_", name: "Display_Name_@_", label: "Short_Name_@_"},
		classes: []identSample{
			{"LINKSYS SPA-942", vendors.Ident{Vendor: "linksys", Model: "SPA942"}},
			{"LINKSYS SPA-2102", vendors.Ident{Vendor: "linksys", Model: "SPA2102"}},
			{"LINKSYS SPA8000", vendors.Ident{Vendor: "linksys", Model: "SPA8000"}},
			{"LINKSYS WRT54G", vendors.Ident{}},
		},
		agents: []identSample{
			{"Linksys/SPA-942-6.1.5(a) (88019FA42805)", vendors.Ident{Vendor: "linksys", Model: "SPA942", Firmware: "6.1.5(a)", Serial: "88019FA42805"}},
			{"Linksys/SPA-962-6.1.5(a) (4MM00F903042)", vendors.Ident{Vendor: "linksys", Model: "SPA962", Firmware: "6.1.5(a)", Serial: "4MM00F903042"}},
			{"Linksys/SPA-942-6.1.5(a) (88019FA42805) x", vendors.Ident{}},
		},
		sipAgents: []identSample{
			{"Linksys/SPA942-6.1.5(a)", vendors.Ident{Vendor: "linksys", Model: "SPA942", Firmware: "6.1.5(a)"}},
		},
		names: []nameSample{
			{name: "spa2102.cfg", kind: vendors.Common, model: "SPA2102"},
			{name: "spa942.cfg", kind: vendors.Common, model: "SPA942"},
			{name: "spa8000.cfg", kind: vendors.Common, model: "SPA8000"},
			{name: "init.cfg", kind: vendors.Common, model: "PAP2T"},
			{name: "spa.cfg", kind: vendors.Common},
			{name: "linksys-000e08abcdef.xml", kind: vendors.Config, mac: "000e08abcdef"},
			{name: "000e08abcdef.xml", hint: "linksys", kind: vendors.Config, mac: "000e08abcdef"},
		},
		holding: map[string]string{
			"Proxy_1_": "10.20.0.1:5060", "User_ID_1_": "hold-fake", "Line_Enable_2_": "No", "Password_8_": "", "Resync_Periodic": "300",
			"Make_Call_Without_Reg_1_": "Yes", "Emergency_Number_1_": "110,112,911", "Station_Name": "000E08ABCDEF",
			"Profile_Rule": "[--uid fake-login --pwd fake-login-password]http://10.20.0.1/cfg/linksys-$MA.xml", "Profile_Rule_B": "",
		},
		full: map[string]string{
			"User_ID_1_": "4930123456710", "Auth_ID_1_": "auth-710", "Use_Auth_ID_1_": "Yes", "Password_1_": "fake-line-password-1",
			"Proxy_2_": "sip.example.net:5071", "Use_Outbound_Proxy_2_": "Yes", "Line_Enable_3_": "No", "Admin_Passwd": "fake-admin-password",
			"Preferred_Codec_1_": "G711a", "Third_Preferred_Codec_1_": "Unspecified", "Time_Zone": "GMT+01:00", "DTMF_Tx_Method_1_": "AVT",
		},
		overrides: map[string]string{"FXS_Port_Impedance": "270+750||150nF", "Resync_From_SIP": "No"},
		replaces:  map[string]string{"Short_Name_1_": "Desk", "Call_Waiting_Serv": "No"},
		badNames:  []string{"1abc", "a b", "a<b"},
	}
}
