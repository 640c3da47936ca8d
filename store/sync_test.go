package store

import (
	"errors"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/lineside/lineside/audit"
)

func syncText(m map[string][]byte) map[string]string {
	out := map[string]string{}
	for k, v := range m {
		out[k] = string(v)
	}
	return out
}

func TestSyncValues(t *testing.T) {
	path, key := filepath.Join(t.TempDir(), "lineside.db"), testKey()
	s, err := Open(path, key, Config{}, Tools{})
	if err != nil {
		t.Fatal(err)
	}
	change := func(f func(*SyncTx) error) error {
		return s.Sync(t.Context(), func(tx *SyncTx) ([]audit.Record, error) { return nil, f(tx) })
	}
	if err := change(func(tx *SyncTx) error {
		tx.Put("meta", []byte(`{"n":1}`))
		tx.Put("device/a", []byte(`1`))
		tx.Put("device/b", []byte(`2`))
		tx.Put("device/b", nil)
		if string(tx.Get("device/a")) != "1" || tx.Get("device/b") != nil || !slices.Equal(tx.Names("device/"), []string{"device/a"}) {
			t.Errorf("within the transaction: got %q, %q and %v", tx.Get("device/a"), tx.Get("device/b"), tx.Names("device/"))
		}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	refused := errors.New("refused")
	if err := change(func(tx *SyncTx) error { tx.Put("meta", []byte(`{"n":2}`)); return refused }); !errors.Is(err, refused) {
		t.Errorf("got %v, want %v", err, refused)
	}
	for _, bad := range []struct{ name, value string }{{"x", "no JSON"}, {"", "1"}, {strings.Repeat("n", 200), "1"}, {"x", `"` + strings.Repeat("v", maxValue) + `"`}} {
		if err := change(func(tx *SyncTx) error {
			tx.Put("meta", []byte(`{"n":3}`))
			tx.Put(bad.name, []byte(bad.value))
			return nil
		}); err == nil {
			t.Errorf("%.20q = %.20q: got no error, want one", bad.name, bad.value)
		}
	}
	want := map[string]string{"meta": `{"n":1}`, "device/a": "1"}
	if got := syncText(s.SyncValues("")); !maps.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if s, err = Open(path, key, Config{}, Tools{}); err != nil {
		t.Fatal(err)
	}
	defer func() { _ = s.Close() }()
	if got := syncText(s.SyncValues("")); !maps.Equal(got, want) {
		t.Errorf("after a restart: got %v, want %v", got, want)
	}
	if got := syncText(s.SyncValues("device/")); len(got) != 1 {
		t.Errorf("got %v, want device/a alone", got)
	}
}

// TestSyncChangesOfOneCommit: a change sees what an earlier one of the same
// commit put.
func TestSyncChangesOfOneCommit(t *testing.T) {
	s, err := Open(filepath.Join(t.TempDir(), "lineside.db"), testKey(), Config{}, Tools{})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = s.Close() }()
	done := make(chan error)
	const writers = 50
	for range writers {
		go func() {
			done <- s.Sync(t.Context(), func(tx *SyncTx) ([]audit.Record, error) {
				tx.Put("count", []byte("1"+strings.ReplaceAll(string(tx.Get("count")), "2", "1")))
				return nil, nil
			})
		}()
	}
	for range writers {
		if err := <-done; err != nil {
			t.Fatal(err)
		}
	}
	if got := len(s.SyncValues("count")["count"]); got != writers {
		t.Errorf("got %d changes, want %d: one was made on a state it had not seen", got, writers)
	}
}

// FuzzDecodeSync: a value is read only from where its name says it lies.
func FuzzDecodeSync(f *testing.F) {
	framed, err := frame(storedSync{version: version{syncSchema}, Name: "meta", Value: []byte(`{}`)})
	if err != nil {
		f.Fatal(err)
	}
	f.Add(syncKey("meta"), framed)
	f.Add([]byte("meta"), framed)
	f.Fuzz(func(t *testing.T, key, value []byte) {
		name, content, err := decodeSync(key, value)
		if err == nil && (string(key) != string(syncKey(name)) || len(content) == 0) {
			t.Errorf("got %q = %q under key %x", name, content, key)
		}
	})
}
