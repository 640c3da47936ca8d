package site

import (
	"errors"
	"fmt"
	"log/slog"

	"github.com/nats-io/nkeys"
)

// NKey is the key a box proves itself with at the platform's broker, and with
// nothing else: a broker chooses what it has signed. Its zero value is none.
type NKey struct{ pair nkeys.KeyPair }

// NewNKey makes one from the system's random source.
func NewNKey() (NKey, error) {
	pair, err := nkeys.CreateUser()
	if err != nil {
		return NKey{}, fmt.Errorf("make a key for the broker: %w", err)
	}
	return NKey{pair}, nil
}

// ParseNKey reads what Bytes gave.
func ParseNKey(seed []byte) (NKey, error) {
	pair, err := nkeys.FromSeed(seed)
	if err != nil {
		return NKey{}, fmt.Errorf("read the key for the broker: %w", err)
	}
	if public, err := pair.PublicKey(); err != nil || !nkeys.IsValidPublicUserKey(public) {
		return NKey{}, errors.New("read the key for the broker: it is of another kind")
	}
	return NKey{pair}, nil
}

// Bytes is the private key, to be kept as a secret.
func (k NKey) Bytes() ([]byte, error) { return k.pair.Seed() }

// Public is the half the platform knows (wire.Join.NKey).
func (k NKey) Public() (string, error) {
	if k.pair == nil {
		return "", errors.New("there is no key for the broker: join the platform anew with `lineside join TOKEN`")
	}
	return k.pair.PublicKey()
}

// String shows nothing.
func (k NKey) String() string { return "key for the broker" }

// GoString is String, for %#v.
func (k NKey) GoString() string { return k.String() }

// LogValue is String, for slog.
func (k NKey) LogValue() slog.Value { return slog.StringValue(k.String()) }

// MarshalText refuses: it is written by Bytes, on purpose.
func (k NKey) MarshalText() ([]byte, error) {
	return nil, errors.New("a key for the broker is not written as it is")
}
