package auth_test

import (
	"math/rand/v2"
	"testing"
	"time"

	"github.com/lineside/lineside/auth"
	"github.com/lineside/lineside/phone"
)

var (
	firstMint  = auth.Minting{Epoch: 100, N: 1, Mint: "m1"}
	secondMint = auth.Minting{Epoch: 100, N: 2, Mint: "m2"}
	pinOne     = auth.Minting{Epoch: 100, N: 1}
	pinTwo     = auth.Minting{Epoch: 100, N: 2}
	ticketSaid = auth.Ticket{User: "417", Password: phone.NewSecret("fake-ticket"), Approval: true}
)

// held is a device the platform keeps, as its first word made it.
func held() (auth.Platform, auth.Enrolment) {
	e := auth.NewEnrolment(phone.NewSecret("111111"))
	return auth.Heed(noon, auth.Platform{}, e, auth.Said{OTP: firstMint, PIN: pinOne, Code: phone.NewSecret("222222"), Ticket: ticketSaid})
}

func TestHeed(t *testing.T) {
	base := auth.Said{OTP: firstMint, PIN: pinOne, Code: phone.NewSecret("222222"), Ticket: ticketSaid}
	for _, tt := range []struct {
		name  string
		local func(*auth.Enrolment) // what happened here
		said  func(*auth.Said)
		holds func(e auth.Enrolment) bool
	}{
		{"the first word sets PIN and ticket", nil, nil, func(e auth.Enrolment) bool {
			return e.PIN.Reveal() == "222222" && e.Ticket.State == auth.TicketGenerated && e.Ticket.Until.After(noon.Add(1000*time.Hour)) && !e.OTP.Used
		}},
		{"a used generation is void", nil, func(s *auth.Said) { s.Used = true }, func(e auth.Enrolment) bool {
			return e.OTP.Used && e.Ticket.State == auth.TicketRevoked
		}},
		{"not while the phone that uses it is being asked about", nil, func(s *auth.Said) { s.Used, s.Asking = true, true }, func(e auth.Enrolment) bool {
			return !e.OTP.Used && e.Ticket.State == auth.TicketGenerated
		}},
		{"a new generation arms anew and replaces the ticket", func(e *auth.Enrolment) { *e = auth.VoidOTP(*e) },
			func(s *auth.Said) { s.OTP, s.BrandOnce = secondMint, true }, func(e auth.Enrolment) bool {
				return !e.OTP.Used && e.OTP.Allowed && e.Ticket.Serial == 2 && e.Ticket.State == auth.TicketGenerated
			}},
		{"one without a ticket ends the old one", nil, func(s *auth.Said) { s.OTP, s.Ticket = secondMint, auth.Ticket{} }, func(e auth.Enrolment) bool {
			return !e.OTP.Used && e.Ticket.State == auth.TicketRevoked
		}},
		{"a yes at the platform approves who waits", func(e *auth.Enrolment) { e.Ticket.State = auth.TicketAwaiting }, func(s *auth.Said) { s.Ticket.Approval = false },
			func(e auth.Enrolment) bool { return e.Ticket.State == auth.TicketApproved }},
		{"clear makes the login void", settled, func(s *auth.Said) { s.OTP, s.Clear = secondMint, true }, func(e auth.Enrolment) bool {
			return e.Current.IsZero() && e.State == auth.Needed
		}},
		{"without it the login stays", settled, func(s *auth.Said) { s.OTP = secondMint }, func(e auth.Enrolment) bool {
			return !e.Current.IsZero() && e.State == auth.Successful
		}},
		{"a reset makes all void, once", settled, func(s *auth.Said) { s.Resets, s.Code, s.PIN = 1, phone.NewSecret("333333"), pinTwo }, func(e auth.Enrolment) bool {
			return e.Current.IsZero() && e.State == auth.Needed && e.PIN.Reveal() == "333333" && e.Epoch == 1
		}},
		{"a new PIN ends a block and a right old PIN", func(e *auth.Enrolment) {
			e.State, e.LockOuts, e.Pass = auth.Blocked, 3, auth.Pass{Until: noon.Add(time.Hour)}
		}, func(s *auth.Said) { s.Code, s.PIN = phone.NewSecret("333333"), pinTwo }, func(e auth.Enrolment) bool {
			return e.State == auth.Needed && e.LockOuts == 0 && e.Pass == auth.Pass{}
		}},
		{"a lock at the platform blocks here", nil, func(s *auth.Said) { s.Locked = true }, func(e auth.Enrolment) bool { return e.State == auth.Blocked }},
		{"but takes no enrolled phone its login", settled, func(s *auth.Said) { s.Locked = true }, func(e auth.Enrolment) bool { return e.State == auth.Successful }},
	} {
		t.Run(tt.name, func(t *testing.T) {
			p, e := held()
			if tt.local != nil {
				tt.local(&e)
			}
			s := base
			if tt.said != nil {
				tt.said(&s)
			}
			p, e = auth.Heed(noon, p, e, s)
			if !tt.holds(e) {
				t.Errorf("got %+v", e)
			}
			again, twice := auth.Heed(noon.Add(time.Minute), p, e, s)
			if twice != e || again.OTP != p.OTP || again.PIN != p.PIN || again.Resets != p.Resets {
				t.Errorf("said again: got %+v, want no change to %+v", twice, e)
			}
		})
	}
}

// TestHeedNeverRearms: whatever the platform repeats, in whatever order of
// Asking and Used, a generation that was used here is not armed again unless it
// is another one.
func TestHeedNeverRearms(t *testing.T) {
	for range 2000 {
		p, e := held()
		e = auth.VoidOTP(e)
		for range 6 {
			s := auth.Said{OTP: firstMint, PIN: pinOne, Used: rand.IntN(2) == 0, Asking: rand.IntN(2) == 0, Locked: rand.IntN(2) == 0, Ticket: ticketSaid, BrandOnce: rand.IntN(2) == 0}
			if p, e = auth.Heed(noon, p, e, s); !e.OTP.Used || e.Ticket.State.IsLive() {
				t.Fatalf("armed again by %+v: %+v", s, e)
			}
		}
	}
}

func TestAsks(t *testing.T) {
	p, e := held()
	brand, ticket := e, e
	brand.OTP.Used = true
	ticket.Ticket.State = auth.TicketUsed
	for name, is := range map[string]auth.Enrolment{"brand": brand, "ticket": ticket} {
		if !p.Asks(e, is) {
			t.Errorf("%s used up: got no question, want one", name)
		}
		if p.Asks(is, is) || (auth.Platform{}).Asks(e, is) {
			t.Errorf("%s: a question where nothing is used up, or of a device of the site's own", name)
		}
	}
}
