package admin

import (
	"bytes"
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
	// GiveTicket makes one with a user name and a password of the operator's own.
	GiveTicket(ctx context.Context, by audit.Actor, mac phone.MAC, fresh auth.Ticket, life time.Duration) (auth.Record, error)
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
	// 2 says; model, firmware and serial number are the phone's own word.
	Requested time.Time  `json:"requested,omitzero"`
	From      string     `json:"from,omitempty"`
	Address   netip.Addr `json:"address,omitzero"`
	Model     string     `json:"model,omitempty"`
	Firmware  string     `json:"firmware,omitempty"`
	Serial    string     `json:"serial,omitempty"` // number of the phone
	Reason    string     `json:"reason,omitempty"` // why it was rejected
	// User and Password are in one answer only: to the call that made it.
	User     string `json:"user,omitempty"`
	Password string `json:"password,omitempty"`
	Next     string `json:"next"`
}

// Tickets is the tickets of devices of the box, dead ones included, by MAC.
type Tickets struct {
	Tickets []Ticket `json:"tickets"`
	// States counts the tickets that match but for the state asked for, in each.
	States map[string]int `json:"states"`
	// Reasons are what a rejection is often for, Presets the hours often given.
	Reasons []string `json:"reasons"`
	Presets []int    `json:"hour_presets"`
}

// TicketInput makes a ticket.
type TicketInput struct {
	Hours    int  `json:"hours,omitempty"` // 1 to 336, 0 is what the policy says
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
	_, text := nextTicket(now, rec)
	return Ticket{
		MAC: rec.Device.MAC, Vendor: rec.Device.Vendor, Label: rec.Device.Label,
		State: string(t.At(now)), Approval: t.Approval, Made: t.Made, Expires: t.Until,
		Requested: t.Asked.At, From: t.Asked.By, Address: t.Asked.Addr, Model: t.Asked.Model, Firmware: t.Asked.Firmware, Serial: t.Asked.Serial,
		Reason: t.Reason, Next: text,
	}
}

// nextTicket is what an operator does next about a ticket.
func nextTicket(now time.Time, rec auth.Record) (step, string) {
	e, mac := rec.Enrolment, rec.Device.MAC
	switch t := e.Ticket; t.At(now) {
	case auth.TicketGenerated:
		if e.At(now) == auth.Successful {
			return stepSpare, fmt.Sprintf("the phone is authenticated: until %s this ticket is a spare key, and whoever shows it first takes the phone's place; where that is not wanted: lineside otp revoke %s", clock(now, t.Until), mac)
		}
		return stepTypeTicket, "connect the phone and type the ticket's user name and password when it asks, before " + clock(now, t.Until)
	case auth.TicketAwaiting:
		return stepApprove, fmt.Sprintf("compare the phone with what is said of it, then: lineside otp approve %s; or: lineside otp reject %s --reason TEXT", mac, mac)
	case auth.TicketApproved:
		return stepRestartNow, "restart the phone before " + clock(now, t.Until) + ": its next fetch is the full config"
	case auth.TicketUsed:
		return stepNothing, "nothing to do"
	case auth.TicketRejected:
		return stepNotOurs, fmt.Sprintf("nothing to do where the phone is not yours; if it is, make another: lineside otp ticket %s", mac)
	}
	return stepTicket, fmt.Sprintf("where the phone still waits, make another: lineside otp ticket %s", mac)
}

// getTickets lists the tickets, narrowed as a list of devices is, and by their
// own state; all of them, or limit of them after the first offset. States says
// how many there are.
func (s *Server) getTickets(c *call) error {
	v := c.r.URL.Query()
	q, err := s.narrow(Search{Text: v.Get("q"), Vendor: v.Get("vendor"), Owner: v.Get("owner")})
	if err != nil {
		return err
	}
	state := v.Get("state")
	if err := oneOf("state", state, ticketStates()); err != nil {
		return err
	}
	asCSV, err := c.flag("csv")
	if err != nil {
		return err
	}
	offset, err := c.number("offset", 0, 1<<31)
	if err != nil {
		return err
	}
	limit, err := c.number("limit", 0, pageMost)
	if err != nil {
		return err
	}
	out := Tickets{Tickets: []Ticket{}, States: map[string]int{}, Reasons: RejectReasons(), Presets: TicketHours()}
	for _, name := range ticketStates() {
		out.States[name] = 0
	}
	now, n := s.cfg.Now(), 0
	for _, h := range s.find(q, s.dep.Desk.Records(), 0).hits {
		st := string(h.rec.Enrolment.Ticket.At(now))
		if st == "" {
			continue
		}
		out.States[st]++
		if state != "" && state != st {
			continue
		}
		if n++; n > int(offset) && (limit == 0 || len(out.Tickets) < int(limit)) { // only what is shown is written out
			out.Tickets = append(out.Tickets, s.ticket(*h.rec))
		}
	}
	if !asCSV {
		return c.json(http.StatusOK, out)
	}
	var b bytes.Buffer
	if err := WriteTickets(&b, out.Tickets, false); err != nil {
		return err
	}
	c.csv("lineside-tickets.csv", b.Bytes())
	return nil
}

// ticketStates are the states of tickets there are.
func ticketStates() []string {
	var names []string
	for _, st := range []auth.TicketState{
		auth.TicketGenerated, auth.TicketAwaiting, auth.TicketApproved, auth.TicketUsed, auth.TicketRejected, auth.TicketExpired, auth.TicketRevoked,
	} {
		names = append(names, string(st))
	}
	return names
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
		return badHours()
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
