package provision_test

import (
	"fmt"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/lineside/lineside/auth"
	"github.com/lineside/lineside/phone"
	"github.com/lineside/lineside/provision"
	"github.com/lineside/lineside/vendors"
)

// guesses has n different callers behind a router show a wrong one-time password
// for m, once each.
func (l *lab) guesses(t *testing.T, m phone.MAC, n int) (last provision.Answer) {
	t.Helper()
	for i := range n {
		last = l.get(t, m, fmt.Sprintf("10.88.%d.%d", i/200, i%200+1), "installer", fmt.Sprint("guess", i))
		wantChallenge(t, "guess", last)
	}
	return last
}

// TestGuessingFromManyAddresses has many callers guess for one phone. What they
// use up is the tries of callers that nothing proves; the phone itself is let in
// once the wire proves it, and with its own login from anywhere.
func TestGuessingFromManyAddresses(t *testing.T) {
	l := newLab(t, auth.FactorOTP)
	l.add(t, mac)
	if a := l.guesses(t, mac, auth.DeviceTries-1); a.Retry != 0 {
		t.Fatalf("%d guesses: got Retry-After %s, want none yet", auth.DeviceTries-1, a.Retry)
	}
	if a := l.get(t, mac, "10.88.9.1", "installer", "one more"); a.Retry != auth.FirstPenalty {
		t.Fatalf("%d guesses: got Retry-After %s, want %s", auth.DeviceTries, a.Retry, auth.FirstPenalty)
	}
	wantChallenge(t, "the right password, from an address that never guessed", l.get(t, mac, "10.88.9.2", "installer", otp.Reveal()))
	if rec, _ := l.Device(mac); rec.Enrolment.OTP.Used {
		t.Error("the password was consumed in the penalty")
	}
	l.add(t, stranger)
	wantStage(t, "another phone", l.get(t, stranger, "10.88.9.2", "installer", otp.Reveal()), vendors.Full)

	l.lease("10.20.0.57", mac)
	full := l.get(t, mac, "10.20.0.57", "installer", otp.Reveal())
	wantStage(t, "the phone, proven", full, vendors.Full)
	user, password := loginIn(t, full)
	delete(l.store.leases, netip.MustParseAddr("10.20.0.57"))
	delete(l.store.wire, netip.MustParseAddr("10.20.0.57"))
	wantStage(t, "its own login, through a router", l.get(t, mac, "10.88.9.3", user, password), vendors.Full)
}

// TestDevicePenaltyEnds has a routed phone wait out what others guessed for it,
// while one of them goes on: a guess that is not looked at prolongs nothing.
func TestDevicePenaltyEnds(t *testing.T) {
	l := newLab(t, auth.FactorOTP)
	l.add(t, mac)
	l.guesses(t, mac, auth.DeviceTries)
	for range 50 {
		l.wait(time.Second)
		wantChallenge(t, "goes on", l.get(t, mac, "10.88.0.1", "installer", "another"))
	}
	l.wait(auth.FirstPenalty)
	wantStage(t, "the phone, a minute later", l.get(t, mac, "10.88.9.2", "installer", otp.Reveal()), vendors.Full)
}

// TestOneSenderCannotUseUpADevice: what is not looked at in a sender's own
// penalty is no try of the device it names.
func TestOneSenderCannotUseUpADevice(t *testing.T) {
	l := newLab(t, auth.FactorOTP)
	l.add(t, mac)
	for i := range 5 * auth.DeviceTries {
		l.get(t, mac, "10.88.0.6", "installer", fmt.Sprint("guess", i))
	}
	wantStage(t, "the phone", l.get(t, mac, "10.88.0.5", "installer", otp.Reveal()), vendors.Full)
}

// TestDevicePenaltyTellsNothing has the same many callers guess for a phone that
// is set up and for one that is not: all they are answered is the same, how long
// to wait included, and guesses for one cost nobody at the other.
func TestDevicePenaltyTellsNothing(t *testing.T) {
	answers := func(known bool) (all []provision.Answer) {
		l := newLab(t, auth.FactorOTP)
		if known {
			l.add(t, mac)
		}
		for i := range auth.DeviceTries + 10 {
			all = append(all, l.get(t, mac, fmt.Sprintf("10.88.0.%d", i+1), "installer", fmt.Sprint("guess", i)))
		}
		return append(all, l.get(t, stranger, "10.88.1.1", "installer", "guess"))
	}
	known, unknown := answers(true), answers(false)
	if diff := cmp.Diff(unknown, known); diff != "" {
		t.Errorf("who guesses can tell (-unknown +known):\n%s", diff)
	}
	if last := unknown[len(unknown)-1]; last.Retry != 0 {
		t.Errorf("the first guess for another MAC that is not set up: got Retry-After %s, want none", last.Retry)
	}
}

// TestFormerPassword has phones that go on showing the brand's password after it
// was changed, or taken away: nobody guesses there, and nothing is given.
func TestFormerPassword(t *testing.T) {
	l := newLab(t, auth.FactorOTP)
	l.add(t, mac)
	set := func(password string) {
		t.Helper()
		if _, err := l.SetBrand(t.Context(), operator, "plain", "installer", phone.NewSecret(password)); err != nil {
			t.Fatal(err)
		}
	}
	show := func(what, password string) {
		t.Helper()
		for range 3 * auth.FreeTries {
			if a := l.get(t, mac, "10.20.0.57", "installer", password); a.Status != provision.Challenge || a.Retry != 0 {
				t.Fatalf("%s: got %+v, want a challenge without a penalty", what, a)
			}
		}
	}
	set("second-fake-otp")
	show("changed", otp.Reveal())
	wantCodes(t, "changed", l.codes(mac), "void-login")
	set("")
	show("taken away", "second-fake-otp")
	set("third-fake-otp")
	show("taken away, then another", "second-fake-otp")
	if a := l.get(t, stranger, "10.20.0.58", "installer", "second-fake-otp"); a.Status != provision.Challenge || a.Retry != 0 {
		t.Errorf("by a stranger: got %+v, want a challenge", a)
	}
	wantStage(t, "the one in force", l.get(t, mac, "10.20.0.57", "installer", "third-fake-otp"), vendors.Full)
	for i := range auth.FreeTries {
		if a, want := l.get(t, stranger, "10.20.0.99", "installer", otp.Reveal()), i == auth.FreeTries-1; (a.Retry > 0) != want {
			t.Errorf("the one before that, time %d: got Retry-After %s, want it counted", i+1, a.Retry)
		}
	}
	set(otp.Reveal())
	l.add(t, stranger)
	wantStage(t, "one that is in force again", l.get(t, stranger, "10.20.0.58", "installer", otp.Reveal()), vendors.Full)
}

// tried asks for m's config, showing a login, and gives every password that was
// tried against it, in order.
func (l *lab) tried(t *testing.T, m phone.MAC, user, password string) (passwords []string) {
	t.Helper()
	ask := provision.Ask{
		Front: provision.HTTP, Remote: netip.MustParseAddrPort("10.20.0.57:40000"), File: m.Hex() + ".txt",
		Attempt: &provision.Attempt{User: user, Proves: func(p phone.Secret) bool {
			passwords = append(passwords, p.Reveal())
			return p.Reveal() == password
		}},
	}
	if _, err := l.Fetch(t.Context(), ask); err != nil {
		t.Fatal(err)
	}
	return passwords
}

// TestAsMuchIsTried counts what an attempt is tried against: as much, in the
// same order, for a phone that is set up as for one that is not, whatever logins
// it has. What time that takes then tells nothing.
func TestAsMuchIsTried(t *testing.T) {
	l := newLab(t, auth.FactorPIN)
	if _, err := l.SetBrand(t.Context(), operator, "plain", "installer", phone.NewSecret("second-fake-otp")); err != nil {
		t.Fatal(err)
	}
	strange := l.tried(t, stranger, "nobody", "nothing")
	place := func(list []string, password string) int { return slices.Index(list, password) }
	brand, former, first := place(strange, "second-fake-otp"), place(strange, otp.Reveal()), place(strange, "Plain")
	if brand < 0 || former < 0 || first < 0 {
		t.Fatalf("a stranger's attempt is tried against %d passwords, not against the brand's, the former and the factory's", len(strange))
	}
	rec := l.add(t, mac)
	for what, change := range map[string]func(*auth.Enrolment){
		"set up":         func(*auth.Enrolment) {},
		"with a login":   func(e *auth.Enrolment) { e.Current = auth.Credential{User: "own-a", Password: phone.NewSecret("a")} },
		"with a new one": func(e *auth.Enrolment) { e.Pending = auth.Credential{User: "own-b", Password: phone.NewSecret("b")} },
		"with a ticket": func(e *auth.Enrolment) {
			e.Ticket = auth.Ticket{State: auth.TicketGenerated, User: "1", Password: phone.NewSecret("c")}
		},
		"with all of it": func(e *auth.Enrolment) {
			e.Current, e.Pending = auth.Credential{User: "own-a", Password: phone.NewSecret("a")}, auth.Credential{User: "own-b", Password: phone.NewSecret("b")}
		},
		"with a dead one": func(e *auth.Enrolment) {
			e.Ticket = auth.Ticket{State: auth.TicketRejected, User: "1", Password: phone.NewSecret("c")}
		},
	} {
		next := rec
		change(&next.Enrolment)
		l.store.devices[mac] = next
		got := l.tried(t, mac, "nobody", "nothing")
		for shown, n := range map[string]int{"nothing": len(got), "a": len(l.tried(t, mac, "own-a", "a"))} {
			if n != len(strange) {
				t.Errorf("%s, showing %q: got tried against %d passwords, want %d as a stranger's", what, shown, n, len(strange))
			}
		}
		if place(got, "second-fake-otp") != brand || place(got, otp.Reveal()) != former || place(got, "Plain") != first {
			t.Errorf("%s: got the brand's at %d, the former at %d, the factory's at %d; want %d, %d, %d", what,
				place(got, "second-fake-otp"), place(got, otp.Reveal()), place(got, "Plain"), brand, former, first)
		}
	}
}

// TestFirstTryByMAC: phones that show their MAC, and a password from their label,
// before anything else are not counted for it and enrol all the same. From another
// maker's phone, under another phone's MAC and under a name that a login here has,
// it is a guess.
func TestFirstTryByMAC(t *testing.T) {
	const from, own = "10.20.0.57", "0015654AA937"
	for name, tc := range map[string]struct {
		maker       bool
		user, brand string
		counted     bool
	}{
		"its own MAC":                  {true, own, "installer", false},
		"its own MAC in small letters": {true, strings.ToLower(own), "installer", false},
		"another MAC":                  {true, stranger.Hex(), "installer", true},
		"another maker":                {false, own, "installer", true},
		"the one-time password's name": {true, own, own, true},
	} {
		t.Run(name, func(t *testing.T) {
			l := newTown(t, auth.FactorOTP, func(l *lab) vendors.Table {
				m, _ := l.table().Of("plain")
				m.FirstTry, m.FirstTryMAC = vendors.Login{}, tc.maker
				return vendors.NewTable(m)
			})
			if _, err := l.SetBrand(t.Context(), operator, "plain", tc.brand, otp); err != nil {
				t.Fatal(err)
			}
			l.lease(from, mac)
			l.add(t, mac)
			for i := range 2 * auth.FreeTries {
				a := l.get(t, mac, from, tc.user, "A1B"+strconv.Itoa(i))
				wantChallenge(t, tc.user, a)
				if counted := i >= auth.FreeTries-1; (a.Retry > 0) != (counted && tc.counted) {
					t.Fatalf("time %d: got Retry-After %s, want it counted: %v", i+1, a.Retry, tc.counted)
				}
			}
			if tc.counted {
				wantChallenge(t, "the one-time password in a penalty", l.get(t, mac, from, tc.brand, otp.Reveal()))
				return
			}
			full := l.get(t, mac, from, tc.brand, otp.Reveal())
			wantStage(t, "the one-time password", full, vendors.Full)
			user, password := loginIn(t, full)
			wantChallenge(t, "enrolled, its MAC first", l.get(t, mac, from, tc.user, "A1B2"))
			wantStage(t, "enrolled, then its login", l.get(t, mac, from, user, password), vendors.Full)
		})
	}
}
