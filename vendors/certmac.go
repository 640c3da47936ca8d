package vendors

import (
	"crypto/x509/pkix"
	"encoding/asn1"

	"github.com/lineside/lineside/phone"
)

// commonName is the attribute type CN (RFC 5280 appendix A.1).
var commonName = asn1.ObjectIdentifier{2, 5, 4, 3}

// wholeCN reads a MAC that is the whole common name, as twelve hex digits in
// either case: the field all makers served use. A subject with no CN or with
// several is refused, whatever they say, because another reader of the same
// certificate might take another one. The certificate that old phones of a maker
// share names no phone, and is refused with them.
func wholeCN(subject pkix.Name) (phone.MAC, bool) {
	var cn string
	found := 0
	for _, a := range subject.Names {
		if a.Type.Equal(commonName) {
			found++
			cn, _ = a.Value.(string)
		}
	}
	if found != 1 || len(cn) != 12 {
		return phone.MAC{}, false
	}
	mac, err := phone.ParseMAC(cn) // of twelve bytes it takes hex digits only
	return mac, err == nil
}
