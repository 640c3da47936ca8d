package dhcpopt

import (
	"net/netip"
	"time"

	"github.com/insomniacslk/dhcp/dhcpv4"

	"github.com/lineside/lineside/phone"
	"github.com/lineside/lineside/vendors"
)

// wish is a REQUEST that was carried; the zero value is none.
type wish struct {
	client client
	to     []netip.AddrPort // the servers it went to
	at     time.Time
}

func wishOf(a *ask, to []netip.AddrPort, now time.Time) wish {
	if a.kind != dhcpv4.MessageTypeRequest {
		return wish{}
	}
	return wish{client: a.client, to: to, at: now}
}

// noteGiven tells the witness of an ACK that passes. It counts where it did not
// come from the LAN, answers, within seconds, a REQUEST that this relay carried
// to that very server, and gives an address of the LAN.
func (r *Relay) noteGiven(a *ask, q question, from side, ident vendors.Ident, now time.Time) {
	addr, lasts := address(a.packet.YourIPAddr), a.packet.IPAddressLeaseTime(0)
	switch {
	case r.deps.Witness == nil, a.kind != dhcpv4.MessageTypeAck, lasts <= 0, !r.cfg.hostAddr(addr), addr == r.self:
		return
	case now.Sub(q.wish.at) > answerWithin, !among(q.wish.to, a.from.Addr()):
		return
	}
	r.deps.Witness.heard(from)
	if from != sideUplink {
		return
	}
	start := now.UTC().Round(time.Second)
	r.deps.Witness.gave(phone.Lease{
		Addr: addr, MAC: a.client.mac, ClientID: []byte(q.wish.client.id), State: phone.Bound,
		Start: start, Expires: start.Add(min(lasts, MaxLease)),
		Host: q.host, Class: clean(q.class, maxText), Vendor: ident.Vendor, Model: ident.Model,
	})
}

// endGiven tells the witness of an address that its client gives back or
// refuses, under the conditions on which the box as a server believes it.
func (r *Relay) endGiven(a *ask, now time.Time) {
	switch {
	case r.deps.Witness == nil:
	case a.kind == dhcpv4.MessageTypeRelease && a.from.Addr() == a.ciaddr:
		r.deps.Witness.ended(a.ciaddr, a.client, time.Time{})
	case a.kind == dhcpv4.MessageTypeDecline && a.sentBy(a.want):
		r.deps.Witness.ended(a.want, a.client, now.Add(-declineWithin))
	}
}
