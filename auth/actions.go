package auth

import (
	"time"

	"github.com/lineside/lineside/phone"
)

// NewEnrolment is the state of a device just set up: nothing proved, its OTP
// armed.
func NewEnrolment(pin phone.Secret) Enrolment {
	return Enrolment{State: Needed, PIN: pin, OTP: Arming{Generation: 1}}
}

// Suspend asks no proof of the device for SuspendFor.
func Suspend(now time.Time, e Enrolment) Enrolment {
	e.Suspended = now.Add(SuspendFor)
	return e
}

// Reset makes everything the device ever proved void, at once: credentials,
// passes, lock-outs, its ticket. The OTP is armed again under a new generation.
// That a ticket is demanded is a rule and no proof: it stays.
func Reset(e Enrolment, pin phone.Secret) Enrolment {
	return Enrolment{
		State: Needed,
		Epoch: e.Epoch + 1,
		PIN:   pin,
		OTP:   Arming{Generation: e.OTP.Generation + 1},

		Ticket: e.Ticket.gone(), TicketOnly: e.TicketOnly,
	}
}

// Unblock ends a lock-out or block; the PIN stays what it is.
func Unblock(e Enrolment) Enrolment {
	if e.State == Failed || e.State == Blocked {
		e.State, e.Until = Needed, time.Time{}
	}
	e.Fails, e.LockOuts = 0, 0
	return e
}

// Block takes no PIN and no one-time password of the device until an operator
// unblocks or resets it, and ends whatever was let in by one and has not become
// the device's own login. A device that has one keeps it: a login is taken away
// by Reset.
func Block(e Enrolment) Enrolment {
	if e.State == Successful {
		return e
	}
	e = VoidOTP(e)
	e.State, e.Until, e.Fails = Blocked, time.Time{}, 0
	e.Pass, e.Pending, e.Suspended = Pass{}, Credential{}, time.Time{}
	return e
}

// AllowOTP arms the brand OTP for the device once more. With clear the login it
// has is void at once; without, it stays valid until the phone uses the new
// one.
func AllowOTP(e Enrolment, clear bool) Enrolment {
	e.OTP = Arming{Generation: e.OTP.Generation + 1, Allowed: true}
	e.Ticket.Again = time.Time{}
	if e.Ticket.State == TicketUsed { // nor is it half of what otp+pin wants any more
		e.Ticket = e.Ticket.gone()
	}
	if clear {
		e.Current, e.Pending, e.Pass = Credential{}, Credential{}, Pass{}
		if e.State == Successful {
			e.State = Needed
		}
	}
	return e
}

// Screen is what the phone's screen says under this policy, as far as its last
// holding config goes; empty where it has none, or its full config.
func (p Policy) Screen(now time.Time, e Enrolment) string {
	ticket := e.Ticket.At(now)
	switch {
	case ticket == TicketAwaiting && !p.AutoApprove:
		return AwaitingText
	case e.Enrolling(), !p.WantsPIN(e), ticket.IsLive(), e.OTP.Allowed && !e.OTP.Used: // challenged: no text
		return ""
	}
	return e.At(now).Shown()
}

// Shown is the state's text as the phone displays it; empty for Successful.
func (s State) Shown() string {
	switch s {
	case Needed:
		return "Authentication needed"
	case Failed:
		return "Authentication failed"
	case Blocked:
		return "Authentication blocked"
	}
	return ""
}
