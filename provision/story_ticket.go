package provision

import (
	"fmt"
	"time"

	"github.com/lineside/lineside/auth"
)

// newTicket is how a device gets a ticket, in words.
func (s story) newTicket() string {
	return fmt.Sprintf("lineside otp ticket %s, then type it on the phone", s.mac)
}

// wantsPIN reports that policy takes a PIN of this device now.
func (s story) wantsPIN() bool {
	return auth.Policy{FirstContact: s.factor}.WantsPIN(s.rec.Enrolment)
}

// showedIt reports that e is of the caller that showed the device's ticket.
func (s story) showedIt(e Event) bool {
	by := s.rec.Enrolment.Ticket.Asked
	return by.By != "" && (e.Addr == by.Addr || !e.Unproven && by.By == "mac:"+s.mac.String())
}

// aboutTicket is for a phone whose last answer turned on a ticket: what became
// of it says more than that the phone is on hold or asked to sign in.
func (s story) aboutTicket(now time.Time, e Event) (Finding, bool) {
	t := s.rec.Enrolment.Ticket
	f := Finding{At: e.At, Fix: FixTicket}
	switch st, why := t.At(now), e.facts.reason; {
	case why == auth.TicketBound:
		return s.shownTwice(e), true
	case why == auth.TicketDenied, st == auth.TicketRejected && s.showedIt(e) && s.rec.Enrolment.Login().IsZero():
		f.Code, f.Text, f.Fix = "ticket-rejected", "is turned away: its ticket was rejected", ""
		if t.Reason != "" {
			f.Text += " (" + t.Reason + ")"
		}
		f.Do = "nothing, where it is not yours; if it is, make it another ticket: " + s.newTicket()
	case st == auth.TicketAwaiting && s.showedIt(e):
		f.Code, f.Text, f.Fix = "awaits-approval", "showed its ticket and awaits an admin's approval, as "+asker(t.Asked), ""
		f.Do = fmt.Sprintf("compare the phone with that, then: lineside otp approve %s; or: lineside otp reject %s --reason TEXT", s.mac, s.mac)
	case st == auth.TicketApproved && s.showedIt(e):
		f.Code, f.Text, f.Fix = "ticket-approved", "has its ticket approved; its next fetch is the full config", ""
		f.Do = "restart the phone before " + s.clock(t.Until)
	case why == auth.TicketOver, why == auth.AwaitsApproval && st == auth.TicketExpired:
		f.Code, f.Text = "ticket-expired", "its ticket expired at "+s.clock(t.Until)
		f.Do = "make it another: " + s.newTicket()
	case why == auth.TicketSpent, why == auth.AwaitsApproval && st == auth.TicketRevoked:
		f.Code, f.Text = "ticket-spent", "shows a ticket that is used up or was revoked"
		f.Do = "make it another: " + s.newTicket()
	case why == auth.TicketDemanded, why == auth.WantsTicket:
		return s.waitsTicket(e, st)
	default:
		return Finding{}, false
	}
	f.Text += s.doubt(e)
	return f, true
}

// waitsTicket is for a phone of which nothing but a ticket counts.
func (s story) waitsTicket(e Event, st auth.TicketState) (Finding, bool) {
	f := Finding{Code: "waits-ticket", At: e.At, Text: "is asked to sign in with its ticket and shows none"}
	switch {
	case e.facts.reason == auth.TicketDemanded:
		f.Text = "shows the one-time password of its brand, but a ticket is demanded of it"
	case e.Front == TFTP, st.IsLive() && e.Times < 2 && e.facts.shown != auth.FirstTry:
		return Finding{}, true // the first ask without a login is how phones ask
	}
	f.Do = "type its ticket when the phone asks; where nobody has it any more, make another: " + s.newTicket()
	if !st.IsLive() {
		f.Do, f.Fix = "make it one: "+s.newTicket(), FixTicket
	}
	f.Text += s.doubt(e)
	return f, true
}

// shownTwice is for a ticket that a second caller shows: it was seen by
// somebody, or the first to show it was not the phone.
func (s story) shownTwice(e Event) Finding {
	first := s.rec.Enrolment.Ticket.Asked
	f := Finding{Code: "ticket-shown-twice", At: e.At}
	f.Text = fmt.Sprintf("a caller at %s shows its ticket, which %s showed first, and gets nothing", e.Addr, asker(first))
	f.Do = fmt.Sprintf("see which of the two is the phone before you approve anything; end the ticket: lineside otp revoke %s, and make another: %s", s.mac, s.newTicket())
	return f
}
