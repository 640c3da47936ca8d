package central

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"time"
)

// Token is what a box is joined with: where the platform is, and a secret.
type Token struct {
	Site   string
	Secret string
	Until  time.Time
}

// joinFor is how long a token is good.
const joinFor = 7 * 24 * time.Hour

// ErrJoin is every refusal of a join token, and the one answer to those nobody
// here ever made: a guesser learns nothing.
var ErrJoin = errors.New("the token is not good: it was used, has expired or was never made; make a new one at the platform")

// spentError is the refusal of a token that was made here. Its secret cannot be
// guessed, so whoever shows it was given it, and may know what became of it.
type spentError struct{ text string }

func (e spentError) Error() string { return e.text }

// Is has it count as ErrJoin.
func (e spentError) Is(target error) bool { return target == ErrJoin }

// spent is a token that is good no more.
type spent struct {
	Hash []byte    `json:"hash"`
	Why  tokenEnd  `json:"why"`
	At   time.Time `json:"at"`
}

// maxSpent is how many of a site's are remembered, to tell what became of them.
const maxSpent = 4

// tokenEnd is how a token ended.
type tokenEnd string

const (
	tokenUsed     tokenEnd = "used"
	tokenReplaced tokenEnd = "replaced"
	tokenRevoked  tokenEnd = "revoked"
	tokenRestored tokenEnd = "restored"
)

// told is the end in words for who shows the token.
func (s spent) told() error {
	at := s.At.Format("2006-01-02 15:04 UTC")
	switch s.Why {
	case tokenUsed:
		return spentError{"the token was used on " + at + ": if that was not this box, somebody has taken its place, so tell the platform's operator; to join again, have a new one made there"}
	case tokenReplaced:
		return spentError{"another token was made for this site on " + at + ", which made this one void: join with that one"}
	case tokenRestored:
		return spentError{"the platform was put back from a backup on " + at + ", which made this token void: have a new one made there"}
	}
	return spentError{"the site was taken from the platform on " + at + ": ask its operator; a new token lets this box in again"}
}

// invited is the site a token was made for; any error is ErrJoin.
func (t *tx) invited(secret string) (id string, s site, err error) {
	hash := joinHash(secret)
	if !t.get(bucketInvites, inviteKey(hash), &id) {
		return "", s, ErrJoin
	}
	s, ok := t.site(id)
	switch {
	case !ok:
		return "", s, ErrJoin
	case !hmac.Equal(s.JoinHash, hash):
		for _, old := range s.Spent {
			if hmac.Equal(old.Hash, hash) {
				return "", s, old.told()
			}
		}
		return "", s, ErrJoin
	case !t.p.now().Before(s.JoinUntil):
		return "", s, spentError{fmt.Sprintf("the token expired on %s, %d days after it was made: have a new one made at the platform", s.JoinUntil.UTC().Format("2006-01-02 15:04 UTC"), joinFor/(24*time.Hour))}
	}
	return id, s, nil
}

func joinHash(secret string) []byte {
	sum := sha256.Sum256([]byte(secret))
	return sum[:]
}

func inviteKey(hash []byte) string { return hex.EncodeToString(hash) }

// setInvite gives a site another token, or none; why is what becomes of the one
// that is out.
func (t *tx) setInvite(id string, s *site, hash []byte, until time.Time, why tokenEnd) {
	if s.JoinHash != nil {
		s.Spent = append(s.Spent, spent{Hash: s.JoinHash, Why: why, At: t.p.now().UTC()})
	}
	for len(s.Spent) > maxSpent {
		t.del(bucketInvites, inviteKey(s.Spent[0].Hash))
		s.Spent = s.Spent[1:]
	}
	if hash != nil {
		t.put(bucketInvites, inviteKey(hash), id)
	}
	s.JoinHash, s.JoinUntil = hash, until
}

// forgetInvites drops what is known of a site's tokens.
func (t *tx) forgetInvites(id string) {
	s, _ := t.site(id)
	for _, old := range s.Spent {
		t.del(bucketInvites, inviteKey(old.Hash))
	}
}
