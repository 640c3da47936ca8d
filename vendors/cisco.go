package vendors

import (
	"crypto/x509/pkix"
	"encoding/asn1"
	"errors"
	"fmt"
	"regexp"
	"strings"

	"github.com/lineside/lineside/phone"
)

// What the families that came out of Sipura share: Linksys adapters and phones,
// Cisco's SPA phones, its adapters, and the multiplatform phones. All read a
// "flat profile" and are led by Profile_Rule. They differ in names, in how they
// are found, and in what they can show, so each is a vendor of its own.
//
// Only the multiplatform phones ask a person for a login. At the others it is
// typed into the rule on their own page: [--uid USER --pwd PASSWORD]URL. A wrong
// one there stays wrong: they ask for nothing and try it for ever.

// ciscoFile makes the reader of a family's file names. The phone's own file is
// own with the MAC behind it, a name of the box's choosing that no other family
// has; <mac>.xml and <mac>.cfg are what operators write by hand and what
// multiplatform phones ask for by themselves. first reads the name of the file
// that a factory-new phone asks for, which names a model and no phone.
func ciscoFile(vendor phone.Vendor, own string, first func(lower string) (model string, ok bool)) func(string) (File, bool) {
	return func(name string) (File, bool) {
		lower := strings.ToLower(name)
		if model, ok := first(lower); ok {
			return File{Name: name, Kind: Common, Vendor: vendor, Model: model}, true
		}
		mine, marked := strings.CutPrefix(lower, own)
		mac, rest, ok := leadingMAC(mine)
		if !ok || rest != ".xml" && (marked || rest != ".cfg") {
			return File{}, false
		}
		return File{Name: name, Kind: Config, Vendor: vendor, MAC: mac}, true
	}
}

// ciscoProduct makes the reader of "spa504g.cfg", a model's name as $PSN
// shortens it, for the products form finds in it.
func ciscoProduct(form *regexp.Regexp, models Models) func(string) (string, bool) {
	return func(lower string) (string, bool) {
		g := form.FindStringSubmatch(lower)
		if g == nil {
			return "", false
		}
		m, _ := models.Of(g[1])
		return m.Name, true
	}
}

// ciscoNamed is a model as its list spells it, or the word a phone used.
func ciscoNamed(models Models, word string) string {
	if m, ok := models.Of(word); ok {
		return m.Name
	}
	return strings.ToUpper(word)
}

// ciscoBrand is what people call all four families.
const ciscoBrand phone.Vendor = "cisco"

// ciscoNumbered are OUIs of which Cisco numbered small-business devices of
// several families; it has hundreds more.
var ciscoNumbered = [][3]byte{
	{0x00, 0x26, 0x99}, {0x50, 0x3d, 0xe5}, {0x00, 0xe1, 0x6d}, {0x00, 0xda, 0x55}, {0x10, 0xbd, 0x18},
	{0x00, 0x18, 0x73}, {0xa4, 0x4c, 0x11}, {0x00, 0x21, 0xa0}, {0x30, 0xe4, 0xdb}, {0x00, 0x21, 0x55},
	{0x68, 0xef, 0xbd}, {0x88, 0x43, 0xe1}, {0x00, 0x02, 0xfd},
}

// ciscoLater are those of adapters and multiplatform phones.
var ciscoLater = [][3]byte{{0xd0, 0xec, 0x35}, {0x0c, 0x11, 0x67}, {0x00, 0x56, 0x2b}}

// ciscoRehome is the one parameter that says where, as whom and with which
// password.
var ciscoRehome = []string{"Profile_Rule"}

// ciscoResync: the phones answer a NOTIFY with a challenge and want the line's
// own login. That stays on: the event may name a URL to fetch from, and without
// the challenge anybody on the LAN could send a phone to a server of his own.
var ciscoResync = Resync{Event: "resync", Reboot: "reboot_now"}

// errRule is of what a profile rule would read as something else.
var errRule = errors.New("has a character that means something in a profile rule: use letters, digits and -._~@+")

// ciscoRule writes a profile rule: where this phone finds its own file, and the
// login it shows there. The phone puts its MAC in for $MA.
//
// A rule is a small language, with options in brackets, macros, and choices
// between parentheses and bars, so nothing but plain words goes into it. It has
// no other place for a login: the secret macros $SA to $SD hold keys only.
func ciscoRule(url string, by []Protocol, own string, login Login) (string, error) {
	scheme, _, _, err := splitURL(url)
	if err != nil {
		return "", err
	}
	if !(Fetch{By: by}).Speaks(Protocol(scheme)) {
		return "", fmt.Errorf("the box's URL is %s, and these phones trust no CA but their maker's: set listen.url to one that begins with http://", scheme)
	}
	if strings.ContainsAny(url, " $|?()<>\"") {
		return "", fmt.Errorf("the box's URL %w", errRule)
	}
	rule := url + own + "$MA.xml"
	if login.User == "" {
		return rule, nil
	}
	password := login.Password.Reveal()
	if !ciscoRuleWord(login.User) || !ciscoRuleWord(password) {
		return "", fmt.Errorf("the phone's login %w", errRule)
	}
	return "[--uid " + login.User + " --pwd " + password + "]" + rule, nil
}

func ciscoRuleWord(s string) bool {
	for _, r := range s {
		if !(r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || strings.ContainsRune("-._~@+", r)) {
			return false
		}
	}
	return s != ""
}

// ciscoState is the attribute type "state or province" (RFC 5280 appendix A.1),
// where these makers put the MAC.
var ciscoState = asn1.ObjectIdentifier{2, 5, 4, 8}

// ciscoCertMAC reads a subject such as "OU=SPA-962, L=88012BA01234,
// S=000e08abcdef". The families may share a CA, so a certificate whose product
// is another family's is that one's to read.
func ciscoCertMAC(vendor phone.Vendor) func(pkix.Name) (phone.MAC, bool) {
	return func(subject pkix.Name) (phone.MAC, bool) {
		for _, product := range subject.OrganizationalUnit {
			if owner := ciscoOwner(product); owner != "" && owner != vendor {
				return phone.MAC{}, false
			}
		}
		return wholeField(subject, ciscoState)
	}
}

// ciscoOwner is the family a product belongs to; empty is not known.
func ciscoOwner(product string) phone.Vendor {
	product = strings.TrimSuffix(product, "-3PCC")
	families := []struct {
		vendor phone.Vendor
		models Models
	}{{ciscoMPPVendor, ciscoMPPModels}, {ciscoSPAVendor, ciscoSPAModels}, {ciscoATAVendor, ciscoATAModels}, {linksysVendor, linksysModels}}
	for _, f := range families {
		if _, ok := f.models.Of(strings.TrimSuffix(product, "-MPP")); ok {
			return f.vendor
		}
	}
	return ""
}
