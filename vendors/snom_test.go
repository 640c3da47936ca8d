package vendors_test

import (
	"encoding/xml"
	"errors"
	"fmt"

	"github.com/lineside/lineside/vendors"
)

const snomHead = "Mozilla/4.0 (compatible; "

func snomSamples() samples {
	return samples{
		vendor: "snom", mac: "000413a1b2c3", model: "D385", config: "snomD385-000413A1B2C3.htm", ext: "xml",
		others: []otherFile{{"snomD385.htm", "common"}},
		read:   func(body []byte) (map[string]string, error) { return readSnom(body) },
		keys:   lineKeys{user: "user_name.@", auth: "user_pname.@", password: "user_pass.@", name: "user_realname.@", label: "user_idle_text.@"},
		classes: []identSample{
			{"snom320", vendors.Ident{Vendor: "snom", Model: "320"}},
			{"snomD385", vendors.Ident{Vendor: "snom", Model: "D385"}},
			{"snomPA1", vendors.Ident{Vendor: "snom", Model: "PA1"}},
		},
		agents: []identSample{
			{snomHead + "snomD785-SIP 10.1.33.33 2010.12-00004-g9ba52f5 000413922D24 SXM:0 UXM:0)", vendors.Ident{Vendor: "snom", Model: "D785", Firmware: "10.1.33.33", MAC: mustMAC("000413922d24")}},
			{snomHead + "snomD785-SIP 10.1.169.16 2010.12-00001-gd311851f1 (Feb 25 2019 - 14:19:43) 00041396D9B4 SXM:0 UXM:0 UXMC:0)", vendors.Ident{Vendor: "snom", Model: "D785", Firmware: "10.1.169.16", MAC: mustMAC("00041396d9b4")}},
			{snomHead + "snomD385-SIP 10.1.175.16 2010.12-00001-gd311851f1 000413A1B2C3 SXM:0 UXM:0 UXMC:0)", vendors.Ident{Vendor: "snom", Model: "D385", Firmware: "10.1.175.16", MAC: mustMAC("000413a1b2c3")}},
			{snomHead + "snom710-SIP 8.7.5.35 1.1.5-IFX-05.01.12 000413741767)", vendors.Ident{Vendor: "snom", Model: "710", Firmware: "8.7.5.35", MAC: mustMAC("000413741767")}},
			{snomHead + "snom710-SIP 8.7.3.19 1.1.5-IFX-05.01.12)", vendors.Ident{Vendor: "snom", Model: "710", Firmware: "8.7.3.19"}},
			{snomHead + "snom320-SIP 8.4.18 1.1.3-s)", vendors.Ident{Vendor: "snom", Model: "320", Firmware: "8.4.18"}},
			{snomHead + "snom870-SIP 8.4.35 SPEAr300 SNOM 1.4)", vendors.Ident{Vendor: "snom", Model: "870", Firmware: "8.4.35"}},
			{snomHead + "snom320-SIP 6.5.20; snom320 jffs2 v3.36; snom320 linux 3.38)", vendors.Ident{Vendor: "snom", Model: "320", Firmware: "6.5.20"}},
			{snomHead + "snom lid 3605)", vendors.Ident{Vendor: "snom"}},
		},
		sipAgents: []identSample{
			{"snomD785/10.1.33.33", vendors.Ident{Vendor: "snom", Model: "D785", Firmware: "10.1.33.33"}},
		},
		names: []nameSample{
			{name: "snomD385.htm", kind: vendors.Common, model: "D385"},
			{name: "snomD385.htm", hint: "snom-dect", kind: vendors.Common, model: "D385"},
			{name: "snomd385.xml", kind: vendors.Common, model: "D385"},
			{name: "snomD385-000413A1B2C3.htm", kind: vendors.Config, mac: "000413a1b2c3", model: "D385"},
			{name: "snom320-000413a1b2c3.xml", kind: vendors.Config, mac: "000413a1b2c3", model: "320"},
			{name: "000413A1B2C3.xml", kind: vendors.Config, mac: "000413a1b2c3"},
			{name: "000413A1B2C3.htm", kind: vendors.Config, mac: "000413a1b2c3"},
			{name: "snomD385-firmware.xml", kind: vendors.Absent, model: "D385"},
		},
		holding: map[string]string{
			"user_host.1": "10.20.0.1:5060", "user_idle_text.1": "Authentication needed", "user_idle_number.1": "000413A1B2C3",
			"auto_dial": "5", "auto_dial_target": "*89", "keyboard_lock_emergency": "110 112 911", "settings_refresh_timer": "300",
		},
		full: map[string]string{
			"user_name.1": "4930123456710", "user_pname.1": "auth-710", "user_pass.1": "fake-line-password-1", "user_idle_text.1": "710 Anna",
			"user_realname.1": "Anna Müller", "user_host.1": "sip.example.net", "user_outbound.1": "", "user_host.2": "sip.example.net:5071",
			"user_outbound.2": "edge.example.net:5062;transport=tls", "user_active.3": "off", "user_active.12": "off",
			"http_client_user": "fake-login", "http_client_pass": "fake-login-password", "setting_server": "http://10.20.0.1/cfg/",
			"admin_mode_password": "fake-admin-password", "auto_dial": "off", "dst": "3600 03.05.07 02:00:00 10.05.07 03:00:00", "utc_offset": "+3600", "syslog_server": "",
		},
		overrides: map[string]string{"user_srtp.1": "on", "contrast": "12"},
		replaces:  map[string]string{"user_idle_text.1": "Desk", "user_savp.2": "mandatory", "contrast": "12"},
		badNames:  []string{"user_srtp.x", "user_srtp.0", "user_srtp.01", "a.b.c", "a b"},
	}
}

// readSnom takes the settings document apart, and the CA behind it.
func readSnom(body []byte) (map[string]string, error) {
	type setting struct {
		XMLName xml.Name
		Idx     string `xml:"idx,attr"`
		Text    string `xml:",chardata"`
		Inner   []struct {
			XMLName xml.Name
		} `xml:",any"`
	}
	var doc struct {
		XMLName xml.Name `xml:"settings"`
		Phone   []struct {
			Settings []setting `xml:",any"`
		} `xml:"phone-settings"`
		Certificates []struct {
			Certificate []struct {
				URL string `xml:"url,attr"`
			} `xml:"certificate"`
		} `xml:"certificates"`
		Others []struct {
			XMLName xml.Name
		} `xml:",any"`
	}
	if _, err := parseXML(body); err != nil {
		return nil, err
	}
	if err := xml.Unmarshal(body, &doc); err != nil {
		return nil, err
	}
	if len(doc.Phone) != 1 || len(doc.Others) != 0 || len(doc.Certificates) > 1 {
		return nil, errors.New("sections other than the box writes")
	}
	got := map[string]string{}
	for _, s := range doc.Phone[0].Settings {
		name := s.XMLName.Local
		if s.Idx != "" {
			name += "." + s.Idx
		}
		if len(s.Inner) != 0 {
			return nil, fmt.Errorf("%s has elements in it", name)
		}
		if _, twice := got[name]; twice {
			return nil, fmt.Errorf("%s is there twice", name)
		}
		got[name] = s.Text
	}
	for _, c := range doc.Certificates {
		if len(c.Certificate) != 1 {
			return nil, fmt.Errorf("%d certificates", len(c.Certificate))
		}
		got["certificate"] = c.Certificate[0].URL
	}
	return got, nil
}
