package vendors

import (
	"regexp"
	"strings"

	"github.com/lineside/lineside/phone"
)

const ciscoSPAVendor phone.Vendor = "cisco-spa"

// ciscoSPA serves the SPA300 and SPA500 phones in SIP mode (Cisco SPA300 Series
// and SPA500 Series IP Phone Administration Guide, firmware 7.4 and 7.5).
func ciscoSPA() Maker {
	return Maker{
		Vendor:   ciscoSPAVendor,
		Brand:    ciscoBrand,
		Name:     "Cisco SPA",
		OUIs:     ciscoNumbered,
		Models:   ciscoSPAModels,
		Class:    ciscoSPAClass,
		Classes:  classPrefixes("Cisco SPA", "Cisco Systems, Inc. IP Phone SPA"),
		Agent:    ciscoSPAAgent,
		SIPAgent: ciscoSPAAgent, // the same without what is in brackets
		File:     ciscoFile(ciscoSPAVendor, ciscoSPAProfile.own, ciscoProduct(ciscoSPAProduct, ciscoSPAModels)),
		Options:  ciscoSPAOptions,
		Sequence: ciscoSPASequence,
		// HTTPS is out: they trust only servers their maker's CA stands behind.
		Fetch:       Fetch{By: ciscoSPAProfile.by, Auth: Digest | Basic},
		CertMAC:     ciscoCertMAC(ciscoSPAVendor),
		ContentType: "text/xml; charset=utf-8",
		Rehome:      Rehome{URL: ciscoRehome, User: ciscoRehome, Password: ciscoRehome},
		Resync:      ciscoResync,
		Upgrade:     UpgradeByURL,
		Shows:       Shows{Text: true, Hotline: true, HotlineDelay: true, MAC: true},
		Book:        &Book{File: "cisco-spa-book.xml", ContentType: "text/xml; charset=utf-8", Write: ipPhoneDirectory("CiscoIPPhoneDirectory")},
		build:       ciscoSPABuild,
		expands:     ciscoMacros,
		format:      ciscoFlatFormat,
		Unverified: ciscoUnverified(
			"a challenge with Digest is answered as well as one with Basic",
			"the phone expands $PSN in option 160 as it does in 66",
			"a whole URL in Profile_Rule makes the phone pass over DHCP, as on multiplatform phones",
			"the SIP User-Agent is the HTTP one without its brackets",
			"Language_Selection does no harm before its dictionary is there",
			"the SPA525G has as many accounts as line keys",
			"the DHCP option that names a VLAN; none is sent, CDP and LLDP do it",
		),
	}
}

// ciscoSPAForm: "Cisco SPA504G", "Cisco SPA525g", and before firmware 7.4
// "Cisco Systems, Inc. IP Phone SPA501G".
var ciscoSPAForm = regexp.MustCompile(`^Cisco (?:Systems, Inc\. IP Phone )?(SPA[35][0-9]{2}[A-Za-z0-9]{0,3})$`)

func ciscoSPAClass(class []byte) (Ident, bool) {
	g := ciscoSPAForm.FindSubmatch(class)
	if g == nil {
		return Ident{}, false
	}
	return Ident{Vendor: ciscoSPAVendor, Model: ciscoNamed(ciscoSPAModels, string(g[1]))}, true
}

// ciscoSPAAgentForm: "Cisco/SPA501G-7.4.4 (8843E157DDCC)(CBT141100HR)", MAC and
// serial number. The SPA525G tells its serial number only.
var ciscoSPAAgentForm = regexp.MustCompile(`^Cisco/(SPA[35][0-9]{2}[A-Za-z0-9]{0,3})-([0-9][0-9A-Za-z.()_]{0,30})(?: (?:\(([0-9A-F]{12})\))?\((?P<serial>[0-9A-Za-z]{1,20})\))?$`)

func ciscoSPAAgent(agent string) (Ident, bool) {
	return ciscoAgent(ciscoSPAVendor, ciscoSPAAgentForm, ciscoSPAModels, agent)
}

// ciscoAgent reads model, firmware and, where the form has groups for them, MAC
// and serial number.
func ciscoAgent(vendor phone.Vendor, form *regexp.Regexp, models Models, agent string) (Ident, bool) {
	if !strings.HasPrefix(agent, "Cisco") && !strings.HasPrefix(agent, "Linksys/") {
		return Ident{}, false
	}
	g := form.FindStringSubmatch(agent)
	if g == nil {
		return Ident{}, false
	}
	id := Ident{Vendor: vendor, Model: ciscoNamed(models, g[1]), Firmware: g[2]}
	serial := form.SubexpIndex("serial")
	if serial > 0 {
		id.Serial = g[serial]
	}
	if len(g) > 3 && serial != 3 {
		id.MAC, _ = phone.ParseMAC(g[3])
	}
	return id, true
}

// ciscoSPAProduct is spa$PSN.cfg, where $PSN is "504G".
var ciscoSPAProduct = regexp.MustCompile(`^(spa[35][0-9]{2}[a-z0-9]{0,3})\.cfg$`)

// ciscoSPAOptions gives the URL of the first file with the phone's own macro,
// the form known to work. Option 150 would lead it to TFTP.
func ciscoSPAOptions(box Box) []Option {
	if box.URL == "" {
		return nil
	}
	options := textOption(nil, optServerName, box.URL+"spa$PSN.cfg")
	return textOption(options, optProvisionURL, box.URL+"spa$PSN.cfg")
}

func ciscoSPASequence(mac phone.MAC, model string) []string {
	psn := "504G"
	if m, ok := ciscoSPAModels.Of(model); ok {
		psn = m.Code
	}
	return []string{"spa" + psn + ".cfg", ciscoSPAProfile.own + mac.Hex() + ".xml"}
}
