package store

import (
	"context"
	"fmt"
	"log/slog"
	"net/netip"
	"regexp"
	"time"

	"github.com/lineside/lineside/audit"
	"github.com/lineside/lineside/auth"
	"github.com/lineside/lineside/health"
	"github.com/lineside/lineside/metrics"
	"github.com/lineside/lineside/phone"
	"github.com/lineside/lineside/provision"
	"github.com/lineside/lineside/vendors"
)

// step is one change of an enrolment that its caller is told of.
type step struct {
	name string
	do   func(*Store) error
}

// enrolling is one phone and an operator before a real desk.
type enrolling struct {
	mac  phone.MAC
	addr netip.Addr
	at   time.Time
	otp  phone.Secret
	file string
}

func newEnrolling() enrolling {
	mac := testMAC(1)
	return enrolling{
		mac: mac, addr: childAddr(1), at: time.Date(2026, 3, 1, 8, 0, 0, 0, time.UTC),
		otp: phone.NewSecret("fake-brand-otp"), file: "snomD385-" + mac.Hex() + ".htm",
	}
}

// enrolment is one phone's way from being set up to having used its login, under
// otp+pin, and once more with a ticket after a reset: every change goes through
// the desk, as it does in the program, and is one commit.
func enrolment() []step {
	e := newEnrolling()
	who := audit.Actor{Front: "cli", Name: "root"}
	type edit = func(context.Context, *provision.Desk) error
	steps := []struct {
		name string
		do   edit
	}{
		{"phone set up", func(ctx context.Context, d *provision.Desk) error {
			_, err := d.Add(ctx, who, testRecord(1).Device)
			return err
		}},
		{"both factors asked", func(ctx context.Context, d *provision.Desk) error {
			return d.SetFirstContact(ctx, who, auth.FactorBoth)
		}},
		{"one-time password set", func(ctx context.Context, d *provision.Desk) error {
			_, err := d.SetBrand(ctx, who, "snom", "installer", e.otp)
			return err
		}},
		{"one-time password used", func(ctx context.Context, d *provision.Desk) error {
			return e.fetch(ctx, d, "installer", e.otp)
		}},
		{"wrong PIN counted", func(ctx context.Context, d *provision.Desk) error { return e.pin(ctx, d, false) }},
		{"right PIN entered", func(ctx context.Context, d *provision.Desk) error { return e.pin(ctx, d, true) }},
		{"full config, login minted", func(ctx context.Context, d *provision.Desk) error { return e.fetch(ctx, d, "", phone.Secret{}) }},
		{"login used", e.own},
		{"phone reset", func(ctx context.Context, d *provision.Desk) error {
			_, err := d.Reset(ctx, who, e.mac)
			return err
		}},
		{"ticket alone asked", func(ctx context.Context, d *provision.Desk) error {
			return d.SetFirstContact(ctx, who, auth.FactorNone)
		}},
		{"ticket made", func(ctx context.Context, d *provision.Desk) error {
			_, err := d.MakeTicket(ctx, who, e.mac, 0, false)
			return err
		}},
		{"ticket used, login minted", func(ctx context.Context, d *provision.Desk) error {
			rec, err := d.Device(e.mac)
			if err != nil {
				return err
			}
			return e.fetch(ctx, d, rec.Enrolment.Ticket.User, rec.Enrolment.Ticket.Password)
		}},
		{"second login used", e.own},
	}
	list := []step{{"lease given", func(s *Store) error {
		return s.SaveLeases(context.Background(), []phone.Lease{{Addr: e.addr, MAC: e.mac, State: phone.Bound, Start: e.at, Expires: e.at.Add(time.Hour)}})
	}}}
	for _, x := range steps {
		list = append(list, step{x.name, func(s *Store) error {
			d, err := e.desk(s)
			if err != nil {
				return err
			}
			return x.do(context.Background(), d)
		}})
	}
	return list
}

// wire is a LAN on which the phone answers for its own address.
type wire struct{ e enrolling }

func (w wire) MAC(a netip.Addr) (phone.MAC, bool) { return w.e.mac, a == w.e.addr }
func (w wire) Present(m phone.MAC) bool           { return m == w.e.mac }

// desk is a new one each time: it keeps nothing that the store does not.
func (e enrolling) desk(s *Store) (*provision.Desk, error) {
	return provision.New(provision.Config{
		Site: phone.Site{Name: "Branch", Zone: "Europe/Berlin", Emergency: []string{"112"}, SBC: "sbc.example.net:5060"},
		Addr: netip.MustParseAddr("10.0.0.254"),
	}, vendors.All(), provision.Stores{Devices: s, Policies: s, Sightings: s, Recorder: s, Leases: s, Neighbours: wire{e}},
		provision.Tools{Log: slog.New(slog.DiscardHandler), Health: new(health.Board), Metrics: metrics.New(), Now: func() time.Time { return e.at }})
}

// fetch has the phone fetch its config with a login, or none; a refusal is an
// error.
func (e enrolling) fetch(ctx context.Context, d *provision.Desk, user string, password phone.Secret) error {
	ask := provision.Ask{Front: provision.HTTP, Remote: netip.AddrPortFrom(e.addr, 40000), File: e.file}
	if user != "" {
		ask.Attempt = &provision.Attempt{User: user, Proves: password.Equal}
	}
	a, err := d.Fetch(ctx, ask)
	if err == nil && a.Status != provision.Content {
		err = fmt.Errorf("fetch %s as %q: status %d", e.file, user, a.Status)
	}
	return err
}

// own has the phone show the login it was handed.
func (e enrolling) own(ctx context.Context, d *provision.Desk) error {
	rec, err := d.Device(e.mac)
	if err != nil {
		return err
	}
	return e.fetch(ctx, d, rec.Enrolment.Pending.User, rec.Enrolment.Pending.Password)
}

// pin enters the phone's PIN, or another.
func (e enrolling) pin(ctx context.Context, d *provision.Desk, right bool) error {
	rec, err := d.Device(e.mac)
	if err != nil {
		return err
	}
	pin := rec.Enrolment.PIN.Reveal()
	if !right {
		pin = pin[1:] + string('0'+(pin[5]-'0'+1)%10) // never the same six digits
	}
	r, err := d.EnterPIN(ctx, audit.Actor{Front: "cli", Identity: "mac:" + e.mac.String()}, e.mac, phone.NewSecret(pin))
	if err == nil && r.Accepted != right {
		err = fmt.Errorf("PIN: got %+v, want accepted %t", r, right)
	}
	return err
}

// minted are names that differ from one enrolment to the next.
var minted = regexp.MustCompile(`own-[a-z2-7]{10}|User:\d+`)

// alike takes them out of a description.
func alike(text string) string { return minted.ReplaceAllString(text, "minted") }
