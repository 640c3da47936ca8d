package portal

import (
	"net/http"
	"strconv"
	"time"

	"github.com/lineside/lineside/operators"
	"github.com/lineside/lineside/phone"
	"github.com/lineside/lineside/sync/central"
)

func eventRoutes() []route {
	below := []param{{"before", "a number to go on below"}, {"limit", "how many at most, 1 to 1000; 100 if left out"}}
	return []route{
		{method: "GET", path: V1 + "/sites/{site}/events", least: Viewer, about: "Lists what happened at a site, newest first.", query: append(below, param{"kind", "a kind of event, such as pin"}, param{"mac", "a device"}, param{"since", "a moment as of RFC 3339, or how long ago, such as 24h"}), out: Events{}, status: 200, do: (*Server).getEvents},
		{method: "GET", path: V1 + "/audit", least: Operator, about: "Lists what operators did, newest first.", query: append(below, param{"site", "a site's ID"}, param{"key", "a MAC, an extension, a brand or a name"}, param{"by", "who did it"}), out: Audit{}, status: 200, do: (*Server).getAudit},
	}
}

// Events is a page of a site's events; Before, where set, is what to ask
// "before" for more.
type Events struct {
	Events []central.EventInfo `json:"events"`
	Before uint64              `json:"before,omitempty"`
}

// Audit is a page of what operators did, paged as Events.
type Audit struct {
	Audit  []central.Deed `json:"audit"`
	Before uint64         `json:"before,omitempty"`
}

func (s *Server) getEvents(c *call) (any, error) {
	limit, before, err := c.below()
	q := central.EventQuery{Site: c.r.PathValue("site"), Kind: c.word("kind"), Before: before, Limit: limit}
	if text := c.word("mac"); text != "" && err == nil {
		q.MAC, err = phone.ParseMAC(text)
	}
	if err == nil {
		q.Since, err = s.moment(c.word("since"))
	}
	if err != nil {
		return nil, err
	}
	list, more, err := s.p.EventList(q)
	return Events{Events: filled(list), Before: more}, err
}

// moment reads a moment, or how long ago it was.
func (s *Server) moment(text string) (time.Time, error) {
	if text == "" {
		return time.Time{}, nil
	}
	if d, err := time.ParseDuration(text); err == nil && d >= 0 {
		return s.cfg.Now().Add(-d), nil
	}
	at, err := time.Parse(time.RFC3339, text)
	if err != nil {
		return at, operators.Fail(http.StatusBadRequest, "the query's since is no moment", "write one such as 2026-11-22T08:00:00Z, or how long ago, such as 24h")
	}
	return at, nil
}

// below reads a page that goes down from a number.
func (c *call) below() (limit int, before uint64, err error) {
	if limit, err = c.number("limit", pageSize, maxPage); err != nil || c.word("before") == "" {
		return limit, 0, err
	}
	before, err = strconv.ParseUint(c.word("before"), 10, 64)
	if err != nil || before == 0 {
		return limit, 0, operators.Fail(http.StatusBadRequest, "the query's before is no number from 1", "write what the page before this one said")
	}
	return limit, before, nil
}

func (s *Server) getAudit(c *call) (any, error) {
	limit, before, err := c.below()
	if err != nil {
		return nil, err
	}
	list, more, err := s.p.Audit(central.AuditQuery{Before: before, Site: c.word("site"), Key: c.word("key"), By: c.word("by"), Limit: limit})
	return Audit{Audit: filled(list), Before: more}, err
}
