package central

import (
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	bolt "go.etcd.io/bbolt"

	"github.com/lineside/lineside/sync/proto"
	"github.com/lineside/lineside/sync/wire"
)

// Buckets. docs and index hold one bucket for each site: documents by
// revision, and by name where each stands.
const (
	bucketMeta    = "meta"
	bucketSites   = "sites"
	bucketDevices = "devices"
	bucketDocs    = "docs"
	bucketIndex   = "index"
	bucketEvents  = "events"
	// nkeys say whose a NATS key is; contacts are what is known of each site's
	// connections.
	bucketNKeys    = "nkeys"
	bucketContacts = "contacts"
	// vouched are the addresses each site's box vouches for, entered those an
	// operator entered for it, or under everySite for all.
	bucketVouched = "vouched"
	bucketEntered = "entered"
)

var metaKey = []byte("meta")

// site is what the platform holds of one site.
type site struct {
	Name string `json:"name"`
	// Verifier and Key are the public halves of the box's keys, empty before it
	// has joined.
	Verifier string `json:"verifier,omitempty"`
	Key      string `json:"key,omitempty"`
	// NKey is that of its key for NATS, empty where it has none.
	NKey string `json:"nkey,omitempty"`
	// JoinHash is the SHA-256 of the join token's secret, JoinUntil when it
	// expires; both empty once it was used.
	JoinHash  []byte    `json:"join_hash,omitempty"`
	JoinUntil time.Time `json:"join_until,omitzero"`
	Revoked   bool      `json:"revoked,omitempty"`
	// Member is the part of the rules.
	Member proto.Member `json:"member"`
	// Acked is the newest event by incarnation.
	Acked map[string]uint64 `json:"acked,omitempty"`
	// Seen, Software and Conditions are of the last hello.
	Seen       time.Time `json:"seen,omitzero"`
	Software   string    `json:"software,omitempty"`
	Conditions []string  `json:"conditions,omitempty"`
}

// device is what the platform holds of one device.
type device struct {
	proto.Held
	Body wire.Device `json:"body"`
	// Secrets are sealed to the platform's own key.
	Secrets map[string][]byte `json:"secrets,omitempty"`
}

// tx is the view within one transaction. The first error of any step is kept
// and ends the transaction.
type tx struct {
	bolt *bolt.Tx
	p    *Platform
	// touched are the sites whose documents changed.
	touched map[string]bool
	// allow are the rows of the allow-list that may have changed.
	allow map[string]bool
	err   error
}

func (t *tx) fail(err error) {
	if t.err == nil && err != nil {
		t.err = err
	}
}

// get reads a value; it is false if there is none.
func (t *tx) get(bucket, key string, v any) bool {
	b := t.bolt.Bucket([]byte(bucket)).Get([]byte(key))
	if b == nil {
		return false
	}
	if err := json.Unmarshal(b, v); err != nil {
		t.fail(fmt.Errorf("read %s of %s: %w", key, bucket, err))
	}
	return true
}

func (t *tx) put(bucket, key string, v any) {
	t.allowed(bucket, key)
	b, err := json.Marshal(v)
	if err == nil {
		err = t.bolt.Bucket([]byte(bucket)).Put([]byte(key), b)
	}
	if err != nil {
		t.fail(fmt.Errorf("write %s of %s: %w", key, bucket, err))
	}
}

func (t *tx) del(bucket, key string) {
	t.allowed(bucket, key)
	if err := t.bolt.Bucket([]byte(bucket)).Delete([]byte(key)); err != nil {
		t.fail(fmt.Errorf("delete %s of %s: %w", key, bucket, err))
	}
}

// Meta is the platform's own state.
func (t *tx) Meta() (m proto.CentralMeta) {
	t.get(bucketMeta, string(metaKey), &m)
	return m
}

// SetMeta keeps it.
func (t *tx) SetMeta(m proto.CentralMeta) { t.put(bucketMeta, string(metaKey), m) }

func (t *tx) site(id string) (s site, ok bool) {
	ok = t.get(bucketSites, id, &s)
	return s, ok
}

func (t *tx) setSite(id string, s site) { t.put(bucketSites, id, s) }

// Member is the part of the rules of what is held of a site.
func (t *tx) Member(id proto.Site) proto.Member {
	s, _ := t.site(string(id))
	return s.Member
}

// SetMember keeps it.
func (t *tx) SetMember(id proto.Site, m proto.Member) {
	s, ok := t.site(string(id))
	if !ok {
		t.fail(fmt.Errorf("site %s: %w", id, ErrUnknownSite))
		return
	}
	s.Member = m
	t.setSite(string(id), s)
}

func (t *tx) device(id proto.ID) (d device, ok bool) {
	ok = t.get(bucketDevices, string(id), &d)
	return d, ok
}

// Device is the part of the rules of what is held of a device.
func (t *tx) Device(id proto.ID) (proto.Held, bool) {
	d, ok := t.device(id)
	return d.Held, ok
}

// SetDevice keeps it.
func (t *tx) SetDevice(id proto.ID, h proto.Held) {
	d, _ := t.device(id)
	d.Held = h
	t.put(bucketDevices, string(id), d)
}

// At calls f for every device whose home is the site.
func (t *tx) At(home proto.Site, f func(proto.ID, proto.Held) bool) {
	index := t.siteBucket(bucketIndex, home)
	if index == nil {
		return
	}
	c := index.Cursor()
	for k, _ := c.First(); k != nil; k, _ = c.Next() {
		h, ok := t.Device(proto.ID(k))
		if ok && h.Home == home && !f(proto.ID(k), h) {
			return
		}
	}
}

// siteBucket is a site's part of a bucket, nil if it has none.
func (t *tx) siteBucket(bucket string, id proto.Site) *bolt.Bucket {
	return t.bolt.Bucket([]byte(bucket)).Bucket([]byte(id))
}

func (t *tx) makeSiteBucket(bucket string, id proto.Site) *bolt.Bucket {
	b, err := t.bolt.Bucket([]byte(bucket)).CreateBucketIfNotExists([]byte(id))
	t.fail(err)
	return b
}

// Doc is the document a site is to hold of a device.
func (t *tx) Doc(id proto.Site, name proto.ID) (d proto.Doc, ok bool) {
	index := t.siteBucket(bucketIndex, id)
	if index == nil {
		return d, false
	}
	b := index.Get([]byte(name))
	if b == nil {
		return d, false
	}
	t.fail(json.Unmarshal(b, &d))
	return d, true
}

// SetDoc signs a document and puts it behind all others.
func (t *tx) SetDoc(id proto.Site, d proto.Doc) {
	m := t.Meta()
	m.Head++
	t.SetMeta(m)
	old, had := t.Doc(id, d.ID)
	d.Rev = m.Head
	signed, err := t.p.sign(t, string(id), d)
	if err != nil {
		t.fail(err)
		return
	}
	docs, index := t.makeSiteBucket(bucketDocs, id), t.makeSiteBucket(bucketIndex, id)
	if t.err != nil {
		return
	}
	if had {
		t.fail(docs.Delete(revKey(old.Rev)))
	}
	t.fail(putJSON(docs, revKey(d.Rev), signed))
	t.fail(putJSON(index, []byte(d.ID), d))
	t.touched[string(id)] = true
}

func putJSON(b *bolt.Bucket, key []byte, v any) error {
	text, err := json.Marshal(v)
	return errors.Join(err, b.Put(key, text))
}

func revKey(rev uint64) []byte { return binary.BigEndian.AppendUint64(nil, rev) }

// Docs are a page of a site's documents as the rules see them; signed gives
// what travels.
func (t *tx) Docs(id proto.Site, after, upto uint64) (page []proto.Doc, more bool) {
	size := 0
	t.signed(id, after, upto, func(s wire.SignedDoc, raw int) bool {
		if size += raw; size > wire.PageBytes && len(page) > 0 {
			more = true
			return false
		}
		var d wire.Doc
		t.fail(json.Unmarshal(s.Doc, &d))
		d.Rev = s.Rev
		page = append(page, d.Doc)
		return true
	})
	return page, more
}

// signed calls f for a site's documents with after < Rev ≤ upto, and the size
// of each as it travels.
func (t *tx) signed(id proto.Site, after, upto uint64, f func(s wire.SignedDoc, size int) bool) {
	docs := t.siteBucket(bucketDocs, id)
	if docs == nil {
		return
	}
	c := docs.Cursor()
	for k, v := c.Seek(revKey(after + 1)); k != nil && binary.BigEndian.Uint64(k) <= upto; k, v = c.Next() {
		var s wire.SignedDoc
		if err := json.Unmarshal(v, &s); err != nil {
			t.fail(fmt.Errorf("read document at revision %x: %w", k, err))
			return
		}
		if !f(s, len(v)) {
			return
		}
	}
}
