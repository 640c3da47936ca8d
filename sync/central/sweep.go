package central

import (
	"encoding/json"
	"strings"
	"time"
)

// bucketFloors say up to which revision tombstones of a site were dropped.
const bucketFloors = "floors"

// keepTombstones is for how long a site may stay away and still be told what
// it holds too much; after that it reads all.
const keepTombstones = 90 * 24 * time.Hour

// sweepSlice is how many keys one transaction drops, sweepLook how many
// documents one looks at.
const (
	sweepSlice = 200
	sweepLook  = 10_000
)

// forgotten says that tombstones after a revision were dropped.
func (t *tx) forgotten(id string, rev uint64) bool {
	var floor uint64
	return t.get(bucketFloors, id, &floor) && rev < floor
}

// Sweep drops what is old: events from this view, where the log drops them by
// itself, and tombstones from both. Run it at start and daily.
func (p *Platform) Sweep() error {
	now := p.now()
	if err := p.sweepEvents(now.Add(-keepEvents)); err != nil {
		return err
	}
	before := now.Add(-keepTombstones)
	for after, more := "", true; more; {
		var old []string
		if err := p.view(func(t *tx) { old, after, more = t.oldTombstones(after, before) }); err != nil {
			return err
		}
		if len(old) == 0 {
			continue
		}
		if err := p.update(func(t *tx) { t.dropTombstones(old, before) }); err != nil {
			return err
		}
	}
	return nil
}

func (p *Platform) sweepEvents(before time.Time) error {
	var sites []string
	err := p.view(func(t *tx) {
		t.walk(bucketAcks, "", "", func(id string, _ []byte) bool {
			if len(t.oldEvents(id, before)) > 0 {
				sites = append(sites, id)
			}
			return true
		})
	})
	for _, id := range sites {
		for more := true; more && err == nil; {
			err = p.updateLocal(func(t *tx) {
				old := t.oldEvents(id, before)
				for _, name := range old {
					t.del(bucketEvents, name)
				}
				more = len(old) == sweepSlice
			})
		}
	}
	return err
}

// oldEvents are a site's events that came in before a time. They stand in the
// order they came in.
func (t *tx) oldEvents(id string, before time.Time) (old []string) {
	t.walk(bucketEvents, id+"/", "", func(name string, value []byte) bool {
		var e keptEvent
		t.fail(json.Unmarshal(value, &e))
		if t.err != nil || !e.Got.Before(before) || len(old) == sweepSlice {
			return false
		}
		old = append(old, name)
		return true
	})
	return old
}

// oldTombstones looks through some documents behind the one named after.
func (t *tx) oldTombstones(after string, before time.Time) (old []string, last string, more bool) {
	looked := 0
	t.walk(bucketDocs, "", after, func(name string, value []byte) bool {
		if more = looked == sweepLook || len(old) == sweepSlice; more {
			return false
		}
		looked++
		last = name
		if k := t.tombstone(value); k != nil && k.Gone.Before(before) {
			old = append(old, name)
		}
		return true
	})
	return old, last, more
}

func (t *tx) tombstone(value []byte) *keptDoc {
	var k keptDoc
	t.fail(json.Unmarshal(value, &k))
	if k.Gone.IsZero() {
		return nil
	}
	return &k
}

// dropTombstones drops those that are still as old, and notes that a site that
// has not read them reads all.
func (t *tx) dropTombstones(names []string, before time.Time) {
	for _, name := range names {
		k := t.tombstone(lookUp(t.bolt, bucketDocs+"/"+name))
		if k == nil || !k.Gone.Before(before) {
			continue
		}
		id, _, _ := strings.Cut(name, "/")
		var floor uint64
		t.get(bucketFloors, id, &floor)
		t.put(bucketFloors, id, max(floor, k.Rev))
		t.del(bucketDocs, name)
	}
}
