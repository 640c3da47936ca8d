package provision

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/lineside/lineside/audit"
	"github.com/lineside/lineside/auth"
	"github.com/lineside/lineside/phone"
	"github.com/lineside/lineside/vendors"
)

// CAFile is the name the box's CA certificate is served by.
const CAFile = "lineside-ca.pem"

// Fetch answers one request for a file: identify, load, decide, persist,
// render. On an error the door refuses. The answer to a caller never depends
// on whether the box knows the device, until it has proved itself.
func (d *Desk) Fetch(ctx context.Context, ask Ask) (Answer, error) {
	if ask.File == "" { // the folder itself
		var meant bool
		if ask.File, meant = d.table.Bare(ask.Agent); !meant {
			return Answer{}, nil
		}
	}
	if ask.File == CAFile && len(d.cfg.CA) > 0 {
		return Answer{Status: Content, Body: d.cfg.CA, Type: "application/x-pem-file", Tag: tagOf(d.cfg.CA)}, nil
	}
	if vendor, ok := strings.CutPrefix(ask.File, dirFolder); ok {
		return d.directory(ctx, ask, vendor)
	}
	tokened := strings.HasPrefix(ask.File, tokenMark)
	ask, fit := d.untoken(ask)
	if !fit || tokened && ask.Front == TFTP {
		return Answer{}, nil
	}
	now := d.tools.Now()
	c, ok := d.identify(now, ask)
	if !ok || c.file.Kind == vendors.Absent || strings.HasPrefix(ask.File, filesFolder) {
		if a, served := d.serveLocal(ask, c); served {
			return a, nil
		}
		if a, served, err := d.serveSeed(ask, c); served {
			return a, err
		}
	}
	if !ok || c.file.Kind == vendors.Absent {
		d.noteAbsent(ask, c)
		return Answer{Phone: c.isPhone}, nil
	}
	if c.file.Kind != vendors.Config {
		return d.serveOpen(ask, c)
	}
	rec, known, err := d.record(c)
	if err != nil {
		return Answer{Phone: c.isPhone}, err
	}
	dec, rec, err := d.decide(ctx, now, ask, c, rec, known)
	if err != nil {
		return Answer{Phone: c.isPhone}, err
	}
	a, err := d.answer(ask, c, rec, dec, now)
	if a.Status == Challenge && ask.Attempt != nil {
		a.Retry = d.penalties.wait(now, c) // whatever was shown, and whether or not the device is known
	}
	return a, err
}

// record loads the device the caller goes by. A device that asks as another
// vendor's phone is treated as unknown: the file it wants is not one of its
// own.
func (d *Desk) record(c caller) (auth.Record, bool, error) {
	rec, err := d.store.Devices.Device(c.file.MAC)
	switch {
	case errors.Is(err, phone.ErrUnknownDevice):
		return auth.Record{}, false, nil
	case err != nil:
		return auth.Record{}, false, fmt.Errorf("load device %s: %w", c.file.MAC, err)
	case !c.owns(rec):
		if c.verdict == auth.Proven { // else it is a stranger's word
			d.step(Step{MAC: c.file.MAC, Vendor: c.file.Vendor, Text: fmt.Sprintf(
				"is set up as %s but asks for %s, a file of %s; if the phone is one, correct it: lineside device edit %s --vendor %s",
				rec.Device.Vendor, c.file.Name, c.file.Vendor, c.file.MAC, c.file.Vendor)})
		}
		return auth.Record{}, false, nil
	}
	return rec, true, nil
}

// owns reports that the file asked for is one of the device's own.
func (c caller) owns(rec auth.Record) bool { return rec.Rev != 0 && rec.Device.Vendor == c.file.Vendor }

// decide asks auth, first on the record as it is in memory and, where that
// would change something, again inside the transaction that keeps the change.
func (d *Desk) decide(ctx context.Context, now time.Time, ask Ask, c caller, rec auth.Record, known bool) (auth.Decision, auth.Record, error) {
	policy := d.store.Policies.Policy()
	req := d.request(now, ask, c, rec, known, policy)
	dec, after := auth.Decide(now, policy, state(rec, known), req, auth.Credential{})
	if dec.Changes {
		var err error
		before := rec.Enrolment.Ticket
		if dec, rec, err = d.settle(ctx, now, ask, c, policy, rec, after); err != nil {
			return auth.Decision{}, rec, err
		}
		if rec.Enrolment.Ticket.State != before.State {
			d.noteTicket(ctx, ask, c, rec)
		}
		d.screenPIN(ctx, ask, c, rec, dec)
	} else if err := d.evenOut(ctx, req.Shown, dec); err != nil {
		return auth.Decision{}, rec, err
	}
	if again(dec) {
		if err := d.deliver(ctx, now, ask, c, dec); err != nil {
			return auth.Decision{}, rec, err
		}
	}
	if dec.Outcome == auth.Full {
		d.holdWindow(ctx, actorOf(ask, c), now)
		if !dec.Changes && d.platform() != nil {
			d.tellings.fetchedFull(c.file.MAC, actorOf(ask, c))
		}
	}
	if dec.Count && ask.Attempt != nil {
		d.penalties.add(now, c, ask.Attempt.Print)
	}
	c.shown = req.Shown
	d.note(now, ask, c, rec, known, dec)
	return dec, rec, nil
}

// request gathers the evidence.
func (d *Desk) request(now time.Time, ask Ask, c caller, rec auth.Record, known bool, p auth.Policy) auth.Request {
	shown, brand := d.weigh(now, ask, c, rec, p)
	var from auth.Asked
	if shown == auth.TicketOTP {
		from = askerOf(ask, c)
	}
	return auth.Request{
		From:      from,
		Known:     known,
		Secret:    c.file.Kind == vendors.Config,
		Identity:  c.verdict,
		By:        c.by,
		Shown:     shown,
		Brand:     brand,
		Allowed:   p.Allows(now, ask.Remote.Addr()),
		Certified: c.certified,
		OpenDoor:  ask.Front == TFTP,
		PlainTFTP: rec.Device.PlainTFTP,
		Silent:    d.silent(c.file.Vendor),
		Asks:      d.asks(c.file.Vendor),
	}
}

// silent reports that phones of the vendor speak TFTP and nothing else.
func (d *Desk) silent(v phone.Vendor) bool {
	m, ok := d.table.Of(v)
	return ok && slices.Equal(m.Fetch.By, []vendors.Protocol{vendors.TFTP})
}

func state(rec auth.Record, known bool) auth.Enrolment {
	if known {
		return rec.Enrolment
	}
	return auth.Enrolment{State: auth.Needed}
}

// commit decides inside the store's transaction: only what is true there
// counts, so of two callers with one OTP the second finds it used. confirmed is
// what the platform has said yes to.
func (d *Desk) commit(ctx context.Context, now time.Time, ask Ask, c caller, p auth.Policy, confirmed auth.Minting) (auth.Decision, auth.Record, error) {
	fresh := mint(now, c.by)
	actor := actorOf(ask, c)
	var dec auth.Decision
	recs, err := d.store.Devices.Change(ctx, func(old auth.Record) (*auth.Record, []audit.Record, error) {
		known := c.owns(old)
		req := d.request(now, ask, c, old, known, p)
		next := old
		dec, next.Enrolment = auth.Decide(now, p, state(old, known), req, fresh)
		if known && old.Platform.Asks(old.Enrolment, next.Enrolment) && old.Platform.OTP != confirmed {
			dec = unconfirmed()
		}
		if !known || !dec.Changes {
			return keep(old), nil, nil
		}
		return &next, eventsOf(actor, old, next, dec), nil
	}, c.file.MAC)
	if err != nil {
		return auth.Decision{}, auth.Record{}, fmt.Errorf("keep the enrolment of %s: %w", c.file.MAC, err)
	}
	if len(recs) == 0 {
		return dec, auth.Record{}, nil
	}
	return dec, recs[0], nil
}

// keep leaves a record as it is, or absent.
func keep(old auth.Record) *auth.Record {
	if old.Rev == 0 {
		return nil
	}
	return &old
}

func actorOf(ask Ask, c caller) audit.Actor {
	return audit.Actor{Front: string(ask.Front), Remote: ask.Remote.Addr().Unmap(), Identity: c.by}
}

// eventsOf says in the audit log what a decision changed.
func eventsOf(by audit.Actor, old, next auth.Record, dec auth.Decision) []audit.Record {
	var events []audit.Record
	add := func(e audit.Event) { events = append(events, audit.Record{MAC: next.Device.MAC, By: by, Event: e}) }
	was, is := old.Enrolment, next.Enrolment
	for _, e := range ticketEvents(was.Ticket, is.Ticket) {
		add(e)
	}
	if dec.PIN.Looked {
		add(pinEvent(dec.PIN)) // it tells of a lock-out too
	}
	if is.OTP.Used && !was.OTP.Used {
		add(audit.OTPConsumed{Generation: is.OTP.Generation, Brand: is.OTP.Brand})
	}
	if is.Pending.User != "" && is.Pending.User != was.Pending.User {
		add(audit.CredentialMinted{User: is.Pending.User, Ground: string(dec.Reason)})
	}
	if is.Current.User != "" && is.Current.User != was.Current.User {
		add(audit.CredentialConfirmed{User: is.Current.User})
	}
	if is.State != was.State && !dec.PIN.Looked {
		add(audit.StateChanged{From: string(was.State), To: string(is.State), Reason: string(dec.Reason)})
	}
	return events
}
