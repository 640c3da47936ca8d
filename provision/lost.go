package provision

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"

	"github.com/lineside/lineside/auth"
	"github.com/lineside/lineside/health"
	"github.com/lineside/lineside/phone"
	"github.com/lineside/lineside/vendors"
)

// CodeLost is the health condition of devices that an operator's own parameters
// keep from an emergency number.
const CodeLost = "emergency-number-lost"

// LostNumber is an emergency number that a device's full config does not let its
// phone dial as it should, because of what operators wrote.
type LostNumber struct {
	MAC       phone.MAC `json:"mac"`
	Parameter string    `json:"parameter"`
	Number    string    `json:"number"`
	From      string    `json:"from"` // "override" or "FILE:LINE" of a template
	Text      string    `json:"text"` // what is wrong, and what to write
}

// lostNumbers are those of every device, as it was last looked at.
type lostNumbers struct {
	mu sync.Mutex
	by map[phone.MAC][]LostNumber
}

// LostNumbers are the emergency numbers a device cannot dial as it should.
func (d *Desk) LostNumbers(mac phone.MAC) []LostNumber {
	d.mute.mu.Lock()
	defer d.mute.mu.Unlock()
	return d.mute.by[mac]
}

// WouldLose are the numbers that devices could not dial as they should, were they
// the site's beside those the central platform adds.
func (d *Desk) WouldLose(numbers []string) ([]LostNumber, error) {
	all, err := d.store.Devices.All()
	if err != nil {
		return nil, fmt.Errorf("list devices: %w", err)
	}
	site, with := d.cfg.Site, d.templates.layers()
	site.Emergency = slices.Concat(numbers, d.Policy().Platform.Emergency)
	if err := site.Validate(); err != nil {
		return nil, fmt.Errorf("the numbers are %w:\n%w", ErrInvalid, err)
	}
	var lost []LostNumber
	for _, rec := range all {
		if len(rec.Device.Overrides) > 0 || changedFor(rec.Device, vendors.Layers{}, with) {
			lost = append(lost, told(rec.Device.MAC, d.lostOf(rec, with, site.Emergency))...)
		}
	}
	return lost, nil
}

// lookForLost looks at every device with overrides, and tells. Templates lose no
// number by themselves: one that does is not put in force, and with another number
// they are tried anew at the start.
func (d *Desk) lookForLost() {
	d.mute.mu.Lock()
	defer d.mute.mu.Unlock()
	d.mute.by = make(map[phone.MAC][]LostNumber)
	for _, rec := range d.store.Devices.Records() {
		d.lookAtLocked(*rec)
	}
	d.tellLostLocked()
}

// lookAgain looks at devices that were changed or are gone.
func (d *Desk) lookAgain(macs ...phone.MAC) {
	d.mute.mu.Lock()
	defer d.mute.mu.Unlock()
	for _, mac := range macs {
		if rec, err := d.store.Devices.Device(mac); err == nil {
			d.lookAtLocked(rec)
		} else {
			delete(d.mute.by, mac)
		}
	}
	d.tellLostLocked()
}

func (d *Desk) lookAtLocked(rec auth.Record) {
	mac := rec.Device.MAC
	delete(d.mute.by, mac)
	if len(rec.Device.Overrides) == 0 {
		return
	}
	if lost := told(mac, d.lost(rec, d.templates.layers())); len(lost) > 0 {
		if d.mute.by == nil {
			d.mute.by = make(map[phone.MAC][]LostNumber)
		}
		d.mute.by[mac] = lost
	}
}

// told are losses as operators are told them, each once: a phone may ask for
// several files with the same parameter.
func told(mac phone.MAC, lost []vendors.Loss) []LostNumber {
	var out []LostNumber
	for _, l := range lost {
		n := LostNumber{MAC: mac, Parameter: l.Parameter, Number: l.Number, From: l.From, Text: l.Error()}
		if !slices.Contains(out, n) {
			out = append(out, n)
		}
	}
	return out
}

// tellLostLocked raises the condition while a device has lost a number, or clears it.
func (d *Desk) tellLostLocked() {
	if len(d.mute.by) == 0 {
		d.tools.Health.Clear(CodeLost)
		return
	}
	const most = 3
	var said []string
	for _, mac := range slices.SortedFunc(maps.Keys(d.mute.by), func(a, b phone.MAC) int { return slices.Compare(a[:], b[:]) }) {
		if said = append(said, mac.String()+": "+d.mute.by[mac][0].Text); len(said) == most {
			break
		}
	}
	if more := len(d.mute.by) - len(said); more > 0 {
		said = append(said, fmt.Sprintf("and %d more devices", more))
	}
	d.tools.Health.Raise(d.tools.Now(), health.Condition{
		Code: CodeLost, Title: "phones that cannot dial an emergency number as they should",
		Meaning: "somebody who calls for help from one of them may not be connected",
		Do:      `see all of it with: lineside check; then correct each: lineside device edit MAC --override "PARAMETER=VALUE", or --override "PARAMETER=" to leave it to the box`,
		Detail:  strings.Join(said, ". "),
	})
}
