package provision

import (
	"fmt"
	"slices"

	"github.com/lineside/lineside/auth"
	"github.com/lineside/lineside/phone"
	"github.com/lineside/lineside/vendors"
)

// writable refuses a device whose maker's syntax has no place for something an
// operator wrote, such as a quote in a label. Kept as it is, its phone would be
// given nothing any more, and nobody would hear why. It wraps ErrInvalid and names
// the parameter.
func (d *Desk) writable(dev phone.Device) error {
	if err := d.tryOne(auth.Record{Device: dev}, d.templates.layers()); err != nil {
		return fmt.Errorf("device %s is %w:\nits config cannot be written, and the phone keeps the one it has: %w", dev.MAC, ErrInvalid, err)
	}
	return nil
}

// admissible is writable, and the config loses no emergency number that it had
// with was, nil for none: what an operator changes must not be what keeps somebody
// from calling for help.
func (d *Desk) admissible(was *phone.Device, dev phone.Device) error {
	if err := d.writable(dev); err != nil {
		if was == nil || d.writable(*was) == nil {
			return err
		} // else it could not be written before either
	}
	with := d.templates.layers()
	lost := d.lost(auth.Record{Device: dev}, with)
	if was != nil {
		lost = further(d.lost(auth.Record{Device: *was}, with), lost)
	}
	if len(lost) == 0 {
		return nil
	}
	return fmt.Errorf("device %s is %w:\n%w", dev.MAC, ErrInvalid, lost[0])
}

// lost are the emergency numbers that operators' words take out of a device's
// configs. One that cannot be written is writable's to refuse.
func (d *Desk) lost(rec auth.Record, with vendors.Layers) []vendors.Loss {
	return d.lostOf(rec, with, d.Site().Emergency)
}

func (d *Desk) lostOf(rec auth.Record, with vendors.Layers, numbers []string) []vendors.Loss {
	var all []vendors.Loss
	_ = d.tryEach(rec, with, func(in vendors.Input) error {
		in.Site.Emergency = numbers
		lost, _ := d.table.Losses(in) // none of a file that cannot be written
		all = append(all, lost...)
		return nil
	})
	return all
}

// further are the losses now that were none before, whoever was to blame then. Those
// that were keep nobody from changing something else, and are told (see lost.go).
func further(before, now []vendors.Loss) []vendors.Loss {
	return slices.DeleteFunc(now, func(l vendors.Loss) bool {
		return slices.ContainsFunc(before, func(b vendors.Loss) bool { return b.Parameter == l.Parameter && b.Number == l.Number })
	})
}

// tryImport is admissible for a row, as it will be once it is laid over a device
// that there is already.
func (d *Desk) tryImport(row phone.Device) error {
	rec, err := d.store.Devices.Device(row.MAC)
	if err != nil {
		return d.admissible(nil, row)
	}
	return d.admissible(&rec.Device, merge(rec.Device, row))
}
