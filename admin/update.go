package admin

import (
	"context"
	"io"
	"net/http"
	"time"

	"github.com/lineside/lineside/audit"
	"github.com/lineside/lineside/update"
)

// Updater keeps one release that waits to be applied, and knows how updates went.
// Its errors are for the operator.
type Updater interface {
	// Update is how things stand.
	Update() Update
	// StageUpdate checks a whole release and keeps it; one kept before goes.
	StageUpdate(ctx context.Context, by audit.Actor, release io.Reader) (StagedUpdate, error)
	// ApplyUpdate has the helper take the release that is kept.
	ApplyUpdate(ctx context.Context, by audit.Actor) error
}

// StagedUpdate is a release that waits.
type StagedUpdate struct {
	Version string    `json:"version"`
	Made    time.Time `json:"made"`
	Key     string    `json:"key"` // that signed it
	Bytes   int64     `json:"bytes"`
	Notes   string    `json:"notes,omitempty"`
}

// Update is what runs, what waits, and how the last update went.
type Update struct {
	Vitals update.Vitals `json:"vitals"`
	Staged *StagedUpdate `json:"staged,omitempty"`
	// Asked says that the helper was asked to take it and has not begun.
	Asked bool `json:"asked,omitempty"`
	// Trial is the last update, whether it runs or is over; Refused the last
	// release that was not even tried; TurnedBack are versions that did not do.
	Trial      *update.Trial   `json:"trial,omitempty"`
	Refused    *update.Refusal `json:"refused,omitempty"`
	TurnedBack []string        `json:"turned_back,omitempty"`
	// Newest is the newest version ever kept here: none before it is taken.
	Newest string `json:"newest,omitempty"`
	// Says is all that in a sentence, Next what to do.
	Says string `json:"says"`
	Next string `json:"next,omitempty"`
}

// updater is who keeps releases, or why there is none.
func (s *Server) updater() (Updater, error) {
	if s.dep.Update == nil {
		return nil, fail(http.StatusConflict, "this box takes no updates by itself", "install the newer package")
	}
	return s.dep.Update, nil
}

func (s *Server) getUpdate(c *call) error {
	u, err := s.updater()
	if err != nil {
		return err
	}
	return c.json(http.StatusOK, u.Update())
}

// postUpdate takes a release: the body as it is, however long it takes, as long as
// it goes on.
func (s *Server) postUpdate(c *call) error {
	u, err := s.updater()
	if err != nil {
		return err
	}
	if err := c.wants("application/octet-stream"); err != nil {
		return err
	}
	body := &patient{in: http.MaxBytesReader(c.w, c.r.Body, update.MaxRelease), out: http.NewResponseController(c.w)}
	staged, err := u.StageUpdate(c.r.Context(), c.by, body)
	if err != nil {
		return err
	}
	return c.json(http.StatusCreated, staged)
}

func (s *Server) postUpdateApply(c *call) error {
	u, err := s.updater()
	if err != nil {
		return err
	}
	if err := u.ApplyUpdate(c.r.Context(), c.by); err != nil {
		return err
	}
	return c.json(http.StatusAccepted, u.Update())
}

// Update is how updates stand.
func (c *Client) Update(ctx context.Context) (Update, error) {
	return ask[Update](ctx, c, request{method: "GET", path: "/update"})
}

// StageUpdate sends a release to the box, which checks all of it and keeps it.
func (c *Client) StageUpdate(ctx context.Context, release io.Reader) (StagedUpdate, error) {
	return ask[StagedUpdate](ctx, c, request{method: "POST", path: "/update", stream: release})
}

// ApplyUpdate has the release that is kept taken.
func (c *Client) ApplyUpdate(ctx context.Context) (Update, error) {
	return ask[Update](ctx, c, request{method: "POST", path: "/update/apply"})
}
