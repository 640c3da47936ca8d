package pages

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"net/http"
	"net/netip"
	"net/url"
	"strings"

	"github.com/lineside/lineside/accounts"
	"github.com/lineside/lineside/phone"
)

// sessionCookie holds a session, and before one a random value that forms are
// bound to. The prefix has browsers take it from this box alone, over TLS, for
// all paths (RFC 6265bis section 4.1.3.2).
const sessionCookie = "__Host-lineside"

// People says who may sign in, and keeps their sessions: accounts.Desk does. Its errors are for
// whoever stands before the page; those of SignIn are the same
// whether the name exists or not.
type People interface {
	// NeedsSetUp says that no account exists: a set-up code is waited for.
	NeedsSetUp() bool
	SetUp(ctx context.Context, from netip.Addr, code phone.Secret, in accounts.NewAdmin) (accounts.Person, error)
	SignIn(ctx context.Context, from netip.Addr, name string, password phone.Secret) (accounts.Person, error)
	// Who gives whose session it is; alive says that the person did something,
	// where a page that keeps itself up to date did not.
	Who(token phone.Secret, alive bool) (accounts.Person, bool)
	// ChangePassword ends all sessions of the person but a new one.
	ChangePassword(ctx context.Context, from netip.Addr, token, old, new phone.Secret) (accounts.Person, error)
	SignOut(ctx context.Context, token phone.Secret) error
	// Forgot has a temporary password mailed, where the name is somebody's with
	// an address. It answers alike whether it is.
	Forgot(ctx context.Context, from netip.Addr, name string) error
}

// cookie is the value of the session cookie, empty for none.
func (v *visit) cookie() string {
	if v.fresh != "" {
		return v.fresh
	}
	c, err := v.r.Cookie(sessionCookie)
	if err != nil || len(c.Value) > 200 {
		return ""
	}
	return c.Value
}

// keep gives the browser a new value of the session cookie.
func (v *visit) keep(value string) {
	v.fresh = value
	v.setCookie(sessionCookie, value, 0)
}

// setCookie gives the browser a cookie no script reads; age is in seconds, 0
// until the browser ends, negative removes it.
func (v *visit) setCookie(name, value string, age int) {
	http.SetCookie(v.w, &http.Cookie{
		Name: name, Value: value, Path: "/", MaxAge: age,
		Secure: true, HttpOnly: true, SameSite: http.SameSiteStrictMode,
	})
}

// begin binds this browser to the session of somebody who has just signed in.
func (v *visit) begin(p accounts.Person) {
	v.who, v.in = p, true
	v.keep(p.Token.Reveal())
	if p.Language != "" {
		v.setCookie(langCookie, p.Language, lookAge)
	}
}

// randomValue is what a browser without a session is told apart by.
func randomValue() string {
	b := make([]byte, 24)
	rand.Read(b)
	return "-" + base64.RawURLEncoding.EncodeToString(b) // no session's token begins like this
}

// local is a path of this box to go to, "/" where the text is none: what a
// stranger wrote into a link must not lead elsewhere.
func local(to string) string {
	u, err := url.Parse(to)
	switch {
	case err != nil, u.Scheme != "", u.Host != "", u.User != nil, len(to) > 512:
		return "/"
	case !strings.HasPrefix(to, "/"), strings.HasPrefix(to, "//"), strings.ContainsAny(to, "\\\r\n\t"):
		return "/"
	case u.Path == "/sign-in", u.Path == "/sign-out", u.Path == "/events":
		return "/"
	}
	return to
}

// ownPath is the path of a URL of this box.
func (v *visit) ownPath(raw string) (string, bool) {
	u, err := url.Parse(raw)
	if err != nil || u.Host != v.r.Host {
		return "", false
	}
	return local(u.RequestURI()), true
}
