package portal

import (
	"fmt"
	"time"

	"github.com/lineside/lineside/phone"
	"github.com/lineside/lineside/sync/central"
	"github.com/lineside/lineside/sync/wire"
)

func policyRoutes() []route {
	return []route{
		{method: "GET", path: V1 + "/otps", least: Viewer, about: "Lists the brands that have a one-time password.", out: Brands{}, status: 200, do: (*Server).getBrands},
		{method: "PUT", path: V1 + "/otps/{brand}", least: Reseller, about: "Sets a brand's one-time password at every site.", in: BrandInput{}, out: central.BrandInfo{}, status: 200, do: (*Server).putBrand},
		{method: "DELETE", path: V1 + "/otps/{brand}", least: Reseller, about: "Takes a brand's one-time password from every site.", status: 204, do: (*Server).deleteBrand},
		{method: "GET", path: V1 + "/policy", least: Viewer, about: "Shows what counts at sites without a policy of their own.", out: Policy{}, status: 200, do: (*Server).getPolicy},
		{method: "PATCH", path: V1 + "/policy", least: Reseller, about: "Changes what counts at sites without a policy of their own.", in: PolicyInput{}, out: Policy{}, status: 200, do: (*Server).patchPolicy},
		{method: "GET", path: V1 + "/sites/{site}/policy", least: Viewer, about: "Shows what counts at a site.", out: Policy{}, status: 200, do: (*Server).getPolicy},
		{method: "PATCH", path: V1 + "/sites/{site}/policy", least: Operator, about: "Gives a site a policy of its own, or changes it.", in: PolicyInput{}, out: Policy{}, status: 200, do: (*Server).patchPolicy},
		{method: "DELETE", path: V1 + "/sites/{site}/policy", least: Operator, about: "Has the platform's policy count at a site again.", status: 204, do: (*Server).deletePolicy},
	}
}

// Brands is the list of them.
type Brands struct {
	Brands []central.BrandInfo `json:"brands"`
}

// BrandInput is a brand's user name and one-time password.
type BrandInput struct {
	User     string `json:"user"`
	Password string `json:"password"`
}

// Policy is what counts at a site.
type Policy struct {
	FirstContact string `json:"first_contact"`
	// Window is how long the site's window stays open, such as 8h0m0s.
	Window       string   `json:"window"`
	BlockAfter   int      `json:"block_after"`
	AutoApprove  bool     `json:"auto_approve"`
	OTPOffline   string   `json:"otp_offline"`
	LocalChanges bool     `json:"local_changes"`
	Emergency    []string `json:"emergency"`
	SBC          string   `json:"sbc"`
	// Own says that it is the site's own.
	Own bool `json:"own"`
}

// PolicyInput changes a policy: what is left out stays.
type PolicyInput struct {
	FirstContact *string   `json:"first_contact"`
	Window       *string   `json:"window"`
	BlockAfter   *int      `json:"block_after"`
	AutoApprove  *bool     `json:"auto_approve"`
	OTPOffline   *string   `json:"otp_offline"`
	LocalChanges *bool     `json:"local_changes"`
	Emergency    *[]string `json:"emergency"`
	SBC          *string   `json:"sbc"`
}

func (s *Server) getBrands(*call) (any, error) {
	list, err := s.p.Brands()
	return Brands{Brands: filled(list)}, err
}

func (s *Server) putBrand(c *call) (any, error) {
	var in BrandInput
	if err := c.body(&in); err != nil {
		return nil, err
	}
	name := c.r.PathValue("brand")
	return central.BrandInfo{Brand: name, User: in.User}, s.by(c).SetBrand(name, in.User, phone.NewSecret(in.Password))
}

func (s *Server) deleteBrand(c *call) (any, error) {
	return nil, s.by(c).RemoveBrand(c.r.PathValue("brand"))
}

func (s *Server) getPolicy(c *call) (any, error) {
	p, own, err := s.p.Policy(c.r.PathValue("site"))
	return shownPolicy(p, own), err
}

func shownPolicy(p wire.Policy, own bool) Policy {
	return Policy{FirstContact: p.FirstContact, Window: p.Window.String(), BlockAfter: p.BlockAfter, AutoApprove: p.AutoApprove,
		OTPOffline: p.OTPOffline, LocalChanges: p.LocalChanges, Emergency: filled(p.Emergency), SBC: p.SBC, Own: own}
}

func (s *Server) patchPolicy(c *call) (any, error) {
	var in PolicyInput
	if err := c.body(&in); err != nil {
		return nil, err
	}
	site := c.r.PathValue("site")
	p, err := s.by(c).EditPolicy(site, in.over)
	return shownPolicy(p, site != ""), err
}

// over lays the input over a policy.
func (in PolicyInput) over(p *wire.Policy) error {
	set(&p.FirstContact, in.FirstContact)
	set(&p.BlockAfter, in.BlockAfter)
	set(&p.AutoApprove, in.AutoApprove)
	set(&p.OTPOffline, in.OTPOffline)
	set(&p.LocalChanges, in.LocalChanges)
	set(&p.Emergency, in.Emergency)
	set(&p.SBC, in.SBC)
	if in.Window == nil {
		return nil
	}
	d, err := time.ParseDuration(*in.Window)
	if err != nil {
		return &central.InvalidError{Fields: []string{fmt.Sprintf("window: %.40q is no length of time; write one such as 8h", *in.Window)}}
	}
	p.Window = d
	return nil
}

func set[T any](to *T, from *T) {
	if from != nil {
		*to = *from
	}
}

func (s *Server) deletePolicy(c *call) (any, error) {
	return nil, s.by(c).ClearPolicy(c.r.PathValue("site"))
}
