package broker

import (
	"bytes"
	"testing"
)

// TestSigner: a key that is kept signs as nkeys does with the one it makes anew.
func TestSigner(t *testing.T) {
	k, text := NewKeys(), []byte("what a box may do")
	for _, role := range []string{issuer, userCore} {
		pair, err := k.pair(role)
		if err != nil {
			t.Fatal(err)
		}
		s, err := k.signer(role)
		if err != nil {
			t.Fatal(err)
		}
		got, _ := s.PublicKey()
		if want, err := pair.PublicKey(); err != nil || got != want {
			t.Errorf("%s: got the public half %s, want %s (%v)", role, got, want, err)
		}
		sig, _ := s.Sign(text)
		if want, err := pair.Sign(text); err != nil || !bytes.Equal(sig, want) {
			t.Errorf("%s: got the signature %x, want %x (%v)", role, sig, want, err)
		}
	}
}
