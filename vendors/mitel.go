package vendors

import (
	"regexp"
	"slices"
	"strings"

	"github.com/lineside/lineside/phone"
)

const mitelVendor phone.Vendor = "mitel"

// mitel serves the SIP phones Aastra made and Mitel makes on: 91xx, 675x,
// 673x, 68xx and 69xx. The 53xx and the MiNet sets speak other languages.
//
// A challenged phone answers by Digest: with the login of its config, or with
// what a person typed at the Log In key, which stays on the phone and would
// outrank the config (mitelForced).
func mitel() Maker {
	return Maker{
		Vendor:      mitelVendor,
		Name:        "Mitel",
		OUIs:        [][3]byte{{0x00, 0x08, 0x5d}, {0x14, 0x00, 0xe9}, {0x08, 0x00, 0x0f}},
		Models:      mitelModels,
		Class:       mitelClass,
		Classes:     classPrefixes("AastraIPPhone", "MitelIPPhone"),
		SecondOffer: true,
		Agent:       mitelAgent,
		SIPAgent:    mitelSIPAgent,
		File:        mitelFile,
		Options:     mitelOptions,
		VLAN:        vlanText,
		Sequence:    mitelSequence,
		Fetch:       Fetch{By: []Protocol{HTTPS, HTTP, TFTP}, Auth: Digest, Asks: true},
		FirstTry:    Login{User: "aastra", Password: phone.NewSecret("aastra")},
		CA:          CAByURL,
		ContentType: "text/plain; charset=utf-8",
		// The phone keeps 20 characters of the password, which is why ours have no more.
		Rehome: Rehome{
			URL: []string{"http server"}, User: []string{"http digest username"}, Password: []string{"http digest password"},
		},
		// It reboots where a file has changed, and waits until it is idle.
		Resync:  Resync{Event: "check-sync", Reboots: true, Reboot: "check-sync;reboot=true"},
		Upgrade: UpgradeByFolder,
		Book:    partsBook("mitel-book.xml", true, partsFrom(mitelPart), mitelDirectory),
		Shows:   Shows{Text: true, Hotline: true, HotlineDelay: true, MAC: true},
		build:   mitelBuild,
		format:  mitelFormat,
		Unverified: []string{
			"firmware server takes a URL with a path, to which the phone adds its own <model>.st",
			"option 60 of the 69xx",
			"sip line1 screen name 2 shows below the first on every model",
			"a second offer of DHCP without an address is taken",
			"which of 43, 66, 159 and 160 wins without an override, and that 0 of dhcp config option override leaves it to the phone; all but 159 say the same",
			"sub-options 8 and 9 of option 43 as VLAN and priority; the VLAN goes in 132",
			"a file's encrypted twin is asked for before it",
			"a ^ before a name puts aside what was set on the phone itself; firmware that does not know it reads the line without",
			"the backup proxy is asked when the first does not answer, and 0.0.0.0 is none",
			"the name of emergency dial plan, and the numbers it has as shipped",
			"sip dtmf method 2, both ways; 0 is written",
			"https client method, which is left as it is",
			"a login in an HTTP URL; none is written",
			"https user certificates takes a whole URL",
			"the transport of a single line; where it is not known all lines go by that of the first",
			"quotes around a value keep a # in it from beginning a comment; one further in is a letter like others",
			"a parameter without a value clears what was there; what somebody set on the phone itself stays all the same, but for server, login and accounts",
			"weeks 1 to 4 of a month as the guide counts them: full ones",
			"a number that is a whole alternative of the dial plan is sent at once",
			"an admin password of other than digits",
			"between its daily fetches it comes back by NOTIFY only",
			"SIP PnP: not documented, no parameter switches it off",
			"directory script puts a URL of the XML interface behind the directory key, and takes one with a token in its path",
			"the factory certificate's CN is the MAC: none is believed",
			"the form of the SIP User-Agent",
			"a sheet of the maker's redirection service",
		},
	}
}

var (
	mitelClassForm = regexp.MustCompile(`^(?:Aastra|Mitel)IPPhone([0-9]{2,4}[a-zA-Z]{0,3})$`)
	mitelAgentForm = regexp.MustCompile(`^(?:Aastra|Mitel)([0-9]{2,4}[a-zA-Z]{0,3}) MAC:([0-9A-F]{2}(?:-[0-9A-F]{2}){5}) V:(\d{1,6}(?:\.\d{1,6}){1,5})-SIP$`)
	mitelSIPForm   = regexp.MustCompile(`^(?:Aastra|Mitel) ([0-9]{2,4}[a-zA-Z]{0,3})/(\d{1,6}(?:\.\d{1,6}){1,5})$`)
)

// mitelName gives the 675x their whole number: they call themselves 53i.
func mitelName(s string) string {
	if len(s) < 4 || s[0] > '9' || s[1] > '9' || s[2] > '9' {
		s = "67" + s
	}
	if m, ok := mitelModels.Of(s); ok {
		return m.Name
	}
	return s
}

func mitelClass(class []byte) (Ident, bool) {
	if len(class) > 32 {
		return Ident{}, false
	}
	g := mitelClassForm.FindSubmatch(class)
	if g == nil {
		return Ident{}, false
	}
	return Ident{Vendor: mitelVendor, Model: mitelName(string(g[1]))}, true
}

func mitelAgent(agent string) (Ident, bool) {
	if !mitelPrefixed(agent) {
		return Ident{}, false
	}
	g := mitelAgentForm.FindStringSubmatch(agent)
	if g == nil {
		return Ident{}, false
	}
	id := Ident{Vendor: mitelVendor, Model: mitelName(g[1]), Firmware: g[3]}
	id.MAC, _ = phone.ParseMAC(g[2])
	return id, true
}

func mitelSIPAgent(agent string) (Ident, bool) {
	if !mitelPrefixed(agent) {
		return Ident{}, false
	}
	g := mitelSIPForm.FindStringSubmatch(agent)
	if g == nil {
		return Ident{}, false
	}
	return Ident{Vendor: mitelVendor, Model: mitelName(g[1]), Firmware: g[2]}, true
}

func mitelPrefixed(s string) bool {
	return strings.HasPrefix(s, "Aastra") || strings.HasPrefix(s, "Mitel")
}

var (
	mitelLanguage = regexp.MustCompile(`^lang_[a-z]{2}(?:_[a-z]{2})?\.txt$`)
	mitelNever    = []string{"aastra.tuz", "startup.tuz", "security.tuz", "mn_generic.cfg"}
)

// mitelFile understands <MAC>.cfg, the common files startup.cfg and aastra.cfg,
// and <model>.cfg. Each has an encrypted twin (.tuz), which is asked for before
// it; firmware is <model>.st.
func mitelFile(name string) (File, bool) {
	lower := strings.ToLower(name)
	f := File{Name: name, Vendor: mitelVendor, Kind: Absent}
	if slices.Contains(mitelNever, lower) || mitelLanguage.MatchString(lower) {
		return f, true
	}
	if lower == "startup.cfg" || lower == "aastra.cfg" {
		f.Kind = Common
		return f, true
	}
	stem, ending, ok := strings.Cut(lower, ".")
	if !ok || ending != "cfg" && ending != "tuz" && ending != "st" {
		return File{}, false
	}
	if mac, rest, ok := leadingMAC(stem); ok && rest == "" && ending != "st" {
		f.MAC = mac
		if ending == "cfg" {
			f.Kind = Config
		}
		return f, true
	}
	m, ok := mitelModels.Of(stem)
	if !ok {
		if m, ok = mitelModels.Of(mitelName(stem)); !ok {
			return File{}, false
		}
	}
	f.Model = m.Name
	if ending == "cfg" {
		f.Kind = Common
	}
	return f, true
}

// mitelOptions gives the folder in 43, where sub-option 2 is the server and 3
// whether to ask the maker's redirection service first, and again in 66 and
// 160.
func mitelOptions(box Box) []Option {
	url := strings.TrimRight(box.URL, "/")
	options := textOption(textOption(nil, optServerName, url), optProvisionURL, url)
	if url == "" || len(url)+5 > maxOption {
		return options
	}
	sub := append([]byte{2, byte(len(url))}, url...)
	return append(options, Option{Code: optVendorSpecific, Value: append(sub, 3, 1, 0), Always: true})
}

// mitelSequence: newer firmware asks for startup.cfg, older for aastra.cfg, and
// both for the encrypted twin of each. The last file wins.
func mitelSequence(mac phone.MAC, model string) []string {
	m, ok := mitelModels.Of(model)
	if !ok {
		m, _ = mitelModels.Of("6867i")
	}
	file := m.Name
	if m.Code != "" {
		file = m.Code
	}
	names := []string{file + ".st"}
	for _, stem := range []string{"startup", "aastra", file, upperHex(mac)} {
		names = append(names, stem+".tuz", stem+".cfg")
	}
	return names
}
