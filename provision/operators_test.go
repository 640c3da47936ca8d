package provision_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/lineside/lineside/audit"
	"github.com/lineside/lineside/auth"
	"github.com/lineside/lineside/phone"
	"github.com/lineside/lineside/provision"
	"github.com/lineside/lineside/vendors"
)

// lastEvent is the latest event in the audit log.
func (l *lab) lastEvent(t testing.TB) audit.Event {
	t.Helper()
	if len(l.store.events) == 0 {
		t.Fatal("the audit log is empty")
	}
	return l.store.events[len(l.store.events)-1].Event
}

// TestActsAreOnRecord has every answer of an operator in the audit log, with what
// it says.
func TestActsAreOnRecord(t *testing.T) {
	l := newLab(t, auth.FactorPIN)
	rec := l.add(t, mac)
	now := *l.clock.Load()
	wrong := phone.NewSecret("000000")
	if wrong.Equal(rec.Enrolment.PIN) {
		wrong = phone.NewSecret("111111")
	}
	enter := func(pin phone.Secret) func() error {
		return func() error { _, err := l.EnterPIN(t.Context(), operator, mac, pin); return err }
	}
	demand := func(yes bool) func() error {
		return func() error { _, err := l.DemandTicket(t.Context(), operator, mac, yes); return err }
	}
	act := func(f func(context.Context, audit.Actor, phone.MAC) (auth.Record, error)) func() error {
		return func() error { _, err := f(t.Context(), operator, mac); return err }
	}
	for _, step := range []struct {
		what string
		do   func() error
		want audit.Event
	}{
		{"a wrong PIN", enter(wrong), audit.PINEntered{Result: "wrong", Fails: 1, State: "needed"}},
		{"another", enter(wrong), audit.PINEntered{Result: "wrong", Fails: 2, State: "needed"}},
		{"the third", enter(wrong), audit.PINEntered{Result: "wrong", State: "failed", Until: now.Add(30 * time.Minute)}},
		{"blocked", act(l.Block), audit.StateChanged{From: "failed", To: "blocked", Reason: "blocked by an operator"}},
		{"blocked again", act(l.Block), audit.StateChanged{From: "blocked", To: "blocked", Reason: "blocked by an operator"}},
		{"unblocked", act(l.Unblock), audit.StateChanged{From: "blocked", To: "needed", Reason: "unblocked"}},
		{"the right PIN", enter(rec.Enrolment.PIN), audit.PINEntered{Result: "right", State: "needed"}},
		{"suspended", act(l.Suspend), audit.Suspended{Until: now.Add(30 * time.Minute)}},
		{"a ticket is demanded", demand(true), audit.TicketDemanded{Demanded: true}},
		{"and no more", demand(false), audit.TicketDemanded{}},
		{"a ticket", func() error { l.ticket(t, mac, true); return nil }, audit.TicketMade{Serial: 1, Approval: true, Until: now.Add(8 * time.Hour)}},
		{"revoked", act(l.RevokeTicket), audit.TicketRevoked{Serial: 1, Why: "by an operator"}},
	} {
		if err := step.do(); err != nil {
			t.Fatalf("%s: %v", step.what, err)
		}
		if diff := cmp.Diff(step.want, l.lastEvent(t)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", step.what, diff)
		}
	}
	before := len(l.store.events)
	if err := demand(false)(); err != nil || len(l.store.events) != before {
		t.Errorf("demanded as before: got %v and %d events, want none", err, len(l.store.events)-before)
	}
	if _, err := l.Unblock(t.Context(), operator, mac); !errors.Is(err, provision.ErrNotLocked) || len(l.store.events) != before {
		t.Errorf("unblocked where nothing is to undo: got %v and %d events, want ErrNotLocked and none", err, len(l.store.events)-before)
	}
	if _, err := l.Unblock(t.Context(), operator, stranger); !errors.Is(err, phone.ErrUnknownDevice) {
		t.Errorf("unblocked a stranger: got %v, want ErrUnknownDevice", err)
	}
}

// TestRevoked: a ticket that was revoked lets nobody in, whether it was shown
// before or not.
func TestRevoked(t *testing.T) {
	for name, shown := range map[string]bool{"not shown": false, "awaiting approval": true} {
		t.Run(name, func(t *testing.T) {
			l := newLab(t, auth.FactorOTP)
			l.add(t, mac)
			k := l.ticket(t, mac, shown)
			if shown {
				wantStage(t, "shown", l.get(t, mac, "10.88.0.5", k...), vendors.Holding)
			}
			rec, err := l.RevokeTicket(t.Context(), operator, mac)
			if err != nil || rec.Enrolment.Ticket.State != auth.TicketRevoked {
				t.Fatalf("got %q, %v; want it revoked", rec.Enrolment.Ticket.State, err)
			}
			if l.awaits() {
				t.Error("the board still says that somebody awaits approval")
			}
			wantChallenge(t, "shown after that", l.get(t, mac, "10.88.0.5", k...))
			if _, err := l.ApproveTicket(t.Context(), operator, mac); !errors.Is(err, auth.ErrTicketState) {
				t.Errorf("approved after that: got %v, want ErrTicketState", err)
			}
		})
	}
}

// TestWindowWaitsForTheAdmin has the site open while a phone awaits approval, and
// after it was turned away: the window does not answer in the admin's place.
func TestWindowWaitsForTheAdmin(t *testing.T) {
	l := newLab(t, auth.FactorPIN)
	l.store.policy.Window = auth.SiteWindow
	good := l.add(t, stranger)
	l.add(t, mac)
	l.lease("10.20.0.57", mac)
	k := l.ticket(t, mac, true)
	if r, err := l.EnterPIN(t.Context(), operator, stranger, good.Enrolment.PIN); err != nil || !r.Accepted {
		t.Fatalf("the other phone's PIN: got %+v, %v", r, err)
	}
	wantChallenge(t, "the window open, its ticket not shown", l.get(t, mac, "10.20.0.57"))
	wantStage(t, "shown", l.get(t, mac, "10.20.0.57", k...), vendors.Holding)
	wantStage(t, "awaiting, restarted", l.get(t, mac, "10.20.0.57"), vendors.Holding)
	if _, err := l.RejectTicket(t.Context(), operator, mac, "not ours"); err != nil {
		t.Fatal(err)
	}
	held := l.get(t, mac, "10.20.0.57")
	wantStage(t, "rejected, restarted", held, vendors.Holding)
	user, password := loginIn(t, held)
	wantStage(t, "rejected, with its holding login", l.get(t, mac, "10.20.0.57", user, password), vendors.Holding)
	if f := l.Timeline(mac).Findings; len(f) == 0 || f[0].Code != "ticket-rejected" || strings.Contains(f[0].Do, "pin enter") || !strings.Contains(f[0].Text, "(not ours)") {
		t.Errorf("got %+v, want that it was rejected, and no PIN advised", f)
	}
	if _, err := l.Suspend(t.Context(), operator, mac); err != nil {
		t.Fatal(err)
	}
	wantStage(t, "suspended by an operator after all", l.get(t, mac, "10.20.0.57"), vendors.Full)
}

// TestTurnedAwayBesideItsPIN: a PIN entered for a caller before its ticket was
// rejected does not let it in.
func TestTurnedAwayBesideItsPIN(t *testing.T) {
	l := newLab(t, auth.FactorPIN)
	rec := l.add(t, mac)
	k := l.ticket(t, mac, true)
	held := l.get(t, mac, "10.88.0.5", k...)
	wantStage(t, "shown", held, vendors.Holding)
	from := operator
	from.Identity = "ip:10.88.0.5"
	if r, err := l.EnterPIN(t.Context(), from, mac, rec.Enrolment.PIN); err != nil || !r.Accepted {
		t.Fatalf("got %+v, %v", r, err)
	}
	if _, err := l.RejectTicket(t.Context(), operator, mac, "not ours"); err != nil {
		t.Fatal(err)
	}
	user, password := loginIn(t, held)
	if a := l.get(t, mac, "10.88.0.5", user, password); strings.HasPrefix(string(a.Body), fmt.Sprintf("stage=%d ", vendors.Full)) {
		t.Errorf("got its full config %q, want it turned away", a.Body)
	}
}

// TestSecondCallerWithATicket has somebody show a ticket that a phone showed
// first: it is told of, and does not move the phone on the operator's screen.
func TestSecondCallerWithATicket(t *testing.T) {
	l := newLab(t, auth.FactorOTP)
	l.add(t, mac)
	k := l.ticket(t, mac, true)
	wantStage(t, "the phone", l.get(t, mac, "10.88.0.5", k...), vendors.Holding)
	wantCodes(t, "one caller", l.codes(mac), "awaits-approval")
	wantChallenge(t, "somebody else", l.get(t, mac, "10.88.0.6", k...))
	wantChallenge(t, "somebody else, bare", l.get(t, mac, "10.88.0.6"))
	if seen, ok := l.Seen(mac); !ok || seen.Addr.String() != "10.88.0.5" {
		t.Errorf("seen: got %v %t, want the phone at 10.88.0.5", seen.Addr, ok)
	}
	f := l.Timeline(mac).Findings
	i := slices.IndexFunc(f, func(f provision.Finding) bool { return f.Code == "ticket-shown-twice" })
	if i < 0 || !strings.Contains(f[i].Text, "10.88.0.6") || !strings.Contains(f[i].Text, "10.88.0.5") || !strings.Contains(f[i].Do, "otp revoke "+mac.String()) {
		t.Errorf("got %+v, want both callers named and what to type", f)
	}
}

// TestTicketThatNeverCameBack: a phone let in by its ticket that did not store
// what it was given is let in again by another ticket.
func TestTicketThatNeverCameBack(t *testing.T) {
	l := newLab(t, auth.FactorOTP)
	l.lease(phoneAt, mac)
	l.add(t, mac)
	a := l.get(t, mac, phoneAt, l.ticket(t, mac, false)...)
	wantStage(t, "the ticket", a, vendors.Full)
	l.Look()
	wantCodes(t, "at once", l.conditions(), "")
	l.wait(auth.RefetchWindow)
	l.Look()
	wantCodes(t, "after ten minutes", l.conditions(), "enrolment-stalled:"+mac.String())
	f := l.Timeline(mac).Findings
	if len(f) == 0 || f[0].Code != provision.CodeStalled || f[0].Fix != provision.FixTicket || !strings.Contains(f[0].Do, "lineside otp ticket "+mac.String()) {
		t.Fatalf("got %+v, want %s, mended by another ticket", f, provision.CodeStalled)
	}
	again := l.get(t, mac, phoneAt, l.ticket(t, mac, false)...)
	wantStage(t, "another ticket, as advised", again, vendors.Full)
	user, password := loginIn(t, again)
	wantStage(t, "it came back", l.get(t, mac, phoneAt, user, password), vendors.Full)
	l.Look()
	wantCodes(t, "conditions once it came back", l.conditions(), "")
}
