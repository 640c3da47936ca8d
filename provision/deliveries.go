package provision

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/lineside/lineside/audit"
	"github.com/lineside/lineside/auth"
	"github.com/lineside/lineside/phone"
)

// deliveryEvery is how often the same phone's fetching again is written to the
// audit log. In between it is counted.
const deliveryEvery = time.Minute

// deliveries counts full configs given out again for a proof already used. It
// holds one entry for each device inside its RefetchWindow, so it is bounded by
// what was enrolled in the last ten minutes.
type deliveries struct {
	mu sync.Mutex
	of map[phone.MAC]delivery
}

type delivery struct {
	by      audit.Actor
	ground  auth.Reason
	file    string
	times   int // since written
	written time.Time
}

func newDeliveries() *deliveries { return &deliveries{of: make(map[phone.MAC]delivery)} }

// again reports that a decision gives a full config out once more.
func again(dec auth.Decision) bool {
	return dec.Outcome == auth.Full && (dec.Reason == auth.OTPAgain || dec.Reason == auth.PINAgain || dec.Reason == auth.TicketAgain)
}

// add counts one and gives the event to be written now, if any.
func (l *deliveries) add(now time.Time, mac phone.MAC, by audit.Actor, ground auth.Reason, file string) []audit.Record {
	l.mu.Lock()
	defer l.mu.Unlock()
	x := l.of[mac]
	due := x.by != by || x.ground != ground || now.Sub(x.written) >= deliveryEvery || now.Before(x.written)
	x.by, x.ground, x.file, x.times = by, ground, file, x.times+1
	if !due {
		l.of[mac] = x
		return nil
	}
	event := x.event(mac)
	x.times, x.written = 0, now
	l.of[mac] = x
	return event
}

func (l *deliveries) forget(mac phone.MAC) {
	l.mu.Lock()
	defer l.mu.Unlock()
	delete(l.of, mac)
}

// take gives the events of what was counted and not written for a while, or at
// all, and forgets who came no more.
func (l *deliveries) take(now time.Time, all bool) []audit.Record {
	l.mu.Lock()
	defer l.mu.Unlock()
	var events []audit.Record
	for mac, x := range l.of {
		if !all && now.Sub(x.written) < deliveryEvery && !now.Before(x.written) {
			continue
		}
		if x.times > 0 {
			events = append(events, x.event(mac)...)
		}
		delete(l.of, mac)
	}
	return events
}

func (x delivery) event(mac phone.MAC) []audit.Record {
	return one(mac, x.by, audit.DeliveredAgain{Ground: string(x.ground), File: x.file, Times: x.times})
}

// deliver has on record that a full config leaves the box once more, before it
// does; at most once a minute for each device.
func (d *Desk) deliver(ctx context.Context, now time.Time, ask Ask, c caller, dec auth.Decision) error {
	events := d.deliveries.add(now, c.file.MAC, actorOf(ask, c), dec.Reason, c.file.Name)
	if len(events) == 0 {
		return nil
	}
	if err := d.store.Recorder.Record(ctx, events...); err != nil {
		d.deliveries.forget(c.file.MAC) // it is refused, so the next one is the first again
		return fmt.Errorf("record that %s fetched again: %w", c.file.MAC, err)
	}
	return nil
}

// keepDeliveries writes what was counted since; all is for the end.
func (d *Desk) keepDeliveries(ctx context.Context, all bool) {
	events := d.deliveries.take(d.tools.Now(), all)
	if len(events) == 0 {
		return
	}
	if err := d.store.Recorder.Record(ctx, events...); err != nil {
		d.tools.Log.Warn("repeated deliveries are not all in the audit log", "err", err)
	}
}
