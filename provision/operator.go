package provision

import (
	"context"
	"errors"
	"net/netip"

	"github.com/lineside/lineside/audit"
	"github.com/lineside/lineside/auth"
	"github.com/lineside/lineside/phone"
)

// Add sets up a device in state needed, with a PIN of its own. It returns
// ErrExists, wrapped, where the MAC is taken, and a joined error naming every
// bad field.
func (d *Desk) Add(ctx context.Context, by audit.Actor, dev phone.Device) (auth.Record, error) {
	panic("soon")
}

// Import sets up new devices and changes existing ones, all or none. It returns
// how many were added and how many changed.
func (d *Desk) Import(ctx context.Context, by audit.Actor, devices []phone.Device) (added, changed int, err error) {
	panic("soon")
}

// Edit changes what an operator set up. rev is the record's revision the
// operator saw, 0 for whatever it is now; ErrStale, wrapped, says that somebody
// else was faster.
func (d *Desk) Edit(ctx context.Context, by audit.Actor, mac phone.MAC, rev uint64, edit func(*phone.Device) error) (auth.Record, error) {
	panic("soon")
}

// Remove deletes a device with its credentials.
func (d *Desk) Remove(ctx context.Context, by audit.Actor, mac phone.MAC) error { panic("soon") }

// EnterPIN checks a PIN for a device. A wrong one is an outcome, not an error.
func (d *Desk) EnterPIN(ctx context.Context, by audit.Actor, mac phone.MAC, pin phone.Secret) (auth.PINResult, error) {
	panic("soon")
}

// Suspend asks no proof of the device for 30 minutes.
func (d *Desk) Suspend(ctx context.Context, by audit.Actor, mac phone.MAC) (auth.Record, error) {
	panic("soon")
}

// Reset makes the device's authentication void and gives it a new PIN.
func (d *Desk) Reset(ctx context.Context, by audit.Actor, mac phone.MAC) (auth.Record, error) {
	panic("soon")
}

// Unblock takes a device out of blocked or failed.
func (d *Desk) Unblock(ctx context.Context, by audit.Actor, mac phone.MAC) (auth.Record, error) {
	panic("soon")
}

// AllowOTP arms the brand OTP for the device once more; with clear its old
// login is void at once.
func (d *Desk) AllowOTP(ctx context.Context, by audit.Actor, mac phone.MAC, clear bool) (auth.Record, error) {
	panic("soon")
}

// SetBrand changes a vendor's one-time password; an empty password takes it
// away. The generation is raised.
func (d *Desk) SetBrand(ctx context.Context, by audit.Actor, v phone.Vendor, user string, password phone.Secret) (auth.Brand, error) {
	panic("soon")
}

// SetFirstContact changes what phones must show at first contact.
func (d *Desk) SetFirstContact(ctx context.Context, by audit.Actor, f auth.Factor) error {
	panic("soon")
}

// AddAllow puts a network on the permanent allow-list.
func (d *Desk) AddAllow(ctx context.Context, by audit.Actor, p netip.Prefix, note string) error {
	panic("soon")
}

// RemoveAllow takes a network off the permanent allow-list.
func (d *Desk) RemoveAllow(ctx context.Context, by audit.Actor, p netip.Prefix) error { panic("soon") }

// Preview is what a phone would get, and why.
type Preview struct {
	File  string `json:"file"`
	Stage string `json:"stage"` // "holding" or "full"
	Type  string `json:"type"`
	Body  string `json:"body"`
	Why   string `json:"why"`
}

// Preview renders a device's files as it would be given them now, in the order
// it asks for them; an empty file means all. Secrets are masked unless reveal.
func (d *Desk) Preview(mac phone.MAC, file string, reveal bool) ([]Preview, error) { panic("soon") }

// Visitors lists unknown phones that asked, latest first.
func (d *Desk) Visitors() []phone.Seen { panic("soon") }

// Seen is what was last seen of a known device.
func (d *Desk) Seen(mac phone.MAC) (phone.Seen, bool) { panic("soon") }

// ErrStale is returned for an edit of a revision that is no longer current.
var ErrStale = errors.New("changed by somebody else in the meantime")
