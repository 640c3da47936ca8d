package provision

import (
	"fmt"
	"net/netip"
	"sync"

	"github.com/lineside/lineside/phone"
)

// Reserved is the addresses that devices have on their records. It is never
// changed: where one changes there is another Reserved.
type Reserved struct {
	Of map[phone.MAC]netip.Addr
}

// reserved keeps the last Reserved made, and lets one change of an address in at
// a time: two devices must not be given the same.
type reserved struct {
	change sync.Mutex
	mu     sync.Mutex
	last   *Reserved // nil: to be made anew
}

func (r *reserved) forget() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.last = nil
}

// Reservations gives the addresses devices have on their records now. What is
// the same as when it was last asked is the same Reserved.
func (d *Desk) Reservations() (*Reserved, error) {
	d.reserved.mu.Lock()
	defer d.reserved.mu.Unlock()
	if d.reserved.last != nil {
		return d.reserved.last, nil
	}
	d.reserved.last = &Reserved{Of: d.addresses()}
	return d.reserved.last, nil
}

func (d *Desk) addresses() map[phone.MAC]netip.Addr {
	of := make(map[phone.MAC]netip.Addr)
	for _, rec := range d.store.Devices.Records() {
		if rec.Device.Addr.IsValid() {
			of[rec.Device.MAC] = rec.Device.Addr
		}
	}
	return of
}

// reserving lets nobody else change an address until release is called, where
// devices would have others than on their records, and says what is wrong with
// those, each at its device's place. moves says that there are any.
func (d *Desk) reserving(devices ...phone.Device) (release func(), moves bool, wrong []error) {
	release, wrong = func() {}, make([]error, len(devices))
	for _, dev := range devices {
		moves = moves || dev.Addr != d.addressOf(dev.MAC)
	}
	if !moves {
		return release, false, wrong
	}
	d.reserved.change.Lock()
	d.checkAddresses(devices, wrong)
	return func() {
		d.reserved.forget()
		d.reserved.change.Unlock()
	}, true, wrong
}

func (d *Desk) addressOf(mac phone.MAC) netip.Addr {
	rec, err := d.store.Devices.Device(mac)
	if err != nil {
		return netip.Addr{}
	}
	return rec.Device.Addr
}

// checkAddresses looks at every address that is new to its device, as all will be
// together: two devices may swap theirs in one file.
func (d *Desk) checkAddresses(devices []phone.Device, wrong []error) {
	of := d.addresses()
	was := make(map[phone.MAC]netip.Addr, len(devices))
	for _, dev := range devices {
		was[dev.MAC] = of[dev.MAC]
		delete(of, dev.MAC)
	}
	taken := make(map[netip.Addr]phone.MAC, len(of)+len(devices))
	for mac, a := range of {
		taken[a] = mac
	}
	for i, dev := range devices {
		if !dev.Addr.IsValid() {
			continue
		}
		other, twice := taken[dev.Addr]
		taken[dev.Addr] = dev.MAC
		switch {
		case twice && other != dev.MAC:
			wrong[i] = badAddress(dev, fmt.Errorf("%s is kept for %s already; write another, or take it from there: lineside device edit %s --address \"\"", dev.Addr, other, other))
		case dev.Addr != was[dev.MAC] && d.cfg.Reservable != nil:
			wrong[i] = badAddress(dev, d.cfg.Reservable(dev.MAC, dev.Addr))
		}
	}
}

func badAddress(dev phone.Device, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("device %s is %w: address: %w", dev.MAC, ErrInvalid, err)
}

// edited is what an edit would make of the device as it is now, false where it
// would be refused: the transaction says why.
func (d *Desk) edited(mac phone.MAC, edit func(*phone.Device) error) (was, dev phone.Device, ok bool) {
	rec, err := d.store.Devices.Device(mac)
	if err != nil {
		return was, dev, false
	}
	dev = rec.Device.Clone()
	if edit(&dev) != nil || d.check(dev) != nil {
		return was, dev, false
	}
	dev.MAC = mac
	return rec.Device, dev, true
}

// errMoved is for a change of an address that was looked at before somebody else
// changed it too.
func errMoved(mac phone.MAC) error {
	return fmt.Errorf("the address of device %s was %w", mac, ErrStale)
}
