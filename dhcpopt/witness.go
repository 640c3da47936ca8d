package dhcpopt

import (
	"net/netip"
	"slices"
	"sync"
	"time"

	"github.com/lineside/lineside/phone"
)

// Bounds of what a relay has seen given.
const (
	answerWithin = 10 * time.Second // a server's ACK, after the REQUEST it answers
	maxGiven     = MaxPool          // addresses remembered
	maxMadeUp    = 4                // of them, of one hardware address under identifiers of its own choice
)

// Witness remembers to whom the servers behind a relay gave addresses, by the
// ACKs that passed. It is asked like the leases of a pool, and is in memory only:
// those leases are not the box's to keep. The zero value is ready but for Now. It
// is safe for concurrent use.
//
// What it says lasts as long as the lease did when it was given. A renewal goes
// past the relay, so a lease may live on unseen; then the address counts for
// nobody until its client asks by broadcast again, and so do other addresses of
// that hardware address, for one is out of sight.
type Witness struct {
	// Now is the box's time.
	Now func() time.Time

	mu     sync.RWMutex
	byAddr map[netip.Addr]given
	byMAC  map[phone.MAC][]netip.Addr
	swept  time.Time
	sides  [sideUplink + 1]bool // from which ACKs came
}

// given is one address.
type given struct {
	lease phone.Lease
	// disputed: while the lease lived the server gave the address to another
	// hardware address. Servers do so for who copies an identifier (RFC 2131
	// section 4.2), and for a client that has given it back past the relay.
	disputed bool
}

// Blind reports that ACKs arrive, and none but by the phones' LAN, as where the
// servers are behind a router that has its only way to the box there. Anybody on
// the LAN can forge such an ACK, so no phone is proven by one.
func (w *Witness) Blind() bool {
	w.mu.RLock()
	defer w.mu.RUnlock()
	return w.sides[sideLAN] && !w.sides[sideUplink]
}

// heard notes from where an ACK came.
func (w *Witness) heard(from side) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.sides[from] = true
}

// gone reports that nothing is to be learnt from g any more: a lease that was
// renewed once unseen has ended, too.
func (g given) gone(now time.Time) bool {
	return !now.Before(g.lease.Expires.Add(g.lease.Expires.Sub(g.lease.Start)))
}

// LeaseOf gives the lease of an address, where the relay saw it given and has
// not lost sight of its client.
func (w *Witness) LeaseOf(addr netip.Addr) (phone.Lease, bool) {
	now := w.Now()
	w.mu.RLock()
	defer w.mu.RUnlock()
	g, ok := w.byAddr[addr]
	if !ok || g.disputed || w.unsureLocked(g.lease.MAC, now) {
		return phone.Lease{}, false
	}
	return g.lease, true
}

// LeasesTo gives the leases of a hardware address, in no order; none where the
// relay has lost sight of one.
func (w *Witness) LeasesTo(mac phone.MAC) []phone.Lease {
	now := w.Now()
	w.mu.RLock()
	defer w.mu.RUnlock()
	if w.unsureLocked(mac, now) {
		return nil
	}
	var list []phone.Lease
	for _, a := range w.byMAC[mac] {
		if g := w.byAddr[a]; !g.disputed {
			list = append(list, g.lease)
		}
	}
	return list
}

// Leases gives what counts now, in order of address.
func (w *Witness) Leases() ([]phone.Lease, error) {
	now := w.Now()
	w.mu.RLock()
	defer w.mu.RUnlock()
	var list []phone.Lease
	for _, g := range w.byAddr {
		if !g.disputed && !w.unsureLocked(g.lease.MAC, now) {
			list = append(list, g.lease)
		}
	}
	slices.SortFunc(list, func(a, b phone.Lease) int { return a.Addr.Compare(b.Addr) })
	return list, nil
}

// unsureLocked reports that a lease of mac has ended as far as was seen.
func (w *Witness) unsureLocked(mac phone.MAC, now time.Time) bool {
	return slices.ContainsFunc(w.byMAC[mac], func(a netip.Addr) bool {
		l := w.byAddr[a].lease
		return !l.Live(now) && !w.byAddr[a].gone(now)
	})
}

// gave notes an ACK. Where it takes a live lease from another hardware address,
// neither counts until that one has ended: who copied an identifier must not
// become the phone, and the phone's successor must not be locked out as an
// impostor.
func (w *Witness) gave(l phone.Lease) {
	now := w.Now()
	w.mu.Lock()
	defer w.mu.Unlock()
	old, known := w.byAddr[l.Addr]
	if known && old.lease.MAC != l.MAC && old.lease.Live(now) {
		old.disputed = true
		w.byAddr[l.Addr] = old
		return
	}
	if known && old.disputed && old.lease.Live(now) {
		return
	}
	if known {
		w.forgetLocked(l.Addr)
	}
	for _, a := range slices.Clone(w.byMAC[l.MAC]) {
		// A client has one address, and it asked for this.
		if o := w.byAddr[a]; o.gone(now) || clientOf(&o.lease) == clientOf(&l) {
			w.forgetLocked(a)
		}
	}
	if !w.roomLocked(&l, now) {
		return
	}
	if w.byAddr == nil {
		w.byAddr, w.byMAC = make(map[netip.Addr]given), make(map[phone.MAC][]netip.Addr)
	}
	w.byAddr[l.Addr] = given{lease: l}
	w.byMAC[l.MAC] = append(w.byMAC[l.MAC], l.Addr)
}

// roomLocked reports that one more address can be remembered. Identifiers are
// free to make up, so they do not crowd out the client that goes by its hardware
// address.
func (w *Witness) roomLocked(l *phone.Lease, now time.Time) bool {
	if len(w.byAddr) >= maxGiven && now.Sub(w.swept) >= calmEvery {
		w.swept = now
		for a, g := range w.byAddr {
			if g.gone(now) {
				w.forgetLocked(a)
			}
		}
	}
	madeUp := 0
	for _, a := range w.byMAC[l.MAC] {
		if o := w.byAddr[a].lease; !clientOf(&o).plain() {
			madeUp++
		}
	}
	return len(w.byAddr) < maxGiven && (clientOf(l).plain() || madeUp < maxMadeUp)
}

// ended forgets an address that its client gave back or refused; since limits
// that to leases given after it.
func (w *Witness) ended(addr netip.Addr, c client, since time.Time) {
	w.mu.Lock()
	defer w.mu.Unlock()
	g, ok := w.byAddr[addr]
	if ok && clientOf(&g.lease) == c && !g.lease.Start.Before(since) {
		w.forgetLocked(addr)
	}
}

func (w *Witness) forgetLocked(addr netip.Addr) {
	mac := w.byAddr[addr].lease.MAC
	delete(w.byAddr, addr)
	rest := slices.DeleteFunc(w.byMAC[mac], func(a netip.Addr) bool { return a == addr })
	if w.byMAC[mac] = rest; len(rest) == 0 {
		delete(w.byMAC, mac)
	}
}
