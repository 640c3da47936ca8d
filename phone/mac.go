package phone

import (
	"encoding/hex"
	"errors"
	"fmt"
)

// MAC is a 48-bit Ethernet hardware address. It is comparable, so it keys maps
// and database records; its zero value is no phone's address.
type MAC [6]byte

// ErrMAC is wrapped by every error of ParseMAC.
var ErrMAC = errors.New("not a MAC address")

// ParseMAC reads the four spellings found on labels and in admin guides:
// 1a2b3c4d5e6f, 1a:2b:3c:4d:5e:6f, 1A-2B-3C-4D-5E-6F and 1a2b.3c4d.5e6f, in
// either case. Separators must be all of one kind and in their places. The
// all-zero address, broadcast and group addresses belong to no phone and are
// refused.
func ParseMAC(s string) (MAC, error) {
	digits, ok := macDigits(s)
	if !ok {
		return MAC{}, fmt.Errorf("%.40q is %w: write twelve hex digits such as 00:15:65:4a:a9:37", s, ErrMAC)
	}
	var m MAC
	if _, err := hex.Decode(m[:], digits[:]); err != nil {
		return MAC{}, fmt.Errorf("%.40q is %w: write twelve hex digits such as 00:15:65:4a:a9:37", s, ErrMAC)
	}
	if m == (MAC{}) || m[0]&1 == 1 {
		return MAC{}, fmt.Errorf("%s is %w of one phone: it is the null, a group or the broadcast address", m, ErrMAC)
	}
	return m, nil
}

// macDigits strips the separators of the known spellings.
func macDigits(s string) (digits [12]byte, ok bool) {
	sep, every := byte(0), 0
	switch {
	case len(s) == 12:
	case len(s) == 17 && (s[2] == ':' || s[2] == '-'):
		sep, every = s[2], 2
	case len(s) == 14 && s[4] == '.':
		sep, every = '.', 4
	default:
		return digits, false
	}
	n := 0
	for i := 0; i < len(s); i++ {
		if sep != 0 && i%(every+1) == every {
			if s[i] != sep {
				return digits, false
			}
			continue
		}
		if n == len(digits) {
			return digits, false
		}
		digits[n] = s[i]
		n++
	}
	return digits, n == len(digits)
}

// String is the colon form in lower case, the one spelling used in logs, the
// API and the CLI.
func (m MAC) String() string {
	const digit = "0123456789abcdef"
	b := make([]byte, 0, 17)
	for i, v := range m {
		if i > 0 {
			b = append(b, ':')
		}
		b = append(b, digit[v>>4], digit[v&15])
	}
	return string(b)
}

// Hex is twelve lower-case digits without separators, as most phones put it in
// file names.
func (m MAC) Hex() string { return hex.EncodeToString(m[:]) }

// OUI is the first three octets, the manufacturer's part.
func (m MAC) OUI() [3]byte { return [3]byte{m[0], m[1], m[2]} }

// IsZero reports that no address is known.
func (m MAC) IsZero() bool { return m == MAC{} }

// MarshalText gives the colon form, and nothing for the zero address.
func (m MAC) MarshalText() ([]byte, error) {
	if m.IsZero() {
		return nil, nil
	}
	return []byte(m.String()), nil
}

// UnmarshalText reads what MarshalText writes and every spelling of ParseMAC.
func (m *MAC) UnmarshalText(text []byte) error {
	if len(text) == 0 {
		*m = MAC{}
		return nil
	}
	v, err := ParseMAC(string(text))
	if err != nil {
		return err
	}
	*m = v
	return nil
}
