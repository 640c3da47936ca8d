package store

import (
	"context"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"net/netip"
	"time"

	bolt "go.etcd.io/bbolt"

	"github.com/lineside/lineside/audit"
	"github.com/lineside/lineside/health"
	"github.com/lineside/lineside/phone"
)

// entrySchema is the newest schema of a stored audit entry.
//
//	1  first
//	2  hash
const entrySchema = 2

// storedEntry is an audit entry as it is kept, under its number, big-endian.
// All fields since schema 1, unless they say otherwise.
type storedEntry struct {
	version
	At   time.Time       `json:"at"`
	Kind string          `json:"kind"`
	MAC  storedMAC       `json:"mac,omitzero"`
	By   storedActor     `json:"by,omitzero"`
	What json.RawMessage `json:"what"`
	Hash audit.Hash      `json:"hash,omitzero"` // since schema 2
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
	// defaultKeep is how many entries are kept. It is what two years of all
	// audit.Budgets at once leave room beside, see doc.go.
	defaultKeep = 260_000
	// auditReach is how far back the log is expected to reach at the least.
	auditReach = 90 * 24 * time.Hour
)

// Record keeps events that change no record.
func (s *Store) Record(ctx context.Context, events ...audit.Record) error {
	return s.submit(ctx, func(_ *view, d *draft) error { return d.record(events) })
}

// Audit gives entries numbered above since, oldest first, that concern one
// device or, for the zero MAC, all. limit bounds them, 0 or more than 10,000 meaning
// 10,000.
func (s *Store) Audit(ctx context.Context, since uint64, mac phone.MAC, limit int) ([]audit.Entry, error) {
	found, err := s.SearchAudit(ctx, audit.Search{Filter: audit.Filter{MAC: mac}, Since: since, Forward: true, Limit: limit})
	return found.Entries, err
}

// AuditTail gives the last entries, oldest first, of one device or of all.
func (s *Store) AuditTail(ctx context.Context, mac phone.MAC, limit int) ([]audit.Entry, error) {
	found, err := s.SearchAudit(ctx, audit.Search{Filter: audit.Filter{MAC: mac}, Limit: limit})
	return found.Entries, err
}

// append numbers the entries of one change, chains them and writes them at the
// end.
func (v *view) append(tx *bolt.Tx, entries []storedEntry) error {
	if len(entries) == 0 {
		return nil
	}
	b := tx.Bucket([]byte(bucketAudit))
	b.FillPercent = 1 // keys only grow: a full page is never written again
	for _, e := range entries {
		if err := v.chain.add(b, e); err != nil {
			return err
		}
	}
	return b.SetSequence(v.chain.head.Seq)
}

// pruneAudit drops the oldest entries once there are a batch too many. What a
// commit adds is bounded, so it may drop more than it adds but never much. What
// anybody but an admin can have written is bounded too (audit.Budget), so entries
// that have to go while they are young are told of.
func (v *view) pruneAudit(tx *bolt.Tx) error {
	over := int64(v.chain.head.Seq-v.chain.anchor.Seq) - int64(v.s.cfg.AuditKeep)
	if over < pruneBatch {
		return nil
	}
	over = min(over, 4*pruneBatch)
	b := tx.Bucket([]byte(bucketAudit))
	oldest := v.chain.anchor.Seq + 1
	last := entryKey(oldest + uint64(over) - 1)
	e, err := decodeEntry(last, b.Get(last))
	if err != nil {
		return fmt.Errorf("prune audit log: %w", err)
	}
	for seq := oldest; seq <= e.Seq; seq++ {
		if err := b.Delete(entryKey(seq)); err != nil {
			return fmt.Errorf("prune audit log: %w", err)
		}
	}
	v.chain.dropped(audit.Link{Seq: e.Seq, Hash: e.Hash})
	v.s.showReach(e.At)
	return nil
}

// showReach tells the operator when entries written at a time have to make room
// although they are young.
func (s *Store) showReach(at time.Time) {
	now := s.clock.time()
	if now.Sub(at) >= auditReach {
		s.tools.Health.Clear("audit-short")
		return
	}
	s.tools.Health.Raise(now, health.Condition{
		Code:    "audit-short",
		Title:   "the audit log does not reach back far",
		Meaning: "phones notice nothing; so much was written that entries of the last three months had to make room",
		Do:      "see who writes so much: lineside audit --limit 1000; if it is a token, remove it: lineside token remove NAME; a backup of before has what is gone",
		Detail:  "the last entry dropped is of " + at.UTC().Format(time.RFC3339),
	})
}

func entryKey(seq uint64) []byte { return binary.BigEndian.AppendUint64(nil, seq) }

// encodeEntry gives one event as it will be read back, not yet numbered.
func encodeEntry(r audit.Record, at time.Time) (storedEntry, error) {
	if r.Event == nil {
		return storedEntry{}, errors.New("it says nothing")
	}
	what, err := json.Marshal(r.Event)
	if err != nil {
		return storedEntry{}, err
	}
	value, err := frame(storedEntry{
		version: version{entrySchema}, At: stamp(at), Kind: r.Event.Kind(), MAC: storedMAC(r.MAC), What: what,
		By:   storedActor{Front: r.By.Front, Name: r.By.Name, Remote: r.By.Remote, Identity: r.By.Identity},
		Hash: audit.Hash{1}, // so that its length is in the bound already
	})
	if err != nil {
		return storedEntry{}, err
	}
	return parse[storedEntry](value, entrySchema)
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
	return s.entry(binary.BigEndian.Uint64(key)), nil
}

// entry is the domain value of s under its number.
func (s storedEntry) entry(seq uint64) audit.Entry {
	return audit.Entry{
		Seq: seq, At: stamp(s.At), Kind: s.Kind, MAC: phone.MAC(s.MAC), What: s.What, Hash: s.Hash,
		By: audit.Actor{Front: s.By.Front, Name: s.By.Name, Remote: s.By.Remote, Identity: s.By.Identity},
	}
}
