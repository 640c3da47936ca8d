package provision

import (
	"context"
	"fmt"
	"strings"

	"github.com/lineside/lineside/audit"
	"github.com/lineside/lineside/auth"
	"github.com/lineside/lineside/health"
	"github.com/lineside/lineside/phone"
)

// CodeApproval is the health condition of tickets that await approval.
const CodeApproval = "ticket-awaiting"

// ticketEvents says in the audit log what a decision changed about a ticket.
func ticketEvents(was, is auth.Ticket) []audit.Event {
	var events []audit.Event
	if is.Asked.By != "" && was.Asked.By == "" {
		events = append(events, audit.TicketShown{Serial: is.Serial, Vendor: string(is.Asked.Vendor), Model: is.Asked.Model, Firmware: is.Asked.Firmware})
	}
	if is.State == was.State {
		return events
	}
	switch is.State {
	case auth.TicketUsed:
		if is.Approval && was.State != auth.TicketApproved {
			events = append(events, audit.TicketApproved{Serial: is.Serial, Auto: true})
		}
		events = append(events, audit.TicketUsed{Serial: is.Serial})
	case auth.TicketExpired:
		events = append(events, audit.TicketExpired{Serial: is.Serial})
	case auth.TicketRevoked:
		events = append(events, audit.TicketRevoked{Serial: is.Serial, Why: "the phone has its login otherwise"})
	}
	return events
}

// askerOf is what a caller says of itself, for whoever approves its ticket.
func askerOf(ask Ask, c caller) auth.Asked {
	return auth.Asked{
		Addr: ask.Remote.Addr().Unmap().WithZone(""), Vendor: c.file.Vendor,
		Model: printable(c.model()), Firmware: printable(c.ident.Firmware), Serial: printable(c.ident.Serial),
	}
}

// noteTicket tells operators that a phone awaits their approval.
func (d *Desk) noteTicket(ctx context.Context, ask Ask, c caller, rec auth.Record) {
	d.ticketed.Store(true)
	if rec.Enrolment.Ticket.State == auth.TicketAwaiting {
		d.step(Step{MAC: c.file.MAC, Front: ask.Front, Vendor: c.file.Vendor, Addr: ask.Remote.Addr().Unmap(), Text: fmt.Sprintf(
			"showed its ticket and awaits approval, as %s; let it in: lineside otp approve %s; or: lineside otp reject %s --reason TEXT",
			asker(rec.Enrolment.Ticket.Asked), c.file.MAC, c.file.MAC)})
	}
	d.keepTickets(ctx)
}

// asker words who showed a ticket.
func asker(a auth.Asked) string {
	text := strings.TrimSpace(string(a.Vendor) + " " + a.Model)
	if a.Firmware != "" {
		text += ", firmware " + a.Firmware
	}
	if a.Serial != "" {
		text += ", serial number " + a.Serial
	}
	return text + ", at " + a.Addr.String()
}

// keepTickets writes down which tickets have expired, and keeps the condition of
// those that await approval. While no device has a live one it costs nothing.
func (d *Desk) keepTickets(ctx context.Context) {
	if !d.ticketed.Swap(false) {
		return
	}
	now, live := d.tools.Now(), false
	var awaiting []string
	for _, rec := range d.store.Devices.Records() {
		t := rec.Enrolment.Ticket
		switch st := t.At(now); {
		case st != t.State:
			d.expireTicket(ctx, rec.Device.MAC)
		case st == auth.TicketAwaiting:
			awaiting = append(awaiting, fmt.Sprintf("%s (%s)", rec.Device.MAC, asker(t.Asked)))
		}
		live = live || t.State.IsLive()
	}
	if live {
		d.ticketed.Store(true)
	}
	d.raiseAwaiting(awaiting)
}

func (d *Desk) raiseAwaiting(awaiting []string) {
	if len(awaiting) == 0 {
		d.tools.Health.Clear(CodeApproval)
		return
	}
	d.tools.Health.Raise(d.tools.Now(), health.Condition{
		Code:    CodeApproval,
		Title:   fmt.Sprintf("%d awaiting approval", len(awaiting)),
		Meaning: "each showed its ticket and says \"" + auth.AwaitingText + "\" on its screen; it can make emergency calls only",
		Do:      "see who: lineside otp tickets; then: lineside otp approve MAC; or: lineside otp reject MAC --reason TEXT",
		Detail:  strings.Join(awaiting[:min(len(awaiting), maxLatest)], "; "),
	})
}

// expireTicket writes down that a ticket's time is over. It decides nothing, for
// auth does not take it any more; so an error is only logged.
func (d *Desk) expireTicket(ctx context.Context, mac phone.MAC) {
	by := audit.Actor{Front: "desk"}
	_, err := d.change(ctx, mac, func(old auth.Record) (*auth.Record, []audit.Record, error) {
		next := old
		next.Enrolment = auth.ExpireTicket(d.tools.Now(), old.Enrolment)
		if old.Rev == 0 || next.Enrolment.Ticket.State == old.Enrolment.Ticket.State {
			return keep(old), nil, nil
		}
		return &next, one(mac, by, audit.TicketExpired{Serial: old.Enrolment.Ticket.Serial}), nil
	})
	if err != nil {
		d.tools.Log.Warn("that a ticket has expired is not on disk", "mac", mac, "err", err)
	}
}
