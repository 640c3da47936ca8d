package provision

import (
	"net/netip"
	"time"

	"github.com/lineside/lineside/auth"
	"github.com/lineside/lineside/phone"
)

// wire is what layer 2 says of an address: who answers for it, and to whom it
// is leased.
type wire struct {
	addr            netip.Addr
	neighbour       phone.MAC
	lease           phone.Lease
	answers, leased bool
}

func (d *Desk) wire(now time.Time, addr netip.Addr) wire {
	w := wire{addr: addr}
	w.lease, w.leased = d.store.Leases.LeaseOf(addr)
	w.leased = w.leased && w.lease.Live(now)
	if d.store.Neighbours != nil {
		w.neighbour, w.answers = d.store.Neighbours.MAC(addr)
	}
	return w
}

// mac is who is behind the address, zero where nothing tells.
func (w wire) mac() phone.MAC {
	switch {
	case w.answers:
		return w.neighbour
	case w.leased:
		return w.lease.MAC
	}
	return phone.MAC{}
}

// verdict weighs the MAC of the file name against all signals. One that says
// another MAC contradicts. Neither a lease nor an ARP entry proves a MAC by
// itself: each is what one packet once claimed, and such a packet is easily
// sent in another's name. They prove it together, unless the MAC is leased a
// second address and answers there too: then one of the two is not the phone,
// and which, nothing tells. On loopback, where there is no ARP, the lease has to do.
func (d *Desk) verdict(now time.Time, w wire, c caller) auth.Verdict {
	mac := c.file.MAC
	switch {
	case mac.IsZero():
		return auth.Claimed
	case w.answers && w.neighbour != mac, w.leased && w.lease.MAC != mac, !c.ident.MAC.IsZero() && c.ident.MAC != mac:
		return auth.Contradicted
	}
	switch {
	case w.leased && (w.answers || w.addr.IsLoopback()) && !d.rival(now, mac, w.addr):
		return auth.Proven
	case w.leased && w.answers, w.answers && w.addr.Is6():
		return auth.Claimed
	case d.elsewhere(now, mac, w.addr), !w.answers && d.present(mac):
		return auth.Doubted
	}
	return auth.Claimed
}

// rival reports that mac is leased another address and answers there too.
func (d *Desk) rival(now time.Time, mac phone.MAC, addr netip.Addr) bool {
	for _, l := range d.store.Leases.LeasesTo(mac) {
		if !l.Live(now) || l.Addr == addr {
			continue
		}
		if o := d.wire(now, l.Addr); l.Addr.IsLoopback() || o.answers && o.neighbour == mac {
			return true
		}
	}
	return false
}

// elsewhere reports that the box has leased another address than this to mac.
func (d *Desk) elsewhere(now time.Time, mac phone.MAC, addr netip.Addr) bool {
	for _, l := range d.store.Leases.LeasesTo(mac) {
		if l.Live(now) && l.Addr != addr {
			return true
		}
	}
	return false
}

func (d *Desk) present(mac phone.MAC) bool {
	return d.store.Neighbours != nil && d.store.Neighbours.Present(mac)
}
