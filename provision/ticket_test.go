package provision_test

import (
	"context"
	"errors"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/lineside/lineside/auth"
	"github.com/lineside/lineside/health"
	"github.com/lineside/lineside/phone"
	"github.com/lineside/lineside/provision"
	"github.com/lineside/lineside/vendors"
)

// ticket makes the device a ticket and gives what is typed on the phone.
func (l *lab) ticket(t testing.TB, m phone.MAC, approval bool) []string {
	t.Helper()
	rec, err := l.MakeTicket(t.Context(), operator, m, 0, approval)
	if err != nil {
		t.Fatal(err)
	}
	k := rec.Enrolment.Ticket
	return []string{k.User, k.Password.Reveal()}
}

// awaits reports that the board names phones that await approval.
func (l *lab) awaits() bool {
	return slices.ContainsFunc(l.board.List(), func(c health.Condition) bool { return c.Code == provision.CodeApproval })
}

func TestTicket(t *testing.T) {
	l := newLab(t, auth.FactorPIN)
	l.add(t, mac)
	l.lease("10.20.0.57", mac)
	k := l.ticket(t, mac, false)
	wantChallenge(t, "the phone is asked for it", l.get(t, mac, "10.20.0.57"))
	strange, elsewhere := l.get(t, stranger, "10.20.0.99", k...), l.get(t, mac, "10.20.0.57", k[0], "000000000000")
	if diff := cmp.Diff(strange, elsewhere); diff != "" {
		t.Errorf("a ticket of another device and a wrong one differ (-other +wrong):\n%s", diff)
	}
	first := l.get(t, mac, "10.20.0.57", k...)
	wantStage(t, "shown", first, vendors.Full)
	wantKinds(t, l.store, "ticket-shown", "ticket-used", "credential-minted")
	if again := l.get(t, mac, "10.20.0.57", k...); string(again.Body) != string(first.Body) {
		t.Errorf("again by the same phone: got %q, want the same", again.Body)
	}
	wantChallenge(t, "by another caller", l.get(t, mac, "10.20.0.99", k...))
	user, password := loginIn(t, first)
	wantStage(t, "its own credential", l.get(t, mac, "10.20.0.57", user, password), vendors.Full)
	wantChallenge(t, "the ticket once more", l.get(t, mac, "10.20.0.57", k...))
}

// TestApproval goes the whole way of a ticket that wants approval, beside a
// caller who has seen it typed.
func TestApproval(t *testing.T) {
	l := newLab(t, auth.FactorOTP)
	l.add(t, mac)
	l.lease("10.20.0.57", mac)
	k := l.ticket(t, mac, true)
	ask := provision.Ask{Front: provision.HTTP, Remote: netip.MustParseAddrPort("10.20.0.57:4000"), File: mac.Hex() + ".txt",
		Agent: "Plain " + mac.String(), Attempt: &provision.Attempt{User: k[0], Proves: phone.NewSecret(k[1]).Equal}}
	held, err := l.Fetch(t.Context(), ask)
	if err != nil {
		t.Fatal(err)
	}
	wantStage(t, "shown", held, vendors.Holding)
	if !strings.Contains(string(held.Body), `text="Awaiting approval"`) {
		t.Errorf("the phone says %s, want that it awaits approval", held.Body)
	}
	rec, _ := l.Device(mac)
	if a := rec.Enrolment.Ticket.Asked; a.Model != "P1" || a.Vendor != "plain" || a.By != "mac:"+mac.String() || a.Addr.String() != "10.20.0.57" || a.At.IsZero() {
		t.Errorf("remembered of the phone: %+v", a)
	}
	if list := l.board.List(); len(list) != 1 || list[0].Code != provision.CodeApproval || !strings.Contains(list[0].Detail, mac.String()) || !strings.Contains(list[0].Do, "lineside otp approve") {
		t.Errorf("health: got %+v, want who awaits approval and what to type", list)
	}
	if !slices.ContainsFunc(l.Recent(mac), func(s provision.Step) bool { return strings.Contains(s.Text, "lineside otp approve "+mac.String()) }) {
		t.Error("the phone's timeline does not say what to type")
	}
	user, password := loginIn(t, held)
	wantStage(t, "on hold, again", l.get(t, mac, "10.20.0.57", user, password), vendors.Holding)
	wantChallenge(t, "another caller with the ticket", l.get(t, mac, "10.20.0.99", k...))
	wantChallenge(t, "another caller with the holding login", l.get(t, mac, "10.20.0.99", user, password))

	if _, err := l.ApproveTicket(t.Context(), operator, mac); err != nil {
		t.Fatal(err)
	}
	if l.awaits() {
		t.Errorf("health after the approval: got %+v, want nobody waiting", l.board.List())
	}
	wantChallenge(t, "approved, another caller with the holding login", l.get(t, mac, "10.20.0.99", user, password))
	full := l.get(t, mac, "10.20.0.57", user, password)
	wantStage(t, "approved", full, vendors.Full)
	wantKinds(t, l.store, "ticket-approved", "ticket-used", "credential-minted")
	if again := l.get(t, mac, "10.20.0.57", user, password); string(again.Body) != string(full.Body) {
		t.Errorf("power lost before it was stored: got %q, want the same again", again.Body)
	}
	user, password = loginIn(t, full)
	wantStage(t, "its own credential", l.get(t, mac, "10.20.0.57", user, password), vendors.Full)
}

func TestRejected(t *testing.T) {
	l := newLab(t, auth.FactorOTP)
	l.add(t, mac)
	k := l.ticket(t, mac, true)
	wantStage(t, "shown", l.get(t, mac, "10.88.0.5", k...), vendors.Holding)
	if _, err := l.RejectTicket(t.Context(), operator, mac, " \n"); !errors.Is(err, provision.ErrInvalid) {
		t.Errorf("without a reason: got %v, want ErrInvalid", err)
	}
	if _, err := l.RejectTicket(t.Context(), operator, mac, "not ours"); err != nil {
		t.Fatal(err)
	}
	wantKinds(t, l.store, "ticket-rejected")
	wantChallenge(t, "the ticket", l.get(t, mac, "10.88.0.5", k...))
	if _, err := l.ApproveTicket(t.Context(), operator, mac); !errors.Is(err, auth.ErrTicketState) {
		t.Errorf("approved after that: got %v, want ErrTicketState", err)
	}
	// A phone that goes on showing it is not guessing.
	for range 3 * auth.FreeTries {
		l.get(t, mac, "10.88.0.5", k...)
	}
	wantStage(t, "the brand's password", l.get(t, mac, "10.88.0.5", "installer", otp.Reveal()), vendors.Full)
}

func TestAutoApproval(t *testing.T) {
	l := newLab(t, auth.FactorOTP)
	l.add(t, mac)
	if err := l.SetAutoApprove(t.Context(), operator, true); err != nil {
		t.Fatal(err)
	}
	wantStage(t, "shown", l.get(t, mac, "10.88.0.5", l.ticket(t, mac, true)...), vendors.Full)
	wantKinds(t, l.store, "ticket-shown", "ticket-approved", "ticket-used", "credential-minted")
}

func TestDemanded(t *testing.T) {
	l := newLab(t, auth.FactorOTP)
	l.add(t, mac)
	if _, err := l.DemandTicket(t.Context(), operator, mac, true); err != nil {
		t.Fatal(err)
	}
	wantChallenge(t, "the brand's password", l.get(t, mac, "10.20.0.57", "installer", otp.Reveal()))
	if rec, _ := l.Device(mac); rec.Enrolment.OTP.Used {
		t.Error("the brand's password was consumed")
	}
	if _, err := l.AllowOTP(t.Context(), operator, mac, false); !errors.Is(err, provision.ErrTicketDemanded) {
		t.Errorf("allowing it by name: got %v, want ErrTicketDemanded", err)
	}
	if _, err := l.Reset(t.Context(), operator, mac); err != nil {
		t.Fatal(err)
	}
	wantChallenge(t, "the brand's password after a reset", l.get(t, mac, "10.20.0.57", "installer", otp.Reveal()))
	wantStage(t, "the ticket", l.get(t, mac, "10.20.0.57", l.ticket(t, mac, false)...), vendors.Full)
	l = newLab(t, auth.FactorPIN)
	rec := l.add(t, mac)
	if _, err := l.DemandTicket(t.Context(), operator, mac, true); err != nil {
		t.Fatal(err)
	}
	if _, err := l.EnterPIN(t.Context(), operator, mac, rec.Enrolment.PIN); !errors.Is(err, provision.ErrTicketDemanded) {
		t.Errorf("its PIN: got %v, want ErrTicketDemanded", err)
	}
}

// TestTicketExpires has the box notice by itself, at its clock's word.
func TestTicketExpires(t *testing.T) {
	l := newLab(t, auth.FactorOTP)
	l.add(t, mac)
	for _, life := range []time.Duration{time.Minute, 337 * time.Hour, -time.Hour} {
		if _, err := l.MakeTicket(t.Context(), operator, mac, life, false); !errors.Is(err, provision.ErrInvalid) {
			t.Errorf("for %s: got %v, want ErrInvalid", life, err)
		}
	}
	k := l.ticket(t, mac, true)
	wantStage(t, "shown", l.get(t, mac, "10.88.0.5", k...), vendors.Holding)
	l.wait(auth.TicketLife)
	wantChallenge(t, "too late", l.get(t, mac, "10.88.0.5", k...))
	wantKinds(t, l.store, "ticket-expired")
	if l.awaits() {
		t.Errorf("health: got %+v, want nobody waiting", l.board.List())
	}
	l.ticket(t, mac, false)
	l.wait(auth.TicketLife)
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan error, 1)
		go func() { done <- l.Run(ctx) }()
		time.Sleep(10 * time.Second)
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
	wantKinds(t, l.store, "ticket-made", "ticket-expired")
}

// TestFailedPhoneRestartedInTheOpenWindow has a phone with three wrong PINs
// restart while another phone's right PIN holds the site open.
func TestFailedPhoneRestartedInTheOpenWindow(t *testing.T) {
	l := newLab(t, auth.FactorPIN)
	l.store.policy.Window = auth.SiteWindow
	good, rec := l.add(t, stranger), l.add(t, mac)
	l.lease("10.20.0.57", mac)
	wrong := phone.NewSecret("000000")
	if wrong.Equal(rec.Enrolment.PIN) {
		wrong = phone.NewSecret("111111")
	}
	for range auth.WrongPINs {
		if _, err := l.EnterPIN(t.Context(), operator, mac, wrong); err != nil {
			t.Fatal(err)
		}
	}
	wantStage(t, "failed, the window shut", l.get(t, mac, "10.20.0.57"), vendors.Holding)
	if r, err := l.EnterPIN(t.Context(), operator, stranger, good.Enrolment.PIN); err != nil || !r.Accepted {
		t.Fatalf("the other phone's PIN: got %+v, %v", r, err)
	}
	wantStage(t, "failed, restarted in the open window", l.get(t, mac, "10.20.0.57"), vendors.Full)
}

// TestDeliveredAgain has a phone fetch again and again inside its ten minutes:
// that is on record, and not once a second.
func TestDeliveredAgain(t *testing.T) {
	l := newLab(t, auth.FactorOTP)
	l.add(t, mac)
	l.get(t, mac, "10.20.0.57", "installer", otp.Reveal())
	for range 60 {
		l.wait(2 * time.Second)
		wantStage(t, "again", l.get(t, mac, "10.20.0.57", "installer", otp.Reveal()), vendors.Full)
	}
	count := func() (n int) {
		for _, k := range l.store.kinds() {
			if k == "delivered-again" {
				n++
			}
		}
		return n
	}
	if n := count(); n != 2 {
		t.Errorf("got %d events for two minutes of fetching again, want two", n)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := l.Run(ctx); err != nil {
		t.Fatal(err)
	}
	if n := count(); n != 3 {
		t.Errorf("got %d events after the desk ended, want the rest as one more", n)
	}
}

// TestRetry has two callers guess, one at a known and one at an unknown phone:
// both are told the same, and a right guess is told what a wrong one is.
func TestRetry(t *testing.T) {
	l := newLab(t, auth.FactorOTP)
	l.add(t, mac)
	for i := range auth.FreeTries {
		known, strange := l.get(t, mac, "10.20.0.98", "installer", "wrong"), l.get(t, stranger, "10.20.0.99", "installer", "wrong")
		want := time.Duration(0)
		if i == auth.FreeTries-1 {
			want = auth.FirstPenalty
		}
		if known.Retry != want || strange.Retry != want {
			t.Errorf("guess %d: got %s for a known phone, %s for an unknown one, want %s", i+1, known.Retry, strange.Retry, want)
		}
	}
	l.wait(10 * time.Second)
	for range 20 {
		right, wrong := l.get(t, mac, "10.20.0.98", "installer", otp.Reveal()), l.get(t, mac, "10.20.0.98", "installer", "wrong")
		if diff := cmp.Diff(right, wrong); diff != "" || right.Retry != auth.FirstPenalty-10*time.Second {
			t.Fatalf("in the penalty: got %s, want what is left of it for right and wrong alike (-right +wrong):\n%s", right.Retry, diff)
		}
	}
	if a := l.get(t, mac, "10.20.0.98"); a.Retry != 0 {
		t.Errorf("nothing shown: got %s, want no such word to a phone that asks to be challenged", a.Retry)
	}
	l.wait(auth.FirstPenalty)
	wantStage(t, "the penalty over", l.get(t, mac, "10.20.0.98", "installer", otp.Reveal()), vendors.Full)
}

// TestWindowIsShortened has an operator cut an open window short.
func TestWindowIsShortened(t *testing.T) {
	l := newLab(t, auth.FactorPIN)
	if err := l.SetWindow(t.Context(), operator, auth.SiteWindow); err != nil {
		t.Fatal(err)
	}
	first := l.add(t, mac)
	l.add(t, stranger)
	l.lease("10.20.0.58", stranger)
	if r, err := l.EnterPIN(t.Context(), operator, mac, first.Enrolment.PIN); err != nil || !r.Accepted {
		t.Fatalf("right PIN: got %+v, %v", r, err)
	}
	if err := l.SetWindow(t.Context(), operator, time.Hour); err != nil {
		t.Fatal(err)
	}
	l.wait(2 * time.Hour)
	wantStage(t, "two hours on", l.get(t, stranger, "10.20.0.58"), vendors.Holding)
	for _, length := range []time.Duration{time.Second, -time.Hour, 1000 * time.Hour} {
		if err := l.SetWindow(t.Context(), operator, length); !errors.Is(err, provision.ErrInvalid) {
			t.Errorf("%s: got %v, want ErrInvalid", length, err)
		}
	}
	if err := l.SetBlockAfter(t.Context(), operator, 0); !errors.Is(err, provision.ErrInvalid) {
		t.Errorf("never blocked: got %v, want ErrInvalid", err)
	}
}

// TestTicketOfTheOperators: a user name and a password of the operator's own, and
// the site's hours where nobody says any.
func TestTicketOfTheOperators(t *testing.T) {
	l := newLab(t, auth.FactorOTP)
	l.add(t, mac)
	if err := l.SetTicketLife(t.Context(), operator, 48*time.Hour); err != nil {
		t.Fatal(err)
	}
	own := auth.Ticket{User: "reception", Password: phone.NewSecret("fakeown123")}
	rec, err := l.GiveTicket(t.Context(), operator, mac, own, 0)
	if got := rec.Enrolment.Ticket; err != nil || got.Until.Sub(got.Made) != 48*time.Hour || got.User != own.User {
		t.Fatalf("got %+v, %v; want reception's for 48 h", got, err)
	}
	l.lease("10.20.0.57", mac)
	wantStage(t, "with the ticket brought", l.get(t, mac, "10.20.0.57", "reception", "fakeown123"), vendors.Full)
	for _, bad := range []auth.Ticket{{}, {User: "x", Password: phone.NewSecret("short")}, {User: "PIN", Password: own.Password}} {
		if _, err := l.GiveTicket(t.Context(), operator, mac, bad, 0); !errors.Is(err, provision.ErrInvalid) {
			t.Errorf("%q: got %v, want it refused", bad.User, err)
		}
	}
	for _, life := range []time.Duration{0, time.Minute, 337 * time.Hour} {
		if err := l.SetTicketLife(t.Context(), operator, life); !errors.Is(err, provision.ErrInvalid) {
			t.Errorf("%s: got %v, want it refused", life, err)
		}
	}
}
