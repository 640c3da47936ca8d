package auth_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/lineside/lineside/auth"
	"github.com/lineside/lineside/phone"
)

var (
	noon  = time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)
	fresh = auth.Credential{User: "own-fresh", Password: phone.NewSecret("fake-fresh"), Minted: noon}
	own   = auth.Credential{User: "own-current", Password: phone.NewSecret("fake-current"), Minted: noon}
	next  = auth.Credential{User: "own-pending", Password: phone.NewSecret("fake-pending"), Minted: noon}
	pin   = phone.NewSecret("271828")
)

const (
	here  = "mac:00:15:65:00:00:01"
	there = "ip:10.20.0.99"
)

func policy(f auth.Factor) auth.Policy { return auth.Policy{FirstContact: f} }

// TestWindow has the rows of an open site window, which TestDecide's policy has
// not.
func TestWindow(t *testing.T) {
	failed := with(func(e *auth.Enrolment) { e.State, e.Until = auth.Failed, noon.Add(auth.LockOut) })
	for _, tt := range []struct {
		name    string
		until   time.Time
		e       auth.Enrolment
		r       auth.Request
		outcome auth.Outcome
		reason  auth.Reason
	}{
		{"needed", noon.Add(time.Minute), auth.NewEnrolment(pin), ask(), auth.Full, auth.TrustWindow},
		{"failed, restarted", noon.Add(time.Minute), failed, ask(), auth.Full, auth.TrustWindow},
		{"blocked", noon.Add(time.Minute), with(func(e *auth.Enrolment) { e.State = auth.Blocked }), ask(), auth.Hold, auth.WantsPIN},
		{"only claimed", noon.Add(time.Minute), failed, ask(seen(auth.Claimed)), auth.Hold, auth.WantsPIN},
		{"a stranger", noon.Add(time.Minute), auth.Enrolment{State: auth.Needed}, ask(unknown), auth.Hold, auth.WantsPIN},
		{"a phone with a credential", noon.Add(time.Minute), with(settled), ask(), auth.Challenge, auth.WantsLogin},
		{"handed out, not stored", noon.Add(time.Minute), with(handed), ask(shows(auth.HoldingLogin)), auth.Full, auth.TrustWindow},
		{"an open door", noon.Add(time.Minute), failed, ask(openDoor), auth.Hold, auth.WantsPIN},
		{"over", noon, failed, ask(), auth.Hold, auth.WantsPIN},
		{"a clock that went back", noon.Add(9 * time.Hour), failed, ask(), auth.Hold, auth.WantsPIN},
		{"a ticket that wants no approval", noon.Add(time.Minute), with(ticket(auth.TicketGenerated)), ask(), auth.Full, auth.TrustWindow},
		{"a ticket to be judged, not shown yet", noon.Add(time.Minute), with(ticket(auth.TicketGenerated, approval)), ask(), auth.Challenge, auth.WantsTicket},
		{"a ticket that awaits approval", noon.Add(time.Minute), with(ticket(auth.TicketAwaiting, approval)), ask(), auth.Hold, auth.AwaitsApproval},
		{"a ticket that awaits approval, another caller", noon.Add(time.Minute), with(ticket(auth.TicketAwaiting, approval)), ask(from(there)), auth.Challenge, auth.WantsTicket},
		{"a ticket that awaited approval, too late", noon.Add(time.Minute), with(ticket(auth.TicketAwaiting, approval, lateNow)), ask(), auth.Full, auth.TrustWindow},
		{"a rejected ticket", noon.Add(time.Minute), with(ticket(auth.TicketRejected, approval)), ask(), auth.Hold, auth.WantsPIN},
		{"a rejected ticket, whatever its time", noon.Add(time.Minute), with(ticket(auth.TicketRejected, approval, lateNow)), ask(), auth.Hold, auth.WantsPIN},
		{"a rejected ticket, the holding login", noon.Add(time.Minute), with(ticket(auth.TicketRejected, approval)), ask(shows(auth.HoldingLogin)), auth.Hold, auth.WantsPIN},
		{"a revoked ticket", noon.Add(time.Minute), with(ticket(auth.TicketRevoked, approval)), ask(), auth.Full, auth.TrustWindow},
		{"a rejected ticket, but on the allow-list", noon.Add(time.Minute), with(ticket(auth.TicketRejected, approval)), ask(allowed), auth.Full, auth.TrustAllowed},
		{"a rejected ticket, but suspended by an operator", noon.Add(time.Minute), auth.Suspend(noon, with(ticket(auth.TicketRejected, approval))), ask(), auth.Full, auth.TrustSuspended},
		{"awaiting approval, with its maker's certificate", noon.Add(time.Minute), with(ticket(auth.TicketAwaiting, approval)), ask(certified), auth.Full, auth.TrustCertificate},
		{"a rejected ticket before a reset", noon.Add(time.Minute), auth.Reset(with(ticket(auth.TicketRejected, approval)), pin), ask(), auth.Full, auth.TrustWindow},
	} {
		t.Run(tt.name, func(t *testing.T) {
			p := auth.Policy{FirstContact: auth.FactorPIN, Window: auth.SiteWindow, WindowUntil: tt.until}
			if d, _ := auth.Decide(noon, p, tt.e, tt.r, fresh); d.Outcome != tt.outcome || d.Reason != tt.reason {
				t.Errorf("got outcome %d (%s), want %d (%s)", d.Outcome, d.Reason, tt.outcome, tt.reason)
			}
		})
	}
	p := auth.Policy{Window: auth.SiteWindow}
	p, moved := p.Open(noon)
	if !moved || !p.IsOpen(noon.Add(auth.SiteWindow-time.Second)) || p.IsOpen(noon.Add(auth.SiteWindow)) {
		t.Errorf("opened at noon: got until %s", p.WindowUntil)
	}
	if _, moved = p.Open(noon.Add(time.Minute)); moved {
		t.Error("an open window is written again within a minute")
	}
	if _, moved = (auth.Policy{}).Open(noon); moved {
		t.Error("a window of no length opens")
	}
}

// ask is a request for a config by a known phone whose lease agrees.
func ask(change ...func(*auth.Request)) auth.Request {
	r := auth.Request{Known: true, Secret: true, Identity: auth.Proven, By: here}
	for _, f := range change {
		f(&r)
	}
	return r
}

func shows(s auth.Shown) func(*auth.Request) {
	return func(r *auth.Request) { r.Shown, r.Brand = s, 7 }
}
func from(by string) func(*auth.Request)          { return func(r *auth.Request) { r.By = by } }
func seen(v auth.Verdict) func(*auth.Request)     { return func(r *auth.Request) { r.Identity = v } }
func unknown(r *auth.Request)                     { r.Known = false }
func openDoor(r *auth.Request)                    { r.OpenDoor = true }
func accepted(r *auth.Request)                    { r.PlainTFTP = true }
func silent(r *auth.Request)                      { r.Silent = true }
func allowed(r *auth.Request)                     { r.Allowed = true }
func certified(r *auth.Request)                   { r.Certified = true }
func noSecret(r *auth.Request)                    { r.Secret = false }
func with(f func(*auth.Enrolment)) auth.Enrolment { e := auth.NewEnrolment(pin); f(&e); return e }

func fetched(e *auth.Enrolment) { // the OTP was used from here, the credential handed out
	e.OTP.Used, e.OTP.By, e.OTP.Brand, e.OTP.Until = true, here, 7, noon.Add(auth.RefetchWindow)
	e.Pending = next
}

func handed(e *auth.Enrolment) { // a right PIN was turned into a credential here
	e.Pass = auth.Pass{Used: true, By: here, Until: noon.Add(auth.RefetchWindow)}
	e.Pending = next
}

func halfway(e *auth.Enrolment) { // under otp+pin: the OTP was shown from here
	fetched(e)
	e.Pending = auth.Credential{}
}

func passedFor(by string) func(*auth.Enrolment) {
	return func(e *auth.Enrolment) { e.Pass = auth.Pass{Until: noon.Add(time.Hour), By: by} }
}

func settled(e *auth.Enrolment) {
	fetched(e)
	e.Current, e.Pending, e.State, e.OTP.Until = own, auth.Credential{}, auth.Successful, time.Time{}
}

// TestDecide has each row of the decision table, and beside it what looks alike
// and must not match.
func TestDecide(t *testing.T) {
	needed := auth.NewEnrolment(pin)
	passed := with(func(e *auth.Enrolment) { e.Pass = auth.Pass{Until: noon.Add(time.Hour)} })
	for _, tt := range []struct {
		name    string
		policy  auth.Factor
		e       auth.Enrolment
		r       auth.Request
		outcome auth.Outcome
		reason  auth.Reason
		changes bool
	}{
		{"1 file without secrets is served to anybody", auth.FactorOTP, auth.Enrolment{}, ask(noSecret, unknown, seen(auth.Contradicted)), auth.Serve, auth.NoSecret, false},
		{"2 contradicted is refused with its own credential", auth.FactorOTP, with(settled), ask(seen(auth.Contradicted), shows(auth.OwnCurrent)), auth.Refuse, auth.MACContradicted, false},
		{"2 contradicted is refused with the OTP", auth.FactorOTP, needed, ask(seen(auth.Contradicted), shows(auth.BrandOTP)), auth.Refuse, auth.MACContradicted, false},
		{"2 contradicted is refused on the allow-list", auth.FactorOTP, needed, ask(seen(auth.Contradicted), allowed), auth.Refuse, auth.MACContradicted, false},
		{"3 current credential", auth.FactorPIN, with(settled), ask(shows(auth.OwnCurrent)), auth.Full, auth.OwnCredential, false},
		{"3 current credential through a router", auth.FactorPIN, with(settled), ask(shows(auth.OwnCurrent), seen(auth.Claimed)), auth.Full, auth.OwnCredential, false},
		{"3 pending credential becomes current", auth.FactorOTP, with(fetched), ask(shows(auth.OwnPending)), auth.Full, auth.NewCredential, true},
		{"4 wrong login is counted", auth.FactorOTP, needed, ask(shows(auth.Wrong)), auth.Challenge, auth.WrongLogin, false},
		{"4 wrong login is no way to a holding config", auth.FactorPIN, needed, ask(shows(auth.Wrong)), auth.Challenge, auth.WrongLogin, false},
		{"5 suspended", auth.FactorOTP, auth.Suspend(noon, needed), ask(), auth.Full, auth.TrustSuspended, true},
		{"5 suspended but only claimed", auth.FactorOTP, auth.Suspend(noon, needed), ask(seen(auth.Claimed)), auth.Challenge, auth.WantsOTP, false},
		{"5 suspended on an open door", auth.FactorPIN, auth.Suspend(noon, needed), ask(openDoor), auth.Hold, auth.WantsPIN, false},
		{"5 suspended on an open door the admin accepted", auth.FactorPIN, auth.Suspend(noon, needed), ask(openDoor, accepted), auth.Full, auth.TrustSuspended, true},
		{"5 suspension over", auth.FactorOTP, auth.Suspend(noon.Add(-auth.SuspendFor), needed), ask(), auth.Challenge, auth.WantsOTP, false},
		{"5 allow-list", auth.FactorNone, needed, ask(allowed), auth.Full, auth.TrustAllowed, true},
		{"5 allow-list does not know strangers", auth.FactorNone, auth.Enrolment{State: auth.Needed}, ask(allowed, unknown), auth.Challenge, auth.WantsTrust, false},
		{"5 factory certificate", auth.FactorOTP, needed, ask(certified), auth.Full, auth.TrustCertificate, true},
		{"5 factory certificate against layer 2", auth.FactorOTP, needed, ask(certified, seen(auth.Contradicted)), auth.Refuse, auth.MACContradicted, false},
		{"5a let in before, a vendor that shows no login", auth.FactorPIN, with(settled), ask(openDoor, accepted, silent), auth.Full, auth.SilentVendor, false},
		{"5a its first start after the PIN", auth.FactorPIN, with(handed), ask(openDoor, accepted, silent), auth.Full, auth.SilentVendor, true},
		{"5a never let in", auth.FactorPIN, needed, ask(openDoor, accepted, silent), auth.Hold, auth.WantsPIN, false},
		{"5a only claimed", auth.FactorPIN, with(settled), ask(openDoor, accepted, silent, seen(auth.Claimed)), auth.Challenge, auth.WantsLogin, false},
		{"5a not accepted by an admin", auth.FactorPIN, with(settled), ask(openDoor, silent), auth.Challenge, auth.WantsLogin, false},
		{"5a a vendor that can show a login", auth.FactorPIN, with(settled), ask(openDoor, accepted), auth.Challenge, auth.WantsLogin, false},
		{"6 OTP", auth.FactorOTP, needed, ask(shows(auth.BrandOTP)), auth.Full, auth.RightOTP, true},
		{"6 OTP through a router", auth.FactorOTP, needed, ask(shows(auth.BrandOTP), seen(auth.Claimed)), auth.Full, auth.RightOTP, true},
		{"6 OTP again by the same phone", auth.FactorOTP, with(fetched), ask(shows(auth.BrandOTP)), auth.Full, auth.OTPAgain, false},
		{"6 OTP again from another address", auth.FactorOTP, with(fetched), ask(shows(auth.BrandOTP), from(there)), auth.Challenge, auth.OTPSpent, false},
		{"6 OTP again after the window", auth.FactorOTP, with(func(e *auth.Enrolment) { fetched(e); e.OTP.Until = noon }), ask(shows(auth.BrandOTP)), auth.Challenge, auth.OTPSpent, false},
		{"6 OTP again once the credential was used", auth.FactorOTP, with(settled), ask(shows(auth.BrandOTP)), auth.Challenge, auth.OTPSpent, false},
		{"6 OTP is no PIN", auth.FactorPIN, needed, ask(shows(auth.BrandOTP)), auth.Hold, auth.WantsPIN, false},
		{"6 OTP allowed once under a PIN policy", auth.FactorPIN, auth.AllowOTP(needed, false), ask(shows(auth.BrandOTP)), auth.Full, auth.RightOTP, true},
		{"6 phone is asked for the OTP it may use once", auth.FactorPIN, auth.AllowOTP(needed, false), ask(), auth.Challenge, auth.WantsOTP, false},
		{"6 OTP on an open door", auth.FactorOTP, needed, ask(shows(auth.BrandOTP), openDoor), auth.Challenge, auth.WrongLogin, false},
		{"6 OTP under policy none", auth.FactorNone, needed, ask(shows(auth.BrandOTP)), auth.Challenge, auth.OTPNotAsked, false},
		{"7 right PIN, lease agrees", auth.FactorPIN, passed, ask(), auth.Full, auth.RightPIN, true},
		{"7 right PIN, claimed by anybody", auth.FactorPIN, passed, ask(seen(auth.Claimed)), auth.Hold, auth.WantsPIN, false},
		{"7 right PIN, claimed, with the holding login anybody has", auth.FactorPIN, passed, ask(seen(auth.Claimed), shows(auth.HoldingLogin)), auth.Hold, auth.WantsPIN, false},
		{"7 right PIN for this address", auth.FactorPIN, with(passedFor(there)), ask(seen(auth.Claimed), from(there)), auth.Challenge, auth.WantsHolding, false},
		{"7 right PIN for this address, with the holding login", auth.FactorPIN, with(passedFor(there)), ask(seen(auth.Claimed), from(there), shows(auth.HoldingLogin)), auth.Full, auth.RightPIN, true},
		{"7 right PIN for another address, but a proven MAC", auth.FactorPIN, with(passedFor(there)), ask(), auth.Full, auth.RightPIN, true},
		{"7 right PIN for another address", auth.FactorPIN, with(passedFor(there)), ask(seen(auth.Claimed), from("ip:10.20.0.98"), shows(auth.HoldingLogin)), auth.Hold, auth.WantsPIN, false},
		{"7 fetched, then power lost: the holding login gets it again", auth.FactorPIN, with(handed), ask(shows(auth.HoldingLogin)), auth.Full, auth.PINAgain, false},
		{"7 fetched: another address does not get it", auth.FactorPIN, with(handed), ask(shows(auth.HoldingLogin), from(there)), auth.Hold, auth.WantsPIN, false},
		{"7 fetched: the phone is asked to show its credential", auth.FactorPIN, with(handed), ask(), auth.Challenge, auth.WantsLogin, false},
		{"7 fetched long ago, still the holding login: once more", auth.FactorPIN, with(func(e *auth.Enrolment) { handed(e); e.Pass.Until = noon }), ask(shows(auth.HoldingLogin)), auth.Hold, auth.WantsPIN, false},
		{"7 fetched long ago: never on hold unasked", auth.FactorPIN, with(func(e *auth.Enrolment) { handed(e); e.Pass.Until = noon }), ask(), auth.Challenge, auth.WantsLogin, false},
		{"7 right PIN on an open door", auth.FactorPIN, passed, ask(openDoor), auth.Hold, auth.DoorTooOpen, false},
		{"7 pass is over", auth.FactorPIN, with(func(e *auth.Enrolment) { e.Pass = auth.Pass{Until: noon} }), ask(), auth.Hold, auth.WantsPIN, false},
		{"otp+pin: nothing shown", auth.FactorBoth, needed, ask(), auth.Challenge, auth.WantsOTP, false},
		{"otp+pin: the OTP earns the holding config", auth.FactorBoth, needed, ask(shows(auth.BrandOTP)), auth.Hold, auth.WantsPIN, true},
		{"otp+pin: power lost, the same phone gets it again", auth.FactorBoth, with(halfway), ask(), auth.Hold, auth.WantsPIN, false},
		{"otp+pin: the same OTP again", auth.FactorBoth, with(halfway), ask(shows(auth.BrandOTP)), auth.Hold, auth.WantsPIN, false},
		{"otp+pin: the same OTP from another address", auth.FactorBoth, with(halfway), ask(shows(auth.BrandOTP), seen(auth.Claimed), from(there)), auth.Challenge, auth.OTPSpent, false},
		{"otp+pin: another address", auth.FactorBoth, with(halfway), ask(seen(auth.Claimed), from(there)), auth.Challenge, auth.WantsOTP, false},
		{"otp+pin: the PIN alone is not enough", auth.FactorBoth, passed, ask(), auth.Challenge, auth.WantsOTP, false},
		{"otp+pin: both", auth.FactorBoth, with(func(e *auth.Enrolment) { halfway(e); e.Pass.Until = noon.Add(time.Hour) }), ask(), auth.Full, auth.RightPIN, true},
		{"8 a phone with a credential is never put on hold", auth.FactorPIN, with(settled), ask(), auth.Challenge, auth.WantsLogin, false},
		{"8 PIN needed", auth.FactorPIN, needed, ask(), auth.Hold, auth.WantsPIN, false},
		{"8 holding login proves nothing", auth.FactorPIN, needed, ask(shows(auth.HoldingLogin)), auth.Hold, auth.WantsPIN, false},
		{"9 OTP needed", auth.FactorOTP, needed, ask(), auth.Challenge, auth.WantsOTP, false},
		{"9 vendor's first try is not counted", auth.FactorOTP, needed, ask(shows(auth.FirstTry)), auth.Challenge, auth.DefaultLogin, false},
		{"9 policy none wants trust", auth.FactorNone, needed, ask(), auth.Challenge, auth.WantsTrust, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			d, after := auth.Decide(noon, policy(tt.policy), tt.e, tt.r, fresh)
			if d.Outcome != tt.outcome || d.Reason != tt.reason || d.Changes != tt.changes {
				t.Errorf("got outcome %d (%s) changes %t, want %d (%s) changes %t", d.Outcome, d.Reason, d.Changes, tt.outcome, tt.reason, tt.changes)
			}
			if !d.Changes && after != tt.e {
				t.Errorf("enrolment changed unannounced:\n got %+v\nwant %+v", after, tt.e)
			}
			if d.Count != (d.Reason == auth.WrongLogin) {
				t.Errorf("got count %t for %s", d.Count, d.Reason)
			}
		})
	}
}

// TestConfirmed checks that the first use of a credential ends whatever earned
// it, and that a changed brand password is not the one that was used.
func TestConfirmed(t *testing.T) {
	for name, earned := range map[string]func(*auth.Enrolment){"by PIN": handed, "by OTP": fetched} {
		_, e := auth.Decide(noon, policy(auth.FactorPIN), with(earned), ask(shows(auth.OwnPending)), fresh)
		if e.Current != next || !e.Pending.IsZero() || e.Pass != (auth.Pass{}) || !e.OTP.Until.IsZero() || e.State != auth.Successful {
			t.Errorf("%s: got %+v, want the pending credential and nothing else", name, e)
		}
	}
	changed := ask(shows(auth.BrandOTP))
	changed.Brand = 8
	if d, _ := auth.Decide(noon, policy(auth.FactorOTP), with(fetched), changed, fresh); d.Outcome != auth.Challenge {
		t.Errorf("the brand's new password, the old one used: got outcome %d, want a challenge", d.Outcome)
	}
}

// TestDecideEverything walks every combination of what Decide looks at and
// checks what must hold in all of them.
func TestDecideEverything(t *testing.T) {
	states := map[string]auth.Enrolment{
		"needed":    auth.NewEnrolment(pin),
		"failed":    with(func(e *auth.Enrolment) { e.State, e.Until = auth.Failed, noon.Add(time.Minute) }),
		"expired":   with(func(e *auth.Enrolment) { e.State, e.Until = auth.Failed, noon }),
		"blocked":   with(func(e *auth.Enrolment) { e.State = auth.Blocked }),
		"passed":    with(func(e *auth.Enrolment) { e.Pass.Until = noon.Add(time.Hour) }),
		"enrolling": with(fetched),
		"handed":    with(handed),
		"halfway":   with(halfway),
		"both":      with(func(e *auth.Enrolment) { halfway(e); e.Pass.Until = noon.Add(time.Hour) }),
		"settled":   with(settled),
		"rotating":  with(func(e *auth.Enrolment) { settled(e); e.Pending = next }),
		"suspended": auth.Suspend(noon, with(settled)),
		"rearmed":   auth.AllowOTP(with(settled), false),
		"cleared":   auth.AllowOTP(with(settled), true),
	}
	for name, change := range tickets {
		for _, state := range []string{"needed", "passed", "settled"} {
			e := states[state]
			change(&e)
			states[name+", "+state] = e
			e.TicketOnly = true
			states[name+" demanded, "+state] = e
		}
	}
	bools := []bool{false, true}
	n := 0
	for name, e := range states {
		for _, f := range []auth.Factor{auth.FactorPIN, auth.FactorOTP, auth.FactorBoth, auth.FactorNone} {
			for _, v := range []auth.Verdict{auth.Claimed, auth.Proven, auth.Contradicted, auth.Doubted} {
				for s := auth.Nothing; s <= auth.Unlooked; s++ {
					for bits := range 128 {
						r := auth.Request{
							Identity: v, Shown: s, Brand: 7, By: here,
							Known: bits&1 != 0, Secret: bits&2 != 0, Allowed: bits&4 != 0, OpenDoor: bits&8 != 0, PlainTFTP: bits&16 != 0,
						}
						r.Certified = bits&64 != 0 && v != auth.Claimed // it proves the MAC
						r.From = auth.Asked{Vendor: "plain", Model: "P1"}
						if bits&32 != 0 {
							r.By = there
						}
						for _, claimed := range bools {
							for _, auto := range bools[:1+min(1, e.Ticket.Serial)] {
								p := auth.Policy{FirstContact: f, Claimed: claimed, AutoApprove: auto}
								n += 2
								onScreen, asked := p, r
								onScreen.PINOnScreen, asked.Asks = true, true
								holds(t, func() string {
									return fmt.Sprintf("%s/%s/%+v/on screen/claimed=%t/auto=%t", name, f, asked, claimed, auto)
								}, onScreen, e, asked)
								holds(t, func() string { return fmt.Sprintf("%s/%s/%+v/claimed=%t/auto=%t", name, f, r, claimed, auto) }, p, e, r)
								if r.OpenDoor && r.PlainTFTP {
									r.Silent = true
									holds(t, func() string { return fmt.Sprintf("%s/%s/%+v/claimed=%t/auto=%t", name, f, r, claimed, auto) }, p, e, r)
									r.Silent = false
								}
							}
						}
					}
				}
			}
		}
	}
	t.Logf("%d combinations", n)
}

// holds checks the promises for one combination.
func holds(t *testing.T, name func() string, p auth.Policy, e auth.Enrolment, r auth.Request) {
	t.Helper()
	fail := func(what string) { t.Fatalf("%s: %s", name(), what) }
	d, after := auth.Decide(noon, p, e, r, fresh)
	if d.Outcome == auth.Full {
		switch {
		case !r.Known:
			fail("full config for an unknown device")
		case r.Identity == auth.Contradicted:
			fail("full config against layer 2")
		case r.Identity == auth.Doubted && r.Shown != auth.OwnCurrent && r.Shown != auth.OwnPending:
			fail("full config for a MAC that is at home elsewhere")
		case r.Shown == auth.Wrong || r.Shown == auth.SameWrong || r.Shown == auth.WrongPIN || r.Shown == auth.Unlooked:
			fail("full config for a wrong login")
		case after.Login().IsZero():
			fail("full config without a credential of the device's own")
		case r.OpenDoor && !r.PlainTFTP:
			fail("secrets through an open door")
		case !grounds(p, e, r):
			fail("full config without proof: " + string(d.Reason))
		}
	}
	if d.Outcome == auth.Serve && r.Secret {
		fail("secret file served as open")
	}
	if d.Changes == (after == e) {
		fail(fmt.Sprintf("Changes is %t, but the enrolment says otherwise", d.Changes))
	}
	if e.OTP.Used && !after.OTP.Used {
		fail("a used generation came back")
	}
	if !e.Ticket.At(noon).IsLive() && after.Ticket.At(noon).IsLive() {
		fail("a dead ticket came back")
	}
	if e.Ticket.Asked.By != "" && after.Ticket.Asked != e.Ticket.Asked {
		fail("a ticket was bound to a second caller")
	}
	if !r.Known {
		alike(t, name, p, r, d)
	}
}

// grounds says, apart from Decide, whether anything at all entitles the caller.
func grounds(p auth.Policy, e auth.Enrolment, r auth.Request) bool {
	layer2 := r.Identity == auth.Proven || p.Claimed
	own := r.Shown == auth.OwnCurrent && !e.Current.IsZero() || r.Shown == auth.OwnPending && !e.Pending.IsZero()
	trust := layer2 && (r.Allowed || r.Certified || e.IsSuspended(noon))
	otp := r.Shown == auth.BrandOTP && !e.OTP.Used && p.FirstContact != auth.FactorBoth && (p.FirstContact == auth.FactorOTP || e.OTP.Allowed)
	again := r.Shown == auth.BrandOTP && e.OTP.Used && e.OTP.By == r.By && noon.Before(e.OTP.Until)
	if e.TicketOnly {
		otp, again = false, false
	}
	passed := noon.Before(e.Pass.Until) && (layer2 || r.Shown == auth.HoldingLogin && e.Pass.By == r.By) &&
		(p.FirstContact == auth.FactorPIN && !e.TicketOnly || p.FirstContact == auth.FactorBoth && (e.OTP.Used && !e.TicketOnly || e.Ticket.State == auth.TicketUsed))
	silent := r.Silent && r.OpenDoor && r.PlainTFTP && r.Identity == auth.Proven && !e.Login().IsZero()
	half := e.OTP.Used && !e.TicketOnly && e.OTP.By != "" && (e.OTP.By == r.By || r.Identity == auth.Proven) ||
		e.Ticket.State == auth.TicketUsed && (e.Ticket.Asked.By == r.By || r.Identity == auth.Proven)
	screen := r.Shown == auth.ScreenPIN && p.PINOnScreen && r.Asks && !r.OpenDoor && e.At(noon) == auth.Needed &&
		(p.FirstContact == auth.FactorPIN && !e.TicketOnly || p.FirstContact == auth.FactorBoth && half)
	return own || trust || otp || again || passed || silent || screen || ticketGrounds(p, e, r)
}

// alike checks that a stranger is answered like a device in needed that has
// shown nothing that helps.
func alike(t *testing.T, name func() string, p auth.Policy, r auth.Request, got auth.Decision) {
	t.Helper()
	if r.Shown == auth.BrandOTP || r.Shown == auth.TicketOTP || r.Shown == auth.ScreenPIN || r.Shown == auth.OwnCurrent || r.Shown == auth.OwnPending || r.Allowed || r.Certified {
		return // these would help a known one
	}
	r.Known = true
	want, _ := auth.Decide(noon, p, auth.NewEnrolment(pin), r, fresh)
	if got.Outcome != want.Outcome || got.Count != want.Count {
		t.Errorf("%s: a stranger gets outcome %d, a device in needed %d", name(), got.Outcome, want.Outcome)
	}
}
