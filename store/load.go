package store

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"net/netip"
	"runtime"
	"sync"

	bolt "go.etcd.io/bbolt"

	"github.com/lineside/lineside/audit"
	"github.com/lineside/lineside/auth"
	"github.com/lineside/lineside/phone"
)

// maxKey is above the longest key of any bucket.
const maxKey = 32

// memory is everything that is kept in memory, read from one transaction.
type memory struct {
	counts
	cut      bool // the audit log's ends are not where they were left
	meta     storedMeta
	devices  map[phone.MAC]*auth.Record
	leases   map[netip.Addr]*phone.Lease
	policy   *auth.Policy
	tokens   []Token
	users    people
	letters  letters
	accounts accounts
	sessions []auth.Session
	sync     map[string][]byte
}

// readAll reads and verifies every record.
func readAll(db *bolt.DB, key Key) (m *memory, err error) {
	err = guarded(func() error {
		return db.View(func(tx *bolt.Tx) (err error) {
			m, err = readTx(tx, key)
			return err
		})
	})
	return m, err
}

// walk gives every record of a bucket, its checksum verified, in order. Every
// sixteenth key is also looked up from the top: that reads the branch pages'
// keys, which walking does not, and finds any out of order.
func walk(tx *bolt.Tx, bucket string, f func(k, value []byte) error) error {
	b := tx.Bucket([]byte(bucket))
	again := b.Cursor()
	n := 0
	err := b.ForEach(func(k, value []byte) error {
		if len(k) > maxKey { // before anything reads it: it may have no end
			return fmt.Errorf("%w: key of %d bytes", errDamaged, len(k))
		}
		if _, err := unframe(value); err != nil {
			return fmt.Errorf("record %x: %w", k, err)
		}
		if n++; n%16 == 1 || len(value) > 512 {
			if found, _ := again.Seek(k); !bytes.Equal(found, k) {
				return fmt.Errorf("%w: record %x is not where it should be", errDamaged, k)
			}
		}
		return f(k, value)
	})
	if err != nil {
		return fmt.Errorf("read %s: %w", bucket, err)
	}
	return nil
}

func readTx(tx *bolt.Tx, key Key) (*memory, error) {
	meta, err := readMeta(tx, key, len(migrations)+1)
	if err != nil {
		return nil, err
	}
	for _, name := range buckets {
		if tx.Bucket([]byte(name)) == nil {
			return nil, fmt.Errorf("%w: no bucket %s", errDamaged, name)
		}
	}
	m := &memory{meta: meta}
	if m.policy, err = (codec{key}).decodePolicy(tx.Bucket([]byte(bucketPolicy)).Get([]byte(policyKey))); err != nil {
		return nil, fmt.Errorf("read policy: %w", err)
	}
	if m.tokens, err = readTokens(tx, codec{key}); err != nil {
		return nil, err
	}
	for _, read := range []func(*bolt.Tx) error{
		func(tx *bolt.Tx) error { return m.readDevices(tx, codec{key}) },
		func(tx *bolt.Tx) (err error) { m.users, err = readUsers(tx, codec{key}); return err },
		func(tx *bolt.Tx) (err error) { m.letters, err = readLetters(tx, codec{key}); return err },
		func(tx *bolt.Tx) (err error) { m.accounts, err = readAccounts(tx, codec{key}); return err },
		func(tx *bolt.Tx) (err error) { m.sessions, err = readSessions(tx, codec{key}); return err },
		m.readLeases, m.readSeen, m.readSync, func(tx *bolt.Tx) error { return m.readAudit(tx, key) },
	} {
		if err := read(tx); err != nil {
			return nil, err
		}
	}
	if m.mark, err = readMark(tx); err != nil {
		return nil, err
	}
	m.rev = tx.Bucket([]byte(bucketMeta)).Sequence()
	return m, m.checkRevs()
}

// readDevices decodes on all processors: opening the seals is most of a start.
func (m *memory) readDevices(tx *bolt.Tx, c codec) error {
	var keys, values [][]byte
	err := walk(tx, bucketDevices, func(k, value []byte) error {
		keys, values = append(keys, bytes.Clone(k)), append(values, value)
		return nil
	})
	if err != nil {
		return err
	}
	recs := make([]*auth.Record, len(keys))
	errs := make([]error, runtime.GOMAXPROCS(0))
	var wg sync.WaitGroup
	for w := range errs {
		wg.Go(func() {
			var s storedDevice
			for i := w; i < len(keys) && errs[w] == nil; i += len(errs) {
				recs[i], errs[w] = c.decodeDeviceInto(&s, keys[i], values[i])
			}
		})
	}
	wg.Wait()
	if err := errors.Join(errs...); err != nil {
		return fmt.Errorf("read devices: %w", err)
	}
	m.devices = make(map[phone.MAC]*auth.Record, len(recs))
	for _, rec := range recs {
		m.devices[rec.Device.MAC] = rec
	}
	return nil
}

func (m *memory) readLeases(tx *bolt.Tx) error {
	m.leases = make(map[netip.Addr]*phone.Lease)
	return walk(tx, bucketLeases, func(k, value []byte) error {
		l, err := decodeLease(k, value)
		if err == nil {
			m.leases[l.Addr] = l
		}
		return err
	})
}

func (m *memory) readSeen(tx *bolt.Tx) error {
	return walk(tx, bucketSeen, func(_, _ []byte) error {
		m.seen++
		return nil
	})
}

// readAudit makes sure that the log has no gap and ends where it should, and
// looks whether its two ends are those that were sealed. Following the chain
// from one to the other is left to VerifyAudit.
func (m *memory) readAudit(tx *bolt.Tx, key Key) error {
	end := tx.Bucket([]byte(bucketAudit)).Sequence()
	first := end + 1
	var last audit.Link
	err := walk(tx, bucketAudit, func(k, value []byte) error {
		if len(k) != 8 || last.Seq != 0 && binary.BigEndian.Uint64(k) != last.Seq+1 {
			return fmt.Errorf("%w: entry %x where %d should be", errDamaged, k, last.Seq+1)
		}
		if last.Seq = binary.BigEndian.Uint64(k); first > end {
			first = last.Seq
		}
		if last.Seq != end {
			return nil
		}
		e, err := decodeEntry(k, value)
		last.Hash = e.Hash
		return err
	})
	if err != nil {
		return err
	}
	if last.Seq != end && last.Seq != 0 {
		return fmt.Errorf("%w: audit log ends at %d, not at %d", errDamaged, last.Seq, end)
	}
	c, sealed, err := readChain(tx, key.sealKey())
	if err != nil {
		return err
	}
	if last.Seq == 0 && c.head.Seq == end {
		last = c.head // an empty log ends where it was pruned
	}
	last.Seq = end
	m.chain, m.cut = c.ends(sealed, first, last)
	return nil
}

// checkRevs makes sure that no Rev can be given twice.
func (m *memory) checkRevs() error {
	highest := m.policy.Rev
	for _, rec := range m.devices {
		highest = max(highest, rec.Rev)
	}
	for _, u := range m.users {
		highest = max(highest, u.Rev)
	}
	for _, a := range m.accounts {
		highest = max(highest, a.Rev)
	}
	if highest > m.rev {
		return fmt.Errorf("%w: revision %d is above the last one given, %d", errDamaged, highest, m.rev)
	}
	return nil
}
