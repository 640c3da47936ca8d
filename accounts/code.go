package accounts

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"strings"

	"github.com/lineside/lineside/phone"
)

// Set-up codes and temporary passwords are sixteen characters, five random bits
// each, read out and typed in groups of four. No two of them look alike, and who
// types one that is not there means the one it looks like.
const codeLetters = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"

func newCode() phone.Secret {
	var b [16]byte
	_, _ = rand.Read(b[:]) // never fails, see crypto/rand
	var text strings.Builder
	for i, r := range b {
		if i > 0 && i%4 == 0 {
			text.WriteByte('-')
		}
		text.WriteByte(codeLetters[r%32])
	}
	return phone.NewSecret(text.String())
}

// readCode brings what somebody typed to the form newCode gives; anything else
// comes to something that is none.
func readCode(typed phone.Secret) phone.Secret {
	var text strings.Builder
	n := 0
	for _, r := range strings.ToUpper(typed.Reveal()) {
		switch r {
		case ' ', '-':
			continue
		case 'O':
			r = '0'
		case 'I', 'L':
			r = '1'
		}
		if n > 0 && n%4 == 0 {
			text.WriteByte('-')
		}
		if n++; n > 16 {
			return phone.Secret{}
		}
		text.WriteRune(r)
	}
	return phone.NewSecret(text.String())
}

// hashCode is how a temporary password is kept.
func hashCode(code phone.Secret) phone.Secret {
	sum := sha256.Sum256([]byte(code.Reveal()))
	return phone.NewSecret(hex.EncodeToString(sum[:]))
}
