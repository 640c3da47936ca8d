package auth

import (
	"time"

	"github.com/lineside/lineside/phone"
)

// Platform is what a box remembers of what the central platform said of a
// device, so that the same said again changes nothing.
type Platform struct {
	// Managed says that the platform keeps the device.
	Managed bool
	// Fields are marks of the fields as the platform last set them, by the
	// fields' names in the API: what differs from its mark was changed here.
	Fields map[string]string
	// Resets is how many resets of the platform were done here.
	Resets uint64
	// OTP and PIN are the generations applied last, Locked whether that PIN's
	// lock was.
	OTP, PIN Minting
	Locked   bool
}

// Minting names one generation of the platform's.
type Minting struct {
	Epoch int64
	N     uint64
	Mint  string
}

// Said is what the platform says of a device's proof of identity.
type Said struct {
	// Resets counts the platform's resets of the device.
	Resets uint64
	// OTP and PIN are the newest generations. Used says that OTP lets nobody in
	// any more, Locked that no PIN is taken under PIN.
	OTP, PIN     Minting
	Used, Locked bool
	// Asking says that a phone shows the one-time password right now, and its
	// own yes may be what Used tells of.
	Asking bool
	// Code is the PIN; empty leaves the one there is.
	Code phone.Secret
	// Ticket is a personal one-time password that comes with OTP: user name,
	// password, approval, and when it expires, zero for not before it is used.
	Ticket Ticket
	// BrandOnce lets the brand's password in under OTP whatever first contact
	// wants, Clear makes the device's own login void with that.
	BrandOnce, Clear bool
}

// farAway is when a ticket expires that the platform gave no end.
const farAway = 10 * 365 * 24 * time.Hour

// Asks reports that a change of the enrolment uses up a one-time password for
// which the platform has to say yes first: any, of a device it keeps.
func (p Platform) Asks(was, is Enrolment) bool {
	return p.Managed && (is.OTP.Used && !was.OTP.Used || is.Ticket.State == TicketUsed && was.Ticket.State != TicketUsed)
}

// VoidOTP makes void what could still let a phone in by a one-time password.
func VoidOTP(e Enrolment) Enrolment {
	e.OTP.Used = true
	return VoidTicket(e)
}

// Heed brings what the platform says into what the box believes of a device.
// Said twice it changes nothing more. A generation counts where it is another
// than the one applied last: which of two is newer, sync/proto has decided.
func Heed(now time.Time, p Platform, e Enrolment, s Said) (Platform, Enrolment) {
	known := p.Managed
	p.Managed = true
	if s.Resets > p.Resets && known {
		e = Reset(e, e.PIN)
	}
	p.Resets = max(p.Resets, s.Resets)
	p, e = p.heedPIN(e, s)
	if p.OTP != s.OTP || !known {
		p.OTP = s.OTP
		return p, e.newOTP(now, s)
	}
	switch live := e.Ticket.State.IsLive(); {
	case s.Used && !s.Asking && (!e.OTP.Used || live):
		e = VoidOTP(e)
	case live && !s.Used && !s.Ticket.Password.IsZero():
		if e.Ticket.State == TicketAwaiting && !s.Ticket.Approval {
			e.Ticket.State = TicketApproved // an operator there has said yes
		}
		e.Ticket.Approval, e.Ticket.Until = s.Ticket.Approval, s.Ticket.until(e.Ticket.Made)
	}
	return p, e
}

func (p Platform) heedPIN(e Enrolment, s Said) (Platform, Enrolment) {
	if !s.Code.IsZero() && !s.Code.Equal(e.PIN) {
		e.PIN, e.Pass = s.Code, Pass{}
	}
	if p.PIN != s.PIN {
		p.PIN, p.Locked, e = s.PIN, false, Unblock(e)
	}
	if s.Locked && !p.Locked && e.State != Successful {
		e.State, e.Fails, e.Until = Blocked, 0, time.Time{}
	}
	p.Locked = s.Locked
	return p, e
}

// newOTP begins another generation of the platform's.
func (e Enrolment) newOTP(now time.Time, s Said) Enrolment {
	if s.Used {
		return VoidOTP(e)
	}
	e = AllowOTP(e, s.Clear)
	e.OTP.Allowed = s.BrandOnce
	if s.Ticket.Password.IsZero() {
		return VoidTicket(e)
	}
	e = MakeTicket(now, e, s.Ticket, TicketLife)
	e.Ticket.Until = s.Ticket.until(now)
	return e
}

// until is when the platform's ticket expires, given at a moment.
func (t Ticket) until(made time.Time) time.Time {
	if t.Until.IsZero() {
		return made.Add(farAway).UTC()
	}
	return t.Until.UTC()
}

// SitePlatform is what the central platform said of the whole site.
type SitePlatform struct {
	// Identity is who the box is to the platform, with its keys, in the words
	// of whoever keeps the link; empty is a box that has not joined.
	Identity phone.Secret
	// Said holds the rules as the platform last set them; Rules says that it
	// ever did.
	Rules bool
	Said  SaidRules
	// OTPOffline takes its one-time passwords while it is away. LocalChanges lets
	// the site's operators change what the platform keeps.
	OTPOffline, LocalChanges bool
	// Emergency are its emergency numbers, beside those of the settings, and SBC
	// is used where the settings name none.
	Emergency []string
	SBC       string
}

// SaidRules are the rules that both the platform and the site can set.
type SaidRules struct {
	FirstContact Factor
	Window       time.Duration
	BlockAfter   int
	AutoApprove  bool
}
