package portal

import (
	"fmt"
	"net/http"
	"net/netip"
	"strings"
	"time"

	"github.com/lineside/lineside/operators"
	"github.com/lineside/lineside/sync/central"
)

// allowRoutes are about which addresses are whitelisted.
func allowRoutes() []route {
	cursor := param{"cursor", "Where the follower stands, from the last answer; empty or too old gives the whole list."}
	wait := param{"wait", "For how many seconds to wait for a change, 1 to 60; without it the answer comes at once."}
	ip := param{"ip", "The address asked about."}
	prefix := param{"prefix", "The range, as it was entered."}
	return []route{
		{method: "GET", path: V1 + "/allowlist/check", least: Edge, about: "Says whether an address is whitelisted now, by what, and until when.", query: []param{ip}, out: central.Verdict{}, status: 200, do: (*Server).checkAllowed},
		{method: "GET", path: V1 + "/allowlist/changes", least: Edge, about: "Gives what changed of the whitelisted ranges; with the header \"Accept: text/event-stream\" as server-sent events, for as long as the caller listens.", query: []param{cursor, wait}, out: central.AllowChanges{}, status: 200, do: (*Server).followAllowed},
		{method: "GET", path: V1 + "/allowlist", least: Viewer, about: "Lists what operators entered for all sites.", out: AllowEntries{}, status: 200, do: (*Server).getAllow},
		{method: "POST", path: V1 + "/allowlist", least: Reseller, about: "Enters a range for all sites; one of the same range is replaced.", in: AllowInput{}, out: central.AllowEntry{}, status: 200, do: (*Server).postAllow},
		{method: "DELETE", path: V1 + "/allowlist", least: Reseller, about: "Takes a range for all sites out.", query: []param{prefix}, status: 204, do: (*Server).deleteAllow},
		{method: "GET", path: V1 + "/sites/{site}/allowlist", least: Viewer, about: "Lists what operators entered for a site, and the addresses it has connected from.", out: AllowEntries{}, status: 200, do: (*Server).getAllow},
		{method: "POST", path: V1 + "/sites/{site}/allowlist", least: Operator, about: "Enters a range for a site; one of the same range is replaced.", in: AllowInput{}, out: central.AllowEntry{}, status: 200, do: (*Server).postAllow},
		{method: "DELETE", path: V1 + "/sites/{site}/allowlist", least: Operator, about: "Takes a range for a site out.", query: []param{prefix}, status: 204, do: (*Server).deleteAllow},
	}
}

// AllowEntries are the entries of a site or of all, and for a site the
// addresses it has connected from, each with what it is whitelisted by.
type AllowEntries struct {
	Entries   []central.AllowEntry `json:"entries"`
	Addresses []SiteAddress        `json:"addresses,omitempty"`
}

// SiteAddress is an address a site has connected from.
type SiteAddress struct {
	Address netip.Addr      `json:"address"`
	First   time.Time       `json:"first"`
	Last    time.Time       `json:"last"`
	Verdict central.Verdict `json:"verdict"`
}

// AllowInput is a range to enter: an address, one with a length or a mask.
type AllowInput struct {
	Prefix string    `json:"prefix"`
	Note   string    `json:"note"`
	Until  time.Time `json:"until"`
	For    string    `json:"for"`
}

func (s *Server) checkAllowed(c *call) (any, error) {
	a, err := netip.ParseAddr(c.word("ip"))
	if err != nil || a.Zone() != "" {
		return nil, operators.Fail(http.StatusBadRequest, "the query's ip is no address", "write one such as ?ip=203.0.113.7")
	}
	return s.p.Allowed(a), nil
}

func (s *Server) getAllow(c *call) (any, error) {
	site := c.r.PathValue("site")
	entries, err := s.p.Entries(site)
	out := AllowEntries{Entries: append([]central.AllowEntry{}, entries...)}
	if err != nil || site == "" {
		return out, err
	}
	addresses, err := s.p.Addresses(site)
	for _, a := range addresses {
		out.Addresses = append(out.Addresses, SiteAddress{a.Addr, a.First, a.Last, s.p.Allowed(a.Addr)})
	}
	return out, err
}

func (s *Server) postAllow(c *call) (any, error) {
	var in AllowInput
	if err := c.body(&in); err != nil {
		return nil, err
	}
	prefix, err := central.ParsePrefix(in.Prefix)
	if err != nil {
		return nil, err
	}
	if !c.who.role.May(Reseller) && in.For != string(central.Boxes) && prefix.Bits() < narrow(prefix) {
		return nil, operators.Fail(http.StatusForbidden, fmt.Sprintf("%s is too wide: at the platform's edge the role %s enters up to /%d", prefix, c.who.role, narrow(prefix)),
			"enter the networks one by one, enter it for \"boxes\" alone, or use a token of the role reseller")
	}
	return s.by(c).Enter(c.r.PathValue("site"), central.AllowEntry{Prefix: prefix, Note: in.Note, Until: in.Until, For: central.Reach(in.For)})
}

// narrow is the widest an entry of one site may be that counts at the edge, where
// it lets whoever has such an address in: what one customer is given at most.
func narrow(p netip.Prefix) int {
	if p.Addr().Is4() {
		return 24
	}
	return 48
}

func (s *Server) deleteAllow(c *call) (any, error) {
	prefix, err := central.ParsePrefix(c.word("prefix"))
	if err != nil {
		return nil, err
	}
	return nil, s.by(c).RemoveEntry(c.r.PathValue("site"), prefix)
}

// Bounds of those who follow the list.
const (
	maxFollowers = 200
	maxWait      = 60
	// followFor is how long a stream goes on before its caller has to show its
	// token again; it goes on behind its last event.
	followFor   = 15 * time.Minute
	followAlive = 20 * time.Second
)

func (s *Server) followAllowed(c *call) (any, error) {
	wait, err := c.number("wait", 0, maxWait)
	if err != nil {
		return nil, err
	}
	stream := strings.Contains(c.r.Header.Get("Accept"), string(streamType))
	if !stream && wait == 0 {
		changes, _ := s.p.FollowAllow(c.word("cursor"))
		return changes, nil
	}
	select {
	case s.followers <- struct{}{}:
		defer func() { <-s.followers }()
	default:
		e := operators.Fail(http.StatusServiceUnavailable, fmt.Sprintf("%d callers follow the allow-list already", maxFollowers), "follow it once for each edge and share it there")
		e.Retry = "60"
		return nil, e
	}
	if stream {
		return nil, s.streamAllowed(c)
	}
	changes, news := s.p.FollowAllow(c.word("cursor"))
	if len(changes.Changes) > 0 || changes.Full {
		return changes, nil
	}
	pause := time.Duration(wait) * time.Second
	timer := time.NewTimer(pause)
	defer timer.Stop()
	_ = http.NewResponseController(c.w).SetWriteDeadline(time.Now().Add(pause + followAlive)) // the server's own may be shorter
	select {
	case <-news:
	case <-timer.C:
	case <-c.r.Context().Done():
	}
	changes, _ = s.p.FollowAllow(c.word("cursor"))
	return changes, nil
}
