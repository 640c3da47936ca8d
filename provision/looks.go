package provision

import (
	"fmt"
	"time"

	"github.com/lineside/lineside/auth"
	"github.com/lineside/lineside/phone"
)

// looks names what happened to a phone by what it presents: a login that is void
// is of one kind or another, and a phone that should have one and shows none
// lost it. It decides nothing; who gets what is auth's to say.
func looks(now time.Time, s story) []Finding {
	e, ok := s.last(KindChallenge, KindHold, KindFull)
	if !ok || e.Kind == KindFull {
		return nil
	}
	var f Finding
	switch {
	case e.facts.login != "" && e.Kind == KindChallenge:
		f, ok = s.voidLogin(e), true
	case e.Kind == KindHold:
		f, ok = s.onHoldAgain()
	case s.known && s.rec.Enrolment.At(now) == auth.Successful && e.facts.reason == auth.WantsLogin:
		f, ok = s.withoutLogin(now, e)
	default:
		ok = false
	}
	if !ok {
		return nil
	}
	f.At = e.At
	f.Text += s.doubt(e)
	return []Finding{f}
}

// voidLogin is for a phone that shows a login this box once made, and that is
// not the one it should show.
func (s story) voidLogin(e Event) Finding {
	if mac, ok := holdingOf(e.facts.login); ok {
		return s.holdingLogin(mac)
	}
	o, ok := s.origin(e.facts.login)
	switch {
	case !ok:
		return s.mend("looks-foreign", "shows a login like those of this box, which this box does not remember: another box made it, or this one's database is another or older one")
	case o.mac != s.mac:
		return s.swapped(o.mac)
	}
	at := s.clock(o.ended)
	switch o.end {
	case endRemoved:
		return s.mend("looks-recreated", "shows the login it had before it was deleted here at "+at+" and set up again")
	case endReset:
		return s.mend("looks-reset", "shows the login it had until it was reset at "+at+"; if the reset was a mistake, it need not be authenticated by hand")
	case endCleared:
		return s.mend("looks-cleared", "shows the login that was cleared at "+at+" when its one-time password was allowed again")
	case endReplaced:
		return s.mend("looks-old-flash", "shows a login it has since replaced, at "+at+": it looks restored from an old backup or flash image, or never stored the newer config")
	}
	return s.mend("looks-edited", "shows its own user name with another password: its provisioning login looks edited on the phone, or cut off by it")
}

// swapped is for a phone that shows the login made for another.
func (s story) swapped(other phone.MAC) Finding {
	f := Finding{
		Code: "looks-swapped",
		Text: fmt.Sprintf("shows the login of %s: it looks swapped with that phone, or that phone's config was copied to it", other),
	}
	if !s.known {
		f.Do = fmt.Sprintf("if it stands in for %s: set it up, lineside device add %s, then lineside device remove %s", other, s.mac, other)
		return f
	}
	again, fix := s.again()
	f.Do, f.Fix = fmt.Sprintf("compare the label of the phone with lineside device show %s; if it is the right one, reset it to factory settings, then %s", s.mac, again), fix
	return f
}

// holdingLogin is for a phone that shows the login of a holding config that is
// not its own of this box.
func (s story) holdingLogin(of phone.MAC) Finding {
	if of != s.mac {
		return s.swapped(of)
	}
	return s.mend("looks-other-box", "shows the login of a holding config that another box made, or this one before its state was made anew")
}

// onHoldAgain is for a phone on hold that had a login before.
func (s story) onHoldAgain() (Finding, bool) {
	if !s.known || !s.had {
		return Finding{}, false
	}
	at := s.clock(s.lost.ended)
	switch s.lost.end {
	case endRemoved:
		return s.mend("looks-recreated", "was deleted here at "+at+" and set up again: the login it had is void, and it is on hold"), true
	case endReset:
		return s.mend("looks-reset", "is on hold since it was reset at "+at+"; if that was a mistake, it need not be authenticated by hand"), true
	}
	return Finding{}, false
}

// Bounds of what counts as a phone that has lost its login: one that knows it
// may still ask once without, to be asked for it.
const (
	bareAsks = 3
	bareWait = time.Minute
)

// withoutLogin is for a phone in successful that does not show its login.
func (s story) withoutLogin(now time.Time, e Event) (Finding, bool) {
	switch {
	case e.facts.shown == auth.FirstTry:
		return s.mend("looks-factory-reset", "shows its maker's factory login instead of its own: it looks reset to factory settings, or replaced by a new phone set to its MAC"), true
	case e.facts.shown == auth.HoldingLogin:
		return s.mend("looks-holding", "shows the login of its holding config instead of its own: it looks restored to what it was before it was authenticated"), true
	case e.facts.shown == auth.Nothing && e.Front != TFTP && e.Times >= bareAsks && now.Sub(e.At) >= bareWait:
		return s.mend("looks-factory-reset", fmt.Sprintf("asked %s without its login and never showed it: it looks reset to factory settings", times(e.Times))), true
	}
	return Finding{}, false
}

// mend is a finding whose cure is to let the phone prove itself again.
func (s story) mend(code, text string) Finding {
	f := Finding{Code: code, Text: text}
	if !s.known {
		f.Do = "set it up: lineside visitors claim " + s.mac.String()
		return f
	}
	f.Do, f.Fix = s.again()
	return f
}

// again is how the device can be let in once more, in words and as one tap.
// Suspending helps only a phone whose MAC is proven, or where policy takes a
// claimed one. Neither helps while a phone shows a void login of its own accord;
// it asks without one after a restart.
func (s story) again() (string, Fix) {
	mac := s.mac.String()
	suspend := fmt.Sprintf("let it in without proof: lineside device suspend %s, then restart it within 30 minutes", mac)
	switch {
	case s.rec.Enrolment.TicketOnly && s.mayTrust():
		return fmt.Sprintf("make it a ticket: %s; or %s", s.newTicket(), suspend), FixTicket
	case s.rec.Enrolment.TicketOnly:
		return "make it a ticket: " + s.newTicket(), FixTicket
	case s.otp && s.mayTrust():
		return fmt.Sprintf("allow its one-time password once more: lineside device allow-otp %s, then type it on the phone; or %s", mac, suspend), FixAllowOTP
	case s.otp:
		return fmt.Sprintf("allow its one-time password once more: lineside device allow-otp %s, then type it on the phone", mac), FixAllowOTP
	case s.mayTrust() && s.factor.WantsPIN() && !s.settled():
		return fmt.Sprintf("%s; or enter its PIN: lineside pin enter %s PIN", suspend, mac), FixSuspend
	case s.mayTrust():
		return suspend, FixSuspend
	case s.factor.WantsPIN() && s.settled():
		return fmt.Sprintf("give it a new PIN: lineside device reset %s, then lineside pin enter %s PIN --from ADDRESS", mac, mac), ""
	case s.factor.WantsPIN():
		return fmt.Sprintf("enter its PIN: lineside pin enter %s PIN --from ADDRESS", mac), ""
	}
	return fmt.Sprintf("set a one-time password for its brand: lineside otp set %s --generate, then lineside device allow-otp %s", s.brand, mac), ""
}
