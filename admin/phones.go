package admin

import (
	"cmp"
	"context"
	"encoding/hex"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/lineside/lineside/auth"
	"github.com/lineside/lineside/phone"
)

// Sizes of the list of phones.
const (
	phonesLimit = 50
	phonesMost  = 500
)

// stateVisitor is the state of a phone that is not set up here.
const stateVisitor = "visitor"

// Phone is one that was heard of: set up here, or a visitor. Vendor, model and
// firmware are the phone's own word where it is a visitor.
type Phone struct {
	MAC    phone.MAC    `json:"mac"`
	Vendor phone.Vendor `json:"vendor,omitempty"`
	Model  string       `json:"model,omitempty"`
	Label  string       `json:"label,omitempty"`
	Owner  string       `json:"owner_name,omitempty"`
	// State is "visitor", or the device's: needed, failed, blocked, successful;
	// Enrolling and Suspended are true beside one of those.
	State     string    `json:"state"`
	Enrolling bool      `json:"enrolling,omitempty"`
	Suspended time.Time `json:"suspended_until,omitzero"`
	Shown     string    `json:"shown,omitempty"` // what its screen says
	Next      string    `json:"next"`
	Step      string    `json:"step"` // next in one word, such as "pin" or "claim"
	// Heard is when it last asked for anything, First when it first did.
	Heard    time.Time  `json:"heard"`
	First    time.Time  `json:"first"`
	Address  netip.Addr `json:"address,omitzero"`
	Front    string     `json:"front,omitempty"`
	Firmware string     `json:"firmware,omitempty"`
	Serial   string     `json:"serial,omitempty"` // number, as the phone says it
	Agent    string     `json:"user_agent,omitempty"`
}

// Phones is those heard of, the latest first.
type Phones struct {
	Total  int     `json:"total"`
	Phones []Phone `json:"phones"`
	// Maker is whose addresses begin like the MAC that is searched for, once six
	// digits of it are there.
	Maker phone.Vendor `json:"maker,omitempty"`
}

// getPhones is the installer's list: whoever came lately, set up here or not.
func (s *Server) getPhones(c *call) error {
	limit, err := c.number("limit", phonesLimit, phonesMost)
	if err != nil {
		return err
	}
	state := strings.ToLower(c.r.URL.Query().Get("state"))
	if err := oneOf("state", state, append(stateNames(), stateVisitor, "unfinished")); err != nil {
		return err
	}
	q, err := s.narrow(Search{Text: c.r.URL.Query().Get("q")})
	if err != nil {
		return err
	}
	list := slices.DeleteFunc(s.heard(state), func(h heard) bool { return !s.meets(q, h) })
	out := Phones{Total: len(list), Phones: []Phone{}, Maker: s.makerOf(q.hex)}
	slices.SortFunc(list, func(a, b heard) int {
		return cmp.Or(b.seen.At.Compare(a.seen.At), slices.Compare(a.seen.MAC[:], b.seen.MAC[:]))
	})
	for _, h := range list[:min(len(list), int(limit))] {
		out.Phones = append(out.Phones, s.phone(h))
	}
	return c.json(http.StatusOK, out)
}

// meets reports that a phone is among those searched for. A visitor has but what
// it said of itself.
func (s *Server) meets(q query, h heard) bool {
	if h.rec != nil {
		return s.matches(s.cfg.Now(), q, h.rec)
	}
	return len(q.words) == 0 || q.hex != "" && macHas(h.seen.MAC, q.hex) ||
		s.says(q.words, &phone.Device{MAC: h.seen.MAC, Vendor: h.seen.Vendor, Model: h.seen.Model})
}

// makerOf is whose addresses begin like the digits of a MAC; empty where that is
// nobody's of ours, or too few are there to tell.
func (s *Server) makerOf(digits string) phone.Vendor {
	var mac phone.MAC
	start, err := hex.DecodeString(digits[:len(digits)&^1])
	if err != nil || len(start) < 3 {
		return ""
	}
	copy(mac[:], start)
	v, _, err := s.cfg.Place(mac, "", "")
	if err != nil {
		return ""
	}
	return v
}

// heard is a phone and what was last seen of it; rec is nil of a visitor.
type heard struct {
	seen phone.Seen
	rec  *auth.Record
}

// heard lists the phones of a state that were heard of, in no order.
func (s *Server) heard(state string) (list []heard) {
	if state == "" || state == stateVisitor || state == "unfinished" {
		for _, v := range s.dep.Desk.Visitors() {
			list = append(list, heard{seen: v})
		}
	}
	if state == stateVisitor {
		return list
	}
	narrow := state
	if state == "unfinished" {
		narrow = ""
	}
	for _, h := range s.find(query{state: narrow}, s.dep.Desk.Records(), 0).hits {
		if state == "unfinished" && h.state == auth.Successful {
			continue
		}
		if seen, ok := s.dep.Desk.Seen(h.rec.Device.MAC); ok {
			list = append(list, heard{seen: seen, rec: h.rec})
		}
	}
	return list
}

// phone shapes one for an answer.
func (s *Server) phone(h heard) Phone {
	out := Phone{
		MAC: h.seen.MAC, Vendor: h.seen.Vendor, Model: h.seen.Model, State: stateVisitor, Heard: h.seen.At, First: h.seen.First,
		Address: h.seen.Addr, Front: h.seen.Front, Firmware: h.seen.Firmware, Serial: h.seen.Serial, Agent: h.seen.Agent,
		Next: "not set up here: claim it, with a line for it", Step: string(stepClaim),
	}
	if h.rec == nil {
		return out
	}
	d, e := h.rec.Device, s.enrolment(*h.rec)
	out.MAC, out.Vendor, out.Label = d.MAC, d.Vendor, d.Label
	out.Model = cmp.Or(d.Model, out.Model)
	out.State, out.Enrolling, out.Suspended, out.Shown, out.Next, out.Step = e.State, e.Enrolling, e.Suspended, e.Shown, e.Next, e.Step
	if u, err := s.dep.Desk.User(d.Owner); d.Owner != "" && err == nil {
		out.Owner = u.Name()
	}
	return out
}

// Phones lists the phones heard of, the latest first: of a state, of "visitor",
// or of "unfinished" for all that are not authenticated, and those that text
// finds, as in a list of devices. limit 0 is the box's own.
func (c *Client) Phones(ctx context.Context, state, text string, limit int) (Phones, error) {
	q := url.Values{}
	if text != "" {
		q.Set("q", text)
	}
	if state != "" {
		q.Set("state", state)
	}
	if limit > 0 {
		q.Set("limit", strconv.Itoa(limit))
	}
	return ask[Phones](ctx, c, request{method: "GET", path: "/phones", query: q})
}
