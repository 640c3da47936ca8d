package auth

import (
	"errors"
	"fmt"
	"net/netip"
	"strings"
	"time"

	"github.com/lineside/lineside/phone"
)

// Ticket is a personal one-time password: a user name and a password that let
// one device in once. It is part of the device's Enrolment, so that it is
// consumed in the change that mints the credential.
type Ticket struct {
	// Serial counts the device's tickets from 1; 0 is a device that never had
	// one. A ticket that came to an end never comes back under its serial.
	Serial uint64
	// User and Password are kept past the ticket's end: a phone that goes on
	// showing a dead ticket is not guessing.
	User     string
	Password phone.Secret
	// Approval says that an admin has to approve who showed it.
	Approval bool
	// State as stored; a ticket expires by itself, read it through At.
	State TicketState
	// Made is when it was made, Until when it expires.
	Made, Until time.Time
	// Asked is who showed it first. From then on it is bound to that identity.
	Asked Asked
	// Again is until when that identity may fetch the config once more.
	Again time.Time
	// Reason is why an admin rejected it.
	Reason string
}

// Asked is who showed a ticket. By is what layer 2 says; the rest is the
// caller's own word.
type Asked struct {
	At              time.Time
	By              string
	Addr            netip.Addr
	Vendor          phone.Vendor
	Model, Firmware string
	Serial          string // number of the phone
}

// TicketState is where a ticket stands, in operators' words.
type TicketState string

// States of a ticket. Only the first three after NoTicket can let a phone in.
const (
	NoTicket        TicketState = ""
	TicketGenerated TicketState = "generated"
	TicketAwaiting  TicketState = "awaiting approval"
	TicketApproved  TicketState = "approved"
	TicketUsed      TicketState = "used"
	TicketRejected  TicketState = "rejected"
	TicketExpired   TicketState = "expired"
	TicketRevoked   TicketState = "revoked"
)

// AwaitingText is what a phone displays whose ticket awaits approval.
const AwaitingText = "Awaiting approval"

// How long a ticket may be shown.
const (
	TicketLife = 8 * time.Hour // default
	MinTicket  = time.Hour
	MaxTicket  = 336 * time.Hour
)

// ErrTicketState is returned for an answer that the ticket's state does not
// allow.
var ErrTicketState = errors.New("the ticket's state does not allow it")

// IsLive reports that a ticket in this state can still let a phone in.
func (s TicketState) IsLive() bool {
	return s == TicketGenerated || s == TicketAwaiting || s == TicketApproved
}

// At is the ticket's state at now.
func (t Ticket) At(now time.Time) TicketState {
	if t.State.IsLive() && !now.Before(t.Until) {
		return TicketExpired
	}
	return t.State
}

// isZero reports that there is no ticket, dead or alive.
func (t Ticket) isZero() bool { return t.State == NoTicket }

// judged reports that an admin is to say, or has said no, about who comes with
// this ticket: no open window may take that answer's place. A rejection stands
// until the device has another ticket or is reset.
func (t Ticket) judged(now time.Time) bool {
	return t.Approval && t.At(now).IsLive() || t.State == TicketRejected
}

// gone is the device without its ticket; the serial stays.
func (t Ticket) gone() Ticket { return Ticket{Serial: t.Serial} }

// end brings a live ticket to its end.
func (t Ticket) end(as TicketState) Ticket {
	if t.State.IsLive() {
		t.State = as
	}
	return t
}

// Bounds of a ticket's user name and password where an operator brings them: what
// can be typed on any phone, and not guessed by the tries a sender has.
const (
	MaxTicketUser     = 32
	MinTicketPassword = 8
	MaxTicketPassword = 32
)

// CheckTicket says what is wrong with a user name and a password that an operator
// brings for a ticket. No text of it has the password.
func CheckTicket(user string, password phone.Secret) error {
	var errs []error
	_, err := phone.ParseMAC(user)
	switch {
	case user == "" || len(user) > MaxTicketUser || !plainText(user, ".-_"):
		errs = append(errs, fmt.Errorf("user: %.40q is none to be typed on a phone; write up to %d letters, digits, dots, dashes or underscores", user, MaxTicketUser))
	case strings.EqualFold(user, "pin"), err == nil:
		errs = append(errs, fmt.Errorf("user: %.40q is what a PIN is typed with; write another", user))
	}
	if n := len(password.Reveal()); n < MinTicketPassword || n > MaxTicketPassword || !plainText(password.Reveal(), "") {
		errs = append(errs, fmt.Errorf("password: must be %d to %d letters and digits", MinTicketPassword, MaxTicketPassword))
	}
	return errors.Join(errs...)
}

// plainText reports that s is of ASCII letters, digits and what stands in also.
func plainText(s, also string) bool {
	for _, r := range s {
		if !(r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || strings.ContainsRune(also, r)) {
			return false
		}
	}
	return true
}

// CheckTicketLife says what is wrong with d as how long a ticket may be shown.
func CheckTicketLife(d time.Duration) error {
	if d < MinTicket || d > MaxTicket {
		return fmt.Errorf("%s is out of range; write %.0f to %.0f hours", d, MinTicket.Hours(), MaxTicket.Hours())
	}
	return nil
}

// MakeTicket gives the device a ticket in the place of the one it had. Of t the
// user name, the password and Approval count; life is bounded by MinTicket and
// MaxTicket.
func MakeTicket(now time.Time, e Enrolment, t Ticket, life time.Duration) Enrolment {
	life = min(max(life, MinTicket), MaxTicket)
	e.Ticket = Ticket{
		Serial: e.Ticket.Serial + 1, User: t.User, Password: t.Password, Approval: t.Approval,
		State: TicketGenerated, Made: now.UTC(), Until: now.Add(life).UTC(),
	}
	return e
}

// ApproveTicket lets the phone in that showed the ticket: its next fetch is the
// full config. ErrTicketState, wrapped, where nobody awaits that.
func ApproveTicket(now time.Time, e Enrolment) (Enrolment, error) {
	if st := e.Ticket.At(now); st != TicketAwaiting {
		return e, ticketStateError(st)
	}
	e.Ticket.State = TicketApproved
	return e, nil
}

// RejectTicket ends a ticket that awaits approval, or was approved and not yet
// used, and turns away who showed it: a PIN entered for that caller before, and
// the site window, do not let it in either.
func RejectTicket(now time.Time, e Enrolment, reason string) (Enrolment, error) {
	if st := e.Ticket.At(now); st != TicketAwaiting && st != TicketApproved {
		return e, ticketStateError(st)
	}
	e.Ticket.State, e.Ticket.Reason = TicketRejected, reason
	return e.turnAway(), nil
}

// turnAway ends a right PIN not yet used that would let in whoever showed the
// ticket: one entered for that caller, or for nobody yet. One entered for another
// caller stays, for it was never about this one.
func (e Enrolment) turnAway() Enrolment {
	by := e.Ticket.Asked.By
	if by != "" && !e.Pass.Used && (e.Pass.By == by || e.Pass.By == "") {
		e.Pass = Pass{}
	}
	return e
}

// RevokeTicket ends a ticket that is still good for something. Who showed it is
// turned away with it.
func RevokeTicket(now time.Time, e Enrolment) (Enrolment, error) {
	if st := e.Ticket.At(now); !st.IsLive() {
		return e, ticketStateError(st)
	}
	e.Ticket.State = TicketRevoked
	return e.turnAway(), nil
}

// VoidTicket ends a live ticket without an admin: in a copy of the state that
// was put back, where it may have been used since.
func VoidTicket(e Enrolment) Enrolment {
	e.Ticket = e.Ticket.end(TicketRevoked)
	return e
}

// ExpireTicket writes down that the ticket's time is over.
func ExpireTicket(now time.Time, e Enrolment) Enrolment {
	e.Ticket.State = e.Ticket.At(now)
	return e
}

func ticketStateError(st TicketState) error {
	switch st {
	case NoTicket:
		return fmt.Errorf("%w: there is none", ErrTicketState)
	case TicketGenerated:
		return fmt.Errorf("%w: no phone has shown it yet", ErrTicketState)
	}
	return fmt.Errorf("%w: it is %s", ErrTicketState, st)
}

// decideTicket is the handshake of a ticket, for callers that show it and for
// the one it is bound to. Who shows it first is bound to it; where approval is
// wanted that earns the holding config. It is consumed, and the credential
// minted, in one change; after it only the same identity may fetch again, for
// RefetchWindow, until the credential is first used.
func decideTicket(now time.Time, p Policy, e Enrolment, r Request, fresh Credential) (Decision, Enrolment, bool) {
	t, shows := e.Ticket, r.Shown == TicketOTP
	bound := t.Asked.By != "" && t.Asked.By == r.By
	if !r.Known || r.OpenDoor || !shows && !bound {
		return Decision{}, e, false
	}
	switch st := t.At(now); {
	case shows && st != t.State: // its time is over and nobody has written it down
		return Decision{Outcome: Challenge, Reason: TicketOver, Changes: true}, ExpireTicket(now, e), true
	case st == TicketUsed && bound && now.Before(t.Again) && e.Enrolling() && (shows || t.Approval && r.Shown == HoldingLogin):
		return Decision{Outcome: Full, Reason: TicketAgain}, e, true
	case st == TicketUsed && p.halfway(e, r):
		return Decision{}, e, false
	case st == TicketAwaiting && bound && !p.AutoApprove && now.Before(e.Pass.Until) && p.WantsPIN(e):
		return Decision{}, e, false // the PIN is enough by itself
	case st == TicketAwaiting && bound && !p.AutoApprove:
		return Decision{Outcome: Hold, Reason: AwaitsApproval}, e, true
	case st.IsLive() && st != TicketGenerated && bound && (shows || r.Shown == HoldingLogin):
		return e.useTicket(now, p, r, fresh)
	case !shows:
		return Decision{}, e, false
	case st == TicketGenerated:
		return e.bindTicket(now, p, r, fresh)
	}
	return Decision{Outcome: Challenge, Reason: deadTicket(t.State)}, e, true
}

// bindTicket ties the ticket to the caller that showed it first.
func (e Enrolment) bindTicket(now time.Time, p Policy, r Request, fresh Credential) (Decision, Enrolment, bool) {
	e.Ticket.Asked = r.From
	e.Ticket.Asked.At, e.Ticket.Asked.By = now.UTC(), r.By
	if e.Ticket.Approval && !p.AutoApprove {
		e.Ticket.State = TicketAwaiting
		return Decision{Outcome: Hold, Reason: AwaitsApproval, Changes: true}, e, true
	}
	return e.useTicket(now, p, r, fresh)
}

// useTicket consumes it. Under otp+pin it is half of what is wanted.
func (e Enrolment) useTicket(now time.Time, p Policy, r Request, fresh Credential) (Decision, Enrolment, bool) {
	e.Ticket.State = TicketUsed
	if p.FirstContact == FactorBoth {
		return Decision{Outcome: p.waiting(r), Reason: WantsPIN, Changes: true}, e, true
	}
	e = e.mint(fresh)
	e.Ticket.Again = now.Add(RefetchWindow)
	return Decision{Outcome: Full, Reason: RightTicket, Changes: true}, e, true
}

func deadTicket(st TicketState) Reason {
	switch st {
	case TicketRejected:
		return TicketDenied
	case TicketExpired:
		return TicketOver
	case TicketAwaiting, TicketApproved:
		return TicketBound
	}
	return TicketSpent
}
