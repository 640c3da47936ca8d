package pages

import (
	"cmp"
	"errors"
	"net/http"
	"net/netip"

	"github.com/lineside/lineside/admin"
	"github.com/lineside/lineside/phone"
)

// leasesPage is the box's part in DHCP, its pools, and who has which address.
type leasesPage struct {
	admin.DHCP
	List    *list
	Leases  []admin.Lease
	States  []string
	Counts  map[string]int
	Problem *problem // with what is searched for
}

// leaseStates are what a lease can be filtered by, in the order of the page.
func leaseStates() []string { return []string{"live", "reserved", "over"} }

func getLeases(v *visit) error {
	o, err := v.api.Overview(v.ctx())
	if err != nil {
		return err
	}
	l := v.list("state")
	q := admin.LeaseQuery{Text: l.Text, State: l.Filter("state"), Sort: l.Sort, Offset: l.Offset, Limit: l.Limit}
	if l.Down {
		q.Sort = "-" + cmp.Or(l.Sort, "address")
	}
	p := leasesPage{DHCP: o.DHCP, List: l, States: leaseStates()}
	found, err := v.api.FindLeases(v.ctx(), q)
	var e *admin.Error
	switch {
	case errors.As(err, &e) && e.Status == http.StatusBadRequest: // an address that was typed
		p.Problem = v.problem(err)
	case err != nil:
		return err
	}
	l.Total, l.Shown = found.Total, len(found.Leases)
	if last := l.Beyond(); last != "" {
		return v.to(last)
	}
	p.Leases, p.Counts = found.Leases, found.States
	return v.show("leases", p)
}

// postLeaseReserve keeps the address a phone has for it, on its record.
func postLeaseReserve(v *visit) error {
	f, err := v.form("mac", "address")
	if err != nil {
		return err
	}
	mac, noMAC := phone.ParseMAC(f.Get("mac"))
	address, err := netip.ParseAddr(f.Get("address"))
	if err != nil || noMAC != nil {
		return v.to("/leases") // no button of ours sends that
	}
	if _, err := v.api.EditDevice(v.ctx(), mac, 0, admin.DeviceInput{Address: admin.Set(address)}); err != nil {
		return err
	}
	return v.done("/leases", "leases.reserved", address, mac)
}
