package store

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"net/netip"
	"time"

	"github.com/lineside/lineside/phone"
)

// A building's power-up is thousands of leases, each written before its ACK. So a lease's JSON is written and read by hand, to the byte
// what encoding/json makes of storedLease; what is out of the ordinary (text
// that wants escaping, an order or a field this build does not write) goes
// through encoding/json itself.

// leaseHead begins every lease of the newest schema.
const leaseHead = `{"v":1,"address":"`

// encodeLease writes a lease as a stored value.
func encodeLease(s storedLease) ([]byte, error) {
	b, _, err := addLease(make([]byte, 0, 384), &s)
	return b, err
}

// addLease is encodeLease that appends to b, and says whether it is written by hand.
func addLease(b []byte, s *storedLease) (_ []byte, byHand bool, err error) {
	from := len(b)
	b, byHand = appendLease(b, s)
	if !byHand {
		kept := *s // what is handed on does not stay on the stack
		value, err := frame(kept)
		return append(b[:from], value...), false, err
	}
	b, err = addSum(b, from)
	return b, true, err
}

// appendLease adds what json.Marshal gives; ok is false where that is left to
// it.
func appendLease(b []byte, s *storedLease) (_ []byte, ok bool) {
	if s.V != leaseSchema || !s.Addr.IsValid() || !datable(s.Start) || !datable(s.Expires) {
		return b, false
	}
	for _, text := range [...]string{s.Addr.Zone(), string(s.State), s.Host, s.Class, string(s.Vendor), s.Model} {
		if !plainText(text) {
			return b, false
		}
	}
	b = append(s.Addr.AppendTo(append(b, leaseHead...)), '"')
	if s.MAC != (storedMAC{}) {
		b = append(appendMAC(append(b, `,"mac":"`...), s.MAC), '"')
	}
	if len(s.ClientID) > 0 {
		b = append(base64.StdEncoding.AppendEncode(append(b, `,"client_id":"`...), s.ClientID), '"')
	}
	b = appendText(b, `,"state":"`, string(s.State))
	b = appendTime(b, `,"start":"`, s.Start)
	b = appendTime(b, `,"expires":"`, s.Expires)
	for _, f := range [...]struct{ name, value string }{
		{`,"host":"`, s.Host}, {`,"class":"`, s.Class}, {`,"vendor":"`, string(s.Vendor)}, {`,"model":"`, s.Model},
	} {
		if f.value != "" {
			b = appendText(b, f.name, f.value)
		}
	}
	return append(b, '}'), true
}

func appendText(b []byte, name, value string) []byte {
	return append(append(append(b, name...), value...), '"')
}

func appendTime(b []byte, name string, t time.Time) []byte {
	if t.IsZero() {
		return b
	}
	return append(t.AppendFormat(append(b, name...), time.RFC3339Nano), '"')
}

func appendMAC(b []byte, m storedMAC) []byte {
	for i := range m {
		if i > 0 {
			b = append(b, ':')
		}
		b = hex.AppendEncode(b, m[i:i+1])
	}
	return b
}

// datable reports that JSON can say t as it stands.
func datable(t time.Time) bool {
	return t.Location() == time.UTC && t.Year() >= 0 && t.Year() <= 9999
}

// plainText reports that JSON says s as it stands: printable ASCII but for what
// encoding/json escapes.
func plainText[T string | []byte](s T) bool {
	for i := range len(s) {
		switch c := s[i]; {
		case c < ' ', c > '~', c == '"', c == '\\', c == '<', c == '>', c == '&':
			return false
		}
	}
	return true
}

// parseLease reads a stored value.
func parseLease(value []byte) (storedLease, error) {
	b, err := unframe(value)
	if err != nil {
		return storedLease{}, err
	}
	if s, ok := readLease(b); ok {
		return s, nil
	}
	return parse[storedLease](value, leaseSchema)
}

// readLease reads what appendLease writes; ok is false for anything else, which
// may be good all the same.
func readLease(b []byte) (s storedLease, ok bool) {
	r := leaseReader{rest: b}
	s.V = leaseSchema
	addr, _ := r.text(leaseHead)
	if mac, found := r.text(`,"mac":"`); found {
		r.check(s.MAC.read(mac))
	}
	if id, found := r.text(`,"client_id":"`); found {
		var err error
		s.ClientID, err = base64.StdEncoding.AppendDecode(nil, id)
		r.check(err)
	}
	state, _ := r.text(`,"state":"`)
	for _, f := range [...]struct {
		name string
		to   *time.Time
	}{{`,"start":"`, &s.Start}, {`,"expires":"`, &s.Expires}} {
		if at, found := r.text(f.name); found {
			r.check(f.to.UnmarshalText(at))
		}
	}
	s.Host, s.Class = r.string(`,"host":"`), r.string(`,"class":"`)
	s.Vendor, s.Model = phone.Vendor(r.string(`,"vendor":"`)), r.string(`,"model":"`)
	var err error
	s.Addr, err = netip.ParseAddr(string(addr))
	r.check(err)
	s.State = phone.LeaseState(state)
	return s, !r.odd && string(r.rest) == "}"
}

// leaseReader goes through a lease from field to field.
type leaseReader struct {
	rest []byte
	odd  bool // something is not as appendLease writes it
}

// text takes the field that begins with name, if it is the next.
func (r *leaseReader) text(name string) (value []byte, found bool) {
	if !bytes.HasPrefix(r.rest, []byte(name)) {
		return nil, false
	}
	r.rest = r.rest[len(name):]
	n := bytes.IndexByte(r.rest, '"')
	if n < 0 || !plainText(r.rest[:n]) {
		r.odd = true
		return nil, false
	}
	value, r.rest = r.rest[:n], r.rest[n+1:]
	return value, true
}

func (r *leaseReader) string(name string) string {
	value, _ := r.text(name)
	return string(value)
}

func (r *leaseReader) check(err error) { r.odd = r.odd || err != nil }

// read takes the colon form, in lower case as it is written.
func (m *storedMAC) read(text []byte) error {
	if len(text) != 3*len(m)-1 {
		return fmt.Errorf("%.20q is no hardware address", text)
	}
	for i := range m {
		if i > 0 && text[3*i-1] != ':' {
			return fmt.Errorf("%.20q is no hardware address", text)
		}
		if _, err := hex.Decode(m[i:i+1], text[3*i:3*i+2]); err != nil {
			return err
		}
	}
	return nil
}
