package vendors

import (
	"regexp"
	"strings"

	"github.com/lineside/lineside/phone"
)

const fanvilVendor phone.Vendor = "fanvil"

// fanvil serves the X, V, H, i and W series with firmware 2.2 or later, whose
// configs are one XML document. What came before reads other documents.
func fanvil() Maker {
	return Maker{
		Vendor:      fanvilVendor,
		Name:        "Fanvil",
		OUIs:        [][3]byte{{0x0c, 0x38, 0x3e}, {0x00, 0xa8, 0x59}, {0xe0, 0xe6, 0x56}},
		Models:      fanvilModels,
		Class:       fanvilClass,
		Classes:     classPrefixes("Fanvil"),
		Agent:       fanvilAgent,
		SIPAgent:    fanvilSIPAgent,
		File:        fanvilFile,
		Options:     fanvilOptions,
		VLAN:        vlanText,
		Sequence:    fanvilSequence,
		Fetch:       Fetch{By: []Protocol{HTTPS, HTTP, TFTP}, Auth: Digest | Basic},
		ContentType: "text/xml; charset=utf-8",
		Rehome: Rehome{
			URL: []string{"ap.FlashServerIP"}, User: []string{"ap.DefaultUsername"}, Password: []string{"ap.DefaultPassword"},
		},
		Resync:  Resync{Event: "check-sync", Reboot: "check-sync;reboot=true"},
		Shows:   Shows{Text: true, Hotline: true, HotlineDelay: true, MAC: true},
		Upgrade: UpgradeByFolder,
		Image:   fanvilImage,
		Book:    &Book{File: "fanvil-book.xml", ContentType: "text/xml; charset=utf-8", Write: ipPhoneDirectory("FanvilIPPhoneDirectory")},
		Redirect: &Redirect{
			Name:    "fanvil-fdps",
			Columns: []string{"MAC", "Server URL", "User Name", "Password"},
			Row: func(d Redirected) []string {
				return []string{upperHex(d.MAC), d.URL, d.Login.User, d.Login.Password.Reveal()}
			},
		},
		build:   fanvilBuild,
		expands: fanvilMacros,
		format:  treeXML{head: "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<sysConf>\n", foot: "</sysConf>\n", escape: xmlText, dots: true},
		Unverified: []string{
			"firmware before 2.2 reads a text file or VOIP_CONFIG_FILE; neither is written",
			"FlashMode 2 fetches after a reboot as well as every FlashInterval hours",
			"without a login the phone tries the user anonymous; its password is not known, so it counts as a wrong login, once",
			"a challenged phone asks for user and password on its screen: not counted on",
			"DST weeks count to 5 for the last and weekdays from Sunday as 0; EnableDST 2 and DSTFixedType 2 go by them",
			"the key of a line shows its DisplayName, on hold the MAC",
			"room for the idle text: 12 to 16 letters on small screens",
			"an empty element clears a value",
			"what MediaCrypto has to say for SRTP: it is left as it is",
			"the parameter that switches the maker's cloud (FDPS) off; TR-069 and PnP are off",
			"root element of the remote phone book",
			"$input in a URL asks the person at the phone; known of a reseller's firmware alone and not used",
			"UpgradeServer1 takes a folder, in which the phone asks for fanvil_<model>_hwv<n>_<n>.txt; that file names the firmware beside it",
			"codes of the common file other than those of X210, C62, C58, V61G, H2U-V2 and X2",
			"the factory certificate's CN is the MAC: none is believed",
			"a parameter that takes a CA: none is given",
			"00:a8:5a is Fanvil's, and of Planet's 00:30:4f the phones",
			"the form of the SIP User-Agent",
			"columns of the FDPS import sheet",
		},
	}
}

// fanvilModel is a model in the User-Agent, "X6U Pro" with its blank.
const fanvilModel = `([VHXWCi]\d{1,3}[A-Za-z]{0,3}\d?(?:-V\d)?(?:[ -]?Pro)?)`

var (
	fanvilClassForm = regexp.MustCompile(`(?i)^fanvil(?: ` + fanvilModel + `)?$`)
	fanvilAgentForm = regexp.MustCompile(`^Fanvil ` + fanvilModel + ` (\d{1,6}(?:\.\d{1,6}){1,5})(?: ([0-9a-f]{12}))?$`)
	fanvilCommon    = regexp.MustCompile(`^f0[0-9a-z]{2,12}(?:hw[0-9]{1,3}(?:\.[0-9]{1,4}){0,2})?$`)
	fanvilFirmware  = regexp.MustCompile(`^fanvil_[0-9a-z_-]{1,40}\.txt$`)
)

// fanvilClass reads option 60, which is sent only where somebody switched it
// on.
func fanvilClass(class []byte) (Ident, bool) {
	if len(class) < 6 || len(class) > 32 {
		return Ident{}, false
	}
	g := fanvilClassForm.FindStringSubmatch(string(class))
	if g == nil {
		return Ident{}, false
	}
	return Ident{Vendor: fanvilVendor, Model: fanvilName(g[1])}, true
}

// fanvilName spells a model without a blank, as the list does.
func fanvilName(s string) string {
	if m, ok := fanvilModels.Of(s); ok {
		return m.Name
	}
	return strings.ReplaceAll(s, " ", "-")
}

func fanvilAgent(agent string) (Ident, bool) {
	id, ok := fanvilSIPAgent(agent)
	if id.MAC.IsZero() {
		return Ident{}, false
	}
	return id, ok
}

// fanvilSIPAgent reads the same text with or without the MAC.
func fanvilSIPAgent(agent string) (Ident, bool) {
	if !strings.HasPrefix(agent, "Fanvil ") {
		return Ident{}, false
	}
	g := fanvilAgentForm.FindStringSubmatch(agent)
	if g == nil {
		return Ident{}, false
	}
	id := Ident{Vendor: fanvilVendor, Model: fanvilName(g[1]), Firmware: g[2]}
	id.MAC, _ = phone.ParseMAC(g[3])
	return id, true
}

// fanvilFile understands <mac>.cfg and the common files, which are called after
// a product code (F0V00X200000.cfg, f0X2hw1.100.cfg). Twelve hex digits are a
// MAC, whatever they begin with: no code known is one.
func fanvilFile(name string) (File, bool) {
	lower := strings.ToLower(name)
	f := File{Name: name, Vendor: fanvilVendor}
	if mac, rest, ok := leadingMAC(lower); ok && rest == ".cfg" {
		f.Kind, f.MAC = Config, mac
		return f, true
	}
	if fanvilFirmware.MatchString(lower) {
		f.Kind = Absent
		return f, true
	}
	code, ok := strings.CutSuffix(lower, ".cfg")
	if !ok || !fanvilCommon.MatchString(code) {
		return File{}, false
	}
	f.Kind = Common
	for _, m := range fanvilModels.list {
		if m.Code != "" && strings.EqualFold(m.Code, code) {
			f.Model = m.Name
			break
		}
	}
	return f, true
}

// fanvilOptions names the phone's file with the phone's own macro. A folder
// would do as well, but not on all firmware. 43 is the same text without
// sub-options: which of the two a phone reads is one of its settings.
func fanvilOptions(box Box) []Option {
	if box.URL == "" {
		return nil
	}
	url := strings.TrimRight(box.URL, "/") + "/$mac.cfg"
	return textOption(textOption(nil, optServerName, url), optVendorSpecific, url)
}

func fanvilSequence(mac phone.MAC, model string) []string {
	own := mac.Hex() + ".cfg"
	if m, ok := fanvilModels.Of(model); ok && m.Code != "" {
		return []string{m.Code + ".cfg", own}
	}
	return []string{own}
}

// fanvilImage reads "Firmware=<name>" out of the text a phone checks for firmware.
func fanvilImage(text []byte) (name string, ok bool) {
	for line := range strings.Lines(string(text)) {
		if value, found := strings.CutPrefix(strings.TrimSpace(line), "Firmware="); found {
			name = strings.TrimSpace(value)
			return name, name != ""
		}
	}
	return "", false
}
