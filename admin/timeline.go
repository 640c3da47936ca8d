package admin

import (
	"encoding/json"
	"net/http"
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
	out := Timeline{MAC: t.MAC, Known: t.Known, Findings: make([]Finding, len(t.Findings)), Events: full(t.Events)}
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
