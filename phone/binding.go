package phone

import (
	"net/netip"
	"time"
)

// Binding is where a phone on hold can be reached: what it registered with the
// box's own SIP service, as far as it is believed.
type Binding struct {
	MAC MAC `json:"mac"`
	// Contact is the URI the phone gave, without angle brackets.
	Contact string `json:"contact"`
	// Source is where its REGISTER came from, Local the box's own socket it came
	// to: a request to the phone goes back the same way.
	Source    netip.AddrPort `json:"source"`
	Local     netip.AddrPort `json:"local"`
	Transport Transport      `json:"transport"`
	CallID    string         `json:"call_id,omitempty"` // of its REGISTER: some phones want to hear it again
	Agent     string         `json:"user_agent,omitempty"`
	Vendor    Vendor         `json:"vendor,omitempty"`
	Model     string         `json:"model,omitempty"`
	// Since is when this phone first registered from here, Expires when the
	// binding ends if it does not come again.
	Since   time.Time `json:"since"`
	Expires time.Time `json:"expires"`
}

// Live reports that the binding has not expired.
func (b Binding) Live(now time.Time) bool { return now.Before(b.Expires) }
