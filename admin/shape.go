package admin

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/lineside/lineside/auth"
	"github.com/lineside/lineside/phone"
)

// device shapes a record for an answer. Every field is copied by name, so that
// a secret added to the record one day does not come along by itself.
func (s *Server) device(rec auth.Record) Device {
	d := rec.Device
	out := Device{
		MAC: d.MAC, Vendor: d.Vendor, Model: d.Model, Label: d.Label, Owner: d.Owner,
		Lines: make([]Line, len(d.Lines)), HasAdminPassword: !d.AdminPassword.IsZero(),
		Overrides: redacted(d.Overrides), PlainTFTP: d.PlainTFTP, Address: d.Addr, Created: d.Created, Rev: rec.Rev,
		Enrolment: s.enrolment(rec), Platform: rec.Platform.Managed, ChangedHere: s.dep.Desk.Strays(rec),
		EmergencyLost: s.dep.Desk.LostNumbers(d.MAC),
	}
	for i, l := range d.Lines {
		out.Lines[i] = Line{
			Registrar: l.Registrar, Port: l.Port, Transport: l.Transport, OutboundProxy: l.OutboundProxy,
			User: l.User, AuthID: l.AuthID, DisplayName: l.DisplayName, Label: l.Label, HasPassword: !l.Password.IsZero(),
		}
	}
	if seen, ok := s.dep.Desk.Seen(d.MAC); ok {
		out.Seen = &seen
	}
	if u, err := s.dep.Desk.User(d.Owner); d.Owner != "" && err == nil {
		out.OwnerName, out.Extension = u.Name(), u.Extension
	}
	return out
}

// redacted are overrides by name alone: an operator may well write a password
// into one.
func redacted(values map[string]string) map[string]string {
	if len(values) == 0 {
		return nil
	}
	names := make(map[string]string, len(values))
	for name := range values {
		names[name] = phone.Redacted
	}
	return names
}

func (s *Server) enrolment(rec auth.Record) Enrolment {
	now, e := s.cfg.Now(), rec.Enrolment
	state := e.At(now)
	word, text := next(now, s.dep.Desk.Policy(), s.brand(rec), rec)
	out := Enrolment{
		State: string(state), Shown: s.dep.Desk.Policy().Screen(now, e), Next: text, Step: string(word),
		Enrolling: e.Enrolling(), Fails: e.Fails, LockOuts: e.LockOuts, Epoch: e.Epoch,
		OTPUsed: e.OTP.Used, Login: e.Current.User,
		Ticket: string(e.Ticket.At(now)), TicketDemanded: e.TicketOnly,
	}
	if e.Ticket.At(now).IsLive() {
		out.TicketUntil = e.Ticket.Until
	}
	out.Suspended = future(now, e.Suspended)
	out.Pass = future(now, e.Pass.Until)
	if state == auth.Failed {
		out.Until = e.Until
	}
	return out
}

// future is t, or nothing once it has passed.
func future(now, t time.Time) time.Time {
	if now.Before(t) {
		return t
	}
	return time.Time{}
}

// states is a record's state and what else it can be searched by.
func (s *Server) states(rec auth.Record) (state string, also []string) {
	now := s.cfg.Now()
	if rec.Enrolment.Enrolling() {
		also = append(also, "enrolling")
	}
	if rec.Enrolment.IsSuspended(now) {
		also = append(also, "suspended")
	}
	return string(rec.Enrolment.At(now)), also
}

// apply lays what the operator wrote over dev. The MAC is left alone.
func (in DeviceInput) apply(dev *phone.Device) {
	if in.Vendor.Given {
		dev.Vendor = vendorName(in.Vendor.Value)
	}
	lay(&dev.Model, in.Model)
	lay(&dev.Label, in.Label)
	lay(&dev.Owner, in.Owner)
	lay(&dev.PlainTFTP, in.PlainTFTP)
	lay(&dev.Addr, in.Address)
	if in.AdminPassword.Given {
		dev.AdminPassword = phone.NewSecret(in.AdminPassword.Value)
	}
	if in.Lines.Given {
		dev.Lines = lines(dev.Lines, in.Lines.Value)
	}
	if in.Overrides.Given {
		dev.Overrides = overrides(dev.Overrides, in.Overrides.Value)
	}
}

func lay[T any](to *T, f Field[T]) {
	if f.Given {
		*to = f.Value
	}
}

// lines makes the new lines. One written without a password keeps that of the
// same user at the same registrar: to another registrar no old password goes.
func lines(old []phone.Line, in []LineInput) []phone.Line {
	out := make([]phone.Line, len(in))
	for i, l := range in {
		out[i] = phone.Line{
			Registrar: l.Registrar, Port: l.Port, Transport: l.Transport, OutboundProxy: l.OutboundProxy,
			User: l.User, AuthID: l.AuthID, DisplayName: l.DisplayName, Label: l.Label,
		}
		same := slices.IndexFunc(old, func(o phone.Line) bool { return o.User == l.User && o.Registrar == l.Registrar })
		switch {
		case l.Password.Given:
			out[i].Password = phone.NewSecret(l.Password.Value)
		case same >= 0:
			out[i].Password = old[same].Password
		}
	}
	return out
}

// overrides merges name by name; null takes a name away, and what stands in an
// answer for a value that is there leaves it as it is.
func overrides(old map[string]string, in map[string]*string) map[string]string {
	if in == nil {
		return nil
	}
	out := make(map[string]string, len(old)+len(in))
	for k, v := range old {
		out[k] = v
	}
	for k, v := range in {
		if v == nil {
			delete(out, k)
			continue
		}
		if _, there := old[k]; there && *v == phone.Redacted {
			continue
		}
		out[k] = *v
	}
	return out
}

// place fills in what the operator left to the box, the vendor and how the model
// is spelt, and checks that the two go together where either is new.
func (s *Server) place(dev *phone.Device, was phone.Device) error {
	if dev.Vendor != "" && dev.Vendor == was.Vendor && dev.Model == was.Model {
		return nil
	}
	var err error
	dev.Vendor, dev.Model, err = s.cfg.Place(dev.MAC, dev.Vendor, dev.Model)
	return err
}

// check says everything that is wrong with a device, its vendor included.
func (s *Server) check(dev phone.Device) error {
	if dev.Vendor == "" { // Validate has that sentence
		return dev.Validate()
	}
	return errors.Join(dev.Validate(), s.served(dev.Vendor))
}

func (s *Server) served(v phone.Vendor) error {
	if slices.Contains(s.cfg.Vendors, v) {
		return nil
	}
	names := make([]string, len(s.cfg.Vendors))
	for i, n := range s.cfg.Vendors {
		names[i] = string(n)
	}
	return fmt.Errorf("vendor: %.40q is not served; write one of %s", v, strings.Join(names, ", "))
}

// brand is the one whose one-time password a device's phone is asked for.
func (s *Server) brand(rec auth.Record) phone.Vendor { return s.cfg.BrandOf(rec.Device.Vendor) }

func vendorName(s string) phone.Vendor { return phone.Vendor(strings.ToLower(strings.TrimSpace(s))) }
