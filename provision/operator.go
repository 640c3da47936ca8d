package provision

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"strings"

	"github.com/lineside/lineside/audit"
	"github.com/lineside/lineside/auth"
	"github.com/lineside/lineside/phone"
)

// Errors operators meet, wrapped with the device.
var (
	// ErrExists is returned for adding a device the box already has.
	ErrExists = errors.New("device exists already")
	// ErrStale is returned for an edit of a revision that is no longer current.
	ErrStale = errors.New("changed by somebody else in the meantime")
	// ErrPINNotAsked is returned for a PIN where policy asks for none.
	ErrPINNotAsked = errors.New("the site's policy asks for no PIN")
	// ErrInvalid is wrapped by every error about what an operator wrote.
	ErrInvalid = errors.New("not valid")
)

// Add sets up a device in state needed, with a PIN of its own. It returns
// ErrExists, wrapped, where the MAC is taken, and ErrInvalid, wrapped with every
// bad field.
func (d *Desk) Add(ctx context.Context, by audit.Actor, dev phone.Device) (auth.Record, error) {
	if err := d.check(dev); err != nil {
		return auth.Record{}, err
	}
	if err := d.admissible(nil, dev); err != nil {
		return auth.Record{}, err
	}
	release, _, wrong := d.reserving(dev)
	defer release()
	if wrong[0] != nil {
		return auth.Record{}, wrong[0]
	}
	d.people.owners.RLock()
	rec, err := d.change(ctx, dev.MAC, func(old auth.Record) (*auth.Record, []audit.Record, error) {
		if old.Rev != 0 {
			return nil, nil, fmt.Errorf("%s: %w", dev.MAC, ErrExists)
		}
		return d.create(by, dev)
	})
	d.people.owners.RUnlock()
	if err == nil {
		d.adopt(dev.MAC)
		d.lookAgain(dev.MAC)
		d.step(Step{MAC: dev.MAC, Front: Front(by.Front), Vendor: dev.Vendor, Text: "set up"})
	}
	return rec, err
}

// check validates what an operator entered.
func (d *Desk) check(dev phone.Device) error {
	_, vendorErr := d.table.Parse(string(dev.Vendor))
	if err := errors.Join(dev.Validate(), vendorErr); err != nil {
		return fmt.Errorf("device %s is %w:\n%w", dev.MAC, ErrInvalid, err)
	}
	return nil
}

func (d *Desk) create(by audit.Actor, dev phone.Device) (*auth.Record, []audit.Record, error) {
	if err := d.checkOwner("", dev); err != nil {
		return nil, nil, err
	}
	dev = dev.Clone()
	dev.Created = d.tools.Now().UTC()
	rec := auth.Record{Device: dev, Enrolment: auth.NewEnrolment(mintPIN())}
	return &rec, one(dev.MAC, by, audit.DeviceAdded{Vendor: string(dev.Vendor), Model: dev.Model}), nil
}

func one(mac phone.MAC, by audit.Actor, e audit.Event) []audit.Record {
	return []audit.Record{{MAC: mac, By: by, Event: e}}
}

// change runs edit on one record and gives the new one.
func (d *Desk) change(ctx context.Context, mac phone.MAC, edit EditFunc) (auth.Record, error) {
	recs, err := d.store.Devices.Change(ctx, edit, mac)
	if err != nil || len(recs) == 0 {
		return auth.Record{}, err
	}
	return recs[0], nil
}

// Import sets up new devices and changes existing ones, all or none. It returns
// how many were added and how many changed.
func (d *Desk) Import(ctx context.Context, by audit.Actor, devices []phone.Device) (added, changed int, err error) {
	wanted := make(map[phone.MAC]phone.Device, len(devices))
	macs := make([]phone.MAC, 0, len(devices))
	errs := d.CheckImport(devices)
	for _, dev := range devices {
		if _, twice := wanted[dev.MAC]; twice {
			errs = append(errs, fmt.Errorf("device %s is %w: it is listed twice", dev.MAC, ErrInvalid))
		}
		wanted[dev.MAC] = dev
		macs = append(macs, dev.MAC)
	}
	if err := errors.Join(errs...); err != nil {
		return 0, 0, err
	}
	release, moves, wrong := d.reserving(devices...)
	defer release()
	if err := errors.Join(wrong...); err != nil {
		return 0, 0, err
	}
	fresh, touched, rules := make(map[phone.MAC]bool), make(map[phone.MAC]bool), d.Policy()
	d.people.owners.RLock()
	defer d.people.owners.RUnlock()
	_, err = d.store.Devices.Change(ctx, func(old auth.Record) (*auth.Record, []audit.Record, error) {
		mac := old.Device.MAC
		if fresh[mac] = old.Rev == 0; fresh[mac] {
			return d.create(by, wanted[mac])
		}
		if err := d.checkOwner(old.Device.Owner, wanted[mac]); err != nil {
			return nil, nil, err
		}
		dev := merge(old.Device, wanted[mac])
		if dev.Addr != old.Device.Addr && !moves {
			return nil, nil, errMoved(mac)
		}
		next, events := amend(by, old, dev)
		if touched[mac] = len(events) > 0; touched[mac] {
			if err := mayChangeDevice(by, rules, old); err != nil {
				return nil, nil, err
			}
		}
		return next, events, nil
	}, macs...)
	if err != nil {
		return 0, 0, err
	}
	for _, mac := range macs {
		if fresh[mac] {
			added++
			d.adopt(mac)
		} else if touched[mac] {
			changed++
		}
	}
	d.lookAgain(macs...)
	return added, changed, nil
}

// CheckImport says all that Import would refuse devices for as things are now,
// each at its device's place, so that every fault of a file is told at once.
func (d *Desk) CheckImport(devices []phone.Device) []error {
	release, _, wrong := d.reserving(devices...)
	release()
	for i, dev := range devices {
		wrong[i] = errors.Join(wrong[i], d.checkImport(dev))
	}
	return wrong
}

func (d *Desk) checkImport(dev phone.Device) error {
	if err := d.check(dev); err != nil {
		return err
	}
	was := ""
	if rec, err := d.store.Devices.Device(dev.MAC); err == nil {
		was = rec.Device.Owner
	}
	return errors.Join(d.checkOwner(was, dev), d.tryImport(dev))
}

// Edit changes what an operator set up. rev is the record's revision the
// operator saw, 0 for whatever it is now; ErrStale, wrapped, says that somebody
// else was faster.
func (d *Desk) Edit(ctx context.Context, by audit.Actor, mac phone.MAC, rev uint64, edit func(*phone.Device) error) (auth.Record, error) {
	was, would, ok := d.edited(mac, edit)
	if !ok {
		would = phone.Device{MAC: mac, Addr: d.addressOf(mac)} // refused below
	} else if err := d.admissible(&was, would); err != nil {
		return auth.Record{}, err
	}
	release, moves, wrong := d.reserving(would)
	defer release()
	if wrong[0] != nil {
		return auth.Record{}, wrong[0]
	}
	d.people.owners.RLock()
	defer d.people.owners.RUnlock()
	rules := d.Policy()
	rec, err := d.change(ctx, mac, func(old auth.Record) (*auth.Record, []audit.Record, error) {
		switch {
		case old.Rev == 0:
			return nil, nil, unknown(mac)
		case rev != 0 && rev != old.Rev:
			return nil, nil, fmt.Errorf("device %s was %w", mac, ErrStale)
		}
		dev := old.Device.Clone()
		if err := edit(&dev); err != nil {
			return nil, nil, err
		}
		dev.MAC, dev.Created = mac, old.Device.Created
		if err := errors.Join(d.check(dev), d.checkOwner(old.Device.Owner, dev)); err != nil {
			return nil, nil, err
		}
		if dev.Addr != old.Device.Addr && !moves {
			return nil, nil, errMoved(mac)
		}
		next, events := amend(by, old, dev)
		if len(events) > 0 {
			if err := mayChangeDevice(by, rules, old); err != nil {
				return nil, nil, err
			}
		}
		return next, events, nil
	})
	if err == nil {
		d.lookAgain(mac)
	}
	return rec, err
}

func unknown(mac phone.MAC) error { return phone.UnknownDevice(mac) }

// amend puts a changed device into its record and names the fields for the
// audit log. A change of vendor makes what the old phone proved void: another
// maker's phone is another phone.
func amend(by audit.Actor, old auth.Record, dev phone.Device) (*auth.Record, []audit.Record) {
	fields := ChangedFields(old.Device, dev)
	if len(fields) == 0 {
		return &old, nil
	}
	next := old
	next.Device = dev
	events := one(dev.MAC, by, audit.DeviceChanged{Fields: fields})
	if dev.Vendor != old.Device.Vendor {
		next.Enrolment = auth.Reset(old.Enrolment, mintPIN())
		events = append(events, one(dev.MAC, by, audit.Reset{Epoch: next.Enrolment.Epoch})...)
	}
	return &next, events
}

// ChangedFields names what differs of two devices or two users, by the names of the
// API.
func ChangedFields[T any](a, b T) []string {
	var names []string
	va, vb := reflect.ValueOf(a), reflect.ValueOf(b)
	for i := range va.NumField() {
		f := va.Type().Field(i)
		if !reflect.DeepEqual(va.Field(i).Interface(), vb.Field(i).Interface()) {
			name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
			names = append(names, name)
		}
	}
	return names
}

// merge lays an imported row over a device: what a row cannot say (extra lines,
// overrides, passwords left empty) stays.
func merge(old, row phone.Device) phone.Device {
	dev := old.Clone()
	dev.Vendor, dev.Model, dev.Label, dev.Owner, dev.Addr = row.Vendor, row.Model, row.Label, row.Owner, row.Addr
	if !row.AdminPassword.IsZero() {
		dev.AdminPassword = row.AdminPassword
	}
	for i, l := range row.Lines {
		if i >= len(dev.Lines) {
			dev.Lines = append(dev.Lines, l)
			continue
		}
		dev.Lines[i] = overlay(dev.Lines[i], l)
	}
	return dev
}

// overlay keeps of a line what an import file has no column for. A password
// stays only with the account it belongs to: another registrar is not told it.
func overlay(old, row phone.Line) phone.Line {
	if row.Password.IsZero() && row.User == old.User && row.Registrar == old.Registrar {
		row.Password = old.Password
	}
	if row.Port == 0 {
		row.Port = old.Port
	}
	if row.Transport == "" {
		row.Transport = old.Transport
	}
	if row.OutboundProxy == "" {
		row.OutboundProxy = old.OutboundProxy
	}
	if row.Label == "" {
		row.Label = old.Label
	}
	return row
}

// Remove deletes a device with its credentials. One the platform keeps is the
// platform's to remove: it would be back with the next word about it.
func (d *Desk) Remove(ctx context.Context, by audit.Actor, mac phone.MAC) error {
	if rec, err := d.store.Devices.Device(mac); err == nil && rec.Platform.Managed {
		return fmt.Errorf("device %s %w: %w", mac, ErrPlatform, ErrPlatformRemove)
	}
	return d.remove(ctx, by, mac)
}

func (d *Desk) remove(ctx context.Context, by audit.Actor, mac phone.MAC) error {
	_, err := d.change(ctx, mac, func(old auth.Record) (*auth.Record, []audit.Record, error) {
		if old.Rev == 0 {
			return nil, nil, unknown(mac)
		}
		return nil, one(mac, by, audit.DeviceRemoved{State: string(old.Enrolment.State)}), nil
	})
	if err == nil {
		d.reserved.forget()
		d.faces.drop(mac)
		d.lookAgain(mac)
		if err := d.uploads.forget(mac); err != nil {
			d.tools.Log.Warn("not all that a removed phone had put here is gone", "mac", mac, "err", err)
		}
		d.step(Step{MAC: mac, Front: Front(by.Front), Text: "removed; its credentials are void"})
	}
	return err
}
