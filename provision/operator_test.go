package provision_test

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/lineside/lineside/auth"
	"github.com/lineside/lineside/phone"
	"github.com/lineside/lineside/provision"
	"github.com/lineside/lineside/vendors"
)

func TestAddRefuses(t *testing.T) {
	l := newLab(t, auth.FactorPIN)
	l.add(t, mac)
	if _, err := l.Add(t.Context(), operator, phone.Device{MAC: mac, Vendor: "plain"}); !errors.Is(err, provision.ErrExists) {
		t.Errorf("the same MAC again: got %v, want ErrExists", err)
	}
	_, err := l.Add(t.Context(), operator, phone.Device{MAC: stranger, Vendor: "nokia", Label: "two\nlines"})
	if !errors.Is(err, provision.ErrInvalid) || !strings.Contains(err.Error(), "label") || !strings.Contains(err.Error(), "plain") {
		t.Errorf("bad fields: got %v, want ErrInvalid naming label and the vendors served", err)
	}
}

func TestImportIsWhole(t *testing.T) {
	l := newLab(t, auth.FactorPIN)
	before := l.add(t, mac)
	rows := []phone.Device{{MAC: mac, Vendor: "plain", Label: "New"}, {MAC: stranger, Vendor: "plain"}, {MAC: mac, Vendor: "plain"}}
	if _, _, err := l.Import(t.Context(), operator, rows); !errors.Is(err, provision.ErrInvalid) {
		t.Errorf("one MAC twice: got %v, want ErrInvalid", err)
	}
	if rec, _ := l.Device(mac); rec.Rev != before.Rev {
		t.Error("half an import was kept")
	}
	added, changed, err := l.Import(t.Context(), operator, rows[:2])
	if err != nil || added != 1 || changed != 1 {
		t.Fatalf("got %d added, %d changed, %v; want 1, 1", added, changed, err)
	}
	rec, _ := l.Device(mac)
	if rec.Device.Label != "New" || len(rec.Device.Lines) != 1 || rec.Device.Lines[0].Password.Reveal() != "fake-sip-password" {
		t.Errorf("got %+v, want the label changed and the line kept", rec.Device)
	}
	moved := []phone.Device{{MAC: mac, Vendor: "plain", Lines: []phone.Line{{Registrar: "elsewhere.example.net", User: "1001"}}}}
	if _, _, err := l.Import(t.Context(), operator, moved); err != nil {
		t.Fatal(err)
	}
	if rec, _ := l.Device(mac); !rec.Device.Lines[0].Password.IsZero() {
		t.Error("the password of one registrar was kept for another")
	}
	rows[0].Lines = moved[0].Lines
	if _, _, err := l.Import(t.Context(), operator, rows[:2]); err != nil {
		t.Fatal(err)
	}
	if _, changed, err := l.Import(t.Context(), operator, rows[:2]); err != nil || changed != 0 {
		t.Errorf("the same again: got %d changed, %v; want none", changed, err)
	}
}

func TestEditIsWatched(t *testing.T) {
	l := newLab(t, auth.FactorPIN)
	rec := l.add(t, mac)
	label := func(s string) func(*phone.Device) error {
		return func(d *phone.Device) error { d.Label = s; return nil }
	}
	if _, err := l.Edit(t.Context(), operator, mac, rec.Rev, label("A")); err != nil {
		t.Fatal(err)
	}
	if _, err := l.Edit(t.Context(), operator, mac, rec.Rev, label("B")); !errors.Is(err, provision.ErrStale) {
		t.Errorf("second operator: got %v, want ErrStale", err)
	}
	if _, err := l.Edit(t.Context(), operator, stranger, 0, label("C")); !errors.Is(err, phone.ErrUnknownDevice) {
		t.Errorf("unknown device: got %v, want ErrUnknownDevice", err)
	}
}

func TestRemoveEndsCredentials(t *testing.T) {
	l := newLab(t, auth.FactorOTP)
	l.add(t, mac)
	user, password := loginIn(t, l.get(t, mac, "10.20.0.57", "installer", "fake-brand-otp"))
	if err := l.Remove(t.Context(), operator, mac); err != nil {
		t.Fatal(err)
	}
	wantChallenge(t, "removed", l.get(t, mac, "10.20.0.57", user, password))
	l.add(t, mac)
	wantChallenge(t, "added again", l.get(t, mac, "10.20.0.57", user, password))
}

func TestResetAndAllowOTP(t *testing.T) {
	l := newLab(t, auth.FactorOTP)
	l.add(t, mac)
	user, password := loginIn(t, l.get(t, mac, "10.20.0.57", "installer", "fake-brand-otp"))
	wantStage(t, "confirmed", l.get(t, mac, "10.20.0.57", user, password), vendors.Full)

	if _, err := l.AllowOTP(t.Context(), operator, mac, false); err != nil {
		t.Fatal(err)
	}
	wantStage(t, "old login while the OTP is armed", l.get(t, mac, "10.20.0.57", user, password), vendors.Full)
	second := l.get(t, mac, "10.20.0.99", "installer", "fake-brand-otp")
	wantStage(t, "OTP allowed once", second, vendors.Full)
	wantStage(t, "old login until the new one is used", l.get(t, mac, "10.20.0.57", user, password), vendors.Full)
	user2, password2 := loginIn(t, second)
	wantStage(t, "new login", l.get(t, mac, "10.20.0.99", user2, password2), vendors.Full)
	wantChallenge(t, "old login after it", l.get(t, mac, "10.20.0.57", user, password))

	rec, err := l.Reset(t.Context(), operator, mac)
	if err != nil || rec.Enrolment.Epoch != 1 || rec.Enrolment.State != auth.Needed {
		t.Fatalf("reset: got %+v, %v", rec.Enrolment, err)
	}
	wantChallenge(t, "after reset", l.get(t, mac, "10.20.0.99", user2, password2))
}

func TestVisitorsAreBounded(t *testing.T) {
	l := newLab(t, auth.FactorPIN)
	for i := range 300 {
		l.get(t, phone.MAC{0, 0x15, 0x65, 1, byte(i >> 8), byte(i)}, "10.20.0.99")
	}
	l.wait(time.Second)
	l.get(t, stranger, "10.20.0.57")
	list := l.Visitors()
	if len(list) > 32 || list[0].MAC != stranger {
		t.Errorf("got %d visitors, first %s; want a laptop's share bounded and %s listed", len(list), list[0].MAC, stranger)
	}
	l.add(t, stranger)
	for _, v := range l.Visitors() {
		if v.MAC == stranger {
			t.Error("a device that was set up is still a visitor")
		}
	}
}

func TestAllow(t *testing.T) {
	l := newLab(t, auth.FactorNone)
	l.add(t, mac)
	l.lease("10.20.0.57", mac)
	wantChallenge(t, "before", l.get(t, mac, "10.20.0.57"))
	n := netip.MustParsePrefix("10.20.0.0/24")
	if err := l.AddAllow(t.Context(), operator, n, "voice"); err != nil {
		t.Fatal(err)
	}
	wantStage(t, "allowed", l.get(t, mac, "10.20.0.57"), vendors.Full)
	if err := l.RemoveAllow(t.Context(), operator, n); err != nil {
		t.Fatal(err)
	}
	wantChallenge(t, "after", l.get(t, mac, "10.20.0.57"))
	if err := l.RemoveAllow(t.Context(), operator, n); !errors.Is(err, provision.ErrNotAllowed) {
		t.Errorf("removing twice: got %v, want ErrNotAllowed", err)
	}
	if err := l.AddAllow(t.Context(), operator, netip.MustParsePrefix("0.0.0.0/0"), ""); !errors.Is(err, provision.ErrInvalid) {
		t.Errorf("everybody: got %v, want ErrInvalid", err)
	}
}

// TestStrangersDoNotMovePhones checks that an enrolled phone stays where it was
// seen when somebody else asks under its MAC.
func TestStrangersDoNotMovePhones(t *testing.T) {
	l := newLab(t, auth.FactorOTP)
	l.add(t, mac)
	l.lease("10.20.0.57", mac)
	l.get(t, mac, "10.20.0.57", "installer", "fake-brand-otp")
	l.get(t, mac, "10.20.0.99", "installer", "fake-brand-otp")
	l.get(t, mac, "10.20.0.99")
	if s, ok := l.Seen(mac); !ok || s.Addr.String() != "10.20.0.57" {
		t.Errorf("got %+v, want it at 10.20.0.57", s)
	}
}

// TestClaimed has an admin trust the network where nothing proves a MAC.
func TestClaimed(t *testing.T) {
	l := newLab(t, auth.FactorNone)
	l.add(t, mac)
	if err := l.AddAllow(t.Context(), operator, netip.MustParsePrefix("10.88.0.0/24"), ""); err != nil {
		t.Fatal(err)
	}
	wantChallenge(t, "allowed, only claimed", l.get(t, mac, "10.88.0.5"))
	if err := l.SetClaimed(t.Context(), operator, true); err != nil {
		t.Fatal(err)
	}
	wantKinds(t, l.store, "policy-changed")
	wantStage(t, "claimed is enough", l.get(t, mac, "10.88.0.5"), vendors.Full)
	wantChallenge(t, "from elsewhere", l.get(t, mac, "10.99.0.5"))
}

func TestSamePolicyIsNoChange(t *testing.T) {
	l := newLab(t, auth.FactorOTP)
	before := len(l.store.kinds())
	if err := l.SetFirstContact(t.Context(), operator, auth.FactorOTP); err != nil {
		t.Fatal(err)
	}
	if got := len(l.store.kinds()); got != before {
		t.Errorf("got %d audit events for no change", got-before)
	}
}

func TestPreviewHides(t *testing.T) {
	l := newLab(t, auth.FactorPIN)
	l.add(t, mac)
	list, err := l.Preview(mac, "", false)
	if err != nil || len(list) != 3 {
		t.Fatalf("got %d files, %v; want common, holding and full", len(list), err)
	}
	held, _ := loginIn(t, l.get(t, mac, "10.20.0.57"))
	if _, password := loginIn(t, l.get(t, mac, "10.20.0.57")); strings.Contains(fmt.Sprint(list), password) || held == "" {
		t.Error("a secret shows in the preview")
	}
}

func TestRefusalsAreCounted(t *testing.T) {
	l := newLab(t, auth.FactorOTP)
	for i := range 1000 {
		l.get(t, stranger, "10.20.0.99", "who", fmt.Sprint(i))
	}
	done := make(chan error, 1)
	ctx, cancel := context.WithCancel(t.Context())
	go func() { done <- l.Run(ctx) }()
	cancel()
	if err := <-done; err != nil {
		t.Fatal(err)
	}
	n := 0
	for _, k := range l.store.kinds() {
		if k == "refused" {
			n++
		}
	}
	if n != 2 { // looked at, and not looked at any more
		t.Errorf("got %d refused events for a thousand wrong logins of one caller, want two", n)
	}
}

// TestOverrideNamesAreTheMakersToJudge: what one maker's configs can name another's
// cannot, and is refused before it is kept.
func TestOverrideNamesAreTheMakersToJudge(t *testing.T) {
	s := newStudio(t)
	edit := func(name string) error {
		_, err := s.Edit(t.Context(), operator, t46, 0, func(d *phone.Device) error {
			d.Overrides = map[string]string{name: "1"}
			return nil
		})
		return err
	}
	if err := edit("features.dnd_mode"); err != nil {
		t.Errorf("a name of its maker's: got %v", err)
	}
	for _, name := range []string{"sip line1 name", "a/b", "1abc", "a{}", "a = b", "#a"} {
		if err := edit(name); !errors.Is(err, provision.ErrInvalid) || !strings.Contains(err.Error(), name) {
			t.Errorf("%q: got %v, want ErrInvalid with the name", name, err)
		}
	}
	dev := phone.Device{MAC: phone.MAC{0, 0x15, 0x65, 9, 0, 1}, Vendor: "yealink", Overrides: map[string]string{"a b": "1"}}
	if _, err := s.Add(t.Context(), operator, dev); !errors.Is(err, provision.ErrInvalid) {
		t.Errorf("a new device: got %v, want ErrInvalid", err)
	}
	if _, _, err := s.Import(t.Context(), operator, []phone.Device{dev}); !errors.Is(err, provision.ErrInvalid) {
		t.Errorf("an import: got %v, want ErrInvalid", err)
	}
}
