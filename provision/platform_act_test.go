package provision_test

import (
	"errors"
	"fmt"
	"slices"
	"testing"
	"testing/synctest"

	"github.com/lineside/lineside/audit"
	"github.com/lineside/lineside/auth"
	"github.com/lineside/lineside/phone"
	"github.com/lineside/lineside/provision"
)

// TestThePlatformResets: what only the platform may do, it is asked for; the
// answer is here when its word is, and nothing was done here by itself.
func TestThePlatformResets(t *testing.T) {
	l := newLab(t, auth.FactorPIN)
	w, p := kept(mac), &platform{}
	l.Join(p)
	before := l.said(t, w)
	l.store.policy.Platform.LocalChanges = true
	by := audit.Actor{Front: "cli", Name: "root"}
	p.act = func() error {
		w.Said.Resets, w.Said.PIN, w.Said.Code = 1, auth.Minting{Epoch: 1, N: 2}, phone.NewSecret("246801")
		return l.PutPlatform(t.Context(), w)
	}
	rec, err := l.Reset(t.Context(), by, mac)
	if err != nil || rec.Enrolment.PIN.Reveal() != "246801" || rec.Enrolment.Epoch == before.Enrolment.Epoch {
		t.Errorf("got %v, epoch %d after %d, want the platform's PIN and another epoch", err, rec.Enrolment.Epoch, before.Enrolment.Epoch)
	}
	if want := []string{"root reset"}; !slices.Equal(p.acts, want) {
		t.Errorf("asked %v, want %v", p.acts, want)
	}
}

// TestTheBlockOfADeviceOfThePlatform: it is the site's to keep somebody out, also
// with the platform away and whatever it allows to be changed here; it hears of it.
func TestTheBlockOfADeviceOfThePlatform(t *testing.T) {
	for name, p := range map[string]*platform{"linked": {}, "no link": nil} {
		t.Run(name, func(t *testing.T) {
			l := newLab(t, auth.FactorPIN)
			w := kept(mac)
			l.said(t, w)
			if p != nil {
				l.Join(p)
			}
			rec, err := l.Block(t.Context(), operator, mac)
			if err != nil || rec.Enrolment.State != auth.Blocked || !rec.Enrolment.OTP.Used {
				t.Errorf("got %+v, %v, want it blocked", rec.Enrolment, err)
			}
			if p != nil && !slices.Equal(p.tried, []bool{true}) {
				t.Errorf("told %v, want the block", p.tried)
			}
			// Its own word, said again before it heard of the block, changes nothing.
			if rec := l.said(t, w); rec.Enrolment.State != auth.Blocked || !rec.Enrolment.OTP.Used {
				t.Errorf("after the platform's word: got %+v, want it blocked still", rec.Enrolment)
			}
			w.Said.PIN = auth.Minting{Epoch: 1, N: 2} // an unblock there
			if rec := l.said(t, w); rec.Enrolment.State != auth.Needed {
				t.Errorf("after an unblock at the platform: got %s, want needed", rec.Enrolment.State)
			}
		})
	}
}

// TestThePlatformDoesNot: whatever keeps the platform from it, nothing was done
// here, and the operator is told which it is.
func TestThePlatformDoesNot(t *testing.T) {
	for name, tt := range map[string]struct {
		joined bool
		answer error
		want   error
	}{
		"no link":   {false, nil, provision.ErrPlatformAway},
		"away":      {true, provision.ErrPlatformAway, provision.ErrPlatformAway},
		"no":        {true, fmt.Errorf("%w: not here", provision.ErrPlatformNo), provision.ErrPlatformNo},
		"no answer": {true, provision.ErrPlatformDoubt, provision.ErrPlatformDoubt},
		"no word":   {true, nil, provision.ErrPlatformDoubt},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) { // the word that never comes takes its time
				l := newLab(t, auth.FactorPIN)
				before := l.said(t, kept(mac))
				l.store.policy.Platform.LocalChanges = true
				if tt.joined {
					l.Join(&platform{act: func() error { return tt.answer }})
				}
				for verb, act := range map[string]func() error{
					"reset":     func() error { _, err := l.Reset(t.Context(), operator, mac); return err },
					"allow-otp": func() error { _, err := l.AllowOTP(t.Context(), operator, mac, true); return err },
				} {
					if err := act(); !errors.Is(err, tt.want) {
						t.Errorf("%s: got %v, want %v", verb, err, tt.want)
					}
				}
				if rec, err := l.Device(mac); err != nil || rec.Enrolment != before.Enrolment {
					t.Errorf("got %+v, %v, want it as it was", rec.Enrolment, err)
				}
			})
		})
	}
}
