package provision

import (
	"crypto/hmac"
	"crypto/sha256"
	"crypto/subtle"
	"strings"

	"github.com/lineside/lineside/auth"
	"github.com/lineside/lineside/phone"
	"github.com/lineside/lineside/vendors"
)

// tokenMark is the folder a path token stands behind: "t/<token>/<file>".
const tokenMark = "t/"

// maxToken bounds a path token in bytes; ours have 32.
const maxToken = 64

// Loggable is a file's name as it may stand in a log: a path token in it is a
// phone's whole login, and is left out.
func Loggable(file string) string {
	parts := strings.Split(file, "/")
	for i := range len(parts) - 1 {
		if parts[i]+"/" == tokenMark {
			parts[i+1] = "…"
		}
	}
	return strings.Join(parts, "/")
}

// untoken takes a path token off the file's name and makes it the attempt, in
// the place of any other: a phone that has one shows nothing else. It returns
// false for a name that only looks like it, which is no file for anybody.
func (d *Desk) untoken(ask Ask) (Ask, bool) {
	rest, ok := strings.CutPrefix(ask.File, tokenMark)
	if !ok {
		return ask, true
	}
	token, file, ok := strings.Cut(rest, "/")
	if !ok || token == "" || len(token) > maxToken || file == "" {
		return ask, false
	}
	h := hmac.New(sha256.New, []byte(d.Policy().Key.Reveal()))
	h.Write([]byte("print of a token\x00" + token))
	ask.File, ask.Attempt = file, &Attempt{token: phone.NewSecret(token), Print: [16]byte(h.Sum(nil))}
	return ask, true
}

// pathToken is what stands for a login in the path. It is made from the login
// itself, so that it is pending, current, rotated and void together with it,
// and nothing more need be stored.
func pathToken(key phone.Secret, mac phone.MAC, l vendors.Login) phone.Secret {
	h := hmac.New(sha256.New, []byte(key.Reveal()))
	h.Write([]byte("path token\x00"))
	h.Write(mac[:])
	h.Write([]byte(l.User + "\x00" + l.Password.Reveal()))
	return phone.NewSecret(readable(h.Sum(nil)[:20]))
}

// tokenFor is the token a config carries; none for phones that can sign in, nor
// for those that only speak TFTP, where no token counts.
func tokenFor(m vendors.Maker, key phone.Secret, mac phone.MAC, l vendors.Login) phone.Secret {
	if !takesToken(m) || l.User == "" {
		return phone.Secret{}
	}
	return pathToken(key, mac, l)
}

// takesToken reports that a maker's phones show their login in the path.
func takesToken(m vendors.Maker) bool {
	return m.Fetch.Auth == vendors.NoAuth && (m.Fetch.Speaks(vendors.HTTP) || m.Fetch.Speaks(vendors.HTTPS))
}

// tokenProves reports that the token shown stands for k's login. Only logins the
// box made have one: what people type is never taken from a path. It compares in
// every case.
func tokenProves(m vendors.Maker, key phone.Secret, mac phone.MAC, a *Attempt, k candidate) bool {
	equal := subtle.ConstantTimeCompare([]byte(pathToken(key, mac, k.login).Reveal()), []byte(a.token.Reveal())) == 1
	made := k.means == auth.OwnCurrent || k.means == auth.OwnPending || k.means == auth.HoldingLogin
	exists := k.login.User != "" && !k.login.Password.IsZero()
	return equal && made && exists && takesToken(m)
}
