package vendors

import (
	"regexp"
	"strings"

	"github.com/lineside/lineside/phone"
)

const ciscoMPPVendor phone.Vendor = "cisco-mpp"

// ciscoMPP serves the phones with multiplatform ("3PCC") firmware: 6800, 7800,
// 8800 and 9800 series (Cisco IP Phone Multiplatform Administration and
// Provisioning Guides, firmware 11.0 to 12.0).
func ciscoMPP() Maker {
	return Maker{
		Vendor:      ciscoMPPVendor,
		Brand:       ciscoBrand,
		Name:        "Cisco MPP",
		OUIs:        ciscoLater,
		Models:      ciscoMPPModels,
		Class:       ciscoMPPClass,
		Classes:     []ClassMatch{{Prefix: "Cisco Systems, Inc. IP Phone ", Has: "-3PCC"}},
		Agent:       ciscoMPPAgent,
		SIPAgent:    ciscoMPPAgent, // the same, as a rule without the MAC
		File:        ciscoFile(ciscoMPPVendor, ciscoMPPProfile.own, ciscoMPPFirst),
		Options:     ciscoMPPOptions,
		Sequence:    ciscoMPPSequence,
		Fetch:       Fetch{By: ciscoMPPProfile.by, Auth: Digest | Basic, Asks: true},
		CertMAC:     ciscoCertMAC(ciscoMPPVendor),
		CA:          CAByURL,
		ContentType: "text/xml; charset=utf-8",
		Rehome:      Rehome{URL: ciscoRehome, User: ciscoRehome, Password: ciscoRehome},
		Resync:      Resync{Event: "resync"},
		Upgrade:     UpgradeByURL,
		XSI:         ciscoXSI("", ciscoXSI("_1_", nil)),
		Shows:       Shows{Text: true, Hotline: true, HotlineDelay: true, MAC: true},
		Book:        &Book{File: "cisco-mpp-book.xml", ContentType: "text/xml; charset=utf-8", Write: ipPhoneDirectory("CiscoIPPhoneDirectory")},
		build:       ciscoMPPBuild,
		expands:     ciscoMacros,
		format:      ciscoFlatFormat,
		Unverified: ciscoUnverified(
			"a challenge of the file Profile_Rule_B names brings up the profile account screen as well",
			"option 160 may have the same URL as 66",
			"a URL with a folder in option 66 is asked without its last slash and goes on to folder/$PSN.xml",
			"Custom_CA_Rule on every firmware; Custom_CA_URL was seen too",
			"a bundle of several CAs behind Custom_CA_Rule; it names one",
			"sub-options of 43 that name an auto-configuration server; none are sent",
			"configs encrypted as RFC 8188 has it; none is",
			"Display_Recents_From Server and CallLog_Enable on the 8800 series; the list of calls on the server is an operator's template to switch on",
			"firmware that has the directory's login in Directory_User_ID instead of Login_User_ID",
			"Enable_TR-069 switches TR-069 off",
			"PRT_Upload_URL is the name of the problem reports' server",
			"Language_Selection does no harm before its dictionary is there",
			"an admin password of fewer than three kinds of letters is passed over",
			"models, names and accounts of the 9800 series, whose $PN may begin with DP",
			"the NOTIFY that reboots them",
		),
	}
}

// ciscoXSI is a place of the login: the phone's own, which its directory and the
// calls on the server go by, or the one of the line whose parameters end in at.
func ciscoXSI(at string, next *XSI) *XSI {
	return &XSI{
		User: "Login_User_ID" + at, Password: "Login_Password" + at,
		Mode: "XSI_Authentication_Type" + at, ModeValue: "Login Credentials", Next: next,
	}
}

// ciscoMPPForm: "Cisco Systems, Inc. IP Phone CP-8851-3PCC" and a NUL byte. The
// same without 3PCC has firmware for call managers. In TR-069 discovery the
// phone says "dslforum.org", as every router does.
var ciscoMPPForm = regexp.MustCompile(`^Cisco Systems, Inc\. IP Phone ([CD]P-[0-9]{4}[A-Z0-9]{0,4})-3PCC$`)

func ciscoMPPClass(class []byte) (Ident, bool) {
	g := ciscoMPPForm.FindSubmatch(class)
	if g == nil {
		return Ident{}, false
	}
	return Ident{Vendor: ciscoMPPVendor, Model: ciscoNamed(ciscoMPPModels, string(g[1]))}, true
}

// ciscoMPPAgentForm: "Cisco-CP-7832-3PCC/11.0.1 (00562b043615)".
var ciscoMPPAgentForm = regexp.MustCompile(`^Cisco-([CD]P-[0-9]{4}[A-Z0-9]{0,4})-3PCC/([0-9][0-9A-Za-z.()_-]{0,30})(?: \(([0-9A-Fa-f]{12})\))?$`)

func ciscoMPPAgent(agent string) (Ident, bool) {
	return ciscoAgent(ciscoMPPVendor, ciscoMPPAgentForm, ciscoMPPModels, agent)
}

// ciscoMPPProduct is $PSN.xml.
var ciscoMPPProduct = regexp.MustCompile(`^([0-9]{4}[a-z0-9]{0,4})-3pcc\.xml$`)

// ciscoMPPFirst understands "8851-3PCC.xml". It is answered though the phone
// would go on to /Cisco/$PN/$MA.cfg without it: one answer costs a building
// less than a refusal by each of three protocols.
func ciscoMPPFirst(lower string) (string, bool) {
	g := ciscoMPPProduct.FindStringSubmatch(lower)
	if g == nil {
		return "", false
	}
	m, _ := ciscoMPPModels.Of("CP-" + g[1])
	return m.Name, true
}

// ciscoMPPOptions gives the folder; the phone puts its own names behind it. It
// takes the first of 66, 160, 159 and 150, of which 150 is TFTP.
func ciscoMPPOptions(box Box) []Option {
	url := strings.TrimRight(box.URL, "/")
	return textOption(textOption(nil, optServerName, url), optProvisionURL, url)
}

func ciscoMPPSequence(mac phone.MAC, model string) []string {
	code := "8851"
	if m, ok := ciscoMPPModels.Of(model); ok {
		code = m.Code
	}
	return []string{code + "-3PCC.xml", ciscoMPPProfile.own + mac.Hex() + ".xml"}
}
