package admin_test

import (
	"context"
	"net/netip"
	"time"

	"github.com/lineside/lineside/admin"
	"github.com/lineside/lineside/audit"
	"github.com/lineside/lineside/auth"
	"github.com/lineside/lineside/phone"
)

// Records gives copies all the same: whoever changes one is found out by nobody.
func (d *desk) Records() []*auth.Record {
	all, _ := d.Devices()
	list := make([]*auth.Record, len(all))
	for i := range all {
		list[i] = &all[i]
	}
	return list
}

// Hours has an hour of today and one of the day before yesterday.
func (d *desk) Hours() []phone.Hour {
	return []phone.Hour{{Start: start.Add(-50 * time.Hour), Full: 2}, {Start: start, Full: 3, Enrolled: 1}}
}

// pools are of the settings; they keep 10.20.0.14 for somebody.
func pools() admin.DHCP {
	pool := func(first, last string) admin.Pool {
		return admin.Pool{
			Network: netip.MustParsePrefix("10.20.0.0/24"), Kept: []netip.Addr{netip.MustParseAddr("10.20.0.14")},
			Ranges: []admin.AddrRange{{First: netip.MustParseAddr(first), Last: netip.MustParseAddr(last)}},
		}
	}
	return admin.DHCP{Mode: "server", Pools: []admin.Pool{pool("10.20.0.8", "10.20.0.17"), pool("10.20.0.60", "10.20.0.60")}}
}

func (d *desk) SetTicketLife(_ context.Context, by audit.Actor, life time.Duration) error {
	return d.rule(by, func(p *auth.Policy) error { p.TicketLife = life; return nil })
}

func (d *desk) GiveTicket(_ context.Context, by audit.Actor, mac phone.MAC, fresh auth.Ticket, life time.Duration) (auth.Record, error) {
	return d.change(by, mac, func(e *auth.Enrolment) { *e = auth.MakeTicket(start, *e, fresh, life) })
}
