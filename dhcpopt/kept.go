package dhcpopt

import (
	"cmp"
	"fmt"
	"maps"
	"net/netip"
	"slices"
	"time"

	"github.com/lineside/lineside/phone"
	"github.com/lineside/lineside/provision"
)

// Reserver knows the addresses that devices have on their records. What is the
// same as when it was last asked is the same value; *provision.Desk serves it.
type Reserver interface {
	Reservations() (*provision.Reserved, error)
}

// Reservable says why a cannot be reserved for mac: it must be a host's in one of
// the networks served, and nobody else's by settings.
func (c Config) Reservable(mac phone.MAC, a netip.Addr) error {
	if mode := cmp.Or(c.Mode, ModeServer); mode != ModeServer {
		return fmt.Errorf("dhcp.mode is %q, so this box gives out no addresses; reserve it where they come from", string(mode))
	}
	nets := []Config{c}
	for _, sc := range c.Scopes {
		child := c
		child.Net, child.Router = sc.Net.Masked(), sc.Router
		nets = append(nets, child)
	}
	i := slices.IndexFunc(nets, func(n Config) bool { return n.hostAddr(a) })
	switch {
	case i < 0:
		return fmt.Errorf("%s is no host address of a network this box serves; write one of %s", a, nets[0].network())
	case a == c.Self.Addr():
		return fmt.Errorf("%s is the box itself; write another", a)
	case a == nets[i].Router:
		return fmt.Errorf("%s is the router, by settings; write another", a)
	}
	for other, b := range c.Reservations {
		if b == a && other != mac {
			return fmt.Errorf("%s is kept for %s by dhcp.reservations in the settings; write another, or change it there", a, other)
		}
	}
	return nil
}

// follow takes over what devices have on their records, where that has changed.
func (s *Server) follow() {
	if s.deps.Reserved == nil || s.cfg.Mode != ModeServer {
		return
	}
	now, err := s.deps.Reserved.Reservations()
	if err != nil || now == s.followed {
		return // an error is the store's to tell; what was in force stays
	}
	s.followed = now
	for mac, a := range now.Of {
		if err := s.cfg.Reservable(mac, a); err != nil {
			s.log.Warn("the address on a device's record is not kept for it", "mac", mac, "err", err)
		}
	}
	for _, one := range append([]*Server{s}, s.scopes...) {
		kept := one.cfg.with(now.Of)
		one.mu.Lock()
		one.pool.keepFor(kept)
		one.mu.Unlock()
	}
}

// with is the reservations of settings with those on record over them. One on
// record that does not fit any more, because settings or the LAN have changed
// since, counts for nothing.
func (c Config) with(onRecord map[phone.MAC]netip.Addr) map[phone.MAC]netip.Addr {
	kept := maps.Clone(c.Reservations)
	if kept == nil {
		kept = make(map[phone.MAC]netip.Addr)
	}
	for mac, a := range onRecord {
		if c.hostAddr(a) && c.Reservable(mac, a) == nil {
			kept[mac] = a
		}
	}
	return kept
}

// noClient is whom an address outside the pool is kept for once its device has
// another: no client has this hardware address.
var noClient = phone.MAC{0xff, 0xff, 0xff, 0xff, 0xff, 0xff}

// keepFor makes the pool's reservations those of want. Who has an address that is
// kept for another now has it until it asks again.
func (p *pool) keepFor(want map[phone.MAC]netip.Addr) {
	was := p.reserved
	p.reserved = make(map[phone.MAC]int32, len(want))
	for _, mac := range inOrder(want) {
		if i, ok := p.place(want[mac]); ok {
			p.reserved[mac] = i
		}
	}
	for _, mac := range inOrder(was) {
		i := was[mac]
		if now, ok := p.reserved[mac]; !ok || now != i {
			p.keep(i, p.unkept(i))
		}
	}
	for _, mac := range inOrder(p.reserved) {
		if i := p.reserved[mac]; p.slots[i].reserved != mac {
			p.keep(i, mac)
		}
	}
	for i := range p.slots {
		if s := &p.slots[i]; s.unknown && p.vouched(s.lease.MAC) {
			p.greet(int32(i))
		}
	}
	pace := newPace(p.common)
	pace.fresh, pace.back = p.pace.fresh, p.pace.back
	p.kept, p.pace = keep(p.common), pace
}

// inOrder is whom addresses are kept for, the same at every run: which address a
// stranger is given next hangs on the order they come free in.
func inOrder[V any](kept map[phone.MAC]V) []phone.MAC {
	return slices.SortedFunc(maps.Keys(kept), compareMACs)
}

// unkept is whom slot i is for when it is kept for no device.
func (p *pool) unkept(i int32) phone.MAC {
	if _, outside := p.byAddr[p.slots[i].addr]; outside {
		return noClient
	}
	return phone.MAC{}
}

// place is the slot of an address, a new one outside the pool's ranges; false
// where there are too many.
func (p *pool) place(a netip.Addr) (int32, bool) {
	if i, ok := p.find(a); ok {
		return i, true
	}
	if len(p.slots) >= MaxPool {
		return none, false
	}
	return p.grow(a), true
}

// grow adds the slot of an address outside the pool's ranges.
func (p *pool) grow(a netip.Addr) int32 {
	i := int32(len(p.slots))
	p.slots = append(p.slots, slot{addr: a, due: none, reserved: noClient})
	p.ends.slots = p.slots
	p.byAddr[a] = i
	p.enter(i, free, time.Time{})
	return i
}

// hold makes places for the addresses of a network, outside the pool, whose
// leases are not over: a record or settings gave them, and do no more. They stay
// their clients' until those have others, whoever they are kept for next.
func (p *pool) hold(leases []phone.Lease, here func(netip.Addr) bool, now time.Time) {
	for _, l := range leases {
		if here(l.Addr) && l.State != phone.Released && remaining(&l, now) > 0 {
			p.place(l.Addr)
		}
	}
}

// keep keeps slot i for mac, the zero MAC for anybody. An offer to another is
// taken back.
func (p *pool) keep(i int32, mac phone.MAC) {
	s := &p.slots[i]
	st, until, offer := s.state, s.until, s.offer
	if s.reserved.IsZero() {
		p.common--
	}
	p.leave(i)
	if s.reserved = mac; mac.IsZero() {
		p.common++
	}
	if st == offered && !mac.IsZero() && offer.mac != mac {
		st, until = free, time.Time{}
	} else {
		s.offer = offer
	}
	p.enter(i, st, until)
}
