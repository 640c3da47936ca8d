package admin

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"sync"

	"github.com/lineside/lineside/audit"
	"github.com/lineside/lineside/auth"
	"github.com/lineside/lineside/phone"
	"github.com/lineside/lineside/provision"
)

// MaxBulk is how many devices one call can be about.
const MaxBulk = 1000

// bulkAtOnce is how many of them are changed at a time, so that their writes
// share the disk's.
const bulkAtOnce = 8

// BulkInput is one action for many devices: those named, or those a search finds.
type BulkInput struct {
	MACs   []phone.MAC `json:"macs,omitempty"`
	Search *Search     `json:"search,omitempty"`
	// Expect is how many the search found when the operator looked; where it finds
	// another number by now, nothing is done. 0 is not checked.
	Expect int    `json:"expect,omitempty"`
	Action string `json:"action"`
	// Reason is of reject, Clear of allow-otp.
	Reason string `json:"reason,omitempty"`
	Clear  bool   `json:"clear,omitempty"`
	// DryRun says what would become of each and changes nothing.
	DryRun bool `json:"dry_run,omitempty"`
}

// BulkRow is what became of one device. Error and Hint are empty where it was
// done, or would be.
type BulkRow struct {
	MAC   phone.MAC `json:"mac"`
	Label string    `json:"label,omitempty"`
	State string    `json:"state,omitempty"` // after it
	Error string    `json:"error,omitempty"`
	Hint  string    `json:"hint,omitempty"`
}

// BulkDone is what became of all, in the order they were named or found in.
type BulkDone struct {
	Action string    `json:"action"`
	DryRun bool      `json:"dry_run"`
	Done   int       `json:"done"` // or would be
	Failed int       `json:"failed"`
	Rows   []BulkRow `json:"rows"`
}

// bulkAction is one thing that can be done to many devices.
type bulkAction struct {
	least Role
	// ready says what would keep it from being done to a device as it is now.
	ready func(s *Server, rec *auth.Record) error
	do    func(s *Server, ctx context.Context, by audit.Actor, mac phone.MAC, in BulkInput) error
}

// bulkActions are all there are, by the word that asks for them. Each asks for
// the role that the call for one device does.
func bulkActions() map[string]bulkAction {
	type act = func(context.Context, audit.Actor, phone.MAC) (auth.Record, error)
	one := func(of func(Desk) act) func(*Server, context.Context, audit.Actor, phone.MAC, BulkInput) error {
		return func(s *Server, ctx context.Context, by audit.Actor, mac phone.MAC, _ BulkInput) error {
			_, err := of(s.dep.Desk)(ctx, by, mac)
			return err
		}
	}
	demand := func(demanded bool) func(*Server, context.Context, audit.Actor, phone.MAC, BulkInput) error {
		return func(s *Server, ctx context.Context, by audit.Actor, mac phone.MAC, _ BulkInput) error {
			_, err := s.dep.Desk.DemandTicket(ctx, by, mac, demanded)
			return err
		}
	}
	return map[string]bulkAction{
		"suspend":   {Admin, nil, one(func(d Desk) act { return d.Suspend })},
		"reset":     {Admin, nil, one(func(d Desk) act { return d.Reset })},
		"block":     {Admin, isUnsettled, one(func(d Desk) act { return d.Block })},
		"unblock":   {Installer, isLocked, one(func(d Desk) act { return d.Unblock })},
		"allow-otp": {Admin, nil, (*Server).bulkAllowOTP},
		"resync":    {Installer, nil, (*Server).bulkResync},
		"remove":    {Admin, isOurs, (*Server).bulkRemove},
		"demand":    {Admin, nil, demand(true)},
		"undemand":  {Admin, nil, demand(false)},
		"approve":   {Admin, isAwaiting, one(func(d Desk) act { return d.ApproveTicket })},
		"reject":    {Admin, isAwaiting, (*Server).bulkReject},
		"revoke":    {Admin, isLive, one(func(d Desk) act { return d.RevokeTicket })},
	}
}

func (s *Server) bulkAllowOTP(ctx context.Context, by audit.Actor, mac phone.MAC, in BulkInput) error {
	_, err := s.dep.Desk.AllowOTP(ctx, by, mac, in.Clear)
	return err
}

func (s *Server) bulkResync(_ context.Context, _ audit.Actor, mac phone.MAC, _ BulkInput) error {
	done, err := s.dep.Desk.Resync([]phone.MAC{mac}, "", false)
	if err == nil && done.NoWay > 0 {
		return fail(http.StatusConflict, "its maker's phones take no such message", "restart the phone")
	}
	return err
}

func (s *Server) bulkRemove(ctx context.Context, by audit.Actor, mac phone.MAC, _ BulkInput) error {
	return s.dep.Desk.Remove(ctx, by, mac)
}

func (s *Server) bulkReject(ctx context.Context, by audit.Actor, mac phone.MAC, in BulkInput) error {
	_, err := s.dep.Desk.RejectTicket(ctx, by, mac, in.Reason)
	return err
}

func isLocked(s *Server, rec *auth.Record) error {
	e := rec.Enrolment
	if st := e.At(s.cfg.Now()); st != auth.Failed && st != auth.Blocked && e.Fails+e.LockOuts == 0 {
		return fmt.Errorf("%s %w", rec.Device.MAC, provision.ErrNotLocked)
	}
	return nil
}

func isUnsettled(s *Server, rec *auth.Record) error {
	if rec.Enrolment.At(s.cfg.Now()) == auth.Successful {
		return fmt.Errorf("%s %w", rec.Device.MAC, provision.ErrHasLogin)
	}
	return nil
}

func isOurs(_ *Server, rec *auth.Record) error {
	if rec.Platform.Managed {
		return fmt.Errorf("device %s %w: %w", rec.Device.MAC, provision.ErrPlatform, provision.ErrPlatformRemove)
	}
	return nil
}

func isAwaiting(s *Server, rec *auth.Record) error {
	return ticketIs(s, rec, func(st auth.TicketState) bool { return st == auth.TicketAwaiting })
}

func isLive(s *Server, rec *auth.Record) error { return ticketIs(s, rec, auth.TicketState.IsLive) }

func ticketIs(s *Server, rec *auth.Record, right func(auth.TicketState) bool) error {
	st := rec.Enrolment.Ticket.At(s.cfg.Now())
	switch {
	case right(st):
		return nil
	case st == auth.NoTicket:
		return fmt.Errorf("ticket of %s: %w: there is none", rec.Device.MAC, auth.ErrTicketState)
	}
	return fmt.Errorf("ticket of %s: %w: it is %s", rec.Device.MAC, auth.ErrTicketState, st)
}

// postBulk does one thing to many devices, each by itself: what cannot be done
// to one keeps it from no other.
func (s *Server) postBulk(c *call) error {
	var in BulkInput
	if err := c.body(&in); err != nil {
		return err
	}
	action, ok := bulkActions()[in.Action]
	if !ok {
		return fail(http.StatusUnprocessableEntity, fmt.Sprintf("there is no action %.40q", in.Action),
			"write suspend, reset, block, unblock, allow-otp, resync, remove, demand, undemand, approve, reject or revoke")
	}
	if err := c.allowed(action.least); err != nil {
		return err
	}
	if in.Action == "reject" {
		if err := checkReason(in.Reason); err != nil {
			return err
		}
	}
	macs, err := s.meant(in)
	if err != nil {
		return err
	}
	out := BulkDone{Action: in.Action, DryRun: in.DryRun, Rows: make([]BulkRow, len(macs))}
	var running sync.WaitGroup
	room := make(chan struct{}, bulkAtOnce)
	for i, mac := range macs {
		room <- struct{}{}
		running.Go(func() {
			defer func() { <-room }()
			out.Rows[i] = s.bulkRow(c, action, mac, in)
		})
	}
	running.Wait()
	for _, row := range out.Rows {
		if row.Error == "" {
			out.Done++
		} else {
			out.Failed++
		}
	}
	return c.json(http.StatusOK, out)
}

// meant are the devices a call is about, none of them twice.
func (s *Server) meant(in BulkInput) ([]phone.MAC, error) {
	if (in.Search != nil) == (len(in.MACs) > 0) {
		return nil, fail(http.StatusUnprocessableEntity, "write which devices are meant: macs, or a search, not both and not neither", "send {\"macs\": [...]} or {\"search\": {...}}; {} is all devices")
	}
	macs := in.MACs
	if in.Search != nil {
		q, err := s.narrow(*in.Search)
		if err != nil {
			return nil, err
		}
		macs = nil
		for _, h := range s.find(q, s.dep.Desk.Records(), 0).hits {
			macs = append(macs, h.rec.Device.MAC)
		}
		if in.Expect != 0 && in.Expect != len(macs) {
			return nil, fail(http.StatusConflict, fmt.Sprintf("the search finds %d devices now, and %d were expected; nothing was done", len(macs), in.Expect), "look at the list again")
		}
	}
	if len(macs) > MaxBulk {
		return nil, fail(http.StatusUnprocessableEntity, fmt.Sprintf("%d devices are meant, and at most %d can be at once; nothing was done", len(macs), MaxBulk), "narrow the search, or do it in parts")
	}
	seen, list := make(map[phone.MAC]bool, len(macs)), make([]phone.MAC, 0, len(macs))
	for _, mac := range macs {
		if !seen[mac] {
			seen[mac], list = true, append(list, mac)
		}
	}
	return list, nil
}

// bulkRow does it to one device.
func (s *Server) bulkRow(c *call, action bulkAction, mac phone.MAC, in BulkInput) BulkRow {
	row := BulkRow{MAC: mac}
	err := s.bulkOne(c, action, &row, in)
	if err == nil {
		return row
	}
	e, known := errorFor(err)
	if !known {
		s.dep.Log.Error("one of many could not be done", "front", c.by.Front, "mac", mac, "err", err)
	}
	row.Error, row.Hint = e.What, e.Hint
	return row
}

func (s *Server) bulkOne(c *call, action bulkAction, row *BulkRow, in BulkInput) (err error) {
	defer func() {
		if v := recover(); v != nil { // a goroutine of its own: the front's recover does not see it
			s.dep.Metrics.Panics.WithLabelValues(c.by.Front).Inc()
			err = fmt.Errorf("panic: %v", v)
		}
	}()
	rec, err := s.dep.Desk.Device(row.MAC)
	if err != nil {
		return err
	}
	row.Label, row.State = rec.Device.Label, string(rec.Enrolment.At(s.cfg.Now()))
	if action.ready != nil {
		if err := action.ready(s, &rec); err != nil {
			return err
		}
	}
	if in.DryRun {
		return nil
	}
	if err := s.recordable(c); err != nil { // each is an entry of the audit log
		return err
	}
	if err := action.do(s, c.r.Context(), c.by, row.MAC, in); err != nil {
		return err
	}
	switch rec, err := s.dep.Desk.Device(row.MAC); {
	case err == nil:
		row.State = string(rec.Enrolment.At(s.cfg.Now()))
	case errors.Is(err, phone.ErrUnknownDevice):
		row.State = ""
	}
	return nil
}

// checkReason says what is wrong with the reason of a rejection.
func checkReason(reason string) error {
	if len(reason) > phone.MaxText {
		return fail(http.StatusUnprocessableEntity, fmt.Sprintf("the reason is longer than %d bytes", phone.MaxText), "write a shorter one")
	}
	return nil
}

// Bulk does one thing to many devices.
func (c *Client) Bulk(ctx context.Context, in BulkInput) (BulkDone, error) {
	return ask[BulkDone](ctx, c, request{method: "POST", path: "/devices/bulk", body: in})
}
