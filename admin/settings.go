package admin

import (
	"context"
	"encoding/json"
	"net/http"
	"strconv"
	"time"

	"github.com/lineside/lineside/audit"
)

// SettingsKeeper keeps the box's settings and starts it anew. Its errors are for
// the operator.
type SettingsKeeper interface {
	Settings() (Settings, error)
	// ChangeSettings sets keys, or with a JSON null has the file or the default say
	// them again. rev is the revision it is a change of, nil for whatever there is.
	ChangeSettings(ctx context.Context, by audit.Actor, rev uint64, change SettingsInput) (Settings, error)
	// Restart has the box start anew with its settings, once requests in flight are
	// answered.
	Restart(ctx context.Context, by audit.Actor) error
}

// Settings is every key of the settings, and how far the box follows them.
type Settings struct {
	// Rev counts the changes made from the page; it is 1 before the first.
	Rev uint64 `json:"rev"`
	// File is the operator's settings file, which the page never changes; NoFile
	// says that there is none.
	File     string       `json:"file,omitempty"`
	NoFile   bool         `json:"no_file"`
	Settings []SettingKey `json:"settings"`
	// Waiting are the keys whose new value a restart takes over.
	Waiting []string `json:"waiting"`
	// Problems says all that is wrong with what is written; those of the start stay
	// in force then.
	Problems []string `json:"problems"`
	// Next is what the operator does about it, empty for nothing.
	Next string `json:"next,omitempty"`
}

// SettingKey is one key: what it is and how it is changed.
type SettingKey struct {
	Key string `json:"key"`
	// Kind is "text", "flag", "number", "list" (of texts), "table" or "secret".
	Kind string `json:"kind"`
	// Value is what is written, or the default; Default what it is where nobody
	// writes anything. A secret has neither, and HasValue.
	Value    any  `json:"value,omitempty"`
	Default  any  `json:"default,omitempty"`
	HasValue bool `json:"has_value,omitempty"`
	// InForce is the value the box runs with, where that is another one: Value
	// waits for a restart then.
	InForce string `json:"in_force,omitempty"`
	Waiting bool   `json:"waiting,omitempty"`
	// From is "file", "default", "store" or "page", By and At who set it there and
	// when.
	From string    `json:"from"`
	By   string    `json:"by,omitempty"`
	At   time.Time `json:"at,omitzero"`
	// Text is what the shipped sample says of the key.
	Text string `json:"text"`
	// Change is "now" where a change counts at once, "restart" where the next start
	// takes it over; the page cannot change what says "policy" (a rule: see
	// /policy) or "file". Why says why, and Do where it is changed instead.
	Change string `json:"change"`
	Why    string `json:"why,omitempty"`
	Do     string `json:"do,omitempty"`
}

// SettingsInput is keys to be set, "dhcp.mode" and the like; null takes a key out,
// so that the file or the default says it.
type SettingsInput map[string]json.RawMessage

// Restarting is the answer to a restart that was begun.
type Restarting struct {
	// Waiting are the keys it takes over.
	Waiting []string `json:"waiting"`
	Next    string   `json:"next"`
}

// settingsKept is the keeper, or why there is none.
func (s *Server) settingsKept() (SettingsKeeper, error) {
	if s.dep.Settings == nil {
		return nil, fail(http.StatusConflict, "this box has no settings to be changed", "see those in force with: lineside status --settings")
	}
	return s.dep.Settings, nil
}

func (s *Server) getSettings(c *call) error {
	keeper, err := s.settingsKept()
	if err != nil {
		return err
	}
	out, err := keeper.Settings()
	if err != nil {
		return err
	}
	return c.settings(out)
}

// settings answers with settings under their entity tag.
func (c *call) settings(out Settings) error {
	c.w.Header().Set("ETag", strconv.Quote(strconv.FormatUint(out.Rev, 10)))
	return c.json(http.StatusOK, out)
}

func (s *Server) patchSettings(c *call) error {
	keeper, err := s.settingsKept()
	if err != nil {
		return err
	}
	rev, err := revision(c.r.Header["If-Match"], 0)
	if err != nil {
		return err
	}
	var in SettingsInput
	if err := c.body(&in); err != nil {
		return err
	}
	if len(in) == 0 {
		return fail(http.StatusUnprocessableEntity, "no setting is given", `name one, such as {"site.name": "Branch 7"}; see which there are at `+API+"/settings")
	}
	out, err := keeper.ChangeSettings(c.r.Context(), c.by, rev, in)
	if err != nil {
		return err
	}
	return c.settings(out)
}

// postRestart has the box start anew. The answer leaves first: the doors finish
// what they are doing before they close.
func (s *Server) postRestart(c *call) error {
	keeper, err := s.settingsKept()
	if err != nil {
		return err
	}
	now, err := keeper.Settings()
	if err != nil {
		return err
	}
	if err := keeper.Restart(c.r.Context(), c.by); err != nil {
		return err
	}
	return c.json(http.StatusAccepted, Restarting{Waiting: full(now.Waiting), Next: "the box is back in a few seconds; see how it came up with: lineside status"})
}

// Settings is every key of the settings.
func (c *Client) Settings(ctx context.Context) (Settings, error) {
	return ask[Settings](ctx, c, request{method: "GET", path: "/settings"})
}

// SetSettings changes settings; rev is the revision it is a change of, 0 for
// whatever there is.
func (c *Client) SetSettings(ctx context.Context, rev uint64, in SettingsInput) (Settings, error) {
	q := request{method: "PATCH", path: "/settings", body: in}
	if rev != 0 {
		q.match = strconv.Quote(strconv.FormatUint(rev, 10))
	}
	return ask[Settings](ctx, c, q)
}

// Restart has the box start anew.
func (c *Client) Restart(ctx context.Context) (Restarting, error) {
	return ask[Restarting](ctx, c, request{method: "POST", path: "/restart"})
}
