package httpd

import (
	"crypto/md5" // what every desk phone speaks
	"crypto/sha256"
	"crypto/subtle"
	"encoding/hex"
	"strconv"
	"strings"

	"github.com/lineside/lineside/phone"
	"github.com/lineside/lineside/provision"
)

// algorithm is a digest algorithm we offer.
type algorithm string

const (
	algMD5    algorithm = "MD5"
	algSHA256 algorithm = "SHA-256"
)

// maxUser bounds a user name, in bytes.
const maxUser = 128

// login is a Digest login (RFC 7616 section 3.4) as the caller sent it.
type login struct {
	user, realm, nonce, uri, cnonce, opaque string
	// nc and qop as written: that is what was hashed.
	nc, qop  string
	count    uint32
	alg      algorithm
	response []byte
}

// parseLogin reads what follows "Digest ". It reports false for whatever we do
// not offer, and for a parameter given twice.
func parseLogin(s string) (login, bool) {
	var l login
	var alg, response string
	ok := eachParam(s, func(name, value string) bool {
		var field *string
		switch strings.ToLower(name) {
		case "username":
			field = &l.user
		case "realm":
			field = &l.realm
		case "nonce":
			field = &l.nonce
		case "uri":
			field = &l.uri
		case "cnonce":
			field = &l.cnonce
		case "opaque":
			field = &l.opaque
		case "nc":
			field = &l.nc
		case "qop":
			field = &l.qop
		case "algorithm":
			field = &alg
		case "response":
			field = &response
		case "username*":
			return false
		case "userhash":
			return strings.EqualFold(value, "false")
		default:
			return true // RFC 7616 section 3.4: unknown ones are ignored
		}
		if *field != "" {
			return false
		}
		*field = value
		return true
	})
	return l, ok && l.finish(alg, response)
}

// finish checks the fields that need no key.
func (l *login) finish(alg, response string) bool {
	switch {
	case alg == "" || strings.EqualFold(alg, string(algMD5)):
		l.alg = algMD5
	case strings.EqualFold(alg, string(algSHA256)):
		l.alg = algSHA256
	default:
		return false
	}
	count, err := strconv.ParseUint(l.nc, 16, 32)
	if err != nil || len(l.nc) != 8 || count == 0 {
		return false
	}
	l.count = uint32(count)
	l.response, err = hex.DecodeString(response)
	return err == nil && len(l.response) == l.alg.size() && strings.EqualFold(l.qop, "auth") &&
		l.cnonce != "" && l.nonce != "" && l.uri != "" && isUser(l.user)
}

// isUser reports whether s can be a user name: RFC 7616 has no room for a colon
// in one.
func isUser(s string) bool {
	return s != "" && len(s) <= maxUser && !strings.ContainsFunc(s, func(r rune) bool {
		return r < ' ' || r == 0x7f || r == ':'
	})
}

// attempt is the login as the desk sees it. Everything but the password is
// hashed once, here: the desk tries several.
func (l login) attempt(method string) *provision.Attempt {
	ha2 := l.alg.sum(nil, method, ":", l.uri)
	tail := strings.Join([]string{"", l.nonce, l.nc, l.cnonce, l.qop, hex.EncodeToString(ha2)}, ":")
	head := l.user + ":" + l.realm + ":"
	return &provision.Attempt{User: l.user, Proves: func(password phone.Secret) bool {
		if password.IsZero() {
			return false
		}
		ha1 := hex.EncodeToString(l.alg.sum(nil, head, password.Reveal()))
		want := l.alg.sum(nil, ha1, tail)
		return subtle.ConstantTimeCompare(want, l.response) == 1
	}}
}

func (a algorithm) size() int {
	if a == algMD5 {
		return md5.Size
	}
	return sha256.Size
}

// sum appends the hash of the joined parts to dst.
func (a algorithm) sum(dst []byte, parts ...string) []byte {
	text := make([]byte, 0, 256)
	for _, p := range parts {
		text = append(text, p...)
	}
	if a == algMD5 {
		h := md5.Sum(text)
		return append(dst, h[:]...)
	}
	h := sha256.Sum256(text)
	return append(dst, h[:]...)
}
