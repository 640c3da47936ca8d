package admin

import (
	"bytes"
	"cmp"
	"encoding/hex"
	"fmt"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/lineside/lineside/auth"
	"github.com/lineside/lineside/phone"
)

// leaseReserved is the state of an address that is kept for a device that does
// not have it.
const leaseReserved = "reserved"

// LeaseQuery narrows a list of leases; the zero LeaseQuery is all of them.
type LeaseQuery struct {
	Text   string // address, MAC or part of one, host name, model, and what is written of the device
	State  string // "live", "reserved" or "over"
	Sort   string // a column such as "host", with a dash before it from the end
	Offset int
	Limit  int // 0 is all there are
}

func (q LeaseQuery) values() url.Values {
	return Query{Text: q.Text, State: q.State, Sort: q.Sort, Offset: q.Offset, Limit: q.Limit}.values()
}

// leaseStates are how leases are told apart in a list: held now, kept for a device
// that does not have it, or over.
func leaseStates() []string { return []string{"live", leaseReserved, "over"} }

// leaseColumns are what a list of leases can be ordered by.
func leaseColumns() []string { return []string{"address", "mac", "host", "expires", "label"} }

// leased is a lease in a list, before it is shaped for an answer.
type leased struct {
	phone.Lease
	reserved bool
	state    string       // of leaseStates
	rec      *auth.Record // nil: its MAC is not set up, or was not looked for yet
	key      string       // it is ordered by, where that is text
}

func (l *leased) label() string {
	if l.rec == nil {
		return ""
	}
	return l.rec.Device.Label
}

func (s *Server) getLeases(c *call) error {
	mac, err := c.optionalMAC()
	if err != nil {
		return err
	}
	v := c.r.URL.Query()
	q, err := s.narrow(Search{Text: v.Get("q")})
	if err != nil {
		return err
	}
	q.state = strings.ToLower(v.Get("state"))
	q.sort, q.down = strings.CutPrefix(strings.ToLower(v.Get("sort")), "-")
	if err := cmp.Or(oneOf("state", q.state, leaseStates()), oneOf("sort", q.sort, leaseColumns())); err != nil {
		return err
	}
	offset, err := c.number("offset", 0, 1<<31)
	if err != nil {
		return err
	}
	limit, err := c.number("limit", 0, pageMost)
	if err != nil {
		return err
	}
	records := s.dep.Desk.Records()
	all, err := s.allLeases(mac, records)
	if err != nil {
		return err
	}
	out := Leases{Leases: []Lease{}, Offset: int(offset), States: make(map[string]int)}
	if len(q.words) > 0 || q.sort == "label" { // else those that are shown are enough
		nameDevices(all, records)
	}
	found := s.findLeases(q, all, out.States)
	out.Total = len(found)
	found = found[min(int(offset), len(found)):]
	if limit > 0 {
		found = found[:min(int(limit), len(found))]
	}
	nameDevices(found, records)
	for _, l := range found {
		out.Leases = append(out.Leases, l.shape(s.cfg.Now()))
	}
	return c.json(http.StatusOK, out)
}

// allLeases are the leases, and the addresses that are kept for devices that do
// not have them; of one device alone where mac is set.
func (s *Server) allLeases(mac phone.MAC, records []*auth.Record) ([]*leased, error) {
	if s.dep.Leases == nil {
		return nil, nil
	}
	list, err := s.dep.Leases.Leases()
	if err != nil {
		return nil, fmt.Errorf("list leases: %w", err)
	}
	kept := keptAddresses(records, mac)
	now := s.cfg.Now()
	all := make([]*leased, 0, len(list)+len(kept))
	room := make([]leased, len(list))
	for i, l := range list {
		if !mac.IsZero() && l.MAC != mac {
			continue
		}
		one := &room[i]
		*one = leased{Lease: l, state: "over"}
		if l.Live(now) {
			one.state = "live"
			if rec := kept[l.Addr]; rec != nil && rec.Device.MAC == l.MAC {
				one.reserved = true
				delete(kept, l.Addr)
			}
		}
		all = append(all, one)
	}
	for addr, rec := range kept {
		d := &rec.Device
		lease := phone.Lease{Addr: addr, MAC: d.MAC, State: leaseReserved, Vendor: d.Vendor, Model: d.Model}
		all = append(all, &leased{Lease: lease, reserved: true, state: leaseReserved, rec: rec})
	}
	return all, nil
}

// keptAddresses are the devices with an address on their record, by it; of one
// alone where mac is set.
func keptAddresses(records []*auth.Record, mac phone.MAC) map[netip.Addr]*auth.Record {
	kept := make(map[netip.Addr]*auth.Record)
	for _, rec := range records {
		if d := &rec.Device; d.Addr.IsValid() && (mac.IsZero() || d.MAC == mac) {
			kept[d.Addr] = rec
		}
	}
	return kept
}

// nameDevices finds the devices of leases among records, which are in order of MAC.
func nameDevices(all []*leased, records []*auth.Record) {
	for _, l := range all {
		i, ok := slices.BinarySearchFunc(records, l.MAC, func(rec *auth.Record, mac phone.MAC) int { return bytes.Compare(rec.Device.MAC[:], mac[:]) })
		if ok {
			l.rec = records[i]
		}
	}
}

// findLeases narrows all and orders what is left. Of what matches but for the
// state, states counts how many are in each.
func (s *Server) findLeases(q query, all []*leased, states map[string]int) []*leased {
	for _, name := range leaseStates() {
		states[name] = 0
	}
	found := all[:0]
	for _, l := range all {
		if !s.leaseSays(q, l) {
			continue
		}
		states[l.state]++
		if q.state == "" || q.state == l.state {
			l.key = l.sortKey(q.sort)
			found = append(found, l)
		}
	}
	slices.SortFunc(found, q.compareLeases)
	return found
}

// leaseSays reports that each of the words stands in something that is known of
// the lease, or of its device.
func (s *Server) leaseSays(q query, l *leased) bool {
	if len(q.words) == 0 || q.hex != "" && macHas(l.MAC, q.hex) {
		return true
	}
	addr := l.Addr.String()
	for _, w := range q.words {
		ok := strings.Contains(addr, w.text) || w.hex != "" && macHas(l.MAC, w.hex) ||
			hasFold(l.Host, w.text) || hasFold(l.Model, w.text) || hasFold(string(l.Vendor), w.text) ||
			l.rec != nil && s.says([]word{w}, &l.rec.Device)
		if !ok {
			return false
		}
	}
	return true
}

// sortKey is text that compares as a column of text does, in any case.
func (l *leased) sortKey(column string) string {
	switch column {
	case "host":
		return strings.ToLower(l.Host)
	case "label":
		return strings.ToLower(l.label())
	}
	return ""
}

// compareLeases orders by the query's column; one of which that says nothing is
// last both ways, and the same again is by address.
func (q query) compareLeases(a, b *leased) int {
	n := 0
	switch q.sort {
	case "mac":
		n = bytes.Compare(a.MAC[:], b.MAC[:])
	case "expires":
		n = a.Expires.Compare(b.Expires)
	default:
		if (a.key == "") != (b.key == "") {
			return strings.Compare(b.key, a.key) // the empty one comes after
		}
		n = strings.Compare(a.key, b.key)
	}
	if n == 0 {
		n = cmp.Or(a.Addr.Compare(b.Addr), strings.Compare(string(a.State), string(b.State)))
	}
	if q.down {
		return -n
	}
	return n
}

// shape is the lease in an answer.
func (l *leased) shape(now time.Time) Lease {
	out := leaseOf(now, l.Lease)
	out.Reserved, out.Label, out.Known = l.reserved, l.label(), l.rec != nil
	return out
}

// leaseOf shapes a lease for an answer.
func leaseOf(now time.Time, l phone.Lease) Lease {
	return Lease{
		Address: l.Addr, MAC: l.MAC, ClientID: hex.EncodeToString(l.ClientID), State: string(l.State), Live: l.Live(now),
		Start: l.Start, Expires: l.Expires, Host: l.Host, Class: l.Class, Vendor: l.Vendor, Model: l.Model,
	}
}
