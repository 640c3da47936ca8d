package vendors

import (
	"regexp"
	"strings"

	"github.com/lineside/lineside/phone"
)

// The two families of SmartNode. Their scripts begin with the dialect, and a
// device refuses a script of the other family.
const (
	pattonVendor        phone.Vendor = "patton"
	pattonTrinityVendor phone.Vendor = "patton-trinity"
)

// patton serves the SmartNode adapters that run SmartWare R6.
func patton() Maker {
	m := pattonMaker(smartWare.named(), pattonModels)
	m.Vendor, m.Name = pattonVendor, "Patton SmartNode (SmartWare)"
	m.Class = func(class []byte) (Ident, bool) { return pattonClass(class, true) }
	m.Agent = func(agent string) (Ident, bool) { return pattonAgent(agent, true) }
	m.File = func(name string) (File, bool) { return pattonFile(name, pattonVendor) }
	m.Unverified = append(m.Unverified,
		"proxy HOST PORT below registration outbound and call outbound",
		"preferred-transport-protocol tls; a script line the device refuses leaves the account on UDP at a port that answers nobody",
	)
	return m
}

// pattonTrinity serves the SmartNodes that run Trinity 3.
func pattonTrinity() Maker {
	m := pattonMaker(trinity.named(), pattonTrinityModels)
	m.Classes = classPrefixes("SN4", "SN5", "SN6", "SN10") // what is SmartWare's is narrower
	m.Vendor, m.Name = pattonTrinityVendor, "Patton SmartNode (Trinity)"
	m.Class = func(class []byte) (Ident, bool) { return pattonClass(class, false) }
	m.Agent = func(agent string) (Ident, bool) { return pattonAgent(agent, false) }
	m.File = func(name string) (File, bool) { return pattonFile(name, pattonTrinityVendor) }
	m.Unverified = append(m.Unverified,
		"the User-Agent and option 60 have SmartWare's form, with a version without its R",
		"an address of WAN from DHCP: ipaddress DHCP",
		"clock local default-offset as in SmartWare, and the years that bound a dst-rule",
		"an account without a realm answers any challenge",
		"actions and timer are those of SmartWare",
		"a script without syslog sends none; the VLAN of a port, and profile tls for fetching by HTTPS, are not written",
		"which SN45xx and SN46xx run Trinity; all but the SmartWare models are taken to",
	)
	return m
}

func pattonMaker(d pattonDialect, models Models) Maker {
	return Maker{
		Brand:    pattonVendor,
		OUIs:     [][3]byte{{0x00, 0xa0, 0xba}},
		Models:   models,
		Classes:  classModels("", models),
		Options:  pattonOptions,
		Sequence: func(mac phone.MAC, _ string) []string { return []string{mac.Hex() + ".cfg"} },
		Bare:     true, // the factory profile may try option 66 as it stands
		// No source says that a SmartNode answers a challenge, so its login is
		// the path its own script writes.
		Fetch:       Fetch{By: []Protocol{HTTP, TFTP}},
		ContentType: "text/plain; charset=utf-8",
		Rehome:      Rehome{URL: []string{pattonLocation}},
		// A script that is another is taken by a reload, when no call is up.
		Resync: Resync{Event: "check-sync", Reboots: true},
		NoBook: bookNoScreen,
		Shows:  Shows{NoMAC: macNoScreen},
		// A script is the whole configuration.
		Forgets: true,
		build:   d.build,
		expands: pattonMacros,
		format:  script{head: d.head, escape: pattonWord},
		Unverified: []string{
			"the factory provisioning profile takes option 66 as a folder and asks for <mac>.cfg in it; it may ask for the bare URL first, with or without a slash",
			"no HTTP authentication, in the URL of location 1 or by a challenge",
			"option 67 is not looked at",
			"the weeks of a dst-rule are called first, second, third, fourth, last",
			"a call without digits after going off-hook cannot be told from one that waits for an emergency number: no hotline",
			"the SIP User-Agent",
			"the dot of a route stands for * and # as well as for digits",
			"a mode that is entered twice is added to, and exit leaves one",
			"subscriber-number makes a port's calls leave under the identity of that name",
			"an argument between double quotes may hold blanks and % . *",
			"options 43, 150 and 160 are not looked at",
			"a mapping-table that rewrites called numbers; none is written",
			"no SIP PnP",
		},
	}
}

// pattonAgentForm is "SmartNode (Model:SN4112/JS/EUI; Serial:00A0BA08933C;
// Software Version:R6.2 2012-09-11 …". The serial number is the MAC.
var pattonAgentForm = regexp.MustCompile(`^SmartNode \(Model:(SN[0-9]{4})[A-Z]{0,4}(?:/[^;]{1,32})?; Serial:([0-9A-Fa-f]{12}); Software Version:(R?)([0-9]{1,3}(?:\.[0-9A-Za-z]{1,8}){0,5})(?:[ ;)]|$)`)

func pattonAgent(agent string, smart bool) (Ident, bool) {
	if !strings.HasPrefix(agent, "SmartNode (") {
		return Ident{}, false
	}
	g := pattonAgentForm.FindStringSubmatch(agent)
	if g == nil || smart != (g[3] == "R") {
		return Ident{}, false
	}
	id := Ident{Vendor: pattonFamily(smart), Model: g[1], Firmware: g[4]}
	id.MAC, _ = phone.ParseMAC(g[2])
	return id, true
}

// pattonClass reads option 60, which begins with the model: "SN4112…".
func pattonClass(class []byte, smart bool) (Ident, bool) {
	if len(class) < 6 || len(class) > 64 || string(class[:2]) != "SN" {
		return Ident{}, false
	}
	for _, c := range class[2:6] {
		if c < '0' || c > '9' {
			return Ident{}, false
		}
	}
	model := string(class[:6])
	if _, ok := pattonModels.Of(model); ok != smart {
		return Ident{}, false
	}
	return Ident{Vendor: pattonFamily(smart), Model: model}, true
}

func pattonFamily(smart bool) phone.Vendor {
	if smart {
		return pattonVendor
	}
	return pattonTrinityVendor
}

// pattonFile understands <mac>.cfg, the same without an ending, which some
// set-ups ask for beside it, and the script that would bring firmware.
func pattonFile(name string, v phone.Vendor) (File, bool) {
	lower := strings.ToLower(name)
	f := File{Name: name, Vendor: v}
	if lower == "bw" {
		f.Kind = Absent
		return f, true
	}
	mac, rest, ok := leadingMAC(lower)
	if !ok || rest != "" && rest != ".cfg" {
		return File{}, false
	}
	f.Kind, f.MAC = Config, mac
	return f, true
}

// pattonOptions gives the folder in 66 without its last slash: the profile puts
// one and the file's name behind it.
func pattonOptions(box Box) []Option {
	return textOption(nil, optServerName, strings.TrimSuffix(box.URL, "/"))
}
