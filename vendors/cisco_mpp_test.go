package vendors_test

import "github.com/lineside/lineside/vendors"

func ciscoMPPSamples() samples {
	return samples{
		vendor: "cisco-mpp", mac: "00562b043615", model: "CP-7861", config: "cisco-mpp-00562b043615.xml", ext: "xml",
		others:    []otherFile{{"7861-3PCC.xml", "init"}},
		certField: oidState,
		read:      readProfile,
		keys:      lineKeys{user: "User_ID_@_", auth: "Auth_ID_@_", password: "Password_@_", name: "Display_Name_@_", label: "Short_Name_@_"},
		classes: []identSample{
			{"Cisco Systems, Inc. IP Phone CP-8851-3PCC", vendors.Ident{Vendor: "cisco-mpp", Model: "CP-8851"}},
			{"Cisco Systems, Inc. IP Phone CP-7832-3PCC", vendors.Ident{Vendor: "cisco-mpp", Model: "CP-7832"}},
			{"Cisco Systems, Inc. IP Phone CP-8899-3PCC", vendors.Ident{Vendor: "cisco-mpp", Model: "CP-8899"}},
			{"dslforum.org", vendors.Ident{}},
			{"Cisco Systems, Inc. IP Phone CP-8851-3PCC x", vendors.Ident{}},
		},
		agents: []identSample{
			{"Cisco-CP-7832-3PCC/11.0.1 (00562b043615)", vendors.Ident{Vendor: "cisco-mpp", Model: "CP-7832", Firmware: "11.0.1", MAC: mustMAC("00562b043615")}},
			{"Cisco-CP-7832-3PCC/11.0.1 (FCH2443D9R4)", vendors.Ident{}},
		},
		sipAgents: []identSample{
			{"Cisco-CP-7832-3PCC/11.0.1", vendors.Ident{Vendor: "cisco-mpp", Model: "CP-7832", Firmware: "11.0.1"}},
		},
		names: []nameSample{
			{name: "8851-3PCC.xml", kind: vendors.Common, model: "CP-8851"},
			{name: "6871-3PCC.xml", kind: vendors.Common, model: "CP-6871"},
			{name: "8899-3PCC.xml", kind: vendors.Common},
			{name: "cisco-mpp-00562b043615.xml", kind: vendors.Config, mac: "00562b043615"},
			{name: "00562b043615.cfg", hint: "cisco-mpp", kind: vendors.Config, mac: "00562b043615"},
			{name: "00562b043615.cfg", kind: vendors.Config, mac: "00562b043615"},
			{name: "00562b043615.xml", hint: "cisco-mpp", kind: vendors.Config, mac: "00562b043615"},
		},
		holding: map[string]string{
			"Proxy_1_": "10.20.0.1:5060", "User_ID_1_": "hold-fake", "Short_Name_1_": "Authentication needed", "Station_Display_Name": "00562B043615",
			"Resync_Periodic": "300", "Emergency_Number_1_": "110,112,911", "Make_Call_Without_Reg_1_": "Yes", "Line_Enable_2_": "No", "Password_16_": "",
			"Profile_Rule": "[--uid fake-login --pwd fake-login-password]http://10.20.0.1/cfg/cisco-mpp-$MA.xml", "Profile_Rule_D": "",
			"Custom_CA_Rule": "http://10.20.0.1/cfg/lineside-ca.pem", "Webex_Onboard_Enable": "No", "Peer_Firmware_Sharing": "No",
		},
		full: map[string]string{
			"User_ID_1_": "4930123456710", "Auth_ID_1_": "auth-710", "Password_1_": "fake-line-password-1", "Display_Name_1_": "Anna Müller",
			"Short_Name_1_": "710 Anna", "Station_Display_Name": "710 Anna", "Proxy_2_": "sip.example.net:5071", "Outbound_Proxy_2_": "edge.example.net:5062",
			"SIP_Transport_2_": "TLS", "Line_Enable_3_": "No", "Line_Enable_16_": "No", "Admin_Password": "fake-admin-password",
			"Preferred_Codec_1_": "G722", "DTMF_Tx_Method_1_": "AVT", "Time_Zone": "GMT+01:00", "Locale": "de-DE",
			"Profile_Authentication_Type": "Basic Http Authentication", "Enable_TR-069": "No", "PRT_Upload_URL": "", "Upgrade_Rule": "",
		},
		overrides: map[string]string{"Display_Recents_From": "Server", "Language_Selection": "French"},
		replaces:  map[string]string{"Station_Name": "Desk", "Time_Format": "24hr"},
		badNames:  []string{"1abc", "a b", "a<b"},
	}
}
