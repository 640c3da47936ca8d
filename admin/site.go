package admin

import (
	"fmt"
	"maps"
	"net/http"
	"runtime/pprof"
	"slices"

	"github.com/lineside/lineside/metrics"
	"github.com/lineside/lineside/phone"
)

func (s *Server) getStatus(c *call) error {
	st := s.dep.Status()
	all, err := s.dep.Desk.Devices()
	if err != nil {
		return fmt.Errorf("count devices: %w", err)
	}
	st.Devices = map[string]int{"total": len(all), "needed": 0, "failed": 0, "blocked": 0, "successful": 0, "enrolling": 0, "suspended": 0}
	for _, rec := range all {
		state, also := s.states(rec)
		for _, name := range append(also, state) {
			st.Devices[name]++
		}
	}
	st.Site = s.dep.Desk.Site().Name
	st.UptimeSecs = int64(s.cfg.Now().Sub(st.Started).Seconds())
	st.FirstContact = string(s.dep.Desk.Policy().FirstContact)
	st.Visitors = len(s.dep.Desk.Visitors())
	st.Conditions = s.dep.Health.List()
	st.Platform = s.joined()
	if s.dep.Accounts != nil && c.by.Front == "cli" {
		code, _ := s.dep.Accounts.SetUpCode()
		st.SetUpCode = code.Reveal()
	}
	st.Listeners, st.Settings = full(st.Listeners), full(st.Settings)
	switch {
	case st.Next != "": // the program knew something more pressing
	case len(st.Conditions) > 0: // each says for itself what to do
	case st.Visitors > 0:
		st.Next = "unknown phones asked; see them with: lineside visitors list"
	case len(all) == 0:
		st.Next = "set up the first phone with: lineside device add MAC"
	}
	return c.json(http.StatusOK, st)
}

// full is list, or an empty one for none: in JSON [] and not null.
func full[T any](list []T) []T {
	if list == nil {
		return []T{}
	}
	return list
}

func (s *Server) getHealth(c *call) error {
	list := s.dep.Health.List()
	return c.json(http.StatusOK, Health{OK: len(list) == 0, Conditions: list})
}

func (s *Server) getMetrics(c *call) error {
	now, err := s.counted()
	if err != nil {
		return err
	}
	s.dep.Metrics.With(now).ServeHTTP(c.w, c.r)
	return nil
}

// counted is what metrics say of the site as it is now.
func (s *Server) counted() (metrics.Box, error) {
	records := s.dep.Desk.Records()
	f := s.find(query{}, records, 0)
	now := metrics.Box{
		Version: s.dep.Status().Version, Visitors: len(s.dep.Desk.Visitors()),
		Devices: map[string]int{"needed": 0, "failed": 0, "blocked": 0, "successful": 0}, Conditions: map[string]int{},
	}
	maps.Copy(now.Devices, f.states)
	for _, c := range s.dep.Health.List() {
		now.Conditions[c.Kind()]++
	}
	dhcp, err := s.dhcp(s.cfg.Now(), f.hits)
	if err != nil {
		return now, err
	}
	if len(dhcp.Pools) > 0 {
		now.Pool = map[string]int{}
	}
	for _, p := range dhcp.Pools {
		now.Pool["used"] += p.Used
		now.Pool["resting"] += p.Resting
		now.Pool["reserved"] += p.Reserved
		now.Pool["free"] += p.Free
	}
	if l := s.joined(); l != nil {
		now.Platform = &metrics.Link{Linked: l.State == "linked", Waiting: l.Waiting}
	}
	return now, nil
}

// getGoroutines says where goroutines are by functions and lines, without the values
// they were called with.
func (s *Server) getGoroutines(c *call) error {
	c.w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	return pprof.Lookup("goroutine").WriteTo(c.w, 1)
}

func (s *Server) getVisitors(c *call) error {
	out := Visitors{Visitors: full(s.dep.Desk.Visitors())}
	if len(out.Visitors) > 0 {
		out.Next = "make one yours with: lineside visitors claim " + out.Visitors[0].MAC.String()
	}
	return c.json(http.StatusOK, out)
}

// postClaim sets up a visitor: what the operator wrote, over what the phone said
// of itself.
func (s *Server) postClaim(c *call) error {
	mac, err := c.mac()
	if err != nil {
		return err
	}
	var in DeviceInput
	if c.r.ContentLength != 0 {
		if err := c.body(&in); err != nil {
			return err
		}
	}
	if in.MAC.Given && in.MAC.Value != mac || in.Rev != 0 {
		return fail(http.StatusBadRequest, "the path names the visitor; mac and rev have no place here", "leave them out")
	}
	if in.PlainTFTP.Value { // lets platform secrets cross TFTP
		if err := c.allowed(Admin); err != nil {
			return err
		}
	}
	seen := s.dep.Desk.Visitors()
	i := slices.IndexFunc(seen, func(v phone.Seen) bool { return v.MAC == mac })
	if i < 0 {
		return fail(http.StatusNotFound, mac.String()+" is not among the visitors", "set it up with: lineside device add "+mac.String())
	}
	return s.add(c, in, phone.Device{MAC: mac, Vendor: seen[i].Vendor, Model: seen[i].Model})
}
