package site

import (
	"crypto/rand"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/lineside/lineside/sync/proto"
	"github.com/lineside/lineside/sync/wire"
)

// Tx is the box's database within one transaction: JSON by name.
type Tx interface {
	// Get gives a value, nil for none.
	Get(name string) []byte
	// Put sets a value; nil deletes it.
	Put(name string, value []byte)
	// Names gives the names that begin so, in order.
	Names(prefix string) []string
}

// Names of what is kept.
const (
	nameMeta = "meta"
	// stateOf a document is proto.Device, docOf it is wire.SignedDoc; todoOf it
	// is there while the desk has not been told.
	stateOf = "state/"
	docOf   = "doc/"
	todoOf  = "todo/"
)

// meta is where the box stands. All fields since schema 1 of the store's
// sync values.
type meta struct {
	proto.SiteMeta
	// Incarnation names the numbering of events; a box put back begins anew.
	Incarnation string
	// Acked is the newest event the platform holds, of that incarnation.
	Acked uint64
	// Base is what the platform held of the numberings before: an older state of
	// the box has an older audit log, not another one.
	Base uint64
}

// told is the newest entry of the audit log that needs no more telling.
func (m meta) told() uint64 { return max(m.Acked, m.Base) }

// anew begins another numbering of events.
func (m meta) anew() meta {
	m.Incarnation, m.Acked, m.Base = rand.Text(), 0, m.told()
	return m
}

// tx is a Tx as the rules want it.
type tx struct {
	Tx
	// docs are the documents of the page being read, by name.
	docs map[proto.ID]wire.SignedDoc
	err  error
}

func (t *tx) get(name string, v any) bool {
	b := t.Tx.Get(name)
	if b == nil {
		return false
	}
	if err := json.Unmarshal(b, v); err != nil {
		t.fail(fmt.Errorf("read sync value %s: %w", name, err))
	}
	return true
}

func (t *tx) put(name string, v any) {
	b, err := json.Marshal(v)
	if err != nil {
		t.fail(fmt.Errorf("write sync value %s: %w", name, err))
		return
	}
	t.Tx.Put(name, b)
}

func (t *tx) fail(err error) {
	if t.err == nil {
		t.err = err
	}
}

func (t *tx) meta() (m meta) {
	t.get(nameMeta, &m)
	return m
}

// Meta is the part of the rules.
func (t *tx) Meta() proto.SiteMeta { return t.meta().SiteMeta }

// SetMeta keeps the part of the rules.
func (t *tx) SetMeta(s proto.SiteMeta) {
	m := t.meta()
	m.SiteMeta = s
	t.put(nameMeta, m)
}

// Device is what the box holds of a document.
func (t *tx) Device(id proto.ID) (d proto.Device, ok bool) {
	ok = t.get(stateOf+string(id), &d)
	return d, ok
}

// SetDevice keeps it.
func (t *tx) SetDevice(id proto.ID, d proto.Device) {
	was, ok := t.Device(id)
	if ok && was == d {
		return
	}
	t.put(stateOf+string(id), d)
	if ok && !was.Gone && d.Gone {
		t.todo(id) // a sweep takes it away without a document
	}
}

// Each calls f for every document after the one named, in order.
func (t *tx) Each(after proto.ID, f func(proto.ID, proto.Device) bool) {
	for _, name := range t.Names(stateOf) {
		id := proto.ID(strings.TrimPrefix(name, stateOf))
		if id <= after {
			continue
		}
		d, _ := t.Device(id)
		if !f(id, d) {
			return
		}
	}
}

// Apply keeps a document that the rules take, until the desk is told.
func (t *tx) Apply(d proto.Doc) {
	signed, ok := t.docs[d.ID]
	if !ok {
		t.fail(fmt.Errorf("document %s is not on the page", d.ID))
		return
	}
	t.put(docOf+string(d.ID), signed)
	t.todo(d.ID)
}

func (t *tx) todo(id proto.ID) { t.put(todoOf+string(id), true) }
