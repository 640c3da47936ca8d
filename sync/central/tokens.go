package central

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"time"
)

const (
	// bucketTokens are the operators' tokens by their hash.
	bucketTokens = "tokens"
	// maxTokens bounds them.
	maxTokens = 256
)

// OperatorToken is a token of the operators' API. The token itself is random
// and long, so that a plain hash of it can be turned back by nobody; that hash
// is all that is kept.
type OperatorToken struct {
	Name string `json:"name"`
	// Role is the API's word; the platform only keeps it.
	Role  string    `json:"role"`
	Added time.Time `json:"added"`
}

// TokenOf is the token with this hash, the zero one if there is none.
func (p *Platform) TokenOf(sum [sha256.Size]byte) (held OperatorToken, err error) {
	err = p.view(func(t *tx) { t.get(bucketTokens, hex.EncodeToString(sum[:]), &held) })
	return held, err
}

// Tokens lists them.
func (p *Platform) Tokens() (list []OperatorToken, err error) {
	err = p.view(func(t *tx) {
		t.tokens(func(_ string, one OperatorToken) { list = append(list, one) })
	})
	return list, err
}

func (t *tx) tokens(f func(hash string, one OperatorToken)) {
	t.walk(bucketTokens, "", "", func(hash string, value []byte) bool {
		var one OperatorToken
		t.fail(json.Unmarshal(value, &one))
		f(hash, one)
		return t.err == nil
	})
}

// AddToken keeps a token; its name is unlike any other's.
func (o Operator) AddToken(name, role string, sum [sha256.Size]byte) (OperatorToken, error) {
	made := OperatorToken{Name: name, Role: role, Added: o.p.now().UTC()}
	err := o.change(Deed{What: "token added", Key: name, Detail: role}, func(t *tx, _ *Deed) {
		count := 0
		t.tokens(func(_ string, one OperatorToken) {
			count++
			if one.Name == name {
				t.fail(fmt.Errorf("token %s: %w", name, ErrExists))
			}
		})
		if count >= maxTokens {
			t.fail(fmt.Errorf("add a token: %w", ErrFull))
		}
		t.put(bucketTokens, hex.EncodeToString(sum[:]), made)
	})
	return made, err
}

// RemoveToken makes a token void.
func (o Operator) RemoveToken(name string) error {
	return o.change(Deed{What: "token removed", Key: name}, func(t *tx, c *Deed) {
		gone := ""
		t.tokens(func(hash string, one OperatorToken) {
			if one.Name == name {
				gone, c.Detail = hash, one.Role
			}
		})
		if gone == "" {
			t.fail(fmt.Errorf("token %s: %w", name, ErrUnknown))
			return
		}
		t.del(bucketTokens, gone)
	})
}
