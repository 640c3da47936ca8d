package central

import (
	"fmt"
	"time"

	"github.com/lineside/lineside/phone"
	"github.com/lineside/lineside/sync/proto"
)

// Bounds of a ticket's life.
const (
	ticketLife    = 8 * time.Hour
	minTicketLife = time.Hour
	maxTicketLife = 336 * time.Hour
)

// ResetDevice makes everything a device ever proved void and gives its new PIN.
func (o Operator) ResetDevice(mac phone.MAC) (phone.Secret, error) {
	return o.newPIN("device reset", mac, func(d *device) {
		d.clearOTP()
		d.Body.Resets++
	})
}

// NewPIN gives a device another PIN. Tries under the old one no longer count.
func (o Operator) NewPIN(mac phone.MAC) (phone.Secret, error) {
	return o.newPIN("new PIN", mac, func(*device) {})
}

func (o Operator) newPIN(what string, mac phone.MAC, edit func(*device)) (phone.Secret, error) {
	pin := drawPIN()
	return pin, o.onDevice(what, mac, func(t *tx, d *device, _ *Deed) func() {
		edit(d)
		d.Secrets = t.keepSecrets(deviceName(mac), d.Secrets, Made{"pin": pin})
		return func() { proto.NewPIN(t, deviceName(mac)) }
	})
}

// BlockDevice has no PIN and no one-time password of a device taken any more,
// until it is unblocked or reset.
func (o Operator) BlockDevice(mac phone.MAC) error {
	return o.onDevice("device blocked", mac, func(t *tx, d *device, _ *Deed) func() {
		d.clearOTP()
		return func() {
			proto.Disarm(t, deviceName(mac))
			proto.Lock(t, deviceName(mac))
		}
	})
}

// UnblockDevice has a device's PIN taken again; it stays the same.
func (o Operator) UnblockDevice(mac phone.MAC) error {
	return o.onDevice("device unblocked", mac, func(t *tx, _ *device, _ *Deed) func() {
		return func() { proto.NewPIN(t, deviceName(mac)) }
	})
}

// TicketRequest asks for a one-time password of one device.
type TicketRequest struct {
	// User is the user name that goes with it; empty is the MAC in hex digits.
	User string
	// Life is how long it is good, 1 h to 336 h; 0 is 8 h.
	Life time.Duration
	// Approval says that somebody must say yes before it lets the device in.
	Approval bool
}

// Ticket is what the phone is to show.
type Ticket struct {
	User     string
	Password phone.Secret
	Until    time.Time
}

// MakeTicket gives a device a one-time password of its own. One it had is void,
// and so is the brand's for this device.
func (o Operator) MakeTicket(mac phone.MAC, r TicketRequest) (made Ticket, err error) {
	var wrong InvalidError
	if r.Life == 0 {
		r.Life = ticketLife
	}
	if r.Life < minTicketLife || r.Life > maxTicketLife {
		wrong.Add("hours: write 1 to 336")
	}
	if r.User == "" {
		r.User = mac.Hex()
	}
	if len(r.User) > phone.MaxText {
		wrong.Add(fmt.Sprintf("user: at most %d characters", phone.MaxText))
	}
	if err := wrong.Err(); err != nil {
		return Ticket{}, err
	}
	random := draw()
	made = Ticket{User: r.User, Password: random.otp, Until: o.p.now().Add(r.Life).UTC().Truncate(time.Second)}
	return made, o.onDevice("one-time password made", mac, func(t *tx, d *device, c *Deed) func() {
		c.Detail = "until " + made.Until.Format(time.RFC3339)
		d.clearOTP()
		d.Body.OTPUser, d.Body.OTPUntil, d.Body.Approval = made.User, made.Until, r.Approval
		d.Secrets = t.keepSecrets(deviceName(mac), d.Secrets, Made{"otp": random.otp})
		return func() { proto.Arm(t, deviceName(mac), random.mint) }
	})
}

// ApproveTicket says yes to a ticket that waits for it.
func (o Operator) ApproveTicket(mac phone.MAC) error {
	return o.onDevice("one-time password approved", mac, func(t *tx, d *device, _ *Deed) func() {
		if !d.Body.Approval || len(d.Secrets["otp"]) == 0 {
			t.fail(fmt.Errorf("device %s has no one-time password that waits for a yes: %w", mac, ErrUnknown))
		}
		d.Body.Approval = false
		return func() { proto.Rewrite(t, deviceName(mac)) }
	})
}

// RemoveTicket makes a device's one-time password void.
func (o Operator) RemoveTicket(mac phone.MAC) error {
	return o.onDevice("one-time password removed", mac, func(t *tx, d *device, _ *Deed) func() {
		d.clearOTP()
		return func() {
			if h, _ := t.Device(deviceName(mac)); h.Sec.Armed() {
				proto.Disarm(t, deviceName(mac))
				return
			}
			proto.Rewrite(t, deviceName(mac))
		}
	})
}

// AllowBrandOnce lets a device in by its brand's password once more; clear
// makes its own login void with that.
func (o Operator) AllowBrandOnce(mac phone.MAC, clear bool) error {
	random := draw()
	return o.onDevice("brand's password allowed once", mac, func(t *tx, d *device, c *Deed) func() {
		if _, ok := t.brand(d.Body.Vendor); !ok {
			t.fail(fmt.Errorf("a password of the brand %s: %w", d.Body.Vendor, ErrUnknown))
		}
		c.Detail = d.Body.Vendor
		d.clearOTP()
		d.Body.BrandOnce, d.Body.Clear = true, clear
		return func() { proto.Arm(t, deviceName(mac), random.mint) }
	})
}

// clearOTP forgets the one-time password of a device's own and what was said
// with the last generation.
func (d *device) clearOTP() {
	d.Body.OTPUser, d.Body.OTPUntil, d.Body.Approval = "", time.Time{}, false
	d.Body.BrandOnce, d.Body.Clear = false, false
	if len(d.Secrets["otp"]) == 0 {
		return
	}
	left := map[string][]byte{}
	for kind, s := range d.Secrets {
		if kind != "otp" {
			left[kind] = s
		}
	}
	d.Secrets = left
}
