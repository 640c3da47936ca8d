package vendors

import (
	"regexp"
	"strings"

	"github.com/lineside/lineside/phone"
)

const snomVendor phone.Vendor = "snom"

// snom serves the desk phones of the 3xx, 7xx, 8xx and D series. The DECT
// bases M300 to M900 are a vendor of their own (snomBase): they share the
// syntax and the file names, and hardly a setting.
func snom() Maker {
	return Maker{
		Vendor:      snomVendor,
		Name:        "snom",
		OUIs:        [][3]byte{{0x00, 0x04, 0x13}, {0x00, 0x08, 0x7b}},
		Models:      snomModels,
		Class:       snomClass,
		Classes:     classPrefixes("snom"),
		Agent:       snomAgent,
		SIPAgent:    snomSIPAgent,
		File:        snomFile,
		Options:     snomOptions,
		VLAN:        vlanTextNUL,
		Sequence:    snomSequence,
		Fetch:       Fetch{By: []Protocol{HTTPS, HTTP, TFTP}, Auth: Digest | Basic, Asks: true},
		CertMAC:     wholeCN,
		CA:          CAByURL,
		ContentType: "text/xml; charset=utf-8",
		Rehome: Rehome{
			URL: []string{"setting_server"}, User: []string{"http_client_user"}, Password: []string{"http_client_pass"},
		},
		Resync:   Resync{Event: "check-sync;reboot=false", Reboot: "check-sync;reboot=true"},
		Upgrade:  UpgradeByURL,
		XSI:      &XSI{User: "xsi_auth_user", Password: "xsi_auth_pass", Index: 1},
		Shows:    Shows{Text: true, Hotline: true, HotlineDelay: true, MAC: true},
		Book:     &Book{File: "snom-book.xml", ContentType: "text/xml; charset=utf-8", Write: ipPhoneDirectory("SnomIPPhoneDirectory"), Token: true},
		Redirect: snomRedirect(),
		build:    snomBuild,
		settle:   snomSettle,
		expands:  snomMacros,
		format:   snomFormat{flatXML{index: "idx", attrs: ` perm=""`, escape: xmlText}},
		Unverified: []string{
			"firmware among the settings is taken from any server, with update_policy auto_update",
			"a parameter that stands in both files: the phone's own file is taken to win",
			"<certificate url=…> adds a CA",
			"identities of small models; twelve are switched off on all",
			"an empty element clears a setting",
			"a challenged phone asks for user and password on its screen",
			"Basic is answered as Digest is",
			"the tail of the SIP User-Agent after model and version",
			"columns of the SRAPS import sheet",
			"whether an address of the LAN alone in option 66 is asked by HTTP",
			"utc_offset and dst count where timezone is empty",
			"syslog_server without a name sends nothing",
			"C520, C620, M100 and M500 join options 66 and 67 as the others do; 159 and 160, which they know too, are not sent",
			"no user class (option 77) is sent",
			"whether names are added to a URL with {mac} in it; none is given",
			"settings under a name that ends in .htm are taken as text/xml",
			"the phone shows http_client_user and http_client_pass to the phone book's server too; the book's own login is in the path",
			"a login in a URL; none is written",
			"firmware that refuses an unknown CA as shipped; tls_server_authentication is left as it is",
			"the 3xx and TLS 1.2",
			"a wrong http_client_pass keeps a phone at 401 until somebody corrects it or resets the phone",
			"user_hash instead of user_pass; the password is written",
			"a second server in user_outbound; none is written",
			"user_savp other than mandatory, user_server_type and the word of user_dtmf_info for both ways; they are left, or off",
			"rows of a dialplan section; none is written",
			"Event reboot, and XML by NOTIFY; neither is used",
			"a phone that never registered takes no NOTIFY while filter_registrar is on",
			"commands of the phone's web page; none is used",
		},
	}
}

// snomClass reads option 60, "snom" with the model at once: snom320, snomD385.
func snomClass(class []byte) (Ident, bool) {
	if len(class) < 4 || len(class) > 4+maxSnomModel || !strings.EqualFold(string(class[:4]), "snom") {
		return Ident{}, false
	}
	model, ok := snomModel(string(class[4:]))
	if !ok && len(class) > 4 {
		return Ident{}, false
	}
	return snomIdent(snomVendor, Ident{Model: model})
}

// snomIdent claims a phone for v: the bases for snomBase, the rest for snom.
func snomIdent(v phone.Vendor, id Ident) (Ident, bool) {
	if _, base := snomBaseModels.Of(id.Model); base != (v == snomBaseVendor) {
		return Ident{}, false
	}
	id.Vendor = v
	return id, true
}

// snomRedirect is the sheet of snom's redirect service, for phones and bases.
func snomRedirect() *Redirect {
	return &Redirect{
		Name:    "snom-sraps",
		Columns: []string{"mac", "setting_server", "http_client_user", "http_client_pass"},
		Row: func(d Redirected) []string {
			return []string{upperHex(d.MAC), d.URL, d.Login.User, d.Login.Password.Reveal()}
		},
	}
}

// maxSnomModel is the longest model name taken from a stranger.
const maxSnomModel = 12

// snomModel spells a model as the maker does, where it is known.
func snomModel(s string) (model string, ok bool) {
	if s == "" || len(s) > maxSnomModel {
		return "", false
	}
	for _, c := range s {
		if !(c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z') {
			return "", false
		}
	}
	if m, known := snomModels.Of(s); known {
		return m.Name, true
	}
	return strings.ToUpper(s), true
}

// Desk phones say "snomD785-SIP 10.1.33.33", the DECT bases "Snom M900
// 05.20.0001", and the rescue system "snom lid 3605", which names no model.
var (
	snomDeskAgent = regexp.MustCompile(`\(compatible; snom([0-9A-Za-z]{1,12})-SIP (\d{1,6}(?:\.\d{1,6}){0,6})`)
	snomDECTAgent = regexp.MustCompile(`\(compatible; [sS]nom ?(M\d{2,3}) (\d{1,6}(?:\.\d{1,6}){0,6})`)
	snomLidAgent  = regexp.MustCompile(`\(compatible; snom lid \d+\)`)
	snomAgentMAC  = regexp.MustCompile(`[ (](000413[0-9A-Fa-f]{6}|00087[Bb][0-9A-Fa-f]{6})(?:[ )]|$)`)
)

func snomAgent(agent string) (Ident, bool) {
	id, ok := snomAnyAgent(agent)
	if !ok {
		return Ident{}, false
	}
	return snomIdent(snomVendor, id)
}

// snomAnyAgent reads the User-Agent of both.
func snomAnyAgent(agent string) (Ident, bool) {
	// Most of what is looked at here is another vendor's.
	if !strings.Contains(agent, "nom") {
		return Ident{}, false
	}
	var id Ident
	g := snomDeskAgent.FindStringSubmatch(agent)
	if g == nil {
		g = snomDECTAgent.FindStringSubmatch(agent)
	}
	switch {
	case g != nil:
		id.Model, _ = snomModel(g[1])
		id.Firmware = g[2]
	case !snomLidAgent.MatchString(agent):
		return Ident{}, false
	}
	if g := snomAgentMAC.FindStringSubmatch(agent); g != nil {
		id.MAC, _ = phone.ParseMAC(g[1])
	}
	return id, true
}

// Desk phones say "snomD785/10.1.33.33", the DECT bases "snomM700/03.23.0005
// (MAC=0004136…; SER=…; HW=255)".
var snomSIPForm = regexp.MustCompile(`^snom([0-9A-Za-z]{1,12})/(\d{1,6}(?:\.\d{1,6}){0,6})(?: \(MAC=([0-9A-Fa-f]{12});|[^0-9.]|$)`)

func snomSIPAgent(agent string) (Ident, bool) {
	id, ok := snomAnySIPAgent(agent)
	if !ok {
		return Ident{}, false
	}
	return snomIdent(snomVendor, id)
}

// snomAnySIPAgent reads the SIP User-Agent of both.
func snomAnySIPAgent(agent string) (Ident, bool) {
	g := snomSIPForm.FindStringSubmatch(agent)
	if g == nil {
		return Ident{}, false
	}
	id := Ident{Firmware: g[2]}
	id.Model, _ = snomModel(g[1])
	id.MAC, _ = phone.ParseMAC(g[3])
	return id, true
}

// snomFile understands snom<model>.htm, snom<model>-<MAC>.htm, the .xml forms
// of both, and <MAC>.xml. The phone asks for the first two; the rest is what
// operators type and what containers of other servers name.
func snomFile(name string) (File, bool) { return snomAnyFile(snomVendor, name) }

// snomAnyFile understands the same names for either vendor; one with a model is
// the model's.
func snomAnyFile(v phone.Vendor, name string) (File, bool) {
	stem, ok := cutSnomEnding(strings.ToLower(name))
	if !ok {
		return File{}, false
	}
	f := File{Name: name, Vendor: v}
	if mac, rest, ok := leadingMAC(stem); ok && rest == "" {
		f.Kind, f.MAC = Config, mac
		return f, true
	}
	rest, ok := strings.CutPrefix(stem, "snom")
	if !ok {
		return File{}, false
	}
	word, tail, dashed := strings.Cut(rest, "-")
	model, ok := snomModel(word)
	id, mine := snomIdent(v, Ident{Model: model})
	if !ok || !mine {
		return File{}, false
	}
	f.Model = id.Model
	switch {
	case !dashed:
		f.Kind = Common
	case tail == "firmware":
		f.Kind = Absent
	default:
		mac, rest, ok := leadingMAC(tail)
		if !ok || rest != "" {
			return File{}, false
		}
		f.Kind, f.MAC = Config, mac
	}
	return f, true
}

func cutSnomEnding(name string) (string, bool) {
	if stem, ok := strings.CutSuffix(name, ".htm"); ok {
		return stem, true
	}
	return strings.CutSuffix(name, ".xml")
}

// snomOptions gives the server in 66 and the folder in 67, which the phone
// joins, and both again as sub-options of 43, each ended by a NUL that the
// length counts. The phone prefers 43, so a 66 meant for other phones does it
// no harm.
func snomOptions(box Box) []Option {
	scheme, host, path, err := splitURL(box.URL)
	if err != nil {
		return nil
	}
	server := scheme + "://" + host
	options := textOption(nil, optServerName, server)
	options = textOption(options, optBootFile, path)
	var sub []byte
	for _, o := range options {
		sub = append(sub, o.Code, byte(min(len(o.Value)+1, maxOption)))
		sub = append(append(sub, o.Value...), 0)
	}
	if len(sub) > 0 && len(sub) <= maxOption {
		options = append(options, Option{Code: optVendorSpecific, Value: sub, Always: true})
	}
	return tftpOption(options, box)
}

func snomSequence(mac phone.MAC, model string) []string {
	m, ok := snomModel(model)
	if !ok {
		m = "D385"
	}
	return []string{"snom" + m + ".htm", "snom" + m + "-" + upperHex(mac) + ".htm"}
}
