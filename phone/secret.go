package phone

import (
	"crypto/subtle"
	"fmt"
	"io"
	"log/slog"
)

// Redacted is what every print of a Secret shows.
const Redacted = "[redacted]"

// Secret is a password, PIN or key. fmt, slog and encoding/json show Redacted
// (or nothing at all for the empty secret), so that it cannot slip into a log
// or an API answer; Reveal is the only way out.
type Secret struct{ plain string }

// NewSecret wraps a plain value.
func NewSecret(plain string) Secret { return Secret{plain: plain} }

// Reveal gives the plain value: to a config being rendered, to the sealed
// store, or to an operator who asked for it by name.
func (s Secret) Reveal() string { return s.plain }

// IsZero reports that there is no secret at all.
func (s Secret) IsZero() bool { return s.plain == "" }

// Equal compares in constant time. Two empty secrets are not equal: nothing
// proves nothing.
func (s Secret) Equal(other Secret) bool {
	return s.plain != "" && subtle.ConstantTimeCompare([]byte(s.plain), []byte(other.plain)) == 1
}

// String shows Redacted, or nothing for the empty secret.
func (s Secret) String() string {
	if s.plain == "" {
		return ""
	}
	return Redacted
}

// GoString keeps %#v from looking inside.
func (s Secret) GoString() string { return "phone.Secret(" + s.String() + ")" }

// Format keeps every verb of fmt from looking inside.
func (s Secret) Format(f fmt.State, verb rune) {
	if verb == 'v' && f.Flag('#') {
		_, _ = io.WriteString(f, s.GoString())
		return
	}
	_, _ = io.WriteString(f, s.String())
}

// LogValue keeps slog from looking inside.
func (s Secret) LogValue() slog.Value { return slog.StringValue(s.String()) }

// MarshalText serves encoding/json and every other encoder.
func (s Secret) MarshalText() ([]byte, error) { return []byte(s.String()), nil }
