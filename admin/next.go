package admin

import (
	"fmt"
	"time"

	"github.com/lineside/lineside/auth"
	"github.com/lineside/lineside/phone"
)

// step is what comes next in one word, for pages that say it in words of their
// own, beside the sentence.
type step string

// The steps there are.
const (
	stepNothing    step = "nothing"
	stepClaim      step = "claim" // of a visitor
	stepRestart    step = "restart"
	stepWaitLogin  step = "wait-login" // the phone has it and has yet to use it
	stepReset      step = "reset"
	stepUnblock    step = "unblock" // or wait
	stepRestartPIN step = "restart-pin"
	stepAllowOTP   step = "allow-otp"
	stepPIN        step = "pin"
	stepPINScreen  step = "pin-screen" // or typed at the phone
	stepTicket     step = "ticket"     // make one
	stepTypeTicket step = "type-ticket"
	stepApprove    step = "approve"
	stepRestartNow step = "restart-ticket" // approved, for a time
	stepNotOurs    step = "not-ours"       // its ticket was rejected
	stepSpare      step = "spare-ticket"
	stepTypeOTP    step = "type-otp"
	stepSetOTP     step = "set-otp"
	stepAllowList  step = "allow-list" // or suspend
	stepSuspend    step = "suspend"
)

// next is one sentence: what the operator does now to get this device on its
// way, and that in a word. brand is the device's vendor's. Times are in the zone
// of now.
func next(now time.Time, p auth.Policy, brand phone.Vendor, rec auth.Record) (step, string) {
	e, mac := rec.Enrolment, rec.Device.MAC
	switch st := e.At(now); {
	case e.Ticket.At(now) == auth.TicketAwaiting:
		return nextTicket(now, rec)
	case st == auth.Successful && e.Ticket.At(now).IsLive():
		return nextTicket(now, rec)
	case st == auth.Successful:
		return stepNothing, "nothing to do"
	case e.IsSuspended(now):
		return stepRestart, "restart the phone before " + clock(now, e.Suspended) + ": no proof is asked until then"
	case e.Enrolling():
		_, how := onceMore(p, brand, rec)
		return stepWaitLogin, "wait for the phone to use its new login; if it never does, restart it, then " + how
	case st == auth.Blocked:
		return stepReset, fmt.Sprintf("give it a new PIN: lineside device reset %s; or keep the old one: lineside device unblock %s", mac, mac)
	case st == auth.Failed:
		return stepUnblock, fmt.Sprintf("wait until %s, or: lineside device unblock %s", clock(now, e.Until), mac)
	case e.Ticket.At(now).IsLive():
		return nextTicket(now, rec)
	case now.Before(e.Pass.Until) && p.WantsPIN(e):
		return stepRestartPIN, "restart the phone before " + clock(now, e.Pass.Until) + ": its PIN was right and its next fetch is the full config"
	}
	if e.Ticket.State == auth.TicketRejected {
		return nextTicket(now, rec)
	}
	return firstContact(p, brand, rec)
}

// onceMore is how a phone that did not keep what it was given is let in again:
// by what it was let in by, as far as that is taken of it.
func onceMore(p auth.Policy, brand phone.Vendor, rec auth.Record) (step, string) {
	e, mac := rec.Enrolment, rec.Device.MAC
	switch {
	case e.TicketOnly, e.Ticket.State == auth.TicketUsed && p.FirstContact != auth.FactorBoth:
		return stepTicket, fmt.Sprintf("make it another ticket: lineside otp ticket %s", mac)
	case !p.OTP(brand, rec.Device.Vendor).Password.IsZero():
		return stepAllowOTP, fmt.Sprintf("allow its one-time password once more: lineside device allow-otp %s", mac)
	case p.WantsPIN(e):
		return stepPIN, fmt.Sprintf("enter its PIN: lineside pin enter %s PIN", mac)
	}
	return stepSuspend, fmt.Sprintf("let it in without proof: lineside device suspend %s", mac)
}

// firstContact is what gets a device from needed onwards under the policy.
func firstContact(p auth.Policy, brand phone.Vendor, rec auth.Record) (step, string) {
	mac := rec.Device.MAC
	switch {
	case p.WantsPIN(rec.Enrolment) && p.PINOnScreen:
		return stepPINScreen, fmt.Sprintf("type user pin and its PIN on the phone where it asks for a login (see it with: lineside pin show %s); or enter it here: lineside pin enter %s PIN", mac, mac)
	case p.WantsPIN(rec.Enrolment):
		return stepPIN, fmt.Sprintf("enter its PIN: lineside pin enter %s PIN (see it with: lineside pin show %s)", mac, mac)
	case rec.Enrolment.TicketOnly:
		return stepTicket, fmt.Sprintf("a ticket is demanded of it; make one: lineside otp ticket %s", mac)
	case rec.Enrolment.OTP.Allowed && !rec.Enrolment.OTP.Used:
		return stepTypeOTP, fmt.Sprintf("connect the phone and type the one-time password of %s when it asks", brand)
	case p.FirstContact == auth.FactorNone:
		return stepAllowList, fmt.Sprintf("put the phones' network on the allow-list: lineside allow add NETWORK; or let this one in: lineside device suspend %s", mac)
	case p.OTP(brand, rec.Device.Vendor).Password.IsZero():
		return stepSetOTP, fmt.Sprintf("set the one-time password of %s first: lineside otp set %s --generate", brand, brand)
	case rec.Enrolment.OTP.Used:
		return stepAllowOTP, fmt.Sprintf("its one-time password is used up; allow it once more: lineside device allow-otp %s", mac)
	}
	return stepTypeOTP, fmt.Sprintf("connect the phone and type the one-time password of %s when it asks", brand)
}

// nextShown is what follows a PIN that was shown. Where a ticket is what the
// phone is asked for, the PIN just read is not all of it.
func nextShown(now time.Time, p auth.Policy, brand phone.Vendor, rec auth.Record) string {
	e := rec.Enrolment
	_, text := next(now, p, brand, rec)
	if e.At(now) != auth.Needed || e.IsSuspended(now) || e.Enrolling() {
		return text
	}
	switch {
	case e.TicketOnly && !p.WantsPIN(e):
		return "this PIN does not let it in by itself: " + text
	case e.Ticket.At(now).IsLive() && p.WantsPIN(e):
		return fmt.Sprintf("it has a ticket, so the phone shows nothing of a PIN: %s; or enter the PIN here: lineside pin enter %s PIN", text, rec.Device.MAC)
	}
	return text
}

// nextPIN is what follows a PIN.
func nextPIN(now time.Time, mac phone.MAC, r auth.PINResult) string {
	switch {
	case r.Accepted:
		return "restart the phone; its next fetch is the full config"
	case r.State == auth.Blocked:
		return fmt.Sprintf("no PIN is taken; give it a new one: lineside device reset %s; or: lineside device unblock %s", mac, mac)
	case r.State == auth.Failed:
		return fmt.Sprintf("no PIN is taken until %s; to try sooner: lineside device unblock %s", clock(now, r.Until), mac)
	case r.State == auth.Successful:
		return "nothing to do: the phone is authenticated already"
	case !r.Looked:
		return "the PIN was not looked at; write the six digits and try again"
	}
	return fmt.Sprintf("compare it with: lineside pin show %s; tries left: %d", mac, r.Left)
}

// clock words t in the zone of now, which is the site's, with the day where it is
// not today.
func clock(now, t time.Time) string {
	t = t.In(now.Location())
	if t.YearDay() == now.YearDay() && t.Year() == now.Year() {
		return t.Format("15:04")
	}
	return t.Format("2 Jan 15:04")
}
