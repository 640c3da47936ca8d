package vendors_test

import (
	"crypto/x509/pkix"
	"encoding/asn1"
	"strings"
	"testing"

	"github.com/lineside/lineside/vendors"
)

// Attribute types of a subject.
var (
	oidCN     = asn1.ObjectIdentifier{2, 5, 4, 3}
	oidSerial = asn1.ObjectIdentifier{2, 5, 4, 5}
	oidO      = asn1.ObjectIdentifier{2, 5, 4, 10}
	oidOU     = asn1.ObjectIdentifier{2, 5, 4, 11}
	oidUID    = asn1.ObjectIdentifier{0, 9, 2342, 19200300, 100, 1, 1}
)

// named is a subject of these attributes, one in each set.
func named(attributes ...pkix.AttributeTypeAndValue) pkix.RDNSequence {
	var seq pkix.RDNSequence
	for _, a := range attributes {
		seq = append(seq, pkix.RelativeDistinguishedNameSET{a})
	}
	return seq
}

func is(oid asn1.ObjectIdentifier, value any) pkix.AttributeTypeAndValue {
	return pkix.AttributeTypeAndValue{Type: oid, Value: value}
}

func TestCertMAC(t *testing.T) {
	const plain = "0015654aa937"
	tests := []struct {
		name    string
		subject pkix.RDNSequence
		want    bool
	}{
		{"lower case", named(is(oidCN, plain)), true},
		{"upper case", named(is(oidCN, "0015654AA937")), true},
		{"mixed case", named(is(oidCN, "0015654Aa937")), true},
		{"among others", named(is(oidO, "Maker"), is(oidCN, plain), is(oidOU, "0004f2aabbcc")), true},

		{"empty subject", nil, false},
		{"empty CN", named(is(oidCN, "")), false},
		{"in the organisation only", named(is(oidO, plain)), false},
		{"in the unit only", named(is(oidO, "Maker"), is(oidOU, plain)), false},
		{"in the serial number only", named(is(oidSerial, plain), is(oidCN, "Phone")), false},
		{"in the user id only", named(is(oidUID, plain)), false},
		{"with colons", named(is(oidCN, "00:15:65:4a:a9:37")), false},
		{"with dashes", named(is(oidCN, "00-15-65-4a-a9-37")), false},
		{"with dots", named(is(oidCN, "0015.654a.a937")), false},
		{"with a prefix", named(is(oidCN, "SIP"+plain)), false},
		{"with a suffix", named(is(oidCN, plain+".example.net")), false},
		{"with a blank before", named(is(oidCN, " "+plain)), false},
		{"with a line end", named(is(oidCN, plain+"\n")), false},
		{"with NUL behind", named(is(oidCN, plain+"\x00")), false},
		{"with NUL and more", named(is(oidCN, plain+"\x00.evil")), false},
		{"NUL in it", named(is(oidCN, "0015654aa93\x00")), false},
		{"a digit missing", named(is(oidCN, plain[:11])), false},
		{"a digit too many", named(is(oidCN, plain+"0")), false},
		{"full-width digits", named(is(oidCN, "００１５６５４００９３７")), false},
		{"twelve bytes of full-width digits", named(is(oidCN, "００１５")), false},
		{"Arabic digits", named(is(oidCN, "٠٠١٥٦٥")), false},
		{"a letter O for a nought", named(is(oidCN, "OO15654aa937")), false},
		{"twice", named(is(oidCN, plain), is(oidCN, plain)), false},
		{"two of them, MAC last", named(is(oidCN, "Phone"), is(oidCN, plain)), false},
		{"two of them, MAC first", named(is(oidCN, plain), is(oidCN, "Phone")), false},
		{"two in one set", pkix.RDNSequence{{is(oidCN, plain), is(oidCN, "0015654aa938")}}, false},
		{"a second one that is no text", named(is(oidCN, plain), is(oidCN, 7)), false},
		{"no text", named(is(oidCN, 15654937)), false},
		{"all noughts", named(is(oidCN, "000000000000")), false},
		{"broadcast", named(is(oidCN, "ffffffffffff")), false},
		{"a group address", named(is(oidCN, "01005e000001")), false},
		{"shared by old phones", named(is(oidO, "Maker"), is(oidCN, "IP Phone")), false},
		{"the inside of another attribute", named(is(oidCN, "x/CN="+plain)), false},
	}
	for _, m := range vendors.All().Makers() {
		for _, tt := range tests {
			var subject pkix.Name
			subject.FillFromRDNSequence(&tt.subject)
			got, ok := m.CertMAC(subject)
			if ok != tt.want || ok && got != mac(t, plain) || !ok && !got.IsZero() {
				t.Errorf("%s, %s: got %s %v, want %v", m.Vendor, tt.name, got, ok, tt.want)
			}
		}
		// A name put together by hand, which no parser makes, names nobody.
		if got, ok := m.CertMAC(pkix.Name{CommonName: plain}); ok {
			t.Errorf("%s: a name without attributes gives %s", m.Vendor, got)
		}
	}
}

// FuzzCertMAC: of whatever subject, a MAC that is read out is the whole of the one
// CN in it, digit by digit.
func FuzzCertMAC(f *testing.F) {
	for _, s := range []pkix.RDNSequence{
		named(is(oidCN, "0015654AA937")),
		named(is(oidO, "Maker"), is(oidCN, "0015654aa937"), is(oidOU, "0004f2aabbcc")),
		named(is(oidCN, "0015654aa937"), is(oidCN, "0015654aa938")),
		named(is(oidCN, "０0015654a")),
		{{is(oidCN, "0015654aa937"), is(oidOU, "0015654aa937")}},
	} {
		der, err := asn1.Marshal(s)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(der)
	}
	f.Fuzz(func(t *testing.T, der []byte) {
		var seq pkix.RDNSequence
		if rest, err := asn1.Unmarshal(der, &seq); err != nil || len(rest) > 0 {
			return
		}
		var names []any
		for _, set := range seq {
			for _, a := range set {
				if a.Type.Equal(oidCN) {
					names = append(names, a.Value)
				}
			}
		}
		var subject pkix.Name
		subject.FillFromRDNSequence(&seq)
		for _, m := range vendors.All().Makers() {
			got, ok := m.CertMAC(subject)
			if !ok {
				if !got.IsZero() {
					t.Fatalf("refused, but says %s", got)
				}
				continue
			}
			checkMAC(t, got)
			if cn, isText := names[0].(string); len(names) != 1 || !isText || strings.ToLower(cn) != got.Hex() {
				t.Fatalf("common names %q give %s", names, got)
			}
		}
	})
}
