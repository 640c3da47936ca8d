package store

import (
	"fmt"
	"maps"
	"net/netip"
	"slices"
	"time"

	bolt "go.etcd.io/bbolt"

	"github.com/lineside/lineside/audit"
	"github.com/lineside/lineside/auth"
	"github.com/lineside/lineside/phone"
)

// Buckets, by noun. The meta bucket's sequence is the last Rev given, the audit
// bucket's the last entry's number.
const (
	bucketMeta    = "meta"
	bucketDevices = "devices"
	bucketPolicy  = "policy"
	bucketLeases  = "leases"
	bucketSeen    = "seen"
	bucketAudit   = "audit"
)

var buckets = []string{bucketMeta, bucketDevices, bucketPolicy, bucketLeases, bucketSeen, bucketAudit}

// laterBuckets came after schema 2 and are not in every file.
var laterBuckets = []string{bucketBindings, bucketSBCs, bucketUsers, bucketSync, bucketHours, bucketMail, bucketAccounts, bucketSessions}

// overlay is what differs from the state last committed. A nil record, lease
// or value is a deleted one.
type overlay struct {
	devices map[phone.MAC]*auth.Record
	leases  map[netip.Addr]*phone.Lease
	policy  *auth.Policy
	sync    map[string][]byte // nil deletes
}

// merge puts o2, which is later, over o.
func (o *overlay) merge(o2 overlay) {
	if o.devices == nil {
		o.devices = o2.devices
	} else {
		maps.Copy(o.devices, o2.devices)
	}
	if o.leases == nil {
		o.leases = o2.leases
	} else {
		maps.Copy(o.leases, o2.leases)
	}
	if o2.policy != nil {
		o.policy = o2.policy
	}
	if o.sync == nil {
		o.sync = o2.sync
	} else {
		maps.Copy(o.sync, o2.sync)
	}
}

// draft is what one change will write. It is computed whole before anything of
// it is put, so that a change rejected half-way leaves nothing behind.
type draft struct {
	overlay
	now     time.Time // stamps the entries
	puts    []put
	entries []storedEntry // numbered and chained when they are put
	revs    uint64        // how many Revs it takes
	mark    bool          // write the time, even if nothing else
	room    []byte        // of keys and values of leases
}

type put struct {
	bucket string
	key    []byte
	value  []byte // nil deletes
}

func (d *draft) put(bucket string, key, value []byte) {
	d.puts = append(d.puts, put{bucket, key, value})
}

func (d *draft) delete(bucket string, key []byte) {
	d.puts = append(d.puts, put{bucket, append([]byte(nil), key...), nil})
}

// putOf puts what is kept under a phone's MAC, once it has been read back: what
// no later start could read is never written.
func putOf[T any](d *draft, bucket, what string, mac phone.MAC, stored any, decode func(key, value []byte) (T, error)) error {
	if mac.IsZero() {
		return fmt.Errorf("save %s: no MAC given", what)
	}
	value, err := frame(stored)
	if err != nil {
		return fmt.Errorf("encode %s of %s: %w", what, mac, err)
	}
	if _, err := decode(mac[:], value); err != nil {
		return fmt.Errorf("read back %s of %s: %w", what, mac, err)
	}
	d.put(bucket, slices.Clone(mac[:]), value)
	return nil
}

func (d *draft) empty() bool { return len(d.puts) == 0 && len(d.entries) == 0 && !d.mark }

// record adds events.
func (d *draft) record(events []audit.Record) error {
	for _, r := range events {
		entry, err := encodeEntry(r, d.now)
		if err != nil {
			return fmt.Errorf("encode audit event of %s: %w", r.MAC, err)
		}
		d.entries = append(d.entries, entry)
	}
	return nil
}

// view is the state as earlier changes of the same transaction leave it.
type view struct {
	s *Store
	overlay
	rev   uint64
	chain chain
	seen  int
	mark  time.Time // the latest time any of it was stamped with
	wrote int       // changes that wrote something

	meta   storedMeta // as it is to be
	turned *turn      // of the journal; nil for none
}

func (s *Store) view() *view {
	return &view{s: s, rev: s.rev, chain: s.chain, seen: s.seen, mark: s.mark, meta: s.meta}
}

// device gives the record d would find, nil for none. The committer alone
// writes the map of committed records, so it reads without the lock.
func (v *view) device(d *draft, mac phone.MAC) *auth.Record {
	if rec, ok := d.overlay.devices[mac]; ok {
		return rec
	}
	if rec, ok := v.overlay.devices[mac]; ok {
		return rec
	}
	return v.s.devices[mac]
}

// devices is d's own map, to write into.
func (v *view) devices(d *draft) map[phone.MAC]*auth.Record {
	if d.overlay.devices == nil {
		d.overlay.devices = make(map[phone.MAC]*auth.Record)
	}
	return d.overlay.devices
}

func (v *view) lease(d *draft, addr netip.Addr) *phone.Lease {
	if l, ok := d.leases[addr]; ok {
		return l
	}
	if l, ok := v.leases[addr]; ok {
		return l
	}
	return v.s.leases[addr]
}

func (v *view) policyNow() *auth.Policy {
	if v.policy != nil {
		return v.policy
	}
	return v.s.policy.Load()
}

func (v *view) nextRev(d *draft) uint64 {
	d.revs++
	return v.rev + d.revs
}

// bucketOf gives a bucket to write to. Those that came after the file's schema
// are made when first written to; that any other is missing is damage.
func bucketOf(tx *bolt.Tx, name string) (*bolt.Bucket, error) {
	if b := tx.Bucket([]byte(name)); b != nil {
		return b, nil
	}
	if !slices.Contains(laterBuckets, name) {
		return nil, fmt.Errorf("write to %s: no such bucket: the database is damaged", name)
	}
	b, err := tx.CreateBucket([]byte(name))
	if err != nil {
		return nil, fmt.Errorf("make %s: %w", name, err)
	}
	return b, nil
}

// apply puts d into the transaction. Its errors are the disk's and end the
// transaction.
func (v *view) apply(tx *bolt.Tx, d *draft) error {
	for _, p := range d.puts {
		b, err := bucketOf(tx, p.bucket)
		if err != nil {
			return err
		}
		if p.bucket == bucketSeen && b.Get(p.key) == nil {
			v.seen++
		}
		if p.value == nil {
			err = b.Delete(p.key)
		} else {
			err = b.Put(p.key, p.value)
		}
		if err != nil {
			return fmt.Errorf("write to %s: %w", p.bucket, err)
		}
	}
	v.rev += d.revs
	v.merge(d.overlay)
	v.wrote++
	return v.append(tx, d.entries)
}
