package vendors

import (
	"crypto/x509/pkix"
	"encoding/asn1"

	"github.com/lineside/lineside/phone"
)

// commonName is the attribute type CN (RFC 5280 appendix A.1).
var commonName = asn1.ObjectIdentifier{2, 5, 4, 3}

// wholeCN reads a MAC that is the whole common name: the field most makers use.
func wholeCN(subject pkix.Name) (phone.MAC, bool) { return wholeField(subject, commonName) }

// wholeField reads a MAC that is the whole of one attribute, as twelve hex
// digits in either case. A subject with none or with several of them is refused,
// whatever they say, because another reader of the same certificate might take
// another one. The certificate that old phones of a maker share names no phone,
// and is refused with them.
func wholeField(subject pkix.Name, field asn1.ObjectIdentifier) (phone.MAC, bool) {
	var text string
	found := 0
	for _, a := range subject.Names {
		if a.Type.Equal(field) {
			found++
			text, _ = a.Value.(string)
		}
	}
	if found != 1 || len(text) != 12 {
		return phone.MAC{}, false
	}
	mac, err := phone.ParseMAC(text) // of twelve bytes it takes hex digits only
	return mac, err == nil
}
