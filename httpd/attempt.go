package httpd

import (
	"crypto/hmac"
	"crypto/sha256"
	"net/http"
	"strings"
	"unicode/utf8"

	"github.com/lineside/lineside/phone"
	"github.com/lineside/lineside/provision"
)

// attempt gives the login a request carries, nil where it carries none that
// holds. stale reports that its nonce alone was at fault.
func (s *Server) attempt(r *http.Request, front provision.Front) (attempt *provision.Attempt, stale bool) {
	headers := r.Header["Authorization"]
	if len(headers) != 1 {
		return nil, false // none, or more than one to choose from
	}
	scheme, rest, _ := strings.Cut(headers[0], " ")
	switch {
	case strings.EqualFold(scheme, "Digest"):
		return s.digest(r, rest)
	case strings.EqualFold(scheme, "Basic") && front == provision.HTTPS:
		return s.basic(r), false
	}
	return nil, false
}

func (s *Server) digest(r *http.Request, rest string) (attempt *provision.Attempt, stale bool) {
	l, ok := parseLogin(rest)
	if !ok || l.realm != s.cfg.Realm || l.opaque != "" && l.opaque != s.opaque {
		return nil, false
	}
	if originForm(l.uri) != originForm(r.RequestURI) {
		return nil, false
	}
	// Last, because it uses the nc up.
	if !s.nonces.use(l.nonce, l.count) {
		return nil, true
	}
	return l.attempt(r.Method), false
}

func (s *Server) basic(r *http.Request) *provision.Attempt {
	user, plain, ok := r.BasicAuth()
	if !ok || !isUser(user) || plain == "" || !utf8.ValidString(plain) {
		return nil
	}
	presented := phone.NewSecret(plain)
	h := hmac.New(sha256.New, s.printKey)
	h.Write([]byte(plain))
	return &provision.Attempt{User: user, Proves: presented.Equal, Print: [16]byte(h.Sum(nil))}
}
