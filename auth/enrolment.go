package auth

import (
	"time"

	"github.com/lineside/lineside/phone"
)

// State is where a device stands, in the words operators know.
type State string

// The four states of an enrolment.
const (
	Needed     State = "needed"     // set up, not yet authenticated
	Failed     State = "failed"     // three wrong PINs in a row; back to Needed by itself
	Blocked    State = "blocked"    // repeated lock-outs; until an operator resets or unblocks
	Successful State = "successful" // holds a credential of its own and has used it
)

// Enrolment is what the box believes about a device's proof of identity.
type Enrolment struct {
	// State as stored. Failed ends by itself: read it through At.
	State State
	// Epoch is raised by each Reset; whatever was proved before is void.
	Epoch uint32
	// PIN is the device's six digits.
	PIN phone.Secret
	// Fails counts wrong PINs in a row, 0 to 2; LockOuts counts lock-outs since
	// the last success, reset or unblock.
	Fails, LockOuts int
	// Until ends the lock-out; set in Failed only.
	Until time.Time
	// Suspended is until when no proof is asked; zero is not suspended.
	Suspended time.Time
	// Pass is a right PIN, until the credential it earned is first used.
	Pass Pass
	// OTP is the device's own use of the brand OTP.
	OTP Arming
	// Ticket is the device's personal OTP. TicketOnly demands one: the brand
	// OTP, a PIN by itself and the site window then do not let the device in.
	Ticket     Ticket
	TicketOnly bool
	// Current is the credential in use. Pending has been handed out and not
	// yet used; its first use makes it Current and the old one void.
	Current, Pending Credential
}

// Pass is a right PIN entered for the device.
type Pass struct {
	// Until is how long the pass lasts; zero is none.
	Until time.Time
	// By is the identity the PIN was entered for: where it was dialled, or who
	// was on hold as this device when an operator entered it. Empty is nobody
	// yet, and then only a proven MAC may use it. Once Used, it is the identity
	// the config went to.
	By string
	// Used says that the credential was handed out; Until then ends the time in
	// which By may fetch again.
	Used bool
}

// Arming is one generation of a device's one-time password. A generation is
// accepted once, for one identity.
type Arming struct {
	// Generation counts from 1, raised by Reset and AllowOTP.
	Generation uint64
	// Used says that this generation is consumed. It never goes back.
	Used bool
	// Allowed says that an operator armed this generation by name: it is then
	// accepted whatever first-contact factor the policy names.
	Allowed bool
	// Brand is the brand OTP's generation that was accepted.
	Brand uint64
	// By is the identity it was accepted from, which alone may fetch again
	// with it, until Until.
	By    string
	Until time.Time
}

// Credential is a provisioning login of one device's own.
type Credential struct {
	User     string
	Password phone.Secret
	Minted   time.Time
	// By is the identity it was handed to.
	By string
}

// IsZero reports that there is no credential.
func (c Credential) IsZero() bool { return c.User == "" }

// At is the state at now: a lock-out that is over has gone back to Needed.
func (e Enrolment) At(now time.Time) State {
	if e.State == Failed && !now.Before(e.Until) {
		return Needed
	}
	return e.State
}

// IsSuspended reports that no proof is asked at now.
func (e Enrolment) IsSuspended(now time.Time) bool { return now.Before(e.Suspended) }

// Enrolling reports that a credential has been handed out by OTP or PIN and
// its first use is awaited.
func (e Enrolment) Enrolling() bool { return !e.Pending.IsZero() }

// Record is a device with its enrolment, as it is kept.
type Record struct {
	Device    phone.Device
	Enrolment Enrolment
	// Rev is raised by each change of the record; it names a version of
	// everything rendered from it. The store sets it.
	Rev uint64
	// Platform is what the central platform last said of the device, zero for one
	// of the site's own.
	Platform Platform
}

// Brand is the one-time password printed or told for all phones of a brand.
type Brand struct {
	Vendor     phone.Vendor // the brand's name
	User       string
	Password   phone.Secret
	Generation uint64 // raised at each change, from 1
	Set        time.Time
	// FormerUser and FormerPassword are what the last change made void, zero for
	// none: a phone somebody typed it into goes on showing it, and is not
	// guessing. It opens nothing.
	FormerUser     string
	FormerPassword phone.Secret
	// Platform says that the central platform set it.
	Platform bool
}
