package provision_test

import (
	"errors"
	"fmt"
	"net/netip"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/lineside/lineside/auth"
	"github.com/lineside/lineside/phone"
	"github.com/lineside/lineside/provision"
	"github.com/lineside/lineside/vendors"
)

func TestOneTimePassword(t *testing.T) {
	l := newLab(t, auth.FactorOTP)
	l.add(t, mac)
	l.lease("10.20.0.57", mac)

	wantChallenge(t, "first contact", l.get(t, mac, "10.20.0.57"))
	first := l.get(t, mac, "10.20.0.57", "installer", "fake-brand-otp")
	wantStage(t, "with the OTP", first, vendors.Full)
	wantKinds(t, l.store, "otp-consumed", "credential-minted")

	again := l.get(t, mac, "10.20.0.57", "installer", "fake-brand-otp")
	if diff := cmp.Diff(string(first.Body), string(again.Body)); diff != "" {
		t.Errorf("the same phone fetching again got something else (-first +again):\n%s", diff)
	}
	strange := l.get(t, stranger, "10.20.0.99", "installer", "fake-brand-otp")
	elsewhere := l.get(t, mac, "10.20.0.99", "installer", "fake-brand-otp")
	wantChallenge(t, "another address", elsewhere)
	if diff := cmp.Diff(strange, elsewhere); diff != "" {
		t.Errorf("spent OTP and unknown MAC differ (-unknown +spent):\n%s", diff)
	}

	user, password := loginIn(t, first)
	wantStage(t, "with its own credential", l.get(t, mac, "10.20.0.57", user, password), vendors.Full)
	wantKinds(t, l.store, "credential-confirmed", "state-changed")
	wantChallenge(t, "OTP after the credential was used", l.get(t, mac, "10.20.0.57", "installer", "fake-brand-otp"))
	if rec, _ := l.Device(mac); rec.Enrolment.State != auth.Successful {
		t.Errorf("state: got %s, want successful", rec.Enrolment.State)
	}
}

func TestPIN(t *testing.T) {
	l := newLab(t, auth.FactorPIN)
	rec := l.add(t, mac)
	l.lease("10.20.0.57", mac)
	wrong := phone.NewSecret("000000")
	if wrong.Equal(rec.Enrolment.PIN) {
		wrong = phone.NewSecret("111111")
	}

	held := l.get(t, mac, "10.20.0.57")
	wantStage(t, "first contact", held, vendors.Holding)
	for range auth.WrongPINs {
		if _, err := l.EnterPIN(t.Context(), operator, mac, wrong); err != nil {
			t.Fatal(err)
		}
	}
	if a := l.get(t, mac, "10.20.0.57"); !strings.Contains(string(a.Body), `"Authentication failed"`) {
		t.Errorf("after three wrong PINs: got %s, want the failed text", a.Body)
	}
	if r, _ := l.EnterPIN(t.Context(), operator, mac, rec.Enrolment.PIN); r.Accepted {
		t.Error("the right PIN was taken in the lock-out")
	}
	l.wait(auth.LockOut)
	if a := l.get(t, mac, "10.20.0.57"); !strings.Contains(string(a.Body), `"Authentication needed"`) {
		t.Errorf("30 minutes later: got %s, want the needed text", a.Body)
	}
	if r, err := l.EnterPIN(t.Context(), operator, mac, rec.Enrolment.PIN); err != nil || !r.Accepted {
		t.Fatalf("right PIN: got %+v, %v", r, err)
	}
	full := l.get(t, mac, "10.20.0.57")
	wantStage(t, "after the right PIN", full, vendors.Full)
	wantChallenge(t, "next fetch without its credential", l.get(t, mac, "10.20.0.57"))
	user, password := loginIn(t, held)
	if a := l.get(t, mac, "10.20.0.57", user, password); string(a.Body) != string(full.Body) {
		t.Errorf("power lost before it was stored: got %q, want the same config again", a.Body)
	}
	user, password = loginIn(t, full)
	wantStage(t, "with its own credential", l.get(t, mac, "10.20.0.57", user, password), vendors.Full)
}

func TestOTPAndPIN(t *testing.T) {
	l := newLab(t, auth.FactorBoth)
	rec := l.add(t, mac)
	l.lease("10.20.0.57", mac)
	wantChallenge(t, "first contact", l.get(t, mac, "10.20.0.57"))
	wantStage(t, "with the OTP", l.get(t, mac, "10.20.0.57", "installer", "fake-brand-otp"), vendors.Holding)
	wantStage(t, "again, as after a power cut", l.get(t, mac, "10.20.0.57"), vendors.Holding)
	wantChallenge(t, "another address", l.get(t, mac, "10.20.0.99", "installer", "fake-brand-otp"))
	if r, err := l.EnterPIN(t.Context(), operator, mac, rec.Enrolment.PIN); err != nil || !r.Accepted {
		t.Fatalf("right PIN: got %+v, %v", r, err)
	}
	full := l.get(t, mac, "10.20.0.57")
	wantStage(t, "with both", full, vendors.Full)
	user, password := loginIn(t, full)
	wantStage(t, "with its own credential", l.get(t, mac, "10.20.0.57", user, password), vendors.Full)
	wantChallenge(t, "the OTP once more", l.get(t, mac, "10.20.0.57", "installer", "fake-brand-otp"))
}

// TestSiteWindow has one right PIN let in the rest of the site's phones.
func TestSiteWindow(t *testing.T) {
	l := newLab(t, auth.FactorPIN)
	l.store.policy.Window = auth.SiteWindow
	first := l.add(t, mac)
	l.add(t, stranger)
	l.lease("10.20.0.57", mac)
	l.lease("10.20.0.58", stranger)
	wantStage(t, "before", l.get(t, stranger, "10.20.0.58"), vendors.Holding)
	if r, err := l.EnterPIN(t.Context(), operator, mac, first.Enrolment.PIN); err != nil || !r.Accepted {
		t.Fatalf("right PIN: got %+v, %v", r, err)
	}
	wantChallenge(t, "the same MAC through a router", l.get(t, stranger, "10.20.0.99"))
	full := l.get(t, stranger, "10.20.0.58")
	wantStage(t, "another phone, its MAC proven", full, vendors.Full)
	wantChallenge(t, "once it has a credential", l.get(t, stranger, "10.20.0.58"))
	user, password := loginIn(t, full)
	l.wait(7 * time.Hour)
	wantStage(t, "resync", l.get(t, stranger, "10.20.0.58", user, password), vendors.Full)
	l.wait(7 * time.Hour)
	third := phone.MAC{0, 0x15, 0x65, 9, 9, 9}
	l.add(t, third)
	l.lease("10.20.0.59", third)
	wantStage(t, "14 hours on, kept open by the resync", l.get(t, third, "10.20.0.59"), vendors.Full)
	l.wait(9 * time.Hour)
	fourth := phone.MAC{0, 0x15, 0x65, 9, 9, 10}
	l.add(t, fourth)
	l.lease("10.20.0.60", fourth)
	wantStage(t, "nine silent hours later", l.get(t, fourth, "10.20.0.60"), vendors.Holding)
}

// TestStrangers asks the same with and without the box knowing the device.
func TestStrangers(t *testing.T) {
	for _, f := range []auth.Factor{auth.FactorPIN, auth.FactorOTP, auth.FactorBoth, auth.FactorNone} {
		for _, front := range []provision.Front{provision.HTTP, provision.HTTPS, provision.TFTP} {
			for name, shown := range map[string][2]string{
				"nothing": {}, "wrong": {"who", "ever"}, "first try": {"Plain", "Plain"}, "own name": {"own-abc", "x"}, "OTP name": {"installer", "x"},
			} {
				t.Run(fmt.Sprintf("%s/%s/%s", f, front, name), func(t *testing.T) {
					l := newLab(t, f)
					ask := provision.Ask{Front: front, Remote: netip.MustParseAddrPort("10.20.0.57:4000"), File: mac.Hex() + ".txt", Agent: "Plain 00:15:65:4a:a9:37"}
					if shown[0] != "" && front != provision.TFTP {
						ask.Attempt = &provision.Attempt{User: shown[0], Proves: phone.NewSecret(shown[1]).Equal}
					}
					unknown, err := l.Fetch(t.Context(), ask)
					if err != nil {
						t.Fatal(err)
					}
					l.add(t, mac)
					known, err := l.Fetch(t.Context(), ask)
					if err != nil {
						t.Fatal(err)
					}
					if diff := cmp.Diff(unknown, known); diff != "" {
						t.Errorf("a stranger can tell (-unknown +known):\n%s", diff)
					}
				})
			}
		}
	}
}

// TestPINThief has somebody harvest the phone's holding login, which anybody is
// given, and wait for the PIN.
func TestPINThief(t *testing.T) {
	l := newLab(t, auth.FactorPIN)
	rec := l.add(t, mac)
	login := func(from string) []string {
		user, password := loginIn(t, l.get(t, mac, from))
		return []string{user, password}
	}
	// Nobody is on the box's own LAN: two callers claim to be the phone.
	thief, phones := login("10.88.0.6"), login("10.88.0.5")
	_, err := l.EnterPIN(t.Context(), operator, mac, rec.Enrolment.PIN)
	if !errors.Is(err, provision.ErrUnproven) || !strings.Contains(err.Error(), "10.88.0.6") || !strings.Contains(err.Error(), "10.88.0.5") {
		t.Fatalf("got %v, want ErrUnproven naming both", err)
	}
	from := operator
	from.Identity = "ip:10.88.0.5"
	if r, err := l.EnterPIN(t.Context(), from, mac, rec.Enrolment.PIN); err != nil || !r.Accepted {
		t.Fatalf("got %+v, %v", r, err)
	}
	wantStage(t, "thief", l.get(t, mac, "10.88.0.6", thief...), vendors.Holding)
	wantStage(t, "phone", l.get(t, mac, "10.88.0.5", phones...), vendors.Full)
	wantChallenge(t, "thief, later", l.get(t, mac, "10.88.0.6"))

	// The phone is on the LAN: who asks through a router is not it.
	l = newLab(t, auth.FactorPIN)
	rec = l.add(t, mac)
	thief = login("10.88.0.6")
	l.lease("10.20.0.57", mac)
	wantStage(t, "phone on hold", l.get(t, mac, "10.20.0.57"), vendors.Holding)
	if r, err := l.EnterPIN(t.Context(), operator, mac, rec.Enrolment.PIN); err != nil || !r.Accepted {
		t.Fatalf("got %+v, %v", r, err)
	}
	wantChallenge(t, "thief with the holding login", l.get(t, mac, "10.88.0.6", thief...))
	wantStage(t, "phone", l.get(t, mac, "10.20.0.57"), vendors.Full)
}

// TestPINOfAVisitor: a phone nothing proves went on hold before it was set up. A
// PIN is no more its own for that, nor is it lost on it: the operator is asked
// which caller is the phone, and then that one is let in.
func TestPINOfAVisitor(t *testing.T) {
	l := newLab(t, auth.FactorPIN)
	user, password := loginIn(t, l.get(t, mac, "10.88.0.5"))
	for i := range 6 { // asks, and asks again, and keeps nobody from being told of the first
		l.get(t, mac, fmt.Sprintf("10.88.0.%d", 6+i%2))
	}
	rec := l.add(t, mac)
	_, err := l.EnterPIN(t.Context(), operator, mac, rec.Enrolment.PIN)
	if !errors.Is(err, provision.ErrUnproven) || !strings.Contains(err.Error(), "10.88.0.5") {
		t.Fatalf("got %v, want ErrUnproven naming the address the visitor had", err)
	}
	from := operator
	from.Identity = "ip:10.88.0.5"
	if r, err := l.EnterPIN(t.Context(), from, mac, rec.Enrolment.PIN); err != nil || !r.Accepted {
		t.Fatalf("got %+v, %v", r, err)
	}
	wantStage(t, "another", l.get(t, mac, "10.88.0.6", user, password), vendors.Holding)
	wantStage(t, "the phone", l.get(t, mac, "10.88.0.5", user, password), vendors.Full)
}

// TestRace has many callers show one OTP at once: one identity gets the config.
func TestRace(t *testing.T) {
	l := newLab(t, auth.FactorOTP)
	l.add(t, mac)
	var wg sync.WaitGroup
	var mu sync.Mutex
	got := make(map[string]int)
	for i := range 64 {
		from := fmt.Sprintf("10.20.1.%d", i%16+1)
		wg.Go(func() {
			if a := l.get(t, mac, from, "installer", "fake-brand-otp"); a.Status == provision.Content {
				mu.Lock()
				got[from]++
				mu.Unlock()
			}
		})
	}
	wg.Wait()
	if len(got) != 1 {
		t.Errorf("got configs to %v, want one address", got)
	}
}

func TestStoreFails(t *testing.T) {
	l := newLab(t, auth.FactorOTP)
	l.add(t, mac)
	l.store.fail = errors.New("disk is full")
	ask := provision.Ask{Front: provision.HTTP, Remote: netip.MustParseAddrPort("10.20.0.57:4000"), File: mac.Hex() + ".txt",
		Attempt: &provision.Attempt{User: "installer", Proves: otp.Equal}}
	if a, err := l.Fetch(t.Context(), ask); err == nil || len(a.Body) != 0 {
		t.Errorf("got %+v, %v; want no config where the consumption is not on disk", a, err)
	}
	l.store.fail = nil
	wantStage(t, "later", l.get(t, mac, "10.20.0.57", "installer", "fake-brand-otp"), vendors.Full)
}

func TestGuessing(t *testing.T) {
	l := newLab(t, auth.FactorOTP)
	l.add(t, mac)
	for i := range auth.FreeTries {
		wantChallenge(t, "guess", l.get(t, mac, "10.20.0.99", "installer", fmt.Sprint("guess", i)))
	}
	wantChallenge(t, "the right OTP while penalised", l.get(t, mac, "10.20.0.99", "installer", "fake-brand-otp"))
	wantStage(t, "the phone does not pay for it", l.get(t, mac, "10.20.0.57", "installer", "fake-brand-otp"), vendors.Full)

	l.wait(auth.FirstPenalty)
	user, password := "", ""
	l2 := newLab(t, auth.FactorOTP)
	l2.add(t, mac)
	user, password = loginIn(t, l2.get(t, mac, "10.20.0.57", "installer", "fake-brand-otp"))
	for range 20 {
		l2.get(t, mac, "10.20.0.57", user, "wrong")
	}
	wantStage(t, "own credential after wrong tries", l2.get(t, mac, "10.20.0.57", user, password), vendors.Full)
}

// TestResetPhoneIsNoAttacker has a phone go on showing the login that a reset
// made void, as phones do, before somebody types the password.
func TestResetPhoneIsNoAttacker(t *testing.T) {
	l := newLab(t, auth.FactorOTP)
	l.add(t, mac)
	user, password := loginIn(t, l.get(t, mac, "10.20.0.57", "installer", "fake-brand-otp"))
	l.get(t, mac, "10.20.0.57", user, password)
	if _, err := l.Reset(t.Context(), operator, mac); err != nil {
		t.Fatal(err)
	}
	for range 3 * auth.FreeTries {
		wantChallenge(t, "void login", l.get(t, mac, "10.20.0.57", user, password))
	}
	wantStage(t, "the password", l.get(t, mac, "10.20.0.57", "installer", "fake-brand-otp"), vendors.Full)
}

// TestSamePrint has a scheme that reveals the password (Basic) show the same
// wrong one again and again: that is one guess.
func TestSamePrint(t *testing.T) {
	for name, distinct := range map[string]bool{"the same": false, "different": true} {
		l := newLab(t, auth.FactorOTP)
		l.add(t, mac)
		ask := provision.Ask{Front: provision.HTTPS, Remote: netip.MustParseAddrPort("10.20.0.57:4000"), File: mac.Hex() + ".txt"}
		for i := range byte(3 * auth.FreeTries) {
			ask.Attempt = &provision.Attempt{User: "installer", Proves: phone.NewSecret("wrong").Equal, Print: [16]byte{1}}
			if distinct {
				ask.Attempt.Print[1] = i
			}
			if _, err := l.Fetch(t.Context(), ask); err != nil {
				t.Fatal(err)
			}
		}
		a := l.get(t, mac, "10.20.0.57", "installer", "fake-brand-otp")
		if got := a.Status == provision.Challenge; got != distinct {
			t.Errorf("%s wrong password: got penalised %t, want %t", name, got, distinct)
		}
	}
}

func TestCacheIsExact(t *testing.T) {
	l := newLab(t, auth.FactorOTP)
	l.add(t, mac)
	l.add(t, stranger)
	creds := map[phone.MAC][2]string{}
	for _, m := range []phone.MAC{mac, stranger} {
		u, p := loginIn(t, l.get(t, m, "10.20.0.57", "installer", "fake-brand-otp"))
		l.get(t, m, "10.20.0.57", u, p)
		creds[m] = [2]string{u, p}
	}
	fetch := func(m phone.MAC) (provision.Answer, int64) {
		before := l.renders.Load()
		a := l.get(t, m, "10.20.0.57", creds[m][0], creds[m][1])
		return a, l.renders.Load() - before
	}
	old, _ := fetch(mac)
	fetch(stranger)
	if _, n := fetch(mac); n != 0 {
		t.Errorf("second fetch: got %d renderings, want none", n)
	}
	if _, err := l.Edit(t.Context(), operator, mac, 0, func(d *phone.Device) error { d.Label = "Reception"; return nil }); err != nil {
		t.Fatal(err)
	}
	if a, n := fetch(mac); n != 1 || a.Tag == old.Tag || !strings.Contains(string(a.Body), "Reception") {
		t.Errorf("after a change: got %d renderings, %q", n, a.Body)
	}
	if _, n := fetch(stranger); n != 0 {
		t.Errorf("the other device: got %d renderings, want none", n)
	}
}

func TestSuspended(t *testing.T) {
	l := newLab(t, auth.FactorOTP)
	l.add(t, mac)
	l.lease("10.20.0.57", mac)
	if _, err := l.Suspend(t.Context(), operator, mac); err != nil {
		t.Fatal(err)
	}
	first := l.get(t, mac, "10.20.0.57")
	wantStage(t, "suspended", first, vendors.Full)
	wantChallenge(t, "suspended, from an address layer 2 says nothing of", l.get(t, mac, "10.20.0.99"))
	l.wait(auth.SuspendFor + time.Second)
	wantChallenge(t, "after 30 minutes", l.get(t, mac, "10.20.0.57"))
	user, password := loginIn(t, first)
	wantStage(t, "with the credential it was given", l.get(t, mac, "10.20.0.57", user, password), vendors.Full)
}
