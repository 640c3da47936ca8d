package seal

import (
	"crypto/ed25519"
	"encoding/base64"
	"errors"
	"fmt"
)

// ErrSignature says that a signature is not this key's over this message in
// this context.
var ErrSignature = errors.New("signature does not verify")

// Signer signs in the platform's name.
type Signer struct{ key ed25519.PrivateKey }

// NewSigner makes a key from the system's random source.
func NewSigner() (Signer, error) {
	_, key, err := ed25519.GenerateKey(nil)
	if err != nil {
		return Signer{}, fmt.Errorf("make a key for signing: %w", err)
	}
	return Signer{key}, nil
}

// ParseSigner reads what Bytes gave.
func ParseSigner(seed []byte) (Signer, error) {
	if len(seed) != ed25519.SeedSize {
		return Signer{}, fmt.Errorf("read a key for signing: got %d bytes, want %d", len(seed), ed25519.SeedSize)
	}
	return Signer{ed25519.NewKeyFromSeed(seed)}, nil
}

// Bytes is the private key, 32 bytes, to be kept as a secret.
func (s Signer) Bytes() []byte { return s.key.Seed() }

// Verifier is the half that boxes know.
func (s Signer) Verifier() Verifier {
	return Verifier{string(s.key.Public().(ed25519.PublicKey))}
}

// Sign signs a message in a context, which holds no zero byte.
func (s Signer) Sign(context string, message []byte) []byte {
	return ed25519.Sign(s.key, scoped(context, message))
}

// Verifier checks what a Signer signed. It is comparable; its zero value
// verifies nothing.
type Verifier struct{ key string }

// ParseVerifier reads what String gave.
func ParseVerifier(s string) (Verifier, error) {
	b, err := base64.RawURLEncoding.DecodeString(s)
	if err != nil || len(b) != ed25519.PublicKeySize {
		return Verifier{}, fmt.Errorf("read the platform's key %q: want %d bytes in base64", s, ed25519.PublicKeySize)
	}
	return Verifier{string(b)}, nil
}

// String is the key in 43 characters that suit a URL.
func (v Verifier) String() string { return base64.RawURLEncoding.EncodeToString([]byte(v.key)) }

// Verify returns ErrSignature unless sig was made in this context.
func (v Verifier) Verify(context string, message, sig []byte) error {
	if len(v.key) != ed25519.PublicKeySize || !ed25519.Verify(ed25519.PublicKey(v.key), scoped(context, message), sig) {
		return ErrSignature
	}
	return nil
}

func scoped(context string, message []byte) []byte {
	return append(append([]byte(info+" "+context), 0), message...)
}
