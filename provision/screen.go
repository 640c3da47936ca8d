package provision

import (
	"context"
	"fmt"
	"strings"

	"github.com/lineside/lineside/auth"
	"github.com/lineside/lineside/phone"
	"github.com/lineside/lineside/vendors"
)

// PINUser is the user name people are told to type with a PIN on a phone's own
// screen. The phone's MAC, twelve hex digits, is taken in its place: some phones
// fill it in by themselves. Neither depends on upper and lower case, which a
// keypad makes a matter of luck.
const PINUser = "pin"

// asks reports that phones of the vendor ask for user and password on their
// screen when they are challenged.
func (d *Desk) asks(v phone.Vendor) bool {
	m, ok := d.table.Of(v)
	return ok && m.Fetch.Asks
}

// asksPIN reports that an attempt is a PIN typed on a screen, right or wrong, as
// far as the question itself tells: the device's record has no part in it.
func asksPIN(ask Ask, c caller, p auth.Policy, maker vendors.Maker) bool {
	if !p.PINOnScreen || !p.FirstContact.WantsPIN() || !maker.Fetch.Asks || ask.Front == TFTP {
		return false
	}
	return strings.EqualFold(ask.Attempt.User, PINUser) || strings.EqualFold(ask.Attempt.User, c.file.MAC.Hex())
}

// pinLogin is the login a PIN is shown as, spelt as the caller spelt it; none
// where no PIN is taken, and proves then compares with its decoy, as for a
// device that does not exist. Digest tells only whether it is this one, so what
// else was typed counts as a wrong PIN, however long it was.
func pinLogin(a *Attempt, asked bool, rec auth.Record) vendors.Login {
	if !asked {
		return vendors.Login{}
	}
	return vendors.Login{User: a.User, Password: rec.Enrolment.PIN}
}

// isPIN reports that what was shown is a PIN, right or wrong.
func isPIN(s auth.Shown) bool { return s == auth.ScreenPIN || s == auth.WrongPIN }

// screenPIN does what follows a PIN from a screen that is on disk now.
func (d *Desk) screenPIN(ctx context.Context, ask Ask, c caller, rec auth.Record, dec auth.Decision) {
	if !dec.PIN.Looked {
		return
	}
	d.triedPIN(ctx, rec, dec.PIN)
	if err := d.afterPIN(ctx, actorOf(ask, c), c.file.MAC, dec.PIN); err != nil {
		d.tools.Log.Warn("a phone was let in by its PIN, and the others are not", "mac", c.file.MAC, "err", err)
	}
	if !dec.PIN.Accepted { // note tells of the config
		d.step(Step{MAC: c.file.MAC, Front: ask.Front, Vendor: c.file.Vendor, Addr: ask.Remote.Addr().Unmap(), Text: d.pinStory(dec.PIN)})
	}
}

// evenOut has a PIN that changed nothing, because the device is unknown, locked
// or not waiting for one, take as long as a wrong one of a device: that is on
// disk before it is answered, and the time it takes would tell them apart.
// Who goes on is penalised, and then nothing is looked at and nothing written.
func (d *Desk) evenOut(ctx context.Context, shown auth.Shown, dec auth.Decision) error {
	if d.store.Marker == nil || !isPIN(shown) || dec.Outcome != auth.Challenge {
		return nil
	}
	if err := d.store.Marker.Mark(ctx); err != nil {
		return fmt.Errorf("make the write of a PIN: %w", err)
	}
	return nil
}
