package provision_test

import (
	"crypto/md5"
	"crypto/subtle"
	"errors"
	"fmt"
	"net/netip"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/lineside/lineside/auth"
	"github.com/lineside/lineside/phone"
	"github.com/lineside/lineside/provision"
	"github.com/lineside/lineside/vendors"
)

// newScreen is a lab whose "plain" phones ask for logins on their screen and may
// be told the PIN there.
func newScreen(t testing.TB, f auth.Factor) *lab {
	t.Helper()
	l := newTown(t, f, func(l *lab) vendors.Table {
		m, _ := l.table().Of("plain")
		m.Fetch = vendors.Fetch{By: []vendors.Protocol{vendors.HTTPS, vendors.HTTP, vendors.TFTP}, Auth: vendors.Digest, Asks: true}
		m.Uploads = []vendors.Upload{{Name: "{mac}-plain.log", What: "log"}}
		quiet := m
		quiet.Vendor, quiet.OUIs, quiet.Fetch.Asks, quiet.Uploads = "quiet", nil, false, nil
		quiet.File = func(name string) (vendors.File, bool) {
			hex, ok := strings.CutSuffix(name, ".quiet")
			of, err := phone.ParseMAC(hex)
			return vendors.File{Name: name, Kind: vendors.Config, Vendor: "quiet", MAC: of}, ok && err == nil
		}
		return vendors.NewTable(m, quiet)
	}, func(c *provision.Config) { c.WrongPINs = 4 })
	if err := l.SetPINOnScreen(t.Context(), operator, true); err != nil {
		t.Fatal(err)
	}
	return l
}

// screen asks for a phone's config as one does that asks a person for the login:
// with Digest, so the desk sees an answer and no password.
func (l *lab) screen(t testing.TB, m phone.MAC, from, user, password string) provision.Answer {
	t.Helper()
	a, err := l.Fetch(t.Context(), provision.Ask{
		Front: provision.HTTP, Remote: netip.AddrPortFrom(netip.MustParseAddr(from), 40000), File: m.Hex() + ".txt", Attempt: digest(user, password),
	})
	if err != nil {
		t.Fatal(err)
	}
	return a
}

// digest is a login as RFC 7616 has it shown, with MD5 and without qop.
func digest(user, password string) *provision.Attempt {
	response := func(password string) []byte {
		sum := func(s string) string { return fmt.Sprintf("%x", md5.Sum([]byte(s))) }
		return []byte(sum(sum(user+":lineside:"+password) + ":nonce:" + sum("GET:/cfg/x.txt")))
	}
	shown := response(password)
	return &provision.Attempt{User: user, Proves: func(p phone.Secret) bool {
		return subtle.ConstantTimeCompare(response(p.Reveal()), shown) == 1
	}}
}

// otherPIN is n-th of the PINs that are not pin.
func otherPIN(pin phone.Secret, n int) string {
	s := fmt.Sprintf("%06d", 100000+n)
	if pin.Equal(phone.NewSecret(s)) {
		return "999999"
	}
	return s
}

// TestPINOnScreen walks a phone from its first start to its own login, behind a
// router and on the LAN, under each user name that is taken.
func TestPINOnScreen(t *testing.T) {
	for _, tt := range []struct {
		user  string
		taken bool
	}{
		{"pin", true}, {"PIN", true}, {"Pin", true}, {mac.Hex(), true}, {strings.ToUpper(mac.Hex()), true},
		{stranger.Hex(), false}, {mac.String(), false}, {"1001", false}, {"", false},
	} {
		for _, leased := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s, proven %t", tt.user, leased), func(t *testing.T) {
				l := newScreen(t, auth.FactorPIN)
				rec := l.add(t, mac)
				if leased {
					l.lease("10.20.0.57", mac)
				}
				wantChallenge(t, "first contact", l.get(t, mac, "10.20.0.57"))
				full := l.screen(t, mac, "10.20.0.57", tt.user, rec.Enrolment.PIN.Reveal())
				if !tt.taken {
					wantChallenge(t, "a name nobody is told", full)
					return
				}
				wantStage(t, "the right PIN", full, vendors.Full)
				wantKinds(t, l.store, "pin-entered", "credential-minted")
				user, password := loginIn(t, full)
				if again := l.screen(t, mac, "10.20.0.57", tt.user, rec.Enrolment.PIN.Reveal()); string(again.Body) != string(full.Body) {
					t.Errorf("the same phone again: got %q, want the same config", again.Body)
				}
				wantStage(t, "its own login", l.screen(t, mac, "10.20.0.57", user, password), vendors.Full)
				wantChallenge(t, "the PIN after that", l.screen(t, mac, "10.20.0.57", tt.user, rec.Enrolment.PIN.Reveal()))
				if e, _ := l.Device(mac); e.Enrolment.State != auth.Successful {
					t.Errorf("got %s, want successful", e.Enrolment.State)
				}
			})
		}
	}
}

// TestPINOnScreenOff holds that nothing is another for the option while it is
// off, nor for phones that ask nobody, by TFTP, or on hold already.
func TestPINOnScreenOff(t *testing.T) {
	l := newScreen(t, auth.FactorPIN)
	rec := l.add(t, mac)
	wantStage(t, "a vendor that does not ask", l.fetch(t, stranger.Hex()+".quiet", "10.88.0.1"), vendors.Holding)
	wantStage(t, "by TFTP", l.askOn(t, provision.TFTP, mac.Hex()+".txt", "10.88.0.1"), vendors.Holding)
	if err := l.SetPINOnScreen(t.Context(), operator, false); err != nil {
		t.Fatal(err)
	}
	hold := l.get(t, mac, "10.20.0.57")
	wantStage(t, "off", hold, vendors.Holding)
	wantChallenge(t, "off, the right PIN", l.screen(t, mac, "10.20.0.57", "pin", rec.Enrolment.PIN.Reveal()))
	if e, _ := l.Device(mac); e.Enrolment != rec.Enrolment {
		t.Errorf("off: got %+v, want it as it was", e.Enrolment)
	}
	if err := l.SetPINOnScreen(t.Context(), operator, true); err != nil {
		t.Fatal(err)
	}
	user, password := loginIn(t, hold)
	wantStage(t, "on hold since before", l.screen(t, mac, "10.20.0.57", user, password), vendors.Holding)
}

// TestPINOnScreenAfterOTP: under otp+pin the phone is asked twice, and the PIN is
// taken of whoever showed the one-time password.
func TestPINOnScreenAfterOTP(t *testing.T) {
	l := newScreen(t, auth.FactorBoth)
	pin := l.add(t, mac).Enrolment.PIN.Reveal()
	wantChallenge(t, "the PIN first", l.screen(t, mac, "10.88.0.5", "pin", pin))
	wantChallenge(t, "the one-time password", l.screen(t, mac, "10.88.0.5", "installer", otp.Reveal()))
	wantKinds(t, l.store, "otp-consumed")
	wantChallenge(t, "the PIN by another", l.screen(t, mac, "10.88.0.6", "pin", pin))
	wantStage(t, "then the PIN", l.screen(t, mac, "10.88.0.5", "pin", pin), vendors.Full)
}

// TestWrongPINsOnScreen: three lock the device for every way a PIN is entered,
// each is on record, none counts for long after that, and too many over all
// phones raise the alarm.
func TestWrongPINsOnScreen(t *testing.T) {
	l := newScreen(t, auth.FactorPIN)
	rec := l.add(t, mac)
	pin := rec.Enrolment.PIN
	for i := range auth.WrongPINs {
		wantChallenge(t, "a wrong PIN", l.screen(t, mac, "10.88.0.5", "pin", otherPIN(pin, i)))
		wantKinds(t, l.store, "pin-entered")
	}
	wantCodes(t, "locked", l.codes(mac), "pin-failed")
	if n := l.store.marks.Load(); n != 0 {
		t.Errorf("got %d writes beside those of the tries, want none", n)
	}
	wantChallenge(t, "the right one, locked", l.screen(t, mac, "10.88.0.7", "pin", pin.Reveal()))
	if r, err := l.EnterPIN(t.Context(), operator, mac, pin); err != nil || r.Looked || r.State != auth.Failed {
		t.Errorf("entered elsewhere: got %+v, %v; want it not looked at", r, err)
	}
	for i := range 2 {
		m := phone.MAC{0, 0x15, 0x65, 7, 0, byte(i)}
		other := l.add(t, m)
		l.screen(t, m, fmt.Sprintf("10.88.1.%d", i+1), "pin", otherPIN(other.Enrolment.PIN, i))
	}
	if got := l.conditions(); !strings.Contains(got, provision.CodeGuessing) {
		t.Errorf("five wrong PINs, four are no alarm: got conditions %q", got)
	}
	l.wait(auth.LockOut)
	wantStage(t, "the lock-out over", l.screen(t, mac, "10.88.0.9", "pin", pin.Reveal()), vendors.Full)
	for _, e := range l.store.events {
		if text := fmt.Sprintf("%+v", e); strings.Contains(text, pin.Reveal()) || strings.Contains(text, otherPIN(pin, 0)) {
			t.Errorf("the audit log has the digits: %s", text)
		}
	}
}

// TestScreenPINTellsNothing has one caller try PINs, and one try logins that are
// none, on devices in every state and on one that is not set up. What they are
// answered is the same byte by byte, how long to wait included, and so is what is
// written before.
func TestScreenPINTellsNothing(t *testing.T) {
	tries := auth.FreeTries + 3
	for _, tt := range []struct {
		name  string
		user  string
		right bool
		setUp func(t *testing.T, l *lab, rec auth.Record)
	}{
		{name: "not set up", user: "pin"},
		{name: "not set up, under its MAC", user: mac.Hex()},
		{"needed", "pin", false, func(*testing.T, *lab, auth.Record) {}},
		{"failed, the right one", "pin", true, lockedOut},
		{"failed, wrong ones", "pin", false, lockedOut},
		{"blocked, the right one", "pin", true, func(t *testing.T, l *lab, rec auth.Record) {
			for range auth.LockOutsToBlock {
				lockedOut(t, l, rec)
				l.wait(auth.LockOut)
			}
		}},
		{"authenticated before, the right one", "pin", true, func(t *testing.T, l *lab, rec auth.Record) {
			user, password := loginIn(t, l.screen(t, mac, "10.88.0.9", "pin", rec.Enrolment.PIN.Reveal()))
			wantStage(t, "its own login", l.screen(t, mac, "10.88.0.9", user, password), vendors.Full)
		}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			wrong, l := newScreen(t, auth.FactorPIN), newScreen(t, auth.FactorPIN)
			pin := phone.NewSecret("314159")
			if tt.setUp != nil {
				rec := l.add(t, mac)
				pin = rec.Enrolment.PIN
				tt.setUp(t, l, rec)
			}
			before := l.store.marks.Load() + pinsEntered(l)
			want := []provision.Answer{wrong.get(t, mac, "10.88.0.5")}
			got := []provision.Answer{l.get(t, mac, "10.88.0.5")}
			for i := range tries {
				want = append(want, wrong.screen(t, mac, "10.88.0.5", "nobody", fmt.Sprint("guess", i)))
				shown := otherPIN(pin, i)
				if tt.right {
					shown = pin.Reveal()
				}
				got = append(got, l.screen(t, mac, "10.88.0.5", tt.user, shown))
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("who tries PINs can tell (-wrong logins +PINs):\n%s", diff)
			}
			if n := l.store.marks.Load() + pinsEntered(l) - before; n != auth.FreeTries {
				t.Errorf("got %d writes, want one for each of the %d tries that were looked at", n, auth.FreeTries)
			}
		})
	}
}

// lockedOut enters three wrong PINs where no sender's count is touched.
func lockedOut(t *testing.T, l *lab, rec auth.Record) {
	t.Helper()
	by := operator
	by.Identity = "ip:10.88.3.1"
	for i := range auth.WrongPINs {
		if _, err := l.EnterPIN(t.Context(), by, mac, phone.NewSecret(otherPIN(rec.Enrolment.PIN, i))); err != nil {
			t.Fatal(err)
		}
	}
}

func pinsEntered(l *lab) (n int64) {
	for _, kind := range l.store.kinds() {
		if kind == "pin-entered" {
			n++
		}
	}
	return n
}

// TestScreenPINsAtOnce: of many callers trying PINs at the same time three are
// looked at, however many began before the first was counted.
func TestScreenPINsAtOnce(t *testing.T) {
	l := newScreen(t, auth.FactorPIN)
	pin := l.add(t, mac).Enrolment.PIN
	var wg sync.WaitGroup
	for i := range 64 {
		wg.Go(func() {
			l.screen(t, mac, fmt.Sprintf("10.88.%d.1", i), "pin", otherPIN(pin, i))
		})
	}
	wg.Wait()
	if n := pinsEntered(l); n != auth.WrongPINs {
		t.Errorf("got %d PINs looked at, want %d", n, auth.WrongPINs)
	}
}

// TestNoPINBesideAFetch: an upload with the right PIN costs its sender what a
// wrong login does, so it is no place to try PINs.
func TestNoPINBesideAFetch(t *testing.T) {
	l := newScreen(t, auth.FactorPIN)
	rec := l.add(t, mac)
	for i := range auth.FreeTries {
		a, asked := l.put(t, provision.HTTP, mac.Hex()+"-plain.log", "10.88.0.5", "x", "pin", rec.Enrolment.PIN.Reveal())
		if a.Status != provision.Challenge || asked || (a.Retry > 0) != (i == auth.FreeTries-1) {
			t.Errorf("upload %d with the right PIN: got %+v, want a challenge, counted", i+1, a)
		}
	}
	if e, _ := l.Device(mac); e.Enrolment != rec.Enrolment {
		t.Errorf("got %+v, want it as it was", e.Enrolment)
	}
}

// TestPINOnScreenNotAsked: where the site asks for no PIN the option changes
// nothing, also not what a login of that name costs.
func TestPINOnScreenNotAsked(t *testing.T) {
	l := newScreen(t, auth.FactorOTP)
	l.add(t, mac)
	for i := range 3 * auth.FreeTries {
		same := &provision.Attempt{User: "pin", Proves: phone.NewSecret("000000").Equal, Print: [16]byte{1}}
		a, err := l.Fetch(t.Context(), provision.Ask{
			Front: provision.HTTP, Remote: netip.MustParseAddrPort("10.88.0.5:40000"), File: mac.Hex() + ".txt", Attempt: same,
		})
		if err != nil || a.Status != provision.Challenge || a.Retry != 0 {
			t.Fatalf("the same wrong login, time %d: got %+v, %v; want a challenge without a penalty", i+1, a, err)
		}
	}
	if n := l.store.marks.Load() + pinsEntered(l); n != 0 {
		t.Errorf("got %d writes for PINs, want none", n)
	}
}

// TestScreenPINNotOnDisk: a PIN whose try cannot be kept, or the write in its
// place made, is answered by nothing.
func TestScreenPINNotOnDisk(t *testing.T) {
	l := newScreen(t, auth.FactorPIN)
	pin := l.add(t, mac).Enrolment.PIN
	l.store.fail = errors.New("disk full")
	for _, m := range []phone.MAC{mac, stranger} {
		for _, shown := range []string{pin.Reveal(), otherPIN(pin, 1)} {
			a, err := l.Fetch(t.Context(), provision.Ask{
				Front: provision.HTTP, Remote: netip.MustParseAddrPort("10.88.0.5:40000"), File: m.Hex() + ".txt", Attempt: digest("pin", shown),
			})
			if !errors.Is(err, l.store.fail) || len(a.Body) != 0 {
				t.Errorf("%s: got %+v, %v; want the disk's error and no config", m, a, err)
			}
		}
	}
}
