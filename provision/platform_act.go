package provision

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/lineside/lineside/audit"
	"github.com/lineside/lineside/auth"
	"github.com/lineside/lineside/phone"
)

// PlatformAct is something only the platform may do to a device it keeps: it
// alone begins a generation of a one-time password or a PIN. The words are
// those of the link.
type PlatformAct struct {
	// Do is "reset", "unblock" or "allow-otp".
	Do string
	// Clear, with "allow-otp", makes the device's own login void with that.
	Clear bool
}

// What comes of asking the platform.
var (
	// ErrPlatformAway: it cannot be asked now; nothing was done.
	ErrPlatformAway = errors.New("is the platform's to change, and the platform is away")
	// ErrPlatformNo: it will not; nothing was done.
	ErrPlatformNo = errors.New("the platform did not do it")
	// ErrPlatformDoubt: it was asked, and did not answer in time.
	ErrPlatformDoubt = errors.New("whether the platform did it is not known yet")
)

// arrives is how long the platform's word may take after its yes.
const arrives = 5 * time.Second

// byPlatform reports that what an operator here wants done to a device is for
// the platform to do, or why it may not be asked.
func (d *Desk) byPlatform(by audit.Actor, mac phone.MAC) (rec auth.Record, asks bool, err error) {
	rec, err = d.store.Devices.Device(mac)
	if err != nil || !rec.Platform.Managed || by.Front == string(PlatformFront) {
		return rec, false, nil // the act itself says what is wrong
	}
	return rec, true, mayChangeDevice(by, d.Policy(), rec)
}

// askPlatform has the platform act on a device, and waits until its word is here.
func (d *Desk) askPlatform(ctx context.Context, by audit.Actor, was auth.Record, act PlatformAct) (auth.Record, error) {
	mac := was.Device.MAC
	platform := d.platform()
	if platform == nil {
		return was, fmt.Errorf("device %s %w", mac, ErrPlatformAway)
	}
	if err := d.store.Recorder.Record(ctx, one(mac, by, audit.PlatformAsked{What: act.Do})...); err != nil {
		return was, fmt.Errorf("record that the platform is asked to %s %s: %w", act.Do, mac, err)
	}
	if err := platform.Act(ctx, by, mac, act); err != nil {
		return was, fmt.Errorf("device %s: %w", mac, err)
	}
	return d.arrived(ctx, was)
}

// arrived waits for a generation that is another than was.
func (d *Desk) arrived(ctx context.Context, was auth.Record) (auth.Record, error) {
	ctx, cancel := context.WithTimeout(ctx, arrives)
	defer cancel()
	look := time.NewTicker(20 * time.Millisecond)
	defer look.Stop()
	for {
		rec, err := d.store.Devices.Device(was.Device.MAC)
		if err != nil || rec.Platform.PIN != was.Platform.PIN || rec.Platform.OTP != was.Platform.OTP {
			return rec, err
		}
		select {
		case <-ctx.Done():
			return rec, fmt.Errorf("device %s: the platform has said yes, and its word is not here: %w", rec.Device.MAC, ErrPlatformDoubt)
		case <-look.C:
		}
	}
}
