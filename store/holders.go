package store

import (
	"net/netip"
	"slices"

	"github.com/lineside/lineside/phone"
)

// holders finds the addresses bound to a hardware address. The zero value is
// empty and ready.
type holders map[phone.MAC][]netip.Addr

// move notes that an address went from one lease to another; nil is none.
func (h holders) move(addr netip.Addr, from, to *phone.Lease) {
	if from != nil && to != nil && from.MAC == to.MAC && from.State == phone.Bound && to.State == phone.Bound {
		return // renewed
	}
	if from != nil {
		rest := slices.DeleteFunc(slices.Clone(h[from.MAC]), func(a netip.Addr) bool { return a == addr })
		if h[from.MAC] = rest; len(rest) == 0 {
			delete(h, from.MAC)
		}
	}
	if to != nil && to.State == phone.Bound {
		h[to.MAC] = append(h[to.MAC], addr)
	}
}

// LeasesTo gives the leases bound to a hardware address, in no order. Whether
// they have expired is the caller's to ask of them.
func (s *Store) LeasesTo(mac phone.MAC) []phone.Lease {
	s.mu.RLock()
	defer s.mu.RUnlock()
	var list []phone.Lease
	for _, addr := range s.holders[mac] {
		list = append(list, *s.leases[addr])
	}
	return list
}
