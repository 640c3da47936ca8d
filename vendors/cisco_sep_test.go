package vendors_test

import (
	"strings"
	"testing"

	"github.com/lineside/lineside/vendors"
)

func ciscoSEPSamples() samples {
	const line = "sipProfile/sipLines/line[button=@][lineIndex=@]/"
	one, two := strings.ReplaceAll(line, "@", "1"), strings.ReplaceAll(line, "@", "2")
	const manager = "devicePool/callManagerGroup/members/member[priority=0]/callManager/"
	return samples{
		vendor: "cisco-sep", mac: "001d45b2c3d4", model: "CP-7941G", config: "SEP001D45B2C3D4.cnf.xml", ext: "xml",
		others: []otherFile{{"dialplan-110-112-911.xml", "dialplan"}},
		read:   readRooted("device"),
		keys:   lineKeys{user: line + "name", auth: line + "authName", password: line + "authPassword", name: line + "displayName", label: line + "featureLabel"},
		classes: []identSample{
			{"Cisco Systems, Inc. IP Phone CP-7941G", vendors.Ident{Vendor: "cisco-sep", Model: "CP-7941G"}},
			{"Cisco Systems, Inc. IP Phone CP-7961G-GE", vendors.Ident{Vendor: "cisco-sep", Model: "CP-7961G-GE"}},
			{"Cisco Systems, Inc. IP Phone CP-8941", vendors.Ident{Vendor: "cisco-sep", Model: "CP-8941"}},
			{"Cisco Systems, Inc. IP Phone CP-8851", vendors.Ident{Vendor: "cisco-sep", Model: "CP-8851"}},
			{"Cisco Systems, Inc.", vendors.Ident{Vendor: "cisco-sep"}}, // 6901
			{"Cisco Systems, Inc. IP Phone 7905", vendors.Ident{}},
			{"Cisco Systems, Inc. IP Phone 7920", vendors.Ident{}},
			{"Cisco Systems Inc. Wireless Phone 7921", vendors.Ident{}},
			{"Cisco Systems, Inc. IP Phone CP-7937G", vendors.Ident{}},
			{"Cisco Systems, Inc. IP Phone CP-7960G", vendors.Ident{}},
		},
		sipAgents: []identSample{
			{"Cisco-CP7941G/8.5.4", vendors.Ident{Vendor: "cisco-sep", Model: "CP-7941G", Firmware: "8.5.4"}},
			{"Cisco-CP7821/10.3.1", vendors.Ident{Vendor: "cisco-sep", Model: "CP-7821", Firmware: "10.3.1"}},
			{"Cisco-CP7960G/8.0", vendors.Ident{}},
		},
		names: []nameSample{
			{name: "CTLSEP001D45B2C3D4.tlv", kind: vendors.Absent, mac: "001d45b2c3d4"},
			{name: "ITLSEP001D45B2C3D4.tlv", kind: vendors.Absent, mac: "001d45b2c3d4"},
			{name: "ITLFile.tlv", kind: vendors.Absent},
			{name: "SEP001D45B2C3D4.cnf.xml", kind: vendors.Config, mac: "001d45b2c3d4"},
			{name: "SEP001D45B2C3D4.cnf.xml.sgn", kind: vendors.Absent, mac: "001d45b2c3d4"},
			{name: "SEP001D45B2C3D4.cnf.xml.enc.sgn", kind: vendors.Absent, mac: "001d45b2c3d4"},
			{name: "XMLDefault.cnf.xml", kind: vendors.Absent},
			{name: "SIP41.8-5-4S.loads", kind: vendors.Absent},
			{name: "jar41sip.8-5-4S.sbn", kind: vendors.Absent},
			{name: "dkern8941.100609R2-9-3-4.sgn", kind: vendors.Absent},
			{name: "dialplan.xml", kind: vendors.Common},
			{name: "dialplan-110-112-911.xml", kind: vendors.Common},
			{name: "RINGLIST.XML", kind: vendors.Absent},
			{name: "Ringlist-wb.xml", kind: vendors.Absent},
			{name: "mk-sip.jar", kind: vendors.Absent},
			{name: "g3-tones.xml", kind: vendors.Absent},
		},
		holding: map[string]string{
			manager + "processNodeName": "10.20.0.1", manager + "ports/sipPort": "5060", one + "proxy": "10.20.0.1", one + "name": "hold-fake",
			one + "featureLabel": "Authentication needed", "sipProfile/phoneLabel": "001D45B2C3D4", two + "featureID": "2", two + "speedDialNumber": "*89",
			"sipProfile/dialTemplate": "dialplan-110-112-911.xml", "transportLayerProtocol": "2", "sipProfile/sipProxies/registerWithProxy": "true",
		},
		full: map[string]string{
			one + "featureID": "9", one + "name": "4930123456710", one + "authName": "auth-710", one + "authPassword": "fake-line-password-1",
			one + "featureLabel": "710 Anna", one + "displayName": "Anna Müller", one + "proxy": "sip.example.net", one + "port": "5060",
			two + "featureID": "9", two + "port": "5071", "sipProfile/sipProxies/outboundProxy": "", "sipProfile/sipProxies/emergencyProxy": "",
			"sipProfile/phoneLabel": "710 Anna", "sipProfile/dialTemplate": "dialplan-110-112-911.xml", "sipProfile/dtmfAvtPayload": "101", "sipProfile/dtmfOutofBand": "avt",
			"devicePool/dateTimeSetting/timeZone": "Central Europe Standard/Daylight Time", "devicePool/dateTimeSetting/dateTemplate": "D.M.Y",
			"sshPassword": "fake-admin-password", "commonProfile/phonePassword": "fake-admin-password", "userLocale/name": "German_Germany", "loadInformation": "",
		},
		overrides: map[string]string{"loadInformation": "SIP41.9-4-2SR3-1S", "servicesURL": "http://10.20.0.1/services"},
		replaces:  map[string]string{"networkLocale": "Austria", one + "featureLabel": "Desk"},
		badNames:  []string{"1abc", "a b", "a[b]"},
	}
}

// TestSEPNames: a part of a name is no name.
func TestSEPNames(t *testing.T) {
	for _, name := range []string{
		"CTLSEP001D45B2C3D4.cnf.xml", "SEP001D45B2C3D4.tlv", "SEP001D45B2C3D4.cnf.xml.bak", "CTLITLSEP001D45B2C3D4.cnf.xml",
		"SEP001D45B2C3D.cnf.xml", "001D45B2C3D4.cnf.xml", "dialplan-.xml", "dialplan-112-.xml", "dialplan-123456789.xml", ".loads", "ATA001D45B2C3D4.cnf.xml",
	} {
		if got, ok := vendors.All().File(name, "cisco-sep"); ok && got.Vendor == "cisco-sep" {
			t.Errorf("%s: got %+v", name, got)
		}
	}
}

// TestSEPDialPlan: the plan has the site's numbers, whichever its name asks for.
func TestSEPDialPlan(t *testing.T) {
	in := input(t, "cisco-sep", vendors.Full)
	in.File = file(t, "dialplan-0900.xml", "cisco-sep")
	in.Site.Emergency = []string{"110", `1"/>`, "112"}
	root, err := parseXML(render(t, in))
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, e := range root.Under {
		got = append(got, e.step())
	}
	want := "TEMPLATE[MATCH=110][TIMEOUT=0] TEMPLATE[MATCH=112][TIMEOUT=0] TEMPLATE[MATCH=*][TIMEOUT=5]"
	if root.XMLName.Local != "DIALTEMPLATE" || strings.Join(got, " ") != want {
		t.Errorf("got %s with %s, want %s", root.XMLName.Local, got, want)
	}
}

// TestSEPProxy: there is one outbound proxy, line one's.
func TestSEPProxy(t *testing.T) {
	in := input(t, "cisco-sep", vendors.Full)
	in.Device.Lines = testLines[1:]
	got := values(t, in)
	for k, want := range map[string]string{"sipProfile/sipProxies/outboundProxy": "edge.example.net", "sipProfile/sipProxies/outboundProxyPort": "5062", "transportLayerProtocol": "3"} {
		if got[k] != want {
			t.Errorf("%s is %q, want %q", k, got[k], want)
		}
	}
}

// TestSEPZones: the name is that of the offset and of its summer-time rules, and
// a zone without a name has none written.
func TestSEPZones(t *testing.T) {
	for zone, want := range map[string]string{
		"Europe/London": "GMT Standard/Daylight Time", "America/New_York": "Eastern Standard/Daylight Time", "America/Phoenix": "US Mountain Standard Time",
		"Australia/Sydney": "AUS Eastern Standard/Daylight Time", "Australia/Brisbane": "E. Australia Standard Time", "Asia/Kolkata": "India Standard Time", "Asia/Kathmandu": "",
	} {
		in := input(t, "cisco-sep", vendors.Full)
		in.Site.Zone = zone
		if got, ok := values(t, in)["devicePool/dateTimeSetting/timeZone"]; got != want || ok != (want != "") {
			t.Errorf("%s: got %q (there: %v), want %q", zone, got, ok, want)
		}
	}
}

// TestSEPRestart: the order to fetch again carries the Call-ID of the REGISTER,
// which is a stranger's to choose, and nothing else of his.
func TestSEPRestart(t *testing.T) {
	m, _ := vendors.All().Of("cisco-sep")
	const tail = "ConfigVersionStamp={00000000-0000-0000-0000-000000000000}\r\nDialplanVersionStamp={00000000-0000-0000-0000-000000000000}\r\nSoftkeyVersionStamp={00000000-0000-0000-0000-000000000000}\r\n"
	for callID, want := range map[string]string{
		"001d45b2-c3d40002@10.20.0.77": "001d45b2-c3d40002@10.20.0.77",
		"":                             "", "a}\r\naction=reset": "", "a}": "", "a b": "", "a\x00": "", strings.Repeat("a", 300): "",
	} {
		if got := string(m.Resync.Body(callID)); got != "action=restart\r\nRegisterCallId={"+want+"}\r\n"+tail {
			t.Errorf("%q: got %q", callID, got)
		}
	}
}
