package seal

import (
	"crypto/ecdh"
	"crypto/hpke"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
)

// Label says what a sealed value is. It is not in the sealed value: who opens
// one must know it.
type Label struct {
	// Site and Device are their names on the wire; Device is empty for a
	// value of the whole site.
	Site, Device string
	// Kind is the use: "otp", "pin", "sip", ….
	Kind string
	// Epoch and N are the generation, or the version of the document.
	Epoch int64
	N     uint64
}

// ErrSealed says that a sealed value does not open: it is for another key,
// another label, or was changed. It says no more on purpose.
var ErrSealed = errors.New("sealed value does not open")

// info binds every value to this protocol (RFC 9180, 5.1).
const info = "lineside sync 1"

// encSize is the length of an encapsulated X25519 key (RFC 9180, 7.1).
const encSize = 32

func kem() hpke.KEM   { return hpke.DHKEM(ecdh.X25519()) }
func kdf() hpke.KDF   { return hpke.HKDFSHA256() }
func aead() hpke.AEAD { return hpke.ChaCha20Poly1305() }

// bytes is the label as authenticated: every part with its length before it,
// so that no two labels are the same bytes.
func (l Label) bytes() []byte {
	var b []byte
	for _, part := range []string{l.Site, l.Device, l.Kind} {
		b = binary.BigEndian.AppendUint32(b, uint32(len(part)))
		b = append(b, part...)
	}
	b = binary.BigEndian.AppendUint64(b, uint64(l.Epoch))
	return binary.BigEndian.AppendUint64(b, l.N)
}

// Key opens what is sealed to a box. It stays on the box.
type Key struct{ private hpke.PrivateKey }

// NewKey makes a key from the system's random source.
func NewKey() (Key, error) {
	k, err := kem().GenerateKey()
	if err != nil {
		return Key{}, fmt.Errorf("make a key for sealing: %w", err)
	}
	return Key{private: k}, nil
}

// ParseKey reads what Bytes gave.
func ParseKey(b []byte) (Key, error) {
	k, err := kem().NewPrivateKey(b)
	if err != nil {
		return Key{}, fmt.Errorf("read a key for sealing: %w", err)
	}
	return Key{private: k}, nil
}

// Bytes is the private key, 32 bytes, to be kept as a secret.
func (k Key) Bytes() ([]byte, error) { return k.private.Bytes() }

// Public is the half the platform seals to.
func (k Key) Public() Public { return Public{k.private.PublicKey()} }

// Open gives back what was sealed under the same label, or ErrSealed.
func (k Key) Open(l Label, sealed []byte) ([]byte, error) {
	if len(sealed) < encSize {
		return nil, ErrSealed
	}
	r, err := hpke.NewRecipient(sealed[:encSize], k.private, kdf(), aead(), []byte(info))
	if err != nil {
		return nil, ErrSealed
	}
	out, err := r.Open(l.bytes(), sealed[encSize:])
	if err != nil {
		return nil, ErrSealed
	}
	return out, nil
}

// Public seals to one box.
type Public struct{ key hpke.PublicKey }

// ParsePublic reads what String gave.
func ParsePublic(s string) (Public, error) {
	b, err := base64.RawURLEncoding.DecodeString(s)
	if err != nil {
		return Public{}, fmt.Errorf("read a public key: %w", err)
	}
	k, err := kem().NewPublicKey(b)
	if err != nil {
		return Public{}, fmt.Errorf("read a public key: %w", err)
	}
	return Public{k}, nil
}

// String is the key in 43 characters that suit a URL.
func (p Public) String() string { return base64.RawURLEncoding.EncodeToString(p.key.Bytes()) }

// Seal seals a value so that only the key's box opens it, and only as what l
// says. It is 48 bytes longer than the value.
func (p Public) Seal(l Label, value []byte) ([]byte, error) {
	enc, s, err := hpke.NewSender(p.key, kdf(), aead(), []byte(info))
	if err != nil {
		return nil, fmt.Errorf("seal %s: %w", l.Kind, err)
	}
	out, err := s.Seal(l.bytes(), value)
	if err != nil {
		return nil, fmt.Errorf("seal %s: %w", l.Kind, err)
	}
	return append(enc, out...), nil
}
