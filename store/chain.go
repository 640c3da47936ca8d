package store

import (
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"fmt"

	bolt "go.etcd.io/bbolt"

	"github.com/lineside/lineside/audit"
)

// chainSchema is the newest schema of the chain record.
//
//	1  first, in files of schema 2
const chainSchema = 1

// chainKey is the chain record's key in the meta bucket.
const chainKey = "audit"

// storedChain says where the audit log's chain begins and ends. It is written
// in each transaction that touches the log. All fields since schema 1.
type storedChain struct {
	version
	Anchor storedLink `json:"anchor"` // the last entry pruned
	Head   storedLink `json:"head"`   // the last entry there is
	Broken uint64     `json:"broken,omitempty"`
	Why    string     `json:"why,omitempty"`
	// Seal is an HMAC of all the above under a key made from the site key:
	// who has the file alone can hash a chain anew, but not vouch for it.
	Seal string `json:"seal"`
}

type storedLink struct {
	Seq  uint64     `json:"seq"`
	Hash audit.Hash `json:"hash"`
}

// chain is the audit log's two ends, and the first entry that does not follow
// from those before, 0 for none.
type chain struct {
	anchor, head audit.Link
	broken       uint64
	why          string
}

// sealKey makes the key of the chain's seal. The site key itself seals secrets
// and is used for nothing else.
func (k Key) sealKey() []byte {
	key, err := hkdf.Key(sha256.New, k.bytes[:], nil, "lineside audit chain", sha256.Size)
	if err != nil {
		panic(err) // only for a length out of bounds
	}
	return key
}

func (c chain) seal(key []byte) string {
	mac := hmac.New(sha256.New, key)
	var b []byte
	for _, l := range []audit.Link{c.anchor, c.head} {
		b = append(binary.BigEndian.AppendUint64(b, l.Seq), l.Hash[:]...)
	}
	b = binary.BigEndian.AppendUint64(b, c.broken)
	mac.Write(append(b, c.why...)) // the one part of any length stands last
	return hex.EncodeToString(mac.Sum(nil))
}

// put writes the chain record.
func (c chain) put(tx *bolt.Tx, key []byte) error {
	value, err := frame(storedChain{
		version: version{chainSchema}, Anchor: storedLink(c.anchor), Head: storedLink(c.head),
		Broken: c.broken, Why: c.why, Seal: c.seal(key),
	})
	if err != nil {
		return fmt.Errorf("encode chain record: %w", err)
	}
	return tx.Bucket([]byte(bucketMeta)).Put([]byte(chainKey), value)
}

// readChain reads the chain record. sealed says that it is there and that
// nobody without the site key wrote it.
func readChain(tx *bolt.Tx, key []byte) (c chain, sealed bool, err error) {
	value := tx.Bucket([]byte(bucketMeta)).Get([]byte(chainKey))
	if value == nil {
		return chain{}, false, nil
	}
	s, err := parse[storedChain](value, chainSchema)
	if err != nil {
		return chain{}, false, fmt.Errorf("read chain record: %w", err)
	}
	c = chain{anchor: audit.Link(s.Anchor), head: audit.Link(s.Head), broken: s.Broken, why: s.Why}
	return c, hmac.Equal([]byte(c.seal(key)), []byte(s.Seal)), nil
}

// ends compares what the chain record says of the log's two ends with what is
// there: entries first to last, the last with that hash. What it finds becomes
// part of the chain, so that going on does not heal it.
func (c chain) ends(sealed bool, first uint64, last audit.Link) (_ chain, found bool) {
	at, why := uint64(0), ""
	switch {
	case !sealed:
		at, why = first, "the record of where the log begins and ends was not written under the site key"
	case c.anchor.Seq+1 != first:
		at, why = first, fmt.Sprintf("the log begins at %d, not at %d", first, c.anchor.Seq+1)
	case c.head.Seq != last.Seq:
		at, why = min(c.head.Seq, last.Seq)+1, fmt.Sprintf("the log ends at %d, not at %d", last.Seq, c.head.Seq)
	case c.head.Hash != last.Hash:
		at, why = last.Seq, "the last entry is not the one that was written"
	default:
		return c, false
	}
	if c.anchor.Seq+1 != first {
		c.anchor = audit.Link{Seq: first - 1}
	}
	c.head = last
	if !sealed || c.broken == 0 || at < c.broken {
		c.broken, c.why = at, why
	}
	return c, true
}

// dropped moves the anchor to entry l, which is being pruned with all before.
func (c *chain) dropped(l audit.Link) {
	c.anchor = l
	if c.broken != 0 && c.broken <= l.Seq {
		c.broken, c.why = 0, "" // what could not be vouched for is gone
	}
}

// chainEntries is the migration from schema 1: it chains the entries that are
// there and notes that nothing vouches for what they said until then.
func chainEntries(tx *bolt.Tx, m migrating) error {
	b := tx.Bucket([]byte(bucketAudit))
	if b == nil {
		return fmt.Errorf("%w: no bucket %s", errDamaged, bucketAudit)
	}
	last := b.Sequence()
	first := last + 1
	if k, _ := b.Cursor().First(); len(k) == 8 {
		first = binary.BigEndian.Uint64(k)
	}
	c := chain{anchor: audit.Link{Seq: first - 1}}
	c.head = c.anchor
	for seq := first; seq <= last; seq++ {
		s, err := parse[storedEntry](b.Get(entryKey(seq)), entrySchema)
		if err != nil { // a gap in the numbers is one too
			return fmt.Errorf("read audit entry %d: %w", seq, err)
		}
		if err := c.add(b, s); err != nil {
			return err
		}
	}
	event := ChainStarted{Entries: last + 1 - first}
	p, err := encodeEntry(audit.Record{By: audit.Actor{Front: "store"}, Event: event}, m.now)
	if err != nil {
		return err
	}
	if err := c.add(b, p); err != nil {
		return err
	}
	if err := b.SetSequence(c.head.Seq); err != nil {
		return err
	}
	return c.put(tx, m.key.sealKey())
}

// add puts s behind the last entry, under the next number.
func (c *chain) add(b *bolt.Bucket, s storedEntry) error {
	next := audit.Link{Seq: c.head.Seq + 1}
	next.Hash = s.entry(next.Seq).Chain(c.head.Hash)
	s.version, s.Hash = version{entrySchema}, next.Hash
	value, err := frame(s)
	if err != nil {
		return fmt.Errorf("encode audit entry %d: %w", next.Seq, err)
	}
	if err := b.Put(entryKey(next.Seq), value); err != nil {
		return fmt.Errorf("write to %s: %w", bucketAudit, err)
	}
	c.head = next
	return nil
}

// ChainStarted is the audit event of a log that an older build wrote without
// hashes: what those entries said before this one, nothing can prove.
type ChainStarted struct {
	Entries uint64 `json:"entries"`
}

// Kind names the event in the log.
func (ChainStarted) Kind() string { return "audit-chain-started" }

// ChainBroken is the audit event of a log that was changed while the box did
// not run, by somebody without the site key.
type ChainBroken struct {
	At  uint64 `json:"at"` // the first entry that cannot be vouched for
	Why string `json:"why"`
}

// Kind names the event in the log.
func (ChainBroken) Kind() string { return "audit-chain-broken" }
