package admin

import (
	"context"
	"encoding/binary"
	"fmt"
	"net/http"
	"net/netip"
	"time"

	"github.com/lineside/lineside/health"
	"github.com/lineside/lineside/phone"
)

// Overview is the site on one page.
type Overview struct {
	Site string    `json:"site"`
	Zone string    `json:"timezone"` // IANA; days begin at its midnight
	Now  time.Time `json:"now"`      // by the box's clock
	// States counts devices by state, with "total"; Vendors by vendor.
	States       map[string]int               `json:"states"`
	Vendors      map[phone.Vendor]VendorCount `json:"vendors"`
	Visitors     int                          `json:"visitors"`
	Awaiting     int                          `json:"awaiting_approval"` // tickets an admin has to look at
	FirstContact string                       `json:"first_contact"`
	// Window is how long a right PIN opens the site, or "off"; WindowOpen is until
	// when it is open now.
	Window     string    `json:"window"`
	WindowOpen time.Time `json:"window_open_until,omitzero"`
	// Platform is nil where the box has joined none.
	Platform *PlatformLink `json:"platform,omitempty"`
	DHCP     DHCP          `json:"dhcp"`
	// Hours are the last 24, Days the last 30 with today, oldest first: what
	// phones were given in each.
	Hours      []phone.Hour       `json:"hours"`
	Days       []phone.Hour       `json:"days"`
	Conditions []health.Condition `json:"conditions"`
}

// VendorCount counts the devices of one.
type VendorCount struct {
	Total      int `json:"total"`
	Successful int `json:"successful"`
}

// DHCP is the box's part in it, and how full its pools are.
type DHCP struct {
	Mode  string `json:"mode"` // "server", "relay", "inform", "off"
	Pools []Pool `json:"pools"`
}

// Pool is the addresses of one network. The program gives Network, Ranges and
// Kept; the rest is counted.
type Pool struct {
	Network netip.Prefix `json:"network"`
	Ranges  []AddrRange  `json:"ranges"`
	Size    int          `json:"size"`
	// Used are held by clients now; Resting were found in use by others and are
	// left alone for a while; Reserved are kept for devices that do not hold them
	// now. Free is the rest.
	Used     int `json:"used"`
	Resting  int `json:"resting"`
	Reserved int `json:"reserved"`
	Free     int `json:"free"`
	// Kept are the addresses settings keep for somebody.
	Kept []netip.Addr `json:"-"`
}

// AddrRange is a run of IPv4 addresses, both ends included.
type AddrRange struct {
	First netip.Addr `json:"first"`
	Last  netip.Addr `json:"last"`
}

// Chronicler knows what phones were given, by the hour.
type Chronicler interface {
	// Hours are those of the last thirty days, oldest first, without the empty.
	Hours() []phone.Hour
}

func (s *Server) getOverview(c *call) error {
	now, site, policy := s.cfg.Now(), s.dep.Desk.Site(), s.policy()
	out := Overview{
		Site: site.Name, Zone: site.Zone, Now: now, Vendors: map[phone.Vendor]VendorCount{}, Visitors: len(s.dep.Desk.Visitors()),
		FirstContact: policy.FirstContact, Window: policy.Window, WindowOpen: policy.WindowOpen,
		Platform: s.joined(), Conditions: s.dep.Health.List(),
	}
	records := s.dep.Desk.Records()
	f := s.find(query{}, records, 0)
	out.States = f.states
	out.States["total"] = len(records)
	for _, h := range f.hits {
		v := out.Vendors[h.rec.Device.Vendor]
		v.Total++
		if h.state == "successful" {
			v.Successful++
		}
		out.Vendors[h.rec.Device.Vendor] = v
		if s.holds(now, "awaiting-approval", h.rec) {
			out.Awaiting++
		}
	}
	var err error
	if out.DHCP, err = s.dhcp(now, f.hits); err != nil {
		return err
	}
	hours := s.dep.Desk.Hours()
	out.Hours, out.Days = lastHours(now, hours), lastDays(now, hours)
	return c.json(http.StatusOK, out)
}

// joined is the link to the platform, nil where there is none.
func (s *Server) joined() *PlatformLink {
	if s.dep.Link == nil {
		return nil
	}
	if l := s.dep.Link.Link(); l.Joined {
		return &l
	}
	return nil
}

// dhcp counts how the pools are used.
func (s *Server) dhcp(now time.Time, devices []hit) (DHCP, error) {
	out := DHCP{Mode: "off"}
	if s.dep.DHCP != nil {
		out = s.dep.DHCP()
	}
	out.Pools = full(out.Pools)
	if len(out.Pools) == 0 {
		return out, nil
	}
	var leases []phone.Lease
	if s.dep.Leases != nil {
		var err error
		if leases, err = s.dep.Leases.Leases(); err != nil {
			return out, fmt.Errorf("count leases: %w", err)
		}
	}
	for i := range out.Pools {
		out.Pools[i].count(now, leases, devices)
	}
	return out, nil
}

// count says what the pool's addresses are doing. Each counts once.
func (p *Pool) count(now time.Time, leases []phone.Lease, devices []hit) {
	p.Ranges = full(p.Ranges)
	for _, r := range p.Ranges {
		p.Size += int(number(r.Last)) - int(number(r.First)) + 1
	}
	taken := make(map[netip.Addr]bool)
	take := func(a netip.Addr, in *int) {
		if p.has(a) && !taken[a] {
			taken[a] = true
			*in++
		}
	}
	for _, l := range leases {
		switch {
		case l.Live(now):
			take(l.Addr, &p.Used)
		case l.State == phone.Declined && now.Before(l.Expires):
			take(l.Addr, &p.Resting)
		}
	}
	for _, a := range p.Kept {
		take(a, &p.Reserved)
	}
	for _, h := range devices {
		take(h.rec.Device.Addr, &p.Reserved)
	}
	p.Free = p.Size - len(taken)
}

func (p *Pool) has(a netip.Addr) bool {
	for _, r := range p.Ranges {
		if a.Is4() && !a.Less(r.First) && !r.Last.Less(a) {
			return true
		}
	}
	return false
}

func number(a netip.Addr) uint32 {
	four := a.As4()
	return binary.BigEndian.Uint32(four[:])
}

// lastHours are the 24 up to the one of now, empty ones too.
func lastHours(now time.Time, hours []phone.Hour) []phone.Hour {
	out := make([]phone.Hour, 24)
	first := now.UTC().Truncate(time.Hour).Add(-23 * time.Hour)
	for i := range out {
		out[i].Start = first.Add(time.Duration(i) * time.Hour)
	}
	for _, h := range hours {
		if i := int(h.Start.Sub(first) / time.Hour); !h.Start.Before(first) && i < len(out) {
			out[i] = out[i].Add(h)
		}
	}
	return out
}

// lastDays are the 30 up to the one of now, from midnight to midnight as the
// site's clocks show it. An hour counts to the day it begins in.
func lastDays(now time.Time, hours []phone.Hour) []phone.Hour {
	out := make([]phone.Hour, 30)
	at := make(map[[3]int]int, len(out))
	day := func(t time.Time) [3]int {
		y, m, d := t.In(now.Location()).Date()
		return [3]int{y, int(m), d}
	}
	y, m, d := now.Date()
	for i := range out {
		out[i].Start = time.Date(y, m, d-len(out)+1+i, 0, 0, 0, 0, now.Location())
		at[day(out[i].Start.Add(12*time.Hour))] = i
	}
	for _, h := range hours {
		if i, ok := at[day(h.Start)]; ok {
			out[i] = out[i].Add(h)
		}
	}
	return out
}

// Overview is the site on one page.
func (c *Client) Overview(ctx context.Context) (Overview, error) {
	return ask[Overview](ctx, c, request{method: "GET", path: "/overview"})
}
