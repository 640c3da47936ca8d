package voice

import (
	"fmt"
	"io"
	"log/slog"
	"strings"
)

// Redacted is what every print of a Key or Digits shows.
const Redacted = "[redacted]"

// Key is one key of a keypad: '0' to '9', '*', '#', 'A' to 'D'. The zero Key is
// none. A key may be part of a secret, so no print shows which one it is. It is wider than a byte because fmt
// prints a slice of bytes as text whatever the element's methods say.
type Key uint16

// keypad holds the keys in the order of RFC 4733 section 3.2: events 0 to 15.
const keypad = "0123456789*#ABCD"

// eventKey is the key of an RFC 4733 event, and whether it has one: 16 (flash)
// and above have none.
func eventKey(event byte) (Key, bool) {
	if int(event) >= len(keypad) {
		return 0, false
	}
	return Key(keypad[event]), true
}

// event is the RFC 4733 event of a key.
func (k Key) event() (byte, bool) {
	i := strings.IndexByte(keypad, byte(k))
	return byte(max(i, 0)), i >= 0
}

func (k Key) digit() bool { return k >= '0' && k <= '9' }

// String shows Redacted, or nothing for no key.
func (k Key) String() string {
	if k == 0 {
		return ""
	}
	return Redacted
}

// Format keeps every verb of fmt, %d and %c too, from showing the key.
func (k Key) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, k.String()) }

// LogValue keeps slog from showing it.
func (k Key) LogValue() slog.Value { return slog.StringValue(k.String()) }

// MarshalText serves encoding/json and every other encoder.
func (k Key) MarshalText() ([]byte, error) { return []byte(k.String()), nil }

// Digits are what a caller typed. They may be a PIN, so fmt, slog and
// encoding/json show Redacted; Reveal is the only way out.
type Digits struct{ plain string }

// NewDigits wraps what was typed.
func NewDigits(plain string) Digits { return Digits{plain: plain} }

// Reveal gives the digits, to whoever checks them.
func (d Digits) Reveal() string { return d.plain }

// Len is how many there are.
func (d Digits) Len() int { return len(d.plain) }

// String shows Redacted, or nothing where nothing was typed.
func (d Digits) String() string {
	if d.plain == "" {
		return ""
	}
	return Redacted
}

// GoString keeps %#v from looking inside.
func (d Digits) GoString() string { return "voice.Digits(" + d.String() + ")" }

// Format keeps every verb of fmt from looking inside.
func (d Digits) Format(f fmt.State, verb rune) {
	if verb == 'v' && f.Flag('#') {
		_, _ = io.WriteString(f, d.GoString())
		return
	}
	_, _ = io.WriteString(f, d.String())
}

// LogValue keeps slog from looking inside.
func (d Digits) LogValue() slog.Value { return slog.StringValue(d.String()) }

// MarshalText serves encoding/json and every other encoder.
func (d Digits) MarshalText() ([]byte, error) { return []byte(d.String()), nil }
