package store

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/lineside/lineside/audit"
	"github.com/lineside/lineside/auth"
	"github.com/lineside/lineside/phone"
)

// ErrRevived is returned for a change that would make a consumed one-time
// password valid again.
var ErrRevived = errors.New("a consumed one-time password cannot be made unused")

// Change runs edit on the records of macs (Rev 0 and nothing set but the
// device's MAC: there is none) in one transaction and returns the new records, zero for deleted ones, once they
// are on disk together with the audit events. An error of edit for any of them
// changes nothing and is returned. A change that nothing came of is not
// written. ctx counts only until the change is taken up: from then on the
// answer is what became of it.
func (s *Store) Change(ctx context.Context, edit func(old auth.Record) (*auth.Record, []audit.Record, error), macs ...phone.MAC) ([]auth.Record, error) {
	var out []auth.Record
	err := s.submit(ctx, func(v *view, d *draft) error {
		out = make([]auth.Record, 0, len(macs))
		for _, mac := range macs {
			rec, err := s.editDevice(v, d, mac, edit)
			if err != nil {
				return err
			}
			out = append(out, rec)
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return out, nil
}

// editDevice runs edit on one record and puts what came of it into d.
func (s *Store) editDevice(v *view, d *draft, mac phone.MAC, edit func(auth.Record) (*auth.Record, []audit.Record, error)) (auth.Record, error) {
	if mac.IsZero() {
		return auth.Record{}, errors.New("change device: no MAC given")
	}
	old := auth.Record{Device: phone.Device{MAC: mac}}
	if rec := v.device(d, mac); rec != nil {
		old = *rec
		old.Device = old.Device.Clone() // edit must not, but could, write into it
	}
	next, events, err := edit(old)
	if err != nil {
		return auth.Record{}, err
	}
	if err := d.record(events); err != nil {
		return auth.Record{}, err
	}
	switch {
	case next == nil && old.Rev == 0:
		return auth.Record{}, nil
	case next == nil:
		v.devices(d)[mac] = nil
		d.delete(bucketDevices, mac[:])
		return auth.Record{}, nil
	case old.Rev != 0 && sameDevice(old, *next):
		return *v.device(d, mac), nil
	}
	return s.putDevice(v, d, old, *next, mac)
}

func (s *Store) putDevice(v *view, d *draft, old, next auth.Record, mac phone.MAC) (auth.Record, error) {
	if next.Device.MAC != mac {
		return auth.Record{}, fmt.Errorf("change device %s: the new record is of %s", mac, next.Device.MAC)
	}
	if err := errors.Join(checkOTP(old.Enrolment.OTP, next.Enrolment.OTP), checkTicket(old.Enrolment.Ticket, next.Enrolment.Ticket)); err != nil {
		return auth.Record{}, fmt.Errorf("change device %s: %w", mac, err)
	}
	next.Rev = v.nextRev(d)
	value, err := s.codec().encodeDevice(next)
	if err != nil {
		return auth.Record{}, fmt.Errorf("encode device %s: %w", mac, err)
	}
	// Readers get what a restart would read: nothing can be written that
	// cannot be read back.
	rec, err := s.codec().decodeDevice(mac[:], value)
	if err != nil {
		return auth.Record{}, fmt.Errorf("read back device %s: %w", mac, err)
	}
	v.devices(d)[mac] = rec
	d.put(bucketDevices, slices.Clone(mac[:]), value)
	return *rec, nil
}

// checkOTP holds the rule that generations only move forward. It stands here
// as well as in auth because nothing downstream could mend its breach.
func checkOTP(old, next auth.Arming) error {
	if next.Generation < old.Generation || next.Generation == old.Generation && old.Used && !next.Used {
		return fmt.Errorf("generation %d to %d: %w", old.Generation, next.Generation, ErrRevived)
	}
	return nil
}
