package portal

import (
	"errors"
	"io"
	"net/http"
	"time"

	"github.com/lineside/lineside/operators"
	"github.com/lineside/lineside/sync/central"
	"github.com/lineside/lineside/sync/wire"
)

// Shelf keeps the files of releases.
type Shelf interface {
	// Put checks a release and keeps it, once note has written it down.
	Put(release io.Reader, note func(central.Release) error) (central.Release, error)
	// Drop removes one.
	Drop(version string) error
}

const (
	// maxUpload bounds a release in bytes, and uploadFor how long it may take.
	maxUpload = 4 << 30
	uploadFor = time.Hour
)

const releaseType raw = "application/octet-stream"

func releaseRoutes() []route {
	return []route{
		{method: "GET", path: V1 + "/releases", least: Viewer, about: "Lists the releases boxes can be given, and how far the newest rollout is.", out: Releases{}, status: 200, do: (*Server).getReleases},
		{method: "POST", path: V1 + "/releases", least: Admin, about: "Takes a release, checks its makers' signature and keeps it; no box is given it by that.", in: releaseType, out: central.Release{}, status: 201, do: (*Server).postRelease},
		{method: "DELETE", path: V1 + "/releases/{version}", least: Admin, about: "Removes a release that is not being rolled out.", status: 204, do: (*Server).deleteRelease},
		{method: "PUT", path: V1 + "/rollout", least: Admin, about: "Gives a release to a share of the sites, or changes the share. Window is such as 01:00-04:00, by each site's clock; it halts by itself when more than halt_percent (10) of the outcomes, and at least halt_least (2), are sites that went back.", in: RolloutInput{}, out: central.Rollout{}, status: 200, do: (*Server).putRollout},
		{method: "POST", path: V1 + "/rollout/halt", least: Operator, finds: true, about: "Has no more boxes take what is rolled out; those that took it keep it.", out: central.Rollout{}, status: 200, do: (*Server).haltRollout},
	}
}

// Releases is the list of them, with the newest rollout and the sites that went
// back from it or refused it, a hundred of them at most.
type Releases struct {
	Releases []central.Release `json:"releases"`
	Rollout  *central.Rollout  `json:"rollout,omitempty"`
	Outcomes []central.Outcome `json:"outcomes"`
}

// RolloutInput says what is to be given to whom; zero halt_percent and halt_least
// are the usual ones.
type RolloutInput struct {
	Version     string `json:"version"`
	Percent     int    `json:"percent"`
	Window      string `json:"window"`
	HaltPercent int    `json:"halt_percent"`
	HaltLeast   int    `json:"halt_least"`
}

func (s *Server) getReleases(*call) (any, error) {
	list, err := s.p.Releases()
	if err != nil {
		return nil, err
	}
	now, outcomes, err := s.p.Rollout()
	out := Releases{Releases: filled(list), Outcomes: filled(outcomes)}
	if now.Version != "" {
		out.Rollout = &now
	}
	return out, err
}

// postRelease reads for as long as a release takes to come: admins alone get here.
func (s *Server) postRelease(c *call) (any, error) {
	if err := c.wants(string(releaseType)); err != nil {
		return nil, err
	}
	if err := s.shelved(); err != nil {
		return nil, err
	}
	err := http.NewResponseController(c.w).SetReadDeadline(time.Now().Add(uploadFor))
	if err != nil && !errors.Is(err, http.ErrNotSupported) {
		return nil, err
	}
	return s.cfg.Shelf.Put(http.MaxBytesReader(c.w, c.r.Body, maxUpload), s.by(c).AddRelease)
}

func (s *Server) shelved() error {
	if s.cfg.Shelf == nil {
		return operators.Fail(http.StatusConflict, "this platform keeps no releases", "give boxes a release by hand: lineside update stage FILE")
	}
	return nil
}

func (s *Server) deleteRelease(c *call) (any, error) {
	version := c.r.PathValue("version")
	if err := s.shelved(); err != nil {
		return nil, err
	}
	if err := s.by(c).RemoveRelease(version); err != nil {
		return nil, err
	}
	return nil, s.cfg.Shelf.Drop(version)
}

func (s *Server) putRollout(c *call) (any, error) {
	var in RolloutInput
	if err := c.body(&in); err != nil {
		return nil, err
	}
	if w, err := wire.ParseWindow(in.Window); err == nil && w.From == w.To {
		in.Window = "" // the whole day
	}
	return s.by(c).Roll(central.Rollout{Version: in.Version, Percent: in.Percent, Window: in.Window, HaltPercent: in.HaltPercent, HaltLeast: in.HaltLeast})
}

func (s *Server) haltRollout(c *call) (any, error) { return s.by(c).Halt() }
