package provision

import (
	"container/list"
	"context"
	"slices"
	"sync"

	"github.com/lineside/lineside/phone"
)

// maxPerStranger is how many unknown MACs one layer-2 identity may put on the
// visitors table: a laptop that makes up addresses fills its own share only.
const maxPerStranger = 16

// faces is what was last seen of known devices and of visitors. It decides
// nothing; it is kept on disk now and then.
type faces struct {
	mu       sync.Mutex
	max      int
	devices  map[phone.MAC]phone.Seen
	visitors map[phone.MAC]*list.Element // of order
	order    *list.List                  // of visitor, longest unseen first
	share    map[string]int              // visitors by identity
	dirty    map[phone.MAC]struct{}
}

type visitor struct {
	seen phone.Seen
	by   string
	held []holder // who was given the holding config in its name
}

func newFaces(max int) *faces {
	return &faces{
		max:      max,
		devices:  make(map[phone.MAC]phone.Seen),
		visitors: make(map[phone.MAC]*list.Element),
		order:    list.New(),
		share:    make(map[string]int),
		dirty:    make(map[phone.MAC]struct{}),
	}
}

func (f *faces) add(s phone.Seen, by string, known bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if known {
		f.forgetLocked(s.MAC)
		f.devices[s.MAC] = later(f.devices[s.MAC], s)
		f.dirty[s.MAC] = struct{}{}
		return
	}
	if _, ok := f.devices[s.MAC]; ok {
		return // a known device whose MAC somebody borrows is no visitor
	}
	if el, ok := f.visitors[s.MAC]; ok {
		v := el.Value.(*visitor)
		v.seen = later(v.seen, s)
		f.order.MoveToBack(el)
		return
	}
	if f.share[by] >= maxPerStranger {
		return
	}
	v := new(visitor)
	if f.order.Len() >= f.max {
		v = f.forgetLocked(f.order.Front().Value.(*visitor).seen.MAC) // and use its room
	}
	*v = visitor{seen: s, by: by}
	f.visitors[s.MAC] = f.order.PushBack(v)
	f.share[by]++
}

// later merges a new sighting into an old one; what the new one does not say
// stays.
func later(old, s phone.Seen) phone.Seen {
	if old.MAC.IsZero() {
		return s
	}
	s.First, s.Count = old.First, old.Count+1
	if !s.Addr.IsValid() {
		s.Addr = old.Addr
	}
	if s.Model == "" {
		s.Model = old.Model
	}
	if s.Firmware == "" {
		s.Firmware = old.Firmware
	}
	if s.Serial == "" {
		s.Serial = old.Serial
	}
	if s.Agent == "" {
		s.Agent = old.Agent
	}
	return s
}

// hold notes that x was given a visitor's holding config.
func (f *faces) hold(mac phone.MAC, x holder) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if el, ok := f.visitors[mac]; ok {
		v := el.Value.(*visitor)
		v.held = held(v.held, x)
	}
}

// adopt makes a visitor's face that of a device just set up, and gives who was on
// hold as the visitor.
func (f *faces) adopt(mac phone.MAC) []holder {
	f.mu.Lock()
	defer f.mu.Unlock()
	v := f.forgetLocked(mac)
	if v == nil {
		return nil
	}
	f.devices[mac] = v.seen
	f.dirty[mac] = struct{}{}
	return v.held
}

// adopt takes a visitor over as the device it was just set up as. Whoever is on
// hold as it stays so: phones do not ask again because of it, and a PIN must be
// tied to one of them as if the device had been there before.
func (d *Desk) adopt(mac phone.MAC) {
	for _, x := range d.faces.adopt(mac) {
		d.onHold.add(mac, x)
	}
}

// drop forgets a removed device.
func (f *faces) drop(mac phone.MAC) {
	f.mu.Lock()
	defer f.mu.Unlock()
	delete(f.devices, mac)
	delete(f.dirty, mac)
}

// forgetLocked takes a visitor off the table; nil where there is none.
func (f *faces) forgetLocked(mac phone.MAC) *visitor {
	el, ok := f.visitors[mac]
	if !ok {
		return nil
	}
	delete(f.visitors, mac)
	v := f.order.Remove(el).(*visitor)
	if f.share[v.by]--; f.share[v.by] <= 0 {
		delete(f.share, v.by)
	}
	return v
}

// Visitors lists unknown phones that asked, latest first.
func (d *Desk) Visitors() []phone.Seen {
	f := d.faces
	f.mu.Lock()
	defer f.mu.Unlock()
	all := make([]phone.Seen, 0, f.order.Len())
	for el := f.order.Back(); el != nil; el = el.Prev() {
		all = append(all, el.Value.(*visitor).seen)
	}
	slices.SortStableFunc(all, func(a, b phone.Seen) int { return b.At.Compare(a.At) }) // clocks are set back
	return all
}

// Seen is what was last seen of a known device.
func (d *Desk) Seen(mac phone.MAC) (phone.Seen, bool) {
	d.faces.mu.Lock()
	defer d.faces.mu.Unlock()
	s, ok := d.faces.devices[mac]
	return s, ok
}

// recall loads what was seen before the last stop.
func (d *Desk) recall() error {
	seen, err := d.store.Sightings.Seen()
	if err != nil {
		return err
	}
	d.faces.mu.Lock()
	defer d.faces.mu.Unlock()
	for _, s := range seen {
		if _, ok := d.faces.devices[s.MAC]; !ok {
			d.faces.devices[s.MAC] = s
		}
	}
	return nil
}

// keepSeen writes what was seen since the last time. It may be lost, so an
// error is only logged; the next round tries again.
func (d *Desk) keepSeen(ctx context.Context) {
	f := d.faces
	f.mu.Lock()
	seen := make([]phone.Seen, 0, len(f.dirty))
	for mac := range f.dirty {
		seen = append(seen, f.devices[mac])
	}
	clear(f.dirty)
	f.mu.Unlock()
	if len(seen) == 0 {
		return
	}
	if err := d.store.Sightings.SaveSeen(ctx, seen); err != nil {
		d.tools.Log.Warn("what was last seen of phones is not on disk", "err", err)
	}
}
