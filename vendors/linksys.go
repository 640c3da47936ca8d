package vendors

import (
	"regexp"
	"strings"

	"github.com/lineside/lineside/phone"
)

const linksysVendor phone.Vendor = "linksys"

// linksys serves the adapters and phones that were Sipura's: PAP2T, SPA1001 to
// SPA8800 and SPA9xx (Linksys IP Telephony Provisioning Guide; ATA
// Administration Guide for SPA2102, SPA3102, SPA8000).
func linksys() Maker {
	return Maker{
		Vendor: linksysVendor,
		Name:   "Linksys",
		OUIs: [][3]byte{
			{0x00, 0x0e, 0x08}, {0x00, 0x04, 0x5a}, {0x00, 0x06, 0x25}, {0x00, 0x0c, 0x41}, {0x00, 0x0f, 0x66},
			{0x00, 0x12, 0x17}, {0x00, 0x13, 0x10}, {0x00, 0x14, 0xbf}, {0x00, 0x16, 0xb6}, {0x00, 0x18, 0x39},
			{0x00, 0x18, 0xf8}, {0x00, 0x1a, 0x70}, {0x00, 0x1c, 0x10}, {0x00, 0x1d, 0x7e}, {0x00, 0x1e, 0xe5},
			{0x00, 0x21, 0x29}, {0x00, 0x22, 0x6b}, {0x00, 0x23, 0x69}, {0x00, 0x25, 0x9c}, {0x20, 0xaa, 0x4b},
			{0x58, 0x6d, 0x8f}, {0x68, 0x7f, 0x74}, {0x54, 0x7c, 0x69}, {0x70, 0x1f, 0x53}, {0xbc, 0x67, 0x1c},
			{0xc4, 0x72, 0x95}, {0xd0, 0xc7, 0x89},
		},
		Models:   linksysModels,
		Class:    linksysClass,
		Classes:  classPrefixes("LINKSYS SPA", "LINKSYS PAP"),
		Agent:    linksysAgent,
		SIPAgent: linksysAgent, // the same without the serial number
		File:     ciscoFile(linksysVendor, linksysProfile.own, linksysFirst),
		Options:  linksysOptions,
		Sequence: linksysSequence,
		// HTTPS is out: they trust only servers their maker's CA stands behind.
		Fetch:       Fetch{By: linksysProfile.by, Auth: Digest | Basic},
		CertMAC:     ciscoCertMAC(linksysVendor),
		ContentType: "text/xml; charset=utf-8",
		Rehome:      Rehome{URL: ciscoRehome, User: ciscoRehome, Password: ciscoRehome},
		Resync:      ciscoResync,
		// Most are adapters: what one of them cannot show, none is counted on for.
		Upgrade: UpgradeByURL,
		Book:    &Book{File: "linksys-book.xml", ContentType: "text/xml; charset=utf-8", Write: ipPhoneDirectory("CiscoIPPhoneDirectory")},
		Shows:   Shows{Hotline: true, HotlineDelay: true, NoMAC: "its adapters have no screen; its phones show it as their station's name"},
		build:   linksysBuild,
		expands: ciscoMacros,
		format:  ciscoFlatFormat,
		Unverified: ciscoUnverified(
			"a challenge with Digest is answered as well as one with Basic",
			"option 66 is the only one read, and its value is a bare TFTP server on every model",
			"option 60 of PAP2T and SPA1001",
			"SPA9x1 and SPA9x2 read an XML directory as SPA5xx do",
			"firmware of every model reads XML that begins with an XML declaration",
			"the time offset of DHCP, option 2; the zone is in the config",
			"the SIP User-Agent is the HTTP one without its brackets",
			"accounts of SPA2100, SPA3000, SPA3102, SPA8800 and SPA9xx, and a screen on SPA901",
		),
	}
}

// linksysForm: "LINKSYS SPA-942", "LINKSYS SPA8000".
var linksysForm = regexp.MustCompile(`^LINKSYS ((?:SPA|PAP)-?[0-9][0-9A-Z]{0,5})$`)

func linksysClass(class []byte) (Ident, bool) {
	g := linksysForm.FindSubmatch(class)
	if g == nil {
		return Ident{}, false
	}
	return Ident{Vendor: linksysVendor, Model: ciscoNamed(linksysModels, string(g[1]))}, true
}

// linksysAgentForm: "Linksys/SPA-942-6.1.5(a) (88019FA42805)". What is in the
// brackets is the serial number, however much it looks like a MAC.
var linksysAgentForm = regexp.MustCompile(`^Linksys/((?:SPA|PAP)-?[0-9][0-9A-Z]{0,5})-([0-9][0-9A-Za-z.()_]{0,30})(?: \((?P<serial>[0-9A-Za-z]{1,20})\))?$`)

func linksysAgent(agent string) (Ident, bool) {
	return ciscoAgent(linksysVendor, linksysAgentForm, linksysModels, agent)
}

// linksysProduct is spa$PSN.cfg, where $PSN is "942" or "2102".
var linksysProduct = regexp.MustCompile(`^(spa(?:9[0-9]{2}|[1238][0-9]{3}))\.cfg$`)

// linksysFirst understands the first file: of the PAP2T and of very old
// firmware it names no model.
func linksysFirst(lower string) (string, bool) {
	switch lower {
	case "init.cfg":
		return "PAP2T", true
	case "spa.cfg":
		return "", true
	}
	return ciscoProduct(linksysProduct, linksysModels)(lower)
}

// linksysOptions gives a TFTP server and no more: the first file comes from
// there and leads on to HTTP.
func linksysOptions(box Box) []Option {
	if addr := box.Addr.Unmap(); addr.Is4() {
		return textOption(nil, optServerName, addr.String())
	}
	_, host, _, err := splitURL(box.URL)
	if err != nil || strings.ContainsAny(host, "[]") {
		return nil
	}
	host, _, _ = strings.Cut(host, ":")
	return textOption(nil, optServerName, host)
}

func linksysSequence(mac phone.MAC, model string) []string {
	first := "spa.cfg"
	if m, ok := linksysModels.Of(model); ok {
		first = m.Code + ".cfg"
	}
	return []string{first, linksysProfile.own + mac.Hex() + ".xml"}
}
