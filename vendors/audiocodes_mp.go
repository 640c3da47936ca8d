package vendors

import (
	"regexp"
	"strings"

	"github.com/lineside/lineside/phone"
)

const audiocodesMPVendor phone.Vendor = "audiocodes-mp"

// audiocodesMP serves the analogue gateways MediaPack MP-11x and MP-124
// (AudioCodes user's manuals of versions 5.8 and 6.6). They share their block
// of addresses with the maker's phones and speak another language.
func audiocodesMP() Maker {
	return Maker{
		Vendor:      audiocodesMPVendor,
		Brand:       audiocodesVendor,
		Name:        "AudioCodes MediaPack",
		OUIs:        audiocodesOUI,
		Models:      audiocodesMPModels,
		SIPAgent:    audiocodesMPSIPAgent,
		File:        audiocodesMPFile,
		Options:     audiocodesOptions,
		Sequence:    audiocodesMPSequence,
		Fetch:       Fetch{By: []Protocol{HTTPS, HTTP, TFTP}, Auth: Digest | Basic},
		ContentType: "text/plain; charset=utf-8",
		Rehome: Rehome{
			URL: []string{"IniFileURL"}, User: []string{"AUPDDigestUsername"}, Password: []string{"AUPDDigestPassword"},
		},
		NoBook:  bookNoScreen,
		Resync:  Resync{Event: "check-sync;reboot=false", Reboot: "check-sync;reboot=true"},
		Shows:   Shows{Hotline: true, HotlineDelay: true, NoMAC: macNoScreen},
		Forgets: true, // SetDefaultOnIniFileProcess
		build:   audiocodesMPBuild,
		expands: audiocodesMacros,
		format:  audiocodesMPFormat,
		Unverified: []string{
			"the product's name before the MAC, MP118, and that an MP-11x reads option 160 at all",
			"the SIP User-Agent Audiocodes-Sip-Gateway-<model>/v.<firmware>",
			"SetDefaultOnIniFileProcess holds for files fetched by IniFileURL",
			"AutoUpdateFrequency in minutes, and AUPDCheckIfIniChanged 1 applies a file only where it is another",
			"EnableSIPRemoteReset, and who may send the NOTIFY; taken to be the proxy alone",
			"columns of ProxyIp, TargetOfChannel and CodersGroup0 on all versions; each table names its own",
			"text in tables without quotes",
			"a number in DigitMapping is dialled at its last digit",
			"FirstTxDTMFOption 4 is RFC 4733, and EnableMediaSecurity offers SRTP without demanding it",
			"the summer time's month:day/week:hour:minute, with 05 as the last week",
			"all ports at the server of the first line, which is the only one there is",
			"ports other than the first have no service on hold",
			"the parameter of the web page's password; it is left as it is",
			"the parameter of a CA",
		},
	}
}

var audiocodesMPSIPForm = regexp.MustCompile(`(?i)^Audiocodes-Sip-Gateway-(MP-?\d{3})(?:[ -][0-9A-Z_ -]{1,16})?/v\.(\d{1,6}(?:\.[0-9A-Z]{1,6}){1,6})$`)

func audiocodesMPSIPAgent(agent string) (Ident, bool) {
	if len(agent) < 10 || !strings.EqualFold(agent[:10], "Audiocodes") {
		return Ident{}, false
	}
	g := audiocodesMPSIPForm.FindStringSubmatch(agent)
	if g == nil {
		return Ident{}, false
	}
	id := Ident{Vendor: audiocodesMPVendor, Model: strings.ToUpper(g[1]), Firmware: g[2]}
	if m, ok := audiocodesMPModels.Of(g[1]); ok {
		id.Model = m.Name
	}
	return id, true
}

// audiocodesMPFile understands <Product><MAC>.ini, then <Product>.ini, which is
// not here, and <mac>.ini, the name our own configs give.
func audiocodesMPFile(name string) (File, bool) {
	stem, ok := strings.CutSuffix(strings.ToLower(name), ".ini")
	if !ok {
		return File{}, false
	}
	f := File{Name: name, Vendor: audiocodesMPVendor, Kind: Absent}
	product := stem
	if cut := len(stem) - 12; cut >= 0 {
		if mac, err := phone.ParseMAC(stem[cut:]); err == nil {
			f.Kind, f.MAC, product = Config, mac, stem[:cut]
		}
	}
	if product == "" {
		return f, true
	}
	m, known := audiocodesMPModels.Of(product)
	f.Model = m.Name
	return keepFile(f, known)
}

func audiocodesMPSequence(mac phone.MAC, model string) []string {
	if m, ok := audiocodesMPModels.Of(model); ok {
		product := strings.ReplaceAll(m.Name, "-", "")
		return []string{product + mac.Hex() + ".ini", product + ".ini"}
	}
	return []string{mac.Hex() + ".ini"}
}
