package admin

import (
	"cmp"
	"encoding/json"
	"net/http"
	"net/netip"
	"slices"
	"time"

	"github.com/lineside/lineside/phone"
	"github.com/lineside/lineside/provision"
)

// Timeline is what lately happened to one phone, and what the box makes of it.
type Timeline struct {
	MAC      phone.MAC         `json:"mac"`
	Known    bool              `json:"known"` // set up here
	Findings []Finding         `json:"findings"`
	Events   []provision.Event `json:"events"` // oldest first
	// Files is each file it asked for and what came of it, the latest first. Like
	// the events they are of the time since the box started.
	Files []FetchedFile `json:"files"`
	// Leases are the addresses given to its MAC, that it holds now first.
	Leases []Lease `json:"leases"`
}

// FetchedFile is what came of asking for one file the last time.
type FetchedFile struct {
	Name string          `json:"name"`
	At   time.Time       `json:"at"`
	Kind provision.Kind  `json:"kind"` // open, absent, holding, full, challenged or refused
	Door provision.Front `json:"front"`
	// Times is how often that came of it.
	Times    int        `json:"times"`
	Address  netip.Addr `json:"address,omitzero"`
	Unproven bool       `json:"unproven,omitempty"` // as in an event
}

// filesOf are the files asked for in events, which are oldest first.
func filesOf(events []provision.Event) []FetchedFile {
	out := []FetchedFile{}
	told := make(map[string]bool)
	for _, e := range slices.Backward(events) {
		if e.File == "" || told[e.File] {
			continue
		}
		told[e.File] = true
		out = append(out, FetchedFile{Name: e.File, At: e.At, Kind: e.Kind, Door: e.Front, Times: e.Times, Address: e.Addr, Unproven: e.Unproven})
	}
	return out
}

// leasesOf shapes the leases of one phone.
func (s *Server) leasesOf(mac phone.MAC, list []phone.Lease) []Lease {
	now, out := s.cfg.Now(), []Lease{}
	rec, err := s.dep.Desk.Device(mac)
	for _, l := range list {
		one := leaseOf(now, l)
		one.Reserved = err == nil && rec.Device.Addr == l.Addr
		out = append(out, one)
	}
	slices.SortFunc(out, func(a, b Lease) int {
		if a.Live != b.Live {
			return map[bool]int{true: -1, false: 1}[a.Live]
		}
		return cmp.Or(b.Expires.Compare(a.Expires), a.Address.Compare(b.Address))
	})
	return out
}

// Finding is what is wrong with a phone, and what to do.
type Finding struct {
	Code string    `json:"code"`
	Text string    `json:"text"`
	Do   string    `json:"do"`
	At   time.Time `json:"at"`
	// Action is the call that does it with one tap; none where there is no one.
	Action *Action `json:"action,omitempty"`
}

// Action is one call of this API.
type Action struct {
	Method string          `json:"method"`
	Path   string          `json:"path"`
	Body   json.RawMessage `json:"body,omitempty"`
}

// getTimeline answers for phones that are set up and for strangers alike: of one
// nothing is known of, it is empty.
func (s *Server) getTimeline(c *call) error {
	mac, err := c.mac()
	if err != nil {
		return err
	}
	t := s.dep.Desk.Timeline(mac)
	out := Timeline{MAC: t.MAC, Known: t.Known, Findings: make([]Finding, len(t.Findings)), Events: full(t.Events), Files: filesOf(t.Events), Leases: s.leasesOf(mac, t.Leases)}
	for i, f := range t.Findings {
		out.Findings[i] = Finding{Code: f.Code, Text: f.Text, Do: f.Do, At: f.At, Action: action(mac, f.Fix)}
	}
	return c.json(http.StatusOK, out)
}

// action is the call that makes a fix.
func action(mac phone.MAC, f provision.Fix) *Action {
	a := &Action{Method: http.MethodPost, Path: API + devicePath(mac, "/"+string(f))}
	switch f {
	case provision.FixAllowOTP:
		a.Body = json.RawMessage(`{"clear":false}`) // what the phone has stays good until it uses something newer
	case provision.FixSuspend, provision.FixUnblock:
	default:
		return nil
	}
	return a
}
