package store

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"reflect"
	"time"

	bolt "go.etcd.io/bbolt"

	"github.com/lineside/lineside/audit"
)

// rekeyBatch is how many records of the new file are written together: the old
// one may be as large as the box's memory.
const rekeyBatch = 4096

// rekeying is a copy of a database being made under another key. It is a new
// file, never the old one written over: pages that a database no longer uses
// keep what stood in them, sealed under the old key.
type rekeying struct {
	from, to Key
	now      time.Time
	note     *audit.Record // goes into the new file's audit log; nil for none
}

// errTampered is returned for a file whose audit log was changed: sealing its
// ends anew would vouch for it.
var errTampered = errors.New("the audit log was changed by somebody without the site key; start the box once, which puts that on record, then do this again")

// readSource reads all of the database to be copied and makes sure that it is
// sound.
func (r rekeying) readSource(db *bolt.DB) (*memory, error) {
	if err := upgrade(db, migrating{r.from, r.now}, migrations); err != nil {
		return nil, err
	}
	m, err := readAll(db, r.from)
	if err == nil {
		err = checkPages(db)
	}
	if err == nil && m.cut {
		err = errTampered
	}
	return m, err
}

// write makes the new file at name, durably, and gives it open and locked. It
// is proved by then: all of it was read back under the new key, and says what
// the old one says.
func (r rekeying) write(src *bolt.DB, m *memory, name string) (dst *bolt.DB, err error) {
	if err := removeIfThere(name); err != nil {
		return nil, err
	}
	if dst, err = openBolt(name, 0); err != nil {
		return nil, err
	}
	dst.NoSync = true // flushed once, at the end
	err = guarded(func() error {
		return src.View(func(from *bolt.Tx) error { return r.fill(from, dst, m) })
	})
	dst.NoSync = false
	if err == nil {
		err = dst.Sync()
	}
	if err == nil {
		err = r.prove(dst, m)
	}
	if err != nil {
		return nil, errors.Join(err, dst.Close(), removeIfThere(name))
	}
	return dst, nil
}

// fill copies every bucket; the meta record, without which the file is none,
// comes last.
func (r rekeying) fill(from *bolt.Tx, dst *bolt.DB, m *memory) error {
	err := from.ForEach(func(name []byte, _ *bolt.Bucket) error {
		if err := r.fillBucket(from, dst, string(name)); err != nil {
			return fmt.Errorf("seal %s anew: %w", name, err)
		}
		return nil
	})
	if err != nil {
		return err
	}
	return dst.Update(func(tx *bolt.Tx) error { return r.finish(tx, m) })
}

func (r rekeying) fillBucket(from *bolt.Tx, dst *bolt.DB, name string) error {
	var batch []put
	flush := func() error {
		err := dst.Update(func(tx *bolt.Tx) error {
			b, err := tx.CreateBucketIfNotExists([]byte(name))
			if err != nil {
				return err
			}
			b.FillPercent = 1 // keys come in order
			for _, p := range batch {
				if err := b.Put(p.key, p.value); err != nil {
					return err
				}
			}
			return b.SetSequence(from.Bucket([]byte(name)).Sequence())
		})
		batch = batch[:0]
		return err
	}
	err := walk(from, name, func(k, value []byte) error {
		next, err := r.reseal(name, k, value)
		if err != nil || next == nil {
			return err
		}
		if batch = append(batch, put{key: bytes.Clone(k), value: next}); len(batch) < rekeyBatch {
			return nil
		}
		return flush()
	})
	if err != nil {
		return err
	}
	return flush()
}

// reseal gives a record's value under the new key; nil is one that finish
// writes, or that is left behind. Fields that are sealed are called so: a record that has one and is not
// known here cannot be carried over.
func (r rekeying) reseal(bucket string, k, value []byte) ([]byte, error) {
	from, to := codec{r.from}, codec{r.to}
	switch {
	case bucket == bucketDevices:
		rec, err := from.decodeDevice(k, value)
		if err != nil {
			return nil, err
		}
		return to.encodeDevice(*rec)
	case bucket == bucketUsers:
		u, err := from.decodeUser(k, value)
		if err != nil {
			return nil, err
		}
		return to.encodeUser(u)
	case bucket == bucketMail:
		l, err := from.decodeLetter(k, value)
		if err != nil {
			return nil, err
		}
		return to.encodeLetter(string(k), l)
	case bucket == bucketAccounts:
		a, err := from.decodeAccount(k, value)
		if err != nil {
			return nil, err
		}
		return to.encodeAccount(a)
	case bucket == bucketSessions:
		return nil, nil // people sign in again
	case bucket == bucketPolicy && string(k) == policyKey:
		p, err := from.decodePolicy(value)
		if err != nil {
			return nil, err
		}
		return to.encodePolicy(*p)
	case bucket == bucketMeta && string(k) == tokensKey:
		list, err := from.decodeTokens(value)
		if err != nil {
			return nil, err
		}
		return to.encodeTokens(list)
	case bucket == bucketMeta && (string(k) == metaKey || string(k) == chainKey):
		return nil, nil
	case bytes.Contains(value, []byte(`{"sealed_`)), bytes.Contains(value, []byte(`,"sealed_`)):
		return nil, fmt.Errorf("record %x holds something sealed that this build does not know", k)
	}
	return bytes.Clone(value), nil
}

// finish writes what stands under the key without holding a secret: the key
// check and the seal on the audit log's two ends.
func (r rekeying) finish(tx *bolt.Tx, m *memory) error {
	c := m.chain
	if r.note != nil {
		entry, err := encodeEntry(*r.note, r.now)
		if err != nil {
			return fmt.Errorf("encode audit event: %w", err)
		}
		b := tx.Bucket([]byte(bucketAudit))
		if err := c.add(b, entry); err != nil {
			return err
		}
		if err := b.SetSequence(c.head.Seq); err != nil {
			return err
		}
	}
	if err := c.put(tx, r.to.sealKey()); err != nil {
		return err
	}
	meta := m.meta
	meta.sealCheck(r.to)
	return putMeta(tx, meta)
}

// prove reads the new file whole and compares what it says with the old one.
func (r rekeying) prove(dst *bolt.DB, was *memory) error {
	is, err := readAll(dst, r.to)
	if err == nil {
		err = checkPages(dst)
	}
	if err != nil {
		return fmt.Errorf("read back under the new key: %w", err)
	}
	same := reflect.DeepEqual(was.devices, is.devices) && reflect.DeepEqual(was.leases, is.leases) &&
		reflect.DeepEqual(was.policy, is.policy) && reflect.DeepEqual(was.tokens, is.tokens) &&
		reflect.DeepEqual(was.users, is.users) && reflect.DeepEqual(was.letters, is.letters) && reflect.DeepEqual(was.accounts, is.accounts) &&
		was.rev == is.rev && was.seen == is.seen && was.mark.Equal(is.mark) && !is.cut
	if !same {
		return errors.New("read back under the new key: it is not what was written")
	}
	return nil
}

// rekeyFile puts a copy of the database at name under the new key in its place.
// Nobody may have it open.
func (r rekeying) rekeyFile(name string) error {
	src, err := openBolt(name, 0)
	if err != nil {
		return err
	}
	defer src.Close()
	m, err := r.readSource(src)
	if err != nil {
		return err
	}
	tmp := name + ".rekeyed"
	dst, err := r.write(src, m, tmp)
	if err != nil {
		return err
	}
	if err := dst.Close(); err != nil {
		return err
	}
	return os.Rename(tmp, name) // flushed with the directory when name itself is moved
}
