package central

import (
	"fmt"

	"github.com/lineside/lineside/sync/proto"
	"github.com/lineside/lineside/sync/wire"
)

// bucketSpreads are documents that are being written to every site, by name:
// how far that has come. What a crash interrupts goes on from there.
const bucketSpreads = "spreads"

// spreadSlice is how many sites one transaction writes to: each gets a signed
// document, and others' changes go between.
const spreadSlice = 100

// spread begins to write a document to every site, or to take it back.
func (t *tx) spread(name proto.ID) {
	t.spreads = true
	t.put(bucketSpreads, string(name), "")
}

// goOnAfter goes on with what was begun, if it was.
func (p *Platform) goOnAfter(err error) error {
	if err != nil {
		return err
	}
	return p.goOn()
}

// GoOn finishes what was begun and interrupted: what is taken back from a site,
// documents for every site, and sites that are being removed. It is called at a start, and does nothing where
// there is nothing.
func (p *Platform) GoOn() error {
	if err := p.voidOn(); err != nil {
		return err
	}
	return p.goOn()
}

func (p *Platform) goOn() error {
	for {
		var done bool
		err := p.update(func(t *tx) { done = t.spreadOn() && t.removeOn() })
		if err != nil {
			return fmt.Errorf("go on with what was begun: %w", err)
		}
		if done {
			return nil
		}
	}
}

// spreadOn writes one slice of one document; done says that none is left.
func (t *tx) spreadOn() (done bool) {
	name, after := "", ""
	t.walk(bucketSpreads, "", "", func(n string, value []byte) bool {
		name = n
		t.read(value, &after)
		return false
	})
	if name == "" || t.err != nil {
		return true
	}
	var ids []string
	t.walk(bucketSites, "", after, func(id string, _ []byte) bool {
		ids = append(ids, id)
		return len(ids) < spreadSlice
	})
	for _, id := range ids {
		t.publish(id, proto.ID(name), t.takenBack(proto.ID(name)))
	}
	if len(ids) < spreadSlice {
		t.del(bucketSpreads, name)
		return false
	}
	t.put(bucketSpreads, name, ids[len(ids)-1])
	return false
}

// takenBack says that a document for every site is no more.
func (t *tx) takenBack(name proto.ID) bool {
	kind, key, _ := wire.SplitID(name)
	if kind != wire.BrandDoc {
		return false
	}
	_, ok := t.brand(key)
	return !ok
}
