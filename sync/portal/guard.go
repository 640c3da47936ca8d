package portal

import (
	"crypto/sha256"
	"crypto/subtle"
	"net/http"
	"strconv"
	"time"

	"github.com/lineside/lineside/operators"
)

// caller is who made a request.
type caller struct {
	name string // for the audit
	role Role
}

// isOpen names what a caller without a token may have, by the path as it came.
func isOpen(q *http.Request) bool {
	return q.Method == http.MethodGet && (q.URL.Path == V1+"/openapi.json" || q.URL.Path == V1+"/health")
}

// guard says whose a request is. A good token is always let in, however many
// wrong ones came from the same address.
func (s *Server) guard(q *http.Request) (caller, *operators.Error) {
	token, given := operators.Bearer(q.Header["Authorization"])
	if !given {
		if isOpen(q) {
			return caller{name: "anyone", role: Anyone}, nil
		}
		return caller{}, unauthorised()
	}
	sum := sha256.Sum256([]byte(token))
	if subtle.ConstantTimeCompare(sum[:], s.file[:]) == 1 && !s.cfg.Token.IsZero() {
		return caller{"admin.token", Admin}, nil
	}
	held, err := s.p.TokenOf(sum)
	if err != nil {
		s.log.Error("a token could not be looked up", "err", err)
		return caller{}, internal()
	}
	if role, err := ParseRole(held.Role); err == nil {
		return caller{"token " + held.Name, role}, nil
	}
	return caller{}, s.wrong(q)
}

// wrong counts a token that is not good.
func (s *Server) wrong(q *http.Request) *operators.Error {
	from := s.cfg.Source(q)
	v := s.tries.Wrong(s.cfg.Now(), from)
	if v.First {
		s.log.Warn("wrong tokens are being tried", "remote", from, "attempt", operators.MaxTries)
	}
	if v.Wait == 0 {
		return unauthorised()
	}
	e := operators.Fail(http.StatusTooManyRequests, "too many wrong tokens from this address", "wait, then send a token of this platform")
	e.Retry = strconv.Itoa(int(v.Wait/time.Second) + 1)
	return e
}

// unauthorised is the one answer to everybody without a good token.
func unauthorised() *operators.Error {
	return operators.Fail(http.StatusUnauthorized, "this needs a token",
		"send it as \"Authorization: Bearer TOKEN\"; the first admin's is in the file admin.token in the platform's directory, and lineside-central token add makes others")
}
