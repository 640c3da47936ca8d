package central

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"sync"
	"time"
)

// challengeFor is how long a challenge may be answered.
const challengeFor = time.Minute

// challenges are what boxes sign to begin a session. Nothing is remembered of
// those that are handed out: each says itself whose it is, how long it is good
// and which in line it is, under a key of this process. So nobody who asks for
// many pushes another's out. Of each site the newest that it answered is kept,
// and what was handed out before that is void: one is good once, and what is
// remembered is bounded by the sites there are.
type challenges struct {
	key [sha256.Size]byte

	mu       sync.Mutex // guards the rest
	last     uint64     // handed out
	answered map[string]uint64
}

func newChallenges() *challenges {
	c := &challenges{answered: map[string]uint64{}}
	_, _ = rand.Read(c.key[:]) // never fails (crypto/rand)
	return c
}

// factsLen is the length of a challenge before its code: its place in line, and
// when it ends in Unix nanoseconds.
const factsLen = 16

// make hands out a challenge for whoever says to be a site.
func (c *challenges) make(site string, now time.Time) string {
	c.mu.Lock()
	c.last++
	place := c.last
	c.mu.Unlock()
	facts := binary.BigEndian.AppendUint64(nil, place)
	facts = binary.BigEndian.AppendUint64(facts, uint64(now.Add(challengeFor).UnixNano()))
	return base64.RawURLEncoding.EncodeToString(append(facts, c.code(facts, site)...))
}

// code binds the facts to a site. They have one length, so that no other site's
// name can be read out of them.
func (c *challenges) code(facts []byte, site string) []byte {
	h := hmac.New(sha256.New, c.key[:])
	_, _ = h.Write(append(facts[:factsLen:factsLen], site...)) // never fails (hash.Hash)
	return h.Sum(nil)
}

// place reads a challenge that was handed out for a site and may be answered yet.
func (c *challenges) place(nonce, site string, now time.Time) (place uint64, ok bool) {
	const length = factsLen + sha256.Size
	if len(nonce) != base64.RawURLEncoding.EncodedLen(length) { // base64 passes over line feeds
		return 0, false
	}
	b, err := base64.RawURLEncoding.Strict().DecodeString(nonce)
	if err != nil || len(b) != length || !hmac.Equal(b[factsLen:], c.code(b, site)) {
		return 0, false
	}
	if now.UnixNano() >= int64(binary.BigEndian.Uint64(b[8:])) {
		return 0, false
	}
	return binary.BigEndian.Uint64(b), true
}

// answer uses a challenge up. Only who has signed it may get here, or strangers
// could make a site's challenges void.
func (c *challenges) answer(site string, place uint64) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if place <= c.answered[site] {
		return false
	}
	c.answered[site] = place
	return true
}
