package auth

import (
	"crypto/subtle"
	"encoding/base64"
	"errors"
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/crypto/argon2"

	"github.com/lineside/lineside/phone"
)

// Bounds of a password somebody signs in with.
const (
	MinPassword = 10  // characters
	MaxPassword = 256 // bytes
)

// ErrPassword is wrapped by every refusal of a password that keeps the rules not.
var ErrPassword = errors.New("password does not do")

// CheckPassword says everything that is wrong with a password somebody chose.
// names are what it must not contain: the name signed in with, the telephone
// number, what another system calls the person; empty ones are left out.
func CheckPassword(password phone.Secret, names ...string) error {
	plain := password.Reveal()
	errs := []error{checkForm(plain), checkKinds(plain)}
	for _, name := range names {
		if name != "" && strings.Contains(fold(plain), fold(name)) {
			errs = append(errs, errors.New("password: must not contain your user name, number or alternate ID"))
			break
		}
	}
	if err := errors.Join(errs...); err != nil {
		return fmt.Errorf("%w:\n%w", ErrPassword, err)
	}
	return nil
}

func checkForm(plain string) error {
	switch {
	case len(plain) > MaxPassword:
		return fmt.Errorf("password: must be at most %d bytes", MaxPassword)
	case utf8.RuneCountInString(plain) < MinPassword:
		return fmt.Errorf("password: must have at least %d characters", MinPassword)
	case !utf8.ValidString(plain), strings.ContainsFunc(plain, unicode.IsControl):
		return errors.New("password: must be text on one line")
	}
	return nil
}

// checkKinds wants one of each kind of character. What is neither a cased letter
// nor a digit is the fourth kind, in whatever script.
func checkKinds(plain string) error {
	var upper, lower, digit, other bool
	for _, r := range plain {
		switch {
		case unicode.IsUpper(r):
			upper = true
		case unicode.IsLower(r):
			lower = true
		case unicode.IsDigit(r):
			digit = true
		default:
			other = true
		}
	}
	if upper && lower && digit && other {
		return nil
	}
	return errors.New("password: must have a capital letter, a small letter, a digit and something else, such as ! or #")
}

// fold maps every letter to one form for all its cases, as strings.EqualFold
// compares them.
func fold(s string) string {
	return strings.Map(func(r rune) rune {
		least := r
		for next := unicode.SimpleFold(r); next != r; next = unicode.SimpleFold(next) {
			least = min(least, next)
		}
		return least
	}, s)
}

// cost is what one Argon2id hash takes: memory in KiB, passes, lanes (RFC 9106
// section 3.1).
type cost struct {
	memory, passes uint32
	lanes          uint8
}

// today is the cost of a new hash: some 50 ms of a small box, and more memory
// than the OWASP cheat sheet asks for (19 MiB, 2 passes). Hashes name theirs, so
// it can be raised: older ones are made anew when their password is next shown.
var today = cost{memory: 32 << 10, passes: 2, lanes: 1}

// bearable bounds what a stored hash may ask for.
var bearable = cost{memory: 128 << 10, passes: 16, lanes: 4}

const (
	saltBytes = 16
	hashBytes = 32
)

// HashPassword hashes a password with Argon2id under a salt of random bytes. It
// takes tens of milliseconds and 32 MiB: who calls it bounds how often.
func HashPassword(password phone.Secret, salt [saltBytes]byte) phone.Secret {
	return phone.NewSecret(today.String() + "$" + b64(salt[:]) + "$" + b64(today.sum(password, salt[:])))
}

// VerifyPassword reports that the hash is of this password. It takes as long for
// a hash it cannot read as for one made today.
func VerifyPassword(hash, password phone.Secret) bool {
	c, salt, sum, err := parseHash(hash.Reveal())
	if err != nil {
		c, salt, sum = today, make([]byte, saltBytes), nil
	}
	return subtle.ConstantTimeCompare(c.sum(password, salt), sum) == 1
}

// WeakHash reports that a hash cost less than one made today does.
func WeakHash(hash phone.Secret) bool {
	c, _, _, err := parseHash(hash.Reveal())
	return err != nil || c.memory < today.memory || c.passes < today.passes
}

func (c cost) sum(password phone.Secret, salt []byte) []byte {
	return argon2.IDKey([]byte(password.Reveal()), salt, c.passes, c.memory, c.lanes, hashBytes)
}

// String is the beginning of a hash in the PHC string format.
func (c cost) String() string {
	return fmt.Sprintf("$argon2id$v=%d$m=%d,t=%d,p=%d", argon2.Version, c.memory, c.passes, c.lanes)
}

// parseHash reads what HashPassword wrote, now or at another cost.
func parseHash(text string) (c cost, salt, sum []byte, err error) {
	wrong := errors.New("no hash of a password")
	parts := strings.Split(text, "$")
	if len(parts) != 6 {
		return cost{}, nil, nil, wrong
	}
	if _, err := fmt.Sscanf(parts[3], "m=%d,t=%d,p=%d", &c.memory, &c.passes, &c.lanes); err != nil {
		return cost{}, nil, nil, wrong
	}
	salt, saltErr := base64.RawStdEncoding.Strict().DecodeString(parts[4])
	sum, sumErr := base64.RawStdEncoding.Strict().DecodeString(parts[5])
	switch {
	case strings.Join(parts[:4], "$") != c.String(), // which also refuses another algorithm
		saltErr != nil, sumErr != nil, len(salt) != saltBytes, len(sum) != hashBytes,
		c.memory < 8*uint32(c.lanes), c.passes < 1, c.lanes < 1,
		c.memory > bearable.memory, c.passes > bearable.passes, c.lanes > bearable.lanes:
		return cost{}, nil, nil, wrong
	}
	return c, salt, sum, nil
}

func b64(b []byte) string { return base64.RawStdEncoding.EncodeToString(b) }
