package provision

import (
	"time"

	"github.com/lineside/lineside/auth"
	"github.com/lineside/lineside/phone"
	"github.com/lineside/lineside/vendors"
)

// Ready is the way from a decision for the full config to its answer, for the
// first such file of a device: what a phone's every later fetch costs beside
// telling who it is.
func (d *Desk) Ready(mac phone.MAC, now time.Time) (fetch func() (Answer, error), ok bool) {
	rec, err := d.store.Devices.Device(mac)
	maker, served := d.table.Of(rec.Device.Vendor)
	if err != nil || !served {
		return nil, false
	}
	for _, name := range maker.Sequence(mac, rec.Device.Model) {
		if f, ok := d.table.File(name, rec.Device.Vendor); ok && f.Kind == vendors.Config {
			c := caller{file: f, isPhone: true}
			return func() (Answer, error) { return d.answer(Ask{}, c, rec, auth.Decision{Outcome: auth.Full}, now) }, true
		}
	}
	return nil, false
}
