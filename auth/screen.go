package auth

import "time"

// asksPIN reports that the caller's phone can be asked for its PIN on its own
// screen, and that the site wants that.
func (p Policy) asksPIN(r Request) bool {
	return p.PINOnScreen && p.FirstContact.WantsPIN() && r.Asks && !r.OpenDoor
}

// waiting is what a phone of which only the PIN is wanted is given meanwhile: a
// challenge makes it ask for the PIN on its screen. One that shows the holding
// login is on hold already, where it can call for help and enter its PIN by
// telephone, and stays there.
func (p Policy) waiting(r Request) Outcome {
	if p.asksPIN(r) && r.Shown != HoldingLogin {
		return Challenge
	}
	return Hold
}

// decideScreen looks at a PIN typed on the phone's own screen, as EnterPIN does
// at one from elsewhere, and hands the config out in the same answer: it was
// typed on this very phone, so it is for this caller, whether its MAC is proven
// or only claimed. What is wrong, or not looked at, is answered and counted
// against its sender as any wrong login is, a right PIN of a locked device
// included.
//
// Unlike EnterPIN it looks also while a pass for this caller waits to be used: a
// phone that never was on hold could not use it, and a wrong PIN is a try. After
// a right one the same caller gets the same config again for RefetchWindow, for
// phones fetch several files, and power is lost.
func decideScreen(now time.Time, p Policy, e Enrolment, r Request, fresh Credential) (Decision, Enrolment) {
	right := r.Shown == ScreenPIN
	switch {
	case !p.takesScreenPIN(e, r) || e.At(now) != Needed:
		return Decision{Outcome: Challenge, Reason: PINNotTaken, Count: true}, e
	case right && e.Pass.Used && e.Pass.By == r.By && now.Before(e.Pass.Until) && e.Enrolling():
		return Decision{Outcome: Full, Reason: PINAgain}, e
	}
	result, e := e.settle(now).enter(now, p, right, r.By)
	if !right {
		return Decision{Outcome: Challenge, Reason: PINMistyped, Count: true, Changes: true, PIN: result}, e
	}
	e = e.mintForPIN(now, r, fresh)
	return Decision{Outcome: Full, Reason: RightPIN, Changes: true, PIN: result}, e
}

// takesScreenPIN reports that a PIN is all that is still wanted, of this caller.
func (p Policy) takesScreenPIN(e Enrolment, r Request) bool {
	return p.WantsPIN(e) && (p.FirstContact != FactorBoth || p.halfway(e, r))
}

// mintForPIN turns a right PIN into a credential, of which only the caller may
// fetch the config again.
func (e Enrolment) mintForPIN(now time.Time, r Request, fresh Credential) Enrolment {
	e = e.mint(fresh)
	e.Pass = Pass{Used: true, By: r.By, Until: now.Add(RefetchWindow)}
	return e
}
