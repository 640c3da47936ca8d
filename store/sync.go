package store

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	bolt "go.etcd.io/bbolt"

	"github.com/lineside/lineside/audit"
)

// bucketSync came after schema 2 and is made when first written to. It holds
// what the site and the platform agreed on, in the words of the sync packages:
// JSON by name. No secret is in it that is not sealed to the box by them.
const bucketSync = "sync"

// syncSchema is the newest schema of such a value.
//
//	1  first
const syncSchema = 1

// maxSyncName bounds a name in bytes.
const maxSyncName = 128

// storedSync is one value under the hash of its name. All fields since schema 1.
type storedSync struct {
	version
	Name  string          `json:"name"`
	Value json.RawMessage `json:"value"`
}

// SyncTx is all of it, within one transaction.
type SyncTx struct {
	v   *view
	d   *draft
	err error
}

// Sync runs change in a transaction and returns once what it put is on disk
// with its events. change runs at most once.
func (s *Store) Sync(ctx context.Context, change func(*SyncTx) ([]audit.Record, error)) error {
	return s.submit(ctx, func(v *view, d *draft) error {
		t := &SyncTx{v: v, d: d}
		events, err := change(t)
		if err == nil {
			err = t.err
		}
		if err != nil {
			return err
		}
		return d.record(events)
	})
}

// SyncValues gives a copy of the committed values whose names begin so, by
// name. The values are shared: they must not be changed.
func (s *Store) SyncValues(prefix string) map[string][]byte {
	s.mu.RLock()
	defer s.mu.RUnlock()
	out := make(map[string][]byte)
	for name, value := range s.sync {
		if strings.HasPrefix(name, prefix) {
			out[name] = value
		}
	}
	return out
}

// Get gives a value, nil for none. It must not be changed.
func (t *SyncTx) Get(name string) []byte {
	if value, ok := t.d.overlay.sync[name]; ok {
		return value
	}
	if value, ok := t.v.overlay.sync[name]; ok {
		return value
	}
	return t.v.s.sync[name]
}

// Put sets a value, which is JSON; nil deletes it. A value that cannot be kept
// ends the transaction, once change has returned.
func (t *SyncTx) Put(name string, value []byte) {
	if t.err != nil {
		return
	}
	if t.d.overlay.sync == nil {
		t.d.overlay.sync = make(map[string][]byte)
	}
	if value == nil {
		t.d.overlay.sync[name] = nil
		t.d.delete(bucketSync, syncKey(name))
		return
	}
	framed, err := frame(storedSync{version: version{syncSchema}, Name: name, Value: value})
	if err == nil {
		_, value, err = decodeSync(syncKey(name), framed)
	}
	if err != nil {
		t.err = fmt.Errorf("keep sync value %q: %w", name, err)
		return
	}
	t.d.overlay.sync[name] = value
	t.d.put(bucketSync, syncKey(name), framed)
}

// Names gives the names that begin so, in order.
func (t *SyncTx) Names(prefix string) []string {
	there := make(map[string]bool)
	for _, layer := range []map[string][]byte{t.v.s.sync, t.v.overlay.sync, t.d.overlay.sync} {
		for name, value := range layer {
			if strings.HasPrefix(name, prefix) {
				there[name] = value != nil
			}
		}
	}
	maps.DeleteFunc(there, func(_ string, is bool) bool { return !is })
	return slices.Sorted(maps.Keys(there))
}

// syncKey is where a value lies: names are longer than keys may be.
func syncKey(name string) []byte {
	sum := sha256.Sum256([]byte(name))
	return sum[:]
}

func decodeSync(key, value []byte) (name string, content []byte, err error) {
	s, err := parse[storedSync](value, syncSchema)
	if err != nil {
		return "", nil, err
	}
	if s.Name == "" || len(s.Name) > maxSyncName || len(s.Value) == 0 || string(key) != string(syncKey(s.Name)) {
		return "", nil, fmt.Errorf("%w: sync value %.40q is not where it should be", errDamaged, s.Name)
	}
	return s.Name, s.Value, nil
}

// readSync reads the values, none where none was ever written.
func (m *memory) readSync(tx *bolt.Tx) error {
	m.sync = make(map[string][]byte)
	if tx.Bucket([]byte(bucketSync)) == nil {
		return nil
	}
	return walk(tx, bucketSync, func(k, value []byte) error {
		name, content, err := decodeSync(k, value)
		if err == nil {
			m.sync[name] = content
		}
		return err
	})
}
