package provision

import (
	"fmt"

	"github.com/lineside/lineside/auth"
	"github.com/lineside/lineside/phone"
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

// tryEdit is writable for what an edit would make of a device. It looks before the
// transaction, in which nothing is rendered; what else is wrong is told there. A
// device that could not be written before may be edited as well.
func (d *Desk) tryEdit(mac phone.MAC, edit func(*phone.Device) error) error {
	rec, err := d.store.Devices.Device(mac)
	if err != nil {
		return nil
	}
	dev := rec.Device.Clone()
	if edit(&dev) != nil || d.check(dev) != nil {
		return nil
	}
	if err := d.writable(dev); err != nil && d.writable(rec.Device) == nil {
		return err
	}
	return nil
}
