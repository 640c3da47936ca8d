package integration

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/lineside/lineside/audit"
	"github.com/lineside/lineside/phone"
	"github.com/lineside/lineside/store"
	"github.com/lineside/lineside/sync/portal"
	"github.com/lineside/lineside/sync/proto"
	"github.com/lineside/lineside/sync/site"
	"github.com/lineside/lineside/sync/wire"
)

// tally counts what was acknowledged, by the phase it was in, and for how long
// nothing was.
type tally struct {
	mu      sync.Mutex
	phase   int
	last    time.Time
	events  []int
	devices []int
	longest []time.Duration
	// found is when what phase each event (site and number) and device was
	// acknowledged in.
	eventIn  map[string]int
	deviceIn map[phone.MAC]int
	siteOf   map[phone.MAC]string
}

func newTally() *tally {
	return &tally{phase: -1, eventIn: map[string]int{}, deviceIn: map[phone.MAC]int{}, siteOf: map[phone.MAC]string{}}
}

func eventKey(site string, n uint64) string { return fmt.Sprintf("%s %d", site, n) }

// next begins the next phase.
func (y *tally) next() {
	y.mu.Lock()
	defer y.mu.Unlock()
	y.phase++
	y.events, y.devices, y.longest = append(y.events, 0), append(y.devices, 0), append(y.longest, 0)
	y.last = time.Now()
}

func (y *tally) ackedLocked() {
	now := time.Now()
	y.longest[y.phase] = max(y.longest[y.phase], now.Sub(y.last))
	y.last = now
}

// event notes that the platform holds a site's events up to a number.
func (y *tally) event(site string, from, to uint64) {
	y.mu.Lock()
	defer y.mu.Unlock()
	for n := from + 1; n <= to; n++ {
		y.eventIn[eventKey(site, n)] = y.phase
		y.events[y.phase]++
	}
	y.ackedLocked()
}

func (y *tally) device(mac phone.MAC, site string) {
	y.mu.Lock()
	defer y.mu.Unlock()
	y.deviceIn[mac], y.siteOf[mac] = y.phase, site
	y.devices[y.phase]++
	y.ackedLocked()
}

// since counts what was acknowledged in this phase.
func (y *tally) since() (events, devices int) {
	y.mu.Lock()
	defer y.mu.Unlock()
	return y.events[y.phase], y.devices[y.phase]
}

// simSite is a site on the box's own engine and database, whose desk makes up
// numbered events and remembers the documents it is told.
type simSite struct {
	*site.Site
	id  site.Identity
	all *tally

	mu    sync.Mutex
	made  uint64
	acked uint64
	holds map[string]bool
}

// joinSite joins one.
func joinSite(t testing.TB, token wire.Token, all *tally) *simSite {
	t.Helper()
	id, err := site.Join(t.Context(), token, nil, "test")
	if err != nil {
		t.Fatal(err)
	}
	via, err := id.Transports(site.Reach{Only: "nats"})
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	key, err := store.NewKey(bytes.Repeat([]byte{7}, 32))
	if err != nil {
		t.Fatal(err)
	}
	db, err := store.Open(filepath.Join(dir, "lineside.db"), key, store.Config{}, store.Tools{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	s := &simSite{id: id, all: all, holds: map[string]bool{}}
	s.Site, err = site.New(site.Config{Site: id.Site, Platform: id.Platform, Key: id.Key, Anchor: filepath.Join(dir, "anchor")}, simRecords{db}, s, via, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	return s
}

type simRecords struct{ s *store.Store }

func (r simRecords) Sync(ctx context.Context, f func(site.Tx) ([]audit.Record, error)) error {
	return r.s.Sync(ctx, func(tx *store.SyncTx) ([]audit.Record, error) { return f(tx) })
}

// happen makes one event.
func (s *simSite) happen() {
	s.mu.Lock()
	s.made++
	s.mu.Unlock()
	s.Changed()
}

// Events are those after the last one the platform has acknowledged.
func (s *simSite) Events(_ context.Context, after uint64, most int) (list []wire.Event, _ error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if after > s.acked {
		s.all.event(s.id.Site, s.acked, after)
		s.acked = after
	}
	for n := after + 1; n <= s.made && len(list) < most; n++ {
		list = append(list, wire.Event{Seq: n, At: time.Now(), Kind: "test", Facts: fmt.Appendf(nil, `{"N":%d}`, n)})
	}
	return list, nil
}

func (s *simSite) Apply(_ context.Context, d wire.Doc, _ func(string) ([]byte, error)) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.holds[d.Key] = !d.Del
	return nil
}

func (s *simSite) Rules() proto.Rules { return proto.Rules{} }
func (s *simSite) Told(site.Status)   {}

// done says that the platform has acknowledged everything.
func (s *simSite) done() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.acked == s.made
}

func (s *simSite) has(mac phone.MAC) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.holds[mac.Hex()]
}

// run keeps the link, and makes an event every so often until quiet ends.
func (s *simSite) run(ctx, quiet context.Context, every time.Duration) error {
	var making sync.WaitGroup
	defer making.Wait()
	making.Go(func() {
		tick := time.NewTicker(every)
		defer tick.Stop()
		for {
			select {
			case <-quiet.Done():
				return
			case <-tick.C:
				s.happen()
			}
		}
	})
	return s.Serve(ctx)
}

// operate adds devices one after the other, each another, until quiet ends. What
// is not acknowledged counts as nothing, whatever became of it.
func operate(quiet context.Context, c *portal.Client, number int, sites []*simSite, all *tally) {
	for n := 0; quiet.Err() == nil; n++ {
		mac := phone.MAC{0x00, 0x15, byte(0x65 + number), byte(n >> 16), byte(n >> 8), byte(n)}
		at := sites[n%len(sites)].id.Site
		ctx, cancel := context.WithTimeout(quiet, 10*time.Second)
		err := addDevice(ctx, c, mac, at)
		cancel()
		pause := 20 * time.Millisecond
		if err == nil {
			all.device(mac, at)
		} else {
			pause = 100 * time.Millisecond
		}
		select {
		case <-quiet.Done():
		case <-time.After(pause):
		}
	}
}
