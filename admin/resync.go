package admin

import (
	"fmt"
	"net/http"

	"github.com/lineside/lineside/phone"
)

// ResyncInput names the phones that are to fetch their configs again: some, all
// of a model, or all.
type ResyncInput struct {
	MACs  []phone.MAC `json:"macs,omitempty"`
	Model string      `json:"model,omitempty"`
	All   bool        `json:"all,omitempty"`
}

// Resynced says how many devices were meant, and what can be done about them. What
// becomes of each stands on its timeline.
type Resynced struct {
	Asked int `json:"asked"`
	// Told are registered with the box: each is told in its turn.
	Told int `json:"told"`
	// NotRegistered are told should they register within the hour.
	NotRegistered int `json:"not_registered"`
	// NoWay are of makers whose phones take no such message.
	NoWay int `json:"no_way"`
}

// postResync has phones told to fetch. The answer comes before they are.
func (s *Server) postResync(c *call) error {
	var in ResyncInput
	if err := c.body(&in); err != nil {
		return err
	}
	done, err := s.dep.Desk.Resync(in.MACs, in.Model, in.All)
	if err != nil {
		return err
	}
	if done.Asked == 0 {
		return noneMeant(in.Model)
	}
	return c.json(http.StatusAccepted, Resynced(done))
}

// noneMeant is the answer where no device is of the model, or there is none at
// all: who asked thinks otherwise.
func noneMeant(model string) error {
	what := "there is no device to be told"
	if model != "" {
		what = fmt.Sprintf("no device is of model %.60q, so none is told", model)
	}
	return fail(http.StatusNotFound, what, "see which there are with: lineside device list")
}
