package operators

import (
	"crypto/rand"
	"encoding/base64"
	"strings"
)

// tokenBytes is the length of a token before it is written in letters.
const tokenBytes = 32

// NewToken is 32 random bytes, in characters that need no quoting anywhere.
func NewToken() string {
	var b [tokenBytes]byte
	_, _ = rand.Read(b[:]) // never fails, see crypto/rand
	return base64.RawURLEncoding.EncodeToString(b[:])
}

// Bearer reads the one Authorization header there may be.
func Bearer(headers []string) (token string, ok bool) {
	if len(headers) != 1 {
		return "", false
	}
	scheme, token, ok := strings.Cut(headers[0], " ")
	token = strings.TrimSpace(token)
	return token, ok && strings.EqualFold(scheme, "Bearer") && token != ""
}
