package store

import (
	"crypto/cipher"
	"crypto/rand"
	"encoding/base64"
	"fmt"

	"golang.org/x/crypto/chacha20poly1305"

	"github.com/lineside/lineside/phone"
)

// sealer seals the secrets of one record. What it seals opens only under the
// same key, in the same bucket, record and field.
type sealer struct {
	aead   cipher.AEAD
	bucket string
	record string // hex of the record's key, or a fixed name
}

func (k Key) sealer(bucket, record string) sealer {
	aead, err := chacha20poly1305.NewX(k.bytes[:])
	if err != nil {
		panic(err) // only for a key of another length
	}
	return sealer{aead: aead, bucket: bucket, record: record}
}

// place is the associated data. No part holds a NUL, so parts cannot run into
// one another.
func (s sealer) place(field string) []byte {
	return []byte("lineside\x00" + s.bucket + "\x00" + s.record + "\x00" + field)
}

// seal gives base64 of nonce and ciphertext; the empty secret stays empty.
// Nonces are 24 random bytes, for which chance repeats are out of reach.
func (s sealer) seal(field string, secret phone.Secret) string {
	if secret.IsZero() {
		return ""
	}
	plain := secret.Reveal()
	b := make([]byte, chacha20poly1305.NonceSizeX, chacha20poly1305.NonceSizeX+len(plain)+chacha20poly1305.Overhead)
	_, _ = rand.Read(b) // never returns an error
	b = s.aead.Seal(b, b, []byte(plain), s.place(field))
	return base64.StdEncoding.EncodeToString(b)
}

// open reads what seal wrote for the same place.
func (s sealer) open(field, sealed string) (phone.Secret, error) {
	if sealed == "" {
		return phone.Secret{}, nil
	}
	b, err := base64.StdEncoding.DecodeString(sealed)
	if err != nil || len(b) < chacha20poly1305.NonceSizeX {
		return phone.Secret{}, fmt.Errorf("%w: %s is no sealed value", errDamaged, field)
	}
	nonce, text := b[:chacha20poly1305.NonceSizeX], b[chacha20poly1305.NonceSizeX:]
	plain, err := s.aead.Open(nil, nonce, text, s.place(field))
	if err != nil {
		return phone.Secret{}, fmt.Errorf("%w: %s was not sealed for this place", errDamaged, field)
	}
	return phone.NewSecret(string(plain)), nil
}
