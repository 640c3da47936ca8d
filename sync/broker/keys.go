package broker

import (
	"crypto/ed25519"
	"crypto/hkdf"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"log/slog"
	"strings"

	"github.com/nats-io/nkeys"
)

// Keys are who the platform's own processes are at the broker: one secret that
// all of a platform's centrals share, from which every account's user and the
// issuer of the boxes' permissions are made. A cluster's settings hold public
// halves only (ServerConf).
type Keys struct{ root [keySize]byte }

const (
	keySize = 32
	// keyMark begins a key's text; its digit is the form's version.
	keyMark = "lsk1-"
)

// Users of the broker: one for each account, and who signs what boxes may do.
const (
	userCore   = "core"
	userEdge   = "edge"
	userAuth   = "auth"
	userSystem = "system"
	issuer     = "issuer"
	routeUser  = "route"
)

// NewKeys makes them from the system's random source.
func NewKeys() (k Keys) {
	_, _ = rand.Read(k.root[:]) // never fails (crypto/rand)
	return k
}

// ParseKeys reads what Reveal gave.
func ParseKeys(text string) (k Keys, err error) {
	body, ok := strings.CutPrefix(strings.TrimSpace(text), keyMark)
	b, err := base64.RawURLEncoding.DecodeString(body)
	if !ok || err != nil || len(b) != keySize {
		return Keys{}, errors.New("the broker's key file is not whole: copy it again from another central of this platform, or remove it and, where NATS is a cluster of its own, give its servers new settings")
	}
	k.root = [keySize]byte(b)
	return k, nil
}

// Reveal is the secret as one word, for a file of its own.
func (k Keys) Reveal() string { return keyMark + base64.RawURLEncoding.EncodeToString(k.root[:]) }

// String shows nothing.
func (k Keys) String() string { return "keys of the broker" }

// GoString is String, for %#v.
func (k Keys) GoString() string { return k.String() }

// LogValue is String, for slog.
func (k Keys) LogValue() slog.Value { return slog.StringValue(k.String()) }

// MarshalText refuses: they are written by Reveal, on purpose.
func (k Keys) MarshalText() ([]byte, error) {
	return nil, errors.New("keys of the broker are not written as they are")
}

func (k Keys) derive(role string) ([]byte, error) {
	b, err := hkdf.Key(sha256.New, k.root[:], nil, "lineside broker 1 "+role, keySize)
	if err != nil {
		return nil, fmt.Errorf("make the broker's key of %s: %w", role, err)
	}
	return b, nil
}

// pair is the key of one user.
func (k Keys) pair(role string) (nkeys.KeyPair, error) {
	kind := nkeys.PrefixByteUser
	if role == issuer {
		kind = nkeys.PrefixByteAccount
	}
	raw, err := k.derive(role)
	if err != nil {
		return nil, err
	}
	seed, err := nkeys.EncodeSeed(kind, raw)
	if err != nil {
		return nil, fmt.Errorf("make the broker's key of %s: %w", role, err)
	}
	return nkeys.FromSeed(seed)
}

// signer is a user's key that signs often: nkeys makes the key anew from its
// seed for each signature and each look at the public half, which costs as much
// as to sign.
type signer struct {
	nkeys.KeyPair
	key    ed25519.PrivateKey
	public string
}

func (k Keys) signer(role string) (*signer, error) {
	pair, err := k.pair(role)
	if err != nil {
		return nil, err
	}
	raw, err := k.derive(role)
	if err != nil {
		return nil, err
	}
	public, err := pair.PublicKey()
	if err != nil {
		return nil, fmt.Errorf("make the broker's key of %s: %w", role, err)
	}
	return &signer{KeyPair: pair, key: ed25519.NewKeyFromSeed(raw), public: public}, nil
}

// PublicKey is the public half.
func (s *signer) PublicKey() (string, error) { return s.public, nil }

// Sign signs as nkeys does.
func (s *signer) Sign(text []byte) ([]byte, error) { return ed25519.Sign(s.key, text), nil }

// public is the public half of one user's key.
func (k Keys) public(role string) (string, error) {
	p, err := k.pair(role)
	if err != nil {
		return "", err
	}
	return p.PublicKey()
}
