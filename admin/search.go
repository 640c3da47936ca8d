package admin

import (
	"bytes"
	"encoding/hex"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/lineside/lineside/auth"
	"github.com/lineside/lineside/phone"
)

// query is what a list of devices is narrowed by, and how it is ordered.
type query struct {
	words  []word // each has to stand somewhere
	hex    string // the whole text as digits of a MAC, empty where it is none
	state  string
	vendor phone.Vendor
	model  string
	owner  string
	facts  []string
	sort   string // one of sortColumns
	down   bool
}

// word is a word searched for, in lower case, and as digits of a MAC where it is
// such.
type word struct{ text, hex string }

// Bounds of what is searched for.
const (
	maxSearch = 200 // bytes
	maxWords  = 16
)

// stateNames are the states a list can be narrowed to; the last two are true
// beside one of the others.
func stateNames() []string {
	return []string{string(auth.Needed), string(auth.Failed), string(auth.Blocked), string(auth.Successful), "enrolling", "suspended"}
}

// Search narrows a list of devices; the zero Search is all of them.
type Search struct {
	Text   string   `json:"q,omitempty"`
	State  string   `json:"state,omitempty"`
	Vendor string   `json:"vendor,omitempty"`
	Model  string   `json:"model,omitempty"`
	Owner  string   `json:"owner,omitempty"`
	Facts  []string `json:"facts,omitempty"`
}

// query reads what the caller asks for.
func (s *Server) query(c *call) (query, error) {
	v := c.r.URL.Query()
	in := Search{Text: v.Get("q"), State: v.Get("state"), Vendor: v.Get("vendor"), Model: v.Get("model"), Owner: v.Get("owner")}
	for _, list := range v["fact"] {
		in.Facts = append(in.Facts, strings.Split(list, ",")...)
	}
	q, err := s.narrow(in)
	if err != nil {
		return query{}, err
	}
	q.sort, q.down = strings.CutPrefix(strings.ToLower(v.Get("sort")), "-")
	return q, oneOf("sort", q.sort, sortColumns())
}

// narrow checks what is searched for.
func (s *Server) narrow(in Search) (query, error) {
	text := strings.ToLower(strings.TrimSpace(in.Text))
	q := query{
		words: wordsOf(text), hex: macPart(text), state: strings.ToLower(in.State),
		vendor: vendorName(in.Vendor), model: strings.TrimSpace(in.Model), owner: strings.TrimSpace(in.Owner),
	}
	if len(text) > maxSearch || len(q.words) > maxWords {
		return query{}, fail(http.StatusBadRequest, fmt.Sprintf("the query's q is longer than %d bytes or %d words", maxSearch, maxWords), "search for less")
	}
	if err := oneOf("state", q.state, stateNames()); err != nil {
		return query{}, err
	}
	for _, fact := range in.Facts {
		if err := oneOf("fact", fact, factNames()); err != nil {
			return query{}, err
		}
		if fact != "" && !slices.Contains(q.facts, fact) {
			q.facts = append(q.facts, fact)
		}
	}
	if q.vendor != "" {
		if err := s.served(q.vendor); err != nil {
			return query{}, fail(http.StatusBadRequest, err.Error(), "write one that is")
		}
	}
	return q, nil
}

func wordsOf(text string) (words []word) {
	for text := range strings.FieldsSeq(text) {
		words = append(words, word{text: text, hex: macPart(text)})
	}
	return words
}

// oneOf refuses a word of the query that is none of names; empty is left out.
func oneOf(field, word string, names []string) error {
	if word == "" || slices.Contains(names, word) {
		return nil
	}
	last := len(names) - 1
	return fail(http.StatusBadRequest, "the query's "+field+" is not known",
		"write "+strings.Join(names[:last], ", ")+" or "+names[last])
}

// macPart is the digits of a MAC or of a part of one in any spelling, empty
// for what is none.
func macPart(text string) string {
	digits := strings.NewReplacer(":", "", "-", "", ".", "", " ", "").Replace(text)
	if len(digits) > 12 || strings.Trim(digits, "0123456789abcdef") != "" {
		return ""
	}
	return digits
}

// hit is a device that matches.
type hit struct {
	rec   *auth.Record
	state auth.State
	key   string // it is ordered by
}

// found is what matches a query: the devices in their order, of those that match
// but for the state how many are in each, and of those that match but for the
// vendor how many each has.
type found struct {
	hits    []hit
	states  map[string]int
	vendors map[string]int
}

// find narrows all, which is in order of MAC, and orders what is left as far as
// the first n.
func (s *Server) find(q query, all []*auth.Record, n int) found {
	now := s.cfg.Now()
	out := found{hits: make([]hit, 0, len(all)), states: make(map[string]int), vendors: make(map[string]int)}
	for _, name := range stateNames() {
		out.states[name] = 0
	}
	for _, v := range s.cfg.Vendors {
		out.vendors[string(v)] = 0
	}
	for _, rec := range all {
		if !s.matches(now, q, rec) {
			continue
		}
		h := hit{rec: rec, state: rec.Enrolment.At(now)}
		enrolling, suspended := rec.Enrolment.Enrolling(), rec.Enrolment.IsSuspended(now)
		in := q.state == "" || q.state == string(h.state) || q.state == "enrolling" && enrolling || q.state == "suspended" && suspended
		if in {
			out.vendors[string(rec.Device.Vendor)]++
		}
		if q.vendor != "" && rec.Device.Vendor != q.vendor {
			continue
		}
		out.states[string(h.state)]++
		if enrolling {
			out.states["enrolling"]++
		}
		if suspended {
			out.states["suspended"]++
		}
		if in {
			out.hits = append(out.hits, h)
		}
	}
	s.order(q, out.hits, n)
	return out
}

// matches reports that a device is what q asks for, its state and vendor aside.
// What is cheap to look at comes first.
func (s *Server) matches(now time.Time, q query, rec *auth.Record) bool {
	d := &rec.Device
	switch {
	case q.model != "" && !strings.EqualFold(d.Model, q.model),
		q.owner != "" && d.Owner != q.owner:
		return false
	}
	for _, fact := range q.facts {
		if !s.holds(now, fact, rec) {
			return false
		}
	}
	return len(q.words) == 0 || q.hex != "" && macHas(d.MAC, q.hex) || s.says(q.words, d)
}

func macHas(mac phone.MAC, part string) bool {
	var digits [12]byte
	hex.Encode(digits[:], mac[:])
	return bytes.Contains(digits[:], []byte(part))
}

// says reports that each of the words stands in something that is written of
// the device or of its owner.
func (s *Server) says(words []word, d *phone.Device) bool {
	var owner phone.User
	if d.Owner != "" {
		owner, _ = s.dep.Desk.User(d.Owner) // the ID alone where there is none
	}
	for _, w := range words {
		has := func(text string) bool { return hasFold(text, w.text) }
		ok := has(d.Label) || has(d.Model) || has(string(d.Vendor)) || has(d.Owner) ||
			has(owner.First) || has(owner.Last) || has(owner.Extension) || w.hex != "" && macHas(d.MAC, w.hex) ||
			slices.ContainsFunc(d.Lines, func(l phone.Line) bool { return has(l.User) || has(l.DisplayName) || has(l.Label) })
		if !ok {
			return false
		}
	}
	return true
}

// hasFold reports that low, which is in lower case, stands in s in whatever
// case. It makes no copy of s, of which a search looks at a hundred thousand.
func hasFold(s, low string) bool {
	for i := range len(s) {
		if s[i] >= utf8.RuneSelf {
			return strings.Contains(strings.ToLower(s), low)
		}
	}
	for i := 0; i+len(low) <= len(s); i++ {
		j := 0
		for j < len(low) && lower(s[i+j]) == low[j] {
			j++
		}
		if j == len(low) {
			return true
		}
	}
	return false
}

func lower(c byte) byte {
	if 'A' <= c && c <= 'Z' {
		return c + 'a' - 'A'
	}
	return c
}

// factNames are the facts a list can be narrowed to; several are all wanted.
func factNames() []string {
	return []string{
		"platform", "changed-here", "reserved", "plain-tftp", "overrides", "ticket", "awaiting-approval", "ticket-demanded",
		"owned", "unowned", "seen", "unseen", "number-lost",
	}
}

// holds reports that a fact is true of a device.
func (s *Server) holds(now time.Time, fact string, rec *auth.Record) bool {
	d, e := &rec.Device, &rec.Enrolment
	switch fact {
	case "platform":
		return rec.Platform.Managed
	case "changed-here":
		return len(s.dep.Desk.Strays(*rec)) > 0
	case "reserved":
		return d.Addr.IsValid()
	case "plain-tftp":
		return d.PlainTFTP
	case "overrides":
		return len(d.Overrides) > 0
	case "ticket":
		return e.Ticket.At(now).IsLive()
	case "awaiting-approval":
		return e.Ticket.At(now) == auth.TicketAwaiting
	case "ticket-demanded":
		return e.TicketOnly
	case "owned", "unowned":
		return (d.Owner != "") == (fact == "owned")
	case "number-lost":
		return len(s.dep.Desk.LostNumbers(d.MAC)) > 0
	}
	_, seen := s.dep.Desk.Seen(d.MAC)
	return seen == (fact == "seen")
}
