package vendors

import (
	"regexp"
	"strings"

	"github.com/lineside/lineside/phone"
)

const ciscoSEPVendor phone.Vendor = "cisco-sep"

// ciscoSEP serves phones with Cisco's call-manager firmware in its SIP form,
// which read SEP<MAC>.cnf.xml: 7906 to 7975, 6900, 7800, 8800, 8900 and 9900
// series. No other vendor's phone is as hard to serve safely:
//
//   - They fetch by TFTP and show no login, there or elsewhere, and nothing in
//     their config names a server: they ask whom DHCP names, at every boot. So
//     their lines cross the LAN in the clear, and only for a device whose
//     operator accepted that, to a caller whose MAC layer 2 proves.
//   - They ask once a boot and never again, so that what was not delivered then
//     waits for a NOTIFY or for the plug.
//   - One that belonged to a call manager wants its files signed, and passes ours
//     over until its trust list is erased by a factory reset.
//
// The 7940 and 7960 and older ones read text files of other names, the wireless
// ones and the 7937 speak Cisco's own protocol: they are not served.
func ciscoSEP() Maker {
	return Maker{
		Vendor: ciscoSEPVendor,
		Brand:  ciscoBrand,
		Name:   "Cisco",
		// No OUIs: the maker has hundreds, most of them of other things.
		Models:      ciscoSEPModels,
		Class:       ciscoSEPClass,
		Classes:     classPrefixes("Cisco Systems, Inc."),
		SIPAgent:    ciscoSEPAgent,
		File:        ciscoSEPFile,
		Options:     ciscoSEPOptions,
		Sequence:    ciscoSEPSequence,
		Fetch:       Fetch{By: []Protocol{TFTP}, Auth: NoAuth},
		ContentType: "text/xml; charset=utf-8",
		Resync: Resync{
			Event: "service-control", Body: ciscoSEPRestart, BodyType: "text/plain",
			Active: true, Once: true,
		},
		Shows:   Shows{Text: true, HotlineKey: true, MAC: true},
		Book:    partsBook("cisco-sep-book.xml", true, partsFrom(ciscoSEPPart), ciscoSEPDirectory),
		Upgrade: UpgradeByName,
		Forgets: true,
		raw:     ciscoSEPRaw,
		build:   ciscoSEPBuild,
		format:  ciscoSEPFormat,
		Unverified: []string{
			"a parameter the file leaves out falls back to the maker's default",
			"numbers of transportLayerProtocol: 1 TCP, 2 UDP, 3 TLS",
			"names of time zones but those of Berlin, London and New York; their summer-time rules are the firmware's",
			"userLocale and networkLocale do no harm where their files are missing",
			"the dial plan is fetched again when its name changes",
			"an attribute lineIndex is passed over by 7900 series phones",
			"action=restart fetches the file again whoever the registrar is",
			"a signed file asked for and refused makes a phone without a trust list ask for the plain one",
			"TLS lines register without a trust list",
			"authPassword may have more than 31 letters on old loads",
			"directoryURL may answer with entries instead of a menu; the phone's own lists are then behind their own key",
			"lines and keys of 6900, 8800, 8900 and 9900 series",
			"the next-server field, option 67 and the name CiscoCM1, which they may fall back on without 150 and 66",
			"a dial template that calls at once when the handset is lifted; none is written, for 112 could not be dialled",
		},
	}
}

// ciscoSEPForm: "Cisco Systems, Inc. IP Phone CP-7941G" and as a rule a NUL byte;
// the 6901 says no more than the company. With -3PCC behind it the phone is a
// multiplatform one.
var ciscoSEPForm = regexp.MustCompile(`^Cisco Systems, Inc\.(?: IP Phone (?:CP-)?([0-9]{4}G?(?:-GE)?))?$`)

// ciscoSEPOthers say the same and read no SEP file in SIP.
var ciscoSEPOthers = map[string]bool{
	"7902": true, "7905": true, "7910": true, "7912": true, "7940": true, "7960": true, // text files of other names
	"7920": true, "7921": true, "7925": true, "7926": true, "7935": true, "7936": true, "7937": true, "7985": true,
}

func ciscoSEPClass(class []byte) (Ident, bool) {
	g := ciscoSEPForm.FindSubmatch(class)
	switch {
	case g == nil || len(g[1]) > 0 && ciscoSEPOthers[string(g[1][:4])]:
		return Ident{}, false
	case len(g[1]) == 0:
		return Ident{Vendor: ciscoSEPVendor}, true
	}
	return Ident{Vendor: ciscoSEPVendor, Model: ciscoSEPModel(string(g[1]))}, true
}

func ciscoSEPModel(number string) string { return ciscoNamed(ciscoSEPModels, "CP-"+number) }

// ciscoSEPAgentForm: "Cisco-CP7941G/8.5.4" in SIP. In HTTP they say nothing of
// use.
var ciscoSEPAgentForm = regexp.MustCompile(`^Cisco-CP([0-9]{4}G?(?:-GE)?)/([0-9][0-9A-Za-z.()_-]{0,30})$`)

func ciscoSEPAgent(agent string) (Ident, bool) {
	if !strings.HasPrefix(agent, "Cisco-CP") {
		return Ident{}, false
	}
	g := ciscoSEPAgentForm.FindStringSubmatch(agent)
	if g == nil || ciscoSEPOthers[g[1][:4]] {
		return Ident{}, false
	}
	return Ident{Vendor: ciscoSEPVendor, Model: ciscoSEPModel(g[1]), Firmware: g[2]}, true
}

// ciscoSEPAbsent are files every boot asks for that the box never has: trust
// lists, the file for phones without one of their own, sounds, pictures,
// languages. A phone that gets neither file nor error for its trust list starts
// over, so they are refused at once.
var ciscoSEPAbsent = map[string]bool{
	"itlfile.tlv": true, "xmldefault.cnf.xml": true,
	"ringlist.xml": true, "ringlist-wb.xml": true, "distinctiveringlist.xml": true, "list.xml": true,
	"mk-sip.jar": true, "td-sip.jar": true, "g3-tones.xml": true,
}

var (
	// ciscoSEPLoad is a part of firmware, "SIP41.8-5-4S.loads"; some parts are
	// signed as configs may be.
	ciscoSEPLoad = regexp.MustCompile(`^[a-z0-9][a-z0-9._-]{1,60}\.(?:loads|sbn|sgn)$`)
	// ciscoSEPPlan is the dial plan, with the emergency numbers in its name.
	ciscoSEPPlan = regexp.MustCompile(`^dialplan(?:-[0-9]{1,8}){0,16}\.xml$`)
)

func ciscoSEPFile(name string) (File, bool) {
	lower := strings.ToLower(name)
	f := File{Name: name, Vendor: ciscoSEPVendor, Kind: Absent}
	switch {
	case ciscoSEPAbsent[lower] || ciscoSEPLoad.MatchString(lower) && !strings.Contains(lower, ".cnf.xml."):
		return f, true
	case ciscoSEPPlan.MatchString(lower):
		f.Kind = Common
		return f, true
	}
	for _, list := range []string{"ctl", "itl"} {
		lower = strings.TrimPrefix(lower, list)
	}
	own, marked := strings.CutPrefix(lower, "sep")
	mac, rest, ok := leadingMAC(own)
	if !ok || !marked {
		return File{}, false
	}
	f.MAC = mac
	plain := len(lower) == len(name)
	switch {
	case plain && rest == ".cnf.xml":
		f.Kind = Config
	case plain && (rest == ".cnf.xml.sgn" || rest == ".cnf.xml.enc.sgn"), !plain && rest == ".tlv":
	default:
		return File{}, false
	}
	return f, true
}

// ciscoSEPOptions gives the box's address and no more: a scheme or a folder in
// option 66 breaks these phones.
func ciscoSEPOptions(box Box) []Option {
	addr := box.Addr.Unmap()
	if !addr.Is4() {
		return nil
	}
	return append(textOption(nil, optServerName, addr.String()), tftpOption(nil, box)...)
}

func ciscoSEPSequence(mac phone.MAC, _ string) []string {
	own := "SEP" + upperHex(mac)
	return []string{"CTL" + own + ".tlv", "ITL" + own + ".tlv", "ITLFile.tlv", own + ".cnf.xml"}
}

// ciscoSEPRestart is the order to unregister and read the config again. The
// phone compares the Call-ID with that of its own REGISTER; stamps of noughts
// say that everything it has is old. A Call-ID is what a stranger chose: one
// that would close the brace is left out.
func ciscoSEPRestart(callID string) []byte {
	if !writable(callID) || strings.ContainsAny(callID, "{} ") || len(callID) > 256 {
		callID = ""
	}
	body := "action=restart\r\nRegisterCallId={" + callID + "}\r\n"
	for _, of := range []string{"Config", "Dialplan", "Softkey"} {
		body += of + "VersionStamp={00000000-0000-0000-0000-000000000000}\r\n"
	}
	return []byte(body)
}
