package portal

import (
	"encoding/hex"
	"time"

	"github.com/lineside/lineside/health"
)

// Health says that the platform answers.
type Health struct {
	OK bool `json:"ok"`
	// Deaf says that the stream cannot be read: nothing can be changed here, and
	// after a minute no box is let in.
	Deaf bool `json:"deaf"`
}

func (s *Server) getHealth(*call) (any, error) {
	if err := s.p.Check(); err != nil {
		return nil, err
	}
	return Health{OK: true, Deaf: s.p.Deaf()}, nil
}

// Status is how the platform is.
type Status struct {
	Version string    `json:"version"`
	Started time.Time `json:"started"`
	URL     string    `json:"url"`
	// Fingerprint is the SHA-256 of its own CA, in hex digits, empty for one
	// every machine trusts.
	Fingerprint string         `json:"fingerprint,omitempty"`
	Sites       map[string]int `json:"sites"`
	Devices     int            `json:"devices"`
	// Epoch is when the platform began, or was put back from a copy last.
	Epoch time.Time `json:"epoch"`
	// Room is how many bytes the disk of its directory takes yet.
	Room uint64 `json:"room"`
	// Deaf says that the stream cannot be read, as in Health.
	Deaf bool `json:"deaf"`
	// Conditions are what is not as it should be, oldest first.
	Conditions []health.Condition `json:"conditions"`
}

func (s *Server) getStatus(*call) (any, error) {
	sites, devices, err := s.p.Count()
	if err != nil {
		return nil, err
	}
	epoch, err := s.p.Epoch()
	if err != nil {
		return nil, err
	}
	room, err := s.p.Room()
	return Status{Version: s.cfg.Version, Started: s.started.UTC(), URL: s.cfg.URL, Fingerprint: hex.EncodeToString(s.cfg.Pin),
		Sites: sites, Devices: devices, Epoch: epoch, Room: room, Deaf: s.p.Deaf(), Conditions: s.cfg.Board.List()}, err
}

func (s *Server) getMetrics(c *call) (any, error) {
	s.metrics.Handler().ServeHTTP(c.w, c.r)
	return nil, nil
}
