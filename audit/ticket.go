package audit

import "time"

// TicketMade says that an operator made a device a ticket: a personal one-time
// password.
type TicketMade struct {
	Serial   uint64    `json:"serial"`
	Approval bool      `json:"approval"` // an admin has to approve who shows it
	Until    time.Time `json:"until"`
}

// TicketDemanded says whether a device is let in by its ticket alone.
type TicketDemanded struct {
	Demanded bool `json:"demanded"`
}

// TicketShown says that somebody showed a ticket first, and is bound to it. The
// actor is who; what it calls itself stands here.
type TicketShown struct {
	Serial   uint64 `json:"serial"`
	Vendor   string `json:"vendor"`
	Model    string `json:"model,omitempty"`
	Firmware string `json:"firmware,omitempty"`
}

// TicketApproved says that an admin, or the policy, let the phone in that showed
// the ticket.
type TicketApproved struct {
	Serial uint64 `json:"serial"`
	Auto   bool   `json:"auto,omitempty"` // by policy
}

// TicketRejected says that an admin did not, and why.
type TicketRejected struct {
	Serial uint64 `json:"serial"`
	Reason string `json:"reason"`
}

// TicketUsed says that a ticket was consumed.
type TicketUsed struct {
	Serial uint64 `json:"serial"`
}

// TicketExpired says that the box noticed that a ticket's time is over.
type TicketExpired struct {
	Serial uint64 `json:"serial"`
}

// TicketRevoked says that a ticket was ended unused, and why.
type TicketRevoked struct {
	Serial uint64 `json:"serial"`
	Why    string `json:"why"`
}

// DeliveredAgain says that a full config left the box once more for a proof that
// was used already, to the phone that had used it. Times counts those since the
// last such event.
type DeliveredAgain struct {
	Ground string `json:"ground"`
	File   string `json:"file"` // the latest
	Times  int    `json:"times"`
}

// Kind names the event in the log.
func (TicketMade) Kind() string     { return "ticket-made" }
func (TicketDemanded) Kind() string { return "ticket-demanded" }
func (TicketShown) Kind() string    { return "ticket-shown" }
func (TicketApproved) Kind() string { return "ticket-approved" }
func (TicketRejected) Kind() string { return "ticket-rejected" }
func (TicketUsed) Kind() string     { return "ticket-used" }
func (TicketExpired) Kind() string  { return "ticket-expired" }
func (TicketRevoked) Kind() string  { return "ticket-revoked" }
func (DeliveredAgain) Kind() string { return "delivered-again" }
