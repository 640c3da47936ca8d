package provision

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/lineside/lineside/audit"
	"github.com/lineside/lineside/auth"
	"github.com/lineside/lineside/phone"
)

// EnterPIN checks a PIN for a device. A wrong one is an outcome, not an error.
// by.Identity ties a right one to where it was dialled, or to the address an
// operator named, "ip:10.20.0.57". Without one it is tied to whoever is on hold
// as the device, and refused with ErrUnproven where layer 2 does not prove who that is.
func (d *Desk) EnterPIN(ctx context.Context, by audit.Actor, mac phone.MAC, pin phone.Secret) (auth.PINResult, error) {
	p := d.Policy()
	if !p.FirstContact.WantsPIN() {
		return auth.PINResult{}, fmt.Errorf("%w: first_contact is %q; for one phone use: lineside device suspend %s", ErrPINNotAsked, p.FirstContact, mac)
	}
	whose := by.Identity
	if whose == "" {
		var err error
		if whose, err = d.onHold.whose(d.tools.Now(), mac); err != nil {
			return auth.PINResult{}, err
		}
	}
	var result auth.PINResult
	rec, err := d.change(ctx, mac, func(old auth.Record) (*auth.Record, []audit.Record, error) {
		if old.Rev == 0 {
			return nil, nil, unknown(mac)
		}
		if old.Enrolment.TicketOnly && p.FirstContact == auth.FactorPIN {
			return nil, nil, fmt.Errorf("%s: %w, so no PIN lets it in", mac, ErrTicketDemanded)
		}
		next := old
		result, next.Enrolment = auth.EnterPIN(d.tools.Now(), p, old.Enrolment, pin, whose)
		if !result.Looked {
			return &next, nil, nil
		}
		return &next, one(mac, by, pinEvent(result)), nil
	})
	if err != nil {
		return auth.PINResult{}, err
	}
	d.triedPIN(ctx, rec, result)
	if err := d.afterPIN(ctx, by, mac, result); err != nil {
		return result, err
	}
	d.step(Step{MAC: mac, Front: Front(by.Front), Text: d.pinStory(result)})
	if result.Looked && (result.Accepted || result.State != auth.Needed) && by.Front != string(SIP) { // there HungUp does it
		d.nudge(mac)
	}
	return result, nil
}

// afterPIN does for the site what a PIN that was looked at brings: a right one
// opens it, a wrong one is counted against its budget.
func (d *Desk) afterPIN(ctx context.Context, by audit.Actor, mac phone.MAC, r auth.PINResult) error {
	switch {
	case r.Accepted:
		if err := d.openWindow(ctx, by, d.tools.Now()); err != nil {
			return fmt.Errorf("the PIN was right, but the site window is not open: %w", err)
		}
	case r.Looked:
		d.wrongPIN(mac)
	}
	return nil
}

// pinWrong is how the audit log says that a PIN was wrong.
const pinWrong = "wrong"

func pinEvent(r auth.PINResult) audit.PINEntered {
	e := audit.PINEntered{Result: pinWrong, State: string(r.State), Until: r.Until}
	if r.Accepted {
		e.Result = "right"
	} else if r.State == auth.Needed {
		e.Fails = auth.WrongPINs - r.Left
	}
	return e
}

func (d *Desk) pinStory(r auth.PINResult) string {
	until := r.Until.In(d.zone).Format(time.TimeOnly)
	switch {
	case r.Accepted:
		return "right PIN; its next fetch is the full config"
	case !r.Looked && r.State == auth.Failed:
		return "PIN not looked at: locked until " + until
	case !r.Looked && r.State == auth.Blocked:
		return "PIN not looked at: blocked until an operator unblocks or resets it"
	case !r.Looked:
		return "PIN not looked at: none is needed now, or it was not six digits"
	case r.State == auth.Failed:
		return "wrong PIN, the third: locked until " + until
	case r.State == auth.Blocked:
		return "wrong PIN after repeated lock-outs: blocked until an operator unblocks or resets it"
	}
	return fmt.Sprintf("wrong PIN; %d more tries", r.Left)
}

// Suspend asks no proof of the device for 30 minutes.
func (d *Desk) Suspend(ctx context.Context, by audit.Actor, mac phone.MAC) (auth.Record, error) {
	return d.act(ctx, by, mac, "suspended: no proof is asked for 30 minutes", func(e auth.Enrolment) (auth.Enrolment, audit.Event) {
		e = auth.Suspend(d.tools.Now(), e)
		return e, audit.Suspended{Until: e.Suspended}
	})
}

// Reset makes the device's authentication void and gives it a new PIN. One the
// platform keeps is reset there.
func (d *Desk) Reset(ctx context.Context, by audit.Actor, mac phone.MAC) (auth.Record, error) {
	if rec, asks, err := d.byPlatform(by, mac); err != nil {
		return rec, err
	} else if asks {
		return d.askPlatform(ctx, by, rec, PlatformAct{Do: "reset"})
	}
	return d.act(ctx, by, mac, "reset: its login is void, it has a new PIN", func(e auth.Enrolment) (auth.Enrolment, audit.Event) {
		e = auth.Reset(e, mintPIN())
		return e, audit.Reset{Epoch: e.Epoch}
	})
}

// ErrNotLocked is returned for unblocking a device that no wrong PIN stands
// against.
var ErrNotLocked = errors.New("is not locked out, and no wrong PIN is counted against it")

// Unblock takes a device out of blocked or failed, and forgets its wrong PINs.
// It returns ErrNotLocked, wrapped, where there is nothing to undo.
func (d *Desk) Unblock(ctx context.Context, by audit.Actor, mac phone.MAC) (auth.Record, error) {
	rec, err := d.store.Devices.Device(mac)
	switch {
	case err == nil && auth.Unblock(rec.Enrolment) == rec.Enrolment:
		return rec, fmt.Errorf("%s %w", mac, ErrNotLocked)
	case err == nil && rec.Enrolment.State == auth.Blocked: // the platform counts it as well; a lock-out of half an hour it does not
		if rec, asks, err := d.byPlatform(by, mac); err != nil {
			return rec, err
		} else if asks {
			return d.askPlatform(ctx, by, rec, PlatformAct{Do: "unblock"})
		}
	}
	return d.act(ctx, by, mac, "unblocked: its PIN is taken again", func(e auth.Enrolment) (auth.Enrolment, audit.Event) {
		from := e.At(d.tools.Now())
		e = auth.Unblock(e)
		return e, audit.StateChanged{From: string(from), To: string(e.State), Reason: "unblocked"}
	})
}

// ErrHasLogin is returned for blocking a device that needs no PIN any more.
var ErrHasLogin = errors.New("has a login of its own: no PIN is asked for")

// Block has no PIN and no one-time password of a device taken until it is
// unblocked or reset. One the platform keeps is blocked there as well, as after
// its last lock-out here. It returns ErrHasLogin, wrapped, where a block would
// keep nobody out.
func (d *Desk) Block(ctx context.Context, by audit.Actor, mac phone.MAC) (auth.Record, error) {
	rec, err := d.change(ctx, mac, func(old auth.Record) (*auth.Record, []audit.Record, error) {
		if old.Rev == 0 {
			return nil, nil, unknown(mac)
		}
		next, from := old, old.Enrolment.At(d.tools.Now())
		if from == auth.Successful {
			return nil, nil, fmt.Errorf("%s %w", mac, ErrHasLogin)
		}
		next.Enrolment = auth.Block(old.Enrolment)
		return &next, one(mac, by, audit.StateChanged{From: string(from), To: string(auth.Blocked), Reason: "blocked by an operator"}), nil
	})
	if err != nil {
		return rec, err
	}
	d.step(Step{MAC: mac, Front: Front(by.Front), Vendor: rec.Device.Vendor, Text: "blocked: neither its PIN nor a one-time password is taken"})
	d.nudge(mac)
	d.triedPIN(ctx, rec, auth.PINResult{Looked: true, State: auth.Blocked})
	return rec, nil
}

// AllowOTP arms the brand OTP for the device once more; with clear its old
// login is void at once.
func (d *Desk) AllowOTP(ctx context.Context, by audit.Actor, mac phone.MAC, clear bool) (auth.Record, error) {
	rec, err := d.store.Devices.Device(mac)
	if err != nil {
		return rec, err
	}
	if _, asks, err := d.byPlatform(by, mac); err != nil {
		return rec, fmt.Errorf("device %s %w", mac, ErrPlatformOTP)
	} else if asks {
		return d.askPlatform(ctx, by, rec, PlatformAct{Do: "allow-otp", Clear: clear})
	}
	if d.brandOTP(d.Policy(), rec.Device.Vendor).Password.IsZero() {
		brand := d.table.Brand(rec.Device.Vendor)
		return rec, fmt.Errorf("%w for %s: set one first: lineside otp set %s --generate", ErrNoOTP, brand, brand)
	}
	if rec.Enrolment.TicketOnly {
		return rec, fmt.Errorf("%s: %w", mac, ErrTicketDemanded)
	}
	return d.act(ctx, by, mac, "may use the brand's one-time password once", func(e auth.Enrolment) (auth.Enrolment, audit.Event) {
		e = auth.AllowOTP(e, clear)
		return e, audit.OTPAllowed{Generation: e.OTP.Generation, Cleared: clear}
	})
}

// act applies one of auth's operator actions and tells of it.
func (d *Desk) act(ctx context.Context, by audit.Actor, mac phone.MAC, text string, apply func(auth.Enrolment) (auth.Enrolment, audit.Event)) (auth.Record, error) {
	rec, err := d.change(ctx, mac, func(old auth.Record) (*auth.Record, []audit.Record, error) {
		if old.Rev == 0 {
			return nil, nil, unknown(mac)
		}
		next := old
		var e audit.Event
		next.Enrolment, e = apply(old.Enrolment)
		return &next, one(mac, by, e), nil
	})
	if err == nil {
		d.step(Step{MAC: mac, Front: Front(by.Front), Vendor: rec.Device.Vendor, Text: text})
		d.nudge(mac)
	}
	return rec, err
}
