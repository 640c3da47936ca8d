package vendors

import (
	"net"
	"regexp"
	"strconv"
	"strings"

	"github.com/lineside/lineside/phone"
)

const avayaVendor phone.Vendor = "avaya"

// avaya serves the J100 series in its open SIP mode (Avaya 46xxsettings
// reference of 2022). The 96x1 read the same language, but speak SIP by TCP and
// TLS alone, which the holding registrar does not; the 1100 and 1200 speak
// another language.
func avaya() Maker {
	return Maker{
		Vendor: avayaVendor,
		Name:   "Avaya",
		OUIs: [][3]byte{
			{0x00, 0x04, 0x0d}, {0x00, 0x1b, 0x4f}, {0x00, 0x09, 0x6e}, {0x00, 0x60, 0x1d},
			{0x00, 0x07, 0x3b}, {0xc8, 0x1f, 0xea},
		},
		Models:      avayaModels,
		MaxLines:    1, // in open SIP mode
		Class:       avayaClass,
		Host:        avayaHost,
		Classes:     classPrefixes("ccp.avaya.com"),
		Agent:       avayaAgent,
		File:        avayaFile,
		Options:     avayaOptions,
		Sequence:    avayaSequence,
		Fetch:       Fetch{By: []Protocol{HTTPS, HTTP}, Auth: Digest | Basic, Asks: true},
		CA:          CAByURL,
		ContentType: "text/plain; charset=utf-8",
		Rehome: Rehome{
			URL: []string{"HTTPSRVR"}, User: []string{"FORCE_HTTP_AUTH_USERNAME"}, Password: []string{"FORCE_HTTP_AUTH_PASSWORD"},
		},
		Resync:  Resync{Event: "check-sync", Reboots: true, Reboot: "check-sync"},
		Shows:   Shows{Text: true, MAC: true},
		Upgrade: UpgradeByName,
		Book:    &Book{File: "avaya-book.xml", ContentType: "text/xml; charset=utf-8", Write: avayaDirectory, Token: true},
		raw:     avayaRaw,
		build:   avayaBuild,
		expands: avayaMacros,
		format:  avayaFormat,
		Unverified: []string{
			"how much of the label the idle screen has room for: on hold the state and the MAC stand in it",
			"option 60 ccp.avaya.com; phones are recognised by OUI and User-Agent as well",
			"K1xxSupgrade.txt is what Vantage phones ask for first; it is refused like those of the 96x1 and 96x0",
			"TLSSRVR is asked before HTTPSRVR; the one not used is emptied",
			"whether a hotline dials at once on J129, J139, J159 and J189 too; none is set on any",
			"none of them sends a SUBSCRIBE for PnP",
			"the case of $MACADDR in a GET; any is taken",
			"HTTPSRVR and HTTPDIR in a settings file outlive the DHCP lease",
			"FORCE_SIP_USERNAME is the account and FORCE_SIP_EXTENSION the name it authenticates with",
			"ENABLE_UDP_TRANSPORT lets firmware 4.1 speak SIP by UDP",
			"SIPDOMAIN may differ from the host in SIP_CONTROLLER_LIST, which is then an outbound proxy",
			"PRIMARY_LINE_EXTENSION and DISPLAY_NAME show on the idle screen",
			"a number in DIALPLAN is dialled at its last digit",
			"PHNEMERGNUM can be dialled while the phone is logged out",
			"AUTOMATIC_UPDATE_POLICY 1 is daily; there is no shorter one, so phones on hold come back by NOTIFY or reboot",
			"MEDIAENCRYPTION 1,9 offers SRTP without demanding it",
			"DAYLIGHT_SAVING_SETTING_MODE 2 goes by DSTSTART and DSTSTOP, and an empty TIMEZONE leaves it to them",
			"the file of the German texts on models other than J129, J169 and J179",
			"TRUSTCERTS takes a whole URL",
			"APPNAME counts in the phone's own file as in the upgrade file, which all models share",
			"DOWNLOADABLE_DIRECTORY takes a whole URL",
			"whose NOTIFY is obeyed; taken to be the registrar's alone",
			"whether Basic or Digest is answered first",
			"one account on every model",
			"texts in UTF-8",
			"the holding account's password of 32 characters, where the guides name 31 as the most",
		},
	}
}

// avayaClass reads option 60, which is the same on all models.
func avayaClass(class []byte) (Ident, bool) {
	if !strings.EqualFold(string(class), "ccp.avaya.com") {
		return Ident{}, false
	}
	return Ident{Vendor: avayaVendor}, true
}

// avayaHosts are the third letter of the name an Avaya phone gives itself, by
// the manufacturer's part of its address; it is X for all others.
var avayaHosts = map[[3]byte]byte{
	{0x00, 0x04, 0x0d}: 'A', {0x00, 0x1b, 0x4f}: 'B', {0x00, 0x09, 0x6e}: 'E',
	{0x00, 0x60, 0x1d}: 'L', {0x00, 0x07, 0x3b}: 'T',
}

// avayaHost reads "AVX3E85A1", AV and that letter before the last three bytes of
// the address. The maker has far more addresses than its list of OUIs here.
func avayaHost(host string, mac phone.MAC) bool {
	letter, ok := avayaHosts[mac.OUI()]
	if !ok {
		letter = 'X'
	}
	return len(host) == 9 && strings.EqualFold(host, "AV"+string(letter)+mac.Hex()[6:])
}

var avayaAgentForm = regexp.MustCompile(`\bAVAYA/([0-9A-Za-z]{1,16})-(\d{1,6}(?:\.\d{1,6}){1,6}) \(MAC:([0-9a-fA-F]{12})\)$`)

func avayaAgent(agent string) (Ident, bool) {
	if !strings.Contains(agent, "AVAYA/") {
		return Ident{}, false
	}
	g := avayaAgentForm.FindStringSubmatch(agent)
	if g == nil {
		return Ident{}, false
	}
	id := Ident{Vendor: avayaVendor, Model: strings.ToUpper(g[1]), Firmware: g[2]}
	id.MAC, _ = phone.ParseMAC(g[3])
	return id, true
}

// Names of the files that only lead on.
const (
	avayaUpgrade  = "j100supgrade.txt"
	avayaSettings = "46xxsettings.txt"
)

// avayaFile understands the two files all phones of the maker ask for and the
// one of each phone, whose name is the box's own choice: avayaRaw says it.
// Language files and the upgrade scripts of other families are never here.
func avayaFile(name string) (File, bool) {
	lower := strings.ToLower(name)
	f := File{Name: name, Vendor: avayaVendor}
	switch {
	case lower == avayaUpgrade || lower == avayaSettings:
		f.Kind = Common
		return f, true
	case lower == "96x1supgrade.txt" || lower == "96xxupgrade.txt" || lower == "k1xxsupgrade.txt" || strings.HasPrefix(lower, "mlf_j1") && strings.HasSuffix(lower, ".xml"):
		f.Kind = Absent
		return f, true
	}
	mac, rest, ok := leadingMAC(lower)
	if !ok || rest != ".txt" && rest != ".cfg" {
		return File{}, false
	}
	f.Kind, f.MAC = Config, mac
	return f, true
}

// avayaRaw writes the files that lead on. A GET that succeeds ends the file it
// stands in, and the phone puts its own MAC in the place of $MACADDR.
func avayaRaw(in Input) ([]byte, bool) {
	if in.File.Kind != Common {
		return nil, false
	}
	if strings.EqualFold(in.File.Name, avayaUpgrade) {
		return []byte("GET 46xxsettings.txt\n"), true
	}
	return []byte("GET $MACADDR.txt\n"), true
}

// avayaServer is where files are, as these phones want it: in parts.
type avayaServer struct {
	secure          bool
	host, port, dir string
}

func avayaServerOf(url string) (avayaServer, error) {
	scheme, authority, path, err := splitURL(url)
	if err != nil {
		return avayaServer{}, err
	}
	s := avayaServer{secure: scheme == "https", host: authority, port: "80"}
	if s.secure {
		s.port = "443"
	}
	if host, port, err := net.SplitHostPort(authority); err == nil {
		s.host, s.port = host, port
	}
	if dir := strings.Trim(path, "/"); dir != "" {
		s.dir = "/" + dir
	}
	return s, nil
}

// avayaOptions gives the server in 242, as NAME=value joined by commas, and for
// phones that ask for 43 the same in sub-options, the first of which must be
// the maker's mark. A value may not hold a comma, an equals sign or a quote; an
// IPv6 address does not come by DHCPv4. The VLAN stands there too: these phones
// look for it in no option of its own.
func avayaOptions(box Box) []Option {
	s, err := avayaServerOf(box.URL)
	if err != nil || strings.ContainsAny(s.host+s.dir, `,="':`) || len(s.dir) > 127 {
		return nil
	}
	var text []string
	sub := append([]byte{1, 4}, "6889"...)
	for _, v := range append(avayaVLAN(box.VLAN), s.named()...) {
		if v.value != "" && len(v.value) <= maxOption {
			text = append(text, v.name+"="+v.value)
			sub = append(append(sub, v.code, byte(len(v.value))), v.value...)
		}
	}
	options := textOption(nil, optAvayaNames, strings.Join(text, ","))
	if len(sub) <= maxOption {
		options = append(options, Option{Code: optVendorSpecific, Value: sub})
	}
	return options
}

// avayaNamed is a value with its name in 242 and its sub-option of 43.
type avayaNamed struct {
	name  string
	code  byte
	value string
}

func (s avayaServer) named() []avayaNamed {
	if s.secure {
		return []avayaNamed{{"TLSSRVR", 5, s.host}, {"TLSPORT", 7, s.port}, {"TLSDIR", 6, s.dir}}
	}
	return []avayaNamed{{"HTTPSRVR", 2, s.host}, {"HTTPPORT", 4, s.port}, {"HTTPDIR", 3, s.dir}}
}

// avayaVLAN has the phone tag its frames; nothing for VLAN 0.
func avayaVLAN(id int) []avayaNamed {
	if id == 0 {
		return nil
	}
	return []avayaNamed{{"L2Q", 9, "1"}, {"L2QVLAN", 10, strconv.Itoa(id)}}
}

// optAvayaNames is the site-specific option (SSON) these phones read.
const optAvayaNames = 242

func avayaSequence(mac phone.MAC, _ string) []string {
	return []string{"J100Supgrade.txt", "46xxsettings.txt", mac.Hex() + ".txt"}
}
