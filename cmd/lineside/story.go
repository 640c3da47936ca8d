package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/netip"
	"strings"
	"time"

	"github.com/lineside/lineside/admin"
	"github.com/lineside/lineside/auth"
	"github.com/lineside/lineside/fleet"
	"github.com/lineside/lineside/phone"
	"github.com/lineside/lineside/shell"
)

// story plays the demo against the running box: the operator's part through the
// operator's socket, the phones' part over DHCP, HTTP and TFTP.
type story struct {
	*teller
	box    *box
	client *admin.Client
	first  *fleet.Phone // the one that is impersonated
}

// tell plays every scene. An error is something that did not go as it must.
func (s *story) tell(ctx context.Context) error {
	s.start = time.Now()
	l := s.box.settings.Listen
	s.line("Lineside plays a small branch on loopback: the box is %s, phones get %s.", s.box.where.Self.Addr(), demoPool)
	s.line("DHCP %s, HTTP %s, HTTPS %s, TFTP %s.", s.box.settings.DHCP.Listen, l.HTTP, l.HTTPS, l.TFTP)
	for _, scene := range []func(context.Context) error{s.setUp, s.oneTimePassword, s.replay, s.pinByPhone, s.visitor} {
		if err := scene(ctx); err != nil {
			return err
		}
	}
	return s.summary(ctx)
}

// setUp is the operator's work before the phones arrive. A phone left from an
// earlier play is made new again.
func (s *story) setUp(ctx context.Context) error {
	s.scene(ctx, "The operator sets up three phones and a one-time password for two brands")
	pol, err := s.client.SetPolicy(ctx, admin.PolicyInput{FirstContact: admin.Set(string(auth.FactorOTP))})
	if err == nil && !pol.WindowOpen.IsZero() { // the PIN of an earlier play still lets every phone in
		err = s.shutWindow(ctx)
	}
	if err != nil {
		return err
	}
	for _, v := range []phone.Vendor{"yealink", "poly"} {
		otp := demoOTP()
		if _, err := s.client.SetOTP(ctx, v, admin.OTPInput{User: otp.User, Password: otp.Password.Reveal()}); err != nil {
			return err
		}
	}
	for _, c := range cast() {
		s.names[c.mac] = c.label
		d, err := s.client.AddDevice(ctx, c.input())
		var refused *admin.Error
		if errors.As(err, &refused) && refused.Status == http.StatusConflict {
			d, err = s.client.Reset(ctx, c.mac)
		}
		if err != nil {
			return err
		}
		s.event(ctx, "operator", fmt.Sprintf("%s: %s %s, %s, state %s", c.label, c.vendor, c.model, c.mac, d.Enrolment.State))
	}
	s.names[stranger().mac] = stranger().label
	return nil
}

// shutWindow ends the time in which the site takes phones without a PIN.
func (s *story) shutWindow(ctx context.Context) error {
	for _, length := range []string{off, auth.SiteWindow.String()} {
		if _, err := s.client.SetPolicy(ctx, admin.PolicyInput{Window: admin.Set(length)}); err != nil {
			return err
		}
	}
	return nil
}

// oneTimePassword: from a factory-new phone to one with a login of its own.
func (s *story) oneTimePassword(ctx context.Context) error {
	for i, c := range cast()[:2] {
		s.scene(ctx, []string{
			"A Yealink is plugged in; it is asked for the one-time password",
			"So is a Poly, which tries its factory login first",
		}[i])
		p, err := s.phone(ctx, c, s.types(demoOTP()))
		if err != nil {
			return err
		}
		if i == 0 {
			s.first = p
		}
		if err := s.boots(ctx, p, fleet.Provisioned); err != nil {
			return err
		}
		s.event(ctx, "box", fmt.Sprintf("%s used up its one-time password; its own login is %s", c.label, p.Login().User))
		if err := s.resyncs(ctx, p, fleet.Provisioned); err != nil {
			return err
		}
		if err := s.mustBe(ctx, c, auth.Successful); err != nil {
			return err
		}
	}
	return nil
}

// replay: somebody who read the one-time password off the label tries it, and
// learns nothing.
func (s *story) replay(ctx context.Context) error {
	s.scene(ctx, "Somebody on the LAN replays the one-time password as the Reception phone, and as one that does not exist")
	nobody := stranger()
	nobody.tftp = false
	nobody.mac[5] = 0xee
	s.names[nobody.mac] = "attacker as nobody"
	victim := cast()[0]
	kinds := make([]string, 0, 2)
	for _, c := range []part{victim, nobody} {
		real := s.names[c.mac]
		s.names[c.mac] = "attacker"
		kind, err := s.attack(ctx, c)
		s.names[c.mac] = real
		if err != nil {
			return err
		}
		kinds = append(kinds, kind)
	}
	if kinds[0] != "refused" || kinds[1] != kinds[0] {
		return fmt.Errorf("the replay of a used one-time password ended %q, that of an unknown phone %q: both must be refused", kinds[0], kinds[1])
	}
	s.event(ctx, "box", "the same 401 for both: nothing tells which phones there are")
	s.event(ctx, "box", "and the real Reception phone is none the worse for it")
	if err := s.resyncs(ctx, s.first, fleet.Provisioned); err != nil {
		return err
	}
	return s.mustBe(ctx, victim, auth.Successful)
}

// attack fetches as another phone, from a machine that is not that phone.
func (s *story) attack(ctx context.Context, c part) (kind string, err error) {
	p, err := fleet.New(fleet.Config{
		MAC: c.mac, Vendor: c.vendor, Model: c.model, Asks: 1, Attempts: 1,
		URL: "http://" + s.box.settings.Listen.HTTP + "/cfg/", Login: demoOTP(),
	}, s.box.table, nil, s.hears(ctx))
	if err != nil {
		return "", err
	}
	_, err = p.Boot(ctx)
	return fleet.Kind(err), ctx.Err()
}

// pinByPhone: the policy asks for the PIN, and the installer types it on the
// phone itself, wrong at first.
func (s *story) pinByPhone(ctx context.Context) error {
	s.scene(ctx, "The operator asks for a PIN instead, and a snom is plugged in")
	if _, err := s.client.SetPolicy(ctx, admin.PolicyInput{FirstContact: admin.Set(string(auth.FactorPIN))}); err != nil {
		return err
	}
	c := cast()[2]
	p, err := s.phone(ctx, c, nil)
	if err != nil {
		return err
	}
	res, err := p.Boot(ctx)
	if err := s.must(ctx, res, err, fleet.Waiting); err != nil {
		return err
	}
	line, err := p.Register(ctx, res)
	if err != nil {
		return err
	}
	defer line.Close()
	pin, err := s.client.ShowPIN(ctx, c.mac)
	if err != nil {
		return err
	}
	s.scene(ctx, "The installer lifts its handset and types the PIN "+pin.PIN+", wrong at first")
	begin := s.box.now()
	if err := line.Call(ctx, res.Settings.Hotline, wrong(pin.PIN)+"#", pin.PIN+"#"); err != nil {
		return err
	}
	if err := line.Told(ctx); err != nil {
		return err
	}
	for _, step := range s.box.desk.Recent(c.mac) {
		if !step.At.Before(begin) && strings.Contains(step.Text, "PIN") {
			s.event(ctx, "box", step.Text)
		}
	}
	for range 2 {
		if err := s.resyncs(ctx, p, fleet.Provisioned); err != nil {
			return err
		}
	}
	return s.mustBe(ctx, c, auth.Successful)
}

// wrong is a PIN that pin is not.
func wrong(pin string) string {
	b := []byte(pin)
	if len(b) == 0 {
		return "000000"
	}
	b[len(b)-1] = '0' + (b[len(b)-1]-'0'+1)%10
	return string(b)
}

// visitor: a phone nobody set up is treated like one that was, and remembered.
func (s *story) visitor(ctx context.Context) error {
	s.scene(ctx, "A phone nobody set up is plugged in; an old setting in its menu sends it to TFTP")
	c := stranger()
	p, err := s.phone(ctx, c, nil)
	if err != nil {
		return err
	}
	if err := s.boots(ctx, p, fleet.Waiting); err != nil {
		return err
	}
	list, err := s.client.Visitors(ctx)
	if err != nil {
		return err
	}
	for _, v := range list {
		if v.MAC == c.mac {
			s.event(ctx, "box", fmt.Sprintf("remembers it as a visitor: %s %s %s; take it on with: lineside visitors claim %s", v.MAC, v.Vendor, v.Model, v.MAC))
			return nil
		}
	}
	return fmt.Errorf("the phone %s asked and is not among the visitors", c.mac)
}

func (s *story) summary(ctx context.Context) error {
	devices, err := s.client.AllDevices(ctx, admin.Query{})
	if err != nil {
		return err
	}
	s.scene(ctx, "Where it ends")
	t := shell.NewTable("  PHONE", "MAC", "MODEL", "ADDRESS", "STATE", "OWN LOGIN")
	for _, d := range devices {
		addr := netip.Addr{}
		if d.Seen != nil {
			addr = d.Seen.Addr
		}
		t.Add("  "+d.Label, d.MAC.String(), string(d.Vendor)+" "+d.Model, addrText(addr), stateText(d.Enrolment), d.Enrolment.Login)
	}
	t.Print(s.out)
	s.line("  played in %s; every step is in the audit log", time.Since(s.start).Round(time.Millisecond))
	return nil
}
