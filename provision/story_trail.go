package provision

import (
	"container/list"
	"slices"
	"sync"
	"time"

	"github.com/lineside/lineside/phone"
)

// Bounds of what timelines keep. Phones that are set up and strangers have a
// table each, and within a phone's what is proven to be it and what only goes by
// its MAC have a list each, so nobody pushes out what another did. Of one front
// a list keeps the last few events, so a flood at one door leaves the others'.
const (
	maxTrails   = 8192
	maxPerFront = 8
	maxEvents   = 64 // of a list, whatever fronts there are
)

// trails is what lately happened to each phone.
type trails struct {
	mu             sync.Mutex
	known, strange trailTable
}

// trailTable holds trails in the order of their last use, the latest first.
type trailTable struct {
	max   int
	of    map[phone.MAC]*list.Element
	order *list.List
	share map[string]int // of strangers, by layer-2 identity
}

// trail is one phone's.
type trail struct {
	mac    phone.MAC
	by     string // whose share it counts to, for strangers
	proven []Event
	claims []Event
	last   time.Time
	told   map[string]bool // codes of findings already told
}

func newTrails(strangers int) *trails {
	table := func(max int) trailTable {
		return trailTable{max: max, of: make(map[phone.MAC]*list.Element), order: list.New(), share: make(map[string]int)}
	}
	return &trails{known: table(maxTrails), strange: table(strangers)}
}

// add puts e on the trail of mac. known says that the device is set up, by is
// the layer-2 identity of the caller.
func (t *trails) add(mac phone.MAC, known bool, by string, e Event) {
	t.mu.Lock()
	defer t.mu.Unlock()
	tr := t.trailLocked(mac, known, by, !e.Unproven)
	if tr == nil {
		return
	}
	tr.last = e.At
	if e.Unproven {
		tr.claims = put(tr.claims, e)
		return
	}
	tr.proven = put(tr.proven, e)
}

// trailLocked finds or makes a trail. One that stands in the other table moves
// over: the device was set up or removed meanwhile. Of known phones only what
// is proven counts as use, so that strangers do not decide whose makes room.
func (t *trails) trailLocked(mac phone.MAC, known bool, by string, proven bool) *trail {
	here, there := &t.strange, &t.known
	if known {
		here, there = there, here
	}
	if el, ok := here.of[mac]; ok {
		if proven || !known {
			here.order.MoveToFront(el)
		}
		return el.Value.(*trail)
	}
	var tr *trail
	if el, ok := there.of[mac]; ok {
		tr = there.drop(el)
		tr.by = by
	}
	if !known && here.share[by] >= maxPerStranger {
		return nil
	}
	if tr == nil {
		tr = here.blank(mac, by)
	}
	here.push(tr)
	return tr
}

// blank is an empty trail: in a full table the one that has to make room, for a
// trail's events are a kilobyte, and a building's power-up goes through thousands.
func (t *trailTable) blank(mac phone.MAC, by string) *trail {
	if t.order.Len() < t.max {
		return &trail{mac: mac, by: by}
	}
	tr := t.drop(t.order.Back())
	clear(tr.proven)
	clear(tr.claims)
	*tr = trail{mac: mac, by: by, proven: tr.proven[:0], claims: tr.claims[:0]}
	return tr
}

func (t *trailTable) push(tr *trail) {
	if t.order.Len() >= t.max {
		t.drop(t.order.Back())
	}
	t.of[tr.mac] = t.order.PushFront(tr)
	t.share[tr.by]++
}

func (t *trailTable) drop(el *list.Element) *trail {
	tr := t.order.Remove(el).(*trail)
	delete(t.of, tr.mac)
	if t.share[tr.by]--; t.share[tr.by] <= 0 {
		delete(t.share, tr.by)
	}
	return tr
}

// put merges e into events: the same again raises its count and comes last.
func put(events []Event, e Event) []Event {
	e.First, e.Times = e.At, 1
	if i := slices.IndexFunc(events, e.same); i >= 0 {
		e.First, e.Times = events[i].First, events[i].Times+1
		events = slices.Delete(events, i, i+1)
	} else if i := crowded(events, e.Front); i >= 0 {
		events = slices.Delete(events, i, i+1)
	}
	if events == nil {
		events = make([]Event, 0, 2) // a phone that starts has two at once, asked and given
	}
	return append(events, e)
}

// crowded is the event that makes room for one of front, -1 where none must.
func crowded(events []Event, front Front) int {
	if len(events) >= maxEvents {
		return 0
	}
	first, n := -1, 0
	for i, e := range events {
		if e.Front != front {
			continue
		}
		if n++; first < 0 {
			first = i
		}
	}
	if n < maxPerFront {
		return -1
	}
	return first
}

// of gives copies of a phone's events, each list oldest first.
func (t *trails) of(mac phone.MAC) (proven, claims []Event) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, table := range []*trailTable{&t.known, &t.strange} {
		if el, ok := table.of[mac]; ok {
			tr := el.Value.(*trail)
			return slices.Clone(tr.proven), slices.Clone(tr.claims)
		}
	}
	return nil, nil
}

// awake lists phones of which something was heard since then, known ones first.
func (t *trails) awake(since time.Time) []phone.MAC {
	t.mu.Lock()
	defer t.mu.Unlock()
	var macs []phone.MAC
	for _, table := range []*trailTable{&t.known, &t.strange} {
		for el := table.order.Front(); el != nil; el = el.Next() {
			if tr := el.Value.(*trail); !tr.last.Before(since) {
				macs = append(macs, tr.mac)
			}
		}
	}
	return macs
}

// news gives those of a phone's findings that were not told yet, and forgets the
// ones that are over.
func (t *trails) news(mac phone.MAC, found []Finding) []Finding {
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, table := range []*trailTable{&t.known, &t.strange} {
		el, ok := table.of[mac]
		if !ok {
			continue
		}
		tr := el.Value.(*trail)
		var fresh []Finding
		now := make(map[string]bool, len(found))
		for _, f := range found {
			if now[f.Code] = true; !tr.told[f.Code] {
				fresh = append(fresh, f)
			}
		}
		tr.told = now
		return fresh
	}
	return nil
}
