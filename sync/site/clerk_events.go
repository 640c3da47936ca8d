package site

import (
	"context"
	"encoding/json"
	"fmt"
	"net/netip"

	"github.com/lineside/lineside/audit"
	"github.com/lineside/lineside/auth"
	"github.com/lineside/lineside/phone"
	"github.com/lineside/lineside/provision"
	"github.com/lineside/lineside/sync/wire"
)

// Kinds of events beside those the platform acts on.
const (
	kindLockOut      = "lock-out"
	kindContradicted = "contradicted"
	kindEmergency    = "emergency"
)

// span is a stretch of the audit log that holds nothing for the platform:
// entries above after, up to to.
type span struct{ after, to uint64 }

// scanAtOnce is how many entries of the audit log are read together.
const scanAtOnce = 1000

// facts are what an event says beside its kind, in the words of the audit log.
// No entry of it carries a secret.
type facts struct {
	Front  string          `json:"front,omitempty"`
	Name   string          `json:"name,omitempty"`
	Remote netip.Addr      `json:"remote,omitzero"`
	Kind   string          `json:"kind"`
	What   json.RawMessage `json:"what,omitempty"`
}

// Events are what happened after an entry, as the platform is told of it.
func (c *Clerk) Events(ctx context.Context, after uint64, most int) ([]wire.Event, error) {
	after = max(after, c.cfg.Since)
	c.mu.Lock()
	if c.scanned.after <= after && after < c.scanned.to {
		after = c.scanned.to
	}
	from := after
	c.mu.Unlock()
	var events []wire.Event
	for len(events) < most {
		entries, err := c.history.Audit(ctx, after, phone.MAC{}, scanAtOnce)
		if err != nil {
			return nil, fmt.Errorf("read the audit log for the platform: %w", err)
		}
		for _, e := range entries {
			if kind := kindFor(e); kind != "" && len(events) < most {
				events = append(events, c.eventOf(kind, e))
			}
			if len(events) == 0 {
				after = e.Seq
			}
		}
		if len(events) == 0 && after > from {
			c.mu.Lock()
			c.scanned = span{from, after}
			c.mu.Unlock()
		}
		if len(entries) < scanAtOnce {
			break
		}
		after = entries[len(entries)-1].Seq
	}
	return events, nil
}

// eventOf puts an entry into the platform's words. What is too long for one is
// left out: the box's own log has it.
func (c *Clerk) eventOf(kind string, e audit.Entry) wire.Event {
	out := wire.Event{Seq: e.Seq, At: e.At, Kind: kind, Unsure: c.cfg.Unsure != nil && c.cfg.Unsure(e.Seq)}
	if !e.MAC.IsZero() {
		out.MAC = e.MAC.Hex()
	}
	f := facts{Front: e.By.Front, Name: e.By.Name, Remote: e.By.Remote, Kind: e.Kind, What: e.What}
	b, err := json.Marshal(f)
	if err != nil || len(b) > wire.MaxEvent/2 {
		f.What = nil
		b, err = json.Marshal(f)
	}
	if err == nil {
		out.Facts = b
	}
	return out
}

// kindFor is what an entry is to the platform, empty for nothing. What the
// platform did itself it knows.
func kindFor(e audit.Entry) string {
	if e.By.Front == string(provision.PlatformFront) {
		return ""
	}
	switch e.Kind {
	case audit.CredentialMinted{}.Kind(), audit.CredentialConfirmed{}.Kind(), audit.DeliveredAgain{}.Kind(), audit.Provisioned{}.Kind():
		return wire.KindProvisioned
	case audit.PINEntered{}.Kind():
		return kindOfPIN(e)
	case audit.Visited{}.Kind():
		return wire.KindVisitor
	case audit.Refused{}.Kind():
		return kindOfRefusal(e)
	case audit.UpdateKept{}.Kind():
		return wire.KindUpdateKept
	case audit.UpdateTurnedBack{}.Kind():
		return wire.KindUpdateBack
	case audit.UpdateRefused{}.Kind():
		return wire.KindUpdateRefused
	case audit.EmergencyCalled{}.Kind(), audit.EmergencyAcknowledged{}.Kind():
		return kindEmergency
	case audit.OTPConsumed{}.Kind(), audit.TicketShown{}.Kind(), audit.TicketUsed{}.Kind(), audit.TicketRejected{}.Kind(), audit.TicketExpired{}.Kind(), audit.TicketRevoked{}.Kind(),
		audit.StateChanged{}.Kind(), audit.Suspended{}.Kind(), audit.Reset{}.Kind(), audit.DeviceAdded{}.Kind(), audit.DeviceChanged{}.Kind(), audit.DeviceRemoved{}.Kind(),
		audit.PolicyChanged{}.Kind(), audit.BackupTaken{}.Kind(), audit.PlatformJoined{}.Kind():
		return e.Kind
	}
	return ""
}

func kindOfPIN(e audit.Entry) string {
	var what audit.PINEntered
	if json.Unmarshal(e.What, &what) != nil {
		return ""
	}
	switch {
	case what.Result == "right":
		return wire.KindPIN
	case what.State == string(auth.Failed), what.State == string(auth.Blocked):
		return kindLockOut
	}
	return ""
}

func kindOfRefusal(e audit.Entry) string {
	var what audit.Refused
	if json.Unmarshal(e.What, &what) != nil {
		return ""
	}
	switch auth.Reason(what.Reason) {
	case auth.MACContradicted, auth.MACElsewhere:
		return kindContradicted
	}
	return ""
}
