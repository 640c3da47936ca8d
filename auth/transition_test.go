package auth_test

import (
	"testing"
	"time"

	"github.com/lineside/lineside/auth"
	"github.com/lineside/lineside/phone"
)

// event is one thing that can happen to an enrolment.
type event struct {
	name  string
	apply func(auth.Enrolment) auth.Enrolment
}

func enter(p string, times int) func(auth.Enrolment) auth.Enrolment {
	return func(e auth.Enrolment) auth.Enrolment {
		for range times {
			_, e = auth.EnterPIN(noon, auth.Policy{}, e, phone.NewSecret(p), "")
		}
		return e
	}
}

func fetch(f auth.Factor, change ...func(*auth.Request)) func(auth.Enrolment) auth.Enrolment {
	return func(e auth.Enrolment) auth.Enrolment {
		_, e = auth.Decide(noon, policy(f), e, ask(change...), fresh)
		return e
	}
}

var events = []event{
	{"right PIN", enter("271828", 1)},
	{"wrong PIN", enter("000000", 1)},
	{"three wrong PINs", enter("000000", 3)},
	{"short PIN", enter("27182", 1)},
	{"fetch without proof", fetch(auth.FactorPIN)},
	{"fetch with OTP", fetch(auth.FactorOTP, shows(auth.BrandOTP))},
	{"fetch with current", fetch(auth.FactorPIN, shows(auth.OwnCurrent))},
	{"fetch with pending", fetch(auth.FactorPIN, shows(auth.OwnPending))},
	{"fetch from allow-list", fetch(auth.FactorPIN, allowed)},
	{"suspend", func(e auth.Enrolment) auth.Enrolment { return auth.Suspend(noon, e) }},
	{"reset", func(e auth.Enrolment) auth.Enrolment { return auth.Reset(e, phone.NewSecret("161803")) }},
	{"unblock", auth.Unblock},
	{"block", auth.Block},
	{"allow OTP", func(e auth.Enrolment) auth.Enrolment { return auth.AllowOTP(e, false) }},
	{"allow OTP, clear", func(e auth.Enrolment) auth.Enrolment { return auth.AllowOTP(e, true) }},
}

// TestTransitions is the whole table: every state by every event, what the
// state is after it, and half an hour later.
func TestTransitions(t *testing.T) {
	N, F, B, S := auth.Needed, auth.Failed, auth.Blocked, auth.Successful
	failed := func(e *auth.Enrolment) { e.State, e.Until, e.LockOuts = F, noon.Add(auth.LockOut), 1 }
	last := func(e *auth.Enrolment) { e.LockOuts = 2 }
	for _, row := range []struct {
		name string
		e    auth.Enrolment
		want []auth.State // in the order of events
	}{
		{"needed", auth.NewEnrolment(pin), []auth.State{N, N, F, N, N, N, N, N, S, N, N, N, B, N, N}},
		{"needed before the last lock-out", with(last), []auth.State{N, N, B, N, N, N, N, N, S, N, N, N, B, N, N}},
		{"passed", with(func(e *auth.Enrolment) { e.Pass.Until = noon.Add(time.Hour) }), []auth.State{N, N, N, N, N, N, N, N, S, N, N, N, B, N, N}},
		{"enrolling", with(fetched), []auth.State{N, N, F, N, N, N, N, S, S, N, N, N, B, N, N}},
		{"failed", with(failed), []auth.State{F, F, F, F, F, F, F, F, S, F, N, N, B, F, F}},
		{"blocked", with(func(e *auth.Enrolment) { e.State = B }), []auth.State{B, B, B, B, B, B, B, B, S, B, N, N, B, B, B}},
		{"successful", with(settled), []auth.State{S, S, S, S, S, S, S, S, S, S, N, S, S, S, N}},
	} {
		for i, ev := range events {
			t.Run(row.name+"/"+ev.name, func(t *testing.T) {
				e := row.e
				if ev.name == "fetch with pending" && e.Pending.IsZero() {
					t.Log("the desk never says pending of a device without one")
					return
				}
				after := ev.apply(e)
				if got := after.At(noon); got != row.want[i] {
					t.Errorf("got %s, want %s", got, row.want[i])
				}
				later := row.want[i]
				if later == F {
					later = N
				}
				if got := after.At(noon.Add(auth.LockOut)); got != later {
					t.Errorf("half an hour later: got %s, want %s", got, later)
				}
			})
		}
	}
}

func TestEnterPIN(t *testing.T) {
	e := auth.NewEnrolment(pin)
	wrong := phone.NewSecret("000000")
	var r auth.PINResult
	for i, left := range []int{2, 1, 0} {
		r, e = auth.EnterPIN(noon, auth.Policy{}, e, wrong, "")
		if !r.Looked || r.Accepted || r.Left != left {
			t.Fatalf("wrong PIN %d: got %+v, want %d left", i+1, r, left)
		}
	}
	if r.State != auth.Failed || !r.Until.Equal(noon.Add(30*time.Minute)) {
		t.Fatalf("after three: got %s until %s, want failed for 30 minutes", r.State, r.Until)
	}
	if r, _ := auth.EnterPIN(noon.Add(29*time.Minute), auth.Policy{}, e, pin, ""); r.Looked || r.Accepted {
		t.Errorf("right PIN in the lock-out: got %+v, want it not looked at", r)
	}
	later := noon.Add(auth.LockOut)
	if e.At(later) != auth.Needed {
		t.Errorf("after 30 minutes: got %s, want needed", e.At(later))
	}
	if r, e := auth.EnterPIN(later, auth.Policy{}, e, pin, "x"); !r.Accepted || e.Pass.By != "x" || e.LockOuts != 0 {
		t.Errorf("right PIN after the lock-out: got %+v %+v, want it accepted", r, e)
	}
	for _, odd := range []string{"", "1", "12345", "1234567", "27182a", "２７１８２８"} {
		if r, after := auth.EnterPIN(noon, auth.Policy{}, auth.NewEnrolment(pin), phone.NewSecret(odd), ""); r.Looked || after.Fails != 0 {
			t.Errorf("entry %q: got %+v, want it asked again without a try lost", odd, r)
		}
	}
}

func TestPenalty(t *testing.T) {
	for _, free := range []int{auth.FreeTries, auth.DeviceTries} {
		var p auth.Penalty
		now := noon
		for range free - 1 {
			p = p.Add(now, free)
		}
		if p.Active(now) {
			t.Fatalf("free tries %d: they are penalised", free)
		}
		for _, want := range []time.Duration{1, 2, 4, 8, 16, 30, 30, 30} {
			p = p.Add(now, free)
			if got := p.Until.Sub(now); got != want*time.Minute {
				t.Fatalf("free tries %d, after %d wrong: got %s, want %s", free, p.Wrong, got, want*time.Minute)
			}
			now = p.Until
		}
		now = now.Add(auth.PenaltyForget + time.Second)
		if p = p.Add(now, free); p.Active(now) {
			t.Errorf("free tries %d: an hour without a wrong login is not forgotten", free)
		}
	}
}

// TestSuspendLasts holds the length operators are told, and that it ends.
func TestSuspendLasts(t *testing.T) {
	e := auth.Suspend(noon, auth.NewEnrolment(pin))
	if got, want := e.Suspended.Sub(noon), 30*time.Minute; got != want || auth.SuspendFor != want {
		t.Errorf("got %s, want %s", got, want)
	}
	if !e.IsSuspended(noon.Add(30*time.Minute-time.Second)) || e.IsSuspended(noon.Add(30*time.Minute)) {
		t.Errorf("got suspended until %s, want for half an hour and not a second longer", e.Suspended)
	}
}

// TestBlockEndsWhatIsUnderWay: nothing that was let in before the block, and has
// no login of its own yet, gets a config after it.
func TestBlockEndsWhatIsUnderWay(t *testing.T) {
	for name, tc := range map[string]struct {
		change func(*auth.Enrolment)
		ask    func(*auth.Request)
		factor auth.Factor
	}{
		"a right PIN":         {func(e *auth.Enrolment) { e.Pass.Until = noon.Add(time.Hour) }, func(*auth.Request) {}, auth.FactorPIN},
		"a pending login":     {fetched, shows(auth.OwnPending), auth.FactorOTP},
		"a one-time password": {func(*auth.Enrolment) {}, shows(auth.BrandOTP), auth.FactorOTP},
		"a suspension":        {func(e *auth.Enrolment) { e.Suspended = noon.Add(time.Hour) }, func(*auth.Request) {}, auth.FactorPIN},
		"a ticket":            {ticket(auth.TicketGenerated), shows(auth.TicketOTP), auth.FactorOTP},
	} {
		t.Run(name, func(t *testing.T) {
			e := with(tc.change)
			if d, _ := auth.Decide(noon, policy(tc.factor), e, ask(tc.ask), fresh); d.Outcome != auth.Full {
				t.Fatalf("before the block: got %v, want its config", d)
			}
			r := auth.Block(e)
			req := ask(tc.ask)
			if r.Pending.IsZero() && req.Shown == auth.OwnPending {
				req = ask(shows(auth.Wrong)) // as the desk says of it now
			}
			if d, after := auth.Decide(noon, policy(tc.factor), r, req, fresh); d.Outcome == auth.Full || after.At(noon) != auth.Blocked {
				t.Errorf("after it: got %v in state %s, want no config, and blocked", d, after.At(noon))
			}
		})
	}
}
