package accounts_test

import (
	"net/netip"
	"testing"
	"time"

	"github.com/lineside/lineside/auth"
)

// TestForgotVoidsNothing: what a stranger asks for in the name of somebody new
// leaves the password they were handed as it is, whatever becomes of the letter.
func TestForgotVoidsNothing(t *testing.T) {
	for name, set := range map[string]func(*lab){
		"mailed": func(*lab) {}, "no mail server": func(l *lab) { l.off = true }, "no room for the letter": func(l *lab) { l.broken = true },
	} {
		t.Run(name, func(t *testing.T) {
			l := newLab(t)
			l.setUp(t)
			l.off = true
			_, handed, err := l.Add(t.Context(), root, auth.Account{Name: "bob", Role: auth.Admin, Email: "bob@example.net"})
			if err != nil || handed.Password.IsZero() {
				t.Fatalf("got %+v, %v", handed, err)
			}
			l.off, l.turn = false, make(chan struct{}, 1)
			set(l)
			if err := l.Forgot(t.Context(), at(9), "bob"); err != nil {
				t.Fatal(err)
			}
			l.running(t)
			<-l.turn
			if name == "mailed" {
				l.temporary(t)
			}
			if p, err := l.SignIn(t.Context(), here, "bob", handed.Password); err != nil || p.Must != "temporary" {
				t.Errorf("by the password that was handed over: got %+v, %v", p, err)
			}
		})
	}
}

// TestForgotAfterTheClockWasAhead: a password of the future holds back no other.
func TestForgotAfterTheClockWasAhead(t *testing.T) {
	l := newLab(t)
	l.setUp(t)
	l.running(t)
	l.after(365 * 24 * time.Hour)
	_ = l.Forgot(t.Context(), at(1), "anna")
	l.temporary(t)
	l.after(-365 * 24 * time.Hour)
	_ = l.Forgot(t.Context(), at(2), "anna")
	code := l.temporary(t)
	if _, err := l.SignIn(t.Context(), here, "anna", secret(code)); err != nil {
		t.Errorf("got %v", err)
	}
}

// TestOnTheLinkEachCountsForItself: one host's wrong passwords, tried from one
// address of the /64, do not keep out the others; from elsewhere the /64 is one.
func TestOnTheLinkEachCountsForItself(t *testing.T) {
	for name, tc := range map[string]struct {
		evil, good string
		want       bool
	}{
		"link-local": {"fe80::bad", "fe80::1", true}, "elsewhere": {"2001:db8::bad", "2001:db8::1", false},
	} {
		t.Run(name, func(t *testing.T) {
			l := newLab(t)
			l.setUp(t)
			for range auth.FreeTries {
				_, _ = l.SignIn(t.Context(), netip.MustParseAddr(tc.evil), "nobody", secret("wrong"))
			}
			_, err := l.SignIn(t.Context(), netip.MustParseAddr(tc.good), "anna", secret(good))
			if (err == nil) != tc.want {
				t.Errorf("another host there: got %v, want it let in: %v", err, tc.want)
			}
		})
	}
}
