package pages

import (
	"cmp"
	"net/netip"
	"slices"
	"strings"

	"github.com/lineside/lineside/admin"
	"github.com/lineside/lineside/phone"
)

// leasesPage is the box's part in DHCP, its pools, and who has which address.
type leasesPage struct {
	admin.DHCP
	List   *list
	Leases []admin.Lease
	States []string
}

// leaseStates are what a lease can be filtered by, in the order of the page.
func leaseStates() []string { return []string{"live", "reserved", "over"} }

func getLeases(v *visit) error {
	o, err := v.api.Overview(v.ctx())
	if err != nil {
		return err
	}
	all, err := v.api.Leases(v.ctx())
	if err != nil {
		return err
	}
	l := v.list("state")
	found := all[:0]
	for _, x := range all {
		if leaseIs(x, l.Filter("state")) && leaseHas(x, l.Text) {
			found = append(found, x)
		}
	}
	l.sortLeases(found)
	l.Total = len(found)
	from := min(l.Offset, l.Total)
	found = found[from:min(from+l.Limit, l.Total)]
	l.Shown = len(found)
	return v.show("leases", leasesPage{DHCP: o.DHCP, List: l, Leases: found, States: leaseStates()})
}

// leaseState is how a lease is told of: held now, kept for a phone that does not
// have it, or over.
func leaseState(x admin.Lease) string {
	switch {
	case x.Live:
		return "live"
	case x.Reserved:
		return "reserved"
	}
	return "over"
}

func leaseIs(x admin.Lease, state string) bool { return state == "" || state == leaseState(x) }

// leaseHas looks for text in what people know of a phone: a MAC in any spelling,
// an address or its beginning, the name it gives itself, vendor and model.
func leaseHas(x admin.Lease, text string) bool {
	text = strings.ToLower(text)
	hex := strings.NewReplacer(":", "", "-", "", ".", "").Replace(text)
	for _, has := range []string{x.Address.String(), strings.ToLower(x.Host), strings.ToLower(x.Model), string(x.Vendor), x.MAC.String()} {
		if strings.Contains(has, text) {
			return true
		}
	}
	return hex != "" && strings.Contains(strings.ReplaceAll(x.MAC.String(), ":", ""), hex)
}

func (l *list) sortLeases(all []admin.Lease) {
	slices.SortStableFunc(all, func(a, b admin.Lease) int {
		n := 0
		switch l.Sort {
		case "mac":
			n = strings.Compare(a.MAC.String(), b.MAC.String())
		case "host":
			n = strings.Compare(strings.ToLower(a.Host), strings.ToLower(b.Host))
		case "expires":
			n = a.Expires.Compare(b.Expires)
		}
		n = cmp.Or(n, a.Address.Compare(b.Address))
		if l.Down {
			return -n
		}
		return n
	})
}

// postLeaseReserve keeps the address a phone has for it, on its record.
func postLeaseReserve(v *visit) error {
	f, err := v.form("mac", "address")
	if err != nil {
		return err
	}
	mac, err := phone.ParseMAC(f.Get("mac"))
	if err != nil {
		return err
	}
	address, err := netip.ParseAddr(f.Get("address"))
	if err != nil {
		return v.to("/leases") // no button of ours sends that
	}
	if _, err := v.api.EditDevice(v.ctx(), mac, 0, admin.DeviceInput{Address: admin.Set(address)}); err != nil {
		return err
	}
	return v.done("/leases", "leases.reserved", address, mac)
}
