package vendors

import (
	"regexp"
	"strings"

	"github.com/lineside/lineside/phone"
)

// The three config languages of Panasonic: the text of KX-HDV, KX-UT and the
// newer DECT bases, the same under another first line for KX-TGP500 and 550, and
// the XML of KX-UTG.
const (
	panasonicVendor    phone.Vendor = "panasonic"
	panasonicTGPVendor phone.Vendor = "panasonic-tgp"
	panasonicUTGVendor phone.Vendor = "panasonic-utg"
)

// What the names of per-phone files begin with, before the MAC. There is none a
// phone asks for by itself: its model's file says which.
const (
	panasonicOwn    = "Config"
	panasonicTGPOwn = "ConfigTGP"
	panasonicUTGOwn = "ConfigUTG"
)

// panasonic serves KX-HDV, KX-UT and KX-TGP600 and 700 (Panasonic administrator
// guides, "Configuration File Programming").
func panasonic() Maker {
	m := panasonicMaker(panasonicVendor, "Panasonic KX-HDV and KX-UT", panasonicOwn, panasonicModels)
	m.Shows = Shows{Text: true, NoMAC: macName}
	m.Upgrade = UpgradeByVersion
	m.XSI = &XSI{User: "XSI_USERID_1", Password: "XSI_PASSWORD_1"}
	m.build = panasonicText{own: panasonicOwn}.build
	m.format = panasonicFormat("# Panasonic SIP Phone Standard Format File #\r\n")
	m.Unverified = append(m.Unverified,
		"HOT_LINE_ENABLE, HOT_LINE_NUMBER and HOT_LINE_DELAY_TIME, which are KX-UTG's names",
		"codecs 0, 1 and 4 of CODEC_ENABLE and CODEC_PRIORITY are G.722, PCMA and PCMU",
		"EMERGENCY_CALL1 to 5 on other models than KX-TGP",
		"KX-UT670 takes TIME_ZONE as well as its own TIME_ZONE_COUNTRY",
		"KX-TGP600 and 700: which handset answers which line is left as it is",
		"lines of each model but KX-UT670",
		"XSI_USERID_1 and XSI_PASSWORD_1",
		"a phone that runs a newer version than FIRM_VERSION keeps it",
		"SIPPNP_PROV_ENABLE, OPTION159_PROV_ENABLE and OPTION160_PROV_ENABLE on KX-UT",
	)
	return m
}

// panasonicTGP serves the DECT bases KX-TGP500 and 550.
func panasonicTGP() Maker {
	m := panasonicMaker(panasonicTGPVendor, "Panasonic KX-TGP500", panasonicTGPOwn, panasonicTGPModels)
	m.Shows = Shows{Text: true, NoMAC: macName}
	m.NoBook = bookUnknown
	m.build = panasonicText{own: panasonicTGPOwn, dect: true}.build
	m.format = panasonicFormat("# PCC Standard Format File # DO NOT CHANGE THIS LINE!\r\n")
	m.Unverified = append(m.Unverified,
		"the seven flags of INCOMING_CALL_GROUP are handsets 1 to 6 and the base",
		"the codes of registering handsets: they are registered by hand",
	)
	return m
}

// panasonicUTG serves KX-UTG200 and 300.
func panasonicUTG() Maker {
	m := panasonicMaker(panasonicUTGVendor, "Panasonic KX-UTG", panasonicUTGOwn, panasonicUTGModels)
	m.ContentType = "application/xml"
	m.CA = NoCA
	m.Shows = Shows{Text: true, Hotline: true, HotlineDelay: true, NoMAC: macName}
	m.Rehome = Rehome{
		URL:      []string{panasonicUTGProv + "USR_PROV_SVR_URL"},
		User:     []string{panasonicUTGProv + "USR_PROV_SVR_AUTH_ID", panasonicUTGHTTP + "HTTP_AUTH_ID"},
		Password: []string{panasonicUTGProv + "USR_PROV_SVR_AUTH_PASSWORD", panasonicUTGHTTP + "HTTP_AUTH_PASSWORD"},
	}
	m.build = panasonicUTGBuild
	m.format = treeXML{head: "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<PANASIPPhoneConfig>\n", foot: "</PANASIPPhoneConfig>\n", escape: xmlText}
	m.Unverified = append(m.Unverified,
		"the initial file names the phone's own by Initial/CfgFiles/CFG_STANDARD_FILE_PATH or by USR_PROV_SVR_URL",
		"a URL set by a config does not count as one entered by hand, which would outrank DHCP",
		"hotline: HOT_LINE_DELAY_TIME in seconds, and digits dialled before go out",
		"DTMF_MODE 1 is RFC 4733",
		"KX-UTG has at most six lines",
		"the parameter of a CA; none is given",
		"perm with a ! outranks what was set on the phone; none is written",
		"CODEC_ENABLE_PCMA is spelt as those of G.722 and PCMU are",
	)
	return m
}

// panasonicClasses: the families say the same, so the first has it.
func panasonicClasses(v phone.Vendor) []ClassMatch {
	if v != panasonicVendor {
		return nil
	}
	return classPrefixes("Panasonic")
}

func panasonicMaker(v phone.Vendor, name, own string, models Models) Maker {
	return Maker{
		expands:     panasonicMacros,
		Vendor:      v,
		Brand:       panasonicVendor,
		Name:        name,
		OUIs:        [][3]byte{{0x00, 0x80, 0xf0}, {0x08, 0x00, 0x23}, {0xbc, 0xc3, 0x42}},
		Models:      models,
		Class:       func(class []byte) (Ident, bool) { return panasonicClass(v, class) },
		Classes:     panasonicClasses(v),
		Agent:       func(agent string) (Ident, bool) { return panasonicAgent(v, agent) },
		SIPAgent:    func(agent string) (Ident, bool) { return panasonicAgent(v, agent) },
		File:        func(name string) (File, bool) { return panasonicFile(v, own, name) },
		Options:     panasonicOptions,
		Sequence:    panasonicSequence(own, models),
		PnPFile:     "{MODEL}.cfg", // seen with a file; it is asked before DHCP
		Fetch:       Fetch{By: []Protocol{HTTPS, HTTP, TFTP}, Auth: Digest | Basic},
		CA:          CAByURL,
		ContentType: "text/plain; charset=utf-8",
		Rehome: Rehome{
			URL:      []string{"CFG_STANDARD_FILE_PATH"},
			User:     []string{"CFG_STANDARD_FILE_PATH", "HTTP_AUTH_ID"},
			Password: []string{"CFG_STANDARD_FILE_PATH", "HTTP_AUTH_PASSWORD"},
		},
		Resync: Resync{Event: "check-sync", Reboot: "check-sync;reboot=true"},
		NoBook: bookLDAP,
		Unverified: []string{
			"Basic or Digest, and HTTP_AUTH_ID and HTTP_AUTH_PASSWORD on other models than KX-UTG",
			"a file the server refuses does not keep the phone from the next of its three",
			"SIP_TRANSPORT 0, 1 and 2 are UDP, TCP and TLS",
			"the second proxy is asked when the first does not answer",
			"DIAL_PLAN_NOT_MATCH_ENABLE Y sends numbers that match no pattern",
			"the idle screen shows DISPLAY_NAME",
			"DEFAULT_LANGUAGE is de for German",
			"what was set on the phone itself outranks a config until the phone is reset",
			"address ranges other than 00:80:f0",
			"parameters of a client certificate; none is written",
			"the maker's redirection service takes a MAC and a URL; its sheet was not seen, and none is written",
		},
	}
}

// panasonicVendorOf says by its model which language a phone speaks.
func panasonicVendorOf(model string) phone.Vendor {
	upper := strings.ToUpper(model)
	switch {
	case strings.HasPrefix(upper, "KX-TGP5"):
		return panasonicTGPVendor
	case strings.HasPrefix(upper, "KX-UTG"):
		return panasonicUTGVendor
	}
	return panasonicVendor
}

// panasonicClass reads option 60, which names no model. It is taken to mean the
// phones there are most of; the others tell by what they ask for.
func panasonicClass(v phone.Vendor, class []byte) (Ident, bool) {
	if v != panasonicVendor || string(class) != "Panasonic" {
		return Ident{}, false
	}
	return Ident{Vendor: v}, true
}

// panasonicAgentForm is "Panasonic_KX-UT113/01.133 (0080f0c8c381)".
var panasonicAgentForm = regexp.MustCompile(`^Panasonic_(KX-[A-Za-z0-9]{2,12})/([0-9A-Za-z]{1,6}(?:\.[0-9A-Za-z]{1,6}){0,5}) \(([0-9A-Fa-f]{12})\)`)

func panasonicAgent(v phone.Vendor, agent string) (Ident, bool) {
	if !strings.HasPrefix(agent, "Panasonic_") {
		return Ident{}, false
	}
	g := panasonicAgentForm.FindStringSubmatch(agent)
	if g == nil || panasonicVendorOf(g[1]) != v {
		return Ident{}, false
	}
	id := Ident{Vendor: v, Model: g[1], Firmware: g[2]}
	id.MAC, _ = phone.ParseMAC(g[3])
	return id, true
}

// panasonicModel is a model's name in lower case.
var panasonicModel = regexp.MustCompile(`^kx-[a-z0-9]{2,12}$`)

// panasonicFile understands {MODEL}.cfg and the phone's own file, whose name is
// ours. The model's file is the same for all and holds no secret: it sends each
// phone on by the phone's own {MAC}.
func panasonicFile(v phone.Vendor, own, name string) (File, bool) {
	lower := strings.ToLower(name)
	stem, ok := strings.CutSuffix(lower, ".cfg")
	if !ok {
		return File{}, false
	}
	f := File{Name: name, Vendor: v}
	if panasonicModel.MatchString(stem) {
		if f.Kind, f.Model = Common, strings.ToUpper(stem); panasonicVendorOf(f.Model) != v {
			return File{}, false
		}
		return f, true
	}
	rest, ok := strings.CutPrefix(stem, strings.ToLower(own))
	if !ok {
		return File{}, false
	}
	mac, rest, ok := leadingMAC(rest)
	if !ok || rest != "" {
		return File{}, false
	}
	f.Kind, f.MAC = Config, mac
	return f, true
}

// panasonicOptions gives the folder without its last slash in 160, where the
// phone puts one, and with it in 66, where a last word would be a file.
func panasonicOptions(box Box) []Option {
	options := textOption(nil, optProvisionURL, strings.TrimSuffix(box.URL, "/"))
	if !strings.Contains(box.URL, "://") {
		return options
	}
	return textOption(options, optServerName, strings.TrimSuffix(box.URL, "/")+"/")
}

func panasonicSequence(own string, models Models) func(phone.MAC, string) []string {
	return func(mac phone.MAC, asked string) []string {
		model := models.list[0].Name
		if m, ok := models.Of(asked); ok {
			model = m.Name
		}
		return []string{model + ".cfg", own + upperHex(mac) + ".cfg"}
	}
}
