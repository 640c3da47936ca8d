package admin

import (
	"context"
	"fmt"
	"net/http"

	"github.com/lineside/lineside/audit"
	"github.com/lineside/lineside/auth"
	"github.com/lineside/lineside/phone"
	"github.com/lineside/lineside/provision"
)

func (s *Server) postPIN(c *call) error {
	mac, err := c.mac()
	if err != nil {
		return err
	}
	var in PINInput
	if err := c.body(&in); err != nil {
		return err
	}
	if !sixDigits(in.PIN) {
		return fail(http.StatusUnprocessableEntity, "a PIN is six digits; this was not looked at and costs no try",
			"write all six, as text: 123456")
	}
	by := c.by
	if in.From.IsValid() {
		by.Identity = "ip:" + in.From.Unmap().WithZone("").String()
	}
	r, err := s.dep.Desk.EnterPIN(c.r.Context(), by, mac, phone.NewSecret(in.PIN))
	if err != nil {
		return err
	}
	next := nextPIN(s.cfg.Now(), mac, r)
	if other := s.otherVendor(mac); r.Accepted && other != "" {
		next = other
	}
	return c.json(http.StatusOK, PINResult{
		Accepted: r.Accepted, Looked: r.Looked, State: string(r.State), Left: r.Left,
		Until: future(s.cfg.Now(), r.Until), Next: next,
	})
}

// otherVendor says that the phone asks as another vendor's than it is set up as,
// if it does: its next fetch is then the full config of nobody.
func (s *Server) otherVendor(mac phone.MAC) string {
	for _, f := range s.dep.Desk.Timeline(mac).Findings {
		if f.Code == provision.CodeOtherVendor {
			return "the phone " + f.Text + "; it gets no full config like this: " + f.Do
		}
	}
	return ""
}

func sixDigits(s string) bool {
	if len(s) != 6 {
		return false
	}
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' {
			return false
		}
	}
	return true
}

// getPIN shows the PIN of a device that still needs it: it goes on a sticker or
// to the person at the phone. That it was shown is on record before it is.
func (s *Server) getPIN(c *call) error {
	mac, err := c.mac()
	if err != nil {
		return err
	}
	rec, err := s.dep.Desk.Device(mac)
	if err != nil {
		return err
	}
	if rec.Enrolment.At(s.cfg.Now()) == auth.Successful {
		return fail(http.StatusConflict, mac.String()+" is authenticated; its PIN is used up",
			"to start over with a new one: lineside device reset "+mac.String())
	}
	if err := s.record(c, mac, audit.PINShown{}); err != nil {
		return err
	}
	return c.json(http.StatusOK, PIN{MAC: mac, PIN: rec.Enrolment.PIN.Reveal(), Next: nextShown(s.cfg.Now(), s.dep.Desk.Policy(), s.brand(rec), rec)})
}

// record keeps an event of this package; without it on disk nothing is shown.
func (s *Server) record(c *call, mac phone.MAC, e audit.Event) error {
	if err := s.recordable(c); err != nil {
		return err
	}
	if err := s.dep.Recorder.Record(c.r.Context(), audit.Record{MAC: mac, By: c.by, Event: e}); err != nil {
		return fmt.Errorf("record %s: %w", e.Kind(), err)
	}
	return nil
}

func (s *Server) postSuspend(c *call) error { return s.act(c, s.dep.Desk.Suspend) }
func (s *Server) postReset(c *call) error   { return s.act(c, s.dep.Desk.Reset) }
func (s *Server) postBlock(c *call) error   { return s.act(c, s.dep.Desk.Block) }
func (s *Server) postUnblock(c *call) error { return s.act(c, s.dep.Desk.Unblock) }

func (s *Server) postAllowOTP(c *call) error {
	var in AllowOTPInput
	if c.r.ContentLength != 0 {
		if err := c.body(&in); err != nil {
			return err
		}
	}
	return s.act(c, func(ctx context.Context, by audit.Actor, mac phone.MAC) (auth.Record, error) {
		return s.dep.Desk.AllowOTP(ctx, by, mac, in.Clear)
	})
}

// act does one of the desk's actions on a device and answers with the device.
func (s *Server) act(c *call, do func(context.Context, audit.Actor, phone.MAC) (auth.Record, error)) error {
	rec, err := c.do(do)
	if err != nil {
		return err
	}
	return s.show(c, http.StatusOK, rec)
}

// do has the desk act, in the caller's name, on the device of the path.
func (c *call) do(act func(context.Context, audit.Actor, phone.MAC) (auth.Record, error)) (auth.Record, error) {
	mac, err := c.mac()
	if err != nil {
		return auth.Record{}, err
	}
	return act(c.r.Context(), c.by, mac)
}

func (s *Server) getRender(c *call) error {
	mac, err := c.mac()
	if err != nil {
		return err
	}
	reveal, err := c.flag("reveal")
	if err != nil {
		return err
	}
	file := c.r.URL.Query().Get("file")
	files, err := s.dep.Desk.Preview(mac, file, reveal)
	if err != nil {
		return err
	}
	if reveal {
		if err := s.record(c, mac, audit.SecretsShown{File: file}); err != nil {
			return err
		}
	}
	return c.json(http.StatusOK, Rendered{Files: files})
}
