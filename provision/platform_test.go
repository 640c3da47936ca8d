package provision_test

import (
	"context"
	"errors"
	"slices"
	"sync"
	"testing"

	"github.com/lineside/lineside/audit"
	"github.com/lineside/lineside/auth"
	"github.com/lineside/lineside/phone"
	"github.com/lineside/lineside/provision"
	"github.com/lineside/lineside/vendors"
)

// platform answers questions as told.
type platform struct {
	mu      sync.Mutex
	yes     bool
	err     error
	asked   []string // mints
	tried   []bool
	acts    []string     // who asked for what
	act     func() error // says what comes of it; nil is that it is away
	between func()       // while the question is under way
}

func (p *platform) Confirm(_ context.Context, _ phone.MAC, mint string) (bool, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.asked = append(p.asked, mint)
	if p.between != nil {
		p.between()
	}
	return p.yes, p.err
}

func (p *platform) Tried(_ context.Context, _ phone.MAC, blocked bool) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.tried = append(p.tried, blocked)
	return nil
}

func (p *platform) Act(_ context.Context, by audit.Actor, _ phone.MAC, act provision.PlatformAct) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.acts = append(p.acts, by.Name+" "+act.Do)
	if p.act != nil {
		return p.act()
	}
	return provision.ErrPlatformAway
}

// kept is a device as the platform first says it.
func kept(m phone.MAC) provision.PlatformDevice {
	return provision.PlatformDevice{
		Device: phone.Device{MAC: m, Vendor: "plain", Label: "Hall", Lines: []phone.Line{{Registrar: "sip.example.net", User: "1001", Password: phone.NewSecret("fake-sip")}}},
		Said: auth.Said{
			OTP: auth.Minting{Epoch: 1, N: 1, Mint: "m1"}, PIN: auth.Minting{Epoch: 1, N: 1}, Code: phone.NewSecret("135790"),
			Ticket: auth.Ticket{User: "ticket", Password: phone.NewSecret("fake-ticket-1")},
		},
	}
}

func (l *lab) said(t testing.TB, w provision.PlatformDevice) auth.Record {
	t.Helper()
	if err := l.PutPlatform(t.Context(), w); err != nil {
		t.Fatal(err)
	}
	rec, err := l.Device(w.Device.MAC)
	if err != nil {
		t.Fatal(err)
	}
	return rec
}

const at = "10.20.0.57"

func TestOneTimePasswordOfThePlatform(t *testing.T) {
	for _, tt := range []struct {
		name     string
		shown    [2]string
		platform *platform
		full     bool
	}{
		{"its ticket, yes", [2]string{"ticket", "fake-ticket-1"}, &platform{yes: true}, true},
		{"its ticket, no", [2]string{"ticket", "fake-ticket-1"}, &platform{}, false},
		{"its ticket, no answer", [2]string{"ticket", "fake-ticket-1"}, &platform{err: errors.New("away")}, false},
		{"the brand's, yes", [2]string{"installer", otp.Reveal()}, &platform{yes: true}, true},
		{"the brand's, no answer", [2]string{"installer", otp.Reveal()}, &platform{err: errors.New("away")}, false},
		{"the brand's, nobody to ask", [2]string{"installer", otp.Reveal()}, nil, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			l := newLab(t, auth.FactorOTP)
			l.lease(at, mac)
			if tt.platform != nil {
				l.Join(tt.platform)
			}
			l.said(t, kept(mac))
			a := l.get(t, mac, at, tt.shown[0], tt.shown[1])
			if !tt.full {
				wantChallenge(t, "without a yes", a)
				refused := l.get(t, mac, at, "nobody", "wrong")
				if refused.Status != a.Status || refused.Retry != a.Retry {
					t.Errorf("got %+v, want what any wrong login gets: %+v", a, refused)
				}
				rec, _ := l.Device(mac)
				if rec.Enrolment.OTP.Used || rec.Enrolment.Ticket.State != auth.TicketGenerated {
					t.Errorf("used up without a yes: %+v", rec.Enrolment)
				}
				return
			}
			wantStage(t, "with a yes", a, vendors.Full)
			wantStage(t, "the same phone again, unasked", l.get(t, mac, at, tt.shown[0], tt.shown[1]), vendors.Full)
			if len(tt.platform.asked) != 1 || tt.platform.asked[0] != "m1" {
				t.Errorf("asked about %q, want m1 once", tt.platform.asked)
			}
			wantChallenge(t, "another caller", l.get(t, mac, "10.20.0.99", tt.shown[0], tt.shown[1]))
		})
	}
}

// TestUsedComesWithTheYes: the platform's own word that the password is used may
// reach the box before the box has written that it was.
func TestUsedComesWithTheYes(t *testing.T) {
	l := newLab(t, auth.FactorOTP)
	l.lease(at, mac)
	w := kept(mac)
	p := &platform{yes: true}
	p.between = func() {
		used := w
		used.Said.Used = true
		if err := l.PutPlatform(context.Background(), used); err != nil {
			t.Error(err)
		}
	}
	l.Join(p)
	l.said(t, w)
	wantStage(t, "the phone", l.get(t, mac, at, "ticket", "fake-ticket-1"), vendors.Full)
}

// TestYesForWhatIsNoMore: a new generation that comes while the question is
// under way is not opened by the yes for the old one.
func TestYesForWhatIsNoMore(t *testing.T) {
	l := newLab(t, auth.FactorOTP)
	l.lease(at, mac)
	w := kept(mac)
	p := &platform{yes: true}
	p.between = func() {
		later := w
		later.Said.OTP = auth.Minting{Epoch: 1, N: 2, Mint: "m2"}
		if err := l.PutPlatform(context.Background(), later); err != nil {
			t.Error(err)
		}
	}
	l.Join(p)
	l.said(t, w)
	wantChallenge(t, "the phone", l.get(t, mac, at, "installer", otp.Reveal()))
	rec, _ := l.Device(mac)
	if rec.Enrolment.OTP.Used {
		t.Error("the new generation was used up by the yes for the old one")
	}
}

func TestWrongPINsReachThePlatform(t *testing.T) {
	l := newLab(t, auth.FactorPIN)
	p := &platform{}
	l.Join(p)
	l.said(t, kept(mac))
	l.add(t, stranger)
	l.lease(at, mac)
	for _, m := range []phone.MAC{mac, stranger} {
		by := operator
		by.Identity = "mac:" + m.String()
		if _, err := l.EnterPIN(t.Context(), by, m, phone.NewSecret("000000")); err != nil {
			t.Fatal(err)
		}
	}
	if len(p.tried) != 1 || p.tried[0] {
		t.Errorf("told %v, want one wrong PIN of the platform's device and no block", p.tried)
	}
}

func TestChangesHere(t *testing.T) {
	for _, allowed := range []bool{false, true} {
		l := newLab(t, auth.FactorOTP)
		l.Join(&platform{})
		l.said(t, kept(mac))
		l.store.policy.Platform.LocalChanges = allowed
		_, err := l.Edit(t.Context(), operator, mac, 0, func(d *phone.Device) error { d.Label = "Mine"; return nil })
		if got := err == nil; got != allowed {
			t.Errorf("changes allowed %v: got %v", allowed, err)
		}
		if err != nil && !errors.Is(err, provision.ErrPlatform) {
			t.Errorf("got %v, want ErrPlatform", err)
		}
		for name, act := range map[string]func() error{
			"remove":    func() error { return l.Remove(t.Context(), operator, mac) },
			"allow-otp": func() error { _, err := l.AllowOTP(t.Context(), operator, mac, false); return err },
			"ticket":    func() error { _, err := l.MakeTicket(t.Context(), operator, mac, 0, false); return err },
		} {
			if err := act(); !errors.Is(err, provision.ErrPlatform) && !errors.Is(err, provision.ErrPlatformOTP) && !errors.Is(err, provision.ErrPlatformAway) {
				t.Errorf("%s, changes allowed %v: got %v, want a refusal", name, allowed, err)
			}
		}
		if _, err := l.Suspend(t.Context(), operator, mac); err != nil {
			t.Errorf("suspend stays the site's: %v", err)
		}
	}
}

func TestThePlatformsNextChangeWins(t *testing.T) {
	l := newLab(t, auth.FactorOTP)
	w := kept(mac)
	l.said(t, w)
	l.store.policy.Platform.LocalChanges = true
	_, err := l.Edit(t.Context(), operator, mac, 0, func(d *phone.Device) error {
		d.Label = "Mine"
		d.Lines[0].Password = phone.NewSecret("fake-mine")
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	w.Device = w.Device.Clone()
	w.Device.Lines[0].DisplayName = "Reception"
	rec := l.said(t, w)
	if rec.Device.Label != "Mine" || rec.Device.Lines[0].Password.Reveal() != "fake-sip" || rec.Device.Lines[0].DisplayName != "Reception" {
		t.Errorf("got label %q and line %+v, want the label from here and the platform's line", rec.Device.Label, rec.Device.Lines[0])
	}
	if got := l.Strays(rec); len(got) != 1 || got[0] != "label" {
		t.Errorf("changed here: got %v, want the label", got)
	}
	if rec = l.said(t, w); rec.Device.Label != "Mine" {
		t.Error("the same word said again took the change back")
	}
	l.store.policy.Platform.LocalChanges = false
	if rec = l.said(t, w); rec.Device.Label != "Hall" {
		t.Errorf("with no changes allowed: got %q, want the platform's label", rec.Device.Label)
	}
}

func TestTakenFromTheSite(t *testing.T) {
	l := newLab(t, auth.FactorOTP)
	l.said(t, kept(mac))
	l.add(t, stranger)
	for _, m := range []phone.MAC{mac, stranger, mac} {
		if err := l.DropPlatform(t.Context(), m); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := l.Device(mac); !errors.Is(err, phone.ErrUnknownDevice) {
		t.Errorf("got %v, want the platform's device gone", err)
	}
	if _, err := l.Device(stranger); err != nil {
		t.Errorf("the site's own went with it: %v", err)
	}
}

func TestRulesOfThePlatform(t *testing.T) {
	l := newLab(t, auth.FactorOTP)
	said := provision.SitePolicy{Rules: auth.SaidRules{FirstContact: auth.FactorPIN, Window: auth.SiteWindow}, OTPOffline: true, Emergency: []string{"112", "999"}}
	if err := l.PutPlatformPolicy(t.Context(), said); err != nil {
		t.Fatal(err)
	}
	p := l.Policy()
	if p.FirstContact != auth.FactorPIN || p.Window != auth.SiteWindow || !p.Platform.OTPOffline || p.BlocksAfter() != auth.LockOutsToBlock {
		t.Errorf("got %+v", p)
	}
	if err := l.SetFirstContact(t.Context(), operator, auth.FactorOTP); !errors.Is(err, provision.ErrPlatform) {
		t.Errorf("got %v, want a refusal: the platform sets this rule", err)
	}
	if err := l.SetClaimed(t.Context(), operator, true); err != nil {
		t.Errorf("a rule of the site's own: %v", err)
	}
	said.LocalChanges = true
	if err := l.PutPlatformPolicy(t.Context(), said); err != nil {
		t.Fatal(err)
	}
	if err := l.SetFirstContact(t.Context(), operator, auth.FactorOTP); err != nil {
		t.Errorf("with changes allowed: %v", err)
	}
	said.Rules.AutoApprove = true
	if err := l.PutPlatformPolicy(t.Context(), said); err != nil {
		t.Fatal(err)
	}
	if p := l.Policy(); p.FirstContact != auth.FactorOTP || !p.AutoApprove {
		t.Errorf("got %+v, want the rule from here kept and the platform's change made", p)
	}
	if got := l.LocalRules(); !slices.Equal(got, []string{"first_contact otp, not pin"}) {
		t.Errorf("rules of the site's own: got %q, want the one changed here", got)
	}
	said.Emergency = nil
	if err := l.PutPlatformPolicy(t.Context(), said); err != nil {
		t.Errorf("no numbers besides the settings' own: %v", err)
	}
	for name, bad := range map[string]provision.SitePolicy{
		"factor":    {Rules: auth.SaidRules{FirstContact: "finger"}},
		"emergency": {Rules: auth.SaidRules{FirstContact: auth.FactorPIN}, Emergency: []string{"help!"}},
	} {
		if err := l.PutPlatformPolicy(t.Context(), bad); !errors.Is(err, provision.ErrInvalid) {
			t.Errorf("%s: got %v, want ErrInvalid", name, err)
		}
	}
}

func TestAddressesOfThePlatform(t *testing.T) {
	l := newLab(t, auth.FactorOTP)
	own, err := auth.ParseAllow("10.20.0.7")
	if err != nil {
		t.Fatal(err)
	}
	if err := l.AddAllow(t.Context(), operator, own, "ours"); err != nil {
		t.Fatal(err)
	}
	theirs, _ := auth.ParseAllow("10.20.0.8")
	until := l.clock.Load().Add(3600e9)
	if err := l.PutPlatformAllow(t.Context(), []auth.Allow{{Prefix: own}, {Prefix: theirs, Until: until}}); err != nil {
		t.Fatal(err)
	}
	if err := l.RemoveAllow(t.Context(), operator, theirs); !errors.Is(err, provision.ErrPlatform) {
		t.Errorf("got %v, want a refusal", err)
	}
	now := *l.clock.Load()
	if p := l.Policy(); !p.Allows(now, theirs.Addr()) || p.Allows(until, theirs.Addr()) {
		t.Error("an entry with an end counts until then and no longer")
	}
	if err := l.PutPlatformAllow(t.Context(), nil); err != nil {
		t.Fatal(err)
	}
	if p := l.Policy(); !p.Allows(now, own.Addr()) || p.Allows(now, theirs.Addr()) || len(p.Allow) != 1 {
		t.Errorf("got %+v, want the site's own entry alone", p.Allow)
	}
}
