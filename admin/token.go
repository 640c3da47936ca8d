package admin

import (
	"crypto/sha256"
	"crypto/subtle"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/lineside/lineside/audit"
	"github.com/lineside/lineside/operators"
	"github.com/lineside/lineside/phone"
)

// The shortest token an operator may put in the file instead of ours.
const (
	tokenChars = 32
	tokenLimit = 4 << 10 // bytes of the file that are read at most
)

// LoadToken reads the token of the admin listener, and mints one into a file
// only its owner can read where there is none yet. Nothing is ever overwritten.
func LoadToken(path string) (phone.Secret, error) {
	token, err := readToken(path)
	if !errors.Is(err, fs.ErrNotExist) {
		return token, err
	}
	if err := mintToken(path); err != nil && !errors.Is(err, fs.ErrExist) {
		return phone.Secret{}, err
	}
	return readToken(path)
}

func readToken(path string) (phone.Secret, error) {
	f, err := os.Open(path)
	if err != nil {
		return phone.Secret{}, fmt.Errorf("read admin token: %w", err)
	}
	defer f.Close()
	st, err := f.Stat()
	if err != nil {
		return phone.Secret{}, fmt.Errorf("read admin token: %w", err)
	}
	if !st.Mode().IsRegular() || st.Mode().Perm()&0o077 != 0 {
		return phone.Secret{}, fmt.Errorf("read admin token: %s can be read by others (mode %v); run: chmod 600 %s", path, st.Mode(), path)
	}
	text, err := io.ReadAll(io.LimitReader(f, tokenLimit))
	if err != nil {
		return phone.Secret{}, fmt.Errorf("read admin token: %w", err)
	}
	token := strings.TrimSpace(string(text))
	if len(token) < tokenChars || strings.ContainsFunc(token, func(r rune) bool { return r <= ' ' || r > '~' }) {
		return phone.Secret{}, fmt.Errorf("read admin token: %s holds no token of at least %d printable characters; delete it and a new one is made at the next start", path, tokenChars)
	}
	return phone.NewSecret(token), nil
}

// mintToken puts a whole token in place or none: it is written beside and
// linked, so that a power cut cannot leave half a token.
func mintToken(path string) error {
	f, err := os.CreateTemp(filepath.Dir(path), ".token-*") // mode 0600
	if err != nil {
		return fmt.Errorf("mint admin token: %w", err)
	}
	defer os.Remove(f.Name())
	_, err = f.WriteString(operators.NewToken() + "\n")
	if err = errors.Join(err, f.Sync(), f.Close()); err != nil {
		return fmt.Errorf("mint admin token: %w", err)
	}
	if err := os.Link(f.Name(), path); err != nil {
		return fmt.Errorf("mint admin token: %w", err)
	}
	return syncDir(filepath.Dir(path))
}

func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return fmt.Errorf("mint admin token: %w", err)
	}
	if err := errors.Join(d.Sync(), d.Close()); err != nil {
		return fmt.Errorf("mint admin token: %w", err)
	}
	return nil
}

// checkToken is the guard of the HTTPS listener. A right token is always let
// in, however many wrong ones came from the same address; wrong ones beyond the
// bound are told to wait.
func (s *Server) checkToken(r *http.Request) (caller, *Error) {
	token, given := operators.Bearer(r.Header["Authorization"])
	if !given {
		return caller{}, unauthorised()
	}
	from := remoteAddr(r)
	if name, role := s.tokenOf(sha256.Sum256([]byte(token))); role != 0 {
		s.regulars.note(from)
		return caller{actor: audit.Actor{Front: "api", Name: name, Remote: from}, role: role}, nil
	}
	verdict := s.tries.Wrong(s.cfg.Now(), from)
	if verdict.First {
		s.dep.Log.Warn("wrong tokens are being tried on the admin listener", "remote", from, "attempt", operators.MaxTries)
	}
	if verdict.Wait > 0 {
		e := fail(http.StatusTooManyRequests, "too many wrong tokens from this address",
			"wait, then send a token of this box, such as that in its admin.token file")
		e.Retry = strconv.Itoa(int(verdict.Wait/time.Second) + 1)
		return caller{}, e
	}
	return caller{}, unauthorised()
}

// tokenOf gives the name and role of the token with this hash, the zero Role if
// there is none. Every hash is compared, in constant time: how long it takes
// says how many tokens there are and nothing else.
func (s *Server) tokenOf(sum [sha256.Size]byte) (name string, role Role) {
	if subtle.ConstantTimeCompare(sum[:], s.token[:]) == 1 {
		name, role = "token", Admin
	}
	for _, t := range s.dep.Tokens.Tokens() {
		if subtle.ConstantTimeCompare(sum[:], t.Hash[:]) == 1 && role == 0 {
			name, role = "token "+t.Name, t.Role
		}
	}
	return name, role
}
