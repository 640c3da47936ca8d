package central

import (
	"fmt"
	"time"

	"github.com/lineside/lineside/phone"
	"github.com/lineside/lineside/sync/wire"
)

// EventInfo is an event of a site as operators see it.
type EventInfo struct {
	// N is its number among the site's, Got when it came in.
	N   uint64    `json:"n"`
	Got time.Time `json:"got"`
	wire.Event
}

// EventQuery says which events of a site: since a moment, of a kind, of a
// device; empty is any. Before is the number to go on below, Limit how many.
type EventQuery struct {
	Site, Kind string
	MAC        phone.MAC
	Since      time.Time
	Before     uint64
	Limit      int
}

// EventList gives a site's events, newest first, and the number to ask before
// for more, 0 where there are none.
func (p *Platform) EventList(q EventQuery) (list []EventInfo, before uint64, err error) {
	err = p.view(func(t *tx) {
		if _, ok := t.site(q.Site); !ok {
			t.fail(fmt.Errorf("site %s: %w", q.Site, ErrUnknownSite))
			return
		}
		n := t.acks(q.Site).Next
		if q.Before > 0 {
			n = min(n, q.Before-1)
		}
		for looked := 0; n > 0; n-- {
			if looked++; looked > maxLooked || len(list) == q.Limit {
				before = n + 1
				return
			}
			var e keptEvent
			if !t.get(bucketEvents, fmt.Sprintf("%s/%016x", q.Site, n), &e) || e.Got.Before(q.Since) {
				return // what is older was dropped, or is not asked for
			}
			if (q.Kind == "" || e.Kind == q.Kind) && (q.MAC.IsZero() || isOf(e.Event, q.MAC)) {
				list = append(list, EventInfo{N: n, Got: e.Got, Event: e.Event})
			}
		}
	})
	return list, before, err
}

// isOf reports that an event is a device's, however the box spells the MAC.
func isOf(e wire.Event, mac phone.MAC) bool {
	of, err := phone.ParseMAC(e.MAC)
	return err == nil && of == mac
}
