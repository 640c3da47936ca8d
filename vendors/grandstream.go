package vendors

import (
	"regexp"
	"slices"
	"strings"

	"github.com/lineside/lineside/phone"
)

// Grandstream's products share a brand, a syntax and their file names, and
// number their accounts in four ways. Each of the four is a vendor of its own
// here, so that no product is given numbers that mean something else to it.
const (
	grandstreamVendor   phone.Vendor = "grandstream"    // desk, video and Wi-Fi phones
	grandstreamHTVendor phone.Vendor = "grandstream-ht" // adapters with one block of numbers for each port
	grandstreamGWVendor phone.Vendor = "grandstream-gw" // adapters with profiles and a table of ports
	grandstreamDPVendor phone.Vendor = "grandstream-dp" // DECT bases with profiles and a table of accounts
)

// grandstream serves the phones: GXP, GRP, GHP, GXV and WP.
func grandstream() Maker {
	m := grandstreamMaker(grandstreamVendor, "Grandstream", grandstreamModels)
	m.Shows = Shows{Text: true, MAC: true}
	m.Book, m.NoBook = grandstreamXMLBook(), ""
	// P22054 chooses between the account's login and one of the directory's own.
	m.XSI = &XSI{User: "P22034", Password: "P22103", Mode: "P22054", ModeValue: "1"}
	m.build = grandstreamPhone
	m.Unverified = append(m.Unverified,
		"the P-value of the auto-dial delay on phones: without it there is no hotline",
		"the GXP2000 reads the binary cfg<mac> alone, which nobody but the maker's tool writes: it is recognised and stays as it is",
		"names of the idle screen's file, gs_screen.xml and idle_screen.xml; both are refused",
		"P-values of account 7 and up beyond enable, server, proxy, user, login and names",
		"time zone of the Android phones (GXV, WP): they may want a name instead of P64 and P246",
		"phone book login in P6713 and P6714",
		"how much of an account's name the idle screen has room for: on hold the state and the MAC stand in it",
		"XSI login in P22034 and P22103, chosen by P22054: read off the web pages of the video phones",
	)
	return m
}

// grandstreamFamilies are the beginnings of models newer than the lists. HT8 is
// the phones' too, where the list names no gateway.
var grandstreamFamilies = map[phone.Vendor][]string{
	grandstreamVendor: {"GXP", "GRP"}, grandstreamHTVendor: {"HT7", "HT8"}, grandstreamDPVendor: {"DP7"},
}

// grandstreamMaker is what the four have in common (SIP Device Provisioning
// Guide; configuration templates of GXP21xx, HT80x, HT81x and DP750).
func grandstreamMaker(v phone.Vendor, name string, models Models) Maker {
	return Maker{
		Vendor:  v,
		Brand:   grandstreamVendor,
		Name:    name,
		OUIs:    [][3]byte{{0x00, 0x0b, 0x82}, {0xc0, 0x74, 0xad}, {0xec, 0x74, 0xd7}},
		Models:  models,
		Class:   func(class []byte) (Ident, bool) { return grandstreamClass(v, models, class) },
		Classes: append(classModels("", models), classPrefixes(grandstreamFamilies[v]...)...),
		Agent:   func(agent string) (Ident, bool) { return grandstreamAgent(v, models, agent) },
		SIPAgent: func(agent string) (Ident, bool) {
			return grandstreamSIPAgent(v, models, agent)
		},
		File:        func(name string) (File, bool) { return grandstreamFile(v, models, name) },
		Options:     grandstreamOptions,
		VLAN:        vlanText,
		Sequence:    func(mac phone.MAC, model string) []string { return grandstreamSequence(models, mac, model) },
		Fetch:       Fetch{By: []Protocol{HTTPS, HTTP, TFTP}, Auth: Digest | Basic},
		ContentType: "text/xml; charset=utf-8",
		NoBook:      bookNoScreen,
		Rehome:      Rehome{URL: []string{"P237"}, User: []string{"P1360"}, Password: []string{"P1361"}},
		Upgrade:     UpgradeByFolder,
		Resync:      Resync{Event: "resync", Reboot: "check-sync;reboot=true"},
		Redirect: &Redirect{
			Name:    "grandstream-gdms",
			Columns: []string{"MAC", "Config Server Path", "HTTP/HTTPS User Name", "HTTP/HTTPS Password"},
			Row: func(d Redirected) []string {
				return []string{upperHex(d.MAC), d.URL, d.Login.User, d.Login.Password.Reveal()}
			},
		},
		expands: grandstreamMacros,
		format:  pValues("gs_provision"),
		Unverified: []string{
			"$MAC and $PN, and <ipei>, <profile_name> and <user_id>, are replaced in values: a device with one in a text is refused",
			"P192 with a path takes the firmware from there, by the protocol of the config",
			"sub-option of option 43 for a plain config server; only 66 and 160 are sent",
			"an empty element clears a P-value",
			"P194 = 3 fetches every P193 minutes, and so does P22296 = 1 on newer firmware",
			"an emergency number that stands first in the dial plan is sent at once",
			"the NOTIFY event resync on adapters and bases; it is known of GXP21xx",
			"the form of the SIP User-Agent",
			"the factory certificate's CN is the MAC: none is believed",
			"the P-value that takes a CA for provisioning: none is given",
			"a login in P237, before the host; it has P-values of its own",
			"a reboot by HTTP, /cgi-bin/api-sys_operation; phones are told by NOTIFY",
			"columns of the GDMS import sheet",
		},
	}
}

// grandstreamForm is a model as its makers spell it; X stands in the option 60
// of some for the digits of a whole family (HT8XX).
var grandstreamForm = regexp.MustCompile(`^(?:GXP|GRP|GHP|GXV|GXW|WP|HT|DP)[0-9X]{3,4}[A-Z0-9]{0,4}$`)

// grandstreamTabled are the adapters that number their ports by a table. The
// rest of the HT have a block of numbers for each of their one or two ports.
var grandstreamTabled = []string{"HT704", "HT812", "HT814", "HT818", "GXW"}

// grandstreamOf is the vendor a model belongs to; empty where it is no model.
func grandstreamOf(model string) (phone.Vendor, string) {
	upper := strings.ToUpper(model)
	if len(upper) > 12 || !grandstreamForm.MatchString(upper) {
		return "", ""
	}
	for _, p := range grandstreamTabled {
		if strings.HasPrefix(upper, p) {
			return grandstreamGWVendor, upper
		}
	}
	switch upper[:2] {
	case "HT":
		return grandstreamHTVendor, upper
	case "DP":
		return grandstreamDPVendor, upper
	}
	return grandstreamVendor, upper
}

// grandstreamIdent names the phone if its model is one of v's.
func grandstreamIdent(v phone.Vendor, models Models, model, firmware, mac string) (Ident, bool) {
	owner, name := grandstreamOf(model)
	if owner != v {
		return Ident{}, false
	}
	if m, ok := models.Of(name); ok {
		name = m.Name
	}
	id := Ident{Vendor: v, Model: name, Firmware: firmware}
	id.MAC, _ = phone.ParseMAC(mac)
	return id, true
}

// grandstreamClass reads option 60, which is the model and nothing else.
func grandstreamClass(v phone.Vendor, models Models, class []byte) (Ident, bool) {
	if len(class) < 5 || len(class) > 12 {
		return Ident{}, false
	}
	return grandstreamIdent(v, models, string(class), "", "")
}

// "Grandstream Model HW HT801 V1.1A SW 1.0.17.5 DevId c074ad273a10", with the
// hardware's version or without, and before 2010 "Grandstream GXP2000
// (gxp2000e.bin:1.2.5.3/boot55e.bin:1.1.6.9) DevId 000b822726c8".
var (
	grandstreamAgentForm = regexp.MustCompile(`^Grandstream Model HW ([A-Za-z0-9]{3,12})(?: {1,2}V[0-9A-Za-z.]{1,12})? SW (\d{1,6}(?:\.\d{1,6}){1,5}) DevId ([0-9a-fA-F]{12})$`)
	grandstreamOldForm   = regexp.MustCompile(`^Grandstream ([A-Za-z0-9]{3,12}) \([a-z0-9.]{1,24}:(\d{1,6}(?:\.\d{1,6}){1,5})[^)]{0,64}\) DevId ([0-9a-fA-F]{12})$`)
	grandstreamSIPForm   = regexp.MustCompile(`^Grandstream ([A-Za-z0-9]{3,12})(?: {1,2}V[0-9A-Za-z.]{1,12})? (\d{1,6}(?:\.\d{1,6}){1,5})$`)
)

func grandstreamAgent(v phone.Vendor, models Models, agent string) (Ident, bool) {
	return grandstreamMatch(v, models, agent, grandstreamAgentForm, grandstreamOldForm)
}

func grandstreamSIPAgent(v phone.Vendor, models Models, agent string) (Ident, bool) {
	return grandstreamMatch(v, models, agent, grandstreamSIPForm, grandstreamAgentForm)
}

func grandstreamMatch(v phone.Vendor, models Models, agent string, forms ...*regexp.Regexp) (Ident, bool) {
	if !strings.HasPrefix(agent, "Grandstream ") {
		return Ident{}, false
	}
	for _, form := range forms {
		if g := form.FindStringSubmatch(agent); g != nil {
			mac := ""
			if len(g) > 3 {
				mac = g[3]
			}
			return grandstreamIdent(v, models, g[1], g[2], mac)
		}
	}
	return Ident{}, false
}

// grandstreamOthers are asked for in the ordinary course and never had.
var grandstreamOthers = []string{"ring1.bin", "ring2.bin", "ring3.bin", "gs_phonebook.xml", "gs_screen.xml", "idle_screen.xml"}

// grandstreamFile understands cfg<mac>.xml, cfg<model>.xml and cfg.xml. The
// binary form of the first, cfg<mac> or cfg<mac>.bin, is asked for before it
// and is Absent: nobody but the maker's own tool writes it.
func grandstreamFile(v phone.Vendor, models Models, name string) (File, bool) {
	lower := strings.ToLower(name)
	f := File{Name: name, Vendor: v, Kind: Absent}
	if slices.Contains(grandstreamOthers, lower) {
		return f, true
	}
	if model, ok := strings.CutSuffix(lower, "fw.bin"); ok {
		owner, _ := grandstreamOf(model)
		return f, owner == v
	}
	rest, ok := strings.CutPrefix(lower, "cfg")
	if !ok {
		return File{}, false
	}
	if mac, tail, ok := leadingMAC(rest); ok {
		f.MAC = mac
		if tail == ".xml" {
			f.Kind = Config
		}
		return f, tail == ".xml" || tail == "" || tail == ".bin"
	}
	model, ok := strings.CutSuffix(rest, ".xml")
	if !ok {
		return File{}, false
	}
	f.Kind = Common
	if model == "" {
		return f, true
	}
	id, ok := grandstreamIdent(v, models, model, "", "")
	f.Model = id.Model
	return f, ok
}

// grandstreamOptions gives the folder in 66 and, for the HT, in 160. The phone
// puts a slash and its file's name behind it.
func grandstreamOptions(box Box) []Option {
	url := strings.TrimRight(box.URL, "/")
	return textOption(textOption(nil, optServerName, url), optProvisionURL, url)
}

// grandstreamSequence: the phone stops at the first file it gets, so the
// phone's own file has everything in it.
func grandstreamSequence(models Models, mac phone.MAC, model string) []string {
	m, ok := models.Of(model)
	if !ok {
		m = models.list[0]
	}
	return []string{"cfg" + mac.Hex(), "cfg" + mac.Hex() + ".xml", "cfg" + strings.ToLower(m.Name) + ".xml", "cfg.xml"}
}
