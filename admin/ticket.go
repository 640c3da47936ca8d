package admin

import (
	"context"
	"fmt"
	"net/http"
	"net/netip"
	"time"

	"github.com/lineside/lineside/audit"
	"github.com/lineside/lineside/auth"
	"github.com/lineside/lineside/phone"
)

// Ticketer keeps the devices' tickets.
type Ticketer interface {
	MakeTicket(ctx context.Context, by audit.Actor, mac phone.MAC, life time.Duration, approval bool) (auth.Record, error)
	ApproveTicket(ctx context.Context, by audit.Actor, mac phone.MAC) (auth.Record, error)
	RejectTicket(ctx context.Context, by audit.Actor, mac phone.MAC, reason string) (auth.Record, error)
	RevokeTicket(ctx context.Context, by audit.Actor, mac phone.MAC) (auth.Record, error)
	DemandTicket(ctx context.Context, by audit.Actor, mac phone.MAC, demanded bool) (auth.Record, error)
}

// Ticket is a device's personal one-time password.
type Ticket struct {
	MAC    phone.MAC    `json:"mac"`
	Vendor phone.Vendor `json:"vendor"`
	Label  string       `json:"label,omitempty"`
	// State is "generated", "awaiting approval", "approved", "used", "rejected",
	// "expired" or "revoked".
	State    string    `json:"state"`
	Approval bool      `json:"approval"` // an admin has to approve who shows it
	Made     time.Time `json:"made"`
	Expires  time.Time `json:"expires"`
	// Requested is when it was first shown. Of who showed it, From is what layer
	// 2 says; model and firmware are the phone's own word.
	Requested time.Time  `json:"requested,omitzero"`
	From      string     `json:"from,omitempty"`
	Address   netip.Addr `json:"address,omitzero"`
	Model     string     `json:"model,omitempty"`
	Firmware  string     `json:"firmware,omitempty"`
	Reason    string     `json:"reason,omitempty"` // why it was rejected
	// User and Password are in one answer only: to the call that made it.
	User     string `json:"user,omitempty"`
	Password string `json:"password,omitempty"`
	Next     string `json:"next"`
}

// Tickets is every ticket of a device of the box, dead ones included, by MAC.
type Tickets struct {
	Tickets []Ticket `json:"tickets"`
}

// TicketInput makes a ticket.
type TicketInput struct {
	Hours    int  `json:"hours,omitempty"` // 1 to 336, 0 means 8
	Approval bool `json:"approval,omitempty"`
}

// RejectInput says why a ticket is rejected.
type RejectInput struct {
	Reason string `json:"reason"`
}

// DemandInput says whether a device is let in by its ticket alone.
type DemandInput struct {
	Demanded bool `json:"demanded"`
}

// ticket shapes a record's ticket, without its user name and password.
func (s *Server) ticket(rec auth.Record) Ticket {
	t, now := rec.Enrolment.Ticket, s.cfg.Now()
	return Ticket{
		MAC: rec.Device.MAC, Vendor: rec.Device.Vendor, Label: rec.Device.Label,
		State: string(t.At(now)), Approval: t.Approval, Made: t.Made, Expires: t.Until,
		Requested: t.Asked.At, From: t.Asked.By, Address: t.Asked.Addr, Model: t.Asked.Model, Firmware: t.Asked.Firmware,
		Reason: t.Reason, Next: nextTicket(now, rec),
	}
}

// nextTicket is what an operator does next about a ticket.
func nextTicket(now time.Time, rec auth.Record) string {
	e, mac := rec.Enrolment, rec.Device.MAC
	switch t := e.Ticket; t.At(now) {
	case auth.TicketGenerated:
		if e.At(now) == auth.Successful {
			return fmt.Sprintf("the phone is authenticated: until %s this ticket is a spare key, and whoever shows it first takes the phone's place; where that is not wanted: lineside otp revoke %s", clock(now, t.Until), mac)
		}
		return "connect the phone and type the ticket's user name and password when it asks, before " + clock(now, t.Until)
	case auth.TicketAwaiting:
		return fmt.Sprintf("compare the phone with what is said of it, then: lineside otp approve %s; or: lineside otp reject %s --reason TEXT", mac, mac)
	case auth.TicketApproved:
		return "restart the phone before " + clock(now, t.Until) + ": its next fetch is the full config"
	case auth.TicketUsed:
		return "nothing to do"
	case auth.TicketRejected:
		return fmt.Sprintf("nothing to do where the phone is not yours; if it is, make another: lineside otp ticket %s", mac)
	}
	return fmt.Sprintf("where the phone still waits, make another: lineside otp ticket %s", mac)
}

func (s *Server) getTickets(c *call) error {
	all, err := s.dep.Desk.Devices()
	if err != nil {
		return fmt.Errorf("list tickets: %w", err)
	}
	out := Tickets{Tickets: []Ticket{}}
	for _, rec := range all {
		if rec.Enrolment.Ticket.State != auth.NoTicket {
			out.Tickets = append(out.Tickets, s.ticket(rec))
		}
	}
	return c.json(http.StatusOK, out)
}

// postTicket makes a ticket and shows its password: this once.
func (s *Server) postTicket(c *call) error {
	mac, err := c.mac()
	if err != nil {
		return err
	}
	var in TicketInput
	if c.r.ContentLength != 0 {
		if err := c.body(&in); err != nil {
			return err
		}
	}
	if in.Hours < 0 || in.Hours > int(auth.MaxTicket.Hours()) {
		return fail(http.StatusUnprocessableEntity, fmt.Sprintf("a ticket lasts from 1 to %.0f hours", auth.MaxTicket.Hours()), "write such a number, or leave hours out for 8")
	}
	rec, err := s.dep.Desk.MakeTicket(c.r.Context(), c.by, mac, time.Duration(in.Hours)*time.Hour, in.Approval)
	if err != nil {
		return err
	}
	out := s.ticket(rec)
	out.User, out.Password = rec.Enrolment.Ticket.User, rec.Enrolment.Ticket.Password.Reveal()
	return c.json(http.StatusCreated, out)
}

func (s *Server) postApprove(c *call) error {
	return s.ticketAct(c, s.dep.Desk.ApproveTicket)
}

func (s *Server) postReject(c *call) error {
	var in RejectInput
	if err := c.body(&in); err != nil {
		return err
	}
	if err := checkReason(in.Reason); err != nil {
		return err
	}
	return s.ticketAct(c, func(ctx context.Context, by audit.Actor, mac phone.MAC) (auth.Record, error) {
		return s.dep.Desk.RejectTicket(ctx, by, mac, in.Reason)
	})
}

func (s *Server) deleteTicket(c *call) error {
	return s.ticketAct(c, s.dep.Desk.RevokeTicket)
}

func (s *Server) putDemand(c *call) error {
	var in DemandInput
	if err := c.body(&in); err != nil {
		return err
	}
	return s.act(c, func(ctx context.Context, by audit.Actor, mac phone.MAC) (auth.Record, error) {
		return s.dep.Desk.DemandTicket(ctx, by, mac, in.Demanded)
	})
}

// ticketAct does what an operator says about a ticket and answers with it.
func (s *Server) ticketAct(c *call, do func(context.Context, audit.Actor, phone.MAC) (auth.Record, error)) error {
	rec, err := c.do(do)
	if err != nil {
		return err
	}
	return c.json(http.StatusOK, s.ticket(rec))
}
