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
	oidState  = asn1.ObjectIdentifier{2, 5, 4, 8}
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
	for _, m := range vendors.All().Makers() {
		if m.CertMAC == nil {
			continue // its devices carry no certificate
		}
		testCertMAC(t, m, certField(t, m))
	}
}

// certField is the attribute a maker puts the MAC in.
func certField(t *testing.T, m vendors.Maker) asn1.ObjectIdentifier {
	t.Helper()
	if field := samplesOf(t, m.Vendor).certField; field != nil {
		return field
	}
	return oidCN
}

// testCertMAC tries subjects whose MAC belongs into the attribute oidField.
func testCertMAC(t *testing.T, m vendors.Maker, oidField asn1.ObjectIdentifier) {
	const plain = "0015654aa937"
	tests := []struct {
		name    string
		subject pkix.RDNSequence
		want    bool
	}{
		{"lower case", named(is(oidField, plain)), true},
		{"upper case", named(is(oidField, "0015654AA937")), true},
		{"mixed case", named(is(oidField, "0015654Aa937")), true},
		{"among others", named(is(oidO, "Maker"), is(oidField, plain), is(oidOU, "0004f2aabbcc")), true},

		{"empty subject", nil, false},
		{"empty CN", named(is(oidField, "")), false},
		{"in the organisation only", named(is(oidO, plain)), false},
		{"in the unit only", named(is(oidO, "Maker"), is(oidOU, plain)), false},
		{"in the serial number only", named(is(oidSerial, plain), is(oidField, "Phone")), false},
		{"in the user id only", named(is(oidUID, plain)), false},
		{"with colons", named(is(oidField, "00:15:65:4a:a9:37")), false},
		{"with dashes", named(is(oidField, "00-15-65-4a-a9-37")), false},
		{"with dots", named(is(oidField, "0015.654a.a937")), false},
		{"with a prefix", named(is(oidField, "SIP"+plain)), false},
		{"with a suffix", named(is(oidField, plain+".example.net")), false},
		{"with a blank before", named(is(oidField, " "+plain)), false},
		{"with a line end", named(is(oidField, plain+"\n")), false},
		{"with NUL behind", named(is(oidField, plain+"\x00")), false},
		{"with NUL and more", named(is(oidField, plain+"\x00.evil")), false},
		{"NUL in it", named(is(oidField, "0015654aa93\x00")), false},
		{"a digit missing", named(is(oidField, plain[:11])), false},
		{"a digit too many", named(is(oidField, plain+"0")), false},
		{"full-width digits", named(is(oidField, "００１５６５４００９３７")), false},
		{"twelve bytes of full-width digits", named(is(oidField, "００１５")), false},
		{"Arabic digits", named(is(oidField, "٠٠١٥٦٥")), false},
		{"a letter O for a nought", named(is(oidField, "OO15654aa937")), false},
		{"twice", named(is(oidField, plain), is(oidField, plain)), false},
		{"two of them, MAC last", named(is(oidField, "Phone"), is(oidField, plain)), false},
		{"two of them, MAC first", named(is(oidField, plain), is(oidField, "Phone")), false},
		{"two in one set", pkix.RDNSequence{{is(oidField, plain), is(oidField, "0015654aa938")}}, false},
		{"a second one that is no text", named(is(oidField, plain), is(oidField, 7)), false},
		{"no text", named(is(oidField, 15654937)), false},
		{"all noughts", named(is(oidField, "000000000000")), false},
		{"broadcast", named(is(oidField, "ffffffffffff")), false},
		{"a group address", named(is(oidField, "01005e000001")), false},
		{"shared by old phones", named(is(oidO, "Maker"), is(oidField, "IP Phone")), false},
		{"the inside of another attribute", named(is(oidField, "x/CN="+plain)), false},
	}
	for _, tt := range tests {
		var subject pkix.Name
		subject.FillFromRDNSequence(&tt.subject)
		got, ok := m.CertMAC(subject)
		if ok != tt.want || ok && got != mac(t, plain) || !ok && !got.IsZero() {
			t.Errorf("%s, %s: got %s %v, want %v", m.Vendor, tt.name, got, ok, tt.want)
		}
	}
	// A name put together by hand, which no parser makes, names nobody.
	if got, ok := m.CertMAC(pkix.Name{CommonName: plain, Province: []string{plain}}); ok {
		t.Errorf("%s: a name without attributes gives %s", m.Vendor, got)
	}
}

// FuzzCertMAC: of whatever subject, a MAC that is read out is the whole of the one
// attribute the maker puts it in, digit by digit.
func FuzzCertMAC(f *testing.F) {
	for _, s := range []pkix.RDNSequence{
		named(is(oidCN, "0015654AA937")),
		named(is(oidO, "Maker"), is(oidCN, "0015654aa937"), is(oidOU, "0004f2aabbcc")),
		named(is(oidCN, "0015654aa937"), is(oidCN, "0015654aa938")),
		named(is(oidCN, "０0015654a")),
		{{is(oidCN, "0015654aa937"), is(oidOU, "0015654aa937")}},
		named(is(oidOU, "SPA-962"), is(oidState, "000e08abcdef"), is(oidCN, "0015654aa937")),
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
		var subject pkix.Name
		subject.FillFromRDNSequence(&seq)
		for _, m := range vendors.All().Makers() {
			if m.CertMAC == nil {
				continue
			}
			got, ok := m.CertMAC(subject)
			if !ok {
				if !got.IsZero() {
					t.Fatalf("refused, but says %s", got)
				}
				continue
			}
			checkMAC(t, got)
			var names []any
			for _, a := range subject.Names {
				if a.Type.Equal(certField(t, m)) {
					names = append(names, a.Value)
				}
			}
			if text, isText := names[0].(string); len(names) != 1 || !isText || strings.ToLower(text) != got.Hex() {
				t.Fatalf("attributes %q give %s", names, got)
			}
		}
	})
}
