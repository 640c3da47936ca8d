package provision

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/lineside/lineside/audit"
	"github.com/lineside/lineside/auth"
	"github.com/lineside/lineside/phone"
)

// Platform is the central platform as the desk needs it, while the box has
// joined one.
type Platform interface {
	// Confirm says whether the one-time password of a device's mint may be
	// accepted, now and once. An error says why that could not be found out; it
	// is a no as well. It may wait for an answer, within bounds of its own.
	Confirm(ctx context.Context, mac phone.MAC, mint string) (bool, error)
	// Tried tells of a wrong PIN, blocked that the device takes no more.
	Tried(ctx context.Context, mac phone.MAC, blocked bool) error
	// Act has the platform do what it alone may. The error is ErrPlatformAway,
	// ErrPlatformNo or ErrPlatformDoubt, wrapped.
	Act(ctx context.Context, by audit.Actor, mac phone.MAC, act PlatformAct) error
}

// Front of the platform in the audit log.
const PlatformFront Front = "platform"

// ErrPlatform is returned for a change of what the central platform keeps.
var ErrPlatform = errors.New("is kept by the platform")

// ErrPlatformRemove is returned, with ErrPlatform, for removing a device of the
// platform's: changes here, where it allows them, are no help.
var ErrPlatformRemove = errors.New("it would be back with the platform's next word about it")

// ErrPlatformOTP is returned for giving a device of the platform's a one-time
// password: only the platform can see to it that it is used once.
var ErrPlatformOTP = errors.New("gets its one-time passwords from the platform")

// maxAsking bounds how many phones wait for the platform at a time; one more is
// answered like one refused.
const maxAsking = 64

// confirmFor bounds the whole of a question to the platform, with what the box
// itself has to write.
const confirmFor = 8 * time.Second

// link is what the desk keeps of the platform. The zero value is a box that has
// not joined.
type link struct {
	mu       sync.Mutex
	platform Platform
	asking   map[phone.MAC]bool // phones the platform is asked about
}

// Join has the desk ask p from now on, nil to ask nobody.
func (d *Desk) Join(p Platform) {
	d.link.mu.Lock()
	defer d.link.mu.Unlock()
	d.link.platform = p
}

func (d *Desk) platform() Platform {
	d.link.mu.Lock()
	defer d.link.mu.Unlock()
	return d.link.platform
}

// ask begins a question about a device. It is nil where there is nobody to ask,
// too many are asking, or one about this device is under way.
func (l *link) ask(mac phone.MAC) Platform {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.platform == nil || len(l.asking) >= maxAsking || l.asking[mac] {
		return nil
	}
	if l.asking == nil {
		l.asking = make(map[phone.MAC]bool)
	}
	l.asking[mac] = true
	return l.platform
}

func (l *link) asked(mac phone.MAC) {
	l.mu.Lock()
	defer l.mu.Unlock()
	delete(l.asking, mac)
}

func (l *link) isAsking(mac phone.MAC) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.asking[mac]
}

// settle keeps what a decision changed. One that uses up a one-time password of
// the platform's first waits for the platform's yes, outside of any transaction;
// what the transaction then finds has to be what the yes was for.
func (d *Desk) settle(ctx context.Context, now time.Time, ask Ask, c caller, p auth.Policy, rec auth.Record, after auth.Enrolment) (auth.Decision, auth.Record, error) {
	if !rec.Platform.Asks(rec.Enrolment, after) {
		return d.commit(ctx, now, ask, c, p, auth.Minting{})
	}
	mac, mint := c.file.MAC, rec.Platform.OTP
	platform := d.link.ask(mac)
	if platform == nil {
		return unconfirmed(), rec, nil
	}
	defer d.link.asked(mac)
	// A phone that hangs up must not undo a yes: it comes back for its config.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), confirmFor)
	defer cancel()
	yes, err := platform.Confirm(ctx, mac, mint.Mint)
	if err != nil {
		d.tools.Log.Info("a one-time password was not confirmed by the platform", "mac", mac, "remote", ask.Remote.Addr(), "err", err)
	}
	if !yes {
		return unconfirmed(), rec, nil
	}
	dec, next, err := d.commit(ctx, now, ask, c, p, mint)
	if err != nil || !rec.Platform.Asks(rec.Enrolment, next.Enrolment) {
		d.burn(context.WithoutCancel(ctx), mac, mint)
	}
	return dec, next, err
}

func unconfirmed() auth.Decision {
	return auth.Decision{Outcome: auth.Challenge, Reason: auth.OTPUnconfirmed}
}

// burn makes void at the box what the platform takes for used, because between
// its yes and the box's own write something else came.
func (d *Desk) burn(ctx context.Context, mac phone.MAC, mint auth.Minting) {
	rec, err := d.change(ctx, mac, func(old auth.Record) (*auth.Record, []audit.Record, error) {
		if old.Rev == 0 || !old.Platform.Managed || old.Platform.OTP != mint {
			return keep(old), nil, nil
		}
		next := old
		next.Enrolment = auth.VoidOTP(old.Enrolment)
		return &next, enrolmentEvents(platformActor(), old, next), nil
	})
	if err != nil {
		d.tools.Log.Warn("a one-time password that the platform takes for used may be shown again here; it will say no", "mac", mac, "err", err)
	}
	d.step(Step{MAC: mac, Front: PlatformFront, Vendor: rec.Device.Vendor, Text: "its one-time password is used up and no config was given for it; have the platform give it another"})
}

// triedPIN tells the platform of a wrong PIN.
func (d *Desk) triedPIN(ctx context.Context, rec auth.Record, r auth.PINResult) {
	platform := d.platform()
	if platform == nil || !rec.Platform.Managed || !r.Looked || r.Accepted {
		return
	}
	if err := platform.Tried(ctx, rec.Device.MAC, r.State == auth.Blocked); err != nil {
		d.tools.Log.Warn("the platform will not hear of a wrong PIN", "mac", rec.Device.MAC, "err", err)
	}
}

func platformActor() audit.Actor { return audit.Actor{Front: string(PlatformFront)} }

// mayChange refuses an operator here a change of what the platform keeps, unless
// the platform allows it.
func mayChange(by audit.Actor, p auth.Policy, kept bool, what string) error {
	if !kept || by.Front == string(PlatformFront) || p.Platform.LocalChanges {
		return nil
	}
	return fmt.Errorf("%s %w", what, ErrPlatform)
}

func mayChangeDevice(by audit.Actor, p auth.Policy, rec auth.Record) error {
	return mayChange(by, p, rec.Platform.Managed, "device "+rec.Device.MAC.String())
}

// mayGive refuses a device of the platform's a one-time password from here.
func (d *Desk) mayGive(mac phone.MAC) error {
	if rec, err := d.store.Devices.Device(mac); err == nil && rec.Platform.Managed {
		return fmt.Errorf("device %s %w", mac, ErrPlatformOTP)
	}
	return nil
}

// Strays names the fields of a device, as the API calls them, that were changed
// here since the platform last set them.
func (d *Desk) Strays(rec auth.Record) []string {
	var names []string
	if !rec.Platform.Managed {
		return nil
	}
	for _, f := range fields() {
		if f.mark(d.Policy().Key, rec.Device) != rec.Platform.Fields[f.name] {
			names = append(names, f.name)
		}
	}
	return names
}
