package update

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"time"

	"aead.dev/minisign"

	"github.com/lineside/lineside/phone"
)

// Keys are the makers' public keys, whose releases are taken.
type Keys []Key

// Key is one of them.
type Key struct {
	// ID is what minisign shows of it: sixteen hex digits.
	ID     string
	public minisign.PublicKey
}

// Errors of a signature.
var (
	// ErrNoKeys says that no makers' key is trusted, so that nothing can be.
	ErrNoKeys = errors.New("no key is trusted for releases, so no update can be taken")
	// ErrSigner says that somebody else signed it.
	ErrSigner = errors.New("the release is signed by a key that is not trusted here")
	// ErrSignature says that the signature does not hold.
	ErrSignature = errors.New("the release's signature does not hold: the file was changed or cut on its way, or somebody made it up")
)

// ParseKey reads a public key as minisign writes it: a line of comment and one of
// base64.
func ParseKey(text []byte) (Key, error) {
	var k minisign.PublicKey
	if err := k.UnmarshalText(bytes.TrimSpace(text)); err != nil {
		return Key{}, fmt.Errorf("read a release key: %w", err)
	}
	return Key{ID: keyID(k.ID()), public: k}, nil
}

func keyID(id uint64) string { return fmt.Sprintf("%016X", id) }

// Verify says which key has signed a manifest.
func (ks Keys) Verify(manifest, signature []byte) (Key, error) {
	if len(ks) == 0 {
		return Key{}, ErrNoKeys
	}
	var s minisign.Signature
	if len(signature) > maxSignature {
		return Key{}, ErrSignature
	}
	if err := s.UnmarshalText(bytes.TrimRight(signature, "\r\n")); err != nil {
		return Key{}, fmt.Errorf("%w: %w", ErrSignature, err)
	}
	err := fmt.Errorf("%w (%s)", ErrSigner, keyID(s.KeyID))
	for _, k := range ks {
		if k.ID != keyID(s.KeyID) {
			continue
		}
		if minisign.Verify(k.public, manifest, bytes.TrimRight(signature, "\r\n")) {
			return k, nil
		}
		err = ErrSignature
	}
	return Key{}, err
}

// MakeKeys makes a pair as minisign keeps it, the secret half under a password,
// or, as minisign -W does, under none where that is empty. Opening one with a
// password takes seconds and a GiB of memory, so that guessing does too.
func MakeKeys(password phone.Secret) (public, secret []byte, err error) {
	pub, priv, err := minisign.GenerateKey(nil) // from crypto/rand
	switch {
	case err != nil:
	case password.IsZero():
		secret, err = priv.MarshalText()
	default:
		secret, err = minisign.EncryptKey(password.Reveal(), priv)
	}
	if err == nil {
		public, err = pub.MarshalText()
	}
	if err != nil {
		return nil, nil, fmt.Errorf("make a release key: %w", err)
	}
	return append(public, '\n'), append(secret, '\n'), nil
}

// Signer signs manifests.
type Signer struct{ key minisign.PrivateKey }

// OpenSigner opens a secret key as minisign keeps it. One that minisign -W made
// has no password.
func OpenSigner(secret []byte, password phone.Secret) (Signer, error) {
	secret = bytes.TrimSpace(secret)
	if minisign.IsEncrypted(secret) {
		key, err := minisign.DecryptKey(password.Reveal(), secret)
		if err != nil {
			return Signer{}, errors.New("open the release key: the password is wrong, or this is no secret key of minisign")
		}
		return Signer{key}, nil
	}
	var key minisign.PrivateKey
	if err := key.UnmarshalText(secret); err != nil {
		return Signer{}, fmt.Errorf("open the release key: %w", err)
	}
	return Signer{key}, nil
}

// Sign signs a manifest: its BLAKE2b-512, which is what minisign does by itself.
func (s Signer) Sign(manifest []byte, now time.Time) []byte {
	r := minisign.NewReader(bytes.NewReader(manifest))
	_, _ = new(bytes.Buffer).ReadFrom(r) // bytes do not fail
	comment := fmt.Sprintf("timestamp:%d\tfile:%s\thashed", now.Unix(), manifestName)
	return r.SignWithComments(s.key, comment, "signature from lineside release key "+strings.ToLower(keyID(s.key.ID())))
}
