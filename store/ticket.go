package store

import (
	"fmt"
	"net/netip"
	"time"

	"github.com/lineside/lineside/auth"
	"github.com/lineside/lineside/phone"
)

// storedTicket is a device's ticket as it is kept, part of its enrolment.
type storedTicket struct {
	Serial   uint64           `json:"serial"`
	User     string           `json:"user,omitempty"`
	Password string           `json:"sealed_password,omitempty"`
	Approval bool             `json:"approval,omitempty"`
	State    auth.TicketState `json:"state,omitempty"`
	Made     time.Time        `json:"made,omitzero"`
	Until    time.Time        `json:"until,omitzero"`
	Asked    storedAsked      `json:"asked,omitzero"`
	Again    time.Time        `json:"again,omitzero"`
	Reason   string           `json:"reason,omitempty"`
}

type storedAsked struct {
	At       time.Time    `json:"at,omitzero"`
	By       string       `json:"by,omitempty"`
	Addr     netip.Addr   `json:"address,omitzero"`
	Vendor   phone.Vendor `json:"vendor,omitempty"`
	Model    string       `json:"model,omitempty"`
	Firmware string       `json:"firmware,omitempty"`
	Serial   string       `json:"serial,omitempty"`
}

func plainTicket(t auth.Ticket) storedTicket {
	a := t.Asked
	return storedTicket{
		Serial: t.Serial, User: t.User, Password: t.Password.Reveal(), Approval: t.Approval, State: t.State,
		Made: stamp(t.Made), Until: stamp(t.Until), Again: stamp(t.Again), Reason: t.Reason,
		Asked: storedAsked{At: stamp(a.At), By: a.By, Addr: a.Addr, Vendor: a.Vendor, Model: a.Model, Firmware: a.Firmware, Serial: a.Serial},
	}
}

func (t storedTicket) ticket() auth.Ticket {
	a := t.Asked
	return auth.Ticket{
		Serial: t.Serial, User: t.User, Password: phone.NewSecret(t.Password), Approval: t.Approval, State: t.State,
		Made: stamp(t.Made), Until: stamp(t.Until), Again: stamp(t.Again), Reason: t.Reason,
		Asked: auth.Asked{At: stamp(a.At), By: a.By, Addr: a.Addr, Vendor: a.Vendor, Model: a.Model, Firmware: a.Firmware, Serial: a.Serial},
	}
}

// checkTicket holds the same rule for tickets: a dead one stays dead, and one
// that is bound to a caller stays bound to it.
func checkTicket(old, next auth.Ticket) error {
	same := next.Serial == old.Serial
	dead := old.Serial != 0 && !old.State.IsLive()
	moved := old.Asked.By != "" && next.Asked.By != old.Asked.By
	if next.Serial < old.Serial || same && next.State.IsLive() && (dead || moved) {
		return fmt.Errorf("ticket %d to %d: %w", old.Serial, next.Serial, ErrRevived)
	}
	return nil
}
