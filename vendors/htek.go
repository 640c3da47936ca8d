package vendors

import (
	"regexp"
	"strings"

	"github.com/lineside/lineside/phone"
)

const htekVendor phone.Vendor = "htek"

// htek serves the UC8 and UC9 series (Hanlong hardware, sold under several
// brands), whose configs are P-values: numbers for names. The numbers are those
// of public configs of firmware 2.0.
func htek() Maker {
	return Maker{
		Vendor:      htekVendor,
		Name:        "Htek",
		OUIs:        [][3]byte{{0x00, 0x1f, 0xc1}},
		Models:      htekModels,
		MaxLines:    len(htekAccounts),
		Agent:       htekAgent,
		File:        htekFile,
		Options:     htekOptions,
		Sequence:    htekSequence,
		Fetch:       Fetch{By: []Protocol{HTTPS, HTTP, TFTP}, Auth: Digest | Basic},
		ContentType: "text/xml; charset=utf-8",
		Rehome:      Rehome{URL: []string{"P237"}, User: []string{"P1360"}, Password: []string{"P1361"}},
		Resync:      Resync{Event: "resync", Reboot: "check-sync;reboot=true"},
		Upgrade:     UpgradeByFolder,
		Shows:       Shows{Text: true, Hotline: true, HotlineDelay: true, MAC: true},
		Book:        &Book{File: "htek-book.xml", ContentType: "text/xml; charset=utf-8", Write: ipPhoneDirectory("PhoneDirectory")},
		build:       htekBuild,
		format:      pValues("hl_provision"),
		Unverified: []string{
			"how much of the label the idle screen has room for: on hold the state and the MAC stand in it",
			"P192 with a path and without a scheme takes the firmware from there",
			"the codes of models in cfg<code>.xml; none is served, since the phone stops at the first file it gets",
			"whether Basic or Digest is answered",
			"options 43, 120 and 42; only 66 is sent",
			"P212 of TFTP and of FTP",
			"P237 without a slash at its end",
			"P192 at the box keeps the phone from asking the maker's server for firmware",
			"P4210 dials after P8638 seconds and leaves time to dial a number by hand before",
			"P71 as the hotline, as on phones of that descent; P4210 is written",
			"P967 is asked when the server does not answer, and empty is none",
			"P5732 takes several numbers apart by commas",
			"a number that stands by itself in the dial plan is dialled at its last digit",
			"time zone codes other than 33 (UTC) and 49 (UTC+1); others are left to DHCP option 2",
			"P23117 1 is summer time by week, 5 the last week, and P23120 and P23124 count weekdays from Sunday as 0",
			"P183 1 offers SRTP without demanding it",
			"accounts 5 and 6 of the UC926; four are written",
			"the number of German in P8621; the language is left as it is where the site's is German",
			"the number that switches the multicast PnP off",
			"P4401 and P3316 as the remote phone book, its root, and a login in its URL; P330 to P333, which download one into the phone, are not written",
			"how many accounts and keys the models have",
		},
	}
}

var htekAgentForm = regexp.MustCompile(`^Htek ([0-9A-Za-z-]{2,16}) (\d{1,6}(?:\.\d{1,6}){1,6}) ([0-9a-fA-F]{2}(?::[0-9a-fA-F]{2}){5})$`)

func htekAgent(agent string) (Ident, bool) {
	if !strings.HasPrefix(agent, "Htek ") {
		return Ident{}, false
	}
	g := htekAgentForm.FindStringSubmatch(agent)
	if g == nil {
		return Ident{}, false
	}
	id := Ident{Vendor: htekVendor, Model: strings.ToUpper(g[1]), Firmware: g[2]}
	if m, ok := htekModels.Of(g[1]); ok {
		id.Model = m.Name
	}
	id.MAC, _ = phone.ParseMAC(g[3])
	return id, true
}

// htekFile understands what a phone asks for at power-on: the model's file, a
// binary copy of its settings, and its own XML. It stops at the first it gets,
// so the first two are never there. <mac>.cfg is what other servers tell it to
// ask for.
func htekFile(name string) (File, bool) {
	lower := strings.ToLower(name)
	f := File{Name: name, Vendor: htekVendor}
	if mac, rest, ok := leadingMAC(lower); ok && rest == ".cfg" {
		f.Kind, f.MAC = Config, mac
		return f, true
	}
	if digits, ok := htekDigits(lower, "factory", ".bin"); ok && digits == 4 {
		f.Kind = Absent
		return f, true
	}
	rest, ok := strings.CutPrefix(lower, "cfg")
	if !ok {
		return File{}, false
	}
	if mac, rest, ok := leadingMAC(rest); ok {
		switch rest {
		case ".xml":
			f.Kind, f.MAC = Config, mac
			return f, true
		case "":
			f.Kind, f.MAC = Absent, mac
			return f, true
		}
		return File{}, false
	}
	if digits, ok := htekDigits(lower, "cfg", ".xml"); ok && digits == 4 {
		f.Kind = Absent
		return f, true
	}
	return File{}, false
}

// htekDigits counts the digits between two parts of a name, if there is nothing
// else between them.
func htekDigits(name, before, after string) (n int, ok bool) {
	rest, ok := strings.CutPrefix(name, before)
	if !ok {
		return 0, false
	}
	rest, ok = strings.CutSuffix(rest, after)
	return len(rest), ok && strings.Trim(rest, "0123456789") == ""
}

func htekOptions(box Box) []Option { return textOption(nil, optServerName, box.URL) }

func htekSequence(mac phone.MAC, _ string) []string {
	return []string{"cfg" + mac.Hex(), "cfg" + mac.Hex() + ".xml"}
}
