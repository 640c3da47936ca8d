package admin

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/lineside/lineside/audit"
	"github.com/lineside/lineside/operators"
	"github.com/lineside/lineside/phone"
	"github.com/lineside/lineside/provision"
)

// lastChanges is how many changes in the audit log are looked through for who
// was faster.
const lastChanges = 200

// stale says of an edit that came too late who was faster, when, and in which
// fields, as far as the audit log tells. Any other error is left as it is.
func (s *Server) stale(c *call, err error, mac phone.MAC, user string) error {
	if !errors.Is(err, provision.ErrStale) {
		return err
	}
	e, _ := errorFor(err)
	out := *e
	if change := s.lastChange(c.r.Context(), mac, user); change != nil {
		out.Changed = change
		out.What = fmt.Sprintf("%s: by %s at %s, %s", e.What, cmp.Or(change.By, change.Front), clock(s.cfg.Now(), change.At), strings.Join(change.Fields, ", "))
	}
	return &out
}

// lastChange is the newest entry that says what of a device, or of a user, was
// changed; nil where none is found.
func (s *Server) lastChange(ctx context.Context, mac phone.MAC, user string) *operators.Change {
	found, err := s.dep.Audit.SearchAudit(ctx, audit.Search{
		Filter: audit.Filter{MAC: mac, Kinds: []string{audit.DeviceChanged{}.Kind(), audit.UserChanged{}.Kind()}},
		Limit:  lastChanges, Look: auditLook,
	})
	if err != nil {
		s.dep.Log.Warn("who changed it is not known", "mac", mac, "err", err)
		return nil
	}
	for _, e := range slices.Backward(found.Entries) {
		var what struct {
			User   string   `json:"user"`
			Fields []string `json:"fields"`
		}
		if json.Unmarshal(e.What, &what) == nil && what.User == user && e.MAC == mac {
			return &operators.Change{By: e.By.Name, Front: e.By.Front, At: e.At, Fields: what.Fields}
		}
	}
	return nil
}
