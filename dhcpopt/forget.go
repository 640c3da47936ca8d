package dhcpopt

import (
	"context"
	"net/netip"

	"github.com/lineside/lineside/phone"
)

// Forgetter is a LeaseStore that can drop records. One that cannot keeps them,
// at the cost of room alone.
type Forgetter interface {
	DeleteLeases(ctx context.Context, addrs []netip.Addr) error
}

// forget drops the records of leases that are over, of addresses that no pool
// has any more: without it a store keeps every pool there ever was. Where the
// pool still has the address its last client is remembered, to be given it
// again.
func (s *Server) forget(ctx context.Context, leases []phone.Lease) {
	store, ok := s.deps.Leases.(Forgetter)
	if !ok {
		return
	}
	var gone []netip.Addr
	for _, l := range leases {
		if !s.has(l.Addr) && remaining(&l, s.deps.Now()) <= 0 {
			gone = append(gone, l.Addr)
		}
	}
	if len(gone) == 0 {
		return
	}
	if err := store.DeleteLeases(ctx, gone); err != nil {
		s.log.Warn("records of leases that are over could not be dropped", "err", err)
		return
	}
	s.log.Info("records of leases that are over were dropped, no pool has their addresses", "count", len(gone))
}

// has reports that an address is in the pool, or that of a scope.
func (s *Server) has(a netip.Addr) bool {
	if _, ok := s.pool.find(a); ok {
		return true
	}
	for _, sc := range s.scopes {
		if sc.has(a) {
			return true
		}
	}
	return false
}
