package vendors

import (
	"crypto/sha256"
	"encoding/binary"
	"testing"
)

func TestFactoryMemoryIsBounded(t *testing.T) {
	f := NewFactory(All(), nil)
	key := func(i uint32) (k [sha256.Size]byte) {
		binary.BigEndian.PutUint32(k[:], i)
		return k
	}
	phone := verified{vendor: "yealink"}
	f.remember(key(0), phone)
	for i := range uint32(2 * maxKnown) {
		f.remember(key(1<<31|i), verified{})
	}
	if v, ok := f.recall(key(0)); !ok || v != phone {
		t.Error("refused chains pushed a good one out")
	}
	for i := range uint32(2 * maxKnown) {
		f.remember(key(i), phone)
		if v, ok := f.recall(key(i)); !ok || v != phone {
			t.Fatalf("chain %d is forgotten at once", i)
		}
	}
	if len(f.known) != maxKnown || len(f.refused) != maxRefused {
		t.Errorf("holds %d and %d chains, want %d and %d", len(f.known), len(f.refused), maxKnown, maxRefused)
	}
}
