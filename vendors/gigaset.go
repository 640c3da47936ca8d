package vendors

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/lineside/lineside/phone"
)

// The five config languages of Gigaset.
const (
	gigasetVendor        phone.Vendor = "gigaset" // N610, N670, N870
	gigasetMaxwellVendor phone.Vendor = "gigaset-maxwell"
	gigasetN510Vendor    phone.Vendor = "gigaset-n510"
	gigasetN720Vendor    phone.Vendor = "gigaset-n720"
	gigasetPVendor       phone.Vendor = "gigaset-p" // P7xx and P8xx, built by snom
)

// optDefaultURL is option 114 as Gigaset read it before RFC 8910 made it the
// captive portal's: it goes to nobody else.
const optDefaultURL = 114

// maxDefaultURL is how much of it they read.
const maxDefaultURL = 74

// gigaset serves the DECT bases N610, N670 and N870 in the role "All-in-one",
// which they are given on the base itself (Gigaset wiki, "N610 N670 N870").
func gigaset() Maker {
	m := gigasetMaker(gigasetVendor, "Gigaset N610, N670, N870", gigasetModels)
	m.Options = gigasetMacroOptions
	m.Sequence = func(mac phone.MAC, _ string) []string { return []string{mac.Hex() + ".xml"} }
	m.Rehome = Rehome{URL: []string{gigasetServer}, User: []string{gigasetServer}, Password: []string{gigasetServer}}
	m.Resync = Resync{Event: "check-sync;reboot=false", Once: true}
	m.Shows = Shows{Text: true, NoMAC: macHandset}
	m.Book = gigasetBook("gigaset-book.xml")
	m.Redirect = gigasetRedirect(gigasetMacroFile)
	m.build = gigasetBuild
	m.expands = gigasetMacros
	m.Upgrade = UpgradeByVersion
	m.format = gigasetFormat{
		pairXML: pairXML{element: "param", name: "name", value: "value", escape: xmlText},
		root:    `<provisioning version="1.1" productID="e2">`, last: "<oper name=\"update_dm\" value=\"local\"/>\n",
	}
	m.Unverified = append(m.Unverified,
		"Provisioning.global.ProvisioningServer takes a login in its URL, as the redirect service's does from 2.53",
		"no parameter for fetching again after a time: it does so at NOTIFY and at a start",
		"update_dm without RegStart gives handsets their accounts and leaves registering shut",
		"the registration code of a handset stays the base's own",
		"an account of a handset that is not there is passed over",
		"DmGlobal.0.TimeZone takes any IANA name",
		"columns of the redirect service's sheet",
		"Netdir.1 is the phone book of XMLDir.1, whose URL may hold a token and takes the query behind it",
		"accounts of N610, N670 and N870 in the role All-in-one",
		"parameters of a VLAN and of emergency numbers",
		"TLS accounts: SRTP_Enabled 1 offers and AcceptNonSRTPCalls 1 does not demand it",
	)
	return m
}

// gigasetRedirect is the brand's sheet; file is the name of a phone's own file
// behind the URL.
func gigasetRedirect(file func(mac phone.MAC) string) *Redirect {
	return &Redirect{
		Name:    "gigaset",
		Columns: []string{"MAC", "MAC-ID", "URL", "URL with login"},
		Row: func(d Redirected) []string {
			// The MAC-ID is on the device's label, and nowhere else.
			return []string{upperHex(d.MAC), "", d.URL + file(d.MAC), urlWithLogin(d.URL, d.Login) + file(d.MAC)}
		},
	}
}

// gigasetBook is searched on line. Its login is in the path: which of theirs the
// bases show a book's server differs from one to the next.
func gigasetBook(file string) *Book { return partsBook(file, true, gigasetAsk, gigasetList) }

// gigasetMacroFile leaves the MAC to the phone.
func gigasetMacroFile(phone.MAC) string { return "%MACD.xml" }

// gigasetPlainFile writes it out: the older bases know no macro.
func gigasetPlainFile(mac phone.MAC) string { return upperHex(mac) + ".xml" }

func gigasetMaker(v phone.Vendor, name string, models Models) Maker {
	return Maker{
		Vendor:      v,
		Brand:       gigasetVendor,
		Name:        name,
		OUIs:        [][3]byte{{0x7c, 0x2f, 0x80}, {0x58, 0x9e, 0xc6}, {0x00, 0x21, 0x04}},
		Models:      models,
		Class:       func(class []byte) (Ident, bool) { return gigasetClass(v, class) },
		Classes:     slices.Concat(classModels("Gigaset_", models), classModels("Gigaset ", models), classModels("", models)),
		Agent:       func(agent string) (Ident, bool) { return gigasetAgent(v, agent) },
		SIPAgent:    func(agent string) (Ident, bool) { return gigasetAgent(v, agent) },
		File:        func(name string) (File, bool) { return gigasetFile(v, name) },
		Fetch:       Fetch{By: []Protocol{HTTP, HTTPS}, Auth: Digest},
		FirstTryMAC: true,
		Dials:       AsTyped,
		ContentType: "text/xml; charset=utf-8",
		Unverified: []string{
			"in which letters the MAC is shown as a user name; either is taken",
			"option 60 of N610, N670, N870 and Maxwell",
			"no list of emergency numbers: handsets dial whatever is keyed in",
			"a hotline, and dialling when a handset is taken up",
			"addresses that begin with 00:21:04",
			"the SIP User-Agent has the form of the HTTP one",
		},
	}
}

// gigasetProduct is a product's name as option 60 and User-Agent spell it.
var gigasetProduct = regexp.MustCompile(`(?i)^(?:Gigaset[ _])?(N510|N720|N610|N670|N870E|N870|Maxwell[ _-]?(?:Basic|2|3|4|C))(?:[ _-]|$)`)

// gigasetModel reads a product's name and the vendor of its language.
func gigasetModel(product string) (phone.Vendor, string, bool) {
	g := gigasetProduct.FindStringSubmatch(product)
	if g == nil {
		return "", "", false
	}
	word := strings.NewReplacer(" ", "", "_", "", "-", "").Replace(g[1])
	for _, family := range []struct {
		vendor phone.Vendor
		models Models
	}{
		{gigasetVendor, gigasetModels}, {gigasetMaxwellVendor, gigasetMaxwellModels},
		{gigasetN510Vendor, gigasetN510Models}, {gigasetN720Vendor, gigasetN720Models},
	} {
		if m, ok := family.models.Of(word); ok {
			return family.vendor, m.Name, true
		}
	}
	return "", "", false
}

// gigasetClass reads "N510_IP_PRO" and "Gigaset_N720_DM_PRO".
func gigasetClass(v phone.Vendor, class []byte) (Ident, bool) {
	if len(class) > 48 {
		return Ident{}, false
	}
	of, model, ok := gigasetModel(string(class))
	if !ok || of != v {
		return Ident{}, false
	}
	return Ident{Vendor: v, Model: model}, true
}

// gigasetAgentForm is "Gigaset N870 IP PRO/83.V2.11.0+build.a546b91;7C2F80E0D605",
// with or without the maker, the build and the MAC, and ";Handset=3" behind it
// when a handset asks for its phone book.
var gigasetAgentForm = regexp.MustCompile(`^"?([A-Za-z0-9 _-]{4,32})/([0-9A-Za-z]{1,6}(?:\.[0-9A-Za-z]{1,6}){2,5})(?:\+[0-9A-Za-z.]{1,32})?(?:;([0-9A-Fa-f]{12}))?(?:;Handset=[0-9]{1,5})?"?$`)

func gigasetAgent(v phone.Vendor, agent string) (Ident, bool) {
	if !strings.Contains(agent, "N") && !strings.Contains(agent, "Maxwell") {
		return Ident{}, false
	}
	g := gigasetAgentForm.FindStringSubmatch(agent)
	if g == nil {
		return Ident{}, false
	}
	of, model, ok := gigasetModel(g[1])
	if !ok || of != v {
		return Ident{}, false
	}
	id := Ident{Vendor: v, Model: model, Firmware: g[2]}
	id.MAC, _ = phone.ParseMAC(g[3])
	return id, true
}

// gigasetShipped are files a device asks for that the box never has: firmware
// and its lists, and the file whose absence sends it on to <MAC>.xml.
var gigasetShipped = map[string]bool{"master.bin": true, "baselines.bin": true, "sifsroot.bin": true, "provisioning.xml": true}

func gigasetFile(v phone.Vendor, name string) (File, bool) {
	lower := strings.ToLower(name)
	f := File{Name: name, Vendor: v}
	if gigasetShipped[lower] {
		f.Kind = Absent
		return f, true
	}
	mac, rest, ok := leadingMAC(lower)
	if !ok || rest != ".xml" {
		return File{}, false
	}
	f.Kind, f.MAC = Config, mac
	return f, true
}

// gigasetMacroOptions names the device's own file by its macro, in 114 and in 66,
// which is looked at where there is no 114.
func gigasetMacroOptions(box Box) []Option {
	if !strings.Contains(box.URL, "://") {
		return nil
	}
	return gigasetURL(strings.TrimSuffix(box.URL, "/") + "/%MACD.xml")
}

// gigasetHostOptions is host and folder without a scheme, as N510 and N720 take
// it; they ask by HTTP.
func gigasetHostOptions(box Box) []Option {
	host, ok := gigasetHost(box.URL)
	if !ok {
		return nil
	}
	return gigasetURL(host)
}

// gigasetHost takes the scheme off a URL, and the last slash.
func gigasetHost(raw string) (string, bool) {
	scheme, host, path, err := splitURL(raw)
	if err != nil || scheme != "http" {
		return "", false
	}
	return strings.TrimSuffix(host+"/"+path, "/"), true
}

func gigasetURL(value string) []Option {
	var options []Option
	if len(value) <= maxDefaultURL {
		options = textOption(options, optDefaultURL, value)
	}
	return textOption(options, optServerName, value)
}

// gigasetHandset is the number of a handset as parameters carry it.
func gigasetHandset(n int) string { return fmt.Sprintf("%05d", n) }
