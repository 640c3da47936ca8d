package admin

import (
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
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

	"github.com/lineside/lineside/phone"
)

// Length of a token: what is minted, and the shortest an operator may put in
// the file instead.
const (
	tokenBytes = 32
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
	var b [tokenBytes]byte
	_, _ = rand.Read(b[:])                                  // never fails, see crypto/rand
	f, err := os.CreateTemp(filepath.Dir(path), ".token-*") // mode 0600
	if err != nil {
		return fmt.Errorf("mint admin token: %w", err)
	}
	defer os.Remove(f.Name())
	_, err = f.WriteString(base64.RawURLEncoding.EncodeToString(b[:]) + "\n")
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

// checkToken is the guard of the HTTPS listener. The right token is always let
// in, however many wrong ones came from the same address; wrong ones beyond the
// bound are told to wait.
func (s *Server) checkToken(r *http.Request) *Error {
	token, given := bearer(r.Header["Authorization"])
	sum := sha256.Sum256([]byte(token))
	if given && subtle.ConstantTimeCompare(sum[:], s.token[:]) == 1 {
		return nil
	}
	if !given {
		return unauthorised()
	}
	from := remoteAddr(r)
	verdict := s.tries.wrong(s.cfg.Now(), from)
	if verdict.first {
		s.dep.Log.Warn("wrong tokens are being tried on the admin listener", "remote", from, "attempt", maxTries)
	}
	if verdict.wait > 0 {
		e := fail(http.StatusTooManyRequests, "too many wrong tokens from this address",
			"wait, then send the token from the box's admin.token file")
		e.retry = strconv.Itoa(int(verdict.wait/time.Second) + 1)
		return e
	}
	return unauthorised()
}

// bearer reads the one Authorization header there may be.
func bearer(headers []string) (token string, ok bool) {
	if len(headers) != 1 {
		return "", false
	}
	scheme, token, ok := strings.Cut(headers[0], " ")
	token = strings.TrimSpace(token)
	return token, ok && strings.EqualFold(scheme, "Bearer") && token != ""
}
