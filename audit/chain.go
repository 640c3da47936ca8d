package audit

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"time"
)

// Hash is the SHA-256 that ties an entry to all before it. It is written in
// hexadecimal; the zero Hash stands before the first entry.
type Hash [sha256.Size]byte

// IsZero reports that nothing was hashed.
func (h Hash) IsZero() bool { return h == Hash{} }

// String is the hexadecimal form.
func (h Hash) String() string { return hex.EncodeToString(h[:]) }

// MarshalText gives the hexadecimal form.
func (h Hash) MarshalText() ([]byte, error) { return hex.AppendEncode(nil, h[:]), nil }

// UnmarshalText reads what MarshalText gives. No text at all is the zero Hash,
// which is what a box that did not chain yet answered.
func (h *Hash) UnmarshalText(text []byte) error {
	if len(text) == 0 {
		*h = Hash{}
		return nil
	}
	if hex.DecodedLen(len(text)) != len(h) || len(text)%2 != 0 {
		return fmt.Errorf("%.80q is no hash: want %d hex digits", text, hex.EncodedLen(len(h)))
	}
	if _, err := hex.Decode(h[:], text); err != nil {
		return fmt.Errorf("%.80q is no hash: %w", text, err)
	}
	return nil
}

// Link is one place in the chain: an entry's number and its hash.
type Link struct {
	Seq  uint64 `json:"seq"`
	Hash Hash   `json:"hash"`
}

// domain opens what is hashed, so that no other use of SHA-256 gives the same.
const domain = "lineside audit 1"

// Chain is the hash that e has behind prev; e.Hash itself does not count. What
// is hashed is, one after another:
//
//	"lineside audit 1"      16 bytes
//	prev                    32 bytes
//	Seq                      8 bytes, big-endian like all numbers here
//	At                       8 bytes of seconds since 1970, 4 of nanoseconds
//	MAC                      6 bytes
//	Kind, By.Front, By.Name, By.Remote as text, By.Identity, What
//	                         each 4 bytes of length, then so many bytes
//
// What is the JSON exactly as kept, without spaces. The layout is part of the
// stored format: it is never changed, only followed by another one.
func (e Entry) Chain(prev Hash) Hash {
	b := make([]byte, 0, 512)
	b = append(b, domain...)
	b = append(b, prev[:]...)
	b = binary.BigEndian.AppendUint64(b, e.Seq)
	b = binary.BigEndian.AppendUint64(b, uint64(e.At.Unix()))
	b = binary.BigEndian.AppendUint32(b, uint32(e.At.Nanosecond()))
	b = append(b, e.MAC[:]...)
	remote := ""
	if e.By.Remote.IsValid() {
		remote = e.By.Remote.String()
	}
	for _, text := range []string{e.Kind, e.By.Front, e.By.Name, remote, e.By.Identity} {
		b = binary.BigEndian.AppendUint32(b, uint32(len(text)))
		b = append(b, text...)
	}
	b = binary.BigEndian.AppendUint32(b, uint32(len(e.What)))
	b = append(b, e.What...)
	return sha256.Sum256(b)
}

// Check is what verifying the whole log found.
type Check struct {
	// Entries is how many there are, numbered First to Last; all three are 0
	// for an empty log.
	Entries uint64 `json:"entries"`
	First   uint64 `json:"first"`
	Last    uint64 `json:"last"`
	// OK says that nothing was changed, left out, added or cut off, at either
	// end, by anybody without the site key.
	OK bool `json:"ok"`
	// BrokenAt is the first entry that cannot be vouched for, 0 if OK. It may
	// be Last+1: entries were cut off the end.
	BrokenAt uint64 `json:"broken_at"`
	// Why says how that shows.
	Why string `json:"why,omitempty"`
	// Anchor is the last entry that was dropped to make room, from which the
	// chain goes on. Its Seq is how many were dropped so far, 0 for none.
	Anchor Link `json:"anchor"`
	// Oldest is when the first entry still there was written.
	Oldest time.Time `json:"oldest,omitzero"`
}
