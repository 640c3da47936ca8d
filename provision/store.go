package provision

import (
	"context"
	"net/netip"

	"github.com/lineside/lineside/audit"
	"github.com/lineside/lineside/auth"
	"github.com/lineside/lineside/phone"
)

// Devices keeps device records.
type Devices interface {
	// Device gives one record, or phone.ErrUnknownDevice, wrapped. It never
	// waits for a disk write. The record is shared: it must not be changed.
	Device(mac phone.MAC) (auth.Record, error)
	// All gives every record, in order of MAC.
	All() ([]auth.Record, error)
	// Records gives the same without a copy of any: they are shared and must not
	// be changed.
	Records() []*auth.Record
	// Change runs edit on the records of macs (Rev 0 and nothing set but the
	// device's MAC: there is none) in one
	// transaction and returns the new records once they are on disk together
	// with the audit events. If edit returns an error for any of them nothing
	// is changed and that error is returned. edit only computes: it may run
	// more than once, and must not change the record it is given in place.
	Change(ctx context.Context, edit EditFunc, macs ...phone.MAC) ([]auth.Record, error)
}

// EditFunc computes what becomes of one record: next nil deletes it. A next
// that is the old record unchanged, with no events, writes nothing.
type EditFunc = func(old auth.Record) (next *auth.Record, events []audit.Record, err error)

// Policies keeps the site's policy document.
type Policies interface {
	// Policy is the document in force. It is shared: it must not be changed.
	Policy() auth.Policy
	// ChangePolicy runs edit in a transaction and returns once the new document
	// is on disk with its events.
	ChangePolicy(ctx context.Context, edit func(old auth.Policy) (auth.Policy, []audit.Record, error)) (auth.Policy, error)
}

// Sightings keeps what was last seen of each phone; losing some is allowed.
type Sightings interface {
	Seen() ([]phone.Seen, error)
	SaveSeen(ctx context.Context, seen []phone.Seen) error
}

// Marker makes a write that changes nothing and costs what a change costs.
type Marker interface {
	Mark(ctx context.Context) error
}

// Recorder keeps audit events that change no record.
type Recorder interface {
	Record(ctx context.Context, events ...audit.Record) error
}

// Neighbours knows which hardware address answers for an address on the LAN.
type Neighbours interface {
	MAC(addr netip.Addr) (phone.MAC, bool)
	// Present reports that mac answers for some address.
	Present(mac phone.MAC) bool
}

// Leases knows which client was given an address, by the box or through it as a relay.
type Leases interface {
	// LeaseOf gives the lease of an address, expired or not.
	LeaseOf(addr netip.Addr) (phone.Lease, bool)
	// LeasesTo gives the leases of a hardware address, expired or not.
	LeasesTo(mac phone.MAC) []phone.Lease
}
