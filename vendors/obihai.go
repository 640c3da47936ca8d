package vendors

import (
	"net"
	"regexp"
	"strings"

	"github.com/lineside/lineside/phone"
)

const obihaiVendor phone.Vendor = "obihai"

// obihai serves the adapters OBi2xx, OBi3xx and OBi5xx and the phones OBi1000
// (Obihai device administration guides of 2013 to 2017), which are one stack of
// objects with parameters.
func obihai() Maker {
	return Maker{
		Vendor:      obihaiVendor,
		Name:        "Obihai",
		OUIs:        [][3]byte{{0x9c, 0xad, 0xef}},
		Models:      obihaiModels,
		MaxLines:    obihaiServices,
		SIPAgent:    obihaiSIPAgent,
		File:        obihaiFile,
		Options:     obihaiOptions,
		Sequence:    obihaiSequence,
		Fetch:       Fetch{By: []Protocol{HTTPS, HTTP, TFTP}, Auth: Digest | Basic},
		ContentType: "text/xml; charset=utf-8",
		Rehome: Rehome{
			URL:      []string{obihaiITSP + "ConfigURL"},
			User:     []string{obihaiITSP + "Username"},
			Password: []string{obihaiITSP + "Password"},
		},
		Resync:  Resync{Event: "resync", Reboot: "check-sync;reboot"},
		Upgrade: UpgradeByURL,
		XSI:     &XSI{User: obihaiLine(1) + "SIP.X_XsiUserName", Password: obihaiLine(1) + "SIP.X_XsiPassword"},
		NoBook:  bookUnknown,
		Shows:   Shows{Hotline: true, HotlineDelay: true, NoMAC: "its adapters have no screen; its phones show it behind the state's text"},
		build:   obihaiBuild,
		expands: ciscoMacros,
		format:  objectXML{escape: xmlText},
		Unverified: []string{
			"FirmwareUpdate.Method Periodically installs only what is another firmware than it has",
			"OUI 9C:AD:EF",
			"the SIP User-Agent OBIHAI/<model>-<firmware>",
			"a new device asks TFTP at option 66, taken as a host, for <model>.xml; 160 is given the whole URL",
			"$MAC in ConfigURL, and its case; any is taken",
			"https in ConfigURL",
			"whether Basic or Digest is answered",
			"the events resync and check-sync;reboot",
			"X_ServProvProfile names the profile of a service by its letter, A to H",
			"URI may be the user alone",
			"Enabled and Disabled as values of Enable",
			"OutboundProxyPort",
			"VoiceService.1.X_FXS.N. are the ports of an adapter, and those it has not are ignored",
			"PrimaryLine, OutboundCallRoute and X_InboundCallRoute below ports and services",
			"an S0 behind an emergency number dials at its last digit",
			"an S5 that opens a port's digit map dials the hotline after five seconds, and the digits dialled before go out",
			"VoiceService.1.X_P2P.1.Enable is the maker's own network",
			"Time.LocalTimeZone takes an offset without the names of cities",
			"Time.DaylightSavingTimeStart as month/day/weekday/hour, with -1 as the last week of a month",
			"X_DeviceManagement.WebServer.AdminPassword and X_DeviceManagement.Syslog.Server",
			"X_XsiUserName and X_XsiPassword on adapters; they are known of the VVX D230, which is of the same make",
			"the parameters of codecs, of SRTP, of the language, of the phone book and of a CA; codecs and language stay as shipped",
		},
	}
}

// obihaiITSP is the object a provider's server is set in.
const obihaiITSP = "X_DeviceManagement.ITSPProvisioning."

var obihaiSIPForm = regexp.MustCompile(`^OBIHAI/(OBi\d{3,4}[a-z]{0,3})-(\d{1,6}(?:\.\d{1,6}){1,6})(?:[A-Za-z]{1,4})?$`)

func obihaiSIPAgent(agent string) (Ident, bool) {
	if !strings.HasPrefix(agent, "OBIHAI/") {
		return Ident{}, false
	}
	g := obihaiSIPForm.FindStringSubmatch(agent)
	if g == nil {
		return Ident{}, false
	}
	return Ident{Vendor: obihaiVendor, Model: g[1], Firmware: g[2]}, true
}

// obihaiFile understands <mac>.xml, the name our configs give, and the name of
// the model, which a new device asks for and which sends it on.
func obihaiFile(name string) (File, bool) {
	lower := strings.ToLower(name)
	stem, ok := strings.CutSuffix(lower, ".xml")
	if !ok {
		return File{}, false
	}
	f := File{Name: name, Vendor: obihaiVendor}
	if mac, rest, ok := leadingMAC(stem); ok {
		f.Kind, f.MAC = Config, mac
		return keepFile(f, rest == "")
	}
	m, known := obihaiModels.Of(stem)
	f.Kind, f.Model = Common, m.Name
	return keepFile(f, known && strings.EqualFold(m.Name, stem))
}

// obihaiOptions: as shipped the device puts the value of 66 between "tftp://"
// and "/<model>.xml", so there it is a host and no URL.
func obihaiOptions(box Box) []Option {
	_, host, _, err := splitURL(box.URL)
	if err != nil {
		return nil
	}
	if name, _, err := net.SplitHostPort(host); err == nil {
		host = name
	}
	if box.Addr.Is4() {
		host = box.Addr.String()
	}
	return tftpOption(textOption(textOption(nil, optServerName, host), optProvisionURL, box.URL), box)
}

func obihaiSequence(mac phone.MAC, model string) []string {
	if m, ok := obihaiModels.Of(model); ok {
		return []string{m.Name + ".xml", mac.Hex() + ".xml"}
	}
	return []string{mac.Hex() + ".xml"}
}
