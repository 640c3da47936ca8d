package admin

import (
	"context"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
	"time"

	"github.com/lineside/lineside/phone"
)

// DHCPAdviser knows what the LAN has of DHCP. Its errors are for the operator.
type DHCPAdviser interface {
	DHCPAdvice() DHCPAdvice
	// AskDHCP asks the LAN first, as a new phone does; it takes some seconds.
	AskDHCP(ctx context.Context) (DHCPAdvice, error)
	// SnippetServers are those snippets are written for; DHCPSnippet is what one of
	// them is to be told of this box, for phones of some vendors or, with none, all.
	SnippetServers() []string
	DHCPSnippet(server string, only []phone.Vendor) (string, error)
}

// DHCPSnippet is what to paste into another DHCP server so that it leads phones to
// this box. For and Text are left out where no server was asked for.
type DHCPSnippet struct {
	Servers []string `json:"servers"`
	For     string   `json:"for,omitempty"`
	Text    string   `json:"text,omitempty"`
}

// DHCPAdvice is what there is on the phones' LAN, and the mode that fits it.
type DHCPAdvice struct {
	Interface string       `json:"interface,omitempty"` // empty on loopback
	Address   netip.Prefix `json:"address"`
	Mode      string       `json:"mode"` // in force
	// Asked is when the LAN was last asked; left out for never.
	Asked   time.Time    `json:"asked,omitzero"`
	Servers []DHCPServer `json:"servers"`
	// Suggested is the mode that fits, Why in one sentence, Pool the addresses that
	// would fit "server"; empty where none do.
	Suggested string     `json:"suggested"`
	Why       string     `json:"why"`
	Pool      string     `json:"pool,omitempty"`
	Modes     []DHCPMode `json:"modes"`
	// Next is what to do where too little is known.
	Next string `json:"next,omitempty"`
}

// DHCPServer is another server on the LAN, as it was heard.
type DHCPServer struct {
	Address  netip.Addr `json:"address"`
	Hardware phone.MAC  `json:"hardware"` // a relay's where that stands between
	Offers   netip.Addr `json:"offers,omitzero"`
	// Leads is what it tells phones of their configs, by option; Here says that this
	// is the box.
	Leads string    `json:"leads,omitempty"`
	Here  bool      `json:"here"`
	Heard time.Time `json:"heard"`
}

// DHCPMode is a mode and what it means on this LAN.
type DHCPMode struct {
	Mode  string `json:"mode"`
	Means string `json:"means"`
	// Needs are the keys to be set with it.
	Needs []string `json:"needs,omitempty"`
}

func (s *Server) adviser() (DHCPAdviser, error) {
	if s.dep.Advice == nil {
		return nil, fail(http.StatusConflict, "this box knows nothing of the LAN's DHCP", "look with: sudo lineside doctor")
	}
	return s.dep.Advice, nil
}

func (s *Server) getAdvice(c *call) error {
	a, err := s.adviser()
	if err != nil {
		return err
	}
	return c.json(http.StatusOK, a.DHCPAdvice())
}

func (s *Server) postAdvice(c *call) error {
	a, err := s.adviser()
	if err != nil {
		return err
	}
	out, err := a.AskDHCP(c.r.Context())
	if err != nil && c.r.Context().Err() == nil {
		s.dep.Log.Warn("the LAN could not be asked for DHCP servers", "err", err)
		return fail(http.StatusConflict, "the LAN could not be asked for DHCP servers: nothing can be sent on its interface",
			"see whether its cable is in, and what keeps the box from it: sudo lineside doctor")
	}
	if err != nil {
		return err
	}
	return c.json(http.StatusOK, out)
}

// getSnippet writes what another server is to be told of this box.
func (s *Server) getSnippet(c *call) error {
	a, err := s.adviser()
	if err != nil {
		return err
	}
	q := c.r.URL.Query()
	out := DHCPSnippet{Servers: a.SnippetServers(), For: strings.ToLower(q.Get("for"))}
	if err := oneOf("for", out.For, out.Servers); err != nil {
		return err
	}
	var only []phone.Vendor
	for name := range strings.SplitSeq(q.Get("vendor"), ",") {
		if name == "" {
			continue
		}
		if err := s.served(vendorName(name)); err != nil {
			return fail(http.StatusBadRequest, err.Error(), "write one that is, or leave it out")
		}
		only = append(only, vendorName(name))
	}
	if out.For != "" {
		if out.Text, err = a.DHCPSnippet(out.For, only); err != nil {
			return fail(http.StatusConflict, err.Error(), "see what is set with: lineside status")
		}
	}
	return c.json(http.StatusOK, out)
}

// DHCPSnippet is what another DHCP server is to be told of the box, and for which
// servers that is written; without one it is the list alone.
func (c *Client) DHCPSnippet(ctx context.Context, server string, only ...phone.Vendor) (DHCPSnippet, error) {
	q := url.Values{}
	if server != "" {
		q.Set("for", server)
	}
	if len(only) > 0 {
		names := make([]string, len(only))
		for i, v := range only {
			names[i] = string(v)
		}
		q.Set("vendor", strings.Join(names, ","))
	}
	return ask[DHCPSnippet](ctx, c, request{method: "GET", path: "/dhcp/snippet", query: q})
}

// DHCPAdvice is what there is on the phones' LAN, and the mode that fits it; with
// asking the LAN is asked first.
func (c *Client) DHCPAdvice(ctx context.Context, asking bool) (DHCPAdvice, error) {
	method := "GET"
	if asking {
		method = "POST"
	}
	return ask[DHCPAdvice](ctx, c, request{method: method, path: "/dhcp/advice"})
}
