package provision

import (
	"context"
	"encoding/json"
	"fmt"
	"reflect"

	"github.com/lineside/lineside/audit"
	"github.com/lineside/lineside/auth"
	"github.com/lineside/lineside/phone"
)

// field is one field of a device as the platform sets it.
type field struct {
	name  string // in the API
	value func(phone.Device) any
	take  func(to *phone.Device, from phone.Device)
}

// fields are those the platform and the site can both set.
func fields() []field {
	return []field{
		{"vendor", func(d phone.Device) any { return d.Vendor }, func(to *phone.Device, from phone.Device) { to.Vendor = from.Vendor }},
		{"model", func(d phone.Device) any { return d.Model }, func(to *phone.Device, from phone.Device) { to.Model = from.Model }},
		{"label", func(d phone.Device) any { return d.Label }, func(to *phone.Device, from phone.Device) { to.Label = from.Label }},
		{"owner", func(d phone.Device) any { return d.Owner }, func(to *phone.Device, from phone.Device) { to.Owner = from.Owner }},
		{"lines", lineValues, func(to *phone.Device, from phone.Device) { to.Lines = from.Lines }},
		{"admin_password", func(d phone.Device) any { return d.AdminPassword.Reveal() }, func(to *phone.Device, from phone.Device) { to.AdminPassword = from.AdminPassword }},
		{"overrides", func(d phone.Device) any { return d.Overrides }, func(to *phone.Device, from phone.Device) { to.Overrides = from.Overrides }},
		{"plain_tftp", func(d phone.Device) any { return d.PlainTFTP }, func(to *phone.Device, from phone.Device) { to.PlainTFTP = from.PlainTFTP }},
		{"address", func(d phone.Device) any { return d.Addr }, func(to *phone.Device, from phone.Device) { to.Addr = from.Addr }},
	}
}

// lineValues are the lines with their passwords beside them, which JSON hides.
func lineValues(d phone.Device) any {
	type line struct {
		Line     phone.Line
		Password string
	}
	all := make([]line, len(d.Lines))
	for i, l := range d.Lines {
		all[i] = line{l, l.Password.Reveal()}
	}
	return all
}

// mark tells one value of a field from another and nothing more: it is made
// under the site's key, for among the values are passwords.
func (f field) mark(key phone.Secret, dev phone.Device) string {
	b, err := json.Marshal(f.value(dev))
	if err != nil {
		return "" // no value of a device is like that; it counts as changed
	}
	return derive(key, "platform field "+f.name+" "+string(b), dev.MAC).Reveal()
}

// PlatformDevice is a device as the platform wants it here.
type PlatformDevice struct {
	Device phone.Device
	Said   auth.Said
}

// PutPlatform makes a device what the platform says. A field that an operator
// changed here, where the platform allows that, stays until the platform changes
// the same one. The error is ErrInvalid, wrapped, for what cannot be had here;
// an address that is taken is left out and told of, the rest is done.
func (d *Desk) PutPlatform(ctx context.Context, w PlatformDevice) error {
	mac := w.Device.MAC
	if err := d.check(w.Device); err != nil {
		return err
	}
	var was *phone.Device
	if rec, err := d.store.Devices.Device(mac); err == nil {
		was = &rec.Device
	}
	if err := d.admissible(was, w.Device); err != nil {
		return err
	}
	release, _, wrong := d.reserving(w.Device)
	defer release()
	if wrong[0] != nil {
		w.Device.Addr = d.addressOf(mac)
	}
	var before auth.Record
	rules := d.Policy()
	after, err := d.change(ctx, mac, func(old auth.Record) (*auth.Record, []audit.Record, error) {
		before = old
		if wrong[0] != nil {
			w.Device.Addr = old.Device.Addr
		}
		next, events := d.heed(rules, old, w)
		return next, events, nil
	})
	if err != nil {
		return err
	}
	d.lookAgain(mac)
	d.afterPlatform(ctx, before, after)
	return wrong[0]
}

// heed computes the record that the platform's word makes of old.
func (d *Desk) heed(p auth.Policy, old auth.Record, w PlatformDevice) (*auth.Record, []audit.Record) {
	by, now := platformActor(), d.tools.Now()
	next, dev := old, w.Device.Clone()
	var events []audit.Record
	if old.Rev == 0 {
		dev.Created = now.UTC()
		next = auth.Record{Device: dev, Enrolment: auth.NewEnrolment(mintPIN())}
		events = one(dev.MAC, by, audit.DeviceAdded{Vendor: string(dev.Vendor), Model: dev.Model})
	} else {
		amended, changed := amend(by, old, merged(p, old, dev))
		next, events = *amended, changed
	}
	amended := next
	next.Platform.Fields = make(map[string]string)
	for _, f := range fields() {
		next.Platform.Fields[f.name] = f.mark(p.Key, dev)
	}
	w.Said.Asking = w.Said.Asking || d.link.isAsking(dev.MAC)
	next.Platform, next.Enrolment = auth.Heed(now, next.Platform, next.Enrolment, w.Said)
	return &next, append(events, enrolmentEvents(by, amended, next)...)
}

// merged is the device with what the platform changed since it last spoke, and
// with everything it says where it allows no changes here.
func merged(p auth.Policy, old auth.Record, said phone.Device) phone.Device {
	dev := old.Device.Clone()
	for _, f := range fields() {
		if !old.Platform.Managed || !p.Platform.LocalChanges || f.mark(p.Key, said) != old.Platform.Fields[f.name] {
			f.take(&dev, said)
		}
	}
	return dev
}

// enrolmentEvents says in the audit log what changed of a proof by nobody's
// showing it.
func enrolmentEvents(by audit.Actor, old, next auth.Record) []audit.Record {
	var events []audit.Record
	add := func(e audit.Event) { events = append(events, one(next.Device.MAC, by, e)...) }
	was, is := old.Enrolment, next.Enrolment
	if is.Epoch != was.Epoch {
		add(audit.Reset{Epoch: is.Epoch})
	}
	if is.State != was.State {
		add(audit.StateChanged{From: string(was.State), To: string(is.State), Reason: string(PlatformFront)})
	}
	if is.OTP.Generation != was.OTP.Generation && is.OTP.Allowed {
		add(audit.OTPAllowed{Generation: is.OTP.Generation, Cleared: was.Login() != is.Login()})
	}
	switch {
	case is.Ticket.Serial != was.Ticket.Serial && !is.Ticket.Password.IsZero():
		add(audit.TicketMade{Serial: is.Ticket.Serial, Approval: is.Ticket.Approval, Until: is.Ticket.Until})
	case was.Ticket.State == auth.TicketAwaiting && is.Ticket.State == auth.TicketApproved:
		add(audit.TicketApproved{Serial: is.Ticket.Serial})
	case was.Ticket.State.IsLive() && !is.Ticket.State.IsLive():
		add(audit.TicketRevoked{Serial: was.Ticket.Serial, Why: "by the platform"})
	}
	return events
}

// afterPlatform tells operators, and the phone where its config changed.
func (d *Desk) afterPlatform(ctx context.Context, old, next auth.Record) {
	if old.Rev == next.Rev {
		return
	}
	mac := next.Device.MAC
	if next.Enrolment.Ticket.State.IsLive() {
		d.ticketed.Store(true)
		d.keepTickets(ctx)
	}
	switch {
	case old.Rev == 0:
		d.adopt(mac)
		d.step(Step{MAC: mac, Front: PlatformFront, Vendor: next.Device.Vendor, Text: "set up by the platform"})
	case !reflect.DeepEqual(old.Device, next.Device) || old.Enrolment != next.Enrolment:
		d.step(Step{MAC: mac, Front: PlatformFront, Vendor: next.Device.Vendor, Text: "changed by the platform"})
		d.nudge(mac)
	}
}

// DropPlatform removes a device the platform has taken from this site, with its
// credentials. One of the site's own stays.
func (d *Desk) DropPlatform(ctx context.Context, mac phone.MAC) error {
	rec, err := d.store.Devices.Device(mac)
	if err != nil || !rec.Platform.Managed {
		return nil // it is not here, or not the platform's
	}
	if err := d.remove(ctx, platformActor(), mac); err != nil {
		return fmt.Errorf("remove device %s: %w", mac, err)
	}
	return nil
}
