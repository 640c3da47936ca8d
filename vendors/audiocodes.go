package vendors

import (
	"regexp"
	"strings"

	"github.com/lineside/lineside/phone"
)

const audiocodesVendor phone.Vendor = "audiocodes"

// audiocodesOUI is the maker's one block, of phones and gateways alike.
var audiocodesOUI = [][3]byte{{0x00, 0x90, 0x8f}}

// audiocodes serves the 400HD series and the 310HD and 320HD before it
// (AudioCodes administrator's manuals of versions 1.4 to 3.5, generic SIP).
//
// The manuals read name no parameters for a login, so these phones are given a
// path with a token in it.
func audiocodes() Maker {
	return Maker{
		Vendor:      audiocodesVendor,
		Name:        "AudioCodes",
		OUIs:        audiocodesOUI,
		Models:      audiocodesModels,
		Class:       audiocodesClass,
		Classes:     classModels("", audiocodesModels),
		Agent:       audiocodesAgent,
		SIPAgent:    audiocodesSIPAgent,
		File:        audiocodesFile,
		Options:     audiocodesOptions,
		Sequence:    audiocodesSequence,
		Fetch:       Fetch{By: []Protocol{HTTPS, HTTP, TFTP}, Auth: NoAuth},
		ContentType: "text/plain; charset=utf-8",
		Rehome:      Rehome{URL: []string{"provisioning/configuration/url"}},
		Resync:      Resync{Event: "check-sync", Reboot: "check-sync;reboot=true"},
		Upgrade:     UpgradeByURL,
		NoBook:      bookUnknown,
		Shows:       Shows{Text: true, MAC: true},
		build:       audiocodesBuild,
		expands:     audiocodesMacros,
		format:      audiocodesFormat,
		Unverified: []string{
			"how much of the label the idle screen has room for: on hold the state and the MAC stand in it",
			"provisioning/firmware/url is looked at when the config is fetched, and installs only what is another firmware",
			"whether a challenge by HTTP is answered; a path with a token is written instead",
			"option 160 or 66 with a folder at its end has the phone's own names appended",
			"the case of the MAC in <mac>.cfg; any is taken",
			"the form of the HTTP User-Agent, seen once",
			"provisioning/method STATIC asks neither PnP nor the maker's redirect service",
			"provisioning/random_provisioning_time counts minutes and is added to the interval",
			"check-sync fetches without a restart where force_reboot_enabled is 0, and check-sync;reboot=true restarts",
			"the parameters of the automatic dialling, which has a delay; no hotline is set",
			"a number in the digit map is dialled at its last digit",
			"all lines at the server of the first, which is the only one there is",
			"voip/signalling/sip/transport_protocol, sip_outbound_proxy, and the ports of proxy and registrar",
			"voip/media/dtmf_transport_mode = RFC2833",
			"G722_8000 as the name of G.722 and ptime beside it",
			"system/daylight_saving: Enable, DayOfWeek, the last week as 5 and weekdays by name",
			"system/password and system/user_name",
			"system/syslog/server_address empty sends nothing",
			"the parameters of the phone book, of SRTP and of a CA",
			"the field of the factory certificate that names the phone",
			"accounts, keys and screens of the models",
		},
	}
}

// audiocodesClass reads option 60, which is the model's name and nothing more.
func audiocodesClass(class []byte) (Ident, bool) {
	if len(class) > 8 {
		return Ident{}, false
	}
	m, ok := audiocodesModels.Of(string(class))
	if !ok || !strings.EqualFold(m.Name, string(class)) {
		return Ident{}, false
	}
	return Ident{Vendor: audiocodesVendor, Model: m.Name}, true
}

// The phone says AUDC twice by HTTP and once by SIP, there often without a
// model.
var (
	audiocodesAgentForm = regexp.MustCompile(`^AUDC/(\d{1,6}(?:\.\d{1,6}){1,6}) AUDC-IPPhone-([0-9A-Z]{3,10})[_/]`)
	audiocodesSIPForm   = regexp.MustCompile(`^AUDC-IPPhone(?:-([0-9A-Z]{3,10})[0-9A-Za-z_-]{0,16})?/(\d{1,6}(?:\.\d{1,6}){1,6})(?:[_/ ]|$)`)
)

func audiocodesAgent(agent string) (Ident, bool) {
	if !strings.HasPrefix(agent, "AUDC/") {
		return Ident{}, false
	}
	g := audiocodesAgentForm.FindStringSubmatch(agent)
	if g == nil {
		return Ident{}, false
	}
	return Ident{Vendor: audiocodesVendor, Model: g[2], Firmware: g[1]}, true
}

func audiocodesSIPAgent(agent string) (Ident, bool) {
	if !strings.HasPrefix(agent, "AUDC-") {
		return Ident{}, false
	}
	g := audiocodesSIPForm.FindStringSubmatch(agent)
	if g == nil {
		return Ident{}, false
	}
	return Ident{Vendor: audiocodesVendor, Model: g[1], Firmware: g[2]}, true
}

// audiocodesFile understands <mac>.cfg, the <MODEL>_<MAC>_conf.cfg that servers
// of the maker's own use, and the firmware <model>.img, which is not here.
func audiocodesFile(name string) (File, bool) {
	lower := strings.ToLower(name)
	f := File{Name: name, Vendor: audiocodesVendor}
	if stem, ok := strings.CutSuffix(lower, ".img"); ok {
		m, known := audiocodesModels.Of(stem)
		f.Kind, f.Model = Absent, m.Name
		return keepFile(f, known && strings.EqualFold(m.Name, stem))
	}
	if mac, rest, ok := leadingMAC(lower); ok {
		f.Kind, f.MAC = Config, mac
		return keepFile(f, rest == ".cfg")
	}
	word, rest, ok := strings.Cut(lower, "_")
	m, known := audiocodesModels.Of(word)
	if !ok || !known || !strings.EqualFold(m.Name, word) {
		return File{}, false
	}
	mac, tail, ok := leadingMAC(rest)
	f.Kind, f.Model, f.MAC = Config, m.Name, mac
	return keepFile(f, ok && tail == "_conf.cfg")
}

// keepFile is f where ok says that it was understood.
func keepFile(f File, ok bool) (File, bool) {
	if !ok {
		return File{}, false
	}
	return f, true
}

// audiocodesOptions gives the folder in 160 and 66. With a file's name behind a
// semicolon the phones of the maker would ask for it, and its gateways too,
// which share the block of addresses and want another.
func audiocodesOptions(box Box) []Option {
	return textOption(textOption(nil, optServerName, box.URL), optProvisionURL, box.URL)
}

func audiocodesSequence(mac phone.MAC, model string) []string {
	if m, ok := audiocodesModels.Of(model); ok {
		return []string{m.Name + ".img", mac.Hex() + ".cfg"}
	}
	return []string{mac.Hex() + ".cfg"}
}
