package admin

import (
	"net/netip"
	"sync"
	"time"

	"github.com/lineside/lineside/auth"
)

// maxRegulars bounds the addresses remembered. It takes a session or a token to be
// one of them.
const maxRegulars = 1024

// regulars are the addresses that somebody signed in, or a good token, was last
// seen at, for as long as a session lasts. Strangers do not take their room.
type regulars struct {
	now func() time.Time

	mu   sync.Mutex
	seen map[netip.Addr]time.Time
}

func newRegulars(now func() time.Time) *regulars {
	return &regulars{now: now, seen: make(map[netip.Addr]time.Time)}
}

// note remembers an address.
func (r *regulars) note(addr netip.Addr) {
	now, addr := r.now(), addr.Unmap().WithZone("")
	r.mu.Lock()
	defer r.mu.Unlock()
	if _, there := r.seen[addr]; !there && len(r.seen) >= maxRegulars {
		r.makeRoomLocked()
	}
	r.seen[addr] = now
}

func (r *regulars) makeRoomLocked() {
	var oldest netip.Addr
	for addr, at := range r.seen {
		if !oldest.IsValid() || at.Before(r.seen[oldest]) {
			oldest = addr
		}
	}
	delete(r.seen, oldest)
}

// has reports that an address is one of them. A clock that was set back ends it.
func (r *regulars) has(addr netip.Addr) bool {
	now := r.now()
	r.mu.Lock()
	defer r.mu.Unlock()
	at, there := r.seen[addr.Unmap().WithZone("")]
	return there && !now.Before(at) && now.Sub(at) < auth.SessionMost
}
