package store

import (
	"bytes"
	"context"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"time"

	bolt "go.etcd.io/bbolt"

	"github.com/lineside/lineside/audit"
	"github.com/lineside/lineside/phone"
)

// entrySchema is the newest schema of a stored audit entry.
//
//	1  first
const entrySchema = 1

// storedEntry is an audit entry as it is kept, under its number, big-endian.
// All fields since schema 1.
type storedEntry struct {
	version
	At   time.Time       `json:"at"`
	Kind string          `json:"kind"`
	MAC  storedMAC       `json:"mac,omitzero"`
	By   storedActor     `json:"by,omitzero"`
	What json.RawMessage `json:"what"`
}

type storedActor struct {
	Front    string     `json:"front,omitempty"`
	Name     string     `json:"name,omitempty"`
	Remote   netip.Addr `json:"remote,omitzero"`
	Identity string     `json:"identity,omitempty"`
}

const (
	// pruneBatch is how many entries are dropped together, at the least.
	pruneBatch = 1024
	// maxAudit bounds the entries of one answer.
	maxAudit = 10_000
)

// Record keeps events that change no record.
func (s *Store) Record(ctx context.Context, events ...audit.Record) error {
	return s.submit(ctx, func(_ *view, d *draft) error { return d.record(events) })
}

// Audit gives entries numbered above since, oldest first, of one device or,
// for the zero MAC, of all. limit bounds them, 0 or more than 10,000 meaning
// 10,000.
func (s *Store) Audit(ctx context.Context, since uint64, mac phone.MAC, limit int) ([]audit.Entry, error) {
	return s.entries(ctx, mac, limit, func(c *bolt.Cursor) (k, value []byte) { return c.Seek(entryKey(since + 1)) }, (*bolt.Cursor).Next)
}

// AuditTail gives the last entries, oldest first, of one device or of all.
func (s *Store) AuditTail(ctx context.Context, mac phone.MAC, limit int) ([]audit.Entry, error) {
	entries, err := s.entries(ctx, mac, limit, (*bolt.Cursor).Last, (*bolt.Cursor).Prev)
	slices.Reverse(entries)
	return entries, err
}

func (s *Store) entries(ctx context.Context, mac phone.MAC, limit int, start, step func(*bolt.Cursor) ([]byte, []byte)) ([]audit.Entry, error) {
	if limit <= 0 || limit > maxAudit {
		limit = maxAudit
	}
	name := []byte(`"` + mac.String() + `"`) // how an entry of that device must read
	var all []audit.Entry
	err := s.read(func(tx *bolt.Tx) error {
		c := tx.Bucket([]byte(bucketAudit)).Cursor()
		for k, value := start(c); k != nil && len(all) < limit; k, value = step(c) {
			if !mac.IsZero() && !bytes.Contains(value, name) {
				continue
			}
			if err := ctx.Err(); err != nil {
				return err
			}
			e, err := decodeEntry(k, value)
			if err != nil {
				return err
			}
			if mac.IsZero() || e.MAC == mac {
				all = append(all, e)
			}
		}
		return ctx.Err()
	})
	if err != nil {
		return nil, fmt.Errorf("read audit log: %w", err)
	}
	return all, nil
}

// append numbers the entries of one change and writes them at the end.
func (v *view) append(tx *bolt.Tx, entries [][]byte) error {
	if len(entries) == 0 {
		return nil
	}
	b := tx.Bucket([]byte(bucketAudit))
	b.FillPercent = 1 // keys only grow: a full page is never written again
	for _, value := range entries {
		v.seq++
		if err := b.Put(entryKey(v.seq), value); err != nil {
			return fmt.Errorf("write to %s: %w", bucketAudit, err)
		}
	}
	return b.SetSequence(v.seq)
}

// pruneAudit drops the oldest entries once a batch of them is too old. What a
// commit adds is bounded, so it may drop more than it adds but never much.
func (v *view) pruneAudit(tx *bolt.Tx) error {
	over := int64(v.seq-v.first+1) - int64(v.s.cfg.AuditKeep)
	if over < pruneBatch {
		return nil
	}
	b := tx.Bucket([]byte(bucketAudit))
	for range min(over, 4*pruneBatch) {
		if err := b.Delete(entryKey(v.first)); err != nil {
			return fmt.Errorf("prune audit log: %w", err)
		}
		v.first++
	}
	return nil
}

func entryKey(seq uint64) []byte { return binary.BigEndian.AppendUint64(nil, seq) }

// encodeEntry gives the stored value of one event, and makes sure that it can
// be read.
func encodeEntry(r audit.Record, at time.Time) ([]byte, error) {
	if r.Event == nil {
		return nil, errors.New("it says nothing")
	}
	what, err := json.Marshal(r.Event)
	if err != nil {
		return nil, err
	}
	value, err := frame(storedEntry{
		version: version{entrySchema}, At: stamp(at), Kind: r.Event.Kind(), MAC: storedMAC(r.MAC), What: what,
		By: storedActor{Front: r.By.Front, Name: r.By.Name, Remote: r.By.Remote, Identity: r.By.Identity},
	})
	if err != nil {
		return nil, err
	}
	_, err = decodeEntry(entryKey(1), value)
	return value, err
}

// decodeEntry reads the value stored under key.
func decodeEntry(key, value []byte) (audit.Entry, error) {
	s, err := parse[storedEntry](value, entrySchema)
	if err != nil {
		return audit.Entry{}, err
	}
	if len(key) != 8 {
		return audit.Entry{}, fmt.Errorf("%w: audit entry without a number", errDamaged)
	}
	return audit.Entry{
		Seq: binary.BigEndian.Uint64(key), At: stamp(s.At), Kind: s.Kind, MAC: phone.MAC(s.MAC), What: s.What,
		By: audit.Actor{Front: s.By.Front, Name: s.By.Name, Remote: s.By.Remote, Identity: s.By.Identity},
	}, nil
}
