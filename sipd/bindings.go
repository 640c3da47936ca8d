package sipd

import (
	"errors"
	"net/netip"
	"sync"
	"time"

	"github.com/lineside/lineside/phone"
)

// Bounds of the registrar.
const (
	maxBindings      = 4096
	bindingsPerPlace = 16 // of one address: phones behind a router; a laptop fills its own share only
)

var errNoRoom = errors.New("no room for another registration")

// bindings is where phones on hold can be reached: one place for each phone.
type bindings struct {
	mu    sync.Mutex
	by    map[phone.MAC]bound
	place map[netip.Addr]int
	dirty map[phone.MAC]struct{} // to be written, or forgotten on disk
	known interface {            // told who is expected
		hold(netip.Addr)
		release(netip.Addr)
	}
}

// bound is a binding with the last login that made it.
type bound struct {
	phone.Binding
	nonce, nc string
}

func newBindings(known *sources) *bindings {
	return &bindings{
		by: make(map[phone.MAC]bound), place: make(map[netip.Addr]int), dirty: make(map[phone.MAC]struct{}), known: known,
	}
}

// replayed reports that a login was shown before for this phone: the same nonce
// with a count that is not higher.
func (b *bindings) replayed(mac phone.MAC, nonce, nc string) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	old, ok := b.by[mac]
	return ok && nc != "" && old.nonce == nonce && nc <= old.nc
}

// put keeps a binding; fresh says that the phone was not there before.
func (b *bindings) put(now time.Time, one phone.Binding, nonce, nc string) (fresh bool, err error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	old, ok := b.by[one.MAC]
	same := ok && old.Source.Addr() == one.Source.Addr()
	if !same && b.place[one.Source.Addr()] >= bindingsPerPlace {
		return false, errNoRoom
	}
	if !ok && len(b.by) >= maxBindings {
		return false, errNoRoom
	}
	fresh = !same || !old.Live(now)
	if !fresh {
		one.Since = old.Since
	}
	if ok && !same {
		b.dropLocked(old)
	}
	if !same {
		b.place[one.Source.Addr()]++
		b.known.hold(one.Source.Addr())
	}
	b.by[one.MAC] = bound{Binding: one, nonce: nonce, nc: nc}
	b.dirty[one.MAC] = struct{}{}
	return fresh, nil
}

func (b *bindings) dropLocked(old bound) {
	addr := old.Source.Addr()
	if b.place[addr]--; b.place[addr] <= 0 {
		delete(b.place, addr)
	}
	b.known.release(addr)
	delete(b.by, old.MAC)
	b.dirty[old.MAC] = struct{}{}
}

// take removes a phone's binding.
func (b *bindings) take(mac phone.MAC) (phone.Binding, bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	old, ok := b.by[mac]
	if ok {
		b.dropLocked(old)
	}
	return old.Binding, ok
}

// of gives a phone's binding while it is live.
func (b *bindings) of(now time.Time, mac phone.MAC) (phone.Binding, bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	one, ok := b.by[mac]
	return one.Binding, ok && one.Live(now)
}

// at reports that a phone is registered from an address.
func (b *bindings) at(a netip.Addr) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.place[a] > 0
}

// expire takes out what has ended.
func (b *bindings) expire(now time.Time) []phone.Binding {
	b.mu.Lock()
	defer b.mu.Unlock()
	var gone []phone.Binding
	for _, one := range b.by {
		if !one.Live(now) {
			gone = append(gone, one.Binding)
			b.dropLocked(one)
		}
	}
	return gone
}

// changed gives what differs from what was last written.
func (b *bindings) changed() (keep []phone.Binding, gone []phone.MAC) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for mac := range b.dirty {
		if one, ok := b.by[mac]; ok {
			keep = append(keep, one.Binding)
		} else {
			gone = append(gone, mac)
		}
	}
	clear(b.dirty)
	return keep, gone
}

// again marks what could not be written.
func (b *bindings) again(keep []phone.Binding, gone []phone.MAC) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, one := range keep {
		b.dirty[one.MAC] = struct{}{}
	}
	for _, mac := range gone {
		b.dirty[mac] = struct{}{}
	}
}
