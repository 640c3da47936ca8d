package provision

import (
	"net/netip"
	"time"

	"github.com/lineside/lineside/auth"
	"github.com/lineside/lineside/phone"
)

// Kind is what sort of thing happened to a phone, in one word.
type Kind string

// Kinds of events. The first three are for doors to name in a Sighting; a new
// door uses them, or adds its own beside them.
const (
	KindLease     Kind = "lease"      // was given an address
	KindNoAddress Kind = "no-address" // asked for an address and got none
	KindTold      Kind = "told"       // was told where its configs are, without a lease
	KindOpen      Kind = "open"       // fetched a file without secrets
	KindAbsent    Kind = "absent"     // asked for a file nobody is given
	KindHold      Kind = "holding"    // got the holding config
	KindFull      Kind = "full"       // got its full config
	KindChallenge Kind = "challenged" // was asked to sign in
	KindRefused   Kind = "refused"    // got nothing, whatever it shows
	KindOperator  Kind = "operator"   // somebody at the box did something
	KindSeen      Kind = "seen"       // anything else a door saw
)

// Lead is how a door led a phone to its configs: what the phone asked to be told
// and what it was told.
type Lead struct {
	// Starting says that the phone had no address yet: a config is what it will
	// ask for next.
	Starting bool
	// Listed says that the phone sent a list of the options it wants; one
	// without wants all there are.
	Listed bool
	// Asked and Given are the provisioning options in that list and in the
	// answer, as operators write them: "66 and 160".
	Asked, Given string
	// URL is the address of the configs as the phone was told it.
	URL string
}

// Event is one line of a phone's timeline. The same again is not another line:
// it raises Times.
type Event struct {
	First time.Time  `json:"first"`
	At    time.Time  `json:"at"` // the last time
	Times int        `json:"times"`
	Front Front      `json:"front"`
	Addr  netip.Addr `json:"address,omitzero"`
	Kind  Kind       `json:"kind"`
	Text  string     `json:"text"`
	// Unproven says that nothing proves the caller to be the phone it goes by.
	Unproven bool `json:"unproven,omitempty"`
	// File is the one that was asked for, empty where none was.
	File string `json:"file,omitempty"`

	facts facts
}

// facts are what findings are drawn from, besides what everybody sees.
type facts struct {
	file   string
	vendor phone.Vendor // whose file it is, where the device is set up as another's
	shown  auth.Shown
	reason auth.Reason
	login  string    // user name of the login shown, where it is of a kind this box makes
	other  phone.MAC // the other MAC of a contradiction
	// culprit says that other is whose config the phone asked for.
	culprit bool
	lead    Lead
}

// same reports that e tells what o told. Of files nobody is given only the
// latest name is kept: phones try many.
func (e Event) same(o Event) bool {
	if e.Kind == KindAbsent && o.Kind == KindAbsent {
		return e.Front == o.Front && e.Unproven == o.Unproven
	}
	return e.Front == o.Front && e.Addr == o.Addr && e.Kind == o.Kind && e.Unproven == o.Unproven && e.facts == o.facts &&
		(e.Kind != KindOperator && e.Kind != KindSeen || e.Text == o.Text)
}

// Fix names what one call of the API can do about a finding.
type Fix string

// Fixes.
const (
	FixAllowOTP Fix = "allow-otp" // the brand OTP once more
	FixSuspend  Fix = "suspend"   // no proof for 30 minutes
	FixUnblock  Fix = "unblock"   // PINs are taken again
	FixTicket   Fix = "ticket"    // a new ticket, in the place of the one it had
)

// Finding is what the box makes of a phone's timeline: what is wrong, in plain
// words, and what to do.
type Finding struct {
	Code string `json:"code"` // stable, "no-config-asked"
	Text string `json:"text"` // what happened, the phone being the subject
	Do   string `json:"do"`   // what to do, the command spelled out
	// At is when what it is drawn from last happened.
	At time.Time `json:"at"`
	// Fix is what one tap can do about it; empty where nothing does.
	Fix Fix `json:"fix,omitempty"`
}

// Timeline is what lately happened to one phone, and what to make of it. Events
// are in memory only: after a restart they begin anew, while the device's
// state, its audit log, when it was last seen and whose login is whose are kept.
type Timeline struct {
	MAC      phone.MAC `json:"mac"`
	Known    bool      `json:"known"` // set up here
	Findings []Finding `json:"findings"`
	Events   []Event   `json:"events"` // oldest first
	// Leases are the addresses given to its MAC, also those run out.
	Leases []phone.Lease `json:"leases"`
}
