package central

import (
	"encoding/json"
	"fmt"
	"time"

	"github.com/lineside/lineside/sync/wire"
)

// Bounds of what is kept of a site's events.
const (
	// maxIncarnations is how many numberings of one site are remembered.
	maxIncarnations = 50
	// keepEvents is how long they are kept.
	keepEvents = 90 * 24 * time.Hour
	// maxEvents is how many; the oldest make room.
	maxEvents = 20_000
	// forgetEvent is how long the log remembers that one made room. A view that
	// was away for longer keeps it until it is old (Sweep).
	forgetEvent = time.Hour
)

// keptEvent is an event with when it came in.
type keptEvent struct {
	wire.Event
	Got time.Time `json:"got"`
}

func (t *tx) acks(id string) (a acks) {
	t.get(bucketAcks, id, &a)
	return a
}

// keep keeps the events that are new, and gives the newest number held.
func (t *tx) keep(id string, p wire.Push) uint64 {
	a := t.acks(id)
	held, known := a.Acked[p.Incarnation]
	if len(p.Events) == 0 {
		return held
	}
	if a.Acked == nil || !known && len(a.Acked) >= maxIncarnations {
		a.Acked = map[string]uint64{}
	}
	now := t.p.now().UTC()
	for _, e := range p.Events {
		if e.Seq <= held || t.err != nil {
			continue
		}
		held = e.Seq
		a.Next++
		t.outcome(id, e)
		t.putFor(bucketEvents, fmt.Sprintf("%s/%016x", id, a.Next), keptEvent{e, now}, keepEvents)
		if a.Next > maxEvents {
			t.write(Entry{Key: fmt.Sprintf("%s/%s/%016x", bucketEvents, id, a.Next-maxEvents), TTL: forgetEvent})
		}
	}
	a.Acked[p.Incarnation] = held
	t.put(bucketAcks, id, a)
	return held
}

// Events gives a site's events, oldest first.
func (p *Platform) Events(id string, f func(wire.Event) bool) error {
	return p.view(func(t *tx) {
		t.walk(bucketEvents, id+"/", "", func(name string, value []byte) bool {
			var e keptEvent
			if err := json.Unmarshal(value, &e); err != nil {
				t.fail(fmt.Errorf("read event %s: %w", name, err))
				return false
			}
			return f(e.Event)
		})
	})
}
