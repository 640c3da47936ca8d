package admin

import (
	"context"
	"io"
	"net/netip"
	"time"

	"github.com/lineside/lineside/audit"
	"github.com/lineside/lineside/auth"
	"github.com/lineside/lineside/phone"
	"github.com/lineside/lineside/provision"
)

// Desk is all that the API asks of the front desk; *provision.Desk serves it.
type Desk interface {
	Reader
	Editor
	Enroller
	Ticketer
	Ruler
	Renderer
	Watcher
	People
	Filer
	Emergencies
	Chronicler
}

// Reader knows the site's devices and who else asked.
type Reader interface {
	Site() phone.Site
	Device(mac phone.MAC) (auth.Record, error)
	Devices() ([]auth.Record, error)
	// Records gives the same, in order of MAC, without copying them: they must not
	// be changed.
	Records() []*auth.Record
	Seen(mac phone.MAC) (phone.Seen, bool)
	Visitors() []phone.Seen
	// Strays names what of a device of the platform's was changed here.
	Strays(rec auth.Record) []string
	// LostNumbers are the emergency numbers the device cannot dial as it should,
	// WouldLose those that devices could not, were these the site's.
	LostNumbers(mac phone.MAC) []provision.LostNumber
	WouldLose(numbers []string) ([]provision.LostNumber, error)
}

// Editor changes what operators set up.
type Editor interface {
	Add(ctx context.Context, by audit.Actor, dev phone.Device) (auth.Record, error)
	// CheckImport says all that Import would refuse each device for.
	CheckImport(devices []phone.Device) []error
	Import(ctx context.Context, by audit.Actor, devices []phone.Device) (added, changed int, err error)
	Edit(ctx context.Context, by audit.Actor, mac phone.MAC, rev uint64, edit func(*phone.Device) error) (auth.Record, error)
	Remove(ctx context.Context, by audit.Actor, mac phone.MAC) error
}

// Enroller changes what the box believes about a device's proof of identity.
type Enroller interface {
	EnterPIN(ctx context.Context, by audit.Actor, mac phone.MAC, pin phone.Secret) (auth.PINResult, error)
	Suspend(ctx context.Context, by audit.Actor, mac phone.MAC) (auth.Record, error)
	Reset(ctx context.Context, by audit.Actor, mac phone.MAC) (auth.Record, error)
	Block(ctx context.Context, by audit.Actor, mac phone.MAC) (auth.Record, error)
	Unblock(ctx context.Context, by audit.Actor, mac phone.MAC) (auth.Record, error)
	AllowOTP(ctx context.Context, by audit.Actor, mac phone.MAC, clear bool) (auth.Record, error)
	Resync(macs []phone.MAC, model string, all bool) (provision.Resynced, error)
	// Hears reports that a phone can be told to fetch at once.
	Hears(mac phone.MAC) bool
}

// Ruler keeps the site's rules.
type Ruler interface {
	Policy() auth.Policy
	SetBrand(ctx context.Context, by audit.Actor, v phone.Vendor, user string, password phone.Secret) (auth.Brand, error)
	SetFirstContact(ctx context.Context, by audit.Actor, f auth.Factor) error
	SetClaimed(ctx context.Context, by audit.Actor, claimed bool) error
	SetWindow(ctx context.Context, by audit.Actor, length time.Duration) error
	SetBlockAfter(ctx context.Context, by audit.Actor, lockOuts int) error
	SetAutoApprove(ctx context.Context, by audit.Actor, auto bool) error
	SetTicketLife(ctx context.Context, by audit.Actor, life time.Duration) error
	SetPINOnScreen(ctx context.Context, by audit.Actor, yes bool) error
	AddAllow(ctx context.Context, by audit.Actor, p netip.Prefix, note string) error
	RemoveAllow(ctx context.Context, by audit.Actor, p netip.Prefix) error
}

// Renderer shows what a phone would get.
type Renderer interface {
	Preview(mac phone.MAC, file string, reveal bool) ([]provision.Preview, error)
}

// Watcher gives the running account.
type Watcher interface {
	Recent(mac phone.MAC) []provision.Step
	Timeline(mac phone.MAC) provision.Timeline
	Watch(ctx context.Context, mac phone.MAC) <-chan provision.Step
}

// AuditLog reads the audit log. AuditSince gives the number above which entries
// are not older than at, and VerifyAudit follows the whole log's chain.
type AuditLog interface {
	SearchAudit(ctx context.Context, q audit.Search) (audit.Found, error)
	AuditSince(ctx context.Context, at time.Time) (uint64, error)
	VerifyAudit(ctx context.Context) (audit.Check, error)
}

// Recorder keeps the events of this package: what operators were shown or took
// away.
type Recorder interface {
	Record(ctx context.Context, events ...audit.Record) error
}

// BackupWriter writes a backup: the database as of one moment, its secrets
// sealed, and what the box keeps beside it. An error may come after the first byte.
type BackupWriter interface {
	Backup(w io.Writer) error
}

// LeaseLister knows every lease of the box's own address pool.
type LeaseLister interface {
	Leases() ([]phone.Lease, error)
}
