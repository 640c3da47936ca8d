package store

import (
	"context"
	"fmt"
	"time"

	bolt "go.etcd.io/bbolt"

	"github.com/lineside/lineside/audit"
	"github.com/lineside/lineside/health"
)

// VerifyAudit follows the audit log's chain from the last entry pruned to the
// last there is, as of one moment. It reads the whole log.
func (s *Store) VerifyAudit(ctx context.Context) (audit.Check, error) {
	var c chain
	var found audit.Check
	err := s.read(func(tx *bolt.Tx) (err error) {
		var sealed bool
		if c, sealed, err = readChain(tx, s.seals); err != nil {
			return err
		}
		found, err = followChain(ctx, tx, &c, sealed)
		return err
	})
	if err != nil {
		return audit.Check{}, fmt.Errorf("verify audit log: %w", err)
	}
	s.showChain(c)
	return found, nil
}

// followChain computes every entry's hash anew. What is wrong is in c as well
// afterwards.
func followChain(ctx context.Context, tx *bolt.Tx, c *chain, sealed bool) (audit.Check, error) {
	found := audit.Check{Anchor: c.anchor}
	last := c.anchor
	cursor := tx.Bucket([]byte(bucketAudit)).Cursor()
	for k, value := cursor.First(); k != nil; k, value = cursor.Next() {
		if err := ctx.Err(); err != nil {
			return audit.Check{}, err
		}
		e, err := decodeEntry(k, value)
		if err != nil {
			return audit.Check{}, err
		}
		if found.Entries++; found.First == 0 {
			found.First, found.Oldest = e.Seq, e.At
		}
		if found.Last = e.Seq; found.BrokenAt == 0 && (e.Seq != last.Seq+1 || e.Chain(last.Hash) != e.Hash) {
			found.BrokenAt, found.Why = e.Seq, "it does not follow from those before it"
		}
		last = audit.Link{Seq: e.Seq, Hash: e.Hash}
	}
	first := found.First
	if first == 0 {
		first = last.Seq + 1
	}
	*c, _ = c.ends(sealed, first, last)
	if c.broken != 0 && (found.BrokenAt == 0 || c.broken <= found.BrokenAt) {
		found.BrokenAt, found.Why = c.broken, c.why
	}
	c.broken, c.why = found.BrokenAt, found.Why
	found.OK = found.BrokenAt == 0
	return found, nil
}

// AuditSince gives the number of the last entry before the first that is not
// older than at, for Audit to read on from. It reads all entries before.
func (s *Store) AuditSince(ctx context.Context, at time.Time) (seq uint64, err error) {
	found, err := s.SearchAudit(ctx, audit.Search{Filter: audit.Filter{From: at}, Forward: true, Limit: 1})
	switch {
	case err != nil:
		return 0, fmt.Errorf("look for %s in the audit log: %w", at.UTC().Format(time.RFC3339), err)
	case len(found.Entries) == 0:
		return found.High, nil
	}
	return found.Entries[0].Seq - 1, nil
}

// showChain tells the operator of a log that was changed.
func (s *Store) showChain(c chain) {
	if c.broken == 0 {
		s.tools.Health.Clear("audit-broken")
		return
	}
	s.tools.Health.Raise(s.clock.time(), health.Condition{
		Code:    "audit-broken",
		Title:   "the audit log was changed by somebody else",
		Meaning: "phones notice nothing; what the log says from the entry named below on, up to when it was found, may not be what happened",
		Do:      "find out who could write to " + s.path + "; compare the log with that of a backup; see: lineside audit --verify",
		Detail:  fmt.Sprintf("entry %d: %s", c.broken, c.why),
	})
}
