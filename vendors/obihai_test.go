package vendors_test

import (
	"testing"

	"github.com/lineside/lineside/vendors"
)

func obihaiSamples() samples {
	const sp = "VoiceService.1.VoiceProfile.1.Line.@."
	return samples{
		vendor: "obihai", mac: "9cadef0a0b0c", model: "OBi202", config: "9cadef0a0b0c.xml", ext: "xml",
		others: []otherFile{{"OBi202.xml", "init"}},
		read:   readObjects,
		keys: lineKeys{
			user: sp + "SIP.URI", auth: sp + "SIP.AuthUserName", password: sp + "SIP.AuthPassword",
			name: sp + "CallingFeatures.CallerIDName", label: sp + "X_DisplayLabel",
		},
		sipAgents: []identSample{
			{"OBIHAI/OBi202-3.1.0.5264", vendors.Ident{Vendor: "obihai", Model: "OBi202", Firmware: "3.1.0.5264"}},
			{"OBIHAI/OBi202", vendors.Ident{}},
			{"OBIHAI/OBi202-3.1.0.5264 <x>", vendors.Ident{}},
		},
		names: []nameSample{
			{name: "9cadef0a0b0c.xml", kind: vendors.Config, mac: "9cadef0a0b0c"},
			{name: "9CADEF0A0B0C.xml", kind: vendors.Config, mac: "9cadef0a0b0c"},
			{name: "OBi202.xml", kind: vendors.Common, model: "OBi202"},
			{name: "OBi1062.xml", kind: vendors.Common, model: "OBi1062"},
			{name: "001fc11c22a9.xml", hint: "obihai", kind: vendors.Config, mac: "001fc11c22a9"},
		},
		holding: map[string]string{
			"VoiceService.1.VoiceProfile.1.SIP.ProxyServer": "10.20.0.1", "VoiceService.1.VoiceProfile.1.Line.1.SIP.URI": "hold-fake",
			"VoiceService.1.VoiceProfile.1.Line.1.SIP.AuthPassword": "fake-hold-password", "VoiceService.1.VoiceProfile.1.Line.1.X_DisplayLabel": "Authentication needed 9CADEF0A0B0C",
			"VoiceService.1.X_FXS.1.DigitMap":               "(110S0|112S0|911S0|<S5:*89>|***|**1(Msp1)|**2(Msp2)|**3(Msp3)|**4(Msp4)|(Mpli))",
			"VoiceService.1.X_FXS.2.DigitMap":               "(110S0|112S0|911S0|***|**1(Msp1)|**2(Msp2)|**3(Msp3)|**4(Msp4)|(Mpli))",
			"VoiceService.1.X_FXS.2.PrimaryLine":            "SP1 Service",
			"VoiceService.1.VoiceProfile.1.Line.2.Enable":   "Disabled",
			"X_DeviceManagement.ITSPProvisioning.Interval":  "300",
			"X_DeviceManagement.ITSPProvisioning.ConfigURL": "http://10.20.0.1/cfg/9cadef0a0b0c.xml",
		},
		full: map[string]string{
			"VoiceService.1.VoiceProfile.1.Line.1.SIP.URI": "4930123456710", "VoiceService.1.VoiceProfile.1.Line.1.SIP.AuthUserName": "auth-710",
			"VoiceService.1.VoiceProfile.1.Line.1.SIP.AuthPassword": "fake-line-password-1", "VoiceService.1.VoiceProfile.1.Line.2.X_ServProvProfile": "B",
			"VoiceService.1.VoiceProfile.1.Line.2.X_InboundCallRoute": "ph2", "VoiceService.1.VoiceProfile.2.SIP.ProxyServerPort": "5071",
			"VoiceService.1.VoiceProfile.2.SIP.ProxyServerTransport": "TLS", "VoiceService.1.VoiceProfile.2.SIP.OutboundProxy": "edge.example.net",
			"VoiceService.1.VoiceProfile.2.SIP.OutboundProxyPort": "5062", "VoiceService.1.VoiceProfile.1.Line.3.Enable": "Disabled",
			"VoiceService.1.VoiceProfile.1.Line.4.SIP.AuthPassword": "", "VoiceService.1.X_FXS.2.PrimaryLine": "SP2 Service",
			"VoiceService.1.X_FXS.1.DigitMap":               "(110S0|112S0|911S0|***|**1(Msp1)|**2(Msp2)|**3(Msp3)|**4(Msp4)|(Mpli))",
			"X_DeviceManagement.ITSPProvisioning.Username":  "fake-login",
			"X_DeviceManagement.Provisioning.Method":        "Disabled",
			"X_DeviceManagement.WebServer.AdminPassword":    "fake-admin-password",
			"Time.LocalTimeZone":                            "GMT+01:00",
			"Time.DaylightSavingTimeStart":                  "3/-1/7/2",
			"Time.DaylightSavingTimeEnd":                    "10/-1/7/3",
			"VoiceService.1.VoiceProfile.1.DTMFMethod":      "RFC2833",
			"VoiceService.1.VoiceProfile.1.Line.2.SIP.URI":  "4930123456711",
			"VoiceService.1.VoiceProfile.1.SIP.ProxyServer": "sip.example.net",
		},
		overrides: map[string]string{"VoiceService.1.X_FXS.1.CallerIDMethod": "FSK(V.23)"},
		replaces:  map[string]string{"VoiceService.1.VoiceProfile.1.Line.1.X_DisplayLabel": "Desk", "VoiceService.1.Phone.Volume": "3"},
		badNames:  []string{"NoObject", "Ends.", "1.a", "a b.c"},
	}
}

// TestObihaiPorts: on a phone every service rings the phone, on an adapter each
// its port, and a port without a line dials by the first.
func TestObihaiPorts(t *testing.T) {
	tests := []struct {
		model, rings, primary4 string
	}{
		{"OBi508", "ph2", "SP1 Service"},
		{"OBi202", "ph2", ""},
		{"OBi200", "ph", ""},
		{"OBi1062", "ph", ""},
		{"", "ph", ""},
	}
	for _, tt := range tests {
		in := input(t, "obihai", vendors.Full)
		in.Device.Model = tt.model
		got := values(t, in)
		if r := got["VoiceService.1.VoiceProfile.1.Line.2.X_InboundCallRoute"]; r != tt.rings {
			t.Errorf("%q: line 2 rings %q, want %q", tt.model, r, tt.rings)
		}
		if p := got["VoiceService.1.X_FXS.4.PrimaryLine"]; p != tt.primary4 {
			t.Errorf("%q: port 4 has %q, want %q", tt.model, p, tt.primary4)
		}
	}
}

// TestObihaiOptions: as shipped the device makes a TFTP URL of option 66.
func TestObihaiOptions(t *testing.T) {
	for url, want := range map[string]string{"http://10.20.0.1:8080/cfg/": "10.20.0.1", "https://box.example.net/cfg/": "box.example.net"} {
		for _, o := range options(t, "obihai", vendors.Box{URL: url}) {
			if o.Code == 66 && string(o.Value) != want {
				t.Errorf("%s: option 66 is %q, want %q", url, o.Value, want)
			}
			if o.Code == 160 && string(o.Value) != url {
				t.Errorf("%s: option 160 is %q", url, o.Value)
			}
		}
	}
}
