package vendors

import (
	"regexp"
	"strings"

	"github.com/lineside/lineside/phone"
)

const spectralinkVendor phone.Vendor = "spectralink"

// spectralink serves the Wi-Fi handsets of the 84-Series, whose firmware comes
// from Polycom's UC Software: files, parameters and habits are Poly's
// (84-Series Administration Guide), so they are not written a second time.
//
// IP-DECT Servers and KIRK Wireless Servers are recognised, so that an operator
// sees them, and are given no file: no source at hand shows what theirs look
// like. PIVOT and Versity handsets are managed by other means than files.
func spectralink() Maker {
	m := poly()
	return Maker{
		Vendor:      spectralinkVendor,
		Name:        "Spectralink",
		OUIs:        [][3]byte{{0x00, 0x90, 0x7a}, {0x00, 0x13, 0xd1}, {0x00, 0x90, 0x33}},
		Models:      spectralinkModels,
		Class:       spectralinkClass,
		Classes:     classPrefixes("KIRK.IP6000"),
		Agent:       func(agent string) (Ident, bool) { return spectralinkAgent(strings.CutPrefix(agent, "FileTransport ")) },
		SIPAgent:    func(agent string) (Ident, bool) { return spectralinkAgent(agent, true) },
		File:        spectralinkFile,
		Options:     m.Options,
		Sequence:    m.Sequence,
		Uploads:     m.Uploads,
		Fetch:       Fetch{By: m.Fetch.By, Auth: m.Fetch.Auth},
		FirstTry:    m.FirstTry,
		CA:          m.CA,
		ContentType: m.ContentType,
		Rehome:      m.Rehome,
		Resync:      m.Resync,
		Shows:       m.Shows,
		Forgets:     m.Forgets,
		Book:        m.Book,
		XSI:         m.XSI,
		raw:         m.raw,
		build:       m.build,
		settle:      m.settle,
		expands:     m.expands,
		format:      m.format,
		Unverified: []string{
			"the User-Agents; with Polycom's name in front the handset is taken for a Poly phone, whose configs it takes too",
			"option 60: in Polycom's binary form, by which it is taken for a Poly phone",
			"Digest and Basic, and the login tried first",
			"parameters of UC Software 4 that it may not have: device.prov.ztpEnabled, prov.quickSetup, softkey, device.sec.TLS.customCaCert1",
			"SIP accounts of each model",
			"addresses that begin with 00:13:d1 and 00:90:7a",
			"option 60 as text, and 160 as the option asked first",
			"prov.login.enabled, by which somebody signs in at the handset; it is left as it is",
			"no SIP PnP",
			"80-Series: by TFTP; they are given none",
			"IP-DECT Server 200, 400 and 6500 and KWS: option 60, option 66 as a URL, the User-Agent, file names <mac>-config.xml and <mac>-users.xml, everything in them, and check-sync; they are given none",
			"KIRK Wireless Server 600 and IP6000: the command file at the update URL, and whether DHCP can name it; they are given none",
		},
	}
}

// spectralinkModels are the handsets of the 84-Series.
var spectralinkModels = modelsOf(
	row{names: "8440 8441 8450 8452 8453"},
)

// spectralinkClass reads the one option 60 known that is not Polycom's.
func spectralinkClass(class []byte) (Ident, bool) {
	if string(class) != "KIRK.IP6000" {
		return Ident{}, false
	}
	return Ident{Vendor: spectralinkVendor, Model: "IP6000"}, true
}

// spectralinkForm is "SpectraLink-SL_8440-UA/4.2.0.1234", Polycom's form.
var spectralinkForm = regexp.MustCompile(`^(?i:SpectraLink)[-_ ]?(?:SL_)?([0-9A-Za-z]{2,12})-UA/([0-9]{1,6}(?:\.[0-9]{1,6}){0,6})(?:[ _(]|$)`)

func spectralinkAgent(agent string, whole bool) (Ident, bool) {
	if !whole {
		return Ident{}, false
	}
	g := spectralinkForm.FindStringSubmatch(agent)
	if g == nil {
		return Ident{}, false
	}
	return Ident{Vendor: spectralinkVendor, Model: g[1], Firmware: g[2]}, true
}

// spectralinkFile understands Poly's names and those of the DECT servers.
func spectralinkFile(name string) (File, bool) {
	lower := strings.ToLower(name)
	if mac, rest, ok := leadingMAC(lower); ok && (rest == "-config.xml" || rest == "-users.xml") {
		return File{Name: name, Kind: Absent, Vendor: spectralinkVendor, MAC: mac}, true
	}
	f, ok := polyFile(name)
	if !ok {
		return File{}, false
	}
	f.Vendor = spectralinkVendor
	return f, true
}
