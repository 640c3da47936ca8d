package auth_test

import (
	"errors"
	"testing"
	"time"

	"github.com/lineside/lineside/auth"
	"github.com/lineside/lineside/phone"
)

// ticket gives the enrolment a ticket made an hour ago, in the state as.
func ticket(as auth.TicketState, change ...func(*auth.Ticket)) func(*auth.Enrolment) {
	return func(e *auth.Enrolment) {
		*e = auth.MakeTicket(noon.Add(-time.Hour), *e, auth.Ticket{User: "314159", Password: phone.NewSecret("fake-ticket")}, auth.TicketLife)
		e.Ticket.State = as
		if as != auth.TicketGenerated {
			e.Ticket.Asked = auth.Asked{At: noon.Add(-time.Minute), By: here, Vendor: "plain"}
		}
		for _, f := range change {
			f(&e.Ticket)
		}
	}
}

func approval(t *auth.Ticket)   { t.Approval = true }
func lateNow(t *auth.Ticket)    { t.Until = noon }
func fetchedNow(t *auth.Ticket) { t.Again = noon.Add(auth.RefetchWindow) }

// usedTicket is a ticket used from here a moment ago.
func usedTicket(e *auth.Enrolment) {
	ticket(auth.TicketUsed, approval, fetchedNow)(e)
	e.Pending = next
}

// tickets are for the walk over all combinations.
var tickets = map[string]func(*auth.Enrolment){
	"ticket":          ticket(auth.TicketGenerated),
	"ticket to judge": ticket(auth.TicketGenerated, approval),
	"late ticket":     ticket(auth.TicketGenerated, lateNow),
	"awaiting":        ticket(auth.TicketAwaiting, approval),
	"approved":        ticket(auth.TicketApproved, approval),
	"late approved":   ticket(auth.TicketApproved, approval, lateNow),
	"rejected":        ticket(auth.TicketRejected, approval),
	"revoked":         ticket(auth.TicketRevoked),
	"used":            usedTicket,
}

func alone(e *auth.Enrolment) { e.TicketOnly = true }

// both applies several changes in order.
func both(list ...func(*auth.Enrolment)) auth.Enrolment {
	e := auth.NewEnrolment(pin)
	for _, f := range list {
		f(&e)
	}
	return e
}

// TestDecideTicket has the rows of tickets, and beside each what looks alike
// and must not match.
func TestDecideTicket(t *testing.T) {
	shown, held := shows(auth.TicketOTP), shows(auth.HoldingLogin)
	fresh1, judged := ticket(auth.TicketGenerated), ticket(auth.TicketGenerated, approval)
	awaiting, approved := ticket(auth.TicketAwaiting, approval), ticket(auth.TicketApproved, approval)
	brand := shows(auth.BrandOTP)
	for _, tt := range []struct {
		name    string
		policy  auth.Factor
		e       auth.Enrolment
		r       auth.Request
		outcome auth.Outcome
		reason  auth.Reason
		state   auth.TicketState
	}{
		{"shown", auth.FactorOTP, with(fresh1), ask(shown), auth.Full, auth.RightTicket, auth.TicketUsed},
		{"shown under a PIN policy", auth.FactorPIN, with(fresh1), ask(shown), auth.Full, auth.RightTicket, auth.TicketUsed},
		{"shown under policy none", auth.FactorNone, with(fresh1), ask(shown), auth.Full, auth.RightTicket, auth.TicketUsed},
		{"shown through a router", auth.FactorOTP, with(fresh1), ask(shown, seen(auth.Claimed)), auth.Full, auth.RightTicket, auth.TicketUsed},
		{"shown, layer 2 says another MAC", auth.FactorOTP, with(fresh1), ask(shown, seen(auth.Contradicted)), auth.Refuse, auth.MACContradicted, auth.TicketGenerated},
		{"shown, the MAC is at home elsewhere", auth.FactorOTP, with(fresh1), ask(shown, seen(auth.Doubted)), auth.Refuse, auth.MACElsewhere, auth.TicketGenerated},
		{"shown on an open door", auth.FactorOTP, with(fresh1), ask(shown, openDoor, accepted), auth.Challenge, auth.WrongLogin, auth.TicketGenerated},
		{"not looked at while penalised", auth.FactorOTP, with(fresh1), ask(shows(auth.Unlooked)), auth.Challenge, auth.TooManyWrong, auth.TicketGenerated},
		{"shown too late", auth.FactorOTP, with(ticket(auth.TicketGenerated, lateNow)), ask(shown), auth.Challenge, auth.TicketOver, auth.TicketExpired},
		{"shown too late, again", auth.FactorOTP, with(ticket(auth.TicketExpired)), ask(shown), auth.Challenge, auth.TicketOver, auth.TicketExpired},
		{"the phone is asked for it", auth.FactorPIN, with(fresh1), ask(), auth.Challenge, auth.WantsTicket, auth.TicketGenerated},
		{"not asked for once it is over", auth.FactorPIN, with(ticket(auth.TicketGenerated, lateNow)), ask(), auth.Hold, auth.WantsPIN, auth.TicketGenerated},
		{"a right PIN still helps", auth.FactorPIN, both(fresh1, passedFor(here)), ask(), auth.Full, auth.RightPIN, auth.TicketGenerated},
		{"again by the same phone", auth.FactorOTP, with(usedTicket), ask(shown), auth.Full, auth.TicketAgain, auth.TicketUsed},
		{"again with the holding login it was given", auth.FactorOTP, with(usedTicket), ask(held), auth.Full, auth.TicketAgain, auth.TicketUsed},
		{"again by another caller", auth.FactorOTP, with(usedTicket), ask(shown, from(there)), auth.Challenge, auth.TicketSpent, auth.TicketUsed},
		{"again after the window", auth.FactorOTP, both(usedTicket, func(e *auth.Enrolment) { e.Ticket.Again = noon }), ask(shown), auth.Challenge, auth.TicketSpent, auth.TicketUsed},
		{"again once the credential was used", auth.FactorOTP, both(settled, ticket(auth.TicketUsed)), ask(shown), auth.Challenge, auth.TicketSpent, auth.TicketUsed},
		{"again, nothing shown", auth.FactorOTP, with(usedTicket), ask(), auth.Challenge, auth.WantsLogin, auth.TicketUsed},
		{"revoked", auth.FactorOTP, with(ticket(auth.TicketRevoked)), ask(shown), auth.Challenge, auth.TicketSpent, auth.TicketRevoked},
		{"void after a reset", auth.FactorOTP, auth.Reset(with(fresh1), pin), ask(shown), auth.Challenge, auth.WrongLogin, auth.NoTicket},

		{"approval: shown", auth.FactorOTP, with(judged), ask(shown), auth.Hold, auth.AwaitsApproval, auth.TicketAwaiting},
		{"approval: the same phone again", auth.FactorOTP, with(awaiting), ask(shown), auth.Hold, auth.AwaitsApproval, auth.TicketAwaiting},
		{"approval: the same phone with its holding login", auth.FactorOTP, with(awaiting), ask(held), auth.Hold, auth.AwaitsApproval, auth.TicketAwaiting},
		{"approval: the same phone, nothing shown", auth.FactorOTP, with(awaiting), ask(), auth.Hold, auth.AwaitsApproval, auth.TicketAwaiting},
		{"approval: the same phone by TFTP", auth.FactorOTP, with(awaiting), ask(openDoor), auth.Challenge, auth.WantsTicket, auth.TicketAwaiting},
		{"approval: another caller with the ticket", auth.FactorOTP, with(awaiting), ask(shown, from(there)), auth.Challenge, auth.TicketBound, auth.TicketAwaiting},
		{"approval: another caller with the holding login", auth.FactorOTP, with(awaiting), ask(held, from(there)), auth.Challenge, auth.WantsTicket, auth.TicketAwaiting},
		{"approval: too late", auth.FactorOTP, with(ticket(auth.TicketAwaiting, approval, lateNow)), ask(shown), auth.Challenge, auth.TicketOver, auth.TicketExpired},
		{"approved: with the holding login", auth.FactorOTP, with(approved), ask(held), auth.Full, auth.RightTicket, auth.TicketUsed},
		{"approved: with the ticket", auth.FactorOTP, with(approved), ask(shown), auth.Full, auth.RightTicket, auth.TicketUsed},
		{"approved: nothing shown", auth.FactorPIN, with(approved), ask(), auth.Challenge, auth.WantsTicket, auth.TicketApproved},
		{"approved: wrong login", auth.FactorOTP, with(approved), ask(shows(auth.Wrong)), auth.Challenge, auth.WrongLogin, auth.TicketApproved},
		{"approved: another caller with the ticket", auth.FactorOTP, with(approved), ask(shown, from(there)), auth.Challenge, auth.TicketBound, auth.TicketApproved},
		{"approved: another caller with the holding login", auth.FactorOTP, with(approved), ask(held, from(there)), auth.Challenge, auth.WantsTicket, auth.TicketApproved},
		{"approved: too late", auth.FactorOTP, with(ticket(auth.TicketApproved, approval, lateNow)), ask(held), auth.Challenge, auth.WantsOTP, auth.TicketApproved},
		{"approved: layer 2 says another MAC now", auth.FactorOTP, with(approved), ask(held, seen(auth.Contradicted)), auth.Refuse, auth.MACContradicted, auth.TicketApproved},
		{"rejected: with the holding login", auth.FactorOTP, with(ticket(auth.TicketRejected, approval)), ask(held), auth.Challenge, auth.WantsOTP, auth.TicketRejected},
		{"rejected: with the ticket", auth.FactorPIN, with(ticket(auth.TicketRejected, approval)), ask(shown), auth.Challenge, auth.TicketDenied, auth.TicketRejected},

		{"demanded: the brand's OTP", auth.FactorOTP, both(alone), ask(brand), auth.Challenge, auth.TicketDemanded, auth.NoTicket},
		{"demanded: the brand's OTP an operator allowed", auth.FactorPIN, auth.AllowOTP(both(alone), false), ask(brand), auth.Challenge, auth.TicketDemanded, auth.NoTicket},
		{"demanded: the brand's OTP, fetched a moment ago", auth.FactorOTP, both(fetched, alone), ask(brand), auth.Challenge, auth.TicketDemanded, auth.NoTicket},
		{"demanded: a right PIN", auth.FactorPIN, both(alone, passedFor(here)), ask(), auth.Challenge, auth.WantsTicket, auth.NoTicket},
		{"demanded: nothing", auth.FactorPIN, both(alone), ask(), auth.Challenge, auth.WantsTicket, auth.NoTicket},
		{"demanded: suspended by an operator", auth.FactorPIN, auth.Suspend(noon, both(alone)), ask(), auth.Full, auth.TrustSuspended, auth.NoTicket},
		{"demanded: the ticket", auth.FactorOTP, both(fresh1, alone), ask(shown), auth.Full, auth.RightTicket, auth.TicketUsed},

		{"otp+pin: the ticket earns the holding config", auth.FactorBoth, with(fresh1), ask(shown), auth.Hold, auth.WantsPIN, auth.TicketUsed},
		{"otp+pin: the same phone again", auth.FactorBoth, with(ticket(auth.TicketUsed)), ask(shown), auth.Hold, auth.WantsPIN, auth.TicketUsed},
		{"otp+pin: another caller", auth.FactorBoth, with(ticket(auth.TicketUsed)), ask(shown, from(there), seen(auth.Claimed)), auth.Challenge, auth.TicketSpent, auth.TicketUsed},
		{"otp+pin: both", auth.FactorBoth, both(ticket(auth.TicketUsed), alone, passedFor(here)), ask(), auth.Full, auth.RightPIN, auth.TicketUsed},
		{"otp+pin: demanded, the brand's OTP shown before", auth.FactorBoth, both(halfway, alone, passedFor(here)), ask(), auth.Challenge, auth.WantsTicket, auth.NoTicket},
		{"otp+pin: an OTP that a copy made void is no half", auth.FactorBoth, both(func(e *auth.Enrolment) { e.OTP.Used = true }, passedFor(here)), ask(), auth.Challenge, auth.WantsOTP, auth.NoTicket},
	} {
		t.Run(tt.name, func(t *testing.T) {
			d, after := auth.Decide(noon, policy(tt.policy), tt.e, tt.r, fresh)
			if d.Outcome != tt.outcome || d.Reason != tt.reason || after.Ticket.State != tt.state {
				t.Errorf("got outcome %d (%s), ticket %q; want %d (%s), %q", d.Outcome, d.Reason, after.Ticket.State, tt.outcome, tt.reason, tt.state)
			}
			if d.Changes == (after == tt.e) {
				t.Errorf("Changes is %t, but the enrolment says otherwise", d.Changes)
			}
		})
	}
}

// ticketGrounds says, apart from Decide, whether a ticket entitles the caller.
func ticketGrounds(p auth.Policy, e auth.Enrolment, r auth.Request) bool {
	tk := e.Ticket
	mine := tk.Asked.By == r.By && (r.Shown == auth.TicketOTP || r.Shown == auth.HoldingLogin)
	switch {
	case tk.State == auth.TicketUsed:
		return mine && noon.Before(tk.Again)
	case !noon.Before(tk.Until), p.FirstContact == auth.FactorBoth:
		return false
	case tk.State == auth.TicketGenerated:
		return r.Shown == auth.TicketOTP && (!tk.Approval || p.AutoApprove)
	case tk.State == auth.TicketAwaiting:
		return mine && p.AutoApprove
	}
	return mine && tk.State == auth.TicketApproved
}

// TestTicketIsBound has the ticket remember who showed it, as what.
func TestTicketIsBound(t *testing.T) {
	r := ask(shows(auth.TicketOTP))
	r.From = auth.Asked{Vendor: "plain", Model: "P1", Firmware: "1.2", By: "made up"}
	_, e := auth.Decide(noon, policy(auth.FactorOTP), with(ticket(auth.TicketGenerated, approval)), r, fresh)
	if want := (auth.Asked{At: noon, By: here, Vendor: "plain", Model: "P1", Firmware: "1.2"}); e.Ticket.Asked != want {
		t.Errorf("got %+v, want %+v", e.Ticket.Asked, want)
	}
}

// TestTicketAnswers is every state by every answer of an admin.
func TestTicketAnswers(t *testing.T) {
	approve := func(e auth.Enrolment) (auth.Enrolment, error) { return auth.ApproveTicket(noon, e) }
	reject := func(e auth.Enrolment) (auth.Enrolment, error) { return auth.RejectTicket(noon, e, "not ours") }
	revoke := func(e auth.Enrolment) (auth.Enrolment, error) { return auth.RevokeTicket(noon, e) }
	const no = auth.TicketState("refused")
	for _, row := range []struct {
		name                     string
		e                        auth.Enrolment
		approved, rejected, gone auth.TicketState
	}{
		{"none", auth.NewEnrolment(pin), no, no, no},
		{"generated", with(ticket(auth.TicketGenerated)), no, no, auth.TicketRevoked},
		{"awaiting", with(ticket(auth.TicketAwaiting)), auth.TicketApproved, auth.TicketRejected, auth.TicketRevoked},
		{"awaiting, too late", with(ticket(auth.TicketAwaiting, lateNow)), no, no, no},
		{"approved", with(ticket(auth.TicketApproved)), no, auth.TicketRejected, auth.TicketRevoked},
		{"used", with(usedTicket), no, no, no},
		{"rejected", with(ticket(auth.TicketRejected)), no, no, no},
		{"expired", with(ticket(auth.TicketExpired)), no, no, no},
		{"revoked", with(ticket(auth.TicketRevoked)), no, no, no},
	} {
		for _, answer := range []struct {
			name string
			do   func(auth.Enrolment) (auth.Enrolment, error)
			want auth.TicketState
		}{{"approve", approve, row.approved}, {"reject", reject, row.rejected}, {"revoke", revoke, row.gone}} {
			after, err := answer.do(row.e)
			switch {
			case answer.want == no && (!errors.Is(err, auth.ErrTicketState) || after != row.e):
				t.Errorf("%s, %s: got %q, %v; want ErrTicketState and no change", row.name, answer.name, after.Ticket.State, err)
			case answer.want != no && (err != nil || after.Ticket.State != answer.want):
				t.Errorf("%s, %s: got %q, %v; want %q", row.name, answer.name, after.Ticket.State, err, answer.want)
			}
		}
	}
}

// TestTurnedAway: who showed a ticket that an admin ends does not come in by a
// PIN entered for it before, nor by one entered for nobody yet.
func TestTurnedAway(t *testing.T) {
	used := func(e *auth.Enrolment) { e.Pass.Used = true }
	for _, tt := range []struct {
		name  string
		e     auth.Enrolment
		stays bool
	}{
		{"entered for who showed it", both(ticket(auth.TicketAwaiting, approval), passedFor(here)), false},
		{"entered for nobody yet", both(ticket(auth.TicketAwaiting, approval), passedFor("")), false},
		{"entered for another caller", both(ticket(auth.TicketAwaiting, approval), passedFor(there)), true},
		{"used already", both(ticket(auth.TicketAwaiting, approval), passedFor(here), used), true},
		{"approved in the meantime", both(ticket(auth.TicketApproved, approval), passedFor(here)), false},
	} {
		for name, answer := range map[string]func(auth.Enrolment) (auth.Enrolment, error){
			"rejected": func(e auth.Enrolment) (auth.Enrolment, error) { return auth.RejectTicket(noon, e, "not ours") },
			"revoked":  func(e auth.Enrolment) (auth.Enrolment, error) { return auth.RevokeTicket(noon, e) },
		} {
			after, err := answer(tt.e)
			if stays := after.Pass == tt.e.Pass; err != nil || stays != tt.stays {
				t.Errorf("%s, %s: got %+v, %v; want it to stay %t", tt.name, name, after.Pass, err, tt.stays)
			}
		}
	}
	e, err := auth.RevokeTicket(noon, both(ticket(auth.TicketGenerated), passedFor("")))
	if err != nil || e.Pass.Until.IsZero() {
		t.Errorf("nobody showed the ticket: got %+v, %v; want the PIN to stay", e.Pass, err)
	}
	after, _ := auth.RejectTicket(noon, both(ticket(auth.TicketAwaiting, approval), passedFor(here)), "not ours")
	if d, _ := auth.Decide(noon, policy(auth.FactorPIN), after, ask(shows(auth.HoldingLogin)), fresh); d.Outcome == auth.Full {
		t.Errorf("rejected, then back with its holding login: got its full config (%s)", d.Reason)
	}
}

// TestScreen is what phones display, by policy and state.
func TestScreen(t *testing.T) {
	blocked := func(e *auth.Enrolment) { e.State = auth.Blocked }
	auto := func(p *auth.Policy) { p.AutoApprove = true }
	for _, tt := range []struct {
		name   string
		policy auth.Factor
		e      auth.Enrolment
		want   string
		change []func(*auth.Policy)
	}{
		{"needed", auth.FactorPIN, auth.NewEnrolment(pin), "Authentication needed", nil},
		{"blocked", auth.FactorPIN, with(blocked), "Authentication blocked", nil},
		{"no text under otp", auth.FactorOTP, with(blocked), "", nil},
		{"no text under none", auth.FactorNone, auth.NewEnrolment(pin), "", nil},
		{"otp+pin, nothing shown", auth.FactorBoth, auth.NewEnrolment(pin), "", nil},
		{"otp+pin, the OTP shown", auth.FactorBoth, with(halfway), "Authentication needed", nil},
		{"otp+pin, the ticket shown", auth.FactorBoth, with(ticket(auth.TicketUsed)), "Authentication needed", nil},
		{"awaiting approval", auth.FactorOTP, with(ticket(auth.TicketAwaiting, approval)), "Awaiting approval", nil},
		{"awaited approval, too late", auth.FactorPIN, with(ticket(auth.TicketAwaiting, approval, lateNow)), "Authentication needed", nil},
		{"approved by itself", auth.FactorOTP, with(ticket(auth.TicketAwaiting, approval)), "", []func(*auth.Policy){auto}},
		{"rejected", auth.FactorPIN, with(ticket(auth.TicketRejected, approval)), "Authentication needed", nil},
		{"asked for its ticket", auth.FactorPIN, with(ticket(auth.TicketGenerated)), "", nil},
		{"asked for the OTP it may use", auth.FactorPIN, auth.AllowOTP(auth.NewEnrolment(pin), false), "", nil},
		{"a ticket is demanded", auth.FactorPIN, both(alone), "", nil},
		{"enrolling", auth.FactorPIN, with(handed), "", nil},
		{"successful", auth.FactorPIN, with(settled), "", nil},
	} {
		p := policy(tt.policy)
		for _, f := range tt.change {
			f(&p)
		}
		if got := p.Screen(noon, tt.e); got != tt.want {
			t.Errorf("%s: got %q, want %q", tt.name, got, tt.want)
		}
	}
}

// TestPINBesideATicket: a right PIN lets the phone in that waits for an admin,
// and nobody else.
func TestPINBesideATicket(t *testing.T) {
	e := with(ticket(auth.TicketAwaiting, approval))
	policy := auth.Policy{FirstContact: auth.FactorPIN}
	if d, _ := auth.Decide(noon, policy, e, ask(shows(auth.HoldingLogin)), next); d.Outcome != auth.Hold {
		t.Errorf("without a PIN: got %v (%s), want the holding config", d.Outcome, d.Reason)
	}
	e.Pass = auth.Pass{Until: noon.Add(auth.PassFor), By: here}
	d, after := auth.Decide(noon, policy, e, ask(shows(auth.HoldingLogin)), next)
	if d.Outcome != auth.Full || d.Reason != auth.RightPIN || after.Ticket.State != auth.TicketAwaiting {
		t.Errorf("with a PIN: got %v (%s), ticket %s, want the full config by the PIN", d.Outcome, d.Reason, after.Ticket.State)
	}
	e.TicketOnly = true
	if d, _ := auth.Decide(noon, policy, e, ask(shows(auth.HoldingLogin)), next); d.Outcome != auth.Hold {
		t.Errorf("where a ticket is demanded: got %v (%s), want the holding config", d.Outcome, d.Reason)
	}
}

// TestTrustEndsThePass: who is let in by trust keeps the login it was given. A
// right PIN entered before would mint another over it at the next fetch.
func TestTrustEndsThePass(t *testing.T) {
	e := auth.NewEnrolment(pin)
	e.Suspended, e.Pass = noon.Add(time.Minute), auth.Pass{Until: noon.Add(auth.PassFor), By: here}
	policy := auth.Policy{FirstContact: auth.FactorPIN}
	d, e := auth.Decide(noon, policy, e, ask(), next)
	if d.Outcome != auth.Full || e.Pending != next || e.Pass != (auth.Pass{}) {
		t.Fatalf("got %v (%s), login %q, pass %+v, want the full config and no pass", d.Outcome, d.Reason, e.Pending.User, e.Pass)
	}
	if d, after := auth.Decide(noon.Add(time.Hour), policy, e, ask(), auth.Credential{User: "own-other"}); d.Outcome != auth.Challenge || after.Pending != next {
		t.Errorf("later: got %v (%s), login %q, want a challenge and the same login", d.Outcome, d.Reason, after.Pending.User)
	}
}

func TestMakeTicket(t *testing.T) {
	e := with(usedTicket)
	for given, want := range map[time.Duration]time.Duration{0: auth.MinTicket, time.Minute: auth.MinTicket, 8 * time.Hour: 8 * time.Hour, 9000 * time.Hour: auth.MaxTicket} {
		got := auth.MakeTicket(noon, e, auth.Ticket{User: "u"}, given).Ticket
		if got.Serial != e.Ticket.Serial+1 || !got.Until.Equal(noon.Add(want)) || got.State != auth.TicketGenerated || got.Asked != (auth.Asked{}) {
			t.Errorf("%s: got %+v, want a new one for %s", given, got, want)
		}
	}
}

// TestNewCredentialEndsTheOld has two callers in one after the other: the first
// must not fetch the second's credential on the ground it once had.
func TestNewCredentialEndsTheOld(t *testing.T) {
	p := policy(auth.FactorOTP)
	_, e := auth.Decide(noon, p, both(fetched, ticket(auth.TicketGenerated)), ask(shows(auth.TicketOTP), from(there)), fresh)
	if d, _ := auth.Decide(noon, p, e, ask(shows(auth.BrandOTP)), fresh); d.Outcome != auth.Challenge {
		t.Errorf("the OTP again, after somebody's ticket: got outcome %d (%s), want a challenge", d.Outcome, d.Reason)
	}
	e = both(ticket(auth.TicketGenerated), fetched)
	e.Pending.Minted = noon
	if _, e = auth.Decide(noon, p, e, ask(shows(auth.OwnPending)), fresh); e.Ticket.State != auth.TicketRevoked {
		t.Errorf("a ticket made before the credential that is used now: got %q, want it revoked", e.Ticket.State)
	}
}

// TestFailedPhoneRestartedInTheOpenWindow has a phone locked out for wrong PINs
// restart while the site window is open: that provisions it.
func TestFailedPhoneRestartedInTheOpenWindow(t *testing.T) {
	p := auth.Policy{FirstContact: auth.FactorPIN, Window: auth.SiteWindow, WindowUntil: noon.Add(time.Hour)}
	e := enter("000000", 3)(auth.NewEnrolment(pin))
	if e.At(noon) != auth.Failed {
		t.Fatalf("got %s, want failed", e.At(noon))
	}
	d, after := auth.Decide(noon, p, e, ask(), fresh)
	if d.Outcome != auth.Full || d.Reason != auth.TrustWindow || after.Login() != fresh || after.At(noon) != auth.Successful {
		t.Errorf("got outcome %d (%s), %s; want its full config, successful", d.Outcome, d.Reason, after.At(noon))
	}
	alone(&e)
	if d, _ := auth.Decide(noon, p, e, ask(), fresh); d.Outcome == auth.Full {
		t.Error("the window let in a device of which a ticket is demanded")
	}
}

func TestBlockAfter(t *testing.T) {
	wrong := phone.NewSecret("000000")
	for after, want := range map[int]int{0: auth.LockOutsToBlock, 1: 1, 2: 2, 5: 5} {
		e, now, lockOuts := auth.NewEnrolment(pin), noon, 0
		for ; lockOuts < 10 && e.State != auth.Blocked; lockOuts++ {
			for range auth.WrongPINs {
				_, e = auth.EnterPIN(now, auth.Policy{BlockAfter: after}, e, wrong, "")
			}
			now = now.Add(auth.LockOut)
		}
		if lockOuts != want {
			t.Errorf("block after %d: got blocked at lock-out %d, want %d", after, lockOuts, want)
		}
	}
	for n, ok := range map[int]bool{-1: false, 0: false, 1: true, 100: true, 101: false} {
		if err := auth.CheckBlockAfter(n); (err == nil) != ok {
			t.Errorf("%d: got %v, want taken %t", n, err, ok)
		}
	}
}
