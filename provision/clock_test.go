package provision_test

import (
	"net/netip"
	"path/filepath"
	"testing"
	"time"

	"github.com/lineside/lineside/auth"
	"github.com/lineside/lineside/phone"
	"github.com/lineside/lineside/provision"
	"github.com/lineside/lineside/store"
)

// timed is something that lasts for a time.
type timed struct {
	name   string
	policy auth.Factor
	window time.Duration
	lasts  time.Duration
	begin  func(*clockBox)
	// on reports that it has not ended.
	on func(*clockBox) bool
}

// clockBox is a desk and a store with one phone, under a clock that goes wrong.
type clockBox struct {
	*provision.Desk
	t     *testing.T
	kit   *kit
	path  string
	store *store.Store
	gate  *gate
	lan   lan
	clock clocks
	phone *handset
	pin   phone.Secret
}

func newClockBox(t *testing.T, k *kit, thing timed) *clockBox {
	t.Helper()
	b := &clockBox{t: t, kit: k, path: filepath.Join(t.TempDir(), "db"), lan: newLAN(), phone: newHandset(0, "yealink", k.table)}
	b.lan.plug(b.phone.home, b.phone.mac, b.phone.mac)
	b.start(thing)
	t.Cleanup(func() { _ = b.store.Close() })
	if _, err := b.SetBrand(t.Context(), operator, "yealink", "installer", otp); err != nil {
		t.Fatal(err)
	}
	rec, err := b.Add(t.Context(), operator, phone.Device{MAC: b.phone.mac, Vendor: "yealink", Lines: []phone.Line{{
		Registrar: "sip.example.net", User: "1001", Password: phone.NewSecret("fake-sip-password"),
	}}})
	if err != nil {
		t.Fatal(err)
	}
	b.pin = rec.Enrolment.PIN
	return b
}

func (b *clockBox) start(thing timed) {
	b.t.Helper()
	var err error
	if b.store, err = b.kit.open(b.path, &b.clock, store.Config{FirstContact: thing.policy, Window: thing.window}); err != nil {
		b.t.Fatal(err)
	}
	b.gate = &gate{Store: b.store}
	if b.Desk, err = b.kit.desk(b.gate, b.lan); err != nil {
		b.t.Fatal(err)
	}
}

func (b *clockBox) set(off time.Duration, synced bool) {
	b.clock.off, b.clock.set, b.clock.synced = off, b.clock.ran, synced
}

func (b *clockBox) enter(p phone.Secret) auth.PINResult {
	b.t.Helper()
	r, err := b.EnterPIN(b.t.Context(), operator, b.phone.mac, p)
	if err != nil {
		b.t.Fatal(err)
	}
	return r
}

func (b *clockBox) record() auth.Record {
	b.t.Helper()
	rec, err := b.Device(b.phone.mac)
	if err != nil {
		b.t.Fatal(err)
	}
	return rec
}

// full reports that the phone is given its full config.
func (b *clockBox) full(user string, password phone.Secret) bool {
	b.t.Helper()
	t := b.phone.asks(provision.HTTP, login{user, password.Reveal()})
	ask := provision.Ask{Front: t.front, Remote: netip.AddrPortFrom(t.from, 40000), File: t.file, Agent: t.agent}
	if user != "" {
		ask.Attempt = &provision.Attempt{User: user, Proves: password.Equal}
	}
	a, err := b.Fetch(b.t.Context(), ask)
	if err != nil {
		b.t.Fatal(err)
	}
	return a.Status == provision.Content && readLogin(a.Body).user != "hold-"+b.phone.mac.Hex()
}

var timedThings = []timed{
	{name: "lock-out", policy: auth.FactorPIN, lasts: lockOut,
		begin: func(b *clockBox) {
			for range tries {
				b.enter(phone.NewSecret(other(b.pin.Reveal())))
			}
		},
		on: func(b *clockBox) bool { return !b.enter(b.pin).Accepted }},
	{name: "suspension", policy: auth.FactorNone, lasts: suspension,
		begin: func(b *clockBox) {
			if _, err := b.Suspend(b.t.Context(), operator, b.phone.mac); err != nil {
				b.t.Fatal(err)
			}
		},
		on: func(b *clockBox) bool { return b.full("", phone.Secret{}) }},
	{name: "site window", policy: auth.FactorPIN, window: siteWindow, lasts: siteWindow,
		begin: func(b *clockBox) { b.enter(b.pin) },
		on:    func(b *clockBox) bool { return b.Policy().IsOpen(b.gate.now()) }},
	{name: "right PIN", policy: auth.FactorPIN, lasts: passLasts,
		begin: func(b *clockBox) { b.enter(b.pin) },
		on: func(b *clockBox) bool {
			d, _ := auth.Decide(b.gate.now(), b.Policy(), b.record().Enrolment,
				auth.Request{Known: true, Secret: true, Identity: auth.Proven, By: "mac:" + b.phone.mac.String()}, auth.Credential{})
			return d.Outcome == auth.Full
		}},
	{name: "one-time password again", policy: auth.FactorOTP, lasts: fetchAgain,
		begin: func(b *clockBox) {
			if !b.full("installer", otp) {
				b.t.Fatal("the one-time password is not taken")
			}
		},
		on: func(b *clockBox) bool { return b.full("installer", otp) }},
	{name: "ticket", policy: auth.FactorNone, lasts: ticketLasts,
		begin: func(b *clockBox) {
			if _, err := b.MakeTicket(b.t.Context(), operator, b.phone.mac, 0, false); err != nil {
				b.t.Fatal(err)
			}
		},
		on: func(b *clockBox) bool { return b.record().Enrolment.Ticket.At(b.gate.now()).IsLive() }},
}

// TestWrongClocks has everything that lasts for a time last it, whatever the
// wall clock does meanwhile: none ends early within the hour a leap must stand,
// and none lasts longer, except that time in which the box had no power and no
// clock cannot be counted.
func TestWrongClocks(t *testing.T) {
	restart := func(b *clockBox, thing timed) {
		if err := b.store.Close(); err != nil {
			b.t.Fatal(err)
		}
		b.start(thing)
	}
	unset := time.Unix(0, 0).Sub(epoch)
	stories := []struct {
		name string
		do   func(*clockBox, timed)
		off  time.Duration // how wrong the clock is before, and believed
	}{
		{name: "the clock is right", do: func(*clockBox, timed) {}},
		{name: "a restart", do: restart},
		{name: "the clock falls to 1970", do: func(b *clockBox, _ timed) { b.set(unset, false) }},
		{name: "a restart at 1970", do: func(b *clockBox, x timed) { b.set(unset, false); restart(b, x) }},
		{name: "the clock leaps a year ahead", do: func(b *clockBox, _ timed) { b.set(year, false) }},
		{name: "a restart a year ahead", do: func(b *clockBox, x timed) { b.set(year, false); restart(b, x) }},
		{name: "the clock goes a year back", do: func(b *clockBox, _ timed) { b.set(-year, false) }},
		{name: "ahead and back again", do: func(b *clockBox, _ timed) { b.set(year, false); b.gate.now(); b.set(0, false) }},
		{name: "a wrong year believed, then NTP and a restart", do: func(b *clockBox, x timed) {
			b.set(0, true)
			restart(b, x)
		}, off: year},
	}
	k := newKit(t)
	for _, story := range stories {
		for _, thing := range timedThings {
			t.Run(story.name+"/"+thing.name, func(t *testing.T) {
				b := newClockBox(t, k, thing)
				b.set(story.off, true)
				b.gate.now()
				b.clock.synced = false
				thing.begin(b)
				story.do(b, thing)
				b.clock.ran += min(thing.lasts, standsFor) - time.Minute
				if !thing.on(b) {
					t.Errorf("got it ended at %s, want it to last %s from %s", b.gate.now(), thing.lasts, epoch)
				}
				b.clock.ran += max(thing.lasts-standsFor, 0) + 2*time.Minute
				if thing.on(b) {
					t.Errorf("got it going on at %s, want it ended %s after %s", b.gate.now(), thing.lasts, epoch)
				}
			})
		}
	}
}
