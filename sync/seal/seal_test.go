package seal_test

import (
	"bytes"
	"errors"
	"testing"

	"github.com/lineside/lineside/sync/seal"
)

func newKey(t testing.TB) seal.Key {
	t.Helper()
	k, err := seal.NewKey()
	if err != nil {
		t.Fatal(err)
	}
	return k
}

func TestSealed(t *testing.T) {
	key, value := newKey(t), []byte("fake-sip-password")
	label := seal.Label{Site: "s1", Device: "001565000001", Kind: "sip", Epoch: 100, N: 3}
	sealed, err := key.Public().Seal(label, value)
	if err != nil {
		t.Fatal(err)
	}
	if bytes.Contains(sealed, value) || len(sealed) != len(value)+48 {
		t.Errorf("got %d bytes (%q), want 48 more than %d and nothing legible", len(sealed), sealed, len(value))
	}
	kept, err := key.Bytes()
	if err != nil {
		t.Fatal(err)
	}
	again, err := seal.ParseKey(kept)
	if err != nil {
		t.Fatal(err)
	}
	if out, err := again.Open(label, sealed); err != nil || !bytes.Equal(out, value) {
		t.Errorf("got %q, %v from a key read back, want %q", out, err, value)
	}
	for name, l := range map[string]seal.Label{
		"another site":       {Site: "s2", Device: label.Device, Kind: label.Kind, Epoch: 100, N: 3},
		"another device":     {Site: "s1", Device: "001565000002", Kind: "sip", Epoch: 100, N: 3},
		"another kind":       {Site: "s1", Device: label.Device, Kind: "otp", Epoch: 100, N: 3},
		"another epoch":      {Site: "s1", Device: label.Device, Kind: "sip", Epoch: 101, N: 3},
		"another generation": {Site: "s1", Device: label.Device, Kind: "sip", Epoch: 100, N: 4},
		"parts shifted":      {Site: "s10", Device: label.Device[1:], Kind: "sip", Epoch: 100, N: 3},
	} {
		if out, err := key.Open(l, sealed); !errors.Is(err, seal.ErrSealed) {
			t.Errorf("%s: got %q, %v, want ErrSealed", name, out, err)
		}
	}
	if _, err := newKey(t).Open(label, sealed); !errors.Is(err, seal.ErrSealed) {
		t.Errorf("another key: got %v, want ErrSealed", err)
	}
}

func TestPublicKeyAsText(t *testing.T) {
	key := newKey(t)
	p, err := seal.ParsePublic(key.Public().String())
	if err != nil {
		t.Fatal(err)
	}
	sealed, err := p.Seal(seal.Label{Kind: "x"}, []byte("v"))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := key.Open(seal.Label{Kind: "x"}, sealed); err != nil {
		t.Error(err)
	}
	for _, bad := range []string{"", "!", "AAAA", key.Public().String() + "A"} {
		if _, err := seal.ParsePublic(bad); err == nil {
			t.Errorf("ParsePublic(%q): got no error, want one", bad)
		}
		if _, err := seal.ParseVerifier(bad); err == nil {
			t.Errorf("ParseVerifier(%q): got no error, want one", bad)
		}
	}
}

func TestSigned(t *testing.T) {
	s, err := seal.NewSigner()
	if err != nil {
		t.Fatal(err)
	}
	again, err := seal.ParseSigner(s.Bytes())
	if err != nil {
		t.Fatal(err)
	}
	v, err := seal.ParseVerifier(again.Verifier().String())
	if err != nil {
		t.Fatal(err)
	}
	msg := []byte(`{"ver":3}`)
	sig := s.Sign("doc", msg)
	if err := v.Verify("doc", msg, sig); err != nil {
		t.Error(err)
	}
	other, err := seal.NewSigner()
	if err != nil {
		t.Fatal(err)
	}
	for name, err := range map[string]error{
		"another context": v.Verify("reply", msg, sig),
		"another message": v.Verify("doc", []byte(`{"ver":4}`), sig),
		"another key":     other.Verifier().Verify("doc", msg, sig),
		"no signature":    v.Verify("doc", msg, nil),
		"the zero value":  seal.Verifier{}.Verify("doc", msg, sig),
	} {
		if !errors.Is(err, seal.ErrSignature) {
			t.Errorf("%s: got %v, want ErrSignature", name, err)
		}
	}
	if _, err := seal.ParseSigner([]byte("short")); err == nil {
		t.Error("got a signer from 5 bytes, want an error")
	}
}

// FuzzOpen: whatever is changed in a sealed value, it does not open.
func FuzzOpen(f *testing.F) {
	key, label := newKey(f), seal.Label{Site: "s", Kind: "k"}
	sealed, err := key.Public().Seal(label, []byte("value"))
	if err != nil {
		f.Fatal(err)
	}
	f.Add(sealed[:31])
	f.Add(append(bytes.Clone(sealed), 0))
	for i := range sealed {
		changed := bytes.Clone(sealed)
		changed[i] ^= 1
		f.Add(changed)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		if out, err := key.Open(label, b); err == nil && !bytes.Equal(b, sealed) {
			t.Errorf("opened a changed value to %q", out)
		}
	})
}

func BenchmarkSeal(b *testing.B) {
	key, label := newKey(b), seal.Label{Site: "s", Kind: "k"}
	p := key.Public()
	sealed, _ := p.Seal(label, make([]byte, 32))
	b.Run("seal", func(b *testing.B) {
		for b.Loop() {
			_, _ = p.Seal(label, make([]byte, 32))
		}
	})
	b.Run("open", func(b *testing.B) {
		for b.Loop() {
			_, _ = key.Open(label, sealed)
		}
	})
}
