package admin

import (
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

// Resynced says how many phones will be told, each in its turn. What becomes of
// each stands on its timeline.
type Resynced struct {
	Phones int `json:"phones"`
}

// postResync has phones told to fetch. The answer comes before they are.
func (s *Server) postResync(c *call) error {
	var in ResyncInput
	if err := c.body(&in); err != nil {
		return err
	}
	n, err := s.dep.Desk.Resync(in.MACs, in.Model, in.All)
	if err != nil {
		return err
	}
	return c.json(http.StatusAccepted, Resynced{Phones: n})
}
