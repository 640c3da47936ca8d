package provision

import (
	"context"
	"sync"
	"time"

	"github.com/lineside/lineside/audit"
	"github.com/lineside/lineside/phone"
)

// tellings is what a box that has joined keeps in its audit log for the platform
// alone: that phones go on fetching, which renews the whitelisting of the site's
// address, and who asks without being set up. The zero value is ready.
type tellings struct {
	mu      sync.Mutex
	fetched int       // full configs since the last entry
	mac     phone.MAC // of the last of them
	by      audit.Actor
	visits  map[phone.MAC]bool // told of
	renewed *audit.Allowance
	visited *audit.Allowance
}

// fetchedFull counts a config that no other entry tells of.
func (t *tellings) fetchedFull(mac phone.MAC, by audit.Actor) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.fetched++
	t.mac, t.by = mac, by
}

// due are the entries to make at now.
func (t *tellings) due(now time.Time, visitors []phone.Seen) []audit.Record {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.renewed == nil {
		t.renewed, t.visited, t.visits = audit.Provisions.New(), audit.Visits.New(), make(map[phone.MAC]bool)
	}
	var events []audit.Record
	if t.fetched > 0 && t.renewed.Spend(now) {
		events = one(t.mac, t.by, audit.Provisioned{Times: t.fetched})
		t.fetched = 0
	}
	there := make(map[phone.MAC]bool, len(visitors))
	for _, v := range visitors {
		if there[v.MAC] = t.visits[v.MAC]; there[v.MAC] || !t.visited.Spend(now) {
			continue
		}
		there[v.MAC] = true
		events = append(events, one(v.MAC, audit.Actor{Front: v.Front, Remote: v.Addr}, audit.Visited{Vendor: string(v.Vendor)})...)
	}
	t.visits = there
	return events
}

// keepTellings makes those entries, while there is a platform to read them.
func (d *Desk) keepTellings(ctx context.Context) {
	if d.platform() == nil {
		return
	}
	events := d.tellings.due(d.tools.Now(), d.Visitors())
	if len(events) == 0 {
		return
	}
	if err := d.store.Recorder.Record(ctx, events...); err != nil {
		d.tools.Log.Warn("the platform will not hear of phones that fetched or asked", "err", err)
	}
}
