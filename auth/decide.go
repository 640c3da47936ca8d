package auth

import "time"

// Verdict is what layer 2 says of the MAC a caller goes by.
type Verdict int

// Verdicts. The zero value believes nothing.
const (
	// Claimed: there is nothing on layer 2 to compare with (routed network).
	Claimed Verdict = iota
	// Proven: the lease of the source address agrees.
	Proven
	// Contradicted: layer 2 says another MAC. Nothing it presents helps.
	Contradicted
	// Doubted: the MAC is at home somewhere else on the LAN. Only the device's
	// own credential helps: that cannot be forged by moving it there.
	Doubted
)

// Shown is what a caller presented, as the desk found out by trying.
type Shown int

// What can be presented with a request.
const (
	Nothing      Shown = iota
	OwnCurrent         // the device's credential in use
	OwnPending         // the one handed out last and not used before
	HoldingLogin       // the login every holding config carries: it proves nothing
	BrandOTP           // the vendor's one-time password in force
	TicketOTP          // the device's own ticket, dead or alive
	ScreenPIN          // the device's PIN, typed on the phone's own screen
	FirstTry           // the login factory-new phones of the vendor offer
	Wrong              // anything else
	SameWrong          // one that is no guess: the same wrong one as before, or a void one
	WrongPIN           // another PIN than the device's, typed there
	Unlooked           // not looked at: its sender guessed wrong too often
)

// Request is one request for a file, as evidence.
type Request struct {
	Known    bool // the box has a record of the device
	Secret   bool // the file could hold a secret
	Identity Verdict
	// By is the layer-2 identity the request came from: "mac:…" where a lease
	// names one, else "ip:…".
	By    string
	Shown Shown
	// Brand is the generation of the brand OTP shown.
	Brand uint64
	// From is what the caller says of itself, for whoever approves a ticket.
	From Asked
	// Allowed says that the address is in the permanent allow-list.
	Allowed bool
	// Certified says that a factory client certificate names this very device.
	Certified bool
	// OpenDoor is a door that can neither challenge nor keep a secret (TFTP).
	OpenDoor bool
	// PlainTFTP says that an admin accepted this device's secrets on an open
	// door.
	PlainTFTP bool
	// Silent says that phones of this vendor speak TFTP only: they have no way
	// to show a login, ever.
	Silent bool
	// Asks says that phones of this vendor ask the person in front of them for
	// user name and password when they are challenged.
	Asks bool
}

// Outcome is what a caller is given.
type Outcome int

// Outcomes. Refuse and Challenge are one answer on the wire.
const (
	Refuse Outcome = iota
	Challenge
	Hold  // holding config
	Full  // full config with the device's own credential
	Serve // a file without secrets
)

// Reason is why, for the audit log and the operator; never for the caller.
type Reason string

// Reasons of a decision.
const (
	NoSecret         Reason = "file holds no secret"
	MACContradicted  Reason = "layer 2 says another MAC"
	MACElsewhere     Reason = "the MAC is at home elsewhere on the LAN"
	OwnCredential    Reason = "own credential"
	NewCredential    Reason = "own credential, first use"
	WrongLogin       Reason = "wrong login"
	VoidLogin        Reason = "login no longer valid"
	TooManyWrong     Reason = "not looked at after too many wrong logins"
	DefaultLogin     Reason = "vendor's default login"
	TrustSuspended   Reason = "suspended"
	TrustAllowed     Reason = "allow-list"
	TrustCertificate Reason = "factory certificate"
	TrustWindow      Reason = "site window open"
	SilentVendor     Reason = "let in before; its vendor's phones show no login"
	RightPIN         Reason = "right PIN"
	PINAgain         Reason = "right PIN, same phone again"
	PINMistyped      Reason = "wrong PIN on the phone's screen"
	PINNotTaken      Reason = "PIN on the phone's screen not looked at"
	RightOTP         Reason = "one-time password"
	OTPAgain         Reason = "one-time password again, same phone"
	OTPSpent         Reason = "one-time password already used"
	OTPUnconfirmed   Reason = "one-time password not confirmed by the platform"
	OTPNotAsked      Reason = "one-time password not accepted by policy"
	RightTicket      Reason = "ticket"
	TicketAgain      Reason = "ticket again, same phone"
	AwaitsApproval   Reason = "ticket awaits approval"
	TicketSpent      Reason = "ticket already used or revoked"
	TicketBound      Reason = "ticket shown by another caller before"
	TicketDenied     Reason = "ticket rejected"
	TicketOver       Reason = "ticket expired"
	TicketDemanded   Reason = "one-time password not accepted, a ticket is demanded"
	WantsTicket      Reason = "ticket needed"
	WantsPIN         Reason = "PIN needed"
	WantsOTP         Reason = "one-time password needed"
	WantsTrust       Reason = "trust needed"
	WantsLogin       Reason = "own credential needed"
	WantsHolding     Reason = "login of the holding config needed"
	DoorTooOpen      Reason = "secrets do not cross this door"
	UnknownDevice    Reason = "unknown device"
)

// IsReplay reports that a one-time password was shown that another caller, or
// nobody any more, may use.
func (r Reason) IsReplay() bool { return r == OTPSpent || r == TicketSpent || r == TicketBound }

// Decision is the answer to one request.
type Decision struct {
	Outcome Outcome
	Reason  Reason
	// Count says that a wrong login was shown that weighs on its sender.
	Count bool
	// Changes says that the Enrolment returned with it differs, and must be on
	// disk before the caller hears of it.
	Changes bool
	// PIN is what became of a PIN typed on the phone's screen; one that was not
	// looked at leaves it zero.
	PIN PINResult
}

// Decide is the decision table: the first row that matches (ARCHITECTURE.md has
// it in words). It returns the decision and the device's enrolment after it.
//
// fresh is the credential to mint if one is due. A caller that only wants to
// know whether anything would change may pass the zero Credential and must then
// not keep the enrolment.
//
// An unknown device is asked about with Known false and a zero Enrolment, and
// walks the same rows as a known one in Needed.
func Decide(now time.Time, p Policy, e Enrolment, r Request, fresh Credential) (Decision, Enrolment) {
	if !r.showable(p, e) {
		r.Shown = Wrong
	}
	switch {
	case !r.Secret: // row 1
		return Decision{Outcome: Serve, Reason: NoSecret}, e
	case r.Identity == Contradicted: // row 2
		return Decision{Outcome: Refuse, Reason: MACContradicted}, e
	case r.Shown == OwnCurrent: // row 3
		return Decision{Outcome: Full, Reason: OwnCredential}, e
	case r.Shown == OwnPending:
		return Decision{Outcome: Full, Reason: NewCredential, Changes: true}, e.confirm()
	case r.Identity == Doubted:
		return Decision{Outcome: Refuse, Reason: MACElsewhere}, e
	case r.Shown == Wrong: // row 4
		return Decision{Outcome: Challenge, Reason: WrongLogin, Count: true}, e
	case r.Shown == SameWrong:
		return Decision{Outcome: Challenge, Reason: VoidLogin}, e
	case r.Shown == ScreenPIN, r.Shown == WrongPIN:
		return decideScreen(now, p, e, r, fresh)
	case r.Shown == Unlooked: // counted like a wrong one, so that a right one shows in nothing
		return Decision{Outcome: Challenge, Reason: TooManyWrong, Count: true}, e
	}
	if why, ok := trusted(now, p, e, r); ok { // row 5
		return e.hand(Decision{Outcome: Full, Reason: why}, fresh)
	}
	if e.silent(r) { // row 5a
		return e.hand(Decision{Outcome: Full, Reason: SilentVendor}, fresh)
	}
	if r.Shown == BrandOTP { // row 6
		if d, next, ok := decideOTP(now, p, e, r, fresh); ok {
			return d, next
		}
	}
	if d, next, ok := decideTicket(now, p, e, r, fresh); ok { // row 6d
		return d, next
	}
	if r.Known && now.Before(e.Pass.Until) && p.WantsPIN(e) { // row 7
		return decidePass(now, p, e, r, fresh)
	}
	return decideFirstContact(now, p, e, r), e // rows 8 to 10
}

// showable reports that what the caller is said to have shown exists, and can
// have come by this door. The desk says nothing else; this holds if it errs.
func (r Request) showable(p Policy, e Enrolment) bool {
	switch r.Shown {
	case Nothing:
		return true
	case OwnCurrent:
		return r.Known && !r.OpenDoor && !e.Current.IsZero()
	case OwnPending:
		return r.Known && !r.OpenDoor && !e.Pending.IsZero()
	case TicketOTP:
		return r.Known && !r.OpenDoor && !e.Ticket.isZero()
	case ScreenPIN, WrongPIN:
		return r.Known && p.asksPIN(r)
	}
	return !r.OpenDoor
}

// trusted says on which ground the caller needs no factor. Trust never helps a
// caller whose MAC is only claimed unless policy says so, and never sends
// secrets through an open door.
func trusted(now time.Time, p Policy, e Enrolment, r Request) (Reason, bool) {
	if !r.Known || !r.mayCarry() || !(r.Identity == Proven || p.Claimed) {
		return "", false
	}
	switch {
	case e.IsSuspended(now):
		return TrustSuspended, true
	case r.Allowed:
		return TrustAllowed, true
	case r.Certified:
		return TrustCertificate, true
	case p.IsOpen(now) && !e.TicketOnly && !e.Ticket.judged(now) && e.At(now) != Blocked && e.unsettled(r):
		return TrustWindow, true
	}
	return "", false
}

// silent reports that the device was let in once, cannot say so, and is proven by
// layer 2: all that its vendor's phones have. Without it such a phone would lose
// its lines at the next start.
func (e Enrolment) silent(r Request) bool {
	return r.Silent && r.Known && r.OpenDoor && r.PlainTFTP && r.Identity == Proven && !e.Login().IsZero()
}

// unsettled reports that the device has no credential it could show: none was
// ever handed out, or one that the phone never stored, since it still has the
// holding config. The window is for such phones. One that has a credential is
// asked for it, open window or not, so that a forged MAC is not enough.
func (e Enrolment) unsettled(r Request) bool {
	return e.Login().IsZero() || e.Current.IsZero() && r.Shown == HoldingLogin
}

// mayCarry reports that a platform secret may cross the door at all.
func (r Request) mayCarry() bool {
	return !r.OpenDoor || r.PlainTFTP && r.Identity == Proven
}

// decideOTP is the handshake: a generation is consumed and the credential
// minted in one change; after it only the identity that consumed it may fetch
// again, for RefetchWindow, until the credential is first used.
func decideOTP(now time.Time, p Policy, e Enrolment, r Request, fresh Credential) (Decision, Enrolment, bool) {
	switch {
	case !r.Known:
		return Decision{}, e, false
	case e.TicketOnly:
		return Decision{Outcome: Challenge, Reason: TicketDemanded}, e, true
	case e.OTP.Used && e.OTP.By == r.By && e.OTP.Brand == r.Brand && now.Before(e.OTP.Until) && e.Enrolling():
		return Decision{Outcome: Full, Reason: OTPAgain}, e, true
	case e.OTP.Used && !p.halfway(e, r):
		return Decision{Outcome: Challenge, Reason: OTPSpent}, e, true
	case e.OTP.Used:
		return Decision{}, e, false
	case !p.FirstContact.WantsOTP() && !e.OTP.Allowed:
		return Decision{}, e, false
	}
	used := Arming{Generation: e.OTP.Generation, Used: true, Brand: r.Brand, By: r.By, Until: now.Add(RefetchWindow)}
	if p.FirstContact == FactorBoth { // half of what is wanted
		e.OTP = used
		return Decision{Outcome: p.waiting(r), Reason: WantsPIN, Changes: true}, e, true
	}
	e = e.mint(fresh)
	e.OTP = used
	return Decision{Outcome: Full, Reason: RightOTP, Changes: true}, e, true
}

// mint gives the device its new credential. Whoever may still fetch again on
// an older ground may not: it was let in for the credential before this one.
func (e Enrolment) mint(fresh Credential) Enrolment {
	e.Pending = fresh
	e.Pass, e.OTP.Until, e.Ticket.Again = Pass{}, time.Time{}, time.Time{}
	return e
}

// decidePass turns a right PIN into a credential, once. It is for the phone
// whose MAC layer 2 proves; where layer 2 is silent, for the one address the
// PIN was entered for, which must show the login of its holding config as well.
// After it only the same identity may fetch again, for RefetchWindow, and only
// by showing that it still has the holding config: a phone that stored the full
// one is challenged, so that it shows its new credential.
func decidePass(now time.Time, p Policy, e Enrolment, r Request, fresh Credential) (Decision, Enrolment) {
	mine := e.Pass.By == r.By || !e.Pass.Used && (r.Identity == Proven || p.Claimed && e.Pass.By == "")
	mine = mine && (p.FirstContact != FactorBoth || p.halfway(e, r))
	switch {
	case !mine:
		return decideFirstContact(now, p, e, r), e
	case !r.mayCarry():
		return Decision{Outcome: Hold, Reason: DoorTooOpen}, e
	case e.Pass.Used && r.Shown == HoldingLogin:
		return Decision{Outcome: Full, Reason: PINAgain}, e
	case e.Pass.Used:
		return Decision{Outcome: Challenge, Reason: WantsLogin}, e
	case r.Identity != Proven && !p.Claimed && r.Shown != HoldingLogin:
		return Decision{Outcome: Challenge, Reason: WantsHolding}, e
	}
	return Decision{Outcome: Full, Reason: RightPIN, Changes: true}, e.mintForPIN(now, r, fresh)
}

// decideFirstContact is for callers that have shown nothing that helps. A phone
// that holds a credential is challenged and never put on hold: a holding config
// would take its lines away. One that was handed a credential and still shows
// the holding login never stored it, and starts again.
func decideFirstContact(now time.Time, p Policy, e Enrolment, r Request) Decision {
	switch {
	case r.Known && e.At(now) == Successful, r.Known && e.Enrolling() && r.Shown != HoldingLogin:
		return Decision{Outcome: Challenge, Reason: WantsLogin}
	case r.Known && e.OTP.Allowed && !e.OTP.Used && !e.TicketOnly:
		return Decision{Outcome: Challenge, Reason: WantsOTP}
	case r.Known && !p.halfway(e, r) && (e.TicketOnly || e.Ticket.At(now).IsLive()):
		return Decision{Outcome: Challenge, Reason: WantsTicket}
	case p.FirstContact == FactorPIN, p.halfway(e, r):
		return Decision{Outcome: p.waiting(r), Reason: WantsPIN}
	case r.Shown == FirstTry:
		return Decision{Outcome: Challenge, Reason: DefaultLogin}
	case p.FirstContact.WantsOTP():
		return Decision{Outcome: Challenge, Reason: WantsOTP}
	case r.Shown == BrandOTP:
		return Decision{Outcome: Challenge, Reason: OTPNotAsked}
	}
	return Decision{Outcome: Challenge, Reason: WantsTrust}
}

// hand gives a trusted caller the device's login, minting it where there is
// none. It is not minted anew at each fetch, so that a phone fetching twice
// gets the same. A right PIN not yet used is at its end: it would mint another
// login over the one the phone has just stored.
func (e Enrolment) hand(d Decision, fresh Credential) (Decision, Enrolment) {
	if e.Login().IsZero() {
		e.Pending, d.Changes = fresh, true
	}
	if e.Pass != (Pass{}) {
		e.Pass, d.Changes = Pass{}, true
	}
	if e.State != Successful {
		e.State, d.Changes = Successful, true
	}
	return d, e
}

// confirm makes the pending credential the current one: the phone has stored
// it, so whatever was valid before is void.
func (e Enrolment) confirm() Enrolment {
	e.Current, e.Pending = e.Pending, Credential{}
	e.State, e.Until = Successful, time.Time{}
	e.Fails, e.LockOuts = 0, 0
	e.Pass = Pass{}
	e.OTP.Until, e.Ticket.Again = time.Time{}, time.Time{}
	if e.Ticket.Made.Before(e.Current.Minted) { // it would be a spare key
		e.Ticket = e.Ticket.end(TicketRevoked)
	}
	return e
}

// Login is the credential a full config carries: the pending one if there is
// one, since the phone is to move on to it.
func (e Enrolment) Login() Credential {
	if !e.Pending.IsZero() {
		return e.Pending
	}
	return e.Current
}
