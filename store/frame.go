package store

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"hash/crc32"

	"github.com/lineside/lineside/phone"
)

// errDamaged marks everything that a file written by us and left alone could
// not have become.
var errDamaged = errors.New("damaged")

// maxValue bounds one stored record in bytes. The largest device the phone
// package lets through is below half of it.
const maxValue = 256 << 10

// trailer is the line feed and the checksum behind the JSON.
const trailer = 1 + 8

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// frame writes v as a stored value.
func frame(v any) ([]byte, error) {
	b, err := json.Marshal(v)
	if err != nil {
		return nil, err
	}
	return addSum(b, 0)
}

// addSum puts the checksum behind the JSON of a value, which begins at from.
func addSum(b []byte, from int) ([]byte, error) {
	if n := len(b) - from; n+trailer > maxValue {
		return b, fmt.Errorf("%d bytes are too many for one record, at most %d", n, maxValue-trailer)
	}
	var sum [4]byte
	putSum(&sum, crc32.Checksum(b[from:], castagnoli))
	return hex.AppendEncode(append(b, '\n'), sum[:]), nil
}

// unframe checks a stored value and gives the JSON in it, not copied.
func unframe(value []byte) ([]byte, error) {
	n := len(value) - trailer
	if n < 2 || n+trailer > maxValue || value[n] != '\n' {
		return nil, fmt.Errorf("%w: %d bytes without a checksum", errDamaged, len(value))
	}
	var sum [4]byte
	putSum(&sum, crc32.Checksum(value[:n], castagnoli))
	var want [8]byte
	hex.Encode(want[:], sum[:])
	if !bytes.Equal(want[:], value[n+1:]) {
		return nil, fmt.Errorf("%w: checksum does not match", errDamaged)
	}
	return value[:n], nil
}

func putSum(b *[4]byte, sum uint32) {
	b[0], b[1], b[2], b[3] = byte(sum>>24), byte(sum>>16), byte(sum>>8), byte(sum)
}

// version is the schema of one record, first in every mirror type.
type version struct {
	V int `json:"v"`
}

func (v version) schema() int { return v.V }

// storedMAC is a hardware address as it is kept, in the colon form. Unlike
// phone.ParseMAC it takes every address, group and null ones too: a client of
// the LAN can send any, and what is written must be read back.
type storedMAC phone.MAC

// MarshalText gives the colon form.
func (m storedMAC) MarshalText() ([]byte, error) { return []byte(phone.MAC(m).String()), nil }

// UnmarshalText reads what MarshalText writes.
func (m *storedMAC) UnmarshalText(text []byte) error {
	digits := bytes.ReplaceAll(text, []byte(":"), nil)
	if n, err := hex.Decode(make([]byte, len(digits)), digits); err != nil || n != len(m) {
		return fmt.Errorf("%.20q is no hardware address", text)
	}
	_, err := hex.Decode(m[:], digits)
	return err
}

// parse reads a stored value into its mirror type. latest is the newest schema
// of that type this build knows.
func parse[T interface{ schema() int }](value []byte, latest int) (T, error) {
	var t T
	err := parseInto(&t, value, latest)
	return t, err
}

// parseInto is parse into a t that is there, and empty.
func parseInto[T interface{ schema() int }](t *T, value []byte, latest int) error {
	b, err := unframe(value)
	if err != nil {
		return err
	}
	if err := json.Unmarshal(b, t); err != nil {
		return fmt.Errorf("%w: %w", errDamaged, err)
	}
	switch v := (*t).schema(); {
	case v > latest:
		return fmt.Errorf("record of schema %d: %w", v, ErrNewer)
	case v < 1:
		return fmt.Errorf("%w: schema %d", errDamaged, v)
	}
	return nil
}
