package auth_test

import (
	"testing"
	"time"

	"github.com/lineside/lineside/auth"
	"github.com/lineside/lineside/phone"
)

func asks(r *auth.Request) { r.Asks = true }

// typed is a request of a phone that asks for logins on its screen, with a PIN
// typed there.
func typed(s auth.Shown, change ...func(*auth.Request)) auth.Request {
	return ask(append([]func(*auth.Request){asks, shows(s)}, change...)...)
}

func onScreen(f auth.Factor) auth.Policy {
	return auth.Policy{FirstContact: f, PINOnScreen: true}
}

// TestScreenPIN has the rows of the PIN typed on the phone's own screen, and
// beside them what looks alike and must not match.
func TestScreenPIN(t *testing.T) {
	needed := auth.NewEnrolment(pin)
	failed := with(func(e *auth.Enrolment) { e.State, e.Until, e.LockOuts = auth.Failed, noon.Add(time.Minute), 1 })
	over := with(func(e *auth.Enrolment) { e.State, e.Until, e.LockOuts = auth.Failed, noon, 1 })
	for _, tt := range []struct {
		name    string
		p       auth.Policy
		e       auth.Enrolment
		r       auth.Request
		outcome auth.Outcome
		reason  auth.Reason
		changes bool
	}{
		{"4p right, proven", onScreen(auth.FactorPIN), needed, typed(auth.ScreenPIN), auth.Full, auth.RightPIN, true},
		{"4p right, claimed: it was typed here", onScreen(auth.FactorPIN), needed, typed(auth.ScreenPIN, seen(auth.Claimed)), auth.Full, auth.RightPIN, true},
		{"4p right, doubted", onScreen(auth.FactorPIN), needed, typed(auth.ScreenPIN, seen(auth.Doubted)), auth.Refuse, auth.MACElsewhere, false},
		{"4p right, contradicted", onScreen(auth.FactorPIN), needed, typed(auth.ScreenPIN, seen(auth.Contradicted)), auth.Refuse, auth.MACContradicted, false},
		{"4p right, the option off", policy(auth.FactorPIN), needed, typed(auth.ScreenPIN), auth.Challenge, auth.WrongLogin, false},
		{"4p right, a vendor that does not ask", onScreen(auth.FactorPIN), needed, ask(shows(auth.ScreenPIN)), auth.Challenge, auth.WrongLogin, false},
		{"4p right, by TFTP", onScreen(auth.FactorPIN), needed, typed(auth.ScreenPIN, openDoor, accepted), auth.Challenge, auth.WrongLogin, false},
		{"4p right, an unknown device", onScreen(auth.FactorPIN), auth.Enrolment{State: auth.Needed}, typed(auth.ScreenPIN, unknown), auth.Challenge, auth.WrongLogin, false},
		{"4p right, policy otp", onScreen(auth.FactorOTP), needed, typed(auth.ScreenPIN), auth.Challenge, auth.WrongLogin, false},
		{"4p right, policy none", onScreen(auth.FactorNone), needed, typed(auth.ScreenPIN), auth.Challenge, auth.WrongLogin, false},
		{"4p right, failed", onScreen(auth.FactorPIN), failed, typed(auth.ScreenPIN), auth.Challenge, auth.PINNotTaken, false},
		{"4p right, the lock-out over", onScreen(auth.FactorPIN), over, typed(auth.ScreenPIN), auth.Full, auth.RightPIN, true},
		{"4p right, blocked", onScreen(auth.FactorPIN), with(func(e *auth.Enrolment) { e.State = auth.Blocked }), typed(auth.ScreenPIN), auth.Challenge, auth.PINNotTaken, false},
		{"4p right, authenticated before", onScreen(auth.FactorPIN), with(settled), typed(auth.ScreenPIN), auth.Challenge, auth.PINNotTaken, false},
		{"4p right, a ticket is demanded", onScreen(auth.FactorPIN), with(func(e *auth.Enrolment) { e.TicketOnly = true }), typed(auth.ScreenPIN), auth.Challenge, auth.PINNotTaken, false},
		{"4p right, a pass for another address", onScreen(auth.FactorPIN), with(passedFor(there)), typed(auth.ScreenPIN, seen(auth.Claimed)), auth.Full, auth.RightPIN, true},
		{"4p right, a pass for this address it could not use", onScreen(auth.FactorPIN), with(passedFor(here)), typed(auth.ScreenPIN, seen(auth.Claimed)), auth.Full, auth.RightPIN, true},
		{"4p again, the same phone", onScreen(auth.FactorPIN), with(handed), typed(auth.ScreenPIN), auth.Full, auth.PINAgain, false},
		{"4p again, another caller: a login of its own", onScreen(auth.FactorPIN), with(handed), typed(auth.ScreenPIN, from(there), seen(auth.Claimed)), auth.Full, auth.RightPIN, true},
		{"4p otp+pin, nothing else shown", onScreen(auth.FactorBoth), needed, typed(auth.ScreenPIN), auth.Challenge, auth.PINNotTaken, false},
		{"4p otp+pin, half done", onScreen(auth.FactorBoth), with(halfway), typed(auth.ScreenPIN), auth.Full, auth.RightPIN, true},
		{"4p otp+pin, half done by another", onScreen(auth.FactorBoth), with(halfway), typed(auth.ScreenPIN, from(there), seen(auth.Claimed)), auth.Challenge, auth.PINNotTaken, false},
		{"4p wrong", onScreen(auth.FactorPIN), needed, typed(auth.WrongPIN), auth.Challenge, auth.PINMistyped, true},
		{"4p wrong, a pass for this address", onScreen(auth.FactorPIN), with(passedFor(here)), typed(auth.WrongPIN), auth.Challenge, auth.PINMistyped, true},
		{"4p wrong, failed", onScreen(auth.FactorPIN), failed, typed(auth.WrongPIN), auth.Challenge, auth.PINNotTaken, false},
		{"4p wrong, an unknown device", onScreen(auth.FactorPIN), auth.Enrolment{State: auth.Needed}, typed(auth.WrongPIN, unknown), auth.Challenge, auth.WrongLogin, false},
		{"4p wrong, otp+pin half done by another", onScreen(auth.FactorBoth), with(halfway), typed(auth.WrongPIN, from(there), seen(auth.Claimed)), auth.Challenge, auth.PINNotTaken, false},
		{"9 asked on its screen", onScreen(auth.FactorPIN), needed, typed(auth.Nothing), auth.Challenge, auth.WantsPIN, false},
		{"9 asked on its screen, an unknown device", onScreen(auth.FactorPIN), auth.Enrolment{State: auth.Needed}, typed(auth.Nothing, unknown), auth.Challenge, auth.WantsPIN, false},
		{"9 shows its factory login first", onScreen(auth.FactorPIN), needed, typed(auth.FirstTry), auth.Challenge, auth.WantsPIN, false},
		{"9 on hold already", onScreen(auth.FactorPIN), needed, typed(auth.HoldingLogin), auth.Hold, auth.WantsPIN, false},
		{"9 a vendor that does not ask", onScreen(auth.FactorPIN), needed, ask(), auth.Hold, auth.WantsPIN, false},
		{"9 by TFTP", onScreen(auth.FactorPIN), needed, ask(asks, openDoor), auth.Hold, auth.WantsPIN, false},
		{"6b asked for the PIN after the OTP", onScreen(auth.FactorBoth), needed, typed(auth.BrandOTP), auth.Challenge, auth.WantsPIN, true},
		{"6b and again", onScreen(auth.FactorBoth), with(halfway), typed(auth.BrandOTP), auth.Challenge, auth.WantsPIN, false},
		{"6b a vendor that does not ask", onScreen(auth.FactorBoth), needed, ask(shows(auth.BrandOTP)), auth.Hold, auth.WantsPIN, true},
		{"6d asked for the PIN after the ticket", onScreen(auth.FactorBoth), with(ticket(auth.TicketGenerated)), typed(auth.TicketOTP), auth.Challenge, auth.WantsPIN, true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			d, after := auth.Decide(noon, tt.p, tt.e, tt.r, fresh)
			if d.Outcome != tt.outcome || d.Reason != tt.reason || d.Changes != tt.changes {
				t.Errorf("got outcome %d (%s) changes %t, want %d (%s) changes %t", d.Outcome, d.Reason, d.Changes, tt.outcome, tt.reason, tt.changes)
			}
			if d.Changes != (after != tt.e) {
				t.Errorf("changes %t, but the enrolment says otherwise: %+v", d.Changes, after)
			}
			pinned := tt.r.Shown == auth.ScreenPIN || tt.r.Shown == auth.WrongPIN
			if want := pinned && d.Outcome == auth.Challenge; d.Count != want {
				t.Errorf("got count %t, want %t: a PIN that lets nobody in is a wrong login", d.Count, want)
			}
			if want := d.Changes && pinned; d.PIN.Looked != want || d.PIN.Accepted != (want && d.Outcome == auth.Full) {
				t.Errorf("got %+v of the PIN, want looked at %t", d.PIN, want)
			}
		})
	}
}

// TestScreenPINCounts has wrong PINs typed on the screen lock the device out and
// block it as those entered elsewhere do, and both kinds count together.
func TestScreenPINCounts(t *testing.T) {
	p, wrong := onScreen(auth.FactorPIN), phone.NewSecret("000000")
	screen, elsewhere, now := auth.NewEnrolment(pin), auth.NewEnrolment(pin), noon
	for i := range auth.WrongPINs * auth.LockOutsToBlock {
		var d auth.Decision
		var want auth.PINResult
		d, screen = auth.Decide(now, p, screen, typed(auth.WrongPIN), fresh)
		want, elsewhere = auth.EnterPIN(now, p, elsewhere, wrong, there)
		if d.PIN != want || screen != elsewhere {
			t.Fatalf("wrong PIN %d: got %+v, want %+v as from elsewhere\n got %+v\nwant %+v", i+1, d.PIN, want, screen, elsewhere)
		}
		if want.State == auth.Failed {
			now = now.Add(auth.LockOut)
		}
	}
	if screen.State != auth.Blocked {
		t.Errorf("after three lock-outs: got %s, want blocked", screen.State)
	}
	_, mixed := auth.EnterPIN(noon, p, auth.NewEnrolment(pin), wrong, there)
	_, mixed = auth.Decide(noon, p, mixed, typed(auth.WrongPIN), fresh)
	if r, _ := auth.EnterPIN(noon, p, mixed, wrong, there); r.State != auth.Failed {
		t.Errorf("two by telephone and one on the screen: got %s, want failed", r.State)
	}
}
