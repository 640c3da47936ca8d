package store

import (
	"bytes"
	"encoding/binary"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	bolt "go.etcd.io/bbolt"
)

// TestPagesInCirclesAreFound puts a page in the place of each in turn that leads
// to itself: the database would follow it for ever.
func TestPagesInCirclesAreFound(t *testing.T) {
	path := filepath.Join(t.TempDir(), "db")
	filledStore(t, path, false)
	raw, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	db, err := bolt.Open(path, 0o600, nil)
	if err != nil {
		t.Fatal(err)
	}
	var root int
	_ = db.View(func(tx *bolt.Tx) error {
		root = int(tx.Bucket([]byte(bucketDevices)).Root())
		return nil
	})
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	page := make([]byte, pageSize)
	binary.LittleEndian.PutUint64(page, uint64(root))
	page[8], page[10] = branchPage, 1
	binary.LittleEndian.PutUint32(page[16:], 16)
	binary.LittleEndian.PutUint32(page[20:], 6)
	binary.LittleEndian.PutUint64(page[24:], uint64(root))
	copy(raw[root*pageSize:], page)
	if err := os.WriteFile(path, raw, 0o600); err != nil {
		t.Fatal(err)
	}
	s := openTest(t, path, Config{})
	if r := s.Report(); r.SetAside == "" || !strings.Contains(r.Detail, "used twice") {
		t.Errorf("report %+v, want the circle found and the file set aside", r)
	}
}

// FuzzTrees follows pages that anybody may have written: it ends, uses no page
// twice, and knows no other error than damage.
func FuzzTrees(f *testing.F) {
	const size = 512
	page := func(id, flags, count int, elements ...uint32) []byte {
		b := make([]byte, size)
		binary.LittleEndian.PutUint64(b, uint64(id))
		b[8], b[10] = byte(flags), byte(count)
		for i, e := range elements {
			binary.LittleEndian.PutUint32(b[pageHead+4*i:], e)
		}
		return b
	}
	heads := make([]byte, 2*size)
	f.Add(append(bytes.Clone(heads), page(2, leafPage, 1, 0, 16, 1, 1)...))
	f.Add(append(bytes.Clone(heads), page(2, branchPage, 1, 16, 6, 2, 0)...))
	f.Add(append(bytes.Clone(heads), page(2, branchPage, 2, 32, 6, 3, 0, 16, 6, 3, 0)...))
	f.Add(append(bytes.Clone(heads), page(2, leafPage, 1, bucketEntry, 16, 0, 16, 2, 0)...))
	f.Add(append(bytes.Clone(heads), page(2, leafPage, 1, bucketEntry, 16, 0, 48, 0, 0, 0, 0, 0, 0, leafPage, 0)...))
	f.Fuzz(func(t *testing.T, data []byte) {
		tr := trees{file: bytes.NewReader(data), size: size, seen: make([]bool, len(data)/size)}
		if err := tr.follow(2); err != nil && !errors.Is(err, errDamaged) {
			t.Errorf("got %v, want damage", err)
		}
	})
}
