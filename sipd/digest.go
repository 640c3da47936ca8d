package sipd

import (
	"crypto/hmac"
	"crypto/md5" // what every desk phone speaks
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"net/netip"
	"strings"
	"time"

	"github.com/lineside/lineside/phone"
)

// realm is what phones are told their account belongs to.
const realm = "lineside"

// nonceLife is how long a nonce is good for: longer than a registration, so
// that a phone renews without being asked again.
const nonceLife = 5 * time.Minute

// nonces mints nonces that nothing need be remembered of: the time and a seal
// over it and the address the nonce was given to, so that what one phone shows
// is worth nothing from another address.
type nonces struct{ key [32]byte }

func newNonces() *nonces {
	n := new(nonces)
	_, _ = rand.Read(n.key[:])
	return n
}

func (n *nonces) seal(stamp []byte, to netip.Addr) []byte {
	h := hmac.New(sha256.New, n.key[:])
	h.Write(stamp)
	h.Write(to.AsSlice())
	return h.Sum(nil)[:16]
}

func (n *nonces) mint(now time.Time, to netip.Addr) string {
	stamp := binary.BigEndian.AppendUint64(nil, uint64(now.UnixNano()))
	return base64.RawURLEncoding.EncodeToString(append(stamp, n.seal(stamp, to)...))
}

// check reports that nonce is one of ours for that address, and whether it is
// too old: then alone a phone is told that it need not ask its user.
func (n *nonces) check(now time.Time, nonce string, to netip.Addr) (ours, stale bool) {
	b, err := base64.RawURLEncoding.DecodeString(nonce)
	if err != nil || len(b) != 24 || !hmac.Equal(b[8:], n.seal(b[:8], to)) {
		return false, false
	}
	age := now.Sub(time.Unix(0, int64(binary.BigEndian.Uint64(b))))
	return true, age < 0 || age > nonceLife
}

// challenge is the WWW-Authenticate value. MD5 alone: a client that finds an
// algorithm it does not know first gives up (seen with sipsak and phones of
// its age).
func (n *nonces) challenge(now time.Time, to netip.Addr, stale bool) string {
	c := `Digest realm="` + realm + `", nonce="` + n.mint(now, to) + `", algorithm=MD5, qop="auth"`
	if stale {
		c += ", stale=true"
	}
	return c
}

// credentials is an Authorization header as the phone sent it.
type credentials struct {
	user, realm, nonce, uri, response string
	cnonce, nc, qop                   string
}

// maxCredentials bounds an Authorization header.
const maxCredentials = 1024

// parseCredentials reads "Digest …". It reports false for what we do not offer
// and for a parameter given twice. A client without qop (RFC 2069) is still
// taken, as RFC 3261 section 22.4 asks.
func parseCredentials(s string) (credentials, bool) {
	var c credentials
	scheme, rest, ok := strings.Cut(s, " ")
	if !ok || !strings.EqualFold(scheme, "digest") || len(s) > maxCredentials {
		return c, false
	}
	algorithm := ""
	fields := map[string]*string{
		"username": &c.user, "realm": &c.realm, "nonce": &c.nonce, "uri": &c.uri, "response": &c.response,
		"cnonce": &c.cnonce, "nc": &c.nc, "qop": &c.qop, "algorithm": &algorithm,
	}
	for rest = strings.TrimSpace(rest); rest != ""; {
		name, value, tail, ok := cutParam(rest)
		if !ok {
			return c, false
		}
		rest = tail
		if field := fields[strings.ToLower(name)]; field != nil {
			if *field != "" {
				return c, false
			}
			*field = value
		}
	}
	if algorithm != "" && !strings.EqualFold(algorithm, "MD5") {
		return c, false
	}
	if c.qop != "" && (!strings.EqualFold(c.qop, "auth") || c.cnonce == "" || len(c.nc) != 8) {
		return c, false
	}
	return c, c.user != "" && c.nonce != "" && c.uri != "" && len(c.response) == 2*md5.Size
}

// cutParam takes name=value or name="value" from the front of s, with the comma
// behind it.
func cutParam(s string) (name, value, rest string, ok bool) {
	name, s, ok = strings.Cut(s, "=")
	name, s = strings.TrimSpace(name), strings.TrimSpace(s)
	if !ok || name == "" || strings.ContainsAny(name, "\", ") {
		return "", "", "", false
	}
	if strings.HasPrefix(s, `"`) {
		value, s, ok = strings.Cut(s[1:], `"`) // no value of ours needs a quoted pair
		if !ok || strings.Contains(value, `\`) {
			return "", "", "", false
		}
		s = strings.TrimSpace(s)
		if s != "" && s[0] != ',' {
			return "", "", "", false
		}
		return name, value, strings.TrimSpace(strings.TrimPrefix(s, ",")), true
	}
	value, rest, _ = strings.Cut(s, ",")
	return name, strings.TrimSpace(value), strings.TrimSpace(rest), true
}

// proves reports that the response was made with password.
func (c credentials) proves(method string, password phone.Secret) bool {
	ha1 := hexMD5(c.user, c.realm, password.Reveal())
	ha2 := hexMD5(method, c.uri)
	want := hexMD5(ha1, c.nonce, ha2)
	if c.qop != "" {
		want = hexMD5(ha1, c.nonce, c.nc, c.cnonce, c.qop, ha2)
	}
	return c.realm == realm && subtle.ConstantTimeCompare([]byte(want), []byte(strings.ToLower(c.response))) == 1
}

func hexMD5(parts ...string) string {
	sum := md5.Sum([]byte(strings.Join(parts, ":")))
	return hex.EncodeToString(sum[:])
}
