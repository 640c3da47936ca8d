package httpd

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"sync"
	"time"
)

// A nonce is its number (8 bytes), its age (4 bytes, seconds since start) and the
// first 12 bytes of their HMAC: 32 letters of base64, for old phones keep little
// room for it.
const (
	nonceBody = 12
	nonceSize = nonceBody + 12
)

// nonces mints nonces and knows which can still be used, and with which nc.
type nonces struct {
	key   []byte
	life  time.Duration
	now   func() time.Time
	start time.Time

	mu     sync.Mutex
	minted uint64
	ring   []usage // nonce n stands at n modulo its length, once used
}

// usage is which nc a nonce has seen: the highest, and of the 64 up to it a bit
// each, so that requests that overtake each other are not taken for replays.
type usage struct {
	nonce uint64
	seen  uint64
	top   uint32
}

func newNonces(ring int, life time.Duration, now func() time.Time) *nonces {
	key := make([]byte, 32)
	_, _ = rand.Read(key)
	return &nonces{key: key, life: life, now: now, start: now(), ring: make([]usage, ring)}
}

// mint makes a new nonce.
func (n *nonces) mint() string {
	n.mu.Lock()
	n.minted++
	number := n.minted
	n.mu.Unlock()
	b := make([]byte, 0, nonceSize+sha256.Size)
	b = binary.BigEndian.AppendUint64(b, number)
	b = binary.BigEndian.AppendUint32(b, uint32(n.now().Sub(n.start)/time.Second))
	return base64.RawURLEncoding.EncodeToString(n.sign(b)[:nonceSize])
}

// sign appends the HMAC of body.
func (n *nonces) sign(body []byte) []byte {
	h := hmac.New(sha256.New, n.key)
	h.Write(body)
	return h.Sum(body)
}

// use takes nc of a nonce, once: it reports false for a nonce that is not ours,
// too old or forgotten, and for an nc that was there before.
func (n *nonces) use(nonce string, nc uint32) bool {
	number, ok := n.read(nonce)
	if !ok || nc == 0 {
		return false
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.minted-number >= uint64(len(n.ring)) {
		return false // its place may hold a younger one
	}
	c := &n.ring[number%uint64(len(n.ring))]
	if c.nonce != number {
		*c = usage{nonce: number}
	}
	return c.take(nc)
}

// read gives the number of a nonce that is ours and fresh.
func (n *nonces) read(nonce string) (uint64, bool) {
	raw, err := base64.RawURLEncoding.DecodeString(nonce)
	if err != nil || len(raw) != nonceSize {
		return 0, false
	}
	signed := n.sign(append(make([]byte, 0, nonceBody+sha256.Size), raw[:nonceBody]...))
	if !hmac.Equal(signed[:nonceSize], raw) {
		return 0, false
	}
	born := time.Duration(binary.BigEndian.Uint32(raw[8:])) * time.Second
	if n.now().Sub(n.start)-born > n.life {
		return 0, false
	}
	return binary.BigEndian.Uint64(raw), true
}

// take notes nc and reports whether it is new.
func (c *usage) take(nc uint32) bool {
	switch {
	case nc > c.top:
		if ahead := nc - c.top; ahead < 64 {
			c.seen <<= ahead
		} else {
			c.seen = 0
		}
		c.top = nc
		c.seen |= 1
		return true
	case c.top-nc >= 64:
		return false
	}
	bit := uint64(1) << (c.top - nc)
	if c.seen&bit != 0 {
		return false
	}
	c.seen |= bit
	return true
}
