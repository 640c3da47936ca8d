package wire

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"strings"
)

// Token is what a box is joined with: where the platform is, how it proves to
// be the platform, and a secret good once. An operator carries it from one to
// the other as one word (Reveal, ParseToken). Printed any other way it does
// not show the secret.
type Token struct {
	// URL is the platform's, "https://host" or "https://host:port".
	URL string
	// Secret is what Join.Secret wants.
	Secret string
	// Pin is the SHA-256 of the platform's own CA certificate, or empty where
	// the platform shows a certificate every machine trusts (PinnedTLS).
	Pin []byte
}

// ErrToken says that a text is no token, or not all of one.
var ErrToken = errors.New("this is no join token, or not all of it: copy it again, whole and in one line, from what lineside-central printed")

const (
	// tokenMark begins every token; its digit is the form's version.
	tokenMark = "lsj1-"
	// tokenSum is how many bytes of a hash tell a token that was cut short or
	// mistyped from one the platform does not know.
	tokenSum = 4
	// maxToken is far above what a host name and two hashes need.
	maxToken = 2048
)

// tokenText is what a token holds, short for what is pasted into terminals.
type tokenText struct {
	URL    string `json:"u"`
	Secret string `json:"s"`
	Pin    []byte `json:"p,omitempty"`
}

// Reveal is the token as one word of letters, digits, "-" and "_". It is a
// secret until it was used.
func (t Token) Reveal() string {
	b, _ := json.Marshal(tokenText(t)) // strings and bytes: never fails
	sum := sha256.Sum256(b)
	return tokenMark + base64.RawURLEncoding.EncodeToString(append(b, sum[:tokenSum]...))
}

// ParseToken reads what Reveal gave, or says ErrToken. White space around it
// and line breaks a mail put into it do not matter.
func ParseToken(text string) (Token, error) {
	if len(text) > maxToken {
		return Token{}, ErrToken
	}
	body, ok := strings.CutPrefix(strings.Join(strings.Fields(text), ""), tokenMark)
	b, err := base64.RawURLEncoding.DecodeString(body)
	if !ok || err != nil || len(b) < tokenSum {
		return Token{}, ErrToken
	}
	b, had := b[:len(b)-tokenSum], b[len(b)-tokenSum:]
	if sum := sha256.Sum256(b); string(sum[:tokenSum]) != string(had) {
		return Token{}, ErrToken
	}
	var t tokenText
	if json.Unmarshal(b, &t) != nil {
		return Token{}, ErrToken
	}
	if err := Token(t).Check(); err != nil {
		return Token{}, fmt.Errorf("%w: %w", ErrToken, err)
	}
	return Token(t), nil
}

// Check says what a token lacks.
func (t Token) Check() error {
	u, err := url.Parse(t.URL)
	switch {
	case err != nil:
		return fmt.Errorf("the platform's URL: %w", err)
	case u.Scheme != "https" || u.Host == "" || u.User != nil || strings.TrimSuffix(u.Path, "/") != "" || u.RawQuery != "" || u.Fragment != "":
		return fmt.Errorf("the platform's URL is %q, want https://host or https://host:port", t.URL)
	case t.Secret == "":
		return errors.New("it has no secret")
	case len(t.Pin) != 0 && len(t.Pin) != sha256.Size:
		return fmt.Errorf("the fingerprint has %d bytes, want %d", len(t.Pin), sha256.Size)
	}
	return nil
}

// String says where the token leads; the secret stays out.
func (t Token) String() string { return "join token for " + t.URL }

// GoString is String, for %#v.
func (t Token) GoString() string { return t.String() }

// LogValue is String, for slog.
func (t Token) LogValue() slog.Value { return slog.StringValue(t.String()) }

// MarshalText refuses: a token is written by Reveal, on purpose.
func (t Token) MarshalText() ([]byte, error) {
	return nil, errors.New("a join token is not written as it is")
}
