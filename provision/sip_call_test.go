package provision_test

import (
	"context"
	"errors"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/lineside/lineside/auth"
	"github.com/lineside/lineside/phone"
	"github.com/lineside/lineside/provision"
)

// callLab is a site with one device, whose phone calls from an address.
func callLab(t *testing.T, factor auth.Factor) (*lab, provision.Peer, phone.Secret) {
	t.Helper()
	l := newLab(t, factor)
	rec, err := l.Add(t.Context(), operator, phone.Device{MAC: mac, Vendor: "plain"})
	if err != nil {
		t.Fatal(err)
	}
	at := netip.MustParseAddr("10.20.0.50")
	l.store.wire = map[netip.Addr]phone.MAC{at: mac}
	return l, provision.Peer{MAC: mac, Remote: at}, rec.Enrolment.PIN
}

// edit changes the device's enrolment as if it had come that far.
func edit(l *lab, change func(*auth.Enrolment)) {
	l.store.mu.Lock()
	defer l.store.mu.Unlock()
	rec := l.store.devices[mac]
	change(&rec.Enrolment)
	l.store.devices[mac] = rec
}

func enrolment(l *lab) auth.Enrolment {
	l.store.mu.Lock()
	defer l.store.mu.Unlock()
	return l.store.devices[mac].Enrolment
}

func TestACallIsToldWhereItsDeviceStands(t *testing.T) {
	for _, tt := range []struct {
		name   string
		factor auth.Factor
		change func(*auth.Enrolment)
		want   provision.CallState
	}{
		{"needed", auth.FactorPIN, func(*auth.Enrolment) {}, provision.CallAsk},
		{"half of otp+pin", auth.FactorBoth, func(*auth.Enrolment) {}, provision.CallAsk},
		{"policy asks for none", auth.FactorOTP, func(*auth.Enrolment) {}, provision.CallUnneeded},
		{"failed", auth.FactorPIN, func(e *auth.Enrolment) { e.State, e.Until = auth.Failed, time.Now().Add(24*365*time.Hour) }, provision.CallFailed},
		{"blocked", auth.FactorPIN, func(e *auth.Enrolment) { e.State = auth.Blocked }, provision.CallBlocked},
		{"successful", auth.FactorPIN, func(e *auth.Enrolment) { e.State = auth.Successful }, provision.CallUnneeded},
		{"a ticket is demanded", auth.FactorPIN, func(e *auth.Enrolment) { e.TicketOnly = true }, provision.CallUnneeded},
		{"its ticket awaits approval", auth.FactorPIN, func(e *auth.Enrolment) {
			e.Ticket = auth.Ticket{Serial: 1, State: auth.TicketAwaiting, Until: time.Now().Add(24 * 365 * time.Hour)}
		}, provision.CallAwaiting},
	} {
		t.Run(tt.name, func(t *testing.T) {
			l, p, _ := callLab(t, tt.factor)
			edit(l, tt.change)
			before := enrolment(l)
			if got := l.Called(p); got != tt.want {
				t.Errorf("got %q, want %q", got, tt.want)
			}
			if after := enrolment(l); after.Fails != before.Fails || after.State != before.State {
				t.Errorf("asking changed %+v into %+v", before, after)
			}
		})
	}
}

// A visitor hears who it is under a policy that asks for PINs, and under any
// other what everybody hears.
func TestAVisitorsCall(t *testing.T) {
	for factor, want := range map[auth.Factor]provision.CallState{
		auth.FactorPIN: provision.CallVisitor, auth.FactorOTP: provision.CallUnneeded, auth.FactorNone: provision.CallUnneeded,
	} {
		l, _, _ := callLab(t, factor)
		p := provision.Peer{MAC: stranger, Remote: netip.MustParseAddr("10.20.0.51")}
		if got := l.Called(p); got != want {
			t.Errorf("%s: got %q, want %q", factor, got, want)
		}
		if _, err := l.DialPIN(t.Context(), p, phone.NewSecret("123456")); err == nil {
			t.Errorf("%s: a visitor's PIN was taken", factor)
		}
	}
}

// A PIN typed in a call counts like any other and is the caller's alone.
func TestAPINTypedInACall(t *testing.T) {
	l, p, pin := callLab(t, auth.FactorPIN)
	wrong := phone.NewSecret("000000")
	if pin.Equal(wrong) {
		wrong = phone.NewSecret("000001")
	}
	if got, err := l.DialPIN(t.Context(), p, wrong); err != nil || got != (provision.PINAnswer{Now: provision.CallAsk, Left: 2}) {
		t.Errorf("wrong: got %+v, %v, want two more tries", got, err)
	}
	if got, err := l.DialPIN(t.Context(), p, pin); err != nil || !got.Right {
		t.Errorf("right: got %+v, %v", got, err)
	}
	if by := enrolment(l).Pass.By; by != "ip:10.20.0.50" {
		t.Errorf("the pass is for %q, want the caller's address alone", by)
	}
	if !slices.Contains(l.store.kinds(), "pin-entered") {
		t.Errorf("events %q, want pin-entered", l.store.kinds())
	}
}

// A caller that layer 2 takes for another device enters nothing and costs the
// phone nothing.
func TestAnotherDevicesPINIsNotLookedAt(t *testing.T) {
	l, p, pin := callLab(t, auth.FactorPIN)
	l.store.wire = map[netip.Addr]phone.MAC{p.Remote: stranger}
	if _, err := l.DialPIN(t.Context(), p, pin); !errors.Is(err, provision.ErrNotThePhone) {
		t.Errorf("got %v, want ErrNotThePhone", err)
	}
	if e := enrolment(l); e.Fails != 0 || !e.Pass.Until.IsZero() {
		t.Errorf("it changed the device: %+v", e)
	}
}

// The phone is told to fetch after the call, not in it.
func TestAPhoneIsToldToFetchOnceItHungUp(t *testing.T) {
	l, p, pin := callLab(t, auth.FactorPIN)
	told := &phones{told: make(chan phone.MAC, 8)}
	done := make(chan error, 1)
	ctx, cancel := context.WithCancel(t.Context())
	go func() { done <- l.RunResyncs(ctx, told) }()
	if _, err := l.DialPIN(t.Context(), p, pin); err != nil {
		t.Fatal(err)
	}
	if n := l.WaitingResyncs(); n != 0 {
		t.Errorf("%d phones are to be told while it is still in the call, want none", n)
	}
	l.HungUp(p, "right", true)
	hear(t, told, mac)
	cancel()
	if err := <-done; err != nil {
		t.Error(err)
	}
}

// A lock-out by a call that layer 2 does not vouch for says so on the timeline: it
// need not be the phone's doing. One that it vouches for does not.
func TestALockOutByAnUnprovenCallSaysSo(t *testing.T) {
	for name, proven := range map[string]bool{"proven": true, "not proven": false} {
		t.Run(name, func(t *testing.T) {
			l, p, _ := callLab(t, auth.FactorPIN)
			if proven {
				l.lease(p.Remote.String(), mac)
			} else {
				p.Remote, l.store.wire = netip.MustParseAddr("10.99.0.7"), nil // behind a router: nothing is seen of it
			}
			for range 3 {
				if _, err := l.DialPIN(t.Context(), p, phone.NewSecret("000001")); err != nil {
					t.Fatal(err)
				}
			}
			if got := enrolment(l).State; got != auth.Failed {
				t.Fatalf("got state %s, want it locked", got)
			}
			told := slices.ContainsFunc(l.Timeline(mac).Events, func(e provision.Event) bool { return strings.Contains(e.Text, "does not prove") })
			if told == proven {
				t.Errorf("the timeline says that it is not proven: %v, want %v", told, !proven)
			}
		})
	}
}
