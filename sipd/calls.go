package sipd

import (
	"bytes"
	"net/netip"
	"sync"
	"time"

	"github.com/lineside/lineside/phone"
)

// callLife is when a call whose end was never heard of is forgotten.
const callLife = 6 * time.Hour

// calls is every call that runs, found by its dialogs.
type calls struct {
	mu      sync.Mutex
	legs    map[string]*leg
	tags    map[string]*leg // the same by our tag alone
	since   map[*leg]time.Time
	places  map[*place]struct{} // emergency calls
	max     int                 // of them
	by      map[netip.Addr]int  // how many of them an address has
	arrived uint64              // of them, ever
	ending  int                 // INVITEs that nobody waits for any more
	others  inCalls             // to the box itself
}

func newCalls(cfg Config) *calls {
	return &calls{
		legs: make(map[string]*leg), tags: make(map[string]*leg), since: make(map[*leg]time.Time), by: make(map[netip.Addr]int),
		places: make(map[*place]struct{}), max: cfg.EmergencyCalls,
		others: inCalls{
			max: cfg.Calls, each: cfg.CallsPerAddress, phones: make(map[phone.MAC]struct{}), by: make(map[netip.Addr]int),
		},
	}
}

// ring takes a place for a phone's call to the box itself.
func (c *calls) ring(mac phone.MAC, from netip.Addr) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.others.enter(mac, from)
}

func (c *calls) hangUp(mac phone.MAC, from netip.Addr) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.others.leave(mac, from)
}

// stop ends every call whose sound the box itself makes or passes on.
func (c *calls) stop() {
	c.mu.Lock()
	var own []*leg
	for l := range c.since {
		if l.media != nil {
			own = append(own, l)
		}
	}
	c.mu.Unlock()
	for _, l := range own {
		l.over()
	}
}

// add makes a leg's dialog known.
func (c *calls) add(now time.Time, l *leg) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.legs[l.key()], c.tags[l.tag] = l, l
	c.since[l] = now
}

func (c *calls) remove(l *leg) {
	if l == nil {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.legs, l.key())
	delete(c.tags, l.tag)
	delete(c.since, l)
}

// find gives the leg a request within a dialog belongs to.
func (c *calls) find(id, tag string) *leg {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.legs[id+"\x00"+tag]
}

// Rate of the messages of one call that pass although its address is at its
// rate: others may send in the address's name, and an ACK or BYE that is dropped
// with theirs would end a call, or keep it from ending.
const (
	withinRate  = 10 // a second
	withinBurst = 40
)

// within reports that a message names a call of that address by the tag the box
// gave it, which nobody else has seen, and counts it for the call.
func (c *calls) within(now time.Time, from netip.Addr, l look, data []byte) bool {
	if l.response || l.method == "REGISTER" || l.emergent {
		return false
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	for range 3 { // From, To, and one in an extension
		_, rest, ok := bytes.Cut(data, []byte(";tag="))
		if !ok {
			return false
		}
		tag := rest[:min(len(rest), maxTag)]
		if end := bytes.IndexAny(tag, "\r\n;,> "); end >= 0 {
			tag = tag[:end]
		}
		if one := c.tags[string(tag)]; one != nil && one.to.Addr() == from {
			if one.share == (bucket{}) {
				one.share = full(now, withinBurst)
			}
			return one.share.take(now, withinRate, withinBurst)
		}
		data = rest
	}
	return false
}

// maxTag is longer than a tag of ours.
const maxTag = 64

// sweep ends what nobody ended.
func (c *calls) sweep(now time.Time) {
	c.mu.Lock()
	var old []*leg
	for l, at := range c.since {
		if now.Sub(at) > callLife {
			old = append(old, l)
		}
	}
	c.mu.Unlock()
	for _, l := range old {
		if l.over != nil {
			l.over()
		}
	}
}

// count is how many emergency and other calls run.
func (c *calls) count() (emergency, others int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return len(c.places), len(c.others.phones)
}

// inCalls are the places of calls to the box itself: one a phone, and few an
// address, so that a caller with many accounts cannot have them all.
type inCalls struct {
	max, each int
	phones    map[phone.MAC]struct{}
	by        map[netip.Addr]int
}

func (i *inCalls) enter(mac phone.MAC, from netip.Addr) bool {
	if _, busy := i.phones[mac]; busy || len(i.phones) >= i.max || i.by[from] >= i.each {
		return false
	}
	i.phones[mac] = struct{}{}
	i.by[from]++
	return true
}

func (i *inCalls) leave(mac phone.MAC, from netip.Addr) {
	if _, ok := i.phones[mac]; !ok {
		return
	}
	delete(i.phones, mac)
	if i.by[from]--; i.by[from] <= 0 {
		delete(i.by, from)
	}
}
