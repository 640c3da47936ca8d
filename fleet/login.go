package fleet

import (
	"context"
	"net/http"
	"net/url"
	"strings"

	"github.com/icholy/digest"

	"github.com/lineside/lineside/vendors"
)

// maxStale is how often in a row a phone believes that only its nonce was old.
const maxStale = 2

// login is how a session answers challenges.
type login struct {
	vendors.Login
	mayPrompt bool
	prompts   int
	refused   bool // this login was not accepted
	signed    bool // the last request carried it
	uses      int  // of challenge's nonce
	challenge *digest.Challenge
	basic     bool
}

// sign adds an Authorization once there has been a challenge.
func (l *login) sign(req *http.Request) error {
	l.signed = l.User != "" && !l.refused && (l.basic || l.challenge != nil)
	if !l.signed {
		return nil
	}
	if l.basic {
		req.SetBasicAuth(l.User, l.Password.Reveal())
		return nil
	}
	l.uses++
	cred, err := digest.Digest(l.challenge, digest.Options{
		Method: req.Method, URI: req.URL.RequestURI(), Count: l.uses,
		Username: l.User, Password: l.Password.Reveal(),
	})
	if err != nil {
		return err
	}
	req.Header.Set("Authorization", cred.String())
	return nil
}

// learn takes the first challenge the phone understands, Digest before Basic.
func (l *login) learn(h http.Header) bool {
	if c, err := digest.FindChallenge(h); err == nil {
		l.challenge, l.uses, l.basic = c, 0, false
		return true
	}
	for _, c := range h.Values("WWW-Authenticate") {
		if scheme, _, _ := strings.Cut(c, " "); strings.EqualFold(scheme, "Basic") {
			l.basic = true
			return true
		}
	}
	return false
}

func (l *login) realm() string {
	if l.challenge == nil {
		return ""
	}
	return l.challenge.Realm
}

// fetchAs is fetch with challenges answered: first the login in flash, then
// whatever the person types. What was accepted stays in flash.
func (s *session) fetchAs(ctx context.Context, name string, u *url.URL) (reply, error) {
	for stale := 0; ; {
		r, err := s.fetch(ctx, u)
		if err == nil && r.status == http.StatusOK && s.login.signed {
			s.p.login = s.login.Login
		}
		if err != nil || r.status != http.StatusUnauthorized || !s.login.learn(r.header) {
			return r, err
		}
		if s.login.signed && s.login.isStale() && stale < maxStale {
			stale++
			continue
		}
		s.challenged(name)
		if (s.login.User == "" || s.login.refused) && !s.prompt(ctx, name) {
			return r, nil
		}
	}
}

// challenged notes what a 401 says of the login.
func (s *session) challenged(name string) {
	if s.login.signed {
		s.p.say("GET %s as %s: 401, login not accepted", name, s.login.User)
		s.login.refused = true
		return
	}
	s.p.say("GET %s: 401, a login is wanted", name)
}

func (l *login) isStale() bool { return l.challenge != nil && l.challenge.Stale }

// prompt shows the login screen; false is cancel, or nobody there.
func (s *session) prompt(ctx context.Context, name string) bool {
	if !s.login.mayPrompt || s.login.prompts >= s.p.cfg.Prompts {
		return false
	}
	s.login.prompts++
	typed, ok := s.p.person(ctx, Prompt{MAC: s.p.cfg.MAC, Vendor: s.p.cfg.Vendor, File: name, Realm: s.login.realm(), Try: s.login.prompts})
	if !ok || typed.User == "" {
		return false
	}
	s.p.say("person types user %s and its password", typed.User)
	s.login.Login, s.login.refused = typed, false
	return true
}
