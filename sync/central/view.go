package central

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"github.com/lineside/lineside/sync/proto"
	"github.com/lineside/lineside/sync/wire"
)

// Buckets, as they stand in keys of the log.
const (
	// meta holds the platform's own state: head, epoch, boots.
	bucketMeta    = "meta"
	bucketSites   = "sites"
	bucketDevices = "devices"
	// docs are signed documents by site and name ("<site>/<kind>/<key>").
	bucketDocs = "docs"
	// members are the rules' part of each site, acks how far its events are
	// held, beats its last signs of life: they change often and are small.
	bucketMembers = "members"
	bucketAcks    = "acks"
	bucketBeats   = "beats"
	// events are those of a site by number ("<site>/<16 hex digits>").
	bucketEvents = "events"
	// nkeys say whose a NATS key is; contacts are what is known of each site's
	// connections.
	bucketNKeys    = "nkeys"
	bucketContacts = "contacts"
	// vouched are the addresses each site's box vouches for, entered those an
	// operator entered for it, or under everySite for all.
	bucketVouched = "vouched"
	bucketEntered = "entered"
	// invites find the site a join token was made for, by its secret's hash.
	bucketInvites = "invites"
	// commits are the record of each process's last batch.
	bucketCommits = "commits"
)

// Names within meta: what is written with every document stands apart from
// what is written at a start.
const (
	metaHead  = "head"
	metaEpoch = "epoch"
	metaBoots = "boots"
)

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
	JoinHash []byte `json:"join_hash,omitempty"`
	// Spent are tokens from before. Since 2026-11.
	Spent     []spent   `json:"spent,omitempty"`
	JoinUntil time.Time `json:"join_until,omitzero"`
	Revoked   bool      `json:"revoked,omitempty"`
	// Removing says that it is being removed, with all it has.
	Removing bool `json:"removing,omitempty"`
}

// beat is what the last hello of a box said. At is when, to about an hour: a
// fleet that comes back is not worth a write for each.
type beat struct {
	At         time.Time `json:"at"`
	Software   string    `json:"software,omitempty"`
	Conditions []string  `json:"conditions,omitempty"`
	// LocalRules are since 2026-11.
	LocalRules []string `json:"local_rules,omitempty"`
}

// acks are how far a site's events are held.
type acks struct {
	// Acked is the newest event by incarnation, Next the number of the next one.
	Acked map[string]uint64 `json:"acked,omitempty"`
	Next  uint64            `json:"next"`
}

// boot is a start of a process of the platform. After is the log's revision it
// was written behind.
type boot struct {
	proto.Boot
	After uint64 `json:"after"`
}

// device is what the platform holds of one device.
type device struct {
	proto.Held
	Body wire.Device `json:"body"`
	// Secrets are sealed to the platform's own key; Minted are the kinds of SIP
	// passwords the platform made, and makes anew when the device moves.
	Secrets map[string][]byte `json:"secrets,omitempty"`
	Minted  []string          `json:"minted,omitempty"`
}

// Meta is the platform's own state.
func (t *tx) Meta() (m proto.CentralMeta) {
	t.get(bucketMeta, metaHead, &m.Head)
	t.get(bucketMeta, metaEpoch, &m.Epoch)
	m.Boots = t.starts().rules
	return m
}

// SetMeta keeps it.
func (t *tx) SetMeta(m proto.CentralMeta) {
	t.put(bucketMeta, metaHead, m.Head)
	t.put(bucketMeta, metaEpoch, m.Epoch)
	held := t.starts().list
	if slices.EqualFunc(held, m.Boots, func(a boot, b proto.Boot) bool { return a.Boot == b }) {
		return
	}
	list := make([]boot, len(m.Boots))
	for i, b := range m.Boots {
		list[i] = boot{b, t.p.applied.Load()}
		if j := slices.IndexFunc(held, func(h boot) bool { return h.ID == b.ID }); j >= 0 {
			list[i] = held[j]
		}
	}
	t.put(bucketMeta, metaBoots, list)
}

// starts are the platform's starts. There may be a thousand, and every answer
// names one, so they are not read anew while they are the same.
type starts struct {
	raw   []byte
	list  []boot
	rules []proto.Boot // as the rules see them
}

func (t *tx) starts() *starts {
	raw := lookUp(t.bolt, bucketMeta+"/"+metaBoots)
	if s := t.p.starts.Load(); s != nil && bytes.Equal(s.raw, raw) {
		return s
	}
	s := &starts{raw: bytes.Clone(raw)}
	if raw != nil {
		t.fail(json.Unmarshal(raw, &s.list))
	}
	for _, b := range s.list {
		s.rules = append(s.rules, b.Boot)
	}
	s.rules = slices.Clip(s.rules) // who appends makes a copy
	t.p.starts.Store(s)
	return s
}

func (t *tx) site(id string) (s site, ok bool) {
	ok = t.get(bucketSites, id, &s)
	return s, ok
}

func (t *tx) setSite(id string, s site) { t.put(bucketSites, id, s) }

// Member is the part of the rules of what is held of a site.
func (t *tx) Member(id proto.Site) (m proto.Member) {
	t.get(bucketMembers, string(id), &m)
	return m
}

// SetMember keeps it.
func (t *tx) SetMember(id proto.Site, m proto.Member) { t.put(bucketMembers, string(id), m) }

func (t *tx) device(id proto.ID) (d device, ok bool) {
	ok = t.get(bucketDevices, string(id), &d)
	return d, ok
}

// Device is the part of the rules of what is held of a device. The rest is not
// made into anything: a fleet that comes back asks for all of its devices.
func (t *tx) Device(id proto.ID) (proto.Held, bool) {
	b := lookUp(t.bolt, bucketDevices+"/"+string(id))
	if b == nil {
		return proto.Held{}, false
	}
	var h proto.Held
	if err := json.Unmarshal(heldIn(b), &h); err != nil {
		t.fail(fmt.Errorf("read %s of %s: %w", id, bucketDevices, err))
	}
	return h, true
}

// heldIn is a device's text as far as the rules go, which stands before the rest:
// most of the text is body and secrets, and need not be looked through. Within
// a text of JSON the mark is a name: in a string its quotes would be escaped.
func heldIn(text []byte) []byte {
	head, _, ok := bytes.Cut(text, []byte(`,"body":`))
	if !ok {
		return text
	}
	return append(slices.Clip(head), '}')
}

// SetDevice keeps it.
func (t *tx) SetDevice(id proto.ID, h proto.Held) {
	d, _ := t.device(id)
	d.Held = h
	t.put(bucketDevices, string(id), d)
}

// At calls f for every device whose home is the site, behind the one named. f
// writes nothing.
func (t *tx) At(home proto.Site, after proto.ID, f func(proto.ID, proto.Held) bool) {
	prefix := string(home) + "/"
	t.walk(bucketDocs, prefix, prefix+string(after), func(name string, _ []byte) bool {
		id := proto.ID(name[len(prefix):])
		h, ok := t.Device(id)
		return !ok || h.Home != home || f(id, h)
	})
}

// keptDoc is a document as it is held.
type keptDoc struct {
	wire.SignedDoc
	// Gone is when a tombstone was written.
	Gone time.Time `json:"gone,omitzero"`
}

// Doc is the document a site is to hold of a device.
func (t *tx) Doc(id proto.Site, name proto.ID) (proto.Doc, bool) {
	var k keptDoc
	if !t.get(bucketDocs, string(id)+"/"+string(name), &k) {
		return proto.Doc{}, false
	}
	return t.unwrap(k.SignedDoc), true
}

// unwrap is what the rules see of a document the platform signed itself.
func (t *tx) unwrap(s wire.SignedDoc) proto.Doc {
	var d struct{ proto.Doc }
	t.fail(json.Unmarshal(s.Doc, &d))
	d.Rev = s.Rev
	return d.Doc
}

// SetDoc signs a document and puts it behind all others.
func (t *tx) SetDoc(id proto.Site, d proto.Doc) {
	t.get(bucketMeta, metaHead, &d.Rev)
	d.Rev++
	t.put(bucketMeta, metaHead, d.Rev)
	signed, err := t.p.sign(t, string(id), d)
	if err != nil {
		t.fail(err)
		return
	}
	k := keptDoc{SignedDoc: signed}
	if d.Del {
		k.Gone = t.p.now().UTC()
	}
	t.put(bucketDocs, string(id)+"/"+string(d.ID), k)
}

// Docs are a page of a site's documents. The rules look at revisions only; what
// travels is kept in page, so that nothing is read twice.
func (t *tx) Docs(id proto.Site, after, upto uint64) (page []proto.Doc, more bool) {
	size := 0
	t.page = nil
	t.signed(id, after, upto, func(s wire.SignedDoc, raw int) bool {
		if size += raw; size > wire.PageBytes && len(page) > 0 {
			more = true
			return false
		}
		page, t.page = append(page, proto.Doc{Rev: s.Rev}), append(t.page, s)
		return true
	})
	return page, more
}

// signed calls f for a site's documents with after < Rev ≤ upto, and the size
// of each as it travels.
func (t *tx) signed(id proto.Site, after, upto uint64, f func(s wire.SignedDoc, size int) bool) {
	c := t.bolt.Bucket(rootRevs).Cursor()
	end := revKey(string(id), upto)
	for k, name := c.Seek(revKey(string(id), after+1)); k != nil && bytes.Compare(k, end) <= 0; k, name = c.Next() {
		text := lookUp(t.bolt, bucketDocs+"/"+string(id)+"/"+string(name))
		var d keptDoc
		if err := json.Unmarshal(text, &d); err != nil {
			t.fail(fmt.Errorf("read document %s of site %s: %w", name, id, err))
			return
		}
		if !f(d.SignedDoc, len(text)) {
			return
		}
	}
}
