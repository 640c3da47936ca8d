package vendors_test

import "github.com/lineside/lineside/vendors"

func spectralinkSamples() samples {
	s := polySamples()
	s.holding["reg.1.label"] = "Authentication needed 00907A0A0B0C"
	s.vendor, s.mac, s.model, s.config = "spectralink", "00907a0a0b0c", "8440", "00907a0a0b0c-lineside.cfg"
	s.others = []otherFile{{"lineside-poly.cfg", "common"}, {"00907a0a0b0c.cfg", "boot"}, {"000000000000.cfg", "boot-any"}}
	s.classes = []identSample{
		{"KIRK.IP6000", vendors.Ident{Vendor: "spectralink", Model: "IP6000"}},
		{"KIRK.IP600", vendors.Ident{}},
	}
	s.agents = []identSample{
		{"FileTransport SpectraLink-SL_8440-UA/4.2.0.1234 Type/Application", vendors.Ident{Vendor: "spectralink", Model: "8440", Firmware: "4.2.0.1234"}},
		{"FileTransport PolycomSpectraLink-SL_8440-UA/4.0.0.1234 Type/Application", vendors.Ident{Vendor: "poly", Model: "SL8440", Firmware: "4.0.0.1234"}},
	}
	s.sipAgents = []identSample{
		{"SpectraLink-SL_8453-UA/5.1.0.1234", vendors.Ident{Vendor: "spectralink", Model: "8453", Firmware: "5.1.0.1234"}},
	}
	s.names = []nameSample{
		{name: "00907a0a0b0c.cfg", hint: "spectralink", kind: vendors.Boot, mac: "00907a0a0b0c"},
		{name: "00907a0a0b0c-lineside.cfg", hint: "spectralink", kind: vendors.Config, mac: "00907a0a0b0c"},
		{name: "000000000000.cfg", hint: "spectralink", kind: vendors.Common},
		{name: "00907a0a0b0c-directory.xml", hint: "spectralink", kind: vendors.Absent, mac: "00907a0a0b0c"},
		{name: "0013d10a0b0c-config.xml", kind: vendors.Absent, mac: "0013d10a0b0c"},
		{name: "0013d10a0b0c-users.xml", kind: vendors.Absent, mac: "0013d10a0b0c"},
	}
	return s
}
