package provision_test

import (
	"net/netip"
	"strings"
	"testing"

	"github.com/lineside/lineside/auth"
	"github.com/lineside/lineside/provision"
	"github.com/lineside/lineside/vendors"
)

func TestContradicted(t *testing.T) {
	l := newLab(t, auth.FactorOTP)
	l.add(t, mac)
	l.lease("10.20.0.66", stranger)
	wantChallenge(t, "lease of another MAC, with the OTP", l.get(t, mac, "10.20.0.66", "installer", "fake-brand-otp"))
	if rec, _ := l.Device(mac); rec.Enrolment.OTP.Used {
		t.Error("the victim's generation was consumed")
	}
	list := l.board.List()
	if len(list) != 2 || !strings.Contains(list[0].Detail, mac.Hex()) || !strings.Contains(list[0].Detail, stranger.String()) {
		t.Errorf("health: got %+v, want the site's condition naming both MACs, and the phone's own", list)
	}
	l.lease("10.20.0.57", mac)
	wantStage(t, "the phone itself, later", l.get(t, mac, "10.20.0.57", "installer", "fake-brand-otp"), vendors.Full)
}

// TestForgedLayer2 has a laptop forge one of the two signals of layer 2 in a
// phone's name. The device is suspended, so a proven MAC would be enough.
func TestForgedLayer2(t *testing.T) {
	victim, laptop := netip.MustParseAddr("10.20.0.57"), netip.MustParseAddr("10.20.0.66")
	for _, tt := range []struct {
		name  string
		forge func(*lab)
	}{
		{"a lease in the phone's name, its own MAC on the wire", func(l *lab) {
			l.lease(laptop.String(), mac)
			l.store.wire[laptop] = stranger
		}},
		{"a lease in the phone's name, silent on the wire", func(l *lab) {
			l.lease(laptop.String(), mac)
			delete(l.store.wire, laptop)
		}},
		{"an ARP entry in the phone's name, which is leased elsewhere", func(l *lab) { l.store.wire[laptop] = mac }},
		{"an ARP entry in the phone's name, a lease of its own", func(l *lab) {
			l.lease(laptop.String(), stranger)
			l.store.wire[laptop] = mac
		}},
		{"through a router", func(*lab) {}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			l := newLab(t, auth.FactorOTP)
			l.add(t, mac)
			l.lease(victim.String(), mac)
			tt.forge(l)
			if _, err := l.Suspend(t.Context(), operator, mac); err != nil {
				t.Fatal(err)
			}
			wantChallenge(t, "laptop", l.get(t, mac, laptop.String()))
			wantStage(t, "the phone", l.get(t, mac, victim.String()), vendors.Full)
		})
	}
}

// TestWireAlone has a phone with an address of its own making, or an ARP entry
// forged in its name: which, the box cannot tell.
func TestWireAlone(t *testing.T) {
	l := newLab(t, auth.FactorOTP)
	l.add(t, mac)
	l.store.wire[netip.MustParseAddr("10.20.0.57")] = mac
	if _, err := l.Suspend(t.Context(), operator, mac); err != nil {
		t.Fatal(err)
	}
	wantChallenge(t, "suspended", l.get(t, mac, "10.20.0.57"))
	wantStage(t, "the password", l.get(t, mac, "10.20.0.57", "installer", "fake-brand-otp"), vendors.Full)
}

// TestTwoLeases has a laptop lease a second address in the phone's name and
// answer for it. Nothing tells the two apart, so neither is proven; the phone's
// own credential goes on, and the password it used is its address's alone.
func TestTwoLeases(t *testing.T) {
	l := newLab(t, auth.FactorOTP)
	l.add(t, mac)
	l.lease("10.20.0.57", mac)
	user, password := loginIn(t, l.get(t, mac, "10.20.0.57", "installer", "fake-brand-otp"))
	l.lease("10.20.0.66", mac)
	wantChallenge(t, "the used password at the second address", l.get(t, mac, "10.20.0.66", "installer", "fake-brand-otp"))
	if _, err := l.Suspend(t.Context(), operator, mac); err != nil {
		t.Fatal(err)
	}
	wantChallenge(t, "suspended, at the second address", l.get(t, mac, "10.20.0.66"))
	wantStage(t, "the phone's own credential", l.get(t, mac, "10.20.0.57", user, password), vendors.Full)
}

// TestAtHomeElsewhere has somebody lease an address in the name of a phone that
// has one of its own making: that must not take the phone's credential away. All
// else is refused there, a one-time password that is allowed by name as well: it
// may as well be the caller with the lease that is the phone.
func TestAtHomeElsewhere(t *testing.T) {
	l := newLab(t, auth.FactorOTP)
	l.add(t, mac)
	user, password := loginIn(t, l.get(t, mac, "10.20.0.20", "installer", "fake-brand-otp"))
	l.lease("10.20.0.66", mac)
	wantStage(t, "its own credential", l.get(t, mac, "10.20.0.20", user, password), vendors.Full)
	if _, err := l.AllowOTP(t.Context(), operator, mac, false); err != nil {
		t.Fatal(err)
	}
	wantChallenge(t, "the one-time password", l.get(t, mac, "10.20.0.20", "installer", "fake-brand-otp"))
	if rec, _ := l.Device(mac); rec.Enrolment.OTP.Used {
		t.Error("it was consumed by a caller whose MAC is at home elsewhere")
	}
	delete(l.store.leases, netip.MustParseAddr("10.20.0.66"))
	delete(l.store.wire, netip.MustParseAddr("10.20.0.66"))
	wantStage(t, "the same, once the MAC is nowhere else", l.get(t, mac, "10.20.0.20", "installer", "fake-brand-otp"), vendors.Full)
}

// TestAgentNamesAnother: what a caller says of itself proves nothing, but it
// speaks against it where it names another phone than the file asked for, on a
// wire that is silent and on one that agrees.
func TestAgentNamesAnother(t *testing.T) {
	for name, leased := range map[string]bool{"through a router": false, "lease and wire agree": true} {
		t.Run(name, func(t *testing.T) {
			l := newLab(t, auth.FactorOTP)
			l.add(t, mac)
			if leased {
				l.lease("10.20.0.57", mac)
			}
			ask := provision.Ask{Front: provision.HTTP, Remote: netip.MustParseAddrPort("10.20.0.57:4000"), File: mac.Hex() + ".txt",
				Agent: "Plain " + stranger.String(), Attempt: &provision.Attempt{User: "installer", Proves: otp.Equal}}
			a, err := l.Fetch(t.Context(), ask)
			if err != nil {
				t.Fatal(err)
			}
			wantChallenge(t, "another phone's User-Agent, with the password", a)
			if rec, _ := l.Device(mac); rec.Enrolment.OTP.Used {
				t.Error("the password was consumed")
			}
			wantCodes(t, "the phone asked for", l.codes(mac), "mac-contradicted")
			ask.Agent = "Plain " + mac.String()
			if a, err = l.Fetch(t.Context(), ask); err != nil {
				t.Fatal(err)
			}
			wantStage(t, "its own User-Agent", a, vendors.Full)
		})
	}
}
