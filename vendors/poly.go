package vendors

import (
	"bytes"
	"regexp"
	"strings"

	"github.com/lineside/lineside/phone"
)

const polyVendor phone.Vendor = "poly"

// polyShared is the file of parameters every Poly phone of the site shares.
const polyShared = "lineside-poly.cfg"

// polyOwn ends the name of the phone's own file of parameters. It is not one of
// the endings the phone uses for files it writes itself.
const polyOwn = "-lineside.cfg"

// poly serves the phones of UC Software 4 to 9: VVX, Trio, CCX, Edge E and the
// late SoundPoint and SoundStation. VVX D230, Rove and Edge B are of another
// stock with another config language, and ask for none of these files.
func poly() Maker {
	return Maker{
		Vendor:   polyVendor,
		Name:     "Poly",
		OUIs:     [][3]byte{{0x00, 0x04, 0xf2}, {0x64, 0x16, 0x7f}, {0x48, 0x25, 0x67}, {0x00, 0x90, 0x7a}},
		Models:   polyModels,
		Class:    polyClass,
		Classes:  classPrefixes("Poly", string(polyEnterprise)),
		Agent:    polyAgent,
		SIPAgent: polySIPAgent,
		File:     polyFile,
		Options:  urlOptions,
		VLAN:     vlanPoly,
		Sequence: polySequence,
		Uploads: []Upload{
			{Name: "{mac}-boot.log", What: "log"}, {Name: "{mac}-app.log", What: "log"},
			{Name: "{mac}-now-boot.log", What: "log"}, {Name: "{mac}-now-app.log", What: "log"},
			{Name: "{mac}-phone.cfg", What: "settings"}, {Name: "{mac}-web.cfg", What: "settings"},
			{Name: "{mac}-directory.xml", What: "contacts"}, {Name: "{mac}-calls.xml", What: "calls"},
		},
		Fetch:       Fetch{By: []Protocol{HTTPS, HTTP, TFTP}, Auth: Digest | Basic, Asks: true},
		FirstTry:    Login{User: "PlcmSpIp", Password: phone.NewSecret("PlcmSpIp")},
		CertMAC:     wholeCN,
		CA:          CAInConfig,
		ContentType: "application/xml",
		Rehome: Rehome{
			URL: []string{"device.prov.serverName"}, User: []string{"device.prov.user"}, Password: []string{"device.prov.password"},
		},
		// It fetches, and restarts or reboots where something has changed.
		Resync:  Resync{Event: "check-sync", Reboots: true},
		Shows:   Shows{Text: true, HotlineKey: true, MAC: true},
		Forgets: true,
		XSI:     &XSI{User: "dir.broadsoft.xsp.username", Password: "dir.broadsoft.xsp.password"},
		Book:    &Book{File: "000000000000-directory.xml", ContentType: "application/xml", Write: polyBook},
		Redirect: &Redirect{
			Name:    "poly-ztp",
			Columns: []string{"MAC Address", "Server URL", "User Name", "Password"},
			Row: func(d Redirected) []string {
				return []string{d.MAC.Hex(), d.URL, d.Login.User, d.Login.Password.Reveal()}
			},
		},
		raw:     polyRaw,
		build:   polyBuild,
		settle:  polySettle,
		expands: polyMacros,
		format:  polyFormat,
		Unverified: []string{
			"how much of the label the idle screen has room for: on hold the state and the MAC stand in it",
			"dir.broadsoft.xsp.username and dir.broadsoft.xsp.password",
			"text of option 60 in its ASCII form beyond the vendor's name",
			"the earlier file in CONFIG_FILES wins for a parameter that is in both",
			"an empty APP_FILE_PATH leaves the firmware alone",
			"device.prov.serverName with a trailing slash is a folder",
			"dialplan.routing.emergency.N.server.2 is tried after server.1",
			"a change of device.prov.* reboots the phone once",
			"SIP accounts of SoundPoint, SoundStation, Trio, CCX and Edge E models",
			"device.sec.TLS.profile.caCertList1 = BuiltinAndPlatform takes the built-in CAs and ours",
			"a certificate as text may stand on several lines in customCaCert1",
			"elements of the local directory file",
			"columns of the ZTP import sheet",
			"no SIP PnP: VVX and Edge E were never seen to ask",
			"the factory certificate's CN is the MAC without separators",
			"no user class (option 77) is sent",
			"as shipped every model looks at option 160 and then at 66; other base profiles look at 161, which is not sent",
			"options 67, 120 and 151 lead nobody here",
			"part numbers of VVX in names of firmware files",
			"logs with now in their name",
			"placeholders of a master file other than [PHONE_MAC_ADDRESS]",
			"the MAC behind an underscore in the SIP User-Agent",
			"whether Basic or Digest is preferred where both are offered",
			"a login in device.prov.serverName; none is written",
			"the name of the CA that issues the factory certificates",
			"UC Software 4.0 and older speak TLS 1.0 and nothing later",
			"new firmware asks for another admin password than the one shipped",
			"the switch of the LDAP directory, and backgrounds of colour models; none is written",
			"a reboot parameter behind check-sync is not looked at",
			"the path of pushed pages, and the REST interface; neither is used",
			"one file that is no XML is passed over and the phone runs with the rest",
			"whether the maker's cloud or DHCP is asked first",
			"device.syslog.serverName without a name sends nothing",
		},
	}
}

// polyEnterprise begins option 60 in its binary form: enterprise 13885 as in
// RFC 3925, though inside option 60 instead of 124.
var polyEnterprise = []byte{0x00, 0x00, 0x36, 0x3d}

// polyClassForm is the ASCII form, the vendor's name and perhaps more.
var polyClassForm = regexp.MustCompile(`(?i)^poly(?:com)?(?:[ -]?([A-Za-z]{0,20})-([A-Za-z0-9_]{2,20}))?(?:[^A-Za-z0-9]|$)`)

// polyFamilies are the words that may follow "Poly" at once.
var polyFamilies = regexp.MustCompile(`(?i)^poly(?:com)?(?:VVX|CCX|Edge|Trio|SoundPoint|SoundStation|RealPresence)`)

func polyClass(class []byte) (Ident, bool) {
	id := Ident{Vendor: polyVendor}
	if bytes.HasPrefix(class, polyEnterprise) {
		return id, len(class) > len(polyEnterprise)
	}
	if len(class) > 128 {
		return Ident{}, false
	}
	g := polyClassForm.FindSubmatch(class)
	switch {
	case g != nil && len(g[2]) > 0:
		id.Model = polyModel(string(g[2]))
	case g == nil && !polyFamilies.Match(class):
		return Ident{}, false
	}
	return id, true
}

// polyModel spells "VVX_410" as VVX410 and "Edge_E450" as EdgeE450.
func polyModel(s string) string {
	if m, ok := polyModels.Of(s); ok {
		return m.Name
	}
	return strings.ReplaceAll(s, "_", "")
}

// The form is "FileTransport PolycomVVX-VVX_400-UA/4.1.4.7430 (SN:…)
// Type/Application"; the newest say Poly, the old have no Type.
var polyAgentForm = regexp.MustCompile(`^FileTransport Poly(?:com)?[A-Za-z]{1,24}-([A-Za-z0-9_]{2,20})-UA/(\d{1,6}(?:\.\d{1,6}){0,6})(?: \(SN:([0-9A-Fa-f]{12})\))?(?: Type/(Application|Updater))?`)

func polyAgent(agent string) (Ident, bool) {
	g := polyAgentForm.FindStringSubmatch(agent)
	if g == nil {
		return Ident{}, false
	}
	id := Ident{Vendor: polyVendor, Model: polyModel(g[1])}
	// The updater, and old firmware at times, tells its own version instead of
	// the phone's.
	if g[4] == "Application" {
		id.Firmware = g[2]
	}
	id.MAC, _ = phone.ParseMAC(g[3])
	return id, true
}

// The SIP form is the HTTP one without its transport, at times with the MAC
// behind an underscore.
var polySIPForm = regexp.MustCompile(`^Poly(?:com)?[A-Za-z]{1,24}-([A-Za-z0-9_]{2,20})-UA/(\d{1,6}(?:\.\d{1,6}){0,6})(?:_([0-9A-Fa-f]{12}))?(?:[ (]|$)`)

func polySIPAgent(agent string) (Ident, bool) {
	g := polySIPForm.FindStringSubmatch(agent)
	if g == nil {
		return Ident{}, false
	}
	id := Ident{Vendor: polyVendor, Model: polyModel(g[1]), Firmware: g[2]}
	id.MAC, _ = phone.ParseMAC(g[3])
	return id, true
}

// polyShipped are files a phone asks for beyond its own that the box never has.
var polyShipped = map[string]bool{
	"000000000000-license.cfg":   true,
	"000000000000-directory.xml": true,
	"sip.ld":                     true,
}

// polyFirmware is "2345-12600-001.sip.ld".
var polyFirmware = regexp.MustCompile(`^[0-9]{4}-[0-9]{5}-[0-9]{3}\.sip\.ld$`)

// polyAbsent are the ends of per-phone names the box never has: the phone's own
// overrides, licences, books, call lists and logs.
var polyAbsent = regexp.MustCompile(`^-(?:phone|web|user|license|boot|app|now|directory|calls)[a-z0-9-]{0,24}\.(?:cfg|xml|log)$`)

func polyFile(name string) (File, bool) {
	lower := strings.ToLower(name)
	f := File{Name: name, Vendor: polyVendor}
	switch {
	case lower == "000000000000.cfg" || lower == polyShared:
		f.Kind = Common
		return f, true
	case polyShipped[lower] || polyFirmware.MatchString(lower):
		f.Kind = Absent
		return f, true
	}
	mac, rest, ok := leadingMAC(lower)
	if !ok {
		return File{}, false
	}
	f.MAC = mac
	switch {
	case rest == ".cfg":
		f.Kind = Boot
	case rest == polyOwn:
		f.Kind = Config
	case polyAbsent.MatchString(rest):
		f.Kind = Absent
	default:
		return File{}, false
	}
	return f, true
}

// polySequence is one stage's run. A cold boot makes it twice, first by the
// updater and then by the application.
func polySequence(mac phone.MAC, _ string) []string {
	m := mac.Hex()
	return []string{
		m + ".cfg",
		"sip.ld",
		m + polyOwn,
		polyShared,
		m + "-phone.cfg",
		m + "-web.cfg",
		m + "-license.cfg",
		"000000000000-license.cfg",
		m + "-directory.xml",
		"000000000000-directory.xml",
		m + "-calls.xml",
	}
}
