package vendors_test

import (
	"github.com/lineside/lineside/vendors"
)

func polySamples() samples {
	return samples{
		vendor: "poly", mac: "0004f2aabbcc", model: "VVX410", config: "0004f2aabbcc-lineside.cfg", ext: "xml",
		others: []otherFile{{"lineside-poly.cfg", "common"}, {"0004f2aabbcc.cfg", "boot"}, {"000000000000.cfg", "boot-any"}},
		read:   func(body []byte) (map[string]string, error) { return readAttributes(body) },
		keys:   lineKeys{user: "reg.@.address", auth: "reg.@.auth.userId", password: "reg.@.auth.password", name: "reg.@.displayName", label: "reg.@.label"},
		classes: []identSample{
			{"\x00\x00\x36\x3d\x1a\x01\x0d3111-46157-002\x02\x096.3.0.144\xff", vendors.Ident{Vendor: "poly"}},
			{"Polycom", vendors.Ident{Vendor: "poly"}},
			{"PolycomVVX-VVX_410", vendors.Ident{Vendor: "poly", Model: "VVX410"}},
			{"Polycom-VVX410", vendors.Ident{Vendor: "poly", Model: "VVX410"}},
			{"PolyEdge-Edge_E450", vendors.Ident{Vendor: "poly", Model: "EdgeE450"}},
			{"PolycomSoundPointIP", vendors.Ident{Vendor: "poly"}},
		},
		agents: []identSample{
			{"FileTransport PolycomSoundPointIP-SPIP_335-UA/3.2.1.0078", vendors.Ident{Vendor: "poly", Model: "SPIP335"}},
			{"FileTransport PolycomSoundPointIP-SPIP_335-UA/4.2.1.0275", vendors.Ident{Vendor: "poly", Model: "SPIP335"}},
			{"FileTransport PolycomSoundStationIP-SSIP_6000-UA/4.0.4.2906 Type/Application", vendors.Ident{Vendor: "poly", Model: "SSIP6000", Firmware: "4.0.4.2906"}},
			{"FileTransport PolycomSoundStationIP-SSIP_6000-UA/5.0.3.1667 Type/Updater", vendors.Ident{Vendor: "poly", Model: "SSIP6000"}},
			{"FileTransport PolycomSoundStationIP-SSIP_5000-UA/4.0.3.7562 (SN:0004f2e765da) Type/Application", vendors.Ident{Vendor: "poly", Model: "SSIP5000", Firmware: "4.0.3.7562", MAC: mustMAC("0004f2e765da")}},
			{"FileTransport PolycomVVX-VVX_400-UA/4.1.4.7430 Type/Application", vendors.Ident{Vendor: "poly", Model: "VVX400", Firmware: "4.1.4.7430"}},
			{"FileTransport PolycomVVX-VVX_101-UA/5.4.3.1014 Type/Application", vendors.Ident{Vendor: "poly", Model: "VVX101", Firmware: "5.4.3.1014"}},
			{"FileTransport PolyCCX-CCX_500-UA/9.4.1.0508 (SN:64167f9f4c90) Type/Application", vendors.Ident{Vendor: "poly", Model: "CCX500", Firmware: "9.4.1.0508", MAC: mustMAC("64167f9f4c90")}},
			{"FileTransport PolyEdge-Edge_E450-UA/8.0.0.15602 Type/Application", vendors.Ident{Vendor: "poly", Model: "EdgeE450", Firmware: "8.0.0.15602"}},
		},
		sipAgents: []identSample{
			{"PolycomVVX-VVX_400-UA/4.1.4.7430", vendors.Ident{Vendor: "poly", Model: "VVX400", Firmware: "4.1.4.7430"}},
			{"PolyEdge-Edge_E450-UA/8.0.0.15602_0004f2aabbcc", vendors.Ident{Vendor: "poly", Model: "EdgeE450", Firmware: "8.0.0.15602", MAC: mustMAC("0004f2aabbcc")}},
		},
		names: []nameSample{
			{name: "0004f2aabbcc.cfg", kind: vendors.Boot, mac: "0004f2aabbcc"},
			{name: "0004f2aabbcc.cfg", hint: "poly", kind: vendors.Boot, mac: "0004f2aabbcc"},
			{name: "0004f2aabbcc.cfg", hint: "snom", kind: vendors.Boot, mac: "0004f2aabbcc"},
			{name: "0a0000000001.cfg", hint: "poly", kind: vendors.Boot, mac: "0a0000000001"},
			{name: "0004f2aabbcc-lineside.cfg", kind: vendors.Config, mac: "0004f2aabbcc"},
			{name: "000000000000.cfg", kind: vendors.Common},
			{name: "000000000000.cfg", hint: "yealink", kind: vendors.Common},
			{name: "lineside-poly.cfg", kind: vendors.Common},
			{name: "0004f2aabbcc-phone.cfg", kind: vendors.Absent, mac: "0004f2aabbcc"},
			{name: "0004f2aabbcc-web.cfg", kind: vendors.Absent, mac: "0004f2aabbcc"},
			{name: "0004f2aabbcc-license.cfg", kind: vendors.Absent, mac: "0004f2aabbcc"},
			{name: "0004f2aabbcc-directory.xml", kind: vendors.Absent, mac: "0004f2aabbcc"},
			{name: "0004f2aabbcc-calls.xml", kind: vendors.Absent, mac: "0004f2aabbcc"},
			{name: "0004f2aabbcc-app.log", kind: vendors.Absent, mac: "0004f2aabbcc"},
			{name: "0004f2aabbcc-now-boot.log", kind: vendors.Absent, mac: "0004f2aabbcc"},
			{name: "000000000000-directory.xml", kind: vendors.Absent},
			{name: "000000000000-license.cfg", kind: vendors.Absent},
			{name: "2345-12600-001.sip.ld", kind: vendors.Absent},
			{name: "sip.ld", kind: vendors.Absent},
		},
		holding: map[string]string{
			"reg.1.server.1.address": "10.20.0.1", "reg.1.label": "Authentication needed 0004F2AABBCC", "call.autoOffHook.1.enabled": "0",
			"softkey.1.action": "*89$Tinvite$", "dialplan.digitmap": "110|112|911|*xx|x.T",
			"dialplan.routing.server.1.address": "10.20.0.1", "dialplan.routing.server.2.address": "sbc.example.net",
			"dialplan.routing.emergency.2.value": "112", "prov.quickSetup.enabled": "1", "prov.polling.period": "3601",
		},
		full: map[string]string{
			"reg.1.address": "4930123456710", "reg.1.auth.userId": "auth-710", "reg.1.auth.password": "fake-line-password-1", "reg.1.label": "710 Anna",
			"reg.1.displayName": "Anna Müller", "reg.1.server.1.address": "sip.example.net", "reg.1.server.1.transport": "UDPOnly",
			"reg.2.server.1.port": "5071", "reg.2.server.1.transport": "TLS", "reg.2.outboundProxy.address": "edge.example.net",
			"reg.2.outboundProxy.port": "5062", "reg.3.address": "", "reg.12.address": "", "device.set": "1",
			"device.syslog.serverName": "", "device.syslog.serverName.set": "1",
			"device.prov.serverName": "10.20.0.1/cfg/", "device.prov.serverName.set": "1", "device.prov.serverType": "HTTP",
			"device.prov.user": "fake-login", "device.prov.user.set": "1", "device.prov.password": "fake-login-password", "device.prov.password.set": "1",
			"device.auth.localAdminPassword": "fake-admin-password", "device.auth.localAdminPassword.set": "1",
			"tcpIpApp.sntp.gmtOffset": "3600", "tcpIpApp.sntp.daylightSavings.start.dayOfWeek": "1",
			"tcpIpApp.sntp.daylightSavings.start.dayOfWeek.lastInMonth": "1", "tcpIpApp.sntp.daylightSavings.stop.time": "3",
		},
		overrides: map[string]string{"device.net.vlanId": "20", "lcl.ml.lang": "French_France"},
		replaces:  map[string]string{"reg.1.label": "Desk", "device.net.vlanId": "20", "up.oneTouchVoiceMail": "1"},
		badNames:  []string{"1abc", "a b", "a/b"},
	}
}
