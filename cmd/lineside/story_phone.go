package main

import (
	"context"
	"fmt"
	"net/netip"
	"strings"

	"github.com/lineside/lineside/auth"
	"github.com/lineside/lineside/fleet"
	"github.com/lineside/lineside/vendors"
)

// demoRelay is where the demo's phones relay their DHCP messages from: their
// LAN's address range, but no phone's own.
var demoRelay = netip.MustParseAddr("127.20.0.2")

// phone makes a factory-new phone that asks the demo's DHCP server.
func (s *story) phone(ctx context.Context, c part, person fleet.Person) (*fleet.Phone, error) {
	server, err := netip.ParseAddrPort(s.box.settings.DHCP.Listen)
	if err != nil {
		return nil, fmt.Errorf("plug in %s: %w", c.label, err)
	}
	var menu string
	if c.tftp {
		menu = "tftp://" + s.box.settings.Listen.TFTP + "/"
	}
	return fleet.New(fleet.Config{
		MAC: c.mac, Vendor: c.vendor, Model: c.model, DHCP: server, Relay: demoRelay, URL: menu, Asks: 1,
	}, s.box.table, person, s.hears(ctx))
}

// hears passes a phone's own account on to the teller, less the files that
// phones ask for in the ordinary course and no box has.
func (s *story) hears(ctx context.Context) func(fleet.Event) {
	return func(e fleet.Event) {
		if !strings.HasSuffix(e.Text, ": 404") {
			s.event(ctx, s.names[e.MAC], e.Text)
		}
	}
}

// types is a person who knows one login.
func (s *story) types(login vendors.Login) fleet.Person {
	return func(context.Context, fleet.Prompt) (vendors.Login, bool) { return login, true }
}

func (s *story) boots(ctx context.Context, p *fleet.Phone, want fleet.Outcome) error {
	res, err := p.Boot(ctx)
	return s.must(ctx, res, err, want)
}

func (s *story) resyncs(ctx context.Context, p *fleet.Phone, want fleet.Outcome) error {
	res, err := p.Resync(ctx)
	return s.must(ctx, res, err, want)
}

// must holds the story to what the box promises.
func (s *story) must(ctx context.Context, res fleet.Result, err error, want fleet.Outcome) error {
	switch {
	case ctx.Err() != nil:
		return ctx.Err()
	case err != nil:
		return fmt.Errorf("%s: %w", s.names[res.MAC], err)
	case res.Outcome != want:
		return fmt.Errorf("%s is %s and must be %s", s.names[res.MAC], res.Outcome, want)
	}
	return nil
}

// mustBe compares what the box believes of a device.
func (s *story) mustBe(ctx context.Context, c part, want auth.State) error {
	d, err := s.client.Device(ctx, c.mac)
	if err != nil {
		return err
	}
	s.event(ctx, "box", fmt.Sprintf("%s is %s", c.label, stateText(d.Enrolment)))
	if d.Enrolment.State != string(want) {
		return fmt.Errorf("%s is %s and must be %s", c.label, d.Enrolment.State, want)
	}
	return nil
}
