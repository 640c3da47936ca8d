package auth

import (
	"time"

	"github.com/lineside/lineside/phone"
)

// PINResult says what became of a PIN.
type PINResult struct {
	// Accepted says that it was right.
	Accepted bool
	// Looked says that it was compared at all: no PIN is while the device is
	// failed or blocked, nor for one that is already authenticated, nor one
	// that is not six digits.
	Looked bool
	State  State
	// Left is how many tries remain until a lock-out; Until when one ends.
	Left  int
	Until time.Time
}

// PINDigits is the length of a Phone Authentication PIN.
const PINDigits = 6

// IsPIN reports that s is six digits. Anything else is asked for again and
// costs no try.
func IsPIN(s string) bool {
	if len(s) != PINDigits {
		return false
	}
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' {
			return false
		}
	}
	return true
}

// EnterPIN checks a PIN for a device. by is the identity it is entered for, see
// Pass. Three wrong ones in a row lock the device out for LockOut; the lock-out
// that p.BlockAfter names blocks it.
func EnterPIN(now time.Time, p Policy, e Enrolment, pin phone.Secret, by string) (PINResult, Enrolment) {
	e = e.settle(now)
	if !e.takesPIN(now, by) || !IsPIN(pin.Reveal()) {
		return e.result(false, false), e
	}
	return e.enter(now, p, pin.Equal(e.PIN), by)
}

// enter counts a PIN that is looked at.
func (e Enrolment) enter(now time.Time, p Policy, right bool, by string) (PINResult, Enrolment) {
	if right {
		e.Fails, e.LockOuts = 0, 0
		e.Pass = Pass{Until: now.Add(PassFor), By: by}
		return e.result(true, true), e
	}
	e.Fails++
	if e.Fails < WrongPINs {
		return e.result(false, true), e
	}
	e.Fails = 0
	e.LockOuts++
	e.State, e.Until = Failed, now.Add(LockOut)
	if e.LockOuts >= p.BlocksAfter() {
		e.State, e.Until = Blocked, time.Time{}
	}
	return e.result(false, true), e
}

// takesPIN reports that a PIN for by would be compared at now: also where one
// was entered for somebody else already and not yet used, so that a mistake can
// be mended. It counts like any other.
func (e Enrolment) takesPIN(now time.Time, by string) bool {
	return e.At(now) == Needed && (e.Pass.Used || e.Pass.By != by || !now.Before(e.Pass.Until))
}

func (e Enrolment) result(accepted, looked bool) PINResult {
	r := PINResult{Accepted: accepted, Looked: looked, State: e.State, Until: e.Until}
	if e.State == Needed {
		r.Left = WrongPINs - e.Fails
	}
	return r
}

// settle writes down that a lock-out is over.
func (e Enrolment) settle(now time.Time) Enrolment {
	if e.State == Failed && e.At(now) == Needed {
		e.State, e.Until = Needed, time.Time{}
	}
	return e
}

// half is the identity that showed the one-time password, or the ticket, of
// which otp+pin wants the PIN as well; empty is nobody. A generation that a
// restored copy made void was shown by nobody.
func (e Enrolment) half() string {
	switch {
	case e.Ticket.State == TicketUsed:
		return e.Ticket.Asked.By
	case e.OTP.Used && !e.TicketOnly:
		return e.OTP.By
	}
	return ""
}

// WantsPIN reports that a right PIN is all that is still wanted of the device.
func (p Policy) WantsPIN(e Enrolment) bool {
	return p.FirstContact == FactorPIN && !e.TicketOnly || p.FirstContact == FactorBoth && e.half() != ""
}

// halfway reports that the OTP or the ticket was shown by this caller and that
// the PIN is awaited.
func (p Policy) halfway(e Enrolment, r Request) bool {
	by := e.half()
	return p.FirstContact == FactorBoth && r.Known && by != "" && (r.By == by || r.Identity == Proven)
}
