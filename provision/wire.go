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

// madeOf reports that the address was made from another hardware address than mac.
func (w wire) madeOf(mac phone.MAC) bool {
	own, ok := phone.MACOf(w.addr)
	return ok && own != mac
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

// payer is who pays for wrong logins from the address, "" for the caller itself. A
// machine picks any IPv6 address of its network: on the LAN its hardware address
// pays, so that neither a thousand addresses are a thousand callers nor one
// laptop spends the tries of all phones of its network. Behind a router the /64
// is all there is to tell.
func (w wire) payer() string {
	switch {
	case !w.addr.Is6():
		return ""
	case w.answers:
		return "wire:" + w.neighbour.String()
	}
	return "net:" + netip.PrefixFrom(w.addr, 64).Masked().String()
}

// verdict weighs the MAC of the file name against all signals. One that says
// another MAC contradicts. Neither a lease nor an ARP entry proves a MAC by
// itself: each is what one packet once claimed, and such a packet is easily
// sent in another's name. They prove it together, unless the MAC is leased a
// second address and answers there too: then one of the two is not the phone,
// and which, nothing tells. On loopback, where there is no ARP, the lease has to do.
//
// By IPv6 nothing is proven: the box gives no such addresses, and the phone's
// DHCPv4 lease says nothing of one that anybody makes up for himself and
// announces under the phone's MAC, which the phone would not even notice. An
// address made from a hardware address (EUI-64) contradicts other MACs.
func (d *Desk) verdict(now time.Time, w wire, c caller) auth.Verdict {
	mac := c.file.MAC
	switch {
	case mac.IsZero():
		return auth.Claimed
	case w.answers && w.neighbour != mac, w.madeOf(mac), w.leased && w.lease.MAC != mac, !c.ident.MAC.IsZero() && c.ident.MAC != mac:
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
