package admin

import (
	"context"
	"errors"
	"net/http"
	"time"

	"github.com/lineside/lineside/audit"
	"github.com/lineside/lineside/phone"
)

// Linker keeps the box's link to the central platform.
type Linker interface {
	Link() PlatformLink
	// JoinPlatform has the box join with a token; again lets it take the place of
	// what it has joined already. Its errors are for the operator.
	JoinPlatform(ctx context.Context, by audit.Actor, token phone.Secret, again bool) (PlatformLink, error)
	// LeavePlatform makes everything the platform keeps the site's own.
	LeavePlatform(ctx context.Context, by audit.Actor) error
}

// PlatformLink is how the box stands to the central platform.
type PlatformLink struct {
	// Joined says that there is one; all else is empty where not.
	Joined bool `json:"joined"`
	// Site is the box's name at the platform, Name what people call the site
	// there, URL where the platform is, and Via how it is reached now.
	Site string `json:"site,omitempty"`
	Name string `json:"name,omitempty"`
	URL  string `json:"url,omitempty"`
	Via  string `json:"via,omitempty"`
	// State is "connecting", "merging", "linked" or "away", since Since; Reason
	// says why it is away, and what to do.
	State  string    `json:"state,omitempty"`
	Reason string    `json:"reason,omitempty"`
	Since  time.Time `json:"since,omitzero"`
	// Heard is when the platform last answered.
	Heard time.Time `json:"heard,omitzero"`
	// Waiting is how many events and states of devices the platform has yet to
	// take, Undone how many of its documents the box has yet to carry out.
	Waiting int `json:"waiting"`
	Undone  int `json:"undone"`
	// Address is the site's as the platform sees it, Whitelisted whether and
	// until when, in words.
	Address     string `json:"address,omitempty"`
	Whitelisted string `json:"whitelisted,omitempty"`
	// SkewSecs is how far the box's clock is ahead of the platform's.
	SkewSecs int64 `json:"clock_ahead_seconds"`
	// OTPOffline says that one-time passwords count while the platform is away,
	// LocalChanges that what it keeps may be changed here.
	OTPOffline   bool `json:"otp_offline"`
	LocalChanges bool `json:"local_changes"`
}

// JoinInput is what the box joins with.
type JoinInput struct {
	// Token is what the platform printed, good once.
	Token string `json:"token"`
	// Again lets it join although it has joined already.
	Again bool `json:"again,omitempty"`
}

// ErrLink is wrapped by what keeps the box from joining or leaving; the text is
// the operator's.
var ErrLink = errors.New("the box did not join")

// errNoLink is a build or a set-up without a link.
func errNoLink() error {
	return fail(http.StatusConflict, "this box keeps no link to a platform", "start lineside as a daemon: lineside run")
}

func (s *Server) getPlatform(c *call) error {
	if s.dep.Link == nil {
		return c.json(http.StatusOK, PlatformLink{})
	}
	return c.json(http.StatusOK, s.dep.Link.Link())
}

func (s *Server) postJoin(c *call) error {
	var in JoinInput
	if err := c.body(&in); err != nil {
		return err
	}
	if s.dep.Link == nil {
		return errNoLink()
	}
	link, err := s.dep.Link.JoinPlatform(c.r.Context(), c.by, phone.NewSecret(in.Token), in.Again)
	if err != nil {
		return linkError(err)
	}
	return c.json(http.StatusOK, link)
}

func (s *Server) postLeave(c *call) error {
	if s.dep.Link == nil {
		return errNoLink()
	}
	if err := s.dep.Link.LeavePlatform(c.r.Context(), c.by); err != nil {
		return linkError(err)
	}
	return c.json(http.StatusOK, s.dep.Link.Link())
}

// linkError passes on what the link says of itself.
func linkError(err error) error {
	var hinted interface{ Hint() string }
	if errors.Is(err, ErrLink) && errors.As(err, &hinted) {
		return fail(http.StatusConflict, err.Error(), hinted.Hint())
	}
	return err
}

// Platform tells how the box stands to the central platform.
func (c *Client) Platform(ctx context.Context) (PlatformLink, error) {
	return ask[PlatformLink](ctx, c, request{method: "GET", path: "/platform"})
}

// JoinPlatform has the box join one.
func (c *Client) JoinPlatform(ctx context.Context, in JoinInput) (PlatformLink, error) {
	return ask[PlatformLink](ctx, c, request{method: "POST", path: "/platform/join", body: in})
}

// LeavePlatform has the box belong to none any more.
func (c *Client) LeavePlatform(ctx context.Context) (PlatformLink, error) {
	return ask[PlatformLink](ctx, c, request{method: "POST", path: "/platform/leave", body: struct{}{}})
}
