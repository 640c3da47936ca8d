package sipd

import (
	"strings"
	"sync"
	"time"

	"github.com/emiago/sipgo/sip"
)

// maxShown bounds the nonces that are remembered. Who has many accounts can push
// others out; what is shown again is still good for its own address only, and
// for nonceLife.
const maxShown = 4096

// shown remembers the logins calls were made with: a nonce with its highest
// count, so that nobody calls by repeating what a phone once sent.
type shown struct {
	mu sync.Mutex
	by map[string]count
}

type count struct {
	nc string // eight hex digits in lower case; empty where the client counts none
	at time.Time
}

// again reports that a login was shown before: the same nonce with a count that
// is not higher, or without a count at all.
func (s *shown) again(now time.Time, c credentials) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	nc := strings.ToLower(c.nc)
	if old, ok := s.by[c.nonce]; ok && nc <= old.nc {
		return true
	}
	if s.by == nil {
		s.by = make(map[string]count)
	}
	if len(s.by) >= maxShown {
		s.pruneLocked(now)
	}
	s.by[c.nonce] = count{nc, now}
	return false
}

// pruneLocked forgets nonces that are too old to be shown, else any one.
func (s *shown) pruneLocked(now time.Time) {
	for nonce, c := range s.by {
		if now.Sub(c.at) > nonceLife {
			delete(s.by, nonce)
		}
	}
	for nonce := range s.by {
		if len(s.by) < maxShown {
			return
		}
		delete(s.by, nonce)
	}
}

// isFor reports that a login was made for this request's URI (RFC 3261 section
// 22.4, RFC 7616 section 3.4.6). Phones leave port and parameters out of one of
// the two, and clients such as sipp name the host alone; what they do name, host
// and user, has to be the same.
func (c credentials) isFor(req *sip.Request) bool {
	if c.uri == req.Recipient.String() {
		return true
	}
	var u sip.Uri
	if len(c.uri) > maxURI || sip.ParseUri(c.uri, &u) != nil {
		return false
	}
	return (u.User == "" || unescaped(u.User) == unescaped(req.Recipient.User)) && strings.EqualFold(u.Host, req.Recipient.Host)
}
