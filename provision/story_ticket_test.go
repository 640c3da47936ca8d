package provision

import (
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/lineside/lineside/auth"
)

func demanded(e *auth.Enrolment) { e.TicketOnly = true }

// ticketed gives the phone a ticket in the state as, shown from home where it
// was shown.
func ticketed(as auth.TicketState) func(*auth.Enrolment) {
	return func(e *auth.Enrolment) {
		e.Ticket = auth.Ticket{State: as, Approval: true, Until: noon.Add(time.Hour), Reason: "not ours"}
		if as != auth.TicketGenerated {
			e.Ticket.Asked = auth.Asked{By: "ip:" + home.String(), Addr: home, Vendor: "snom", Model: "D385"}
		}
	}
}

func over(e *auth.Enrolment) { e.Ticket.Until = noon.Add(-time.Minute) }

func TestTicketFindings(t *testing.T) {
	const m = time.Minute
	own := func(r auth.Reason, shown auth.Shown) facts {
		return facts{file: "001565.cfg", vendor: "snom", reason: r, shown: shown}
	}
	held := func(r auth.Reason) []Event {
		return []Event{unproven(ago(m, KindHold, HTTP, 3, own(r, auth.HoldingLogin)))}
	}
	asked := func(r auth.Reason, n int, s auth.Shown) []Event {
		return []Event{unproven(ago(m, KindChallenge, HTTP, n, own(r, s)))}
	}
	elsewhere := held(auth.WantsPIN)
	elsewhere[0].Addr = netip.MustParseAddr("10.20.0.58")
	passed := func(e *auth.Enrolment) { e.Pass = auth.Pass{Until: noon.Add(m), By: "ip:" + home.String()} }
	twice := asked(auth.TicketBound, 1, auth.TicketOTP)[0]
	twice.Addr = netip.MustParseAddr("10.20.0.99")
	const newOne = "lineside otp ticket 00:15:65:4a:a9:37"
	for name, tc := range map[string]finds{
		"awaits approval":                    {story: tale(held(auth.AwaitsApproval), in(ticketed(auth.TicketAwaiting))), codes: "awaits-approval", text: "as snom D385, at 10.20.0.57", do: "lineside otp approve 00:15:65:4a:a9:37; or: lineside otp reject", at: m},
		"awaits approval, under pin":         {story: tale(held(auth.AwaitsApproval), pinSite, in(ticketed(auth.TicketAwaiting))), codes: "awaits-approval", do: "lineside otp approve", at: m},
		"awaits approval beside its PIN":     {story: tale(held(auth.AwaitsApproval), pinSite, in(ticketed(auth.TicketAwaiting)), in(passed)), codes: "pin-right", do: "restart the phone", at: m},
		"approved":                           {story: tale(held(auth.AwaitsApproval), in(ticketed(auth.TicketApproved))), codes: "ticket-approved", do: "restart the phone before 2 Mar 13:00", at: m},
		"rejected":                           {story: tale(held(auth.AwaitsApproval), in(ticketed(auth.TicketRejected))), codes: "ticket-rejected", text: "rejected (not ours)", do: "nothing, where it is not yours; if it is, make it another ticket: " + newOne, at: m},
		"rejected, on hold for a PIN":        {story: tale(held(auth.WantsPIN), pinSite, in(ticketed(auth.TicketRejected))), codes: "ticket-rejected", do: "nothing, where it is not yours", at: m},
		"rejected, the ticket once more":     {story: tale(asked(auth.TicketDenied, 1, auth.TicketOTP), in(ticketed(auth.TicketRejected))), codes: "ticket-rejected", at: m},
		"rejected, another caller asks":      {story: tale(elsewhere, pinSite, in(ticketed(auth.TicketRejected))), codes: "waits-pin", do: "--from 10.20.0.58", at: m},
		"expired while it waited":            {story: tale(held(auth.AwaitsApproval), in(ticketed(auth.TicketAwaiting)), in(over)), codes: "ticket-expired", text: "at 2 Mar 11:59", do: newOne, fix: FixTicket, at: m},
		"expired, shown":                     {story: tale(asked(auth.TicketOver, 1, auth.TicketOTP), in(ticketed(auth.TicketExpired))), codes: "ticket-expired", do: newOne, fix: FixTicket, at: m},
		"revoked while it waited":            {story: tale(held(auth.AwaitsApproval), in(ticketed(auth.TicketRevoked))), codes: "ticket-spent", do: newOne, fix: FixTicket, at: m},
		"used up":                            {story: tale(asked(auth.TicketSpent, 1, auth.TicketOTP), in(ticketed(auth.TicketUsed))), codes: "ticket-spent", do: newOne, fix: FixTicket, at: m},
		"asked for it the first time":        {story: tale(asked(auth.WantsTicket, 1, auth.Nothing), in(ticketed(auth.TicketGenerated)))},
		"asked for it again and again":       {story: tale(asked(auth.WantsTicket, 2, auth.Nothing), in(ticketed(auth.TicketGenerated))), codes: "waits-ticket", do: "type its ticket", at: m},
		"demanded, and it has none":          {story: tale(asked(auth.WantsTicket, 1, auth.Nothing), in(demanded)), codes: "waits-ticket", do: "make it one: " + newOne, fix: FixTicket, at: m},
		"demanded, the brand's OTP":          {story: tale(asked(auth.TicketDemanded, 1, auth.BrandOTP), in(demanded)), codes: "waits-ticket", text: "shows the one-time password of its brand", do: "make it one: " + newOne, fix: FixTicket, at: m},
		"demanded since it is on hold":       {story: tale(held(auth.WantsPIN), pinSite, in(demanded)), codes: "pin-not-asked", do: "make it a ticket: " + newOne, fix: FixTicket, at: m},
		"policy asks for no PIN any more":    {story: tale(held(auth.WantsPIN)), codes: "pin-not-asked", do: "lineside device allow-otp", fix: FixAllowOTP, at: m},
		"a second caller shows it":           {story: tale(held(auth.AwaitsApproval), in(ticketed(auth.TicketAwaiting)), func(s *story) { s.clashes = []Event{twice} }), codes: "ticket-shown-twice awaits-approval", text: "a caller at 10.20.0.99 shows its ticket, which snom D385, at 10.20.0.57 showed first", do: "lineside otp revoke 00:15:65:4a:a9:37", at: m},
		"a second caller, proven to be it":   {story: tale([]Event{ago(m, KindChallenge, HTTP, 1, own(auth.TicketBound, auth.TicketOTP))}, in(ticketed(auth.TicketAwaiting))), codes: "ticket-shown-twice", at: m},
		"the former password":                {story: tale(asked(auth.VoidLogin, 2, auth.SameWrong)), codes: "void-login", do: "lineside otp list", at: m},
		"reset of one with a ticket to come": {story: tale([]Event{unproven(ago(m, KindChallenge, HTTP, 1, facts{vendor: "snom", reason: auth.WantsLogin, shown: auth.FirstTry}))}, settled, in(demanded)), codes: "looks-factory-reset", do: "make it a ticket: " + newOne, fix: FixTicket, at: m},
	} {
		t.Run(name, tc.check)
	}
}

// TestPINIsAdvisedWhereItIsTaken holds for every state of a ticket under every
// policy: where no PIN lets a phone in, no finding says to enter one, and where a
// ticket is demanded none says to allow the brand's password, which is refused.
func TestPINIsAdvisedWhereItIsTaken(t *testing.T) {
	states := []auth.TicketState{auth.NoTicket, auth.TicketGenerated, auth.TicketAwaiting, auth.TicketApproved, auth.TicketUsed, auth.TicketRejected, auth.TicketExpired, auth.TicketRevoked}
	reasons := []auth.Reason{auth.WantsPIN, auth.AwaitsApproval, auth.TicketDenied, auth.TicketOver, auth.TicketSpent, auth.WantsTicket, auth.TicketDemanded, auth.WantsOTP, auth.VoidLogin, auth.WrongLogin}
	for _, factor := range []auth.Factor{auth.FactorPIN, auth.FactorOTP, auth.FactorBoth, auth.FactorNone} {
		for _, state := range states {
			for _, only := range []bool{false, true} {
				for _, reason := range reasons {
					for _, kind := range []Kind{KindHold, KindChallenge} {
						s := tale([]Event{unproven(ago(time.Minute, kind, HTTP, 3, facts{file: "x", reason: reason}))}, in(ticketed(state)))
						s.factor, s.rec.Enrolment.TicketOnly = factor, only
						for _, f := range findings(noon, s) {
							if strings.Contains(f.Do, "pin enter") && !s.wantsPIN() && factor != auth.FactorBoth {
								t.Errorf("%s, ticket %q, demanded %t, %s (%s): got %q", factor, state, only, kind, reason, f.Do)
							}
							if only && (f.Fix == FixAllowOTP || strings.Contains(f.Do, "allow-otp")) {
								t.Errorf("%s, ticket %q, demanded, %s (%s): got %q, which is refused", factor, state, kind, reason, f.Do)
							}
						}
					}
				}
			}
		}
	}
}
