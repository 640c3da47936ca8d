package admin

import (
	"context"
	"io"
	"net/http"
	"time"

	"github.com/lineside/lineside/audit"
)

// maxRestore bounds a backup that is sent here. A site of 20,000 devices with a
// full audit log is some 200 MiB.
const maxRestore = 512 << 20

// Restorer keeps one uploaded backup and puts it in the place of the database. Its
// errors are for the operator.
type Restorer interface {
	// StageRestore checks a whole backup and keeps it; one kept before goes. Nothing
	// else is changed.
	StageRestore(ctx context.Context, by audit.Actor, backup io.Reader) (StagedRestore, error)
	// StagedRestore is what is kept, nil for nothing.
	StagedRestore() *StagedRestore
	// ApplyRestore has the box start anew on it, once requests in flight are answered.
	ApplyRestore(ctx context.Context, by audit.Actor, id string) error
	// DropRestore deletes it.
	DropRestore(ctx context.Context, by audit.Actor, id string) error
}

// StagedRestore is a backup that was uploaded and checked, and what putting it back
// would do. It is forgotten when the box starts anew.
type StagedRestore struct {
	ID     string    `json:"id"`
	Bytes  int64     `json:"bytes"`
	SHA256 string    `json:"sha256"`
	Staged time.Time `json:"staged"`
	By     string    `json:"by,omitempty"`
	// Made is when the backup was, left out where it does not say.
	Made    time.Time `json:"made,omitzero"`
	Devices int       `json:"devices"`
	Users   int       `json:"users"`
	// Own says that this box's audit log goes on from the backup's; Entries is how
	// many were written since.
	Own     bool   `json:"own"`
	Entries uint64 `json:"entries"`
	// Gone is how many devices are set up now and are not in the backup, Back how
	// many are in the backup only.
	Gone int `json:"gone"`
	Back int `json:"back"`
	// Templates are those in the backup; OldForm says that it holds none because it
	// was made by an older version, and those on the box stay.
	Templates []string `json:"templates"`
	OldForm   bool     `json:"old_form,omitempty"`
	// Will says in sentences what putting it back does.
	Will []string `json:"will"`
	Next string   `json:"next"`
}

// StagedRestores is what is kept: one backup or none.
type StagedRestores struct {
	Staged *StagedRestore `json:"staged,omitempty"`
}

// Restored is the answer to a restore that was begun.
type Restored struct {
	Next string `json:"next"`
}

// restorer is who puts backups back, or why there is none.
func (s *Server) restorer() (Restorer, error) {
	if s.dep.Restore == nil {
		return nil, fail(http.StatusConflict, "no backup can be put back on this box while it runs", "stop it, then: lineside restore FILE")
	}
	return s.dep.Restore, nil
}

func (s *Server) getRestore(c *call) error {
	r, err := s.restorer()
	if err != nil {
		return err
	}
	return c.json(http.StatusOK, StagedRestores{Staged: r.StagedRestore()})
}

// postRestore takes a backup: the body as it is, however long it takes, as long as
// it goes on.
func (s *Server) postRestore(c *call) error {
	r, err := s.restorer()
	if err != nil {
		return err
	}
	if err := c.wants("application/octet-stream"); err != nil {
		return err
	}
	body := c.patient(maxRestore)
	staged, err := r.StageRestore(c.r.Context(), c.by, body)
	if err != nil {
		return body.whole(err)
	}
	return c.json(http.StatusCreated, staged)
}

// postRestoreApply has the box put it back. The answer leaves first: the doors
// finish what they are doing before they close.
func (s *Server) postRestoreApply(c *call) error {
	r, err := s.restorer()
	if err != nil {
		return err
	}
	if err := r.ApplyRestore(c.r.Context(), c.by, c.r.PathValue("id")); err != nil {
		return err
	}
	return c.json(http.StatusAccepted, Restored{Next: "the box is back in a few seconds, with the accounts and passwords of the backup: sign in again, and see what it says of the restore with: lineside status"})
}

func (s *Server) deleteRestore(c *call) error {
	r, err := s.restorer()
	if err != nil {
		return err
	}
	if err := r.DropRestore(c.r.Context(), c.by, c.r.PathValue("id")); err != nil {
		return err
	}
	c.w.WriteHeader(http.StatusNoContent)
	return nil
}

// StageRestore sends a backup to the box, which checks it whole and says what
// putting it back would do.
func (c *Client) StageRestore(ctx context.Context, backup io.Reader) (StagedRestore, error) {
	return ask[StagedRestore](ctx, c, request{method: "POST", path: "/restore", stream: backup})
}

// StagedRestore is the backup kept to be put back, nil for none.
func (c *Client) StagedRestore(ctx context.Context) (*StagedRestore, error) {
	out, err := ask[StagedRestores](ctx, c, request{method: "GET", path: "/restore"})
	return out.Staged, err
}

// ApplyRestore has the box put a staged backup in the place of its database, and
// start anew.
func (c *Client) ApplyRestore(ctx context.Context, id string) (Restored, error) {
	return ask[Restored](ctx, c, request{method: "POST", path: "/restore/" + id + "/apply"})
}

// DropRestore deletes a staged backup.
func (c *Client) DropRestore(ctx context.Context, id string) error {
	return c.call(ctx, request{method: "DELETE", path: "/restore/" + id}, nil)
}
