package provision

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/lineside/lineside/audit"
	"github.com/lineside/lineside/auth"
	"github.com/lineside/lineside/phone"
)

// ErrTicketDemanded is returned for letting a device in by anything else than
// the ticket that is demanded of it.
var ErrTicketDemanded = errors.New("a ticket is demanded of this device")

// ticketDigits is the length of a ticket's password: digits alone, because it
// is typed on a telephone, and as many as a brand's generated one has.
const (
	ticketUserDigits = 6
	ticketDigits     = 12
)

// MakeTicket gives the device a ticket that is good for life, 0 for what the
// policy says, in the place of the one it had; with approval an admin has to
// approve the phone that shows it. Its password is in the record returned, and
// told nowhere else.
func (d *Desk) MakeTicket(ctx context.Context, by audit.Actor, mac phone.MAC, life time.Duration, approval bool) (auth.Record, error) {
	return d.GiveTicket(ctx, by, mac, auth.Ticket{User: digits(ticketUserDigits), Password: phone.NewSecret(digits(ticketDigits)), Approval: approval}, life)
}

// GiveTicket is MakeTicket with a user name and a password of the operator's own.
func (d *Desk) GiveTicket(ctx context.Context, by audit.Actor, mac phone.MAC, fresh auth.Ticket, life time.Duration) (auth.Record, error) {
	if life == 0 {
		life = d.Policy().TicketLasts()
	}
	if err := errors.Join(auth.CheckTicketLife(life), auth.CheckTicket(fresh.User, fresh.Password)); err != nil {
		return auth.Record{}, fmt.Errorf("ticket is %w: %w", ErrInvalid, err)
	}
	if err := d.mayGive(mac); err != nil {
		return auth.Record{}, err
	}
	text := "has a new ticket, a personal one-time password"
	return d.ticketAct(ctx, by, mac, text, func(old auth.Enrolment, now time.Time) (auth.Enrolment, []audit.Event, error) {
		events := overTicket(old, now)
		next := auth.MakeTicket(now, old, fresh, life)
		return next, append(events, audit.TicketMade{Serial: next.Ticket.Serial, Approval: fresh.Approval, Until: next.Ticket.Until}), nil
	})
}

// overTicket says what becomes of a ticket that another takes the place of.
func overTicket(e auth.Enrolment, now time.Time) []audit.Event {
	switch t := e.Ticket; {
	case !t.State.IsLive():
		return nil
	case t.At(now) == auth.TicketExpired:
		return []audit.Event{audit.TicketExpired{Serial: t.Serial}}
	default:
		return []audit.Event{audit.TicketRevoked{Serial: t.Serial, Why: "replaced"}}
	}
}

// ApproveTicket lets the phone in that showed the device's ticket: its next
// fetch is the full config, once. It returns auth.ErrTicketState, wrapped, where
// none awaits that.
func (d *Desk) ApproveTicket(ctx context.Context, by audit.Actor, mac phone.MAC) (auth.Record, error) {
	text := "ticket approved; its next fetch is the full config"
	return d.ticketAct(ctx, by, mac, text, func(old auth.Enrolment, now time.Time) (auth.Enrolment, []audit.Event, error) {
		next, err := auth.ApproveTicket(now, old)
		return next, []audit.Event{audit.TicketApproved{Serial: old.Ticket.Serial}}, err
	})
}

// RejectTicket ends a ticket that awaits approval; reason is for the operators
// who come after.
func (d *Desk) RejectTicket(ctx context.Context, by audit.Actor, mac phone.MAC, reason string) (auth.Record, error) {
	reason = printable(strings.TrimSpace(reason))
	if reason == "" {
		return auth.Record{}, fmt.Errorf("reason: missing; a rejection is %w without one", ErrInvalid)
	}
	return d.ticketAct(ctx, by, mac, "ticket rejected: "+reason, func(old auth.Enrolment, now time.Time) (auth.Enrolment, []audit.Event, error) {
		next, err := auth.RejectTicket(now, old, reason)
		return next, []audit.Event{audit.TicketRejected{Serial: old.Ticket.Serial, Reason: reason}}, err
	})
}

// RevokeTicket ends a ticket that is still good for something.
func (d *Desk) RevokeTicket(ctx context.Context, by audit.Actor, mac phone.MAC) (auth.Record, error) {
	return d.ticketAct(ctx, by, mac, "ticket revoked", func(old auth.Enrolment, now time.Time) (auth.Enrolment, []audit.Event, error) {
		next, err := auth.RevokeTicket(now, old)
		return next, []audit.Event{audit.TicketRevoked{Serial: old.Ticket.Serial, Why: "by an operator"}}, err
	})
}

// DemandTicket says whether the device is let in by its ticket alone: the brand
// OTP, a PIN by itself and the site window then do not help it. What an operator
// grants it by name or address, and its own credential, do.
func (d *Desk) DemandTicket(ctx context.Context, by audit.Actor, mac phone.MAC, demanded bool) (auth.Record, error) {
	text := "no ticket is demanded of it any more"
	if demanded {
		text = "only a ticket lets it in from now on"
	}
	return d.ticketAct(ctx, by, mac, text, func(old auth.Enrolment, _ time.Time) (auth.Enrolment, []audit.Event, error) {
		if old.TicketOnly == demanded {
			return old, nil, nil
		}
		old.TicketOnly = demanded
		return old, []audit.Event{audit.TicketDemanded{Demanded: demanded}}, nil
	})
}

// ticketAct applies what an operator does about a ticket, and tells of it.
func (d *Desk) ticketAct(ctx context.Context, by audit.Actor, mac phone.MAC, text string,
	apply func(auth.Enrolment, time.Time) (auth.Enrolment, []audit.Event, error)) (auth.Record, error) {
	rec, err := d.change(ctx, mac, func(old auth.Record) (*auth.Record, []audit.Record, error) {
		if old.Rev == 0 {
			return nil, nil, unknown(mac)
		}
		next := old
		var events []audit.Event
		var err error
		if next.Enrolment, events, err = apply(old.Enrolment, d.tools.Now()); err != nil {
			return nil, nil, fmt.Errorf("ticket of %s: %w", mac, err)
		}
		var records []audit.Record
		for _, e := range events {
			records = append(records, one(mac, by, e)...)
		}
		return &next, records, nil
	})
	if err != nil {
		return rec, err
	}
	d.step(Step{MAC: mac, Front: Front(by.Front), Vendor: rec.Device.Vendor, Text: text})
	d.nudge(mac)
	d.ticketed.Store(true)
	d.keepTickets(ctx)
	return rec, nil
}
