package vendors_test

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/lineside/lineside/phone"
	"github.com/lineside/lineside/vendors"
)

func gigasetSamples() samples {
	return samples{
		vendor: "gigaset", mac: "7c2f80e0d605", model: "N870", config: "7c2f80e0d605.xml", ext: "xml",
		read: readGigaset,
		keys: lineKeys{user: "SipAccount.0000@.UserName", auth: "SipAccount.0000@.AuthName", password: "SipAccount.0000@.AuthPassword", name: "SipAccount.0000@.DisplayName"},
		classes: []identSample{
			{"Gigaset_N870_IP_PRO", vendors.Ident{Vendor: "gigaset", Model: "N870"}},
			{"Gigaset", vendors.Ident{}},
			{"N999_IP_PRO", vendors.Ident{}},
		},
		agents: []identSample{
			{"Gigaset N870 IP PRO/83.V2.11.0+build.a546b91;7C2F80E0D605", vendors.Ident{Vendor: "gigaset", Model: "N870", Firmware: "83.V2.11.0", MAC: mustMAC("7c2f80e0d605")}},
			{"Gigaset N870 IP PRO/83.V2.11.0+build.a546b91;7C2F80E0D605;Handset=3", vendors.Ident{Vendor: "gigaset", Model: "N870", Firmware: "83.V2.11.0", MAC: mustMAC("7c2f80e0d605")}},
			{"Gigaset Nix/1.2.3;7C2F80E0D605", vendors.Ident{}},
		},
		sipAgents: []identSample{
			{"Gigaset N670 IP PRO/83.V2.39.0", vendors.Ident{Vendor: "gigaset", Model: "N670", Firmware: "83.V2.39.0"}},
		},
		names: append(gigasetNames("gigaset"), nameSample{name: "7C2F80E0D605.xml", kind: vendors.Config, mac: "7c2f80e0d605"}),
		holding: map[string]string{
			"SipProvider.0.ProxyServerAddress": "10.20.0.1", "SipAccount.00001.UserName": "hold-fake", "SipAccount.00001.DisplayName": "Authentication needed",
			"DmGlobal.0.HSIdleDisplay": "1", "add_hs 00001": "ToReg", "SystemSettings.global.SipMulticastEnabled": "0", "update_dm local": "",
			"Provisioning.global.ProvisioningServer": "http://fake-login:fake-login-password@10.20.0.1/cfg/7c2f80e0d605.xml",
		},
		full: map[string]string{
			"SipAccount.00001.UserName": "4930123456710", "SipAccount.00001.AuthPassword": "fake-line-password-1", "SipAccount.00002.ProviderId": "1",
			"SipProvider.1.TransportProtocol": "3", "SipProvider.1.SRTP_Enabled": "1", "SipProvider.1.OutboundProxyMode": "0", "SipProvider.1.OutboundProxyAddress": "edge.example.net",
			"SipProvider.0.OutboundProxyMode": "2", "SipProvider.0.DTMFTransmission": "2", "DeleteNotProvisionedHS ": "", "add_hs 00002": "ToReg",
			"DmGlobal.0.TimeZone": "Europe/Berlin", "Telephony.0.ToneScheme": "Germany", "WebUIAccounts.1.Password": "fake-admin-password", "SipAccount.00003.AuthPassword": "",
		},
		overrides: map[string]string{"DmGlobal.0.ZeroDisplayHsProtection": "0", "Telephony.0.ToneScheme": "France"},
		replaces:  map[string]string{"Telephony.0.ToneScheme": "France", "DmGlobal.0.ZeroDisplayHsProtection": "0"},
		badNames:  []string{"1abc", "a b", "a/b"},
	}
}

// gigasetNames are asked for by all but the P series.
func gigasetNames(v phone.Vendor) []nameSample {
	return []nameSample{
		{name: "7C2F80E0D605.xml", hint: v, kind: vendors.Config, mac: "7c2f80e0d605"},
		{name: "7c2f80e0d605.xml", hint: v, kind: vendors.Config, mac: "7c2f80e0d605"},
		{name: "provisioning.xml", hint: v, kind: vendors.Absent},
		{name: "master.bin", hint: v, kind: vendors.Absent},
		{name: "baselines.bin", hint: v, kind: vendors.Absent},
	}
}

func gigasetMaxwellSamples() samples {
	s := gigasetSamples()
	s.vendor, s.model, s.config = "gigaset-maxwell", "Maxwell3", "7C2F80E0D605.xml"
	s.read = func(body []byte) (map[string]string, error) {
		return readNVM(body, `<provisioning version="1.1">`)
	}
	s.keys = lineKeys{user: "SIP.Account.#.Username", auth: "SIP.Account.#.AuthName", password: "SIP.Account.#.AuthPassword", name: "SIP.Account.#.DisplayName", label: "SIP.Account.#.AccountName"}
	s.classes = []identSample{{"Gigaset_Maxwell_3", vendors.Ident{Vendor: "gigaset-maxwell", Model: "Maxwell3"}}}
	s.agents = []identSample{
		{"Gigaset Maxwell 3/2.26.15;589EC6010203", vendors.Ident{Vendor: "gigaset-maxwell", Model: "Maxwell3", Firmware: "2.26.15", MAC: mustMAC("589ec6010203")}},
		{"Gigaset Maxwell Basic/2.26.15;589EC6010203", vendors.Ident{Vendor: "gigaset-maxwell", Model: "MaxwellBasic", Firmware: "2.26.15", MAC: mustMAC("589ec6010203")}},
	}
	s.sipAgents = s.agents
	s.names = gigasetNames(s.vendor)
	s.holding = map[string]string{
		"SIP.Account.0.Domain": "10.20.0.1", "SIP.Account.0.AccountName": "Authentication needed 7C2F80E0D605", "PhoneUI.Keys.FunctionKeys.0.Type": "3",
		"PhoneUI.Keys.FunctionKeys.0.PhoneNumber": "*89", "System.Provision.Period": "5", "SIP.Account.1.Active": "0",
	}
	s.full = map[string]string{
		"SIP.Account.0.Username": "4930123456710", "SIP.Account.0.AuthName": "auth-710", "SIP.Account.1.OutboundProxy.Address": "edge.example.net",
		"SIP.Account.1.OutboundProxy.Port": "5062", "SIP.Account.1.RegistrationServer.Port": "5071", "SIP.TransportProtocol": "1", "SIP.Account.0.DTMFTransmission": "1",
		"System.DateAndTime.TimeZone": "GMT+1.Europe/Berlin", "PhoneUI.Settings.Language": "de-de", "WebUI.AdminPassword": "fake-admin-password",
		"PhoneUI.Keys.FunctionKeys.0.Type": "0", "System.Security.HttpAuthUsername": "fake-login",
	}
	s.overrides = map[string]string{"NET.VLAN.Tagging": "0"}
	s.replaces = map[string]string{"SIP.Account.0.AccountName": "Desk", "NET.VLAN.Tagging": "0"}
	return s
}

func gigasetN510Samples() samples {
	s := gigasetSamples()
	s.vendor, s.model, s.mac, s.config = "gigaset-n510", "N510", "7c2f804df9a9", "7C2F804DF9A9.xml"
	s.read = func(body []byte) (map[string]string, error) { return readFrame(body, "N510") }
	s.keys = lineKeys{user: "BS_IP_Data1.aucS_SIP_USER_ID_@", auth: "BS_IP_Data3.aucS_SIP_LOGIN_ID_@", password: "BS_IP_Data1.aucS_SIP_PASSWORD_@", name: "BS_IP_Data1.aucS_SIP_DISPLAYNAME_@", label: "BS_IP_Data1.aucS_SIP_ACCOUNT_NAME_@"}
	s.classes = []identSample{{"N510_IP_PRO", vendors.Ident{Vendor: "gigaset-n510", Model: "N510"}}}
	s.agents = []identSample{
		{"N510 IP PRO/42.245.00.000.000;7C2F804DF9A9", vendors.Ident{Vendor: "gigaset-n510", Model: "N510", Firmware: "42.245.00.000.000", MAC: mustMAC("7c2f804df9a9")}},
		{"N510 IP PRO/42.245.00.000.000", vendors.Ident{Vendor: "gigaset-n510", Model: "N510", Firmware: "42.245.00.000.000"}},
	}
	s.sipAgents = s.agents
	s.names = append(gigasetNames(s.vendor), nameSample{name: "7C2F804DF9A9.xml", hint: "gigaset-n510", kind: vendors.Config, mac: "7c2f804df9a9"})
	s.holding = map[string]string{
		"MAC_ADDRESS": "7C2F804DF9A9", "BS_IP_Data1.aucS_SIP_SERVER_1": "10.20.0.1", "BS_IP_Data1.uiI_SIP_SERVER_PORT_1": "0x13c4",
		"BS_AE_Subscriber.stMtDat[0].aucTlnName": "Authentication needed", "BS_AE_Subscriber.stMtDat[5].aucTlnName": "Authentication needed",
		"BS_Accounts.astAccounts[0].uiSendMask": "0x3f", "BS_IP_Data1.ucB_SIP_ACCOUNT_IS_ACTIVE_2": "0x0", "BS_IP_Data1.ucI_DIALING_PLAN_COUNTRY_ID": "0xff",
	}
	s.full = map[string]string{
		"BS_IP_Data1.aucS_SIP_USER_ID_1": "4930123456710", "BS_IP_Data1.aucS_SIP_PASSWORD_2": "fake-line-password-2", "BS_IP_Data1.aucS_OUTBOUND_PROXY_2": "edge.example.net",
		"BS_IP_Data1.uiI_OUTBOUND_PROXY_PORT_2": "0x13c6", "BS_Accounts.astAccounts[1].uiSendMask": "0x2", "BS_IP_Data1.uiI_TIME_TIMEZONE": "0x1b",
		"BS_IP_Data1.aucS_SIP_DISPLAYNAME_1": "Anna Müller", "S_PROV_USERNAME": "fake-login", "S_CONFIGFILE_URL": "http://10.20.0.1/cfg/7C2F804DF9A9.xml",
		"BS_IP_Data1.aucS_DATA_SERVER[0]": "10.20.0.1/cfg", "BS_AE_SwConfig.ucCountryCodeTone": "0xc", "BS_AE_Subscriber.stMtDat[2].aucTlnName": "INT 3",
	}
	s.overrides = map[string]string{"BS_IP_Data1.ucB_VLAN_ENABLED": "1"}
	s.replaces = map[string]string{"BS_IP_Data1.aucS_TIME_NTP_SERVER": "ntp.example.net", "BS_AE_Subscriber.stMtDat[5].aucTlnName": "Desk", "S_VOIP_EXTRA": "1"}
	s.badNames = []string{"1abc", "a b", "S_a[0]"}
	s.refuses = `"`
	return s
}

func gigasetN720Samples() samples {
	s := gigasetN510Samples()
	s.vendor, s.model, s.mac, s.config = "gigaset-n720", "N720", "7c2f80ca21e4", "7C2F80CA21E4.xml"
	s.read = func(body []byte) (map[string]string, error) { return readFrame(body, "N720") }
	a := "BS_VOIP_Data.astVoipAccounts[#]."
	s.keys = lineKeys{user: a + "aucS_SIP_USER_ID[0]", auth: a + "aucS_SIP_LOGIN_ID[0]", password: a + "aucS_SIP_PASSWORD[0]", name: a + "aucS_SIP_DISPLAYNAME[0]"}
	s.classes = []identSample{{"Gigaset_N720_DM_PRO", vendors.Ident{Vendor: "gigaset-n720", Model: "N720"}}}
	s.agents = []identSample{
		{"Gigaset N720 DM PRO/70.089.00.000.000;7C2F80CA21E4", vendors.Ident{Vendor: "gigaset-n720", Model: "N720", Firmware: "70.089.00.000.000", MAC: mustMAC("7c2f80ca21e4")}},
		{"Gigaset N720 DM PRO/70.108.00.000.000", vendors.Ident{Vendor: "gigaset-n720", Model: "N720", Firmware: "70.108.00.000.000"}},
		{"N720-DM-PRO/70.040.00.000.000", vendors.Ident{Vendor: "gigaset-n720", Model: "N720", Firmware: "70.040.00.000.000"}},
		{`"N720-DM-PRO/70.040.00.000.000"`, vendors.Ident{Vendor: "gigaset-n720", Model: "N720", Firmware: "70.040.00.000.000"}},
	}
	s.sipAgents = s.agents
	s.names = append(gigasetNames(s.vendor), nameSample{name: "sifsroot.bin", hint: "gigaset-n720", kind: vendors.Absent})
	s.holding = map[string]string{
		"MAC_ADDRESS": "7C2F80CA21E4", "BS_VOIP_Data.astVoipProviders[0].aucSIP_SERVER[%]": "10.20.0.1", "BS_VOIP_Data.astVoipAccounts[0].aucS_SIP_DISPLAYNAME[0]": "Authentication needed",
		"BS_VOIP_Data.NameOnIdleDisplay": "1", "BS_VOIP_Data.astVoipAccounts[1].ucB_SIP_ACCOUNT_IS_ACTIVE_1": "0",
	}
	s.full = map[string]string{
		"BS_VOIP_Data.astVoipAccounts[0].aucS_SIP_USER_ID[0]": "4930123456710", "BS_VOIP_Data.astVoipAccounts[1].ucVoipProviderIndex": "1",
		"BS_VOIP_Data.astVoipProviders[1].ucSIP_PREFERRED_TRANSPORT_LAYER": "6", "BS_VOIP_Data.astVoipProviders[1].aucOUTBOUND_PROXY[%]": "edge.example.net",
		"BS_VOIP_Data.ucI_DTMF_TX_RTP_PAYLOAD_TYPE": "0x65", "BS_IP_Data.aucS_DATA_SERVER[%]": "10.20.0.1/cfg", "BS_IP_Data.ucI_HTTPLANGUAGE": "2",
		"BS_CUSTOM.WebUIPassword": "fake-admin-password",
	}
	s.overrides = map[string]string{"BS_VOIP_Data.EnableWideband": "0"}
	s.replaces = map[string]string{"BS_VOIP_Data.EnableWideband": "0", "BS_VOIP_Data.astVoipAccounts[0].aucS_EXTRA[0]": "Desk", "S_VOIP_EXTRA": "1"}
	return s
}

func gigasetPSamples() samples {
	s := snomSamples()
	s.vendor, s.mac, s.model, s.config = "gigaset-p", "00acdce30a0b", "P820", "00acdce30a0b.xml"
	s.others = []otherFile{{"GigasetP82x.htm", "init"}}
	s.classes, s.agents, s.sipAgents = nil, nil, nil
	s.names = []nameSample{
		{name: "GigasetP82x.htm", kind: vendors.Common, model: "P82X"},
		{name: "GigasetP8xx.htm", kind: vendors.Common, model: "P8XX"},
		{name: "GigasetP82x-00acdce30a0b.htm", kind: vendors.Config, mac: "00acdce30a0b", model: "P82X"},
		{name: "GigasetP82x-firmware.htm", kind: vendors.Absent, model: "P82X"},
		{name: "00acdce30a0b.xml", kind: vendors.Config, mac: "00acdce30a0b"},
		{name: "000413e50102.xml", hint: "gigaset-p", kind: vendors.Config, mac: "000413e50102"},
	}
	s.holding = map[string]string{
		"user_host.1": "10.20.0.1:5060", "user_idle_text.1": "Authentication needed", "auto_dial": "5", "auto_dial_target": "*89",
		"keyboard_lock_emergency": "110 112 911", "prov_polling_period": "300", "prov_polling_enabled": "on",
	}
	s.full = map[string]string{
		"user_name.1": "4930123456710", "user_pass.1": "fake-line-password-1", "auto_dial": "off", "prov_polling_mode": "rel",
		"setting_server": "http://fake-login:fake-login-password@10.20.0.1/cfg/{mac}.xml", "user_outbound.2": "edge.example.net:5062;transport=tls",
	}
	return s
}

// readNVM reads the parameters and operations of a provisioning document.
func readNVM(body []byte, root string) (map[string]string, error) {
	if !bytes.Contains(body, []byte("?>\n"+root+"\n<")) || !bytes.Contains(body, []byte("\n<nvm>\n")) {
		return nil, errors.New("another root")
	}
	doc, err := parseXML(body)
	if err != nil {
		return nil, err
	}
	got := reading{}
	if len(doc.Under) == 2 && doc.Under[0].XMLName.Local == "firmware" && len(doc.Under[0].Under) == 1 {
		file := doc.Under[0].Under[0]
		if file.XMLName.Local != "file" || len(file.Attrs) != 2 || len(file.Under) != 0 {
			return nil, fmt.Errorf("a firmware file of another shape: %+v", file)
		}
		for _, name := range []string{"version", "url"} {
			value, _ := file.attr(name)
			if err := got.add("firmware."+name, value); err != nil {
				return nil, err
			}
		}
		doc.Under = doc.Under[1:]
	}
	if len(doc.Under) != 1 || doc.Under[0].XMLName.Local != "nvm" {
		return nil, errors.New("no single nvm")
	}
	for _, e := range doc.Under[0].Under {
		name, named := e.attr("name")
		value, _ := e.attr("value")
		switch {
		case e.XMLName.Local == "param" && named && len(e.Attrs) == 2 && len(e.Under) == 0:
			err = got.add(name, value)
		case e.XMLName.Local == "oper" && len(e.Under) == 1:
			status, _ := e.Under[0].attr("value")
			err = got.add(name+" "+value, status)
		case e.XMLName.Local == "oper" && len(e.Under) == 0:
			err = got.add(name+" "+value, "")
		default:
			err = fmt.Errorf("an element of another shape: %+v", e)
		}
		if err != nil {
			return nil, err
		}
	}
	return got, doc.Under[0].checkBranch()
}

func readGigaset(body []byte) (map[string]string, error) {
	return readNVM(body, `<provisioning version="1.1" productID="e2">`)
}

// readFrame reads a ProviderFrame, which must be ASCII to be what it says it is.
// The first account's parameters, which have no number, are given one.
func readFrame(body []byte, profile string) (map[string]string, error) {
	if bytes.ContainsFunc(body, func(r rune) bool { return r > '~' }) {
		return nil, errors.New("letters beyond ASCII")
	}
	text := strings.Replace(string(body), ` encoding="ISO-8859-1"`, "", 1)
	doc, err := parseXML([]byte(text))
	if err != nil {
		return nil, err
	}
	if doc.XMLName.Local != "ProviderFrame" || len(doc.Under) != 1 || doc.Under[0].XMLName.Local != "Provider" {
		return nil, errors.New("no single Provider")
	}
	got := reading{}
	for i, e := range doc.Under[0].Under {
		name, symbol := e.attr("ID")
		value, _ := e.attr("value")
		class, _ := e.attr("class")
		switch e.XMLName.Local {
		case "MAC_ADDRESS":
			if i != 0 {
				return nil, errors.New("the MAC is not the first")
			}
		case "PROFILE_NAME":
			if value != profile {
				return nil, fmt.Errorf("profile %q", value)
			}
			continue
		case "SYMB_ITEM":
			if !symbol || class != "symb_item" || len(e.Attrs) != 3 {
				return nil, fmt.Errorf("an element of another shape: %+v", e)
			}
		default:
			if class != "string" || !strings.HasPrefix(e.XMLName.Local, "S_") || len(e.Attrs) != 2 {
				return nil, fmt.Errorf("an element of another shape: %+v", e)
			}
		}
		if !symbol {
			name = e.XMLName.Local
		}
		if strings.HasPrefix(value, `"`) {
			if value, err = unquote(value); err != nil {
				return nil, err
			}
		}
		if first := frameFirst(name); first {
			name += "_1"
		}
		if err := got.add(name, value); err != nil {
			return nil, err
		}
	}
	return got, doc.Under[0].checkBranch()
}

// frameFirst reports a parameter of account 1 of an N510.
func frameFirst(name string) bool {
	for _, start := range []string{"BS_IP_Data1.aucS_SIP_", "BS_IP_Data3.aucS_SIP_", "BS_IP_Data1.aucS_OUTBOUND_", "BS_IP_Data1.uiI_SIP_", "BS_IP_Data1.uiI_OUTBOUND_"} {
		if strings.HasPrefix(name, start) {
			return name[len(name)-1] < '0' || name[len(name)-1] > '9'
		}
	}
	return false
}

// TestGigasetNumbers: what an operator sets goes unquoted where the device takes
// a number, and nowhere else.
func TestGigasetNumbers(t *testing.T) {
	in := input(t, "gigaset-n510", vendors.Full)
	in.Device.Overrides = map[string]string{"BS_IP_Data1.ucB_VLAN_ENABLED": "1", "BS_IP_Data1.uiI_VLAN_ID": "0x14", "BS_IP_Data1.aucS_TIME_NTP_SERVER": "10"}
	body := string(render(t, in))
	for _, want := range []string{`ucB_VLAN_ENABLED" value="1"`, `uiI_VLAN_ID" value="0x14"`, `aucS_TIME_NTP_SERVER" value="&quot;10&quot;"`} {
		if !strings.Contains(body, want) {
			t.Errorf("%s is not in\n%s", want, body)
		}
	}
	in.Device.Overrides = map[string]string{"BS_IP_Data1.uiI_VLAN_ID": "twenty"}
	if _, err := vendors.All().Render(in); err == nil {
		t.Error("a number that is none was taken")
	}
}
