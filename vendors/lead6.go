package vendors

import (
	"strings"

	"github.com/lineside/lineside/phone"
)

// Lead6 is what leads a maker's phones to the box by DHCPv6. Options are the
// sub-options of option 17 under the maker's Enterprise number; an Enterprise of
// 0 is one that nobody has told us, and a phone then names its own.
type Lead6 struct {
	URL        string // option 59 (RFC 5970); "" where the maker's phones take none
	Enterprise uint32
	Options    []Option
}

// Lead6 is what phones of a maker are told, for a box at an IPv6 address. No
// source shows a maker's own layout but Cisco's, so the others get the values of
// their DHCPv4 options under the same numbers, as Cisco's multiplatform phones
// name them beside 17 ("17,160,159").
func (t Table) Lead6(v phone.Vendor, box Box) (Lead6, bool) {
	m, ok := t.Of(v)
	if !ok || m.Options == nil {
		return Lead6{}, false
	}
	l := Lead6{Enterprise: enterprise(v)}
	for _, o := range m.Leads(box) {
		switch o.Code {
		case optServerName, optProvisionURL, optSecondURL, optDefaultURL:
			if l.URL == "" && strings.Contains(string(o.Value), "://") {
				l.URL = string(o.Value)
			}
			l.Options = append(l.Options, o)
		}
	}
	if v == ciscoSEPVendor && box.Addr.Is6() {
		l.Options = []Option{{Code: ciscoTFTP6, Value: box.Addr.AsSlice()}}
	}
	return l, l.URL != "" || len(l.Options) > 0
}

// Options that hold a URL beside those of options.go.
const (
	optSecondURL = 159
	// ciscoTFTP6 is the list of TFTP servers, 16 bytes each, in Cisco's option 17.
	ciscoTFTP6 = 1
)

// enterprise is a maker's number of the IANA list, as far as a source of ours
// names it; 0 else. A line more is all it takes to mend.
func enterprise(v phone.Vendor) uint32 {
	switch v {
	case ciscoSEPVendor, ciscoMPPVendor, ciscoSPAVendor, ciscoATAVendor:
		return 9
	case polyVendor:
		return 13885 // its option 60 begins with it
	}
	return 0
}
