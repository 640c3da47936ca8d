package dhcpopt

import (
	"context"
	"net/netip"
	"slices"
	"testing"
	"time"

	"github.com/lineside/lineside/phone"
)

// forgetfulStore remembers what it was told to drop.
type forgetfulStore struct {
	fakeStore
	gone []netip.Addr
}

func (f *forgetfulStore) DeleteLeases(_ context.Context, addrs []netip.Addr) error {
	f.gone = append(f.gone, addrs...)
	return nil
}

func TestForget(t *testing.T) {
	l := newLAN(t, testConfig("10.20.0.50-10.20.0.59"))
	store := &forgetfulStore{}
	l.s.deps.Leases = store
	lease := func(a string, left time.Duration) phone.Lease {
		return phone.Lease{Addr: ip(a), MAC: yealink1, State: phone.Bound, Start: l.now.Add(-time.Hour), Expires: l.now.Add(left)}
	}
	l.s.forget(t.Context(), []phone.Lease{
		lease("10.20.0.50", -time.Minute), // its client may come back
		lease("10.20.0.99", time.Minute),  // still used, though out of the pool now
		lease("10.20.0.98", -time.Minute),
	})
	if want := []netip.Addr{ip("10.20.0.98")}; !slices.Equal(store.gone, want) {
		t.Errorf("dropped %v, want %v", store.gone, want)
	}
}
