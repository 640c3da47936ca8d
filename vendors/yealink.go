package vendors

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"

	"github.com/lineside/lineside/phone"
)

const yealinkVendor phone.Vendor = "yealink"

// yealink serves the T, CP, VP, AX and W series, which share one config
// language (Yealink Administrator's Guides of T2 to T5, V70 to V87).
func yealink() Maker {
	return Maker{
		Vendor: yealinkVendor,
		Name:   "Yealink",
		OUIs: [][3]byte{
			{0x00, 0x15, 0x65}, {0x80, 0x5e, 0xc0}, {0x80, 0x5e, 0x0c}, {0x24, 0x9a, 0xd8},
			{0x44, 0xdb, 0xd2}, {0x64, 0x4f, 0x56}, {0xec, 0x1d, 0xa9}, {0x34, 0x97, 0xd7},
			{0xb0, 0x61, 0xa9}, {0xc4, 0xfc, 0x22}, {0xe4, 0x34, 0xd7}, {0xf0, 0x16, 0x53},
		},
		Models:   yealinkModels,
		Class:    yealinkClass,
		Classes:  classPrefixes("yealink", "Yealink"),
		Agent:    yealinkAgent,
		SIPAgent: yealinkAgent, // the same text, as a rule without the MAC
		File:     yealinkFile,
		Options:  urlOptions,
		VLAN:     vlanText,
		Sequence: yealinkSequence,
		Uploads: []Upload{
			{Name: "{mac}-local.cfg", What: "settings"}, {Name: "{mac}-contact.xml", What: "contacts"}, {Name: "{mac}-calllog.xml", What: "calls"},
		},
		Fetch:       Fetch{By: []Protocol{HTTPS, HTTP, TFTP}, Auth: Digest | Basic, Asks: true},
		CertMAC:     wholeCN,
		CA:          CAByURL,
		ContentType: "text/plain; charset=utf-8",
		Rehome: Rehome{
			URL:      []string{"static.auto_provision.server.url", "auto_provision.server.url"},
			User:     []string{"static.auto_provision.server.username", "auto_provision.server.username"},
			Password: []string{"static.auto_provision.server.password", "auto_provision.server.password"},
		},
		Resync:  Resync{Event: "check-sync;reboot=false", Reboot: "check-sync;reboot=true"},
		Upgrade: UpgradeByURL,
		XSI:     &XSI{User: "account.1.xsi.user", Password: "account.1.xsi.password"},
		Shows:   Shows{Text: true, Hotline: true, HotlineDelay: true, MAC: true},
		Book:    &Book{File: "yealink-book.xml", ContentType: "text/xml; charset=utf-8", Write: ipPhoneDirectory("YealinkIPPhoneDirectory")},
		Redirect: &Redirect{
			Name:    "yealink-rps",
			Columns: []string{"MAC", "Server URL", "User Name", "Password"},
			Row: func(d Redirected) []string {
				return []string{upperHex(d.MAC), d.URL, d.Login.User, d.Login.Password.Reveal()}
			},
		},
		build:   yealinkBuild,
		expands: yealinkMacros,
		format:  yealinkFormat,
		Unverified: []string{
			"how much of the label the idle screen has room for: on hold the state and the MAC stand in it",
			"option 43 layout; only 66, 160 and 150 are sent",
			"a # inside a value is kept and does not begin a comment",
			"static.security.ca_cert = 2 takes the built-in CAs and ours",
			"local_time.time_zone with summer-time rules needs no time_zone_name",
			"dialplan.emergency.N.server_priority falls over to the second server",
			"firmware up to V70 begins at the common file and asks for no boot file",
			"accounts of W56P and T58V, and T56A sharing code 58",
			"an admin password may contain a colon",
			"the factory certificate's CN is the MAC without separators",
			"the certificate that old phones share has no MAC as its CN",
			"DECT bases: the hotline reaches no handset, and the W80B and W90B take handset.N as the smaller ones do",
			"a challenged phone asks for user and password on its screen",
			"the action URI key AutoP fetches again without a reboot",
			"columns of the RPS import sheet",
			"syslog.server of firmware up to V80 without a name sends nothing",
			"static.network.dhcp.option60type other than plain text",
			"no user class (option 77) is sent",
			"what option 67 is to phones later than T2x; none is sent",
			"which comes first of the maker's cloud, PnP, DHCP and the stored URL; firmware differs",
			"wildcards of a URL other than $MAC and $PN",
			"uploads by PUT or POST as shipped, and the ends -contact.xml and -calllog.xml of their names",
			"code 34 as T21P, and 175 as W75B and W75DM, which one source gives to the W80B",
			"numbers of static.security.dev_cert, which certificate a phone shows; it is left as it is",
			"sip.authentication_for_xsi 0 signs in with the XSI password; it is left as it is",
			"names of the XSI login in the oldest firmware",
			"the action URI keys Reboot and Reset, and a login in its URL; none is used",
			"a redirect is followed; none is sent",
		},
	}
}

// yealinkClass reads option 60: "yealink" as shipped, sometimes with a model.
func yealinkClass(class []byte) (Ident, bool) {
	const word = "yealink"
	if len(class) < len(word) || len(class) > 64 || !strings.EqualFold(string(class[:len(word)]), word) {
		return Ident{}, false
	}
	id := Ident{Vendor: yealinkVendor}
	rest := strings.TrimLeft(string(class[len(word):]), " -_")
	if m, ok := yealinkModels.Of(rest); ok && rest != "" {
		id.Model = m.Name
	}
	return id, true
}

// The forms seen: "Yealink SIP-T46G 28.83.0.120 00:15:65:4a:a9:37", also with
// two blanks, "SIP VP-T49G", "Yealink-T46G", without the vendor's name, with a
// MAC without colons, or with the hardware version in the MAC's place.
var yealinkAgentForm = regexp.MustCompile(`(?i)^(yealink[ -]+)?(?:SIP[ -])?((?:VP-)?[A-Z0-9_]{2,16}) {1,2}(\d{1,6}(?:\.\d{1,6}){1,6})(?: ([0-9a-f]{2}(?::[0-9a-f]{2}){5}|[0-9a-f]{12}))?(?: |$)`)

func yealinkAgent(agent string) (Ident, bool) {
	g := yealinkAgentForm.FindStringSubmatch(agent)
	if g == nil {
		return Ident{}, false
	}
	id := Ident{Vendor: yealinkVendor, Model: strings.ToUpper(g[2]), Firmware: g[3]}
	if m, ok := yealinkModels.Of(g[2]); ok {
		id.Model = m.Name
	} else if g[1] == "" {
		// Without the vendor's name any program might be meant.
		return Ident{}, false
	}
	id.MAC, _ = phone.ParseMAC(g[4])
	return id, true
}

// yealinkFile understands the names of a power-on.
//
// Boot files are Absent on purpose. Firmware since V81 asks for <mac>.boot and
// y000000000000.boot first and goes on to the common and the MAC file when both
// are missing; older firmware never asks. A boot file would be a second way to
// the same configs that only half of a mixed fleet takes, and its
// overwrite_mode wipes what people set on their phones.
func yealinkFile(name string) (File, bool) {
	lower := strings.ToLower(name)
	f := File{Name: name, Vendor: yealinkVendor}
	if lower == "y000000000000.boot" {
		f.Kind = Absent
		return f, true
	}
	if len(lower) == 17 && lower[0] == 'y' && lower[13:] == ".cfg" {
		return yealinkCommonFile(f, lower[1:13])
	}
	mac, rest, ok := leadingMAC(lower)
	if !ok {
		return File{}, false
	}
	f.MAC = mac
	switch rest {
	case ".cfg":
		f.Kind = Config
	case ".boot", "-local.cfg", "-contact.xml", "-calllog.xml":
		// The phone uploads the last three where it is told to, which it is
		// not; its -local.cfg would hold secrets in plain text.
		f.Kind = Absent
	default:
		return File{}, false
	}
	return f, true
}

func yealinkCommonFile(f File, digits string) (File, bool) {
	for _, c := range digits {
		if c < '0' || c > '9' {
			return File{}, false
		}
	}
	f.Kind = Common
	code, err := strconv.Atoi(digits)
	if models := yealinkModels.ofCode(strconv.Itoa(code)); err == nil && len(models) == 1 {
		f.Model = models[0].Name
	}
	return f, true
}

func yealinkSequence(mac phone.MAC, model string) []string {
	code := 0
	if m, ok := yealinkModels.Of(model); ok {
		code, _ = strconv.Atoi(m.Code) // none is 0, the file of the oldest
	}
	return []string{
		mac.Hex() + ".boot",
		"y000000000000.boot",
		fmt.Sprintf("y%012d.cfg", code),
		mac.Hex() + ".cfg",
	}
}
