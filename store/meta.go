package store

import (
	"errors"
	"fmt"
	"time"

	bolt "go.etcd.io/bbolt"

	"github.com/lineside/lineside/phone"
)

// metaSchema is the newest schema of the meta record itself. It names the
// file's schema, so it can hardly ever change.
//
//	1  first
//	2  the last leases are in the journal beside the file. An older build, which
//	   knows none, is to refuse it; the record has schema 1 again from when the
//	   database has them all, at the latest once the box was stopped.
const metaSchema = 2

// Schema is the schema of the files this build writes: what a release says of
// itself.
func Schema() int { return len(migrations) + 1 }

// metaKey is the key of the one record in its bucket.
const metaKey = "file"

// storedMeta says what the file is. All fields but Round since schema 1.
type storedMeta struct {
	version
	Schema  int       `json:"schema"` // of the file as a whole: which buckets, which keys
	Created time.Time `json:"created"`
	// KeyCheck is a known value sealed under the site key.
	KeyCheck string `json:"sealed_key_check"`
	// Copied says that this file is a copy, and of when. It is cleared in the
	// transaction that burns what must not be used twice.
	Copied time.Time `json:"copied,omitzero"`
	// Round says which blocks of the lease journal count beyond this file; empty
	// for none, as in every copy.
	Round string `json:"round,omitempty"`
}

// keyCheck begins the known value.
const keyCheck = "lineside"

// migrating is what a migration has besides the transaction.
type migrating struct {
	key Key
	now time.Time
}

// migration takes a file from one schema to the next.
type migration func(tx *bolt.Tx, m migrating) error

// migrations[i] takes a file from schema i+1 to i+2. The schemas so far:
//
//	1  first
//	2  audit entries are chained; chain record, clock record
var migrations = []migration{chainEntries}

// errBlank marks a file in which nothing was ever written.
var errBlank = errors.New("blank database")

func newMeta(key Key, now time.Time) storedMeta {
	m := storedMeta{Schema: len(migrations) + 1, Created: stamp(now)}
	m.sealCheck(key)
	return m
}

// sealCheck seals the known value for the file's schema.
func (m *storedMeta) sealCheck(key Key) {
	m.KeyCheck = key.sealer(bucketMeta, metaKey).seal("key_check", phone.NewSecret(m.check()))
}

// check is the known value. From schema 2 on it holds the schema: without the
// site key no file can be passed off as an older one, whose entries would be
// chained as they stand.
func (m *storedMeta) check() string {
	if m.Schema == 1 {
		return keyCheck
	}
	return fmt.Sprintf("%s %d", keyCheck, m.Schema)
}

// readMeta reads the meta record of a file of schema latest or older, and tries
// the key on it.
func readMeta(tx *bolt.Tx, key Key, latest int) (storedMeta, error) {
	b := tx.Bucket([]byte(bucketMeta))
	if b == nil {
		if k, _ := tx.Cursor().First(); k == nil {
			return storedMeta{}, errBlank
		}
		return storedMeta{}, fmt.Errorf("%w: no bucket %s", errDamaged, bucketMeta)
	}
	m, err := parse[storedMeta](b.Get([]byte(metaKey)), metaSchema)
	if err != nil {
		return storedMeta{}, fmt.Errorf("read meta record: %w", err)
	}
	if m.Schema > latest {
		return storedMeta{}, fmt.Errorf("file of schema %d: %w", m.Schema, ErrNewer)
	}
	if m.Schema < 1 {
		return storedMeta{}, fmt.Errorf("%w: file of schema %d", errDamaged, m.Schema)
	}
	plain, err := key.sealer(bucketMeta, metaKey).open("key_check", m.KeyCheck)
	if err != nil || plain.Reveal() != m.check() {
		return storedMeta{}, ErrKey // which of the two it was helps nobody
	}
	return m, nil
}

func putMeta(tx *bolt.Tx, m storedMeta) error {
	if m.V = 1; m.Round != "" {
		m.V = metaSchema
	}
	value, err := frame(m)
	if err != nil {
		return fmt.Errorf("encode meta record: %w", err)
	}
	return tx.Bucket([]byte(bucketMeta)).Put([]byte(metaKey), value)
}

// upgrade brings a file up to the schema behind the last of table, in one
// transaction: a file is never found between two schemas.
func upgrade(db *bolt.DB, with migrating, table []migration) error {
	latest := len(table) + 1
	return guarded(func() error {
		var m storedMeta
		err := db.View(func(tx *bolt.Tx) (err error) {
			m, err = readMeta(tx, with.key, latest)
			return err
		})
		if err != nil || m.Schema == latest {
			return err
		}
		return db.Update(func(tx *bolt.Tx) error {
			for ; m.Schema < latest; m.Schema++ {
				if err := table[m.Schema-1](tx, with); err != nil {
					return fmt.Errorf("migrate from schema %d: %w", m.Schema, err)
				}
			}
			m.sealCheck(with.key)
			return putMeta(tx, m)
		})
	})
}
