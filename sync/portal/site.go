package portal

import (
	"encoding/hex"
	"time"

	"github.com/lineside/lineside/sync/central"
	"github.com/lineside/lineside/sync/wire"
)

func siteRoutes() []route {
	return []route{
		{method: "GET", path: V1 + "/sites", least: Viewer, about: "Lists sites with the state of their boxes.", query: siteQuery(), out: Sites{}, status: 200, do: (*Server).getSites},
		{method: "POST", path: V1 + "/sites", least: Operator, about: "Adds a site and gives the token its box joins with, once.", in: SiteInput{}, out: Invitation{}, status: 201, do: (*Server).postSite},
		{method: "GET", path: V1 + "/sites/{site}", least: Viewer, about: "Shows a site.", out: central.SiteInfo{}, status: 200, do: (*Server).getSite},
		{method: "PATCH", path: V1 + "/sites/{site}", least: Operator, about: "Renames a site.", in: SiteInput{}, out: central.SiteInfo{}, status: 200, do: (*Server).patchSite},
		{method: "DELETE", path: V1 + "/sites/{site}", least: Operator, about: "Removes a site with its devices, users and all else it has.", status: 204, do: (*Server).deleteSite},
		{method: "POST", path: V1 + "/sites/{site}/invite", least: Operator, about: "Gives a new join token, once; the box that joins takes the place of the old one.", out: Invitation{}, status: 201, do: (*Server).postInvite},
		{method: "POST", path: V1 + "/sites/{site}/revoke", least: Operator, about: "Ends what a site's box may do, at once.", out: central.SiteInfo{}, status: 200, do: (*Server).postRevoke},
	}
}

func siteQuery() []param {
	return append(pageQuery("a site's ID"), param{"search", "part of a name or an ID"}, param{"state", "invited, joined, silent, revoked or removing"})
}

func pageQuery(after string) []param {
	return []param{{"after", after + " to go on behind"}, {"limit", "how many at most, 1 to 1000; 100 if left out"}}
}

// Bounds of a page.
const (
	pageSize = 100
	maxPage  = 1000
)

// Sites is a page of sites; Next, where set, is what to ask "after" for more.
type Sites struct {
	Sites []central.SiteInfo `json:"sites"`
	Next  string             `json:"next,omitempty"`
}

// SiteInput is a site as an operator names it.
type SiteInput struct {
	Name string `json:"name"`
}

// Invitation is what a box is joined with.
type Invitation struct {
	Site string `json:"site"`
	// Token is one word for "lineside join"; it is never shown again.
	Token string    `json:"token"`
	Until time.Time `json:"until"`
	// Join is what to type on the box; Fingerprint the SHA-256 of the CA the box
	// will trust, in hex digits, empty for those every machine trusts.
	Join        string `json:"join"`
	Fingerprint string `json:"fingerprint,omitempty"`
}

func (s *Server) getSites(c *call) (any, error) {
	limit, err := c.number("limit", pageSize, maxPage)
	if err != nil {
		return nil, err
	}
	list, more, err := s.p.Sites(central.SiteQuery{Search: c.word("search"), State: c.word("state"), After: c.word("after"), Limit: limit})
	out := Sites{Sites: filled(list)}
	if more {
		out.Next = list[len(list)-1].ID
	}
	return out, err
}

// filled is a list that is written as one even where it is empty.
func filled[T any](list []T) []T {
	if list == nil {
		return []T{}
	}
	return list
}

func (s *Server) postSite(c *call) (any, error) {
	var in SiteInput
	if err := c.body(&in); err != nil {
		return nil, err
	}
	tok, err := s.by(c).AddSite(in.Name)
	return s.invitation(tok), err
}

func (s *Server) invitation(t central.Token) Invitation {
	text := wire.Token{URL: s.cfg.URL, Secret: t.Secret, Pin: s.cfg.Pin}.Reveal()
	return Invitation{Site: t.Site, Token: text, Until: t.Until.UTC(), Join: "lineside join " + text, Fingerprint: hex.EncodeToString(s.cfg.Pin)}
}

func (s *Server) getSite(c *call) (any, error) { return s.p.Site(c.r.PathValue("site")) }

func (s *Server) patchSite(c *call) (any, error) {
	var in SiteInput
	if err := c.body(&in); err != nil {
		return nil, err
	}
	if err := s.by(c).RenameSite(c.r.PathValue("site"), in.Name); err != nil {
		return nil, err
	}
	return s.getSite(c)
}

func (s *Server) deleteSite(c *call) (any, error) {
	return nil, s.by(c).RemoveSite(c.r.PathValue("site"))
}

func (s *Server) postInvite(c *call) (any, error) {
	tok, err := s.by(c).InviteSite(c.r.PathValue("site"))
	return s.invitation(tok), err
}

func (s *Server) postRevoke(c *call) (any, error) {
	if err := s.by(c).RevokeSite(c.r.PathValue("site")); err != nil {
		return nil, err
	}
	return s.getSite(c)
}
